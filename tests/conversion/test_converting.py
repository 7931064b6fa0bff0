"""From one kind of file to another: nothing changes but what was asked for."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver import dtypes, errors
from hdfsaver.formats.open_source import open_source
from hdfsaver.interop.graphs.message_files import read_message
from hdfsaver.messages import message_classes
from hdfsaver.storage.writing import write_file

GOLDEN = Path(__file__).parents[1] / "interop" / "golden_graphs"

ARRAYS = {
    "w": np.arange(6, dtype=np.float32).reshape(2, 3),
    "w/Adam": np.zeros((2, 3), np.float32),
    "w/ExponentialMovingAverage": np.ones((2, 3), np.float32),
    "beta1_power": np.array(0.9, np.float32),
    "step": np.array(7),
    "large": np.arange(100_000.0),
    "flags": np.array([True, False]),
    "empty": np.zeros((0, 3), np.int8),
}
TEXTS = {"words": np.array([b"yes", b"", b"\xff"], object)}


@pytest.fixture
def ours(tmp_path):
    """An hdfsaver file with all these arrays."""
    tf.save_file({**ARRAYS, **TEXTS}, tmp_path / "ours.h5")
    return tmp_path / "ours.h5"


def _same(expected, found):
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(value, found[name], strict=True)


@pytest.mark.parametrize("target", ["x.ckpt", "x.npz", "x.safetensors", "x.h5", "x.hdf5"])
def test_there_and_back(ours, tmp_path, target):
    """Every value comes back from every format, with its dtype and shape; strings if the format supports them."""
    has_texts = not target.endswith(".safetensors")
    exclude = () if has_texts else ("words",)
    tf.convert(ours, tmp_path / target, exclude=exclude)
    tf.convert(tmp_path / target, tmp_path / "back.h5")
    _same({**ARRAYS, **(TEXTS if has_texts else {})}, tf.load_file(tmp_path / "back.h5") | {})


@pytest.mark.parametrize(
    "row", [row for row in dtypes.TABLE if row.hdf5 and row.name != "string"], ids=lambda it: it.name
)
def test_every_dtype_or_a_clear_refusal(tmp_path, row):
    """Supported dtypes are restored bit for bit; for other dtypes the error names the array and its dtype."""
    value = np.array([0, 1, 3]).astype(row.numpy)
    write_file(tmp_path / "a.h5", variables={"x": value}, structure=None, dtypes={"x": row.name})
    for target in ("b.ckpt", "b.safetensors", "b.npz"):
        try:
            tf.convert(tmp_path / "a.h5", tmp_path / target)
        except (errors.OpError, TypeError) as error:
            assert "'x'" in str(error)  # noqa: PT017 - either way is right
            assert row.name in str(error)  # noqa: PT017
            assert not (tmp_path / target).exists()
        else:
            with open_source(tmp_path / target) as source:
                assert value.tobytes() == source.read("x").tobytes()
    refused = {name for name in ("b.safetensors", "b.npz") if not (tmp_path / name).exists()}
    assert ("b.safetensors" in refused) == (row.safetensors is None)
    assert ("b.npz" in refused) == (np.dtype(row.numpy).isbuiltin != 1)


@pytest.mark.slow
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8).filter(
            lambda name: name != "__metadata__" and not name.endswith(".npy")
        ),
        st.lists(st.floats(width=32), max_size=5),
        min_size=1,
        max_size=5,
    )
)
def test_any_names_survive(tmp_path_factory, values):
    """Names of any characters go through all formats, values bit for bit."""
    folder = tmp_path_factory.mktemp("any")
    arrays = {name: np.array(value, np.float32) for name, value in values.items()}
    tf.save_file(arrays, folder / "a.h5")
    before = folder / "a.h5"
    for target in ("b.safetensors", "c.npz", "d.ckpt", "e.h5"):
        tf.convert(before, folder / target)
        before = folder / target
    found = tf.load_file(before)
    assert {name: array.tobytes() for name, array in arrays.items()} == {
        name: array.tobytes() for name, array in found.items()
    }


def test_a_checkpoint_of_tensorflow_comes_back_byte_for_byte(tmp_path):
    """A checkpoint in one shard is the same after a conversion to HDF5 and back, with the graph."""
    source = GOLDEN / "resource.ckpt"
    assert tf.convert(source, tmp_path / "x.h5").has_graph
    assert tf.convert(tmp_path / "x.h5", tmp_path / "y.ckpt").has_graph
    for ending in (".index", ".data-00000-of-00001"):
        assert Path(f"{source}{ending}").read_bytes() == Path(f"{tmp_path}/y.ckpt{ending}").read_bytes()
    assert read_message(f"{source}.meta", message_classes.MetaGraphDef) == read_message(
        tmp_path / "y.ckpt.meta", message_classes.MetaGraphDef
    )


def test_a_converted_checkpoint_runs(tmp_path):
    """TensorFlow files become an hdfsaver checkpoint, whose graph can be imported, restored and queried."""
    tf.convert(GOLDEN / "small.ckpt", tmp_path / "small.h5")
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        tf.train.import_meta_graph(tmp_path / "small.h5").restore(sess, tmp_path / "small.h5")
        missing = {name.decode() for name in sess.run(tf.report_uninitialized_variables())}
        assert {it.op.name for it in tf.global_variables()} - missing >= {"b", "w"}
        assert "w" in nx.ancestors(graph.digraph, "w/read")


def test_names_and_dtypes(ours, tmp_path):
    """Patterns choose, regular expressions rename, and real numbers alone are converted."""
    done = tf.convert(
        ours,
        tmp_path / "x.h5",
        include=["w", "w/*", "step", "large"],
        exclude=["large"],
        drop_slots=True,
        rename=[("^w", "kernel")],
        dtype="bfloat16",
    )
    names = {"kernel": "w", "kernel/ExponentialMovingAverage": "w/ExponentialMovingAverage", "step": "step"}
    assert (names, False) == (done.names, done.has_graph)
    found = tf.load_file(tmp_path / "x.h5")
    assert ["bfloat16", "int64"] == [found[name].dtype.name for name in ("kernel", "step")]
    np.testing.assert_array_equal(ARRAYS["w"], found["kernel"].astype(np.float32))


def test_a_graph_goes_along_with_all_of_its_values_only(tmp_path):
    """Where something is left out, renamed or of another dtype, the graph would not fit the values any more."""
    source = GOLDEN / "resource.ckpt"
    for change in ({"exclude": ["w"]}, {"rename": lambda name: f"x/{name}"}, {"dtype": "float16"}):
        assert not tf.convert(source, tmp_path / "x.h5", **change).has_graph


def test_a_graph_alone(tmp_path):
    """A graph is converted to TensorFlow's text and from that to HDF5, without any values."""
    tf.convert(GOLDEN / "small.ckpt", tmp_path / "x.pbtxt")
    done = tf.convert(tmp_path / "x.pbtxt", tmp_path / "x.h5")
    assert ({}, True) == (done.names, done.has_graph)
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(tmp_path / "x.h5")
        assert "w" in graph.digraph


