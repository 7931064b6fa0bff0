"""A conversion keeps what was there, or says what it left out and why."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import h5py
import ml_dtypes
import networkx as nx
import numpy as np
import pytest
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.cli import app
from hdfsaver.conversion import converting
from hdfsaver.conversion.converted_arrays import lost_numbers
from hdfsaver.files.tensor_file import TensorFile, TensorSource
from hdfsaver.formats.open_source import open_source
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.graphs.graph_files import read_meta_graph
from hdfsaver.storage.writing import Model, write_file, write_models
from hdfsaver.tensor_info import TensorInfo

GOLDEN = Path(__file__).parents[1] / "interop" / "golden_graphs"
TRAINED = Path(__file__).parents[1] / "ground" / "golden"
OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"


# --- graphs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"rename": lambda name: f"x/{name}"}, "names are changed"),
        ({"exclude": ["w"]}, "not all arrays are converted"),
        ({"dtype": "float16"}, "dtypes are changed"),
        ({"target": "x.npz"}, "a NumPy archive does not hold graphs"),
        ({"target": "x.safetensors"}, "a safetensors file does not hold graphs"),
    ],
)
def test_a_graph_that_is_left_out(tmp_path, options, why):
    """The result says why a graph was not written."""
    options = {"target": "x.h5", **options}
    done = tf.convert(GOLDEN / "resource.ckpt", tmp_path / options.pop("target"), **options)
    assert not done.has_graph
    (remark,) = done.remarks
    assert remark.startswith("The graph is left out: ")
    assert why in remark


def test_a_graph_alone_is_reported_as_one(tmp_path):
    """A file of a graph holds no arrays, and none are reported."""
    done = tf.convert(GOLDEN / "small.ckpt", tmp_path / "g.pbtxt")
    assert ({}, 0, True, [str(tmp_path / "g.pbtxt")]) == done[:4]
    assert [
        "Arrays that are left out, since a TensorFlow graph has none: 3.",
        "Left out beside the operations: collections, Saver. A .meta file has them.",
    ] == done.remarks
    saved = tf.convert(GOLDEN / "saved", tmp_path / "saved.pb")
    assert "Left out beside the operations: collections, Saver, signatures. A .meta file has them." in saved.remarks
    remarks = tf.convert(GOLDEN / "small.ckpt", tmp_path / "g.meta").remarks
    assert ["Arrays that are left out, since a TensorFlow graph with its collections has none: 3."] == remarks


class _Constants(TensorSource):
    """A source like a frozen graph: its arrays are constants, and one element of it is not an array."""

    kind = "graph of constants"
    are_constants = True
    entries = {"c": TensorInfo("c", "float64", (2,), 16)}  # noqa: RUF012 - never changed
    left_out = MappingProxyType({"note": "None"})

    def read(self, names, callback=None):
        return {name: np.ones(2) for name in names}

    def structure(self):
        return read_meta_graph(GOLDEN / "small.ckpt.meta")


class _Unknown(_Constants):
    """A source whose graph cannot be read."""

    error: Any = errors.InvalidArgumentError

    def structure(self):
        raise self.error(None, None, "node 'x' has the unknown dtype 'float3'.")


def test_a_graph_that_cannot_be_read(tmp_path, monkeypatch):
    """The arrays are converted, and the report has the error of the graph; a damaged graph ends the conversion."""
    monkeypatch.setattr(converting, "open_source", lambda path, group: TensorFile(path, _Unknown()))
    for target, why in (("x.h5", "node 'x' has the unknown dtype"), ("x.npz", "does not hold graphs")):
        done = tf.convert("source", tmp_path / target)
        assert ({"c": "c"}, False) == (done.names, done.has_graph)
        assert why in done.remarks[0]
    before = (tmp_path / "x.h5").read_bytes()
    monkeypatch.setattr(_Unknown, "error", errors.DataLossError)
    with pytest.raises(errors.DataLossError, match="unknown dtype"):
        tf.convert("source", tmp_path / "x.h5")
    assert before == (tmp_path / "x.h5").read_bytes()
    assert ["c"] == list(tf.convert("source", tmp_path / "x.npz").names)


def test_constants_are_written_once(tmp_path, monkeypatch):
    """A target with the graph has its constants already; other targets get them as arrays."""
    monkeypatch.setattr(converting, "open_source", lambda path, group: TensorFile(path, _Constants()))
    note = {"note": "not read: None"}
    done = tf.convert("source", tmp_path / "x.h5")
    assert ({}, True, note) == (done.names, done.has_graph, done.left_out)
    assert ["Constants of the graph, which are written with it alone: 1."] == done.remarks
    for target, options in (("x.npz", {}), ("y.h5", {"include": ["c"], "dtype": "float32"}), ("x.ckpt", {})):
        done = tf.convert("source", tmp_path / target, **options)
        assert {"c": "c"} == done.names
        assert {"note"} == set(done.left_out)
        assert done.has_graph == target.endswith(".ckpt")


def test_a_plain_digraph(tmp_path):
    """A DiGraph that is not a computation graph is kept in HDF5, and left out elsewhere with the reason."""
    from hdfsaver.schema import Structure

    plain = Structure(nx.DiGraph([("a", "b")]), is_plain=True)
    write_file(tmp_path / "a.h5", variables={"w": np.ones(1)}, structure=plain)
    assert tf.convert(tmp_path / "a.h5", tmp_path / "b.h5").has_graph
    done = tf.convert(tmp_path / "a.h5", tmp_path / "b.ckpt")
    assert (False, [str(tmp_path / f"b.ckpt{end}") for end in (".index", ".data-00000-of-00001")]) == done[2:4]
    assert "a plain DiGraph is not a computation graph" in done.remarks[0]
    with pytest.raises(errors.InvalidArgumentError, match="a plain DiGraph is not a computation graph"):
        tf.convert(tmp_path / "a.h5", tmp_path / "b.meta")


@pytest.mark.parametrize(("target", "others"), [("x.ckpt", 0), ("x.meta", 1), ("x.pb", 2)])
@pytest.mark.filterwarnings("error")
def test_the_values_of_a_program_on_the_graph(tmp_path, target, others):
    """TensorFlow's files cannot have them, which the report says; an hdfsaver checkpoint keeps them."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        w = tf.get_variable("w", [2])
        session.run(w.initializer)
        graph.digraph.nodes["w"]["color"] = "red"
        graph.digraph.graph["title"] = "mine"
        tf.train.Saver().save(session, tmp_path / "m")
    done = tf.convert(tmp_path / "m.h5", tmp_path / target)
    said = "Left out of the graph: values on 1 nodes and 0 edges and on the graph. A .h5 file keeps them."
    assert (said, others) == (done.remarks[-1], len(done.remarks) - 1)
    assert [] == tf.convert(tmp_path / "m.h5", tmp_path / "x.h5").remarks


