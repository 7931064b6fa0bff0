"""Functions of the slices of tensors, one after the other in a loop: ``tf.map_fn``, ``scan``, ``foldl``, ``foldr``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hdfsaver.control_flow.loops import while_loop
from hdfsaver.control_flow.tensor_arrays import TensorArray
from hdfsaver.dtypes import as_dtype
from hdfsaver.graph.structures import check_same, filled_with, leaves_of
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of, is_tensor
from hdfsaver.ops.shaping import shape


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """Apply a function to each slice along the first axis, and stack the results.

    Parameters
    ----------
    fn : callable
        Takes a slice of each tensor, in the structure of ``elems``.
    elems : Tensor, or nested lists, tuples and dicts of them
        Of the same first size.
    dtype : DTypeLike, or nested lists, tuples and dicts of them, optional
        The dtypes of the results, in their structure; those of ``elems`` by default.
    parallel_iterations : int, optional
        Kept in the graph.
    back_prop : bool
        Whether derivatives pass through.
    swap_memory : bool
        Kept in the graph.
    infer_shape : bool
        Require all results to have one shape.
    name : str, optional
        The name scope, ``map`` by default.
    fn_output_signature : optional
        Another name of ``dtype``.

    Returns
    -------
    Tensor, or nested lists, tuples and dicts of them

    Raises
    ------
    TypeError
        ``fn`` is not a function, or gives another structure than ``dtype`` says.
    ValueError
        ``elems`` has a tensor without axes, or tensors of different first sizes.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.map_fn(lambda x: x * x, tf.constant([1, 2, 3])))
    array([1, 4, 9], dtype=int32)
    """
    _check_callable(fn)
    kinds = dtype if fn_output_signature is None else fn_output_signature
    with _elements(name, "map", elems) as tensors:
        number = _number(tensors)
        arrays = _unstacked(tensors, number)
        like = elems if kinds is None else kinds
        wanted = [each.dtype for each in tensors] if kinds is None else [as_dtype(kind) for kind in leaves_of(kinds)]
        first = convert_to_tensor(0, name="Const")
        results = [TensorArray(kind, size=number, infer_shape=infer_shape) for kind in wanted]

        def step(i: Any, written: Sequence[TensorArray]) -> tuple[Any, list[TensorArray]]:
            given = fn(filled_with(elems, [array.read(i) for array in arrays], whole=True))
            check_same(like, given, "The dtypes of map_fn and the results of its function")
            values = leaves_of(given, whole=True)
            after = [array.write(i, value) for array, value in zip(written, values, strict=True)]
            return i + 1, after

        _, found = while_loop(
            lambda i, _: i < number,
            step,
            (first, results),
            parallel_iterations=10 if parallel_iterations is None else parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=number,
        )
        return filled_with(like, _stacked(found, tensors))


def scan(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """Apply a function to the result so far and the next slice along the first axis, and stack all results.

    Parameters
    ----------
    fn : callable
        Takes the result so far and a slice of each tensor, in the structure of ``elems``.
    elems : Tensor, or nested lists, tuples and dicts of them
        Of the same first size.
    initializer : Tensor, or nested lists, tuples and dicts of them, optional
        The result before the first slice; the first slices themselves by default, which are a result then.
    parallel_iterations : int
        Kept in the graph.
    back_prop : bool
        Whether derivatives pass through.
    swap_memory : bool
        Kept in the graph.
    infer_shape : bool
        Require all results to have one shape.
    reverse : bool
        Begin with the last slice.
    name : str, optional
        The name scope, ``scan`` by default.

    Returns
    -------
    Tensor, or nested lists, tuples and dicts of them
        In the structure of ``initializer``.

    Raises
    ------
    TypeError
        ``fn`` is not a function, or gives another structure.
    ValueError
        ``elems`` has a tensor without axes, or tensors of different first sizes.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.scan(lambda a, x: a + x, tf.constant([1, 2, 3])))
    array([1, 3, 6], dtype=int32)
    """
    _check_callable(fn)
    with _elements(name, "scan", elems) as tensors:
        number = _number(tensors, zero=True)
        arrays = _unstacked(tensors, number, are_known=True)
        like = elems if initializer is None else initializer
        if initializer is None:
            values = [array.read(number - 1 if reverse else 0) for array in arrays]
        else:
            values = [convert_to_tensor(value) for value in leaves_of(initializer, whole=True)]
        results = [
            TensorArray(
                value.dtype, size=number, element_shape=value.shape if infer_shape else None, infer_shape=infer_shape
            )
            for value in values
        ]
        done = 0
        if initializer is None:
            done, place = 1, number - 1 if reverse else 0
            results = [array.write(place, value) for array, value in zip(results, values, strict=True)]

        def step(i: Any, before: Sequence[Tensor], written: Sequence[TensorArray]) -> Any:
            slices = filled_with(elems, [array.read(i) for array in arrays], whole=True)
            given = fn(filled_with(like, before, whole=True), slices)
            check_same(like, given, "The first values of scan and the results of its function")
            flat = list(leaves_of(given, whole=True))
            arrays_after = [array.write(i, value) for array, value in zip(written, flat, strict=True)]
            return i - 1 if reverse else i + 1, flat, arrays_after

        _, _, found = while_loop(
            (lambda i, *_: i >= 0) if reverse else (lambda i, *_: i < number),
            step,
            (number - 1 - done if reverse else done, values, results),
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=number,
        )
        return filled_with(like, _stacked(found, tensors), whole=True)


def foldl(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Apply a function to the result so far and the next slice along the first axis; the first slice comes first.

    Parameters
    ----------
    fn : callable
        Takes the result so far and a slice of each tensor, in the structure of ``elems``.
    elems : Tensor, or nested lists, tuples and dicts of them
        Of the same first size.
    initializer : Tensor, or nested lists, tuples and dicts of them, optional
        The result before the first slice; the first slices themselves by default.
    parallel_iterations : int
        Kept in the graph.
    back_prop : bool
        Whether derivatives pass through.
    swap_memory : bool
        Kept in the graph.
    name : str, optional
        The name scope, ``foldl`` by default.

    Returns
    -------
    Tensor, or nested lists, tuples and dicts of them
        The last result.

    Raises
    ------
    TypeError
        ``fn`` is not a function.
    ValueError
        ``elems`` has a tensor without axes.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.foldl(lambda a, x: a * 10 + x, tf.constant([1, 2, 3])))
    np.int32(123)
    """
    _check_callable(fn)
    with _elements(name, "foldl", elems) as tensors:
        number = _number(tensors)
        arrays = [TensorArray(each.dtype, size=number).unstack(each) for each in tensors]
        if initializer is None:
            value = filled_with(elems, [array.read(0) for array in arrays], whole=True)
            first = convert_to_tensor(1, name="Const")
        else:
            value, first = initializer, convert_to_tensor(0, name="Const")

        def step(i: Any, before: Any) -> list[Any]:
            after = fn(before, filled_with(elems, [array.read(i) for array in arrays], whole=True))
            return [i + 1, after]

        return while_loop(
            lambda i, _: i < number,
            step,
            [first, value],
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=number,
        )[1]