@pytest.mark.parametrize(
    ("options", "kind", "match"),
    [
        ({"target": "ours.h5"}, ValueError, "is the source itself"),
        (
            {"include": ["nothing*"]},
            errors.NotFoundError,
            "No array matches 'nothing.'. The arrays are 'w'",
        ),
        ({"rename": lambda _name: "one"}, ValueError, "the name 'one'"),
        ({"dtype": "int8"}, ValueError, "not to 'int8'"),
        ({"dtype": "float33"}, ValueError, "Unknown dtype 'float33'"),
        ({"include": "w"}, TypeError, "lists of patterns"),
        ({"target": "x.keras"}, errors.InvalidArgumentError, r"write weights to a name in \.weights\.h5"),
        ({"target": "x.meta"}, errors.InvalidArgumentError, "The source has no graph to write"),
        ({"target": "x.npz", "compression": "gzip"}, ValueError, "Only an hdfsaver checkpoint"),
        (
            {"target": "x.safetensors"},
            errors.InvalidArgumentError,
            "safetensors does not support the dtype string of 'words'",
        ),
        ({"source": "nowhere"}, errors.NotFoundError, "nowhere"),
        ({"target": "missing/x.h5"}, errors.NotFoundError, "missing"),
    ],
)
def test_errors_are_clear(ours, tmp_path, monkeypatch, options, kind, match):
    """Each refusal is a sentence, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    given = {"source": "ours.h5", "target": "x.h5", **options}
    before = sorted(os.listdir())
    with pytest.raises(kind, match=match):
        tf.convert(given.pop("source"), given.pop("target"), **given)
    assert before == sorted(os.listdir())


def test_an_earlier_target_stays_when_the_source_is_damaged(ours, tmp_path):
    """A value that is not what was saved ends the conversion; what was there before is there still."""
    for target in ("x.h5", "x.npz", "x.ckpt"):
        tf.convert(ours, tmp_path / target)
    good = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path != ours}
    data = bytearray(ours.read_bytes())
    place = data.find(ARRAYS["large"][1000:1010].tobytes())
    data[place] ^= 1
    ours.write_bytes(data)
    for target in ("x.h5", "x.npz", "x.ckpt"):
        with pytest.raises(errors.DataLossError, match="'large'"):
            tf.convert(ours, tmp_path / target)
    assert good == {path.name: path.read_bytes() for path in tmp_path.iterdir() if path != ours}


def test_compressed_on_the_way(ours, tmp_path):
    """An hdfsaver checkpoint can be compressed."""
    tf.convert(ours, tmp_path / "x.h5", compression="gzip")
    _same({**ARRAYS, **TEXTS}, tf.load_file(tmp_path / "x.h5"))
    assert (tmp_path / "x.h5").stat().st_size < ours.stat().st_size


def test_progress_comes_to_its_end(ours, tmp_path):
    """The bytes of all arrays, except strings, are counted for every target format."""
    for target in ("x.h5", "x.npz", "x.safetensors", "x.ckpt"):
        seen: list[tuple[int, int]] = []
        done = tf.convert(
            ours, tmp_path / target, exclude=["words"], progress=lambda *args, seen=seen: seen.append(args)
        )
        assert (done.nbytes, done.nbytes) == seen[-1]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["x.h5", "x.npz", "x.safetensors", "x.ckpt"])
def test_one_array_at_a_time(tmp_path, target):
    """The memory that a conversion takes is that of its largest arrays, not of all."""
    if not Path("/proc/self/statm").exists():
        pytest.skip("memory is measured by /proc, which only Linux has")
    tf.save_file({f"v{number}": np.full(2 << 20, number, np.float64) for number in range(20)}, tmp_path / "a.h5")
    tf.convert(tmp_path / "a.h5", tmp_path / f"warm-{target}", include=["v1"])
    before, done, most = _resident(), threading.Event(), [0]

    def watch():
        while not done.wait(0.001):
            most[0] = max(most[0], _resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        tf.convert(tmp_path / "a.h5", tmp_path / target)
    finally:
        done.set()
        watcher.join()
    assert most[0] - before < 100 << 20  # all are 320 MB, one is 16


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_the_latest_of_a_folder_and_a_saved_model(tmp_path):
    """A folder stands for its latest checkpoint, or for the SavedModel that it is."""
    with tf.Graph().as_default(), tf.Session() as sess:
        a = tf.get_variable("a", initializer=[1.0, 2.0])
        sess.run(a.initializer)
        (tmp_path / "folder").mkdir()
        for step in range(2):
            tf.train.Saver().save(sess, tmp_path / "folder" / "m", global_step=step)
    done = tf.convert(tmp_path / "folder", tmp_path / "x.npz")
    assert {"a": "a"} == done.names
    saved = tf.convert(GOLDEN / "saved", tmp_path / "saved.h5")
    assert saved.has_graph
    assert "w/Adam" in saved.names


def test_metadata_go_along(tmp_path):
    """Metadata are kept if the target format supports them."""
    said = {"author": "me", "note": "\N{SNOWMAN}"}
    tf.save_file({"a": np.zeros(3)}, tmp_path / "a.h5", said)
    tf.convert(tmp_path / "a.h5", tmp_path / "b.safetensors")
    tf.convert(tmp_path / "b.safetensors", tmp_path / "c.h5")
    with tf.open_file(tmp_path / "c.h5") as file:
        assert said == file.metadata()


def test_a_source_by_another_spelling(ours, tmp_path, monkeypatch):
    """A file is not written onto itself, however it is spelled."""
    monkeypatch.chdir(tmp_path)
    tf.convert(ours, "x.ckpt")
    (tmp_path / "link.h5").symlink_to(ours)
    for source, target in (
        ("x.ckpt", "x.ckpt.index"),
        ("x.ckpt.index", "./x.ckpt"),
        ("ours", "ours.h5"),
        (ours, "link.h5"),
    ):
        with pytest.raises(ValueError, match="is the source itself"):
            tf.convert(source, target)


def test_a_checkpoint_without_a_name(ours, tmp_path, monkeypatch):
    """A prefix may be a folder with a slash behind it, as many old checkpoints have it; the slash may be left out."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    tf.convert(ours, "folder/")
    (tmp_path / "folder" / "checkpoint").write_text('model_checkpoint_path: "/elsewhere/model.ckpt"\n')
    for source in ("folder/", "folder", tmp_path / "folder"):
        tf.convert(source, "back.h5")
        _same({**ARRAYS, **TEXTS}, tf.load_file("back.h5"))
    with pytest.raises(ValueError, match="no state file there names a checkpoint that exists"):
        tf.convert(tmp_path, "back.npz")


def test_json_of_the_example(tmp_path):
    """The result of a conversion is plain data that can be logged."""
    tf.save_file({"a": np.zeros(3)}, tmp_path / "a.h5")
    done = tf.convert(tmp_path / "a.h5", tmp_path / "a.npz")
    expected = {"names": {"a": "a"}, "nbytes": 24, "has_graph": False, "files": [str(tmp_path / "a.npz")]}
    rest = {"left_out": {}, "changed": {}, "remarks": [], "layout": {}, "unchanged": {}}
    assert {**expected, **rest} == json.loads(json.dumps(done._asdict()))
