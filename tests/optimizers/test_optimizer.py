"""`tf.train.Optimizer`: what it refuses, what it keeps, and what a subclass may replace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from tests.optimizers.programs import PROGRAMS

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "programs.json").read_text(encoding="utf-8"))


def square(v: Any) -> Any:
    """A loss."""
    return tf.reduce_sum(tf.square(v))


def test_what_is_refused() -> None:
    """Errors have TensorFlow's classes and words."""
    v, other = tf.Variable([1.0, 2.0]), tf.Variable([3.0])
    down = tf.train.GradientDescentOptimizer(0.1)
    with pytest.raises(ValueError, match="gate_gradients must be one of"):
        down.minimize(square(v), gate_gradients=7)
    with pytest.raises(ValueError, match="Invalid type .*int32.* for .*expected"):
        down.compute_gradients(tf.constant(1))
    with pytest.raises(ValueError, match="No gradients provided for any variable, check your graph"):
        down.minimize(square(v), var_list=[other])
    with pytest.raises(ValueError, match="No variables to optimize"):
        down.compute_gradients(square(v), var_list=[])
    with pytest.raises(ValueError, match="No variables provided"):
        down.apply_gradients([])
    with pytest.raises(ValueError, match="No gradients provided for any variable: "):
        down.apply_gradients([(None, v)])
    with pytest.raises(TypeError, match="Gradient must be"):
        down.apply_gradients([(object(), v)])
    with pytest.raises(NotImplementedError, match="Trying to update a Tensor"):
        down.apply_gradients([([1.0, 1.0], v + 1.0)])
    with pytest.raises(NotImplementedError, match="unsupported type"):
        down.compute_gradients(square(v), var_list=["v"])
    with pytest.raises(ValueError, match="optimizer name"):
        tf.train.Optimizer(False, "")
    with pytest.raises(NotImplementedError, match="does not say how"):
        tf.train.Optimizer(False, "plain").minimize(square(v))
    bound = tf.Variable([[1.0], [2.0]], constraint=tf.identity)
    with pytest.raises(RuntimeError, match="constraint function on a sparse variable"):
        down.minimize(square(tf.gather(bound, [0])))


def test_numbers_out_of_range() -> None:
    """Numbers that a rule cannot take are refused at once."""
    train, step = tf.train, tf.train.get_or_create_global_step()
    with pytest.raises(ValueError, match="initial_accumulator_value must be positive: 0"):
        train.AdagradOptimizer(0.1, initial_accumulator_value=0.0)
    with pytest.raises(ValueError, match="initial_accumulator_value must be positive: -1"):
        train.ProximalAdagradOptimizer(0.1, initial_accumulator_value=-1.0)
    with pytest.raises(ValueError, match="squared_accumulator_value must be positive"):
        train.AdagradDAOptimizer(0.1, step, initial_gradient_squared_accumulator_value=0.0)
    with pytest.raises(ValueError, match="learning_rate_power 0.5.* needs to be negative or zero"):
        train.FtrlOptimizer(0.1, learning_rate_power=0.5)
    for name in ("l1_regularization_strength", "l2_regularization_strength", "initial_accumulator_value"):
        with pytest.raises(ValueError, match=f"{name} -1.* needs to be positive or zero"):
            train.FtrlOptimizer(0.1, **{name: -1.0})


def test_variables_of_unknown_shape() -> None:
    """Slots of a variable whose shape is not known have that of its value."""
    for make in (tf.train.AdagradOptimizer, tf.train.RMSPropOptimizer, tf.train.AdadeltaOptimizer):
        with tf.Graph().as_default():
            start = tf.placeholder_with_default([1.0, 2.0], None)
            v = tf.Variable(start, validate_shape=False)
            optimizer = make(0.1)
            done = optimizer.minimize(square(v))
            with tf.Session() as sess:
                sess.run(v.initializer)
                sess.run(tf.variables_initializer(optimizer.variables()))
                sess.run(done)
                assert {(2,)} == {np.shape(value) for value in sess.run([v, *optimizer.variables()])}


def test_derivatives_by_tensors_and_functions() -> None:
    """A loss may be a function, and derivatives may be by tensors."""
    v = tf.Variable([1.0, 2.0])
    doubled = v * 2.0
    down = tf.train.GradientDescentOptimizer(0.1)
    ((by_tensor, given),) = down.compute_gradients(square(doubled), var_list=doubled)
    ((by_variable, found),) = down.compute_gradients(lambda: square(v))
    assert (doubled, v) == (given, found)
    with tf.Session() as sess:
        sess.run(v.initializer)
        np.testing.assert_array_equal([[4.0, 8.0], [2.0, 4.0]], sess.run([by_tensor, by_variable]))


