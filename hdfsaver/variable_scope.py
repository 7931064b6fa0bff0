"""Variables that are shared by name: ``get_variable`` and the scopes that it works in."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any

from hdfsaver import dtypes, shapes
from hdfsaver.graph.conversion import as_array, is_tensor
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.keys import GraphKeys
from hdfsaver.ops.initializers import glorot_uniform_initializer, zeros_initializer
from hdfsaver.partitioned import PartitionedVariable, make_parts
from hdfsaver.partitioning import PartitionInfo, call_partitioner
from hdfsaver.shapes import Shape, TensorShape
from hdfsaver.variables import Variable


class _ReuseMode(Enum):
    AUTO_REUSE = 1


AUTO_REUSE = _ReuseMode.AUTO_REUSE
"""As ``reuse``: take the variable if it is there, make it otherwise."""

# Keys that are no strings keep the store and the scopes with their graph, and out of files.
_STORE_KEY = ("__variable_store",)
_SCOPES_KEY = ("__varscope",)


class VariableScope:
    """What `get_variable` takes from its surroundings.

    Attributes
    ----------
    name : str
        The prefix of the variables' names, without the last slash.
    original_name_scope : str
        The name scope that was entered with it, with its slash.
    reuse : bool or AUTO_REUSE
        Whether variables are taken that are there already, or made.
    initializer, regularizer, constraint, custom_getter, partitioner, dtype
        The defaults of `get_variable`'s arguments.
    """

    def __init__(self, reuse: Any = False, name: str = "", name_scope: str = "", **defaults: Any) -> None:
        self.name = name
        self.original_name_scope = name_scope
        self.reuse = reuse
        self.initializer: Any = defaults.get("initializer")
        self.regularizer: Any = defaults.get("regularizer")
        self.constraint: Any = defaults.get("constraint")
        self.custom_getter: Any = defaults.get("custom_getter")
        self.partitioner: Any = defaults.get("partitioner")
        self.dtype: Any = defaults.get("dtype") or dtypes.float32

    def reuse_variables(self) -> None:
        """From now on take variables that are there already; one that is not is an error."""
        self.reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Set the default initializer."""
        self.initializer = initializer

    def set_regularizer(self, regularizer: Any) -> None:
        """Set the default regularizer."""
        self.regularizer = regularizer

    def set_partitioner(self, partitioner: Any) -> None:
        """Set the default partitioner."""
        self.partitioner = partitioner

    def set_dtype(self, dtype: Any) -> None:
        """Set the default dtype."""
        self.dtype = dtype

    def global_variables(self) -> list[Variable]:
        """The global variables in this scope."""
        return self._collection(GraphKeys.GLOBAL_VARIABLES)

    def trainable_variables(self) -> list[Variable]:
        """The trainable variables in this scope."""
        return self._collection(GraphKeys.TRAINABLE_VARIABLES)

    def _collection(self, key: str) -> list[Variable]:
        return get_default_graph().get_collection(key, f"{self.name}/" if self.name else None)

    def _defaults(self) -> dict[str, Any]:
        names = ("initializer", "regularizer", "constraint", "custom_getter", "partitioner", "dtype")
        return {name: getattr(self, name) for name in names}

    def inner(self, **changes: Any) -> VariableScope:
        """A scope like this one where nothing else is said."""
        given = {name: value for name, value in changes.items() if value is not None}
        reuse = given.pop("reuse", False) or self.reuse
        return VariableScope(reuse, given.pop("name"), given.pop("name_scope", ""), **{**self._defaults(), **given})


