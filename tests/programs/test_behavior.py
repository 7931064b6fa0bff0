"""TensorFlow's switches of behavior, its versions, and the module ``tf.compat.v1``."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver
import hdfsaver.compat.v1 as tf
from hdfsaver.messages.node_defs import PRODUCER


def test_the_first_version_is_chosen() -> None:
    """A program that asks for TensorFlow 1's behavior gets it, by either name of the module."""
    for module in (tf, hdfsaver):
        for name in ("v2_behavior", "eager_execution", "resource_variables", "control_flow_v2", "tensor_equality"):
            assert getattr(module, f"disable_{name}")() is None
        assert module.disable_v2_tensorshape() is None
        assert module.enable_control_flow_v2() is None
        assert not module.executing_eagerly()
        assert not module.resource_variables_enabled()
        assert not module.control_flow_v2_enabled()


@pytest.mark.parametrize("name", ["v2_behavior", "eager_execution", "tensor_equality", "v2_tensorshape"])
def test_the_second_version_is_refused(name: str) -> None:
    """A program that would compute something else is told so where it asks, with TensorFlow's class of error."""
    with pytest.raises(ValueError, match=rf"tf\.enable_{name}\(\) cannot be followed: .* Remove the call"):
        getattr(tf, f"enable_{name}")()


def test_versions() -> None:
    """A program that compares versions sees TensorFlow 1; the package itself keeps its own version."""
    assert (1, 15) == tuple(map(int, tf.__version__.split(".")[:2]))
    assert tf.__version__ == tf.VERSION == tf.version.VERSION == hdfsaver.VERSION
    assert hdfsaver.__version__ != tf.__version__
    assert hdfsaver.__version__ in tf.GIT_VERSION
    assert tf.GRAPH_DEF_VERSION == PRODUCER == tf.get_default_graph().as_graph_def().versions.producer
    assert tf.GRAPH_DEF_VERSION_MIN_CONSUMER <= tf.GRAPH_DEF_VERSION
    assert (tf.__git_version__, tf.__compiler_version__) == (tf.GIT_VERSION, tf.COMPILER_VERSION)


def test_the_names_are_those_of_the_package() -> None:
    """A class is one class under both names, so that values pass from one to the other; the list is the package's."""
    assert tf.Session is hdfsaver.Session
    assert tf.compat.v1 is tf
    assert hdfsaver.compat.v1 is tf
    assert dir(tf) == dir(hdfsaver)
    x = tf.placeholder(tf.float32, [])
    with hdfsaver.Session() as sess:
        assert 6 == sess.run(x * 2, {x: np.float32(3)})
