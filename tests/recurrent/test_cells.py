"""Cells of recurrent networks: what they refuse, their variables, and cells around cells."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.contrib import rnn
from hdfsaver.graph.apply import apply_list
from hdfsaver.recurrent.zero_states import joined_shape, joined_sizes

cells = tf.nn.rnn_cell


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: cells.GRUCell(2, dtype=tf.int32), ValueError, "only supports floating point inputs"),
        (lambda: cells.GRUCell(2)(tf.zeros([1, 2], tf.int32), tf.zeros([1, 2])), ValueError, "floating point"),
        (lambda: cells.BasicRNNCell(2)(tf.zeros([2]), tf.zeros([1, 2])), ValueError, "expected ndim=2, found ndim=1"),
        (
            lambda: cells.LSTMCell(2)(tf.placeholder(tf.float32, [1, None]), [tf.zeros([1, 2])] * 2),
            ValueError,
            r"Expected inputs.shape\[-1\] to be known",
        ),
        (lambda: cells.MultiRNNCell([]), ValueError, "at least one cell"),
        (lambda: cells.MultiRNNCell(cells.GRUCell(2)), TypeError, "cells must be a list or tuple"),
        (lambda: cells.MultiRNNCell([cells.LSTMCell(2)], state_is_tuple=False), ValueError, "return tuples of states"),
        (
            lambda: cells.MultiRNNCell([cells.GRUCell(2)])(tf.zeros([1, 2]), tf.zeros([1, 2])),
            ValueError,
            "a tuple of length 1",
        ),
        (lambda: cells.DropoutWrapper(object()), TypeError, "is not an RNNCell: 'output_size' property is missing"),
        (lambda: cells.DropoutWrapper(cells.GRUCell(2), 1.5), ValueError, "input_keep_prob must be between 0 and 1"),
        (lambda: cells.DropoutWrapper(cells.GRUCell(2), variational_recurrent=True), ValueError, "dtype must be"),
        (
            lambda: cells.DropoutWrapper(cells.GRUCell(2), 0.5, variational_recurrent=True, dtype=tf.float32),
            ValueError,
            "input_size must be provided",
        ),
        (
            lambda: cells.DropoutWrapper(cells.GRUCell(2), dropout_state_filter_visitor=3),
            TypeError,
            "must be callable",
        ),
        (
            lambda: cells.ResidualWrapper(cells.GRUCell(2))(tf.zeros([1, 3]), tf.zeros([1, 2])),
            ValueError,
            "are incompatible",
        ),
        (lambda: cells.RNNCell().state_size, NotImplementedError, "Abstract"),
        (lambda: cells.RNNCell().output_size, NotImplementedError, "Abstract"),
        (lambda: cells.GRUCell(2).get_initial_state(batch_size=2), ValueError, "cannot be None"),
        (lambda: cells.GRUCell(2).get_initial_state(tf.zeros([3, 1]), 2), ValueError, "batch size from input"),
        (lambda: cells.GRUCell(2).get_initial_state(tf.zeros([3, 1]), dtype="int32"), ValueError, "dtype from input"),
        (
            lambda: cells.LSTMStateTuple(tf.zeros([1]), tf.zeros([1], tf.float64)).dtype,
            TypeError,
            "Inconsistent dtypes",
        ),
        (lambda: tf.nn.static_rnn(cells.GRUCell(2), tf.zeros([1, 2])), TypeError, "must be a sequence"),
        (lambda: tf.nn.static_rnn(cells.GRUCell(2), []), ValueError, "must not be empty"),
        (lambda: tf.nn.static_rnn(cells.GRUCell(2), [tf.zeros([1, 2])]), ValueError, "`dtype` must be specified"),
        (
            lambda: tf.nn.static_rnn(cells.GRUCell(2), [tf.zeros([1, 2]), tf.zeros([3, 2])], dtype=tf.float32),
            ValueError,
            "not compatible",
        ),
        (
            lambda: tf.nn.static_rnn(cells.GRUCell(2), [tf.placeholder(tf.float32, [1, None])], dtype=tf.float32),
            ValueError,
            "must be accessible via shape inference",
        ),
        (
            lambda: tf.nn.static_rnn(cells.GRUCell(2), [tf.zeros([1, 2])], dtype=tf.float32, sequence_length=1),
            ValueError,
            "must be a vector of length",
        ),
        (
            lambda: tf.nn.static_state_saving_rnn(cells.LSTMCell(2), [tf.zeros([1, 2])], None, "c"),
            ValueError,
            "should be the same type",
        ),
        (
            lambda: tf.nn.static_state_saving_rnn(cells.LSTMCell(2), [tf.zeros([1, 2])], None, ("c",)),
            ValueError,
            "mismatched",
        ),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], said: str) -> None:
    """Dtypes, shapes, parts and structures that do not fit are the errors of TensorFlow."""
    with pytest.raises(error, match=said):
        call()


def test_variables_of_wrappers() -> None:
    """A cell around others has their variables, trainable ones and others."""
    inner = cells.GRUCell(2, name="inner")
    wrapped = cells.DeviceWrapper(cells.DropoutWrapper(inner), "/cpu:0")
    multi = cells.MultiRNNCell([wrapped, cells.BasicRNNCell(1, trainable=False)])
    multi(tf.zeros([1, 2]), multi.zero_state(1, tf.float32))
    assert inner.variables == wrapped.variables == multi.trainable_weights
    assert 4 == len(inner.weights)
    assert ["kernel", "bias"] == [variable.op.name.rpartition("/")[2] for variable in multi.non_trainable_variables]
    assert 6 == len(multi.weights)


def test_variables_of_a_cell_of_ones_own() -> None:
    """Those that its method ``call`` makes; each once, also where the cell is called again."""

    class Scaled(cells.RNNCell):
        state_size = output_size = 2

        def call(self, inputs: Any, state: Any) -> Any:
            kept = tf.get_variable("kept", [2], trainable=False)
            return inputs * tf.get_variable("scale", [2]), state + kept

    cell = Scaled()
    tf.nn.static_rnn(cell, [tf.zeros([1, 2])] * 3, dtype=tf.float32)
    assert ["rnn/scaled/scale"] == [variable.op.name for variable in cell.trainable_variables]
    assert ["rnn/scaled/kept"] == [variable.op.name for variable in cell.non_trainable_variables]


def test_seeds_of_dropout() -> None:
    """Each tensor is dropped by a seed of its own, made of the wrapper's as TensorFlow makes it."""
    cell = cells.DropoutWrapper(cells.GRUCell(2), 0.5, 0.5, 0.5, seed=3)
    cell(tf.zeros([1, 2]), tf.zeros([1, 2]))
    seeds = [op.get_attr("seed2") for op in tf.get_default_graph().get_operations() if op.type == "RandomUniform"]
    assert [371649270, 522019109, 787469663] == [seed for seed in seeds if seed]


