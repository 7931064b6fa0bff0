"""Variables that are shared by name: ``get_variable``."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, overload

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor_conversion import as_array, convert_to_tensor, is_tensor
from hdfsaver.ops.init_ops import glorot_uniform_initializer, zeros_initializer
from hdfsaver.shapes import Shape, ShapeLike, TensorShape
from hdfsaver.variables.distribution import VariableAggregation, VariableSynchronization, checked
from hdfsaver.variables.partitioned import PartitionedVariable, make_parts
from hdfsaver.variables.partitioning import Partitioner, PartitionInfo, call_partitioner
from hdfsaver.variables.variable import Variable
from hdfsaver.variables.variable_scope import (
    InitializerLike,
    Regularizer,
    Reuse,
    VariableScope,
    get_variable_scope,
    variable_scope,
)

# A key that is not a string keeps the store with its graph, and out of files.
_STORE_KEY = ("__variable_store",)


class _Store:
    """The variables of one graph that `get_variable` made."""

    def __init__(self) -> None:
        self.variables: dict[str, Variable] = {}
        self.partitioned: dict[str, PartitionedVariable] = {}

    def get(self, name: str, request: _Request, reuse: Any) -> Variable:
        found = self.variables.get(name)
        if found is None:
            if reuse is True:
                raise ValueError(
                    f"Variable {name} does not exist, or was not created with tf.get_variable(). "
                    "Did you mean to set reuse=tf.AUTO_REUSE in VarScope?"
                )
            found = self.variables[name] = request.make(name)
        elif reuse is False:
            raise ValueError(
                f"Variable {name} already exists, disallowed. "
                "Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?"
            )
        else:
            request.check_shares(name, found)
        return found


class _Request:
    """The request of one call of `get_variable`."""

    def __init__(
        self, shape: Any, dtype: Any, initializer: Any, partition_info: PartitionInfo | None = None, **options: Any
    ) -> None:
        self.dtype = dtypes.as_dtype(dtype).base_dtype
        self.partition_info = partition_info
        self.initializer = initializer
        self.shape: Shape = shapes.as_shape(shape)
        self.options = options
        self.dtype_of_initial_value = False

    def check_shares(self, name: str, found: Variable) -> None:
        """Raise `ValueError` unless the existing variable has the requested shape and dtype."""
        if not shapes.compatible(self.shape, found.shape.plain):
            raise ValueError(
                f"Trying to share variable {name}, but specified shape {shapes.text(self.shape)} "
                f"and found shape {found.shape}."
            )
        if self.dtype is not found.dtype.base_dtype:
            raise ValueError(
                f"Trying to share variable {name}, but specified dtype {self.dtype.name} "
                f"and found dtype {found.dtype.name}."
            )

    def make(self, name: str) -> Variable:
        """Make the variable, under its full name, independent of the name scope."""
        initial = self._initial_value(name)
        regularizer = self.options.pop("regularizer")
        graph = get_default_graph()
        dtype = None if self.dtype_of_initial_value else self.dtype
        with graph.name_scope(None):
            variable = Variable(initial, name=name, dtype=dtype, **self.options)
        if regularizer is not None:
            self._add_loss(graph, variable, name, regularizer)
        return variable

    def _initial_value(self, name: str) -> Any:
        if self.initializer is None and self.shape is None:
            raise ValueError(
                f"Variable {name} did not get an initializer, so its `shape` argument must be specified: "
                "the shape of a new variable must be fully defined."
            )
        initializer = self._default_initializer(name) if self.initializer is None else self.initializer
        if not callable(initializer):
            if self.shape is not None:
                raise ValueError(f"If initializer is a constant, do not specify shape (variable {name}).")
            self.dtype_of_initial_value = True
            return initializer
        if isinstance(initializer, type):
            initializer = initializer()
        if shapes.is_fully_defined(self.shape):
            assert self.shape is not None
            shape = list(self.shape)
            about_part = {"partition_info": self.partition_info} if _takes(initializer, "partition_info", False) else {}
            return lambda: initializer(shape, dtype=self.dtype, **about_part)
        if self.shape is None and _needs_no_arguments(initializer):
            self.dtype_of_initial_value = True
            return initializer
        raise ValueError(
            "The initializer passed is not valid. It should be a callable with no arguments and the shape should not "
            "be provided or an instance of `tf.keras.initializers.*' and `shape` should be fully defined. "
            f"Shape of a new variable ({name}) must be fully defined, but instead was {shapes.text(self.shape)}."
        )

    def _default_initializer(self, name: str) -> Any:
        if self.dtype.is_floating:
            return glorot_uniform_initializer()
        if self.dtype.is_integer or self.dtype.is_bool or self.dtype is dtypes.string:
            return zeros_initializer()
        raise ValueError(f"An initializer for variable {name} of {self.dtype.name} is required.")

    @staticmethod
    def _add_loss(graph: Graph, variable: Variable, name: str, regularizer: Callable[..., Any]) -> None:
        with graph.name_scope(f"{name}/Regularizer/"):
            loss = regularizer(variable.value())
        if loss is not None:
            graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


def _takes(function: Callable[..., Any], name: str, through_kwargs: bool = True) -> bool:
    """Whether a function has a parameter of that name, or takes any by ``**kwargs``."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a function in C without a signature
        return False
    return name in parameters or (through_kwargs and any(each.kind is each.VAR_KEYWORD for each in parameters.values()))