@pytest.mark.parametrize("target", ["x.h5", "x.npz", "x.ckpt", "words.npy"])
def test_the_bytes_of_text(tmp_path, target):
    """A string counts with its bytes, as in the list of the target."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["words"] = ["a", "bcd", "\u00e9"]
    done = tf.convert(tmp_path / "a.h5", tmp_path / target)
    assert 6 == done.nbytes
    assert "1 array, 0 parameters, 6 bytes." in CliRunner().invoke(app, ["ls", str(tmp_path / target)]).output


# --- metadata, groups, objects ----------------------------------------------------------------------------------


def test_metadata_that_are_left_out(tmp_path):
    """A target without metadata loses them, and the result names them."""
    tf.save_file({"a": np.zeros(3)}, tmp_path / "a.h5", {"author": "me", "note": "x"})
    for target, kind in (("b.npz", "a NumPy archive"), ("b.ckpt", "a TensorFlow checkpoint")):
        done = tf.convert(tmp_path / "a.h5", tmp_path / target)
        assert [f"Metadata are left out: {kind} does not hold 'author', 'note'."] == done.remarks
    assert [] == tf.convert(tmp_path / "a.h5", tmp_path / "b.safetensors").remarks


def test_the_models_of_other_groups(tmp_path):
    """One model is converted, the others are named; a file without a model in the root needs a choice."""
    models = {name: Model({name: np.ones(1)}, None, {}) for name in ("one", "two")}
    write_models(tmp_path / "g.h5", models)
    with pytest.raises(errors.InvalidArgumentError, match=r"are in the groups 'one', 'two'; choose one with group"):
        tf.convert(tmp_path / "g.h5", tmp_path / "x.npz")
    done = tf.convert(tmp_path / "g.h5", tmp_path / "x.npz", group="two")
    assert {"two": "two"} == done.names
    assert ["The models of other groups are left out: 'one'. Convert each with group (--group)."] == done.remarks
    write_models(tmp_path / "g.h5", {"": Model({"w": np.ones(1)}, None, {}), **models})
    assert "'one', 'two'" in tf.convert(tmp_path / "g.h5", tmp_path / "x.h5").remarks[0]
    (remark,) = tf.convert(tmp_path / "g.h5", tmp_path / "x.h5", group="one").remarks
    assert "'the root', 'two'" in remark


@pytest.fixture
def objects(tmp_path):
    """A TensorFlow 2 checkpoint: its tensor that describes objects is a string."""
    arrays = {"w/.ATTRIBUTES/VARIABLE_VALUE": np.ones(3, np.float32), OBJECTS: np.array(b"\n\x02\x12\x01", object)}
    write_bundle(tmp_path / "two.ckpt", arrays)
    return tmp_path / "two.ckpt"


def test_the_objects_of_tensorflow_2(objects, tmp_path):
    """They stay in checkpoints with all arrays, and are left out with a note elsewhere."""
    for target in ("x.npz", "x.safetensors"):
        done = tf.convert(objects, tmp_path / target)
        assert {OBJECTS: "the objects of TensorFlow 2, which only TensorFlow reads"} == done.left_out
        assert ["w/.ATTRIBUTES/VARIABLE_VALUE"] == list(done.names)
    for source, target in ((objects, "x.h5"), (tmp_path / "x.h5", "y.ckpt")):
        done = tf.convert(source, tmp_path / target)
        assert ({}, True) == (done.left_out, OBJECTS in done.names)
    for ending in (".index", ".data-00000-of-00001"):
        assert Path(f"{objects}{ending}").read_bytes() == (tmp_path / f"y.ckpt{ending}").read_bytes()


@pytest.mark.parametrize(
    ("options", "why"), [({"rename": [("^w", "v")]}, "names are changed"), ({"dtype": "float16"}, "dtypes are changed")]
)
def test_objects_that_do_not_match(objects, tmp_path, options, why):
    """Renamed or converted arrays are not those that the objects describe."""
    done = tf.convert(objects, tmp_path / "x.h5", **options)
    assert {OBJECTS: f"the objects of TensorFlow 2, which do not match the arrays: {why}"} == done.left_out
    assert OBJECTS in tf.convert(objects, tmp_path / "x.npz", include=[OBJECTS]).names


# --- elements that cannot be read -----------------------------------------------------------------------------------


@pytest.fixture
def partly(tmp_path):
    """A file of h5py in which one element cannot be read."""
    with h5py.File(tmp_path / "partly.h5", "w") as file:
        file["w"] = np.ones(3, np.float32)
        file.create_dataset("lists", (2,), h5py.vlen_dtype(np.int32))
    return tmp_path / "partly.h5"


def test_an_element_that_cannot_be_read(partly, tmp_path):
    """It is left out with its error, unless it is asked for."""
    done = tf.convert(partly, tmp_path / "x.npz")
    with open_source(partly) as source:
        why = source.unreadable["lists"].message
    assert ({"w": "w"}, {"lists": why}) == (done.names, done.left_out)
    for pattern in ("lists", "l*"):
        with pytest.raises(errors.InvalidArgumentError, match="lists"):
            tf.convert(partly, tmp_path / "y.npz", include=["w", pattern])
    assert not (tmp_path / "y.npz").exists()
    assert [] == tf.convert(partly, tmp_path / "x.npz", exclude=["lists"]).remarks
    assert {"lists": "no pattern of include matches"} == tf.convert(partly, tmp_path / "x.npz", include=["w"]).left_out
    with pytest.raises(errors.InvalidArgumentError, match=r"no array of .* is selected"):
        tf.convert(partly, tmp_path / "y.npz", exclude=["w"])


# --- optimizers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["reference", "resource"])
def test_slots_according_to_the_graph(tmp_path, kind):
    """All that TensorFlow's optimizers keep is left out, from HDF5 and TensorFlow's files alike, and nothing else."""
    expected = json.loads((TRAINED / "optimizers.json").read_text(encoding="utf-8"))[kind]
    values = {name: np.ones((), np.float32) for name in expected["all"]}
    write_file(tmp_path / "a.h5", variables=values, structure=read_meta_graph(TRAINED / f"optimizers_{kind}.meta"))
    tf.convert(tmp_path / "a.h5", tmp_path / "a.ckpt")
    for source in ("a.h5", "a.ckpt"):
        done = tf.convert(tmp_path / source, tmp_path / "x.npz", drop_slots=True)
        assert dict.fromkeys(expected["optimizer"], "an optimizer's") == done.left_out
        assert set(expected["all"]) == {*done.left_out, *done.names}
        assert not any("names" in remark for remark in done.remarks)


@pytest.mark.parametrize("name", ["keras", "module", "alone"])
def test_slots_according_to_the_objects(tmp_path, name):
    """A checkpoint of TensorFlow 2 tells its optimizer's tensors from HDF5 as it does from its own files."""
    source = Path(__file__).parents[1] / "interop" / "golden_objects" / name
    tf.convert(source, tmp_path / "a.h5")
    with open_source(source) as file:
        expected = file.optimizer_names()
    assert expected
    for each in (source, tmp_path / "a.h5"):
        done = tf.convert(each, tmp_path / "b.npz", drop_slots=True)
        assert expected == done.left_out.keys() - {OBJECTS}
        assert not any("recognized by their names" in remark for remark in done.remarks)


