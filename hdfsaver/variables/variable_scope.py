"""Variable scopes: what `get_variable` takes from its surroundings."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import Enum
from types import TracebackType
from typing import Any, TypeAlias

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.variables.partitioning import Partitioner
from hdfsaver.variables.resource_use import set_scope_setting
from hdfsaver.variables.resource_variable import ResourceVariable
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

_DEFAULTS = (
    "initializer",
    "regularizer",
    "constraint",
    "custom_getter",
    "partitioner",
    "dtype",
    "caching_device",
    "use_resource",
)
"""The arguments of `get_variable` that a scope has defaults for."""

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
    initializer, regularizer, constraint, custom_getter, partitioner, dtype, caching_device, use_resource
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
        self.caching_device: object = defaults.get("caching_device")
        self.use_resource: bool | None = defaults.get("use_resource")

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

    def set_custom_getter(self, custom_getter: Callable[..., Any] | None) -> None:
        """Set the default custom getter."""
        self.custom_getter = custom_getter

    def set_caching_device(self, caching_device: object) -> None:
        """Set the default device of cached values; nothing is cached."""
        self.caching_device = caching_device

    def set_use_resource(self, use_resource: bool | None) -> None:
        """Set whether a variable is asked to be a resource; see `Variable`."""
        self.use_resource = use_resource

    def global_variables(self) -> list[Variable]:
        """The global variables in this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Variable]:
        """The local variables in this scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def trainable_variables(self) -> list[Variable]:
        """The trainable variables in this scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def get_collection(self, name: str) -> list[Any]:
        """The items of a collection whose names are in this scope."""
        return get_default_graph().get_collection(name, f"{self.name}/" if self.name else None)

    def _defaults(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _DEFAULTS}

    def inner(self, **changes: Any) -> VariableScope:
        """A scope like this one where nothing else is said; a constraint holds in one scope only, as in TensorFlow."""
        given = {name: value for name, value in changes.items() if value is not None}
        if "custom_getter" in given:
            given["custom_getter"] = _around(given["custom_getter"], self.custom_getter)
        reuse = given.pop("reuse", False) or self.reuse
        settings = {**self._defaults(), "constraint": None, **given}
        return VariableScope(reuse, settings.pop("name"), settings.pop("name_scope", ""), **settings)