def test_slots() -> None:
    """Slots are found by their variable and name; `variables` has those of the default graph."""
    v, other = tf.Variable([1.0, 2.0], name="v"), tf.Variable([3.0])
    adam = tf.train.AdamOptimizer(0.1, name="mine")
    assert ("mine", [], [], None) == (adam.get_name(), adam.get_slot_names(), adam.variables(), adam.get_slot(v, "m"))
    adam.minimize(square(v))
    assert ["m", "v"] == adam.get_slot_names()
    assert "v/mine_1:0" == getattr(adam.get_slot(v, "v"), "name", None)
    assert (None, None) == (adam.get_slot(other, "m"), adam.get_slot(v, "n"))
    assert ["beta1_power:0", "beta2_power:0", "v/mine:0", "v/mine_1:0"] == [v.name for v in adam.variables()]
    assert not {*adam.variables()} & {*tf.trainable_variables()}
    with tf.Graph().as_default():
        assert [] == adam.variables()
        adam.minimize(square(tf.Variable([1.0], name="v")))
        assert 4 == len(adam.variables())


def test_train_op() -> None:
    """The operation of a step is listed, so that a meta graph has it."""
    v, step = tf.Variable([1.0, 2.0]), tf.train.get_or_create_global_step()
    done = tf.train.GradientDescentOptimizer(0.1).minimize(square(v), global_step=step)
    assert [done] == tf.get_collection(tf.GraphKeys.TRAIN_OP)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(done)
        assert 1 == tf.train.global_step(sess, step)


def test_reuse() -> None:
    """In a scope that takes existing variables only, slots cannot be made: an error of TensorFlow that people know."""
    v = tf.get_variable("v", [2])
    with (
        tf.variable_scope(tf.get_variable_scope(), reuse=True),
        pytest.raises(ValueError, match="v/Adam/ does not exist"),
    ):
        tf.train.AdamOptimizer(0.1).minimize(square(v))


def test_subclass() -> None:
    """A program's own optimizer replaces the methods that TensorFlow documents."""

    class Half(tf.train.Optimizer):
        """Halves variables, and counts."""

        def __init__(self) -> None:
            super().__init__(False, "Half")

        def _create_slots(self, var_list: Sequence[Any]) -> None:
            for variable in var_list:
                self._zeros_slot(variable, "count", self._name)
                self._get_or_make_slot(variable, tf.constant(7.0), "seven", "Seven")

        def _apply_dense(self, grad: Any, var: Any) -> Any:
            counted = tf.assign_add(self.get_slot(var, "count"), tf.ones_like(grad))
            return tf.group(counted, tf.assign(var, var / 2.0))

    v = tf.Variable([1.0, 2.0])
    half = Half()
    done = half.minimize(square(v))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(done)
        sess.run(done)
        assert [0.25, 0.5] == sess.run(v).tolist()
        assert [[2.0, 2.0], 7.0] == [np.asarray(sess.run(slot)).tolist() for slot in half.variables()]


@pytest.mark.parametrize("name", ["adam", "adam, parts"])
def test_training_goes_on_from_tensorflow(name: str, tmp_path: Path) -> None:
    """From TensorFlow's values after two steps, in a checkpoint of its format, 18 steps give its values after 20."""
    recorded = RECORDED[name]
    done, fetched = PROGRAMS[name](tf)
    wanted = dict(zip(recorded["names"], recorded["values"][-1], strict=True))
    start = dict(zip(recorded["names"], recorded["values"][1], strict=True))
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for variable in tf.global_variables():
            variable.load(start[variable.name], sess)
        prefix = saver.save(sess, str(tmp_path / "model"))
        tf.convert(prefix, tmp_path / "bundle.index")
    assert (("whole/Adam_1", [4, 2]) in tf.train.list_variables(prefix)) is ("parts" in name)
    with tf.Session() as sess:
        saver.restore(sess, str(tmp_path / "bundle"))
        for _ in range(18):
            sess.run(done)
        for tensor, value in zip(fetched, sess.run(fetched), strict=True):
            np.testing.assert_allclose(value, wanted[tensor.name], rtol=1e-5, atol=1e-6, err_msg=tensor.name)