class _Store:
    """The variables of one graph that `get_variable` made, and how often each scope was opened."""

    def __init__(self) -> None:
        self.variables: dict[str, Variable] = {}
        self.partitioned: dict[str, PartitionedVariable] = {}
        self.scopes_opened: dict[str, int] = {}

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
    """What one call of `get_variable` asks for."""

    def __init__(
        self, shape: Any, dtype: Any, initializer: Any, partition_info: PartitionInfo | None = None, **options: Any
    ) -> None:
        self.dtype = dtypes.as_dtype(dtype).base_dtype
        self.partition_info = partition_info
        self.initializer = initializer
        self.shape: Shape = shapes.as_shape(shape)
        self.options = options

    def check_shares(self, name: str, found: Variable) -> None:
        """Raise `ValueError` unless the variable that is there is what was asked for."""
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
        """Make the variable, under its full name whatever the name scope is."""
        initial = self._initial_value(name)
        regularizer = self.options.pop("regularizer")
        graph = get_default_graph()
        with graph.name_scope(None):
            variable = Variable(initial, name=name, dtype=self.dtype, **self.options)
        if regularizer is not None:
            self._add_loss(graph, variable, name, regularizer)
        return variable

    def _initial_value(self, name: str) -> Any:
        initializer = self._default_initializer(name) if self.initializer is None else self.initializer
        if not callable(initializer):
            if self.shape is not None:
                raise ValueError(f"If initializer is a constant, do not specify shape (variable {name}).")
            return initializer
        if isinstance(initializer, type):
            initializer = initializer()
        if not shapes.is_fully_defined(self.shape):
            raise ValueError(
                f"Shape of a new variable ({name}) must be fully defined, but instead was {shapes.text(self.shape)}."
            )
        assert self.shape is not None
        shape = list(self.shape)
        return lambda: initializer(shape, dtype=self.dtype, **self._about_part(initializer))

    def _about_part(self, initializer: Any) -> dict[str, Any]:
        try:
            takes_it = "partition_info" in inspect.signature(initializer).parameters
        except ValueError:  # a function in C that does not tell
            takes_it = False
        return {"partition_info": self.partition_info} if takes_it else {}

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


def _store() -> _Store:
    kept = get_default_graph().get_collection_ref(_STORE_KEY)
    if not kept:
        kept.append(_Store())
    store: _Store = kept[0]
    return store


def shared_variables() -> Mapping[str, Variable]:
    """The variables of the default graph that `get_variable` made, by name."""
    return _store().variables


def get_variable_scope() -> VariableScope:
    """The current variable scope."""
    kept = get_default_graph().get_collection_ref(_SCOPES_KEY)
    if not kept:
        kept.append(VariableScope())
    scope: VariableScope = kept[0]
    return scope


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Iterable[str] | None = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Callable[..., Any] | None = None,
    constraint: Callable[..., Any] | None = None,
) -> Any:
    """The variable of that name in the current variable scope: a new one, or with ``reuse`` the one that is there.

    Parameters
    ----------
    name : str
        The scope's name is put before it.
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
    caching_device, use_resource : object
        Accepted for programs that give them; see `Variable`.
    partitioner : callable, optional
        Makes a `PartitionedVariable`: called as ``partitioner(shape=..., dtype=...)``, it gives the number of parts
        along each dimension, of which one at most is more than 1.
    validate_shape : bool
    custom_getter : callable, optional
        Called as ``custom_getter(getter, name, ...)`` in place of this function's inner part.
    constraint : callable, optional

    Returns
    -------
    Variable or PartitionedVariable

    Raises
    ------
    ValueError
        The variable exists though a new one is wanted, or the reverse; or it is of another shape or dtype, or divided
        in another way; or a partitioner is none, or its answer has no meaning.
    """
    if not name:
        raise ValueError("Variable name should be specified for variable creation.")
    scope = get_variable_scope()
    partitioner = scope.partitioner if partitioner is None else partitioner
    options: dict[str, Any] = {
        "shape": shape,
        "dtype": _dtype_wanted(dtype, initializer, scope, partitioner),
        "initializer": scope.initializer if initializer is None else initializer,
        "regularizer": scope.regularizer if regularizer is None else regularizer,
        "reuse": scope.reuse,
        "trainable": trainable is not False,
        "collections": collections,
        "caching_device": caching_device,
        "partitioner": partitioner,
        "validate_shape": validate_shape,
        "constraint": scope.constraint if constraint is None else constraint,
    }
    full_name = f"{scope.name}/{name}" if scope.name else name
    getter = custom_getter or scope.custom_getter
    if getter is not None:
        return getter(_get, full_name, **options)
    return _get(full_name, **options)


def _dtype_wanted(dtype: Any, initializer: Any, scope: VariableScope, partitioner: Any) -> Any:
    if dtype is not None:
        return dtype
    if initializer is None or callable(initializer) or (partitioner is not None and not is_tensor(initializer)):
        return scope.dtype
    return initializer.dtype if is_tensor(initializer) else as_array(initializer)[1]


