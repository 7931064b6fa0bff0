"""Small programs with decoders and attention in ``tf.contrib``, run by TensorFlow once and by hdfsaver in every test.

They are recorded by ``run`` of ``tests/layers/make_programs.py``, with ``tf.contrib`` of TensorFlow 1.15 on 2.21.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.layers.programs import ramp

Program = Callable[[Any], Any]

WORDS = 5
START, END = 1, 4


def table(tf: Any) -> Any:
    """A row for each word."""
    return tf.get_variable("table", [WORDS, 3])


def batch(tf: Any) -> Any:
    """Steps of three sequences."""
    return tf.placeholder("float32", [3, 4, 3], name="steps") * 0.1


def parts(tf: Any, results: Any) -> list[Any]:
    """Outputs, states and lengths as a list, with arrays stacked."""
    found: list[Any] = []
    waiting = [results]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, list | tuple):
            waiting = [*item, *waiting]
        elif hasattr(item, "stack"):
            found.append(item.stack())
        else:
            found.append(item)
    return found


def decoded(tf: Any, helper: Any, cell: Any, layer: Any = None, **options: Any) -> list[Any]:
    """The results of a decoder with a state of zeros."""
    state = cell.zero_state(helper.batch_size, tf.float32)
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, state, layer)
    return parts(tf, tf.contrib.seq2seq.dynamic_decode(decoder, **options))


def training(tf: Any) -> list[Any]:
    """Inputs that are given: lengths, a layer, zeros after the end, both orders of axes."""
    seq2seq, cells = tf.contrib.seq2seq, tf.nn.rnn_cell
    x = batch(tf)
    with tf.variable_scope("net", initializer=ramp(tf)):
        helper = seq2seq.TrainingHelper(x, [2, 4, 0])
        first = decoded(tf, helper, cells.GRUCell(3))
    with tf.variable_scope("other", initializer=ramp(tf)):
        helper = seq2seq.TrainingHelper(tf.transpose(x, [1, 0, 2]), [1, 3, 2], time_major=True, name="given")
        dense = tf.layers.Dense(WORDS, use_bias=False, name="words")
        second = decoded(tf, helper, cells.BasicLSTMCell(2), dense, output_time_major=True, impute_finished=True)
    return [*first, *second]


def derivatives(tf: Any) -> list[Any]:
    """Derivatives by the inputs, and by what is looked at."""
    seq2seq, cells = tf.contrib.seq2seq, tf.nn.rnn_cell
    x = batch(tf)
    with tf.variable_scope("net", initializer=ramp(tf)):
        mechanism = seq2seq.BahdanauAttention(2, x * x, normalize=True)
        cell = seq2seq.AttentionWrapper(cells.BasicLSTMCell(3), mechanism, 2)
        results = decoded(tf, seq2seq.TrainingHelper(x, [2, 4, 0]), cell, impute_finished=True)
    return tf.gradients(results[0], [x, *tf.trainable_variables()])


def greedy(tf: Any) -> list[Any]:
    """The greatest output is the next input, until the end or the greatest number of steps."""
    seq2seq, cells = tf.contrib.seq2seq, tf.nn.rnn_cell
    with tf.variable_scope("net", initializer=ramp(tf)):
        helper = seq2seq.GreedyEmbeddingHelper(table(tf), [START, 2], END)
        dense = tf.layers.Dense(WORDS, name="words")
        return decoded(tf, helper, cells.GRUCell(3), dense, maximum_iterations=4)


def own_functions(tf: Any) -> list[Any]:
    """Functions of a program choose, and make the next inputs."""
    seq2seq, cells = tf.contrib.seq2seq, tf.nn.rnn_cell
    with tf.variable_scope("net", initializer=ramp(tf)):
        helper = seq2seq.InferenceHelper(
            lambda outputs: outputs * 2.0, [3], tf.float32, tf.ones([2, 3]), lambda chosen: chosen[:, 0] > 1.5
        )
        first = decoded(tf, helper, cells.BasicRNNCell(3), maximum_iterations=3)
    with tf.variable_scope("other", initializer=ramp(tf)):
        custom = seq2seq.CustomHelper(
            lambda: (tf.constant([False, False]), tf.ones([2, 3])),
            lambda time, outputs, state: tf.cast(tf.argmax(outputs, -1), tf.int32),
            lambda time, outputs, state, sample_ids: (time > [1, 2], outputs + 1.0, state),
        )
        cell = cells.BasicRNNCell(3)
        decoder = seq2seq.BasicDecoder(cell, custom, cell.zero_state(2, tf.float32))
        return [*first, *parts(tf, seq2seq.dynamic_decode(decoder, scope="writer"))]


def looking(tf: Any, names: tuple[str, ...]) -> list[Any]:
    """Some mechanisms in a decoder."""
    seq2seq, cells = tf.contrib.seq2seq, tf.nn.rnn_cell
    x = batch(tf)
    memory = tf.placeholder("float32", [3, 4, 2], name="memory")
    results: list[Any] = []
    mechanisms: dict[str, Callable[[], Any]] = {
        "luong": lambda: seq2seq.LuongAttention(3, memory),
        "scaled": lambda: seq2seq.LuongAttention(3, memory, [2, 4, 1], scale=True, probability_fn=seq2seq.hardmax),
        "bahdanau": lambda: seq2seq.BahdanauAttention(2, memory, memory_sequence_length=[2, 4, 1]),
        "normalized": lambda: seq2seq.BahdanauAttention(2, memory, normalize=True),
    }
    options: dict[str, dict[str, Any]] = {
        "luong": {"attention_layer_size": 4, "alignment_history": True},
        "scaled": {"output_attention": False, "name": "looking"},
        "bahdanau": {"cell_input_fn": lambda inputs, seen: inputs + tf.reduce_sum(seen, 1, keepdims=True)},
        "normalized": {"attention_layer": tf.layers.Dense(2, name="seen")},
    }
    for name in names:
        with tf.variable_scope(name, initializer=ramp(tf)):
            cell = seq2seq.AttentionWrapper(cells.GRUCell(3), mechanisms[name](), **options[name])
            results += decoded(tf, seq2seq.TrainingHelper(x, [4, 2, 3]), cell)
    return results


def attention(tf: Any) -> list[Any]:
    """Both mechanisms with layers on what is seen, and the history of alignments."""
    return looking(tf, ("luong", "normalized"))


def attention_and_lengths(tf: Any) -> list[Any]:
    """Both mechanisms with memories of several lengths."""
    return looking(tf, ("scaled", "bahdanau"))


def several_mechanisms(tf: Any) -> list[Any]:
    """Two memories, a state that is given, and a clone of a state."""
    seq2seq, cells = tf.contrib.seq2seq, tf.nn.rnn_cell
    x = batch(tf)
    with tf.variable_scope("net", initializer=ramp(tf)):
        memories = [seq2seq.LuongAttention(3, x), seq2seq.BahdanauAttention(2, x, name="second")]
        cell = seq2seq.AttentionWrapper(
            cells.GRUCell(3), memories, [2, 3], alignment_history=True, initial_cell_state=tf.ones([3, 3])
        )
        state = cell.zero_state(3, tf.float32).clone(attention=tf.ones([3, 5]))
        helper = seq2seq.TrainingHelper(x, [4, 2, 3])
        decoder = seq2seq.BasicDecoder(cell, helper, state)
        return parts(tf, seq2seq.dynamic_decode(decoder))


def monotonic(tf: Any) -> list[Any]:
    """Mechanisms that never go back, and the function below them."""
    seq2seq, cells = tf.contrib.seq2seq, tf.nn.rnn_cell
    x = batch(tf)
    results: list[Any] = []
    for name, make in {
        "luong": lambda: seq2seq.LuongMonotonicAttention(3, x, scale=True, score_bias_init=0.25),
        "bahdanau": lambda: seq2seq.BahdanauMonotonicAttention(2, x, [4, 2, 3], mode="hard"),
    }.items():
        with tf.variable_scope(name, initializer=ramp(tf)):
            cell = seq2seq.AttentionWrapper(cells.GRUCell(3), make())
            results += decoded(tf, seq2seq.TrainingHelper(x, [4, 2, 3]), cell)
    choose, before = tf.constant([[0.5, 0.25, 1.0], [0.0, 1.0, 0.5]]), tf.constant([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    results += [seq2seq.monotonic_attention(choose, before, mode) for mode in ("recursive", "parallel", "hard")]
    return [*results, seq2seq.safe_cumprod(choose, axis=1), seq2seq.hardmax(choose)]


def tiled(tf: Any) -> list[Any]:
    """Rows of a batch several times."""
    x = tf.placeholder("float32", [None, 3], name="x")
    return parts(tf, tf.contrib.seq2seq.tile_batch((x, tf.constant([1, 2])), 2))


def beams(tf: Any) -> list[Any]:
    """The best candidates, with and without penalties, of a cell and of one with attention."""
    seq2seq, cells = tf.contrib.seq2seq, tf.nn.rnn_cell
    x = batch(tf)
    results: list[Any] = []
    with tf.variable_scope("net", initializer=ramp(tf)):
        cell = cells.BasicLSTMCell(3)
        state = seq2seq.tile_batch(cell.zero_state(2, tf.float32), 2)
        dense = tf.layers.Dense(WORDS, name="words")
        decoder = seq2seq.BeamSearchDecoder(
            cell, table(tf), [START, 2], END, state, 2, dense, length_penalty_weight=0.5
        )
        results += parts(tf, seq2seq.dynamic_decode(decoder, maximum_iterations=4))
    with tf.variable_scope("looking", initializer=ramp(tf)):
        memory = seq2seq.tile_batch(x, 3)
        mechanism = seq2seq.LuongAttention(3, memory, seq2seq.tile_batch(tf.constant([4, 2, 3]), 3))
        wrapped = seq2seq.AttentionWrapper(cells.GRUCell(3), mechanism, 2, alignment_history=True)
        decoder = seq2seq.BeamSearchDecoder(
            wrapped,
            table(tf),
            tf.fill([3], START),
            END,
            wrapped.zero_state(9, tf.float32),
            3,
            tf.layers.Dense(WORDS, name="words"),
            coverage_penalty_weight=0.25,
        )
        results += parts(tf, seq2seq.dynamic_decode(decoder, maximum_iterations=3, output_time_major=True))
    return results


def drawn(tf: Any) -> list[Any]:
    """Drawn numbers, and outputs that are taken now and then, in the order of the iterations."""
    seq2seq, cells = tf.contrib.seq2seq, tf.nn.rnn_cell
    tf.set_random_seed(7)
    x = batch(tf)
    results: list[Any] = []
    with tf.variable_scope("net", initializer=ramp(tf)):
        rows = table(tf)
        helpers = {
            "drawn": seq2seq.SampleEmbeddingHelper(rows, [START, 2], END, softmax_temperature=0.5, seed=3),
            "rows": seq2seq.ScheduledEmbeddingTrainingHelper(x, [4, 2, 3], rows, 0.5, seed=4, scheduling_seed=5),
            "outputs": seq2seq.ScheduledOutputTrainingHelper(
                x, [4, 2, 3], tf.constant([0.5, 0.25, 0.75]), seed=6, next_inputs_fn=tf.tanh
            ),
            "further": seq2seq.ScheduledOutputTrainingHelper(x, [4, 2, 3], 0.5, seed=8, auxiliary_inputs=x),
        }
        for name, helper in helpers.items():
            layer = tf.layers.Dense(WORDS, name=f"{name}_words") if name in ("drawn", "rows") else None
            cell = cells.GRUCell(3, name=name)
            results += decoded(tf, helper, cell, layer, maximum_iterations=4, parallel_iterations=1)
    return results


PROGRAMS: dict[str, Program] = {
    "training": training,
    "greedy": greedy,
    "own_functions": own_functions,
    "attention": attention,
    "several_mechanisms": several_mechanisms,
    "tiled": tiled,
}
"""Programs whose graphs are TensorFlow's too."""

RESULTS: dict[str, Program] = {
    "attention_and_lengths": attention_and_lengths,
    "monotonic": monotonic,
    "beams": beams,
    "derivatives": derivatives,
    "drawn": drawn,
}
"""Programs of which the collections and values are TensorFlow's."""
