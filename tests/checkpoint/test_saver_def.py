"""The settings of a Saver as a message, arguments that are refused, the folder that is made, and copies of scopes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver.checkpoint.importing import copy_scoped_meta_graph


@pytest.fixture
def session() -> Any:
    """A session with a variable."""
    with tf.Graph().as_default(), tf.Session() as made:
        tf.Variable(1.0, name="v")
        made.run(tf.global_variables_initializer())
        yield made


def test_it_is_the_same_message_each_time(session: Any) -> None:
    """None before the Saver is built."""
    saver = tf.train.Saver(max_to_keep=3)
    assert isinstance(saver.saver_def, tf.train.SaverDef)
    assert saver.saver_def is saver.as_saver_def()
    assert 3 == saver.saver_def.max_to_keep
    later = tf.train.Saver(defer_build=True)
    assert later.saver_def is None
    later.build()
    assert later.saver_def is not None


@pytest.mark.parametrize("wrong", [5, "x", True, tf.GraphDef(node=[tf.NodeDef()])])
def test_settings_of_another_type(session: Any, wrong: Any) -> None:
    """The Saver and the export refuse them with TensorFlow's classes of errors."""
    with pytest.raises(ValueError, match="saver_def must be a "):
        tf.train.Saver(saver_def=wrong)
    with pytest.raises(TypeError, match="saver_def must be of type SaverDef"):
        tf.train.export_meta_graph(saver_def=wrong)
    assert not tf.train.export_meta_graph().HasField("saver_def")


def test_no_folder_is_made_for_nothing(session: Any, tmp_path: Path) -> None:
    """A missing folder is made once the values are known to be there."""
    tf.Variable(1.0)
    with pytest.raises(tf.errors.FailedPreconditionError):
        tf.train.Saver().save(session, tmp_path / "new" / "x")
    assert [] == list(tmp_path.iterdir())


def test_a_scope_is_copied(session: Any) -> None:
    """Into another scope of the graph, and into another graph; not onto itself."""
    with tf.name_scope("a"):
        tf.Variable(2.0, name="w")
    assert ["w:0"] == list(copy_scoped_meta_graph("a", "b"))
    assert "b/w" in session.graph.digraph
    other = tf.Graph()
    assert ["a/w:0"] == [item.name for item in copy_scoped_meta_graph("a", "a", to_graph=other).values()]
    with pytest.raises(ValueError, match="'from_scope' and 'to_scope' need to be different"):
        copy_scoped_meta_graph("a", "a")
    third = tf.Graph()
    assert tf.train.import_meta_graph(tf.train.export_meta_graph(), graph=third) is not None
    assert "a/w" in third.digraph
