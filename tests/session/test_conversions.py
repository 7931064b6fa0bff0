"""Classes of a program that stand for tensors in a run."""

from __future__ import annotations

import pytest

import hdfsaver as tf
from hdfsaver.session import register_session_run_conversion_functions
from hdfsaver.session.conversions import _conversions


class Squared:
    """Stands for the square of a tensor."""

    def __init__(self, tensor):
        self.squared = tf.square(tensor)


class Derived(Squared):
    """A class below."""


@pytest.fixture
def registered():
    """The class `Squared` is known inside a test."""
    before = list(_conversions)

    def register(*functions):
        register_session_run_conversion_functions(
            Squared, lambda item: ([item.squared], lambda values: values[0] * 10), *functions
        )

    yield register
    _conversions[:] = before


def test_objects_are_fetched_and_fed(registered):
    """In structures, in both kinds of runs, and objects of classes below."""
    with tf.Session() as sess:
        item = Squared(2.0)
        with pytest.raises(TypeError, match='has invalid type "Squared"'):
            sess.run(item)
        registered(lambda item, value: [(item.squared, value)], lambda item: [item.squared])
        assert sess.run([item, {"a": item}]) == [40, {"a": 40}]
        assert sess.run(item, {item: 3.0}) == 30
        assert sess.run(Derived(3.0)) == 90
        double = item.squared * 2
        handle = sess.partial_run_setup([double], [item])
        assert sess.partial_run(handle, double, {item: 5.0}) == 10
        assert sess.make_callable(double, [item])(7.0) == 14


def test_a_class_without_functions_for_feeds(registered):
    """Its objects are fetched only."""
    registered()
    item = Squared(2.0)
    with tf.Session() as sess:
        with pytest.raises(TypeError, match="no feed_function is registered for Squared"):
            sess.run(item, {item: 1.0})
        with pytest.raises(TypeError, match="no feed_function_for_partial_run is registered for Squared"):
            sess.partial_run_setup([item], [item])


def test_a_class_is_registered_once(registered):
    """Also where a class below it is known."""
    registered()
    for kind in (Squared, tf.SparseTensor, object):
        with pytest.raises(ValueError, match="has already been registered"):
            register_session_run_conversion_functions(kind, lambda item: ([item], list))
