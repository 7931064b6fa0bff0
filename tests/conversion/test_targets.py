"""The name of a target says what is written, or the conversion is refused before anything is."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.conversion.targets import OTHERS, TARGETS, target_of
from hdfsaver.files.atomic_write import open_draft
from hdfsaver.formats.open_source import open_source
from hdfsaver.interop.bundle import bundle_writing
from hdfsaver.interop.graphs.graph_files import write_meta_graph

GOLDEN = Path(__file__).parents[1] / "interop" / "golden_graphs"
BUNDLES = GOLDEN.with_name("golden")


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A checkpoint of two arrays, in the working directory."""
    monkeypatch.chdir(tmp_path)
    tf.save_file({"w": np.ones((2, 3), np.float32), "step": np.int64(7)}, "m.h5")
    return "m.h5"


@pytest.mark.parametrize(
    ("path", "name", "written"),
    [
        *((f"x{ending}", target.name, None) for target in TARGETS for ending in target.endings if ending != ".index"),
        ("x.NPZ", "npz", None),
        ("out.Safetensors", "safetensors", None),
        ("x.PbTxt", "graph", None),
        *((path, "tensorflow", path) for path in ("x", "folder/", "model.ckpt-123", "a.b/model", "MODEL.CKPT-7")),
        *((f"{path}.index", "tensorflow", path) for path in ("x", "x.ckpt", "x.v1", "folder/", "a/MODEL.CKPT-7")),
        ("x.INDEX", "tensorflow", "x"),
    ],
)
def test_endings(path, name, written):
    """Each ending, in upper or lower case, means one format; no ending means a prefix of TensorFlow."""
    target, given = target_of(path)
    assert (name, written or path) == (target.name, given)


@pytest.mark.parametrize("ending", OTHERS)
@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_endings_of_other_kinds(source, ending, spelled):
    """Where the ending means another kind of file, the conversion is refused, and nothing is written."""
    with pytest.raises(errors.InvalidArgumentError, match=f"{re.escape(ending)} is the ending of "):
        tf.convert(source, spelled(f"x{ending}"))
    assert [source] == os.listdir()


@pytest.mark.parametrize(
    ("target", "kind", "match"),
    [
        (
            "out.safetensor",
            errors.InvalidArgumentError,
            r"unknown ending \.safetensor\. Is \.safetensors meant\? Files",
        ),
        ("x.nzp", errors.InvalidArgumentError, r"Is \.npz meant"),
        (
            "x.best",
            errors.InvalidArgumentError,
            r"unknown ending \.best\. Files are written .*\.npz, .*\(--to\): hdf5, npz",
        ),
        ("model-1.5", errors.InvalidArgumentError, "unknown ending"),
        ("x.ckpt.data-00000-of-00001", errors.InvalidArgumentError, r"give its prefix, x\.ckpt\."),
        ("-", errors.InvalidArgumentError, "standard output"),
        ("", errors.InvalidArgumentError, "not the name of a file"),
        ("/", errors.InvalidArgumentError, "not the name of a file"),
        ("..", errors.FailedPreconditionError, "is a directory"),
    ],
)
def test_names_that_are_refused(source, target, kind, match):
    """Each refusal is a sentence with a way out, and nothing is written."""
    with pytest.raises(kind, match=match):
        tf.convert(source, target)
    assert [source] == os.listdir()


@pytest.mark.parametrize(
    ("to", "target", "files"),
    [
        ("tensorflow", "model-1.5", ["model-1.5.index", "model-1.5.data-00000-of-00001"]),
        ("tensorflow", "x.h5", ["x.h5.index", "x.h5.data-00000-of-00001"]),
        ("hdf5", "y.weights.h5", ["y.weights.h5"]),
        ("npz", "x.zip", ["x.zip"]),
        ("safetensors", "x", ["x"]),
    ],
)
def test_a_format_by_its_name(source, to, target, files):
    """With ``to`` the ending does not matter, and the result names the files."""
    done = tf.convert(source, target, to=to)
    assert files == done.files
    assert sorted([source, *files]) == sorted(os.listdir())
    with open_source(target) as file:
        assert 7 == file["step"]
    with pytest.raises(ValueError, match="Unknown format 'x'; the formats are hdf5, npz"):
        tf.convert(source, target, to="x")