def test_dropout_of_none_and_all() -> None:
    """The memory of an LSTM stays; inputs and outputs of which nothing is kept are zeros."""
    cell = cells.DropoutWrapper(cells.BasicLSTMCell(2), 1.0, 1e-6, 1e-6, seed=3)
    state = cells.LSTMStateTuple(tf.ones([1, 2]), tf.ones([1, 2]))
    output, after = cell(tf.ones([1, 2]), state)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        dropped, memory, kept = session.run([output, after.c, after.h])
    assert not dropped.any()
    assert not kept.any()
    assert memory.all()


def test_initial_states() -> None:
    """Zeros for inputs or for a batch, of sizes that are numbers, shapes or tensors."""

    class Image(cells.RNNCell):
        state_size = (tf.TensorShape([2, 3]), 4)
        output_size = 4

    first, second = Image().get_initial_state(tf.zeros([5, 1]))
    assert [[5, 2, 3], [5, 4]] == [first.shape.as_list(), second.shape.as_list()]
    batch = tf.placeholder(tf.int32, [])
    unknown = Image().zero_state(batch, tf.float64)
    assert [None, 2, 3] == unknown[0].shape.as_list()
    assert (7, 4) == tf.Session().run(unknown[1], {batch: 7}).shape
    of_vector = tf.placeholder(tf.float32, [None, 2])
    assert [None, 4] == Image().get_initial_state(of_vector)[1].shape.as_list()
    assert [3, 2, 4] == joined_shape(tf.constant([3, 2]), tf.constant(4)).as_list()
    for unfit in (tf.zeros([1, 1], tf.int32), tf.TensorShape([None])):
        with pytest.raises(ValueError, match="size is a scalar or a vector|can't be None"):
            joined_sizes(2, unfit)


def test_cells_by_other_names() -> None:
    """Those of tf.contrib.rnn are the same classes and functions."""
    assert {name for name in cells.__all__ if getattr(rnn, name) is getattr(cells, name)} == set(cells.__all__)
    assert tf.nn.static_rnn is rnn.static_rnn
    with pytest.raises(AttributeError, match=r"tf\.nn\.rnn_cell\.no_such is not in|not a name of TensorFlow"):
        _ = cells.no_such  # type: ignore[attr-defined]


