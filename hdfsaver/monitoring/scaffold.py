"""Scaffold: the operations and the Saver that a training needs in addition to its model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import numpy as np

from hdfsaver.checkpoint.saver import Saver
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.default_graph_functions import name_scope
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.constants import constant, group, no_op
from hdfsaver.ops.joining import concat
from hdfsaver.ops.summary_ops import merge_all
from hdfsaver.session import Session
from hdfsaver.training import tf_logging as log
from hdfsaver.variables.variable import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
    tables_initializer,
)

_T = TypeVar("_T")

Runnable: TypeAlias = Operation | Tensor
"""An object that can be run for its effect."""


class Scaffold:
    """Holds the operations and the Saver of a training, taken from the graph's collections or made where not given.

    Parameters
    ----------
    init_op : Operation, optional
        Initializes the model where there is no checkpoint; all global variables by default.
    init_feed_dict : dict, optional
        The feeds of ``init_op``.
    init_fn : callable, optional
        Called as ``init_fn(scaffold, session)`` after it.
    ready_op : Tensor, optional
        Gives the names of variables that have no value; the model is ready when it gives no names.
    ready_for_local_init_op : Tensor, optional
        The same for the variables that ``local_init_op`` needs; the global ones by default.
    local_init_op : Operation, optional
        Initializes what is not in checkpoints; all local variables by default.
    summary_op : Tensor, optional
        Gives summaries; all summaries of the graph, merged, by default.
    saver : Saver, optional
        That of the collection ``SAVERS`` by default, or a new one for all variables.
    copy_from_scaffold : Scaffold, optional
        Gives what the other arguments do not.
    local_init_feed_dict : dict, optional
        The feeds of ``local_init_op``.

    Raises
    ------
    TypeError
        ``copy_from_scaffold`` is not a Scaffold.
    """

    def __init__(
        self,
        init_op: Runnable | None = None,
        init_feed_dict: Mapping[Any, Any] | None = None,
        init_fn: Callable[[Scaffold, Session], object] | None = None,
        ready_op: Tensor | None = None,
        ready_for_local_init_op: Tensor | None = None,
        local_init_op: Runnable | None = None,
        summary_op: Tensor | None = None,
        saver: Saver | None = None,
        copy_from_scaffold: Scaffold | None = None,
        local_init_feed_dict: Mapping[Any, Any] | None = None,
    ) -> None:
        if copy_from_scaffold is not None and not isinstance(copy_from_scaffold, Scaffold):
            raise TypeError("copy_from_scaffold is not a Scaffold instance.")

        def taken(given: Any, name: str) -> Any:
            return getattr(copy_from_scaffold, name) if given is None and copy_from_scaffold is not None else given

        self._init_op: Runnable | None = taken(init_op, "_init_op")
        self._init_feed_dict: Mapping[Any, Any] | None = taken(init_feed_dict, "_init_feed_dict")
        self._given_fn: Callable[[Scaffold, Session], object] | None = taken(init_fn, "_given_fn")
        self._ready_op: Tensor | None = taken(ready_op, "_ready_op")
        self._ready_for_local_init_op: Tensor | None = taken(ready_for_local_init_op, "_ready_for_local_init_op")
        self._local_init_op: Runnable | None = taken(local_init_op, "_local_init_op")
        self._local_init_feed_dict: Mapping[Any, Any] | None = taken(local_init_feed_dict, "_local_init_feed_dict")
        self._summary_op: Tensor | None = taken(summary_op, "_summary_op")
        self._saver: Saver | None = taken(saver, "_saver")

    def finalize(self) -> Scaffold:
        """Make the missing operations, and finalize the graph, which cannot be changed any more.

        Raises
        ------
        RuntimeError
            A collection has several items where one is needed.
        """
        if self._init_op is None:
            self._init_op = self.get_or_default("init_op", GraphKeys.INIT_OP, _default_init_op)
        if self._ready_op is None:
            self._ready_op = self.get_or_default("ready_op", GraphKeys.READY_OP, lambda: _uninitialized(None))
        if self._ready_for_local_init_op is None:
            self._ready_for_local_init_op = self.get_or_default(
                "ready_for_local_init_op",
                GraphKeys.READY_FOR_LOCAL_INIT_OP,
                lambda: _uninitialized(global_variables()),
            )
        if self._local_init_op is None:
            self._local_init_op = self.get_or_default(
                "local_init_op", GraphKeys.LOCAL_INIT_OP, Scaffold.default_local_init_op
            )
        if self._summary_op is None:
            self._summary_op = self.get_or_default("summary_op", GraphKeys.SUMMARY_OP, merge_all)
        if self._saver is None:
            self._saver = default_saver()
        self._saver.build()
        get_default_graph().finalize()
        log.info("Graph was finalized.")
        return self

    @property
    def init_op(self) -> Runnable | None:
        """The operation that initializes the model; None before `finalize` where none was given."""
        return self._init_op

    @property
    def init_feed_dict(self) -> Mapping[Any, Any] | None:
        """The feeds of ``init_op``."""
        return self._init_feed_dict

    @property
    def init_fn(self) -> Callable[[Session], object] | None:
        """The function called after ``init_op``, which takes the session alone."""
        function = self._given_fn
        return None if function is None else lambda session: function(self, session)

    @property
    def ready_op(self) -> Tensor | None:
        """The tensor with the names of variables that have no value."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Tensor | None:
        """The tensor with the names of variables that ``local_init_op`` needs and that have no value."""
        return self._ready_for_local_init_op

    @property
    def local_init_op(self) -> Runnable | None:
        """The operation that initializes what is not in checkpoints."""
        return self._local_init_op

    @property
    def local_init_feed_dict(self) -> Mapping[Any, Any] | None:
        """The feeds of ``local_init_op``."""
        return self._local_init_feed_dict

    @property
    def summary_op(self) -> Tensor | None:
        """The tensor that gives summaries; None where the graph has none."""
        return self._summary_op

    @property
    def saver(self) -> Saver | None:
        """The Saver."""
        return self._saver

    @staticmethod
    def get_or_default(arg_name: str, collection_key: str, default_constructor: Callable[[], _T]) -> _T:
        """The one item of a collection; where it is empty, a new one, which is added to it.

        Parameters
        ----------
        arg_name : str
            The name of the argument that chooses the item, for the error.
        collection_key : str
            The key of the collection.
        default_constructor : callable
            Makes the item where the collection is empty.

        Returns
        -------
        object
            The item.

        Raises
        ------
        RuntimeError
            The collection has several items.
        """
        graph = get_default_graph()
        items = graph.get_collection(collection_key)
        if len(items) > 1:
            raise RuntimeError(
                f'More than one item in the collection "{collection_key}". Please indicate which one to use by passing '
                f"it to the tf.Scaffold constructor as: tf.Scaffold({arg_name}=item to use)."
            )
        if items:
            found: _T = items[0]
            return found
        made = default_constructor()
        if made is not None:
            graph.add_to_collection(collection_key, made)
        return made

    @staticmethod
    def default_local_init_op() -> Operation:
        """An operation that initializes all local variables, and runs those of ``TABLE_INITIALIZERS``."""
        made: Operation = group(local_variables_initializer(), tables_initializer(), no_op(name="init"))
        return made


def _default_init_op() -> Operation:
    # TensorFlow groups this with the initializer of its resources, which hdfsaver does not have.
    made: Operation = group(global_variables_initializer(), no_op(name="init"))
    return made


def _uninitialized(variables: list[Any] | None) -> Tensor:
    """The names of variables without a value; all global and local ones where none are given."""
    names = report_uninitialized_variables(variables)
    with name_scope("report_uninitialized_resources"):
        resources = constant(np.array([], dtype=object), "string", name="Const")
    return concat([names, resources], 0)


def default_saver() -> Saver:
    """The Saver of the collection ``SAVERS``, or a new one, which is added to it."""
    return Scaffold.get_or_default("saver", GraphKeys.SAVERS, lambda: Saver(sharded=True, allow_empty=True))