def foldr(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Apply a function to the result so far and the next slice along the first axis; the last slice comes first.

    Parameters
    ----------
    fn : callable
        Takes the result so far and a slice of each tensor, in the structure of ``elems``.
    elems : Tensor, or nested lists, tuples and dicts of them
        Of the same first size.
    initializer : Tensor, or nested lists, tuples and dicts of them, optional
        The result before the last slice; the last slices themselves by default.
    parallel_iterations : int
        Kept in the graph.
    back_prop : bool
        Whether derivatives pass through.
    swap_memory : bool
        Kept in the graph.
    name : str, optional
        The name scope, ``foldr`` by default.

    Returns
    -------
    Tensor, or nested lists, tuples and dicts of them
        The last result.

    Raises
    ------
    TypeError
        ``fn`` is not a function.
    ValueError
        ``elems`` has a tensor without axes.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.Session().run(tf.foldr(lambda a, x: a * 10 + x, tf.constant([1, 2, 3])))
    np.int32(321)
    """
    _check_callable(fn)
    with _elements(name, "foldr", elems) as tensors:
        number = _number(tensors)
        arrays = [TensorArray(each.dtype, size=number).unstack(each) for each in tensors]
        first, value = number, initializer
        if initializer is None:
            first = number - 1
            value = filled_with(elems, [array.read(first) for array in arrays], whole=True)

        def step(i: Any, before: Any) -> list[Any]:
            place = i - 1
            return [place, fn(before, filled_with(elems, [array.read(place) for array in arrays], whole=True))]

        return while_loop(
            lambda i, _: i > 0,
            step,
            [first, value],
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=number,
        )[1]


def _check_callable(fn: Any) -> None:
    if not callable(fn):
        raise TypeError(f"The provided function {fn!r} is not callable: fn must be callable.")


@contextmanager
def _elements(name: str | None, default: str, elems: Any) -> Iterator[list[Tensor]]:
    """The tensors to take apart, in the scope of the call."""
    flat = list(leaves_of(elems, whole=True))
    graph = graph_of([each for each in flat if is_tensor(each)])
    with graph.as_default(), graph.name_scope(name or default):
        tensors = [convert_to_tensor(each, name="elem") for each in flat]
        for each in tensors:
            if each.shape.rank == 0:
                raise ValueError("Elements in elems must be 1+ dimensional Tensors, not scalars")
        yield tensors


def _number(tensors: Sequence[Tensor], *, zero: bool = False) -> Any:
    """The first size of the tensors: a number where it is known; TensorFlow mostly takes 0 for unknown."""
    known = tensors[0].shape
    size = None if known.rank is None else known[0].value
    return shape(tensors[0])[0] if size is None or (size == 0 and not zero) else size


def _unstacked(tensors: Sequence[Tensor], number: Any, *, are_known: bool = False) -> list[TensorArray]:
    """The slices of the tensors; ``are_known`` where the arrays are told the shapes."""
    arrays = [
        TensorArray(each.dtype, size=number, element_shape=each.shape[1:] if are_known else None) for each in tensors
    ]
    return [array.unstack(each) for array, each in zip(arrays, tensors, strict=True)]


def _stacked(arrays: Sequence[TensorArray], tensors: Sequence[Tensor]) -> list[Tensor]:
    """The results of all iterations, as many as there are slices."""
    sizes = [None if each.shape.rank is None else each.shape[0].value for each in tensors]
    known: set[Any] = {size for size in sizes if size is not None}
    if len(known) > 1:
        raise ValueError(f"The tensors have different first sizes: {sorted(known)}.")
    found = [array.stack() for array in arrays]
    for value in found:
        if value.shape.rank is not None:
            value.set_shape([*(known or {None}), *value.shape[1:]])
    return found