def _needs_no_arguments(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind()
    except (TypeError, ValueError):
        return False
    return True


def _store() -> _Store:
    kept = get_default_graph().get_collection_ref(_STORE_KEY)
    if not kept:
        kept.append(_Store())
    store: _Store = kept[0]
    return store


def shared_variables() -> Mapping[str, Variable]:
    """The variables of the default graph that `get_variable` made, by name."""
    return _store().variables


@overload
def get_variable(
    name: str,
    shape: ShapeLike = None,
    dtype: DTypeLike | None = None,
    initializer: InitializerLike | None = None,
    regularizer: Regularizer | None = None,
    trainable: bool | None = None,
    collections: Iterable[str] | None = None,
    caching_device: object = None,
    partitioner: None = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Callable[..., Any] | None = None,
    constraint: Callable[..., Any] | None = None,
    synchronization: VariableSynchronization | None = VariableSynchronization.AUTO,
    aggregation: VariableAggregation | None = VariableAggregation.NONE,
) -> Variable: ...


@overload
def get_variable(
    name: str,
    shape: ShapeLike = None,
    dtype: DTypeLike | None = None,
    initializer: InitializerLike | None = None,
    regularizer: Regularizer | None = None,
    trainable: bool | None = None,
    collections: Iterable[str] | None = None,
    caching_device: object = None,
    *,
    partitioner: Partitioner | None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Callable[..., Any] | None = None,
    constraint: Callable[..., Any] | None = None,
    synchronization: VariableSynchronization | None = VariableSynchronization.AUTO,
    aggregation: VariableAggregation | None = VariableAggregation.NONE,
) -> Variable | PartitionedVariable: ...


def get_variable(
    name: str,
    shape: ShapeLike = None,
    dtype: DTypeLike | None = None,
    initializer: InitializerLike | None = None,
    regularizer: Regularizer | None = None,
    trainable: bool | None = None,
    collections: Iterable[str] | None = None,
    caching_device: object = None,
    partitioner: Partitioner | None = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Callable[..., Any] | None = None,
    constraint: Callable[..., Any] | None = None,
    synchronization: VariableSynchronization | None = VariableSynchronization.AUTO,
    aggregation: VariableAggregation | None = VariableAggregation.NONE,
) -> Variable | PartitionedVariable:
    """The variable of that name in the current variable scope: a new one, or with ``reuse`` one that exists.

    Parameters
    ----------
    name : str
        The scope's name is put before it; an empty one stands for the name of the scope itself.
    shape : sequence of int, optional
        Not to be given where the initializer is a constant.
    dtype : DType, optional
        The scope's by default, which is float32.
    initializer : Initializer, Tensor or array_like, optional
        The scope's by default; Glorot's uniform one for floats, zeros for integers and bools.
    regularizer : callable, optional
        Its result on the variable is added to ``GraphKeys.REGULARIZATION_LOSSES``.
    trainable : bool, optional
    collections : list of str, optional
    caching_device : str, optional
        The device of the operation that reads the value; see `Variable`.
    use_resource : bool, optional
        As the scope says by default; see `Variable`.
    partitioner : callable, optional
        Makes a `PartitionedVariable`: called as ``partitioner(shape=..., dtype=...)``, it gives the number of parts
        along each dimension, of which one at most is more than 1.
    validate_shape : bool
    custom_getter : callable, optional
        Called as ``custom_getter(getter, name=..., shape=..., ...)`` in place of this function's inner part, with
        all of its arguments. Operations that it makes are outside of the name scope.
    constraint : callable, optional
    synchronization, aggregation : optional
        As for `Variable`.

    Returns
    -------
    Variable or PartitionedVariable
        With a custom getter, its result.

    Raises
    ------
    ValueError
        The variable exists though a new one is wanted, or the reverse; or it is of another shape or dtype, or divided
        in another way; or the partitioner or the custom getter is not callable, or the partitioner's answer does not
        fit the shape; or synchronization and aggregation are not as `Variable` needs them.

    Notes
    -----
    Type checkers take the result for a `Variable` unless a partitioner is given here; a partitioner or a custom getter
    of the scope may make it another.
    """
    scope = get_variable_scope()
    if not name and not scope.name:
        raise ValueError("Variable name should be specified for variable creation.")
    partitioner = scope.partitioner if partitioner is None else partitioner
    synchronization, aggregation, trainable = checked(synchronization, aggregation, trainable, name)
    options: dict[str, Any] = {
        "shape": shape,
        "dtype": _dtype_wanted(dtype, initializer, scope, partitioner),
        "initializer": scope.initializer if initializer is None else initializer,
        "regularizer": scope.regularizer if regularizer is None else regularizer,
        "reuse": scope.reuse,
        "trainable": trainable,
        "collections": collections,
        "caching_device": scope.caching_device if caching_device is None else caching_device,
        "partitioner": partitioner,
        "validate_shape": validate_shape,
        "use_resource": scope.use_resource if use_resource is None else use_resource,
        "synchronization": synchronization,
        "aggregation": aggregation,
    }
    constraint = scope.constraint if constraint is None else constraint
    full_name = f"{scope.name}/{name}" if scope.name else name
    getter = custom_getter or scope.custom_getter
    if getter is None:
        return _get(full_name, **options, constraint=constraint)
    if not callable(getter):
        raise ValueError(f"Passed a custom_getter which is not callable: {getter}")
    # Programs may have getters from before there was this argument, which do not take it.
    if _takes(getter, "constraint"):
        options["constraint"] = constraint
    with get_default_graph().name_scope(None):
        # TensorFlow gives it by its name, wherever a function has it among its arguments.
        by_name = _takes(getter, "getter", False)
        given = {"name": full_name, **options}
        got: Variable = getter(**given, getter=_get) if by_name else getter(_get, **given)
    return got


def get_local_variable(
    name: str,
    shape: ShapeLike = None,
    dtype: DTypeLike | None = None,
    initializer: InitializerLike | None = None,
    regularizer: Regularizer | None = None,
    trainable: bool = False,
    collections: Iterable[str] | None = None,
    caching_device: object = None,
    partitioner: Partitioner | None = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Callable[..., Any] | None = None,
    constraint: Callable[..., Any] | None = None,
    synchronization: VariableSynchronization | None = VariableSynchronization.AUTO,
    aggregation: VariableAggregation | None = VariableAggregation.NONE,
) -> Variable | PartitionedVariable:
    """A variable as `get_variable` gives it, but a local one: checkpoints do not have it, and it is not trained.

    Parameters
    ----------
    name, shape, dtype, initializer, regularizer : object
        As for `get_variable`.
    trainable : bool
        Accepted for programs that give it: a local variable is not trainable.
    collections : list of str, optional
        Further collections; ``GraphKeys.LOCAL_VARIABLES`` is added.
    caching_device, partitioner, validate_shape, use_resource, custom_getter, constraint : object
        As for `get_variable`.
    synchronization, aggregation : optional
        As for `get_variable`.

    Returns
    -------
    Variable or PartitionedVariable
        With a custom getter, its result.

    Raises
    ------
    ValueError
        As for `get_variable`.
    """
    return get_variable(
        name,
        shape,
        dtype,
        initializer,
        regularizer,
        False,
        [*(collections or ()), GraphKeys.LOCAL_VARIABLES],
        caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def _dtype_wanted(
    dtype: DTypeLike | None,
    initializer: InitializerLike | None,
    scope: VariableScope,
    partitioner: Partitioner | None,
) -> DTypeLike:
    if dtype is not None and initializer is not None and not callable(initializer):
        found = convert_to_tensor(initializer).dtype.base_dtype
        if found is not dtypes.as_dtype(dtype).base_dtype:
            raise ValueError(
                f"Initializer type '{found}' and explicit dtype '{dtypes.as_dtype(dtype)}' don't match: give only one."
            )
    if dtype is not None:
        return dtype
    if initializer is None or callable(initializer) or (partitioner is not None and not is_tensor(initializer)):
        return scope.dtype
    return initializer.dtype if is_tensor(initializer) else as_array(initializer)[1]


def _get(
    name: str,
    shape: ShapeLike = None,
    dtype: DTypeLike = dtypes.float32,
    initializer: InitializerLike | None = None,
    **options: Any,
) -> Variable | PartitionedVariable:
    reuse = options.pop("reuse", None)
    options.setdefault("regularizer", None)
    partitioner = options.pop("partitioner", None)
    store = _store()
    is_scalar = isinstance(shape, Sequence) and not shape
    found_again = partitioner is None and reuse is True and name in store.partitioned
    if found_again or (partitioner is not None and not is_scalar):
        return _get_partitioned(store, name, shape, dtype, initializer, partitioner, reuse, options)
    if f"{name}/part_0" in store.variables:
        raise ValueError(
            f"No partitioner was provided, but a partitioned version of the variable was found: {name}/part_0. "
            "Perhaps a variable of the same name was already created with partitioning?"
        )
    return store.get(name, _Request(shape, dtype, initializer, **options), reuse)


def _get_partitioned(
    store: _Store,
    name: str,
    shape: ShapeLike,
    dtype: DTypeLike,
    initializer: InitializerLike | None,
    partitioner: Partitioner | None,
    reuse: Reuse,
    options: Any,
) -> PartitionedVariable:
    if partitioner is not None and not callable(partitioner):
        raise ValueError(f"Partitioner must be callable, but received: {partitioner}")
    if name in store.variables:
        raise ValueError(
            "A partitioner was provided, but an unpartitioned version of the variable was found: "
            f"{name}. Perhaps a variable of the same name was already created without partitioning?"
        )
    dtype = dtypes.as_dtype(dtype).base_dtype
    known = initializer.shape.plain if is_tensor(initializer) else None
    whole = TensorShape(shapes.merge(shapes.as_shape(shape), known))
    partitions = None if partitioner is None else call_partitioner(partitioner, whole, dtype)
    found = store.partitioned.get(name)
    if found is not None:
        _check_shares_parts(name, found, whole, dtype, partitions, reuse)
        return found
    if reuse is True:
        raise ValueError(
            f"PartitionedVariable {name} does not exist, or was not created with tf.get_variable(). "
            "Did you mean to set reuse=False or reuse=tf.AUTO_REUSE in VarScope?"
        )
    assert partitions is not None
    _check_same_parts(store, name, math.prod(partitions))

    def get_part(part_name: str, part_shape: Any, initial: Any, info: PartitionInfo) -> Variable:
        return store.get(part_name, _Request(part_shape, dtype, initial, info, **options), reuse)

    parts = make_parts(name, [size or 0 for size in whole.as_list()], partitions, initializer, dtype, get_part)
    found = store.partitioned[name] = PartitionedVariable(name, whole, dtype, parts, partitions)
    return found


def _check_shares_parts(
    name: str, found: PartitionedVariable, shape: TensorShape, dtype: Any, partitions: Any, reuse: Any
) -> None:
    if reuse is False:
        raise ValueError(
            f"Partitioned variable with name {name} already exists. "
            "Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?"
        )
    trying = f"Trying to reuse partitioned variable {name}, but specified"
    if not shape.is_compatible_with(found.shape):
        raise ValueError(f"{trying} shape {shape} and found shape {found.shape}.")
    if not dtype.is_compatible_with(found.dtype):
        raise ValueError(f"{trying} dtype {dtype.name} and found dtype {found.dtype.name}.")
    if partitions is not None and partitions != found.partitions:
        raise ValueError(f"{trying} partitions {partitions} and found partitions {found.partitions}.")


def _check_same_parts(store: _Store, name: str, count: int) -> None:
    """Parts that exist without their whole must be the ones that are wanted."""
    if f"{name}/part_0" not in store.variables:
        return
    said = (
        "Partitioner returned a different partitioning than what was already found. "
        f"Partitioner returned {count} shards, and shard {name}/part_0 was found, but"
    )
    if f"{name}/part_{count - 1}" not in store.variables:
        raise ValueError(f"{said} {name}/part_{count - 1} was not.")
    if f"{name}/part_{count}" in store.variables:
        raise ValueError(f"{said} so was the extra shard {name}/part_{count}.")


def create_partitioned_variables(
    shape: Sequence[int],
    slicing: Sequence[int],
    initializer: InitializerLike | None,
    dtype: DTypeLike = dtypes.float32,
    trainable: bool = True,
    collections: Iterable[str] | None = None,
    name: str | None = None,
    reuse: Reuse | None = None,
) -> list[Variable]:
    """The parts of a variable; the older form of `get_variable` with a partitioner.

    Parameters
    ----------
    shape : list of int
        The shape of the whole.
    slicing : list of int
        The number of parts along each dimension, of which one at most is more than 1.
    initializer : Initializer, Tensor or array_like
        As for `get_variable`.
    dtype : DType
    trainable : bool
    collections : list of str, optional
    name : str, optional
        The name of the whole; a unique one made of ``"PartitionedVariable"`` by default.
    reuse : bool or AUTO_REUSE, optional

    Returns
    -------
    list of Variable
        The parts, in order.

    Raises
    ------
    ValueError
        There is not a number for each dimension, no dimension, or a custom getter; or see `get_variable`.
    """
    if len(shape) != len(slicing):
        raise ValueError(
            "The 'shape' and 'slicing' of a partitioned Variable must have the length: "
            f"shape: {shape}, slicing: {slicing}"
        )
    if not shape:
        raise ValueError(f"A partitioned Variable must have rank at least 1: shape: {shape}")
    with variable_scope(name, "PartitionedVariable", reuse=reuse) as scope:
        if scope.custom_getter is not None:
            raise ValueError("create_partitioned_variables does not call custom getters, and the scope has one.")
        options = {
            "regularizer": scope.regularizer,
            "trainable": trainable,
            "collections": collections,
            "constraint": scope.constraint,
        }
        whole = _get_partitioned(
            _store(), scope.name, shape, dtype, initializer, lambda **_: slicing, scope.reuse, options
        )
        return whole._get_variable_list()
