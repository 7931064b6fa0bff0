"""Iterators of datasets as items of a Saver: how far they have read, buffers and random numbers included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hdfsaver import errors
from hdfsaver.checkpoint.saveables.saveable import Saveable
from hdfsaver.datasets.iterator_resource import unstarted
from hdfsaver.graph.definition import Node
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import variable_key
from hdfsaver.session.session_state import saved_key
from hdfsaver.shapes import TensorShape
from hdfsaver.tensor_info import Array

ITERATORS = frozenset({"IteratorV2", "Iterator", "OneShotIterator"})
"""The types of operations that give handles of iterators."""

_KIND = "iterator"


class IteratorSaveable(Saveable):
    """The place of an iterator, a vector of bytes.

    Parameters
    ----------
    handle : Tensor
        The handle of the iterator.

    Attributes
    ----------
    name : str
        Its name in a checkpoint.
    """

    may_reshape = False

    def __init__(self, handle: Tensor) -> None:
        self.handle = handle
        self.graph = handle.graph
        self.op = handle.op
        self.name = handle.op.name
        self.label = f"iterator {handle.op.name!r}"
        self.dtype = "uint8"
        self.shape = TensorShape([None])
        self.keys = (saved_key(_KIND, variable_key(Node.of(handle.graph.data, handle.op.name))),)
        self.saved_name = handle.op.name

    def value(self, present: Mapping[str, Array | None]) -> Array:
        """The place as bytes.

        Raises
        ------
        FailedPreconditionError
            The iterator was not started.
        """
        found = present[self.keys[0]]
        if found is None and self.handle.op.type == "OneShotIterator":
            return unstarted()
        if found is None:
            raise errors.FailedPreconditionError(
                None,
                self.op,
                f"The {self.label} cannot be saved, and nothing was written: it was not started in this session. Run "
                "its initializer first.",
            )
        return found

    def take(self, value: Array) -> Mapping[str, Array]:
        """The place that the session goes on from."""
        return {self.keys[0]: value}


def make_saveable_from_iterator(iterator: Any, external_state_policy: object = None) -> IteratorSaveable:
    """Let a Saver keep the place of an iterator.

    Add it to the collection ``tf.GraphKeys.SAVEABLE_OBJECTS``; a `Saver` made after that saves and restores it with the
    variables. A program that is interrupted goes on with the same elements, those in the buffers of `shuffle` included.
    For a generator of the program as many elements as were taken are taken again, and left out.

    Parameters
    ----------
    iterator : Iterator
    external_state_policy : object, optional
        Accepted.

    Returns
    -------
    IteratorSaveable

    Raises
    ------
    ValueError
        The handle is fed, so that it is not known which iterator it is.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> iterator = tf.data.Dataset.range(10).shuffle(5, seed=1).make_one_shot_iterator()
    >>> tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, tf.data.experimental.make_saveable_from_iterator(iterator))
    >>> saver = tf.train.Saver()
    """
    handle: Tensor = iterator._iterator_resource
    if handle.op.type not in ITERATORS:
        raise ValueError(
            f"The iterator {handle.op.name!r} ({handle.op.type}) is given by a handle; save that iterator."
        )
    return IteratorSaveable(handle)
