"""Functions whose variables are made at the first call and shared by all: ``make_template``."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.variables.variable import Variable
from hdfsaver.variables.variable_scope import VariableScope, unique_variable_scope, variable_scope


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Callable[..., Any] | None = None,
    **kwargs: Any,
) -> Template:
    """A function that makes its variables when it is called first, and takes the same ones later.

    Parameters
    ----------
    name_ : str
        The name of its variable scope, made unique.
    func_ : callable
        The function; it makes variables by `get_variable`.
    create_scope_now_ : bool
        Make the variable scope now, and not at the first call.
    unique_name_ : str, optional
        The name of the variable scope, which is not made unique.
    custom_getter_ : callable, optional
        As for `variable_scope`.
    **kwargs
        Arguments for the function at every call.

    Returns
    -------
    Template
        Called as the function is.

    Raises
    ------
    ValueError
        ``name_`` is None. Of a later call: it makes a trainable variable, or an existing name is asked for.
    """
    if kwargs:
        func_ = functools.partial(func_, **kwargs)
    return Template(name_, func_, create_scope_now_, unique_name_, custom_getter_)


class Template:
    """A function and the variable scope of its variables; see `make_template`.

    Attributes
    ----------
    name : str
        The name that was given.
    func : callable
        The function.
    variable_scope : VariableScope or None
        The scope; None before the first call where it was not made at once.
    """

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Callable[..., Any] | None = None,
    ) -> None:
        if name is None:
            raise ValueError("name cannot be None.")
        self.name, self.func = name, func
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._has_variables = False
        self._is_first_call = True
        self.variable_scope: VariableScope | None = None
        if create_scope_now:
            scope = unique_name or unique_variable_scope(name)
            with variable_scope(scope, custom_getter=custom_getter, auxiliary_name_scope=False) as entered:
                self.variable_scope = entered

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function in the variable scope."""
        if self.variable_scope is not None:
            with variable_scope(self.variable_scope, reuse=not self._is_first_call):
                return self._call(args, kwargs)
        with variable_scope(self._unique_name, self.name, custom_getter=self._custom_getter) as scope:
            self.variable_scope = scope
            return self._call(args, kwargs)

    def _call(self, args: Any, kwargs: Any) -> Any:
        if not self._has_variables:
            # Another thread may be in its first call.
            was_first, self._is_first_call = self._is_first_call, False
            try:
                result = self.func(*args, **kwargs)
            except BaseException:
                self._is_first_call = was_first
                raise
            self._has_variables = self._has_variables or was_first
            return result
        trainable, before = self._count(GraphKeys.TRAINABLE_VARIABLES), self._count(GraphKeys.GLOBAL_VARIABLES)
        result = self.func(*args, **kwargs)
        said = "after the first time, perhaps you used tf.Variable when you meant tf.get_variable"
        added = get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES)[trainable:]
        if added:
            raise ValueError(f"Trainable variable created when calling a template {said}: {added}")
        added = get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES)[before:]
        if added:
            logging.getLogger("hdfsaver").info("New variables created when calling a template %s: %s", said, added)
        return result

    @staticmethod
    def _count(key: str) -> int:
        return len(get_default_graph().get_collection_ref(key))

    @property
    def var_scope(self) -> VariableScope | None:
        """The older name of ``variable_scope``."""
        return self.variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """The name of the scope, with a slash at its end; None before the scope is made."""
        if self.variable_scope is None:
            return None
        name = self.variable_scope.name
        return name if not name or name.endswith("/") else f"{name}/"

    def _variables(self, key: str) -> list[Variable]:
        if not self._has_variables:
            return []
        return get_default_graph().get_collection(key, self.variable_scope_name)

    @property
    def global_variables(self) -> list[Variable]:
        """The global variables that the calls made."""
        return self._variables(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Variable]:
        """The local variables that the calls made."""
        return self._variables(GraphKeys.LOCAL_VARIABLES)

    @property
    def trainable_variables(self) -> list[Variable]:
        """The trainable variables that the calls made."""
        return self._variables(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The global variables that are not trainable."""
        trainable = self.trainable_variables
        return [each for each in self.global_variables if not any(each is other for other in trainable)]

    @property
    def variables(self) -> list[Variable]:
        """The global and the local variables."""
        return self.global_variables + self.local_variables

    weights = variables
    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables
