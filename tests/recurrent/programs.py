"""Small programs with recurrent networks, run by TensorFlow once and by hdfsaver in every test.

Each is a function of the module that it is to be run with, ``tensorflow.compat.v1`` or ``hdfsaver``. They are recorded
by ``tests/layers/make_programs.py``:

TF_USE_LEGACY_KERAS=1 python -m tests.layers.make_programs tests.recurrent.programs > tests/recurrent/programs.json
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.layers.programs import ramp
from tests.ops.make_programs import tensors_in

Program = Callable[[Any], Any]


def steps(tf: Any, count: int = 2, *sizes: int | None) -> list[Any]:
    """Placeholders for the steps of a batch of two or of an unknown number of sequences."""
    return [tf.placeholder("float32", list(sizes or (2, 3)), name=f"x{number}") for number in range(count)]


def weights(tf: Any) -> Any:
    """A scope whose variables have different numbers."""
    return tf.variable_scope("net", initializer=ramp(tf))


def made_by(make: Callable[[Any], Any], **options: Any) -> Program:
    """A program with one cell in `static_rnn`."""

    def program(tf: Any) -> list[Any]:
        with weights(tf):
            return [*tf.nn.static_rnn(make(tf.nn.rnn_cell), steps(tf), dtype=tf.float32, **options)]

    return program


def called(tf: Any) -> list[Any]:
    """Cells called by hand, with names, scopes and variables that are used again."""
    cells = tf.nn.rnn_cell
    x, y = steps(tf)
    with weights(tf) as scope:
        first = cells.GRUCell(2, bias_initializer=ramp(tf))
        output, state = first(x, first.zero_state(2, tf.float32))
        again = first(y, state)
        named = cells.BasicRNNCell(2, activation="relu", name="own")
        other = named(x, state)
        multi = cells.MultiRNNCell([cells.BasicRNNCell(2), cells.BasicLSTMCell(2)])
        both = multi(x, multi.zero_state(tf.shape(x)[0], tf.float32))
        both = multi(y, both[1])
    with weights(tf) as scope:
        scope.reuse_variables()
        shared = cells.GRUCell(2)(x, state)
    with weights(tf):
        into = cells.BasicRNNCell(2)(x, state, scope="into")
    return [output, again, other, both, shared, into, first.variables, multi.variables]


class Counter:
    """A cell of a program's own, without a base class."""

    state_size = 2
    output_size = 1

    def __init__(self, tf: Any) -> None:
        self.tf = tf

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros, as for the cells of TensorFlow."""
        return self.tf.zeros([batch_size, 2], dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The sum of inputs, and the state with them added."""
        with self.tf.variable_scope(scope or "counter"):
            factor = self.tf.get_variable("factor", [2], initializer=self.tf.ones_initializer())
            total = self.tf.reduce_sum(inputs, axis=1, keepdims=True)
            return total, state * factor + total


def own(tf: Any) -> list[Any]:
    """Cells of a program's own: with and without the base class."""

    class Scaled(tf.nn.rnn_cell.RNNCell):  # type: ignore[misc]
        """A cell that makes its variable when it is called."""

        @property
        def state_size(self) -> Any:
            return 3

        @property
        def output_size(self) -> Any:
            return 3

        def call(self, inputs: Any, state: Any) -> Any:
            scale = tf.get_variable("scale", [3], initializer=tf.ones_initializer())
            return inputs * scale, state + inputs

    with weights(tf):
        cell = Scaled()
        first = tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32)
        second = tf.nn.static_rnn(Counter(tf), steps(tf), dtype=tf.float32, scope="second")
        stacked = tf.nn.rnn_cell.MultiRNNCell([Scaled(), Scaled(name="named")])
        third = tf.nn.static_rnn(stacked, steps(tf), dtype=tf.float32, scope="third")
    return [first, second, third, cell.variables, stacked.variables]


def unknown_batch(tf: Any) -> list[Any]:
    """The number of sequences is known in the run only."""
    cells = tf.nn.rnn_cell
    with weights(tf):
        cell = cells.MultiRNNCell([cells.BasicLSTMCell(2), cells.GRUCell(2)])
        outputs, state = tf.nn.static_rnn(cell, steps(tf, 2, None, 3), dtype=tf.float32)
    return [outputs, state]


def lengths(tf: Any) -> list[Any]:
    """Sequences of different lengths: outputs after the end are zeros, and states stay."""
    length = tf.placeholder(tf.int32, [None], name="length")
    with weights(tf):
        known = tf.nn.static_rnn(tf.nn.rnn_cell.BasicLSTMCell(2), steps(tf), None, tf.float32, length)
        batch = steps(tf, 2, None, 3)
        other = tf.nn.static_rnn(tf.nn.rnn_cell.GRUCell(2), batch, None, tf.float32, tf.constant([1, 0]), scope="o")
    return [known, other]


def both_ways(tf: Any) -> list[Any]:
    """Two cells, the second one from the end on; with lengths from the end of each sequence."""
    cells = tf.nn.rnn_cell
    with weights(tf):
        x = steps(tf)
        plain = tf.nn.static_bidirectional_rnn(cells.BasicRNNCell(2), cells.GRUCell(1), x, dtype=tf.float32)
        length = tf.placeholder(tf.int64, [2], name="length")
        pair = cells.BasicRNNCell(1), cells.BasicRNNCell(1)
        given = {"sequence_length": length, "dtype": tf.float32, "scope": "b"}
        ended = tf.nn.static_bidirectional_rnn(*pair, steps(tf), **given)
    return [plain, ended]


class Saved:
    """States that a program keeps in variables."""

    def __init__(self, tf: Any) -> None:
        self.tf = tf
        start = tf.constant([[0.5], [0.25]])
        self.kept = {name: tf.get_variable(name, initializer=start, trainable=False) for name in ("c", "h")}

    def state(self, name: str) -> Any:
        """What was saved last."""
        return self.kept[name].read_value()

    def save_state(self, name: str, value: Any) -> Any:
        """Save it."""
        return self.tf.assign(self.kept[name], value)


def state_saving(tf: Any) -> list[Any]:
    """A network that goes on where it stopped in the last run."""
    with weights(tf):
        cell = tf.nn.rnn_cell.BasicLSTMCell(1)
        given = cell, steps(tf), Saved(tf)
        return [*tf.nn.static_state_saving_rnn(*given, ("c", "h"))]


def wrapped(tf: Any) -> list[Any]:
    """Residuals, a device, and dropout that drops nothing or all."""
    cells = tf.nn.rnn_cell
    with weights(tf):
        residual = cells.ResidualWrapper(cells.GRUCell(3))
        changed = cells.ResidualWrapper(cells.GRUCell(2, name="g2"), residual_fn=lambda x, y: y * 2.0)
        placed = cells.DeviceWrapper(cells.BasicLSTMCell(2), "/cpu:0")
        keep = cells.DropoutWrapper(cells.BasicLSTMCell(2, name="keep"), output_keep_prob=1.0)
        made = [residual, changed, placed, keep, cells.MultiRNNCell([residual, keep])]
        return [
            tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32, scope=f"s{number}") for number, cell in enumerate(made)
        ]


def dropout(tf: Any) -> list[Any]:
    """Dropout that keeps all: of each step or the same in all, and of a choice of states."""
    cells = tf.nn.rnn_cell
    all_of_it = tf.placeholder_with_default(1.0, [])
    given: dict[str, Any] = {"state_keep_prob": all_of_it, "seed": 3}
    with weights(tf):
        plain = cells.DropoutWrapper(cells.BasicLSTMCell(2), all_of_it, all_of_it, **given)
        given_once = {"variational_recurrent": True, "input_size": 3, "dtype": tf.float32}
        same = cells.DropoutWrapper(cells.GRUCell(2), all_of_it, all_of_it, **given_once, **given)
        inner = cells.MultiRNNCell([cells.GRUCell(2), cells.LSTMCell(2)])
        chosen = cells.DropoutWrapper(
            inner, dropout_state_filter_visitor=lambda state: not isinstance(state, cells.LSTMStateTuple), **given
        )
        return [
            tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32, scope=f"s{number}")
            for number, cell in enumerate((plain, same, chosen))
        ]


def dynamic(make: Callable[[Any], Any], *sizes: int | None, **options: Any) -> Program:
    """A program with one cell in `dynamic_rnn`."""

    def program(tf: Any) -> list[Any]:
        x = tf.placeholder("float32", list(sizes or (2, 3, 4)), name="x")
        with weights(tf):
            return [*tf.nn.dynamic_rnn(make(tf.nn.rnn_cell), x, dtype=tf.float32, **options)]

    return program


def with_lengths(tf: Any) -> list[Any]:
    """Sequences of different lengths, the batch and the steps first; with lengths of other dtypes."""
    cells = tf.nn.rnn_cell
    x = tf.placeholder("float32", [None, None, 2], name="x")
    length = tf.placeholder("int32", [None], name="length")
    cell = cells.MultiRNNCell([cells.LSTMCell(2), cells.GRUCell(1)])
    with weights(tf):
        first = tf.nn.dynamic_rnn(cell, x, length, cell.zero_state(tf.shape(x)[0], tf.float32))
        known = tf.placeholder("float32", [3, 2, 2], name="known")
        lengths = tf.constant([0, 2], tf.int64)
        given = {"dtype": tf.float32, "time_major": True, "scope": "second"}
        second = tf.nn.dynamic_rnn(cells.BasicRNNCell(2), known, lengths, swap_memory=True, **given)
    return [first, second]


def dynamic_both_ways(tf: Any) -> list[Any]:
    """Two cells, the second one from the end on; with lengths from the end of each sequence."""
    cells = tf.nn.rnn_cell
    x = tf.placeholder("float32", [2, 3, 2], name="x")
    pair = cells.GRUCell(2), cells.BasicLSTMCell(1)
    other = cells.BasicRNNCell(2), cells.BasicRNNCell(2)
    with weights(tf):
        plain = tf.nn.bidirectional_dynamic_rnn(*pair, x, dtype=tf.float32)
        given = {"dtype": tf.float32, "scope": "b", "sequence_length": [1, 3]}
        ended = tf.nn.bidirectional_dynamic_rnn(*other, x, **given)
    return [plain, ended]


def several_inputs(tf: Any) -> list[Any]:
    """A cell of a program's own, whose inputs, states and outputs are pairs."""

    class Pair(tf.nn.rnn_cell.RNNCell):  # type: ignore[misc]
        """Adds what is before it to what comes in."""

        state_size = (2, tf.TensorShape([2, 3]))
        output_size = (2, tf.TensorShape([2, 3]))

        def call(self, inputs: Any, state: Any) -> Any:
            both = inputs[0] + state[0], inputs[1] * 2.0 + state[1]
            return both, both

    first = tf.placeholder("float32", [2, None, 2], name="first")
    second = tf.placeholder("float32", [2, None, 2, 3], name="second")
    return [*tf.nn.dynamic_rnn(Pair(), (first, second), [2, 1], dtype=tf.float32)]


def raw(tf: Any) -> list[Any]:
    """A loop whose function chooses what goes in: its outputs, until each sequence has ended."""
    cell = tf.nn.rnn_cell.BasicLSTMCell(2)
    x = tf.placeholder("float32", [None, 2], name="x")

    def choose(time: Any, output: Any, state: Any, loop_state: Any) -> Any:
        following = cell.zero_state(tf.shape(x)[0], tf.float32) if output is None else state
        ended = time >= tf.stack([1, 3])
        return ended, x if output is None else output + x, following, output, None

    def counted(time: Any, output: Any, state: Any, total: Any) -> Any:
        if output is None:
            first = gru.zero_state(2, tf.float32), (tf.zeros([1]), tf.zeros([], tf.int32))
            return tf.constant([False, False]), tf.ones([2, 1]), *first, tf.constant(0.5)
        ended = tf.tile([time >= 2], [2])
        return ended, output, state, (output, tf.constant([4, 5])), total + tf.reduce_sum(output)

    gru = tf.nn.rnn_cell.GRUCell(1)
    with weights(tf):
        array, state, nothing = tf.nn.raw_rnn(cell, choose)
        both, _, total = tf.nn.raw_rnn(gru, counted, scope="counted")
    return [array.stack(), state, nothing, both[0].stack(), both[1].stack(), total]


def derivatives(program: Program) -> Program:
    """A program that gives the derivatives of the sum of another one's results."""

    def derived(tf: Any) -> list[Any]:
        results = [result for result in tensors_in(program(tf)) if isinstance(result, tf.Tensor)]
        return [*tf.gradients(results, tf.trainable_variables())]

    return derived


PROGRAMS: dict[str, Program] = {
    "basic_rnn": made_by(lambda cells: cells.BasicRNNCell(2)),
    "gru": made_by(lambda cells: cells.GRUCell(2)),
    "basic_lstm": made_by(lambda cells: cells.BasicLSTMCell(2)),
    "basic_lstm_one_state": made_by(lambda cells: cells.BasicLSTMCell(2, state_is_tuple=False, forget_bias=0.5)),
    "lstm": made_by(lambda cells: cells.LSTMCell(2)),
    "lstm_peepholes": made_by(
        lambda cells: cells.LSTMCell(2, use_peepholes=True, cell_clip=0.1, num_proj=1, proj_clip=0.1)
    ),
    "lstm_one_state": made_by(lambda cells: cells.LSTMCell(2, num_proj=3, state_is_tuple=False)),
    "lstm_in_parts": made_by(lambda cells: cells.LSTMCell(2, num_unit_shards=2, num_proj_shards=2, num_proj=2)),
    "multi_one_state": made_by(
        lambda cells: cells.MultiRNNCell([cells.GRUCell(2), cells.BasicRNNCell(1)], state_is_tuple=False)
    ),
    "called": called,
    "own": own,
    "unknown_batch": unknown_batch,
    "lengths": lengths,
    "both_ways": both_ways,
    "state_saving": state_saving,
    "wrapped": wrapped,
    "dynamic": dynamic(lambda cells: cells.BasicLSTMCell(2)),
    "dynamic_peepholes": dynamic(lambda cells: cells.LSTMCell(2, use_peepholes=True, num_proj=1), None, None, 3),
    "dynamic_time_major": dynamic(lambda cells: cells.GRUCell(2), 3, None, 2, time_major=True, parallel_iterations=4),
    "with_lengths": with_lengths,
    "dynamic_both_ways": dynamic_both_ways,
    "several_inputs": several_inputs,
    "raw": raw,
}
"""Programs whose graphs are TensorFlow's too."""


def trained(kind: str, make: Callable[[Any], Any]) -> Program:
    """A program that trains a network for 20 steps, in a loop of the graph, and gives the losses and the weights."""

    def program(tf: Any) -> list[Any]:
        x = tf.constant(np.sin(np.arange(30.0)).reshape(2, 5, 3), tf.float32)
        lengths = tf.constant([5, 2])
        with weights(tf):
            cells = [make(tf.nn.rnn_cell) for _ in range(2)]
            if kind == "both ways":
                (ahead, back), _ = tf.nn.bidirectional_dynamic_rnn(*cells, x, lengths, dtype=tf.float32)
                output = ahead[:, -1] + back[:, 0]
            else:
                given = {"sequence_length": lengths} if kind == "lengths" else {}
                outputs, _ = tf.nn.dynamic_rnn(cells[0], x, dtype=tf.float32, **given)
                output = outputs[:, -1] + outputs[:, 1]
        loss = tf.reduce_mean(tf.square(output - 0.5))
        optimizer = tf.train.AdamOptimizer(0.01)
        gradients, variables = zip(*optimizer.compute_gradients(loss), strict=True)
        clipped, _ = tf.clip_by_global_norm(gradients, 0.5)
        step = optimizer.apply_gradients(zip(clipped, variables, strict=True))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            losses = [session.run([loss, step])[0] for _ in range(20)]
            found = [np.array(losses), *session.run(list(variables))]
        return [tf.constant(value) for value in found]

    return program


RESULTS: dict[str, Program] = {
    "dropout": dropout,
    "trained_lstm": trained("lengths", lambda cells: cells.BasicLSTMCell(4)),
    "trained_peepholes": trained("plain", lambda cells: cells.LSTMCell(4, use_peepholes=True, num_proj=3)),
    "trained_both_ways": trained("both ways", lambda cells: cells.GRUCell(3)),
    "trained_layers": trained("lengths", lambda cells: cells.MultiRNNCell([cells.GRUCell(3), cells.BasicRNNCell(2)])),
    **{f"derivatives of {name}": derivatives(program) for name, program in PROGRAMS.items()},
}
"""Programs of which the collections and values are TensorFlow's."""