def test_reversed_sequences() -> None:
    """As many values as the length says, along any axes; what does not fit is refused before the run or in it."""
    values = np.arange(12).reshape(2, 3, 2)
    lengths = tf.placeholder(tf.int64, [None])
    rows = tf.reverse_sequence(values, lengths, 1)
    swapped = tf.reverse_sequence(values, lengths, seq_dim=0, batch_dim=1)
    with tf.Session() as session:
        np.testing.assert_array_equal(
            np.stack([values[0, [1, 0, 2]], values[1, [2, 1, 0]]]), session.run(rows, {lengths: [2, 3]})
        )
        np.testing.assert_array_equal(
            np.stack([values[:, 0], values[::-1, 1], values[:, 2]], 1), session.run(swapped, {lengths: [0, 2, 1]})
        )
        for given, said in (([4, 1], "seq_lengths are from 0 to"), ([1], "Length of seq_lengths"), ([-1, 1], "from 0")):
            with pytest.raises(tf.errors.InvalidArgumentError, match=said):
                session.run(rows, {lengths: given})
    for arguments, said in (
        (([1, 2], 3, 0), "seq_dim must be < input rank"),
        (([1, 2], 1, 4), "batch_dim must be < input rank"),
        (([1, 2, 3], 1, 0), "Dimensions must be equal"),
        (([1, 2],), "needs the axis of the steps"),
        (([1, 2], 1, 0, None, 1), "Cannot specify both 'seq_axis' and 'seq_dim'"),
    ):
        with pytest.raises(ValueError, match=said):
            tf.reverse_sequence(values, *arguments)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda x: tf.nn.dynamic_rnn(object(), x), TypeError, "is not an RNNCell"),
        (lambda x: tf.nn.dynamic_rnn(cells.GRUCell(2), x), ValueError, "`dtype` must be specified"),
        (lambda x: tf.nn.dynamic_rnn(cells.GRUCell(2), x, [[1]], dtype="float32"), ValueError, "must be a vector"),
        (lambda x: tf.nn.dynamic_rnn(cells.GRUCell(2), x[0, 0], dtype="float32"), ValueError, "should have rank >= 2"),
        (lambda x: tf.nn.dynamic_rnn(cells.GRUCell(2), x[0], dtype="float32"), ValueError, "rank at least 3"),
        (
            lambda x: tf.nn.dynamic_rnn(cells.GRUCell(2), tf.placeholder("float32", [2, 3, None]), dtype="float32"),
            ValueError,
            "must be accessible via shape inference",
        ),
        (
            lambda x: tf.nn.dynamic_rnn(cells.GRUCell(2), (x, x[:1]), dtype="float32"),
            ValueError,
            "Batch_size is not the same",
        ),
        (
            lambda x: tf.nn.dynamic_rnn(cells.GRUCell(2), (x, x[:, 1:]), dtype="float32"),
            ValueError,
            "Time steps is not the same",
        ),
        (lambda x: tf.nn.raw_rnn(cells.GRUCell(2), x), TypeError, "`loop_fn` must be a callable"),
    ],
)
def test_what_loops_refuse(call: Any, error: type[Exception], said: str) -> None:
    """Ranks and sizes that do not fit are the errors of TensorFlow."""
    with pytest.raises(error, match=said):
        call(tf.zeros([2, 3, 4]))


def test_one_length_for_each_sequence() -> None:
    """Another number of lengths stops the run, and the message has both."""
    lengths = tf.placeholder(tf.int32, [None])
    outputs, _ = tf.nn.dynamic_rnn(cells.GRUCell(2), tf.zeros([2, 3, 4]), lengths, dtype=tf.float32)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)Expected shape for Tensor rnn/sequence_length"):
            session.run(outputs, {lengths: [1, 2, 3]})


def test_a_copy_of_a_cell() -> None:
    """It has cells of its own inside, and the tensors and variables of the graph."""
    keep = tf.placeholder(tf.float32, [])
    inner = cells.GRUCell(2)
    first = cells.MultiRNNCell([cells.DropoutWrapper(inner, keep), cells.GRUCell(2)])
    first(tf.zeros([1, 2]), first.zero_state(1, tf.float32))
    second = copy.deepcopy(first)
    assert second._cells[0].cell is not inner
    assert second.variables == first.variables
    assert second._cells[0]._input_keep_prob is keep


def test_where_joined_tensors_begin() -> None:
    """Graphs of TensorFlow cut the derivatives of joined tensors there; shapes that cannot be joined are refused."""
    shapes = [tf.constant([2, 3]), tf.placeholder(tf.int32, [2]), tf.constant([2, 1])]
    begins = apply_list("ConcatOffset", -1, shapes)
    with tf.Session() as session:
        assert [[0, 0], [0, 3], [0, 7]] == [begin.tolist() for begin in session.run(begins, {shapes[1]: [2, 4]})]
        with pytest.raises(tf.errors.InvalidArgumentError, match="All dimensions except 1 must match"):
            session.run(begins, {shapes[1]: [3, 4]})
