"""What a graph of unknown origin may do: nothing when it is opened or restored, and what its operations do in a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import hdfsaver as tf


class Trap:
    """A saved graph that writes into a file wherever it can."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder / "mark"
        self.prefix = str(folder / "model")
        self.saved_model = str(folder / "saved_model")
        self.called: list[int] = []
        with tf.Graph().as_default(), tf.Session() as sess:
            write = tf.write_file(str(self.mark), "written")
            with tf.control_dependencies([write]):
                variable = tf.Variable(tf.identity(1.0), name="v")
                queue = tf.FIFOQueue(3, tf.string)
                read = tf.read_file(str(self.mark), name="read")
                added = queue.enqueue(read)
            tf.py_func(self.called.append, [1], [], name="call")
            tf.train.add_queue_runner(tf.train.QueueRunner(queue, [added]))
            for key in (tf.GraphKeys.INIT_OP, tf.GraphKeys.LOCAL_INIT_OP, tf.GraphKeys.READY_OP, tf.GraphKeys.TRAIN_OP):
                tf.add_to_collection(key, write)
            variable.load(2.0, sess)
            tf.train.Saver().save(sess, self.prefix)
            builder = tf.saved_model.Builder(self.saved_model)
            builder.add_meta_graph_and_variables(sess, ["serve"], main_op=write)
            builder.save()

    @property
    def has_sprung(self) -> bool:
        """Whether anything of the graph was run."""
        return self.mark.exists() or bool(self.called)


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    """The graph, and a program that begins without one."""
    made = Trap(tmp_path)
    with tf.Graph().as_default():
        yield made


def test_opening_and_restoring_run_nothing(trap: Trap, tmp_path: Path) -> None:
    """A graph is imported, restored, read, converted and differentiated, and no operation of it has run."""
    saver = tf.train.import_meta_graph(f"{trap.prefix}.meta")
    assert saver is not None
    with tf.Session() as sess:
        saver.restore(sess, trap.prefix)
        assert 2.0 == sess.run("v:0")
    tf.get_default_graph().as_graph_def()
    tf.import_graph_def(tf.get_default_graph().as_graph_def(), name="again")
    tf.read_digraph(trap.prefix)
    tf.convert(trap.prefix, str(tmp_path / "values.npz"))
    tf.convert(trap.saved_model, str(tmp_path / "other.npz"))
    assert not trap.has_sprung


def test_a_run_does_what_the_operations_say(trap: Trap) -> None:
    """Files of the user are written and read; threads that fill queues are started only when the program asks."""
    tf.train.import_meta_graph(f"{trap.prefix}.meta")
    with tf.Session() as sess:
        assert b"written" == sess.run("read:0")
    assert trap.mark.read_text(encoding="utf-8") == "written"
    assert not trap.called


def test_loading_a_saved_model_runs_its_main_op(trap: Trap) -> None:
    """As in TensorFlow; the message of the model can be parsed without."""
    tf.saved_model.loader.parse_saved_model(trap.saved_model)
    assert not trap.has_sprung
    with tf.Session() as sess:
        tf.saved_model.load(sess, ["serve"], trap.saved_model)
    assert trap.has_sprung


@pytest.mark.parametrize("token", ["pyfunc_0", "pyfunc_{number}", "pyfunc_{number}.0123456789abcdef"])
def test_functions_of_the_program_cannot_be_named(token: str) -> None:
    """A graph of another process has tokens of its own, so that it calls no function that this program has made."""
    called: list[int] = []
    with tf.Session() as sess:
        made = tf.py_func(called.append, [1], [], name="call")
        definition = tf.get_default_graph().as_graph_def()
        (node,) = (each for each in definition.node if each.name == "call")
        number = node.attr["token"].s.decode().removeprefix("pyfunc_").partition(".")[0]
        node.attr["token"].s = token.format(number=number).encode()
        tf.import_graph_def(definition, name="foreign")
        with pytest.raises(tf.errors.InvalidArgumentError, match="another process has made .* make it here"):
            sess.run("foreign/call")
        assert [] == called
        sess.run(made)
    assert [1] == called
