"""Scaffold: the operations and the Saver that a training needs beside its model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.checkpoint.saver import Saver
from hdfsaver.graph.current import name_scope
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.keys import GraphKeys
from hdfsaver.ops.constants import constant, group, no_op
from hdfsaver.ops.joining import concat
from hdfsaver.training import log
from hdfsaver.variables import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)


class Scaffold:
    """Gathers what a training needs: what is not given is taken from the graph's collections, or made.

    Parameters
    ----------
    init_op : Operation, optional
        Initializes the model where there is no checkpoint; all global variables by default.
    init_feed_dict : dict, optional
        Fed to it.
    init_fn : callable, optional
        Called as ``init_fn(scaffold, session)`` after it.
    ready_op : Tensor, optional
        Gives the names of variables that have no value; the model is ready when there is none.
    ready_for_local_init_op : Tensor, optional
        The same for what ``local_init_op`` needs; global variables by default.
    local_init_op : Operation, optional
        Initializes what no checkpoint has; all local variables by default.
    summary_op : object
        Accepted for programs that give it; there are no summaries.
    saver : Saver, optional
        That of the collection ``SAVERS`` by default, or a new one for all variables.
    copy_from_scaffold : Scaffold, optional
        Where to take from what is not given.
    local_init_feed_dict : dict, optional
        Fed to ``local_init_op``.

    Raises
    ------
    TypeError
        ``copy_from_scaffold`` is no Scaffold.
    """

    def __init__(
        self,
        init_op: Any = None,
        init_feed_dict: Any = None,
        init_fn: Callable[[Scaffold, Any], object] | None = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        local_init_op: Any = None,
        summary_op: Any = None,
        saver: Saver | None = None,
        copy_from_scaffold: Scaffold | None = None,
        local_init_feed_dict: Any = None,
    ) -> None:
        if copy_from_scaffold is not None and not isinstance(copy_from_scaffold, Scaffold):
            raise TypeError("copy_from_scaffold is not a Scaffold instance.")

        def taken(given: Any, name: str) -> Any:
            return getattr(copy_from_scaffold, name) if given is None and copy_from_scaffold is not None else given

        self._init_op: Any = taken(init_op, "_init_op")
        self._init_feed_dict: Any = taken(init_feed_dict, "_init_feed_dict")
        self._given_fn: Callable[[Scaffold, Any], object] | None = taken(init_fn, "_given_fn")
        self._ready_op: Any = taken(ready_op, "_ready_op")
        self._ready_for_local_init_op: Any = taken(ready_for_local_init_op, "_ready_for_local_init_op")
        self._local_init_op: Any = taken(local_init_op, "_local_init_op")
        self._local_init_feed_dict: Any = taken(local_init_feed_dict, "_local_init_feed_dict")
        self._summary_op: Any = taken(summary_op, "_summary_op")
        self._saver: Any = taken(saver, "_saver")

    def finalize(self) -> Scaffold:
        """Make what is missing, and let nobody add to the graph any more.

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
        if self._saver is None:
            self._saver = default_saver()
        self._saver.build()
        get_default_graph().finalize()
        log.info("Graph was finalized.")
        return self

    @property
    def init_op(self) -> Any:
        """What initializes the model."""
        return self._init_op

    @property
    def init_feed_dict(self) -> Any:
        """What is fed to it."""
        return self._init_feed_dict

    @property
    def init_fn(self) -> Callable[[Any], object] | None:
        """What is called after it, with the session alone."""
        function = self._given_fn
        return None if function is None else lambda session: function(self, session)

    @property
    def ready_op(self) -> Any:
        """What tells which variables have no value."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """What tells which variables that `local_init_op` needs have no value."""
        return self._ready_for_local_init_op

    @property
    def local_init_op(self) -> Any:
        """What initializes that which no checkpoint has."""
        return self._local_init_op

    @property
    def local_init_feed_dict(self) -> Any:
        """What is fed to it."""
        return self._local_init_feed_dict

    @property
    def summary_op(self) -> Any:
        """What was given as such."""
        return self._summary_op

    @property
    def saver(self) -> Any:
        """The Saver."""
        return self._saver

    @staticmethod
    def get_or_default(arg_name: str, collection_key: str, default_constructor: Callable[[], Any]) -> Any:
        """The one item of a collection; where it is empty, what the constructor gives, which is put into it.

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
            return items[0]
        made = default_constructor()
        if made is not None:
            graph.add_to_collection(collection_key, made)
        return made

    @staticmethod
    def default_local_init_op() -> Any:
        """An operation that initializes all local variables."""
        return group(local_variables_initializer(), no_op(name="init_all_tables"), no_op(name="init"))


def _default_init_op() -> Any:
    # TensorFlow groups the initializer of its resources, of which there are none here, with that of the variables.
    return group(global_variables_initializer(), no_op(name="init"))


def _uninitialized(variables: Any) -> Any:
    """The names of variables without a value; all global and local ones where none are given."""
    names = report_uninitialized_variables(variables)
    with name_scope("report_uninitialized_resources"):
        resources = constant(np.array([], dtype=object), "string", name="Const")
    return concat([names, resources], 0)


def default_saver() -> Saver:
    """The Saver of the collection ``SAVERS``, or a new one, which is put into it."""
    saver: Saver = Scaffold.get_or_default("saver", GraphKeys.SAVERS, lambda: Saver(sharded=True, allow_empty=True))
    return saver