@pytest.mark.parametrize("target", ["x.NPZ", "x.H5", "x.Safetensors", "x.Ckpt"])
def test_the_case_of_an_ending(source, target):
    """A file under an ending in capitals is of that format."""
    tf.convert(source, target)
    with open_source(target) as file, open_source(source) as expected:
        assert {name: array.tobytes() for name, array in expected.items()} == {
            name: array.tobytes() for name, array in file.items()
        }


def test_a_graph_as_text_under_capitals(tmp_path):
    """The ending of text is that of text in capitals too."""
    tf.convert(GOLDEN / "small.ckpt", tmp_path / "x.PBTXT")
    assert (tmp_path / "x.PBTXT").read_text(encoding="utf-8").startswith("node {")


def test_one_array(source):
    """A ``.npy`` file is written where exactly one array is selected."""
    with pytest.raises(
        errors.InvalidArgumentError, match=r"only 1 array, but 2 .*'w', 'step'\. Choose one with include"
    ):
        tf.convert(source, "x.npy")
    done = tf.convert(source, "x.npy", include=["w"])
    assert ({"w": "w"}, ["x.npy"]) == (done.names, done.files)
    np.testing.assert_array_equal(np.ones((2, 3), np.float32), np.load("x.npy"), strict=True)
    assert any("a .npy file has none" in remark for remark in done.remarks)


