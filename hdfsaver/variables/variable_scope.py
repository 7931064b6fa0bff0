"""Variable scopes: what `get_variable` takes from its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeAlias

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.variables.partitioning import Partitioner
from hdfsaver.variables.variable import Variable


class _ReuseMode(Enum):
    AUTO_REUSE = 1


AUTO_REUSE = _ReuseMode.AUTO_REUSE
"""As ``reuse``: take the variable if it exists, make it otherwise."""

Reuse: TypeAlias = bool | _ReuseMode
"""Whether `get_variable` takes variables that exist (True), makes them (False), or makes missing ones (AUTO_REUSE)."""

InitializerLike: TypeAlias = "TensorLike | Callable[..., Any]"
"""An argument that stands for an initializer: a function of shape and dtype, a class of such, or a value."""

Regularizer: TypeAlias = "Callable[[Tensor], Any]"
"""A function from a variable's value to a loss, or None."""

# A key that is not a string keeps the scopes with their graph, and out of files.
_SCOPES_KEY = ("__varscope",)


class VariableScope:
    """The settings that `get_variable` takes from the variable scope.

    Attributes
    ----------
    name : str
        The prefix of the variables' names, without the last slash.
    original_name_scope : str
        The name scope that was entered with it, with its slash.
    reuse : bool or AUTO_REUSE
        Whether variables that exist already are taken, or new ones made.
    initializer, regularizer, constraint, custom_getter, partitioner, dtype
        The defaults of `get_variable`'s arguments.
    """

    def __init__(self, reuse: Reuse = False, name: str = "", name_scope: str = "", **defaults: Any) -> None:
        self.name = name
        self.original_name_scope = name_scope
        self.reuse: Reuse = reuse
        self.initializer: InitializerLike | None = defaults.get("initializer")
        self.regularizer: Regularizer | None = defaults.get("regularizer")
        self.constraint: Callable[..., Any] | None = defaults.get("constraint")
        self.custom_getter: Callable[..., Any] | None = defaults.get("custom_getter")
        self.partitioner: Partitioner | None = defaults.get("partitioner")
        self.dtype: DTypeLike = defaults.get("dtype") or dtypes.float32

    def reuse_variables(self) -> None:
        """From now on take variables that exist already; one that does not is an error."""
        self.reuse = True

    def set_initializer(self, initializer: InitializerLike | None) -> None:
        """Set the default initializer."""
        self.initializer = initializer

    def set_regularizer(self, regularizer: Regularizer | None) -> None:
        """Set the default regularizer."""
        self.regularizer = regularizer

    def set_partitioner(self, partitioner: Partitioner | None) -> None:
        """Set the default partitioner."""
        self.partitioner = partitioner

    def set_dtype(self, dtype: DTypeLike) -> None:
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


class _Scopes:
    """The current variable scope of one graph, and how often each scope was opened."""

    def __init__(self) -> None:
        self.current = VariableScope()
        self._opened: dict[str, int] = {}
        self._inside: list[str] = []  # the scopes that were opened in the current one
        self._numbers: dict[str, int] = {}  # for each name in the current one the first number that may be free

    @contextmanager
    def entered(self, scope: VariableScope) -> Iterator[VariableScope]:
        """Make a scope the current one inside a ``with`` block."""
        self._opened[scope.name] = self._opened.get(scope.name, 0) + 1
        self._inside.append(scope.name)
        outer = self.current, self._inside, self._numbers
        inside: list[str] = []
        self.current, self._inside, self._numbers = scope, inside, {}
        try:
            yield scope
        finally:
            self.current, self._inside, self._numbers = outer
            # Inside a scope that is opened again its inner default names begin again.
            for name in inside:
                self._close(name)

    def _close(self, name: str) -> None:
        count = self._opened.pop(name) - 1
        if count:
            self._opened[name] = count

    def unique(self, prefix: str, name: str) -> str:
        """The name where no scope of that name was opened, otherwise with the first free ``_1``, ``_2`` and so on."""
        wanted = f"{prefix}/{name}" if prefix else name
        if wanted not in self._opened:
            return name
        # None is closed before the current scope is left, so that all numbers below stay taken until then.
        count = self._numbers.get(wanted, 1)
        while f"{wanted}_{count}" in self._opened:
            count += 1
        self._numbers[wanted] = count
        return f"{name}_{count}"


def _scopes() -> _Scopes:
    kept = get_default_graph().get_collection_ref(_SCOPES_KEY)
    if not kept:
        kept.append(_Scopes())
    scopes: _Scopes = kept[0]
    return scopes


def get_variable_scope() -> VariableScope:
    """The current variable scope."""
    return _scopes().current


@contextmanager
def variable_scope(
    name_or_scope: str | VariableScope | None,
    default_name: str | None = None,
    values: object = None,
    initializer: InitializerLike | None = None,
    regularizer: Regularizer | None = None,
    caching_device: object = None,
    partitioner: Partitioner | None = None,
    custom_getter: Callable[..., Any] | None = None,
    reuse: Reuse | None = None,
    dtype: DTypeLike | None = None,
    use_resource: bool | None = None,
    constraint: Callable[..., Any] | None = None,
    auxiliary_name_scope: bool = True,
) -> Iterator[VariableScope]:
    """Put the variables made inside under a name, together with a name scope.

    Parameters
    ----------
    name_or_scope : str, VariableScope or None
        A scope is entered again unchanged; with None a name is made of ``default_name``, unique among the scopes.
    default_name : str, optional
    reuse : bool or AUTO_REUSE, optional
        Whether `get_variable` takes variables that exist; what an outer scope says holds for inner ones.
    initializer, regularizer, partitioner, custom_getter, dtype, constraint : optional
        Defaults for `get_variable`.
    values, caching_device, use_resource : object
        Accepted for programs that give them.
    auxiliary_name_scope : bool
        With False no name scope is entered.

    Yields
    ------
    VariableScope

    Raises
    ------
    TypeError
        ``name_or_scope`` is neither a string nor a scope.
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
        inner_name = name_or_scope if name_or_scope is not None else _scopes().unique(base.name, str(default_name))
        name = f"{base.name}/{inner_name}" if base.name and inner_name else base.name or inner_name
    enters = auxiliary_name_scope and bool(inner_name)
    with graph.name_scope(inner_name if enters else _here(graph)) as name_scope:
        entered_again = base.original_name_scope if isinstance(name_or_scope, VariableScope) else name_scope
        with _scopes().entered(base.inner(name=name, name_scope=entered_again, **changes)) as scope:
            yield scope


def _here(graph: Graph) -> str:
    return f"{graph.get_name_scope()}/" if graph.get_name_scope() else ""


def no_regularizer(_: TensorLike) -> None:
    """A regularizer that adds nothing, to keep an outer scope's away."""