def _around(getter: Callable[..., Any], outer: Callable[..., Any] | None) -> Callable[..., Any]:
    """A custom getter whose own getter is that of the scope around it."""
    if outer is None:
        return getter

    def both(inner: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return getter(functools.partial(outer, inner), *args, **kwargs)

    return both


class _Scopes(threading.local):
    """The current variable scope of one graph in one thread, and how often each scope was opened."""

    def __init__(self) -> None:
        self.current = VariableScope()
        self._opened: dict[str, int] = {}
        self._inside: list[str] = []  # the scopes that were opened in the current one
        self._numbers: dict[str, int] = {}  # for each name in the current one the first number that may be free

    def enter(self, scope: VariableScope) -> Callable[[], None]:
        """Make a scope the current one, and give the function that leaves it.

        Nothing else leaves it: as in TensorFlow, a scope that a program enters by hand stays, also where the program
        keeps no reference to it.
        """
        self._opened[scope.name] = self._opened.get(scope.name, 0) + 1
        self._inside.append(scope.name)
        outer = self.current, self._inside, self._numbers
        inside: list[str] = []
        self.current, self._inside, self._numbers = scope, inside, {}

        def leave() -> None:
            self.current, self._inside, self._numbers = outer
            # Inside a scope that is opened again its inner default names begin again.
            for name in inside:
                self._close(name)

        return leave

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


def unique_variable_scope(name: str) -> str:
    """The name, with a number at its end where the current scope has opened a scope of that name."""
    return _scopes().unique(get_variable_scope().name, name)


class variable_scope:  # noqa: N801, TensorFlow's name
    """Put the variables made inside under a name, together with a name scope.

    Parameters
    ----------
    name_or_scope : str, VariableScope or None
        A scope is entered again unchanged; with None a name is made of ``default_name``, unique among the scopes.
    default_name : str, optional
    reuse : bool or AUTO_REUSE, optional
        Whether `get_variable` takes variables that exist; what an outer scope says holds for inner ones.
    initializer, regularizer, partitioner, custom_getter, dtype, constraint, caching_device, use_resource : optional
        Defaults for `get_variable`. A custom getter is called with that of the outer scope as its getter.
    values : object
        Accepted for programs that give it.
    auxiliary_name_scope : bool
        With False no name scope is entered.

    Raises
    ------
    TypeError
        ``name_or_scope`` is neither a string nor a scope, or there is neither a name nor a default.
    ValueError
        ``reuse`` is of another kind, or is set without a name.
    RuntimeError
        When it is left: another scope that was entered inside has not been left.
    """

    def __init__(
        self,
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
    ) -> None:
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(f"The auxiliary_name_scope must be `True` or `False`, while get {auxiliary_name_scope}")
        if name_or_scope is None and default_name is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if not any(reuse is known for known in (None, False, True, AUTO_REUSE)):
            raise ValueError(f"The reuse parameter must be True or False or None, or tf.AUTO_REUSE, not {reuse!r}.")
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._auxiliary_name_scope = auxiliary_name_scope
        self._changes = {
            "initializer": initializer,
            "regularizer": regularizer,
            "partitioner": partitioner,
            "custom_getter": custom_getter,
            "dtype": dtype,
            "constraint": constraint,
            "caching_device": caching_device,
            "use_resource": use_resource,
            "reuse": reuse,
        }
        self._entered: list[tuple[VariableScope, Callable[[], None], AbstractContextManager[VariableScope]]] = []

    def __enter__(self) -> VariableScope:
        block = self._block()
        scope = block.__enter__()
        self._entered.append((scope, _scopes().enter(scope), block))
        return scope

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        scope, leave, block = self._entered[-1]
        if _scopes().current is not scope:
            raise RuntimeError("Improper nesting of variable_scope.")
        self._entered.pop()
        leave()
        block.__exit__(kind, error, traceback)

    @contextmanager
    def _block(self) -> Iterator[VariableScope]:
        graph = get_default_graph()
        base, name, name_scope = self._names()
        with graph.name_scope(_here(graph) if name_scope is None else name_scope) as entered:
            again = self._name_or_scope
            original = again.original_name_scope if isinstance(again, VariableScope) else entered
            yield base.inner(name=name, name_scope=original, **self._changes)

    def _names(self) -> tuple[VariableScope, str, str | None]:
        """The scope whose defaults hold, the name of the new one, and its name scope; None to stay in the current."""
        given = self._name_or_scope
        if isinstance(given, VariableScope):
            name_scope = given.name.rpartition("/")[2]
            return given, given.name, name_scope if name_scope and self._auxiliary_name_scope else None
        base = get_variable_scope()
        if given is None:
            if self._changes["reuse"]:
                raise ValueError("reuse=True cannot be used without a name_or_scope")
            name_scope = str(self._default_name)
            inner = _scopes().unique(base.name, name_scope)
        elif isinstance(given, str):
            inner = name_scope = given
        else:
            raise TypeError(f"VariableScope: name_or_scope must be a string or VariableScope, not {given!r}.")
        enters = self._auxiliary_name_scope and (given is None or bool(name_scope))
        return base, f"{base.name}/{inner}" if base.name else inner, name_scope if enters else None


@contextmanager
def variable_op_scope(
    values: object,
    name_or_scope: str | VariableScope | None,
    default_name: str | None = None,
    initializer: InitializerLike | None = None,
    regularizer: Regularizer | None = None,
    caching_device: object = None,
    partitioner: Partitioner | None = None,
    custom_getter: Callable[..., Any] | None = None,
    reuse: Reuse | None = None,
    dtype: DTypeLike | None = None,
    use_resource: bool | None = None,
    constraint: Callable[..., Any] | None = None,
) -> Iterator[VariableScope]:
    """The older form of `variable_scope`, with its arguments in another order.

    Parameters
    ----------
    values, name_or_scope, default_name : object
        As for `variable_scope`.
    initializer, regularizer, caching_device, partitioner, custom_getter, reuse, dtype, use_resource, constraint
        As for `variable_scope`.

    Yields
    ------
    VariableScope
    """
    with variable_scope(
        name_or_scope,
        default_name,
        values,
        initializer,
        regularizer,
        caching_device,
        partitioner,
        custom_getter,
        reuse,
        dtype,
        use_resource,
        constraint,
    ) as scope:
        yield scope


def _here(graph: Graph) -> str:
    return f"{graph.get_name_scope()}/" if graph.get_name_scope() else ""


def no_regularizer(_: TensorLike) -> None:
    """A regularizer that adds nothing, to keep an outer scope's away."""


set_scope_setting(lambda: get_variable_scope().use_resource)
Variable._behind_handles = ResourceVariable