def _get(name: str, shape: Any = None, dtype: Any = dtypes.float32, initializer: Any = None, **options: Any) -> Any:
    reuse = options.pop("reuse", False)
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
    store: _Store, name: str, shape: Any, dtype: Any, initializer: Any, partitioner: Any, reuse: Any, options: Any
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
    """Parts that are there without their whole must be the ones that are wanted."""
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
    initializer: Any,
    dtype: Any = dtypes.float32,
    trainable: bool = True,
    collections: Iterable[str] | None = None,
    name: str | None = None,
    reuse: Any = None,
) -> list[Variable]:
    """The parts of a variable, the older way to what `get_variable` with a partitioner does.

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
            raise ValueError("create_partitioned_variables passes by custom getters, of which the scope has one.")
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


@contextmanager
def variable_scope(
    name_or_scope: str | VariableScope | None,
    default_name: str | None = None,
    values: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Callable[..., Any] | None = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
    constraint: Callable[..., Any] | None = None,
    auxiliary_name_scope: bool = True,
) -> Iterator[VariableScope]:
    """Put the variables made inside under a name, together with a name scope.

    Parameters
    ----------
    name_or_scope : str, VariableScope or None
        A scope is entered again as it is; with None a name is made of ``default_name``, unique among the scopes.
    default_name : str, optional
    reuse : bool or AUTO_REUSE, optional
        Whether `get_variable` takes variables that are there; what an outer scope says holds for inner ones.
    initializer, regularizer, partitioner, custom_getter, dtype, constraint : optional
        Defaults for `get_variable`.
    values, caching_device, use_resource : object
        Accepted for programs that give them.
    auxiliary_name_scope : bool
        With False no name scope is entered.

    Raises
    ------
    ValueError
        There is neither a name nor a default.
    """
    if name_or_scope is None and default_name is None:
        raise ValueError("If default_name is None then name_or_scope is required.")
    if name_or_scope is not None and not isinstance(name_or_scope, str | VariableScope):
        raise TypeError(f"VariableScope: name_or_scope must be a string or VariableScope, not {name_or_scope!r}.")
    changes = {
        "initializer": initializer,
        "regularizer": regularizer,
        "partitioner": partitioner,
        "custom_getter": custom_getter,
        "dtype": dtype,
        "constraint": constraint,
        "reuse": reuse,
    }
    graph = get_default_graph()
    if isinstance(name_or_scope, VariableScope):
        base, name, inner_name = name_or_scope, name_or_scope.name, name_or_scope.name.rpartition("/")[2]
    else:
        base = get_variable_scope()
        inner_name = name_or_scope if name_or_scope is not None else _unique_scope_name(base.name, str(default_name))
        name = f"{base.name}/{inner_name}" if base.name and inner_name else base.name or inner_name
    enters = auxiliary_name_scope and bool(inner_name)
    with graph.name_scope(inner_name if enters else _here(graph)) as name_scope:
        entered_again = base.original_name_scope if isinstance(name_or_scope, VariableScope) else name_scope
        with _current(base.inner(name=name, name_scope=entered_again, **changes)) as scope:
            yield scope


def _here(graph: Graph) -> str:
    return f"{graph.get_name_scope()}/" if graph.get_name_scope() else ""


@contextmanager
def _current(scope: VariableScope) -> Iterator[VariableScope]:
    get_variable_scope()
    kept = get_default_graph().get_collection_ref(_SCOPES_KEY)
    opened = _store().scopes_opened
    opened[scope.name] = opened.get(scope.name, 0) + 1
    before = dict(opened)
    outer, kept[0] = kept[0], scope
    try:
        yield scope
    finally:
        kept[0] = outer
        # Inside a scope that is opened again its inner default names begin anew.
        _store().scopes_opened = before


def _unique_scope_name(prefix: str, name: str) -> str:
    opened = _store().scopes_opened
    count = 0
    candidate = name
    while (f"{prefix}/{candidate}" if prefix else candidate) in opened:
        count += 1
        candidate = f"{name}_{count}"
    return candidate


def no_regularizer(_: Any) -> None:
    """A regularizer that adds nothing, to keep an outer scope's away."""