@pytest.mark.parametrize(
    ("source", "target", "options", "match"),
    [
        ("g.meta", "x.safetensors", {}, "g.meta has a graph and no arrays. A graph is written to a .meta"),
        ("g.meta", "x.npz", {}, "no arrays"),
        ("g.meta", "x.ckpt", {}, "no arrays"),
        ("m.h5", "x.npz", {"include": ["w"], "exclude": ["*"]}, "no array of m.h5 is selected; it has 'w', 'step'"),
        ("m.h5", "x.h5", {"exclude": ["*"]}, "no array of m.h5 is selected"),
        ("m.h5", "x.ckpt", {"exclude": ["*"]}, "no array of m.h5 is selected"),
        ("empty.h5", "x.npz", {}, "empty.h5 has no arrays"),
        ("empty.h5", "x.h5", {}, "empty.h5 has no arrays"),
        ("empty.safetensors", "x.h5", {}, "empty.safetensors has no arrays"),
        ("m.h5", "x.meta", {}, "The source has no graph to write to x.meta"),
    ],
)
def test_nothing_to_write(source, target, options, match, tmp_path, monkeypatch):
    """Where nothing is left to write, that is an error, and an earlier target stays."""
    monkeypatch.chdir(tmp_path)
    tf.save_file({"w": np.ones(3), "step": np.int64(7)}, "m.h5")
    tf.save_file({}, "empty.h5")
    Path("empty.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    with tf.Graph().as_default():
        tf.placeholder(tf.float32, name="x")
        write_meta_graph(tf.train.export_meta_graph(), "g.meta")
    for name in (target, f"{target}.index"):
        Path(name).write_bytes(b"earlier")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(errors.InvalidArgumentError, match=re.escape(match)):
        tf.convert(source, target, **options)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_options_that_do_not_suit_a_graph(tmp_path):
    """Patterns choose arrays, of which a graph has none."""
    with pytest.raises(ValueError, match=r"gets only the graph, but include, dtype choose or change arrays"):
        tf.convert(GOLDEN / "small.ckpt", tmp_path / "x.pb", include=["w"], dtype="float16")
    assert [] == os.listdir(tmp_path)


def test_no_part_of_the_source_is_replaced(tmp_path, monkeypatch):
    """The graph beside a checkpoint, the files in a SavedModel and a second name of a file are the source too."""
    monkeypatch.chdir(tmp_path)
    tf.convert(GOLDEN / "small.ckpt", "m.ckpt")
    tf.save_file({"a": np.ones(1)}, "a.h5")
    os.link("a.h5", "b.h5")
    for source, target in (("m.ckpt", "m.ckpt.meta"), ("m.ckpt", "./m.ckpt.index"), ("a.h5", "b.h5")):
        with pytest.raises(ValueError, match="is the source itself, or a part of it"):
            tf.convert(source, target)
    with pytest.raises(ValueError, match="is the source itself, or a part of it"):
        tf.convert(GOLDEN / "saved", GOLDEN / "saved" / "saved_model.pb")


def test_no_file_with_values_of_the_source_is_replaced(source, tmp_path):
    """A shard of an index, any data file, and the file that a data file links to, are the source."""
    tf.convert(source, "s.safetensors")
    index = Path("model.safetensors.index.json")
    index.write_text(json.dumps({"weight_map": dict.fromkeys(tf.load_file(source), "s.safetensors")}), "utf-8")
    tf.convert(source, "n")
    os.rename("n.data-00000-of-00001", "blob")
    os.symlink("blob", "n.data-00000-of-00001")
    Path("n.data-00001-of-00002").write_bytes(b"another data file")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for whole, target in ((index, "s.safetensors"), ("n", "blob"), ("n", "n.data-00001-of-00002")):
        with pytest.raises(ValueError, match="is the source itself, or a part of it"):
            tf.convert(whole, target, to="safetensors")
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_no_graph_of_an_earlier_checkpoint_stays_beside_another(source):
    """A checkpoint without a graph replaces values and graph, and a remark says so; a graph alone is not taken."""
    tf.convert(GOLDEN / "small.ckpt", "x.ckpt")
    done = tf.convert(source, "x.ckpt")
    assert ["Removed, since it was the graph of the earlier checkpoint: x.ckpt.meta."] == done.remarks
    assert ["x.ckpt.index", "x.ckpt.data-00000-of-00001"] == done.files
    with open_source("x.ckpt") as file:
        assert file.structure() is None
    tf.convert(GOLDEN / "small.ckpt", "y.ckpt.meta")
    before = {path: Path(path).read_bytes() for path in os.listdir()}
    with pytest.raises(errors.FailedPreconditionError, match=r"y\.ckpt\.meta exists .* Remove that file"):
        tf.convert(source, "y.ckpt")
    assert before == {path: Path(path).read_bytes() for path in os.listdir()}
    os.remove("y.ckpt.meta")
    tf.convert(source, "y.ckpt")


BY_INDEX = "the new checkpoint is opened by its index, x.ckpt.index."


def test_remarks_on_other_checkpoints_of_the_prefix(source):
    """A checkpoint of the first format is replaced, and one of hdfsaver stays; both are told."""
    shutil.copy(BUNDLES / "v1", "x.ckpt")
    tf.save_file({"w": np.ones(2)}, "x.ckpt.h5")
    done = tf.convert(source, "x.ckpt")
    assert [
        "Removed, since it was the earlier checkpoint, in TensorFlow's first format: x.ckpt.",
        f"x.ckpt.h5 is still there, and is what hdfsaver opens for the prefix x.ckpt; {BY_INDEX}",
    ] == done.remarks
    assert "x.ckpt" not in os.listdir()
    assert ["w"] == list(tf.load_file("x.ckpt"))
    assert list(done.names) == list(tf.load_file("x.ckpt.index"))
    assert [] == tf.convert("x.ckpt.h5", "x.ckpt").remarks


def test_a_checkpoint_and_its_graph_are_replaced_together(source, monkeypatch):
    """Where the values cannot be written, the graph that was there stays too."""
    tf.convert(GOLDEN / "resource.ckpt", "x.ckpt")
    before = {path: Path(path).read_bytes() for path in os.listdir()}

    def fail(path, **options):
        if ".data-" in os.fspath(path):
            raise errors.ResourceExhaustedError(None, None, "The disk is full.")
        return open_draft(path, **options)

    monkeypatch.setattr(bundle_writing, "open_draft", fail)
    with pytest.raises(errors.ResourceExhaustedError):
        tf.convert(GOLDEN / "small.ckpt", "x.ckpt")
    assert before == {path: Path(path).read_bytes() for path in os.listdir()}