def test_a_graph_without_slots(tmp_path):
    """Where the graph shows an optimizer and the file has none of its variables, nothing is guessed."""
    done = tf.convert(GOLDEN / "small.ckpt", tmp_path / "x.npz", drop_slots=True)
    assert f"drop_slots left nothing out: {GOLDEN / 'small.ckpt'} has no array of an optimizer." in done.remarks


# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        ("float16", [1e6, -1e6, 1.0, np.inf, np.nan], "2 became infinite"),
        ("float16", [1e-9, 0.0, -0.0, 6e-8], "1 became 0"),
        ("float32", [1e300, 1e-300], "1 became infinite, 1 became 0"),
        ("bfloat16", [1e39, 1e30], "1 became infinite"),
        ("float8_e4m3fn", [1000.0, np.inf, np.nan, 1.0], "2 became NaN"),
        ("float8_e5m2", [1e6, np.inf, np.nan], "1 became infinite"),
        ("float64", [1.5, np.nan, np.inf], ""),
    ],
)
def test_numbers_beyond_a_dtype(tmp_path, dtype, value, expected):
    """The report counts what became infinite, NaN or 0; NaN stays NaN, and other numbers are the nearest ones."""
    before = np.array(value)
    tf.save_file({"w": before, "i": np.array([1 << 40])}, tmp_path / "a.h5")
    done = tf.convert(tmp_path / "a.h5", tmp_path / "b.h5", dtype=dtype, rename=[("w", "v")])
    assert ({"v": f"of {before.size} numbers {expected} in {dtype}"} if expected else {}) == done.changed
    found = tf.load_file(tmp_path / "b.h5")
    assert [dtype, "int64"] == [found[name].dtype.name for name in ("v", "i")]
    after = found["v"].astype(np.float64)
    assert np.isnan(after[np.isnan(before)]).all()
    kept = np.isfinite(after) & (after != 0)
    np.testing.assert_allclose(before[kept], after[kept], rtol=0.1)


