"""``tf.data.Dataset``: a graph of operations that say how elements are made, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from hdfsaver import dtypes
from hdfsaver.datasets import element_structures as structure
from hdfsaver.datasets import iterators
from hdfsaver.datasets.dataset_options import Options
from hdfsaver.datasets.element_structures import Leaf
from hdfsaver.datasets.generators import generator_dataset
from hdfsaver.datasets.traced import TracedFunction
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import find
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.seeds import get_seed

AUTOTUNE = -1
"""For numbers that are to be found: how many calls run at once, how many elements are made ahead."""

INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2

_COUNT = "count"


class Dataset:
    """Elements that are made when an iterator asks for them.

    A dataset is not made by this class, but by its functions, such as `from_tensor_slices`. It is a tensor of the
    graph, with operations that TensorFlow knows: graph and function library of a checkpoint have all that an import
    needs to go on with it.

    Parameters
    ----------
    variant_tensor : Tensor
        The tensor of the graph that stands for it.
    element_structure : object
        What its elements are.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> dataset = tf.data.Dataset.range(5).map(lambda x: x * x).batch(2)
    >>> following = dataset.make_one_shot_iterator().get_next()
    >>> sess = tf.Session()
    >>> sess.run(following), sess.run(following), sess.run(following)
    (array([0, 1]), array([4, 9]), array([16]))
    """

    def __init__(self, variant_tensor: Tensor, element_structure: Any) -> None:
        self._variant_tensor = variant_tensor
        self._structure = element_structure
        self._options = Options()

    @property
    def _graph(self) -> Graph:
        return self._variant_tensor.graph

    @property
    def output_types(self) -> Any:
        """The dtypes of the components of an element, in its structure."""
        return structure.types_of(self._structure)

    @property
    def output_shapes(self) -> Any:
        """The shapes of the components of an element, in its structure."""
        return structure.shapes_of(self._structure)

    @property
    def output_classes(self) -> Any:
        """The classes of the components of an element, in its structure."""
        return structure.mapped(_class_of, self._structure)

    def __repr__(self) -> str:
        shown = structure.mapped(lambda size: size, self.output_shapes)
        return f"<{type(self).__name__} shapes: {shown}, types: {self.output_types}>"

    def __iter__(self) -> Any:
        raise RuntimeError(
            "A dataset of a graph cannot be iterated over in Python. Use `iterator = dataset.make_one_shot_iterator()` "
            "and run `iterator.get_next()` in a session."
        )

    # -- making datasets -----------------------------------------------------------------------------------------

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """A dataset of one element.

        Parameters
        ----------
        tensors : structure of tensors or array_like
        name : str, optional

        Returns
        -------
        Dataset
        """
        value = _normal(tensors)
        leaves = structure.mapped(structure.leaf_of, value)
        return made_dataset("TensorDataset", leaves, structure.to_flat(value), name=name)

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """A dataset of the slices of tensors along their first dimension.

        Parameters
        ----------
        tensors : structure of tensors or array_like
        name : str, optional

        Returns
        -------
        Dataset

        Raises
        ------
        ValueError
            A tensor has no dimension, or they have different numbers of slices.
        """
        value = _normal(tensors)
        leaves = structure.mapped(structure.leaf_of, value)
        length: int | None = None
        for leaf in structure.flat(leaves):
            if leaf.shape == ():
                raise ValueError("Unbatching a tensor is only supported for rank >= 1")
            size = None if leaf.shape is None else leaf.shape[0]
            if size is not None and length is not None and size != length:
                raise ValueError(f"Dimensions {size} and {length} are not compatible")
            length = size if size is not None else length
        flat = [
            apply("SerializeManySparse", item.indices, item.values, item.dense_shape, out_type="variant")
            if isinstance(item, SparseTensor)
            else item
            for item in structure.flat(value)
        ]
        sliced = structure.mapped(lambda leaf: leaf.unbatched(), leaves)
        return made_dataset("TensorSliceDataset", sliced, flat, name=name)

    @staticmethod
    def from_sparse_tensor_slices(sparse_tensor: Any) -> Dataset:
        """A dataset of the slices of a sparse tensor: indices, values and shape of each."""
        given = SparseTensor.from_value(sparse_tensor)
        rank = given.dense_shape.shape.plain
        inner = None if rank is None or rank[0] is None else rank[0] - 1
        leaves = (Leaf("int64", (None, inner)), Leaf(given.dtype.name, (None,)), Leaf("int64", (inner,)))
        made = apply("SparseTensorSliceDataset", given.indices, given.values, given.dense_shape)
        return Dataset(made, leaves)

    @staticmethod
    def from_generator(
        generator: Callable[..., Any],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Sequence[Any] | None = None,
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """A dataset of what a generator of the program gives.

        The function is not saved with the graph: an imported graph cannot run it.

        Parameters
        ----------
        generator : callable
            Gives an iterable. It is called whenever an iterator begins.
        output_types : structure of dtypes
        output_shapes : structure of shapes, optional
        args : tuple, optional
            Tensors whose values it is called with.
        output_signature : object, optional
            Not here: give `output_types`.
        name : str, optional

        Returns
        -------
        Dataset

        Raises
        ------
        TypeError
            It cannot be called, or there are no types.
        """
        if not callable(generator):
            raise TypeError("`generator` must be callable.")
        if output_types is None:
            raise TypeError(
                "`output_types` must be given."
                if output_signature is None
                else "Give `output_types` instead of `output_signature`."
            )
        leaves = structure.made_of(output_types, output_shapes)
        made: Dataset = generator_dataset(generator, leaves, tuple(args or ()), Dataset)
        return made

    @staticmethod
    def range(*args: Any, output_type: DTypeLike = dtypes.int64, name: str | None = None) -> Dataset:
        """A dataset of integers: stop, or start and stop, or start, stop and step.

        Parameters
        ----------
        *args : int or Tensor
        output_type : DType
        name : str, optional

        Returns
        -------
        Dataset

        Raises
        ------
        ValueError
            There are none, or more than three.
        """
        if not 1 <= len(args) <= 3:
            raise ValueError(f"`args` must have length 1, 2 or 3, not {len(args)}.")
        start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
        numbers = [number_of(value, label) for value, label in zip((start, stop, step), _RANGE, strict=True)]
        leaf = Leaf(dtypes.as_dtype(output_type).name, ())
        return made_dataset("RangeDataset", leaf, *numbers, name=name)

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """A dataset of the elements of several others beside each other, until one ends.

        Parameters
        ----------
        *args : Dataset, or a structure of them
        datasets : structure of Dataset, optional
        name : str, optional

        Returns
        -------
        Dataset

        Raises
        ------
        TypeError
            There is something else than datasets.
        """
        given = datasets if datasets is not None else args[0] if len(args) == 1 else args
        if isinstance(given, list):
            raise TypeError(f"The argument of `zip` is a tuple or a dict of datasets, not a list: {given!r}.")
        for dataset in structure.flat(given):
            if not isinstance(dataset, Dataset):
                raise TypeError(f"The argument of `zip` must be datasets, not {dataset!r}.")
        leaves = structure.mapped(lambda dataset: dataset._structure, given)
        return made_dataset(
            "ZipDataset", leaves, [dataset._variant_tensor for dataset in structure.flat(given)], name=name
        )

    @staticmethod
    def list_files(
        file_pattern: TensorLike, shuffle: bool | None = None, seed: int | None = None, name: str | None = None
    ) -> Dataset:
        """A dataset of the names of files.

        Parameters
        ----------
        file_pattern : str, list of str or Tensor
            Patterns that they match.
        shuffle : bool, optional
            Whether they come in a random order, as they do by default.
        seed : int, optional
        name : str, optional

        Returns
        -------
        Dataset
        """
        with get_default_graph().name_scope("list_files"):
            pattern = convert_to_tensor(file_pattern, dtypes.string, name="file_pattern")
            found = apply("MatchingFiles", pattern)
            some = apply("Greater", apply("Shape", found)[0], 0, name="match_not_empty")
            shown = apply("ReduceJoin", pattern, [], separator=b", ") if find("ReduceJoin") else pattern
            message = apply("Add", "No files matched pattern: ", shown, name="message")
            checked = apply_op("Assert", some, [message], summarize=1, name="assert_not_empty/Assert")
            with found.graph.control_dependencies([checked]):
                files = apply("Identity", found)
            leaf = Leaf("string", ())
            made = apply("TensorSliceDataset", [files], is_files=True, Toutput_types=["string"], output_shapes=[()])
            dataset = Dataset(made, leaf)
            if shuffle is None or shuffle:
                count = apply("Maximum", apply("Shape", files, out_type="int64")[0], np.int64(1))
                dataset = dataset.shuffle(count, seed=seed)
            return dataset

    # -- with functions ------------------------------------------------------------------------------------------

    def _traced(self, function: Callable[..., Any], transformation: str, given: Any = None) -> TracedFunction:
        with self._graph.as_default() if not self._graph.building_function else get_default_graph().as_default():
            return TracedFunction(function, self._structure if given is None else given, transformation, Dataset)

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        synchronous: bool | None = None,
        use_unbounded_threadpool: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """A dataset of what a function gives for each element.

        Parameters
        ----------
        map_func : callable
            Takes the element; a tuple as several arguments.
        num_parallel_calls : int or Tensor, optional
            Accepted: one element is made after the other.
        deterministic, synchronous, use_unbounded_threadpool : bool, optional
            Accepted.
        name : str, optional

        Returns
        -------
        Dataset
        """
        traced = self._traced(map_func, "map")
        if num_parallel_calls is None:
            return self._called("MapDataset", traced, f=traced.value, name=name)
        calls = number_of(num_parallel_calls, "num_parallel_calls")
        order = _deterministic(deterministic)
        return self._called("ParallelMapDatasetV2", traced, calls, f=traced.value, deterministic=order, name=name)

    def _called(self, op_type: str, traced: TracedFunction, *inputs: Any, **attrs: Any) -> Dataset:
        """The dataset of an operation with a function whose results are elements."""
        return made_dataset(op_type, traced.structure, self._variant_tensor, traced.captured, *inputs, **attrs)

    def flat_map(self, map_func: Callable[..., Any], name: str | None = None) -> Dataset:
        """A dataset of the elements of the datasets that a function makes of each element.

        Raises
        ------
        TypeError
            The function does not give a dataset.
        """
        traced = self._traced(map_func, "flat_map")
        return made_dataset(
            "FlatMapDataset", _inner(traced), self._variant_tensor, traced.captured, f=traced.value, name=name
        )

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: Any = None,
        block_length: Any = None,
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """As `flat_map`, with elements of several datasets in turn.

        Parameters
        ----------
        map_func : callable
        cycle_length : int or Tensor, optional
            How many datasets are read at a time.
        block_length : int or Tensor, optional
            How many elements are taken of one, before the next; 1 by default.
        num_parallel_calls : int or Tensor, optional
            Accepted.
        deterministic : bool, optional
            Accepted.
        name : str, optional

        Returns
        -------
        Dataset

        Raises
        ------
        TypeError
            The function does not give a dataset.
        """
        traced = self._traced(map_func, "interleave")
        cycle = number_of(_CYCLE if cycle_length is None or cycle_length == AUTOTUNE else cycle_length, "cycle_length")
        block = number_of(1 if block_length is None else block_length, "block_length")
        given = (self._variant_tensor, traced.captured, cycle, block)
        if num_parallel_calls is None:
            return made_dataset("InterleaveDataset", _inner(traced), *given, f=traced.value, name=name)
        ahead = [number_of(AUTOTUNE, label) for label in ("buffer_output_elements", "prefetch_input_elements")]
        calls = number_of(num_parallel_calls, "num_parallel_calls")
        return made_dataset(
            "ParallelInterleaveDatasetV4",
            _inner(traced),
            *given,
            *ahead,
            calls,
            f=traced.value,
            deterministic=_deterministic(deterministic),
            name=name,
        )

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """A dataset of the elements for which a function is true.

        Raises
        ------
        ValueError
            The function does not give a single bool.
        """
        traced = self._traced(predicate, "filter")
        traced.only("predicate", "bool")
        return self._kept("FilterDataset", self._variant_tensor, traced.captured, predicate=traced.value, name=name)

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """A dataset of the elements before the first for which a function is not true.

        Raises
        ------
        ValueError
            The function does not give a single bool.
        """
        traced = self._traced(predicate, "take_while")
        traced.only("predicate", "bool")
        return self._kept("TakeWhileDataset", self._variant_tensor, traced.captured, predicate=traced.value, name=name)

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name: str | None = None) -> Dataset:
        """A dataset of what a function gives for each element and a state that it hands on.

        Parameters
        ----------
        initial_state : structure of tensors
        scan_func : callable
            Takes the state and the element, gives the next state and a result.
        name : str, optional

        Returns
        -------
        Dataset

        Raises
        ------
        TypeError
            The function gives a state of other dtypes.
        """
        state = _normal(initial_state)
        leaves = _loose(structure.mapped(structure.leaf_of, state))
        traced = self._traced(scan_func, "scan", (leaves, self._structure))
        if not isinstance(traced.structure, tuple) or len(traced.structure) != 2:
            raise TypeError("The scan function must return a pair: the new state, and an output.")
        _check_state(leaves, traced.structure[0])
        given = (self._variant_tensor, structure.to_flat(state), traced.captured)
        return made_dataset("ScanDataset", traced.structure[1], *given, f=traced.value, name=name)

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any], name: str | None = None) -> Any:
        """What a function makes of a state and all elements, one after the other.

        Parameters
        ----------
        initial_state : structure of tensors
        reduce_func : callable
            Takes the state and the element, gives the next state.
        name : str, optional

        Returns
        -------
        structure of Tensor

        Raises
        ------
        TypeError
            The function gives a state of other dtypes.
        """
        state = _normal(initial_state)
        leaves = _loose(structure.mapped(structure.leaf_of, state))
        traced = self._traced(reduce_func, "reduce", (leaves, self._structure))
        _check_state(leaves, traced.structure)
        found = apply_list(
            "ReduceDataset",
            self._variant_tensor,
            structure.to_flat(state),
            traced.captured,
            f=traced.value,
            output_types=structure.flat_types(leaves),
            output_shapes=structure.flat_shapes(traced.structure),
            name=name,
        )
        return structure.from_flat(leaves, found, Dataset)

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """What a function makes of the dataset.

        Raises
        ------
        TypeError
            It is not a dataset.
        """
        found = transformation_func(self)
        if not isinstance(found, Dataset):
            raise TypeError(f"`transformation_func` must return a `Dataset` object, not {type(found)}.")
        return found

    def group_by_window(
        self,
        key_func: Callable[..., Any],
        reduce_func: Callable[..., Any],
        window_size: Any = None,
        window_size_func: Callable[..., Any] | None = None,
        name: str | None = None,
    ) -> Dataset:
        """A dataset of what a function makes of the elements of one key, as soon as there are enough of them.

        Parameters
        ----------
        key_func : callable
            Gives the key of an element, an int64.
        reduce_func : callable
            Makes a dataset of a key and a dataset of elements.
        window_size : int, optional
            How many elements are enough.
        window_size_func : callable, optional
            Gives that number for a key.
        name : str, optional

        Returns
        -------
        Dataset

        Raises
        ------
        ValueError
            Both sizes are given, or none.
        """
        if (window_size is None) == (window_size_func is None):
            raise ValueError("Either the `window_size` argument or the `window_size_func` argument must be specified.")
        sizes = window_size_func or (lambda _: convert_to_tensor(window_size, dtypes.int64))
        key = Leaf("int64", ())
        keys = self._traced(_as_int64(key_func), "group_by_window")
        keys.only("key_func", "int64")
        made = self._traced(reduce_func, "group_by_window", (key, Leaf("variant", (), inner=self._structure)))
        counted = self._traced(_as_int64(sizes), "group_by_window", key)
        counted.only("window_size_func", "int64")
        return made_dataset(
            "GroupByWindowDataset",
            _inner(made),
            self._variant_tensor,
            keys.captured,
            made.captured,
            counted.captured,
            key_func=keys.value,
            reduce_func=made.value,
            window_size_func=counted.value,
            name=name,
        )

    # -- together, apart, and in another order -------------------------------------------------------------------

    def _kept(self, op_type: str, *inputs: Any, **attrs: Any) -> Dataset:
        """The dataset of an operation that keeps what elements are."""
        return made_dataset(op_type, self._structure, *inputs, **attrs)

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """A dataset of the elements of this one, and then those of another.

        Raises
        ------
        TypeError
            Their elements have other types.
        """
        leaves = structure.most_general(self._structure, dataset._structure)
        return made_dataset("ConcatenateDataset", leaves, self._variant_tensor, dataset._variant_tensor, name=name)

    def batch(
        self,
        batch_size: Any,
        drop_remainder: Any = False,
        num_parallel_calls: Any = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """A dataset of several elements together.

        Parameters
        ----------
        batch_size : int or Tensor
        drop_remainder : bool or Tensor
            Whether the last ones are left out where there are fewer.
        num_parallel_calls : int or Tensor, optional
            Accepted.
        deterministic : bool, optional
            Accepted.
        name : str, optional

        Returns
        -------
        Dataset
        """
        size, drops, count = _batching(batch_size, drop_remainder)
        leaves = structure.mapped(lambda leaf: leaf.batched(count), self._structure)
        if num_parallel_calls is None:
            return made_dataset("BatchDatasetV2", leaves, self._variant_tensor, size, drops, name=name)
        calls = number_of(num_parallel_calls, "num_parallel_calls")
        order = _deterministic(deterministic)
        return made_dataset(
            "ParallelBatchDataset", leaves, self._variant_tensor, size, calls, drops, deterministic=order
        )

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: Any = False,
        name: str | None = None,
    ) -> Dataset:
        """A dataset of several elements together, which are first made equally large.

        Parameters
        ----------
        batch_size : int or Tensor
        padded_shapes : structure of shapes or tensors, optional
            None, or -1, in a shape for the largest of the batch; by default the shapes of the elements.
        padding_values : structure of scalars, optional
            Zeros and empty strings by default.
        drop_remainder : bool or Tensor
        name : str, optional

        Returns
        -------
        Dataset

        Raises
        ------
        ValueError
            A shape is not known, or does not fit the elements.
        TypeError
            An element is a sparse tensor, or a value is of another dtype.
        """
        from hdfsaver.datasets.padded_shapes import padding_of  # it is a long subject of its own

        size, drops, count = _batching(batch_size, drop_remainder)
        padding = padding_of(self._structure, padded_shapes, padding_values)
        leaves = structure.filled(
            self._structure,
            (
                replace(leaf, shape=None if shape is None else (count, *shape))
                for leaf, shape in zip(structure.flat(self._structure), padding.known, strict=True)
            ),
        )
        return _padded_dataset(self, leaves, (size, padding.shapes, padding.values, drops), name)

    def unbatch(self, name: str | None = None) -> Dataset:
        """A dataset of the slices of the elements along their first dimension."""
        leaves = structure.mapped(lambda leaf: leaf.unbatched(), self._structure)
        return made_dataset("UnbatchDataset", leaves, self._variant_tensor, name=name)

    def window(
        self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: Any = False, name: str | None = None
    ) -> Dataset:
        """A dataset of datasets of some elements each.

        Parameters
        ----------
        size : int or Tensor
        shift : int or Tensor, optional
            How far one begins behind the other; the size by default.
        stride : int or Tensor
            The distance of the elements in one.
        drop_remainder : bool or Tensor
        name : str, optional

        Returns
        -------
        Dataset
        """
        numbers = [
            number_of(size, "size"),
            number_of(size if shift is None else shift, "shift"),
            number_of(stride, "stride"),
        ]
        drops = convert_to_tensor(drop_remainder, "bool", name="drop_remainder")
        leaves = structure.mapped(lambda leaf: Leaf("variant", (), inner=leaf), self._structure)
        return made_dataset("WindowDataset", leaves, self._variant_tensor, *numbers, drops, name=name)

    def shuffle(
        self,
        buffer_size: Any,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """A dataset of the elements in a random order, each drawn from a buffer of those that come next.

        Parameters
        ----------
        buffer_size : int or Tensor
        seed : int, optional
            See ``tf.set_random_seed``.
        reshuffle_each_iteration : bool, optional
            Whether each epoch has another order, as it has by default.
        name : str, optional

        Returns
        -------
        Dataset
        """
        buffer = number_of(buffer_size, "buffer_size")
        again = reshuffle_each_iteration is None or bool(reshuffle_each_iteration)
        seeds = seeds_of(seed)
        given = (self._variant_tensor, buffer, *seeds)
        return self._kept("ShuffleDataset", *given, reshuffle_each_iteration=again, name=name)

    def repeat(self, count: Any = None, name: str | None = None) -> Dataset:
        """A dataset of the elements again and again: a number of times, or without end (None or -1)."""
        number = number_of(-1 if count is None else count, _COUNT)
        return self._kept("RepeatDataset", self._variant_tensor, number, name=name)

    def take(self, count: Any, name: str | None = None) -> Dataset:
        """A dataset of the first elements; all for -1."""
        return self._kept("TakeDataset", self._variant_tensor, number_of(count, _COUNT), name=name)

    def skip(self, count: Any, name: str | None = None) -> Dataset:
        """A dataset without the first elements; without all for -1."""
        return self._kept("SkipDataset", self._variant_tensor, number_of(count, _COUNT), name=name)

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> Dataset:
        """A dataset of every n-th element, from one on."""
        numbers = (number_of(num_shards, "num_shards"), number_of(index, "index"))
        return self._kept("ShardDataset", self._variant_tensor, *numbers, name=name)

    def prefetch(self, buffer_size: Any, name: str | None = None) -> Dataset:
        """The same elements: accepted, nothing is made ahead."""
        number = number_of(AUTOTUNE if buffer_size is None else buffer_size, "buffer_size")
        return self._kept("PrefetchDataset", self._variant_tensor, number, legacy_autotune=False, name=name)

    def cache(self, filename: TensorLike = "", name: str | None = None) -> Dataset:
        """The same elements, which are kept in memory when they are made for the first time."""
        named = convert_to_tensor(filename, dtypes.string, name="filename")
        return self._kept("CacheDataset", self._variant_tensor, named, name=name)

    def enumerate(self, start: Any = 0, name: str | None = None) -> Dataset:
        """A dataset of pairs: a number, and an element."""
        largest = np.iinfo(np.int64).max
        return Dataset.zip((Dataset.range(start, largest), self), name=name)

    def ignore_errors(self, log_warning: bool = False, name: str | None = None) -> Dataset:
        """A dataset of the elements that can be made."""
        return self._kept("IgnoreErrorsDataset", self._variant_tensor, log_warning=log_warning, name=name)

    def with_options(self, options: Options, name: str | None = None) -> Dataset:
        """The same dataset: options are about speed."""
        found = Dataset(self._variant_tensor, self._structure)
        found._options = self._options.merge(options)
        return found

    def options(self) -> Options:
        """The settings that `with_options` was given."""
        return self._options

    def map_with_legacy_function(self, map_func: Callable[..., Any], num_parallel_calls: Any = None) -> Dataset:
        """As `map`."""
        return self.map(map_func, num_parallel_calls)

    def filter_with_legacy_function(self, predicate: Callable[..., Any]) -> Dataset:
        """As `filter`."""
        return self.filter(predicate)

    def cardinality(self) -> Tensor:
        """The number of elements, as far as it is known without reading them: -1 without end, -2 unknown."""
        return apply("DatasetCardinality", self._variant_tensor)

    def get_single_element(self, name: str | None = None) -> Any:
        """The only element."""
        found = apply_list("DatasetToSingleElement", self._variant_tensor, name=name, **_of_elements(self._structure))
        return structure.from_flat(self._structure, found, Dataset)

    def _map_and_batch(self, map_func: Callable[..., Any], batch_size: Any, drop_remainder: Any, calls: Any) -> Dataset:
        """A dataset of batches of the results of a function."""
        traced = self._traced(map_func, "map_and_batch")
        size, drops, count = _batching(batch_size, drop_remainder)
        leaves = structure.mapped(lambda leaf: leaf.batched(count), traced.structure)
        given = (self._variant_tensor, traced.captured, size, number_of(calls, "num_parallel_calls"), drops)
        return made_dataset("MapAndBatchDataset", leaves, *given, f=traced.value)

    # -- iterators -----------------------------------------------------------------------------------------------

    def make_one_shot_iterator(self) -> iterators.Iterator:
        """An iterator that needs no initializer, and begins once in a session.

        Raises
        ------
        ValueError
            The dataset depends on a placeholder or on a variable.
        """
        return iterators.one_shot(self)

    def make_initializable_iterator(self, shared_name: str | None = None) -> iterators.Iterator:
        """An iterator whose initializer starts it."""
        return iterators.initializable(self, shared_name)


_RANGE = ("start", "stop", "step")
_CYCLE = 10
"""How many datasets `interleave` reads at a time by default."""


def _class_of(leaf: Leaf) -> Any:
    if leaf.inner is not None:
        return _NestedDataset
    return SparseTensor if leaf.is_sparse else Tensor


class _NestedDataset:
    """The class of datasets in elements of datasets."""

    name: ClassVar[str] = "Dataset"


def _normal(value: Any) -> Any:
    """Tensors in place of the values in a structure."""
    with get_default_graph().name_scope("normalize_element"):
        names = (f"component_{place}" for place in range(len(structure.flat(value))))
        return structure.as_tensors(value, names)


def _of_elements(leaves: Any) -> dict[str, Any]:
    return {"output_types": structure.flat_types(leaves), "output_shapes": structure.flat_shapes(leaves)}


def made_dataset(op_type: str, leaves: Any, *inputs: Any, name: str | None = None, **attrs: Any) -> Dataset:
    """The dataset that an operation makes."""
    attrs["output_shapes"] = structure.flat_shapes(leaves)
    attrs["Toutput_types" if op_type in _OF_COMPONENTS else "output_types"] = structure.flat_types(leaves)
    return Dataset(apply(op_type, *inputs, name=name, **attrs), leaves)


_OF_COMPONENTS = frozenset({"TensorDataset", "TensorSliceDataset", "PaddedBatchDatasetV2"})


def _padded_dataset(dataset: Dataset, leaves: Any, given: Sequence[Any], name: str | None) -> Dataset:
    return made_dataset("PaddedBatchDatasetV2", leaves, dataset._variant_tensor, *given, name=name)


def number_of(value: Any, name: str) -> Tensor:
    """A number that a dataset is told, as a tensor."""
    return convert_to_tensor(value, dtypes.int64, name=name)


def _deterministic(deterministic: bool | None) -> bytes:
    return b"default" if deterministic is None else b"true" if deterministic else b"false"


def _batching(batch_size: Any, drop_remainder: Any) -> tuple[Tensor, Tensor, int | None]:
    """Size and rest of batches as tensors, and how many elements all have; None where that is not known."""
    size = number_of(batch_size, "batch_size")
    drops = convert_to_tensor(drop_remainder, "bool", name="drop_remainder")
    known = None if is_tensor(batch_size) or is_tensor(drop_remainder) or not drop_remainder else int(batch_size)
    return size, drops, known


def seeds_of(seed: Any) -> tuple[Tensor, Tensor]:
    """The seeds of a dataset; not both zero where one is given."""
    first, second = get_seed(seed)
    one = number_of(0 if first is None else first, "seed")
    if second is None:
        return one, number_of(0, "seed2")
    with one.graph.name_scope("seed2") as scope:
        two = convert_to_tensor(second, dtypes.int64)
        both = apply("LogicalAnd", apply("Equal", one, 0), apply("Equal", two, 0))
        other = convert_to_tensor(2**31 - 1, dtypes.int64)
        return one, apply("SelectV2", both, other, two, name=scope)


def _inner(traced: TracedFunction) -> Any:
    leaf = traced.structure
    if not isinstance(leaf, Leaf) or leaf.inner is None:
        raise TypeError(f"The function must return a `Dataset` object, not {leaf}.")
    return leaf.inner


def _loose(leaves: Any) -> Any:
    """The same without shapes, which may change from element to element."""
    return structure.mapped(lambda leaf: replace(leaf, shape=() if leaf.shape == () else None), leaves)


def _check_state(leaves: Any, found: Any) -> None:
    """Raise `TypeError` where a function does not give a state like the one before."""
    wanted, given = (structure.mapped(lambda leaf: leaf.dtype, item) for item in (leaves, found))
    if wanted != given:
        raise TypeError(
            f"The element types for the new state must match the initial state. Expected {wanted}; got {given}."
        )


def _as_int64(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any) -> Tensor:
        return convert_to_tensor(function(*args), dtypes.int64)

    wrapped.__name__ = getattr(function, "__name__", "function")
    return wrapped


iterators.Iterator._dataset = Dataset
