"""Checkpoints keep where random operations have come to, and sessions go on from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.graph import Graph
from hdfsaver.storage.groups import ROOT
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.salvaged_file import salvage_into
from hdfsaver.storage.writing import Model, Writer


def program() -> list[Any]:
    """A variable, and operations that draw with a seed of the graph, with one of their own, and without any."""
    tf.set_random_seed(7)
    made = [tf.random_normal([2], name="of_graph"), tf.random_shuffle(tf.range(50), seed=3, name="own")]
    tf.set_random_seed(None)
    tf.get_variable("v", [], initializer=tf.zeros_initializer())
    return [*made, tf.random_uniform([3], name="free")]


def drawn(sess: Any, tensors: list[Any]) -> list[list[Any]]:
    """What a run gives."""
    return [value.tolist() for value in sess.run(tensors)]


def saved(folder: Path, runs: int = 2, **options: Any) -> tuple[str, list[list[Any]]]:
    """Save after some runs; the checkpoint, and what the next run gives."""
    with Graph().as_default(), tf.Session() as sess:
        tensors, saver = program(), tf.train.Saver(**options)
        sess.run(tf.global_variables_initializer())
        for _ in range(runs):
            sess.run(tensors)
        path = saver.save(sess, str(folder / "m"))
        assert path is not None
        return path, drawn(sess, tensors)


def test_a_session_goes_on(tmp_path: Path) -> None:
    """A program that is built again draws what the one before would have drawn, without seeds too."""
    path, expected = saved(tmp_path)
    with Graph().as_default(), tf.Session() as sess:
        tensors = program()
        sess.run(tensors)
        tf.train.Saver().restore(sess, path)
        assert expected == drawn(sess, tensors)


def test_from_the_graph_of_the_file(tmp_path: Path) -> None:
    """An imported graph goes on in the same way."""
    path, expected = saved(tmp_path)
    with Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(path).restore(sess, path)
        assert expected == drawn(sess, ["of_graph:0", "own:0", "free/RandomUniform:0"])


def test_in_scopes(tmp_path: Path) -> None:
    """Graphs that are imported into two scopes go on each from its own file, whichever is restored last."""
    expected = {}
    for scope, runs in (("one", 1), ("two", 3)):
        (tmp_path / scope).mkdir()
        expected[scope] = saved(tmp_path / scope, runs)
    with Graph().as_default(), tf.Session() as sess:
        savers = {scope: tf.train.import_meta_graph(path, import_scope=scope) for scope, (path, _) in expected.items()}
        own = tf.random_uniform([], seed=5)
        first = sess.run(own)
        for scope, (path, _) in expected.items():
            savers[scope].restore(sess, path)
        assert sess.run(own) != first
        for scope, (_, numbers) in expected.items():
            names = ("of_graph:0", "own:0", "free/RandomUniform:0")
            assert drawn(sess, [f"{scope}/{name}" for name in names]) == numbers


def test_saves_in_a_row(tmp_path: Path) -> None:
    """Each checkpoint has its own state, also one whose layout is that of the one before."""
    with tf.Session() as sess:
        tensors, saver = program(), tf.train.Saver()
        sess.run(tf.global_variables_initializer())
        sess.run(tensors)
        following = {}
        for step in range(3):
            path = saver.save(sess, str(tmp_path / "m"), global_step=step, wait=step != 1)
            following[path] = drawn(sess, tensors)
        saver.wait()
        for path, expected in following.items():
            open_file(f"{path}.h5").verify()
            saver.restore(sess, path)
            assert expected == drawn(sess, tensors)


def test_as_in_tensorflow(tmp_path: Path) -> None:
    """On request a restore does not touch the random operations; nor does one from a file without their state."""
    path, expected = saved(tmp_path)
    with Graph().as_default(), tf.Session() as sess:
        tensors = program()
        tf.train.Saver().restore(sess, path, random_state=False)
        first = drawn(sess, tensors)
        assert expected[:2] != first[:2]
    bare, _ = saved(tmp_path, runs=0)
    with Graph().as_default(), tf.Session() as sess:
        tensors = program()
        sess.run(tensors)
        tf.train.Saver().restore(sess, bare)
        assert first[:2] != drawn(sess, tensors)[:2]


def test_operations_of_the_file_that_do_not_fit(tmp_path: Path) -> None:
    """An operation that is not there, or has another seed, is ignored; one that has no state begins again."""
    path, expected = saved(tmp_path)
    with Graph().as_default(), tf.Session() as sess:
        tf.get_variable("v", [])
        tensors = [tf.random_normal([2], seed=1, name="of_graph"), tf.random_normal([2], seed=2, name="new")]
        first = drawn(sess, tensors)
        tf.train.Saver().restore(sess, path)
        assert first == drawn(sess, tensors)
        assert expected[0] not in first


def test_it_is_not_a_variable(tmp_path: Path) -> None:
    """Listings, readers and formats show variables only."""
    path, _ = saved(tmp_path)
    assert [("v", [])] == tf.train.list_variables(path)
    with open_file(f"{path}.h5") as file:
        assert ["v"] == list(file)
        assert {"of_graph/RandomStandardNormal", "own", "free/RandomUniform"} == set(file.random_places())
        assert [""] == file.groups()


def test_groups_and_reseal(tmp_path: Path) -> None:
    """The state stays with its model where another group is saved beside it, and where a file is sealed again."""
    path, expected = saved(tmp_path, group="teacher")
    saved(tmp_path, runs=5, group="student")
    tf.reseal(f"{path}.h5")
    with Graph().as_default(), tf.Session() as sess:
        tensors = program()
        tf.train.Saver(group="teacher").restore(sess, path)
        assert expected == drawn(sess, tensors)


def test_convert_keeps_it(tmp_path: Path) -> None:
    """A checkpoint that is converted with its graph, to a compressed one, goes on in the same way."""
    path, expected = saved(tmp_path)
    tf.convert(f"{path}.h5", str(tmp_path / "out.h5"), compression=tf.Compression("gzip"))
    with Graph().as_default(), tf.Session() as sess:
        tensors = program()
        tf.train.Saver().restore(sess, str(tmp_path / "out.h5"))
        assert expected == drawn(sess, tensors)


def test_salvage_keeps_it(tmp_path: Path) -> None:
    """A file made of the intact part of a damaged one goes on in the same way."""
    path, expected = saved(tmp_path, max_to_keep=1)
    file = Path(f"{path}.h5")
    with open_file(file) as opened:
        places = opened.random_places()
    with Graph().as_default(), tf.Session() as sess:
        tensors, lost = program(), tf.get_variable("lost", [3], initializer=tf.ones_initializer())
        saver = tf.train.Saver()
        saver.restore(sess, path, strict=False)
        sess.run(lost.initializer)
        damaged = saver.save(sess, str(tmp_path / "damaged"))
    content = Path(f"{damaged}.h5").read_bytes()
    ones = np.ones(3, np.float32).tobytes()
    assert content.count(ones) == 1
    Path(f"{damaged}.h5").write_bytes(content.replace(ones, bytes(len(ones))))
    assert ["lost"] == list(salvage_into(f"{damaged}.h5", tmp_path / "out.h5").saved.lost)
    with open_file(tmp_path / "out.h5") as opened:
        assert places == opened.random_places()
    with Graph().as_default(), tf.Session() as sess:
        tensors = program()
        tf.train.Saver().restore(sess, str(tmp_path / "out.h5"))
        assert expected == drawn(sess, tensors)


def test_a_changed_state_is_noticed(tmp_path: Path) -> None:
    """The seal covers the state."""
    path, _ = saved(tmp_path)
    file = Path(f"{path}.h5")
    with open_file(file) as opened:
        key, _ = opened.random_places()["free/RandomUniform"]
    content = file.read_bytes()
    assert content.count(key.to_bytes(8, "little")) == 1
    file.write_bytes(content.replace(key.to_bytes(8, "little"), (key ^ 1).to_bytes(8, "little")))
    with Graph().as_default(), tf.Session() as sess:
        program()
        saver = tf.train.Saver()
        with pytest.raises(tf.errors.DataLossError):
            saver.restore(sess, path)


def test_beside_many_variables(tmp_path: Path) -> None:
    """Where the table of extents is long, it is behind the places; each save still seals its own places."""
    writer, zero = Writer(), np.zeros((), np.float32)
    values = {f"v{number}": zero for number in range(2800)}
    for places in ({"a": (1, 2)}, {"a": (3, 4)}):
        writer.write(tmp_path / "m.h5", {ROOT: Model(values, None, {}, random=places)})
        with open_file(tmp_path / "m.h5") as file:
            assert places == file.random_places()