def test_no_number_is_lost_where_all_fit():
    """Numbers of a wider dtype, and those that round, are the nearest ones; nothing is said of them."""
    values = np.array([0.1, -0.0, np.inf, -np.inf, np.nan])
    assert "" == lost_numbers(values, values.astype(ml_dtypes.bfloat16))


# --- options without an effect ----------------------------------------------------------------------------------------


def test_options_without_an_effect(tmp_path):
    """A pattern that matches nothing may be a mistake: the report says so."""
    tf.save_file({"w": np.ones(3), "v": np.ones(3)}, tmp_path / "a.h5")
    done = tf.convert(tmp_path / "a.h5", tmp_path / "b.npz", exclude=["x*"], rename=[("y", "z")], dtype="float64")
    assert [
        "The pattern 'x*' of exclude matches no array.",
        "rename changed no name.",
        "No array was converted to float64: that is done with real numbers of another dtype.",
    ] == done.remarks


def test_names_that_meet(tmp_path):
    """Two arrays of one name are an error with both."""
    tf.save_file({"w1": np.ones(3), "w2": np.ones(3)}, tmp_path / "a.h5")
    with pytest.raises(ValueError, match="rename gives both 'w1' and 'w2' the name 'w'"):
        tf.convert(tmp_path / "a.h5", tmp_path / "b.npz", rename=[("[0-9]", "")])


@pytest.mark.parametrize("target", ["b.h5", "b.npz"])
def test_the_order_of_arrays(tmp_path, target):
    """Arrays are in the order of the source."""
    names = ["z", "a/b", "a", "m"]
    tf.save_file({name: np.ones(3) for name in names}, tmp_path / "a.h5")
    assert names == list(tf.convert(tmp_path / "a.h5", tmp_path / target).names)
    with open_source(tmp_path / target) as file:
        assert names == list(file)


# --- the command ------------------------------------------------------------------------------------------------------


def _run(*arguments):
    result = CliRunner().invoke(app, ["convert", *map(str, arguments)])
    return result.exit_code, result.output.splitlines()


def test_the_command_says_all_of_it(partly, tmp_path, monkeypatch):
    """Files, arrays and graph, then every element that was left out, with the reason."""
    monkeypatch.chdir(tmp_path)
    with open_source(partly) as source:
        why = source.unreadable["lists"].message.rstrip(".")
    assert (0, ["x.npz: 1 array, 12 bytes.", f"Left out: lists ({why})."]) == _run("partly.h5", "x.npz")
    files = "Files: y.index, y.data-00000-of-00001, y.meta."
    assert (0, [f"y: 2 arrays, 32 bytes, and the graph. {files}"]) == _run(GOLDEN / "resource.ckpt", "y")
    assert "g.pbtxt: the graph." == _run("y", "g.pbtxt")[1][0]
    code, lines = _run("y", "z.npz", "--rename", "w=u", "--dtype", "float16")
    assert (0, "z.npz: 2 arrays, 16 bytes.") == (code, lines[0])
    assert lines[1].startswith("The graph is left out: ")
    code, lines = _run("y", "z.npz", *(["--exclude", "*"]))
    assert (4, 1) == (code, len(lines))


def test_many_names_for_one_reason(tmp_path):
    """The first names are shown, and the number of the others."""
    tf.save_file({f"v{number}": np.ones(1) for number in range(9)}, tmp_path / "a.h5")
    _, lines = _run(tmp_path / "a.h5", tmp_path / "b.npz", "--include", "v0")
    assert "Left out: v1, v2, v3 and 5 more (no pattern of include matches)." == lines[1]


def test_many_changed_arrays(tmp_path):
    """The first arrays with numbers beyond the dtype are shown, and the number of the others."""
    tf.save_file({f"v{number}": np.array([1e6, 1.0]) for number in range(5)}, tmp_path / "a.h5")
    _, lines = _run(tmp_path / "a.h5", tmp_path / "b.npz", "--dtype", "float16")
    changes = ", ".join(f"v{number} (of 2 numbers 1 became infinite in float16)" for number in range(3))
    assert f"Changed: {changes} and 2 more." == lines[1]


def test_the_command_with_json(tmp_path):
    """With `--json` the result is one JSON object, in full."""
    tf.save_file({f"v{number}": np.ones(1) for number in range(9)}, tmp_path / "a.h5", {"author": "me"})
    code, lines = _run(tmp_path / "a.h5", tmp_path / "b.npz", "--include", "v0", "--json", "--to", "npz", "--group", "")
    assert (0, 1) == (code, len(lines))
    expected = tf.convert(tmp_path / "a.h5", tmp_path / "b.npz", include=["v0"])
    assert {"schema": 1, "command": "convert", **expected._asdict()} == json.loads(lines[0])
    assert 8 == len(expected.left_out)


def test_the_content_of_other_programs_is_said(tmp_path):
    """A report names attributes of an HDF5 file, and the objects that other programs added to a checkpoint."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["a/w"] = np.ones(2)
        file["a/w"].attrs["units"] = "m"
        file["a"].attrs["note"] = "n"
        file["b/c/d"] = np.ones(2)
        file["b"].attrs["note"] = "of a group without a dataset in it"
        file["v"] = np.ones(2)
    said = "Left out, since only arrays, graph and metadata are converted: attributes of 3 objects."
    assert [said] == tf.convert(tmp_path / "x.h5", tmp_path / "y.h5").remarks
    assert [] == tf.convert(tmp_path / "y.h5", tmp_path / "z.npz").remarks
    with h5py.File(tmp_path / "y.h5", "a") as file:
        file["notes"] = "n"
    tf.reseal(tmp_path / "y.h5")
    assert "content of other programs" in tf.convert(tmp_path / "y.h5", tmp_path / "z.npz").remarks[0]


def test_damage_is_not_left_out_silently(tmp_path):
    """An element whose header is damaged ends a conversion, as a damaged value does; exclude leaves it out."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["w"] = np.ones(2)
        made = file.create_dataset("bad", (4,), "f4", chunks=(2,))
        made.id.write_direct_chunk((0,), b"short")
    for options in ({}, {"include": ["*"]}):
        with pytest.raises(errors.DataLossError, match=r"x\.h5: .*bad.*exclude='bad'"):
            tf.convert(tmp_path / "x.h5", tmp_path / "y.npz", **options)
    assert ["w"] == list(tf.convert(tmp_path / "x.h5", tmp_path / "y.npz", exclude=["bad"]).names)
