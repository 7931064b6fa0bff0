"""What every edit keeps, and what it changes: values, digests, compression, the graph and its Saver, the rest."""

from __future__ import annotations

import importlib
import io
import json
import shutil
import subprocess
from typing import Any

import h5py
import ml_dtypes
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import dtypes, edit, errors

NEW = {"old/*": "new/*"}
EDITS = {
    "strip": edit.strip,
    "rename": lambda source, *given, **options: edit.rename(source, *given, names=NEW, **options),
    "cast": lambda source, *given, **options: edit.cast(source, *given, dtype="bfloat16", **options),
    "compress": lambda source, *given, **options: edit.compress(source, *given, compression="gzip", **options),
    "decompress": lambda source, *given, **options: edit.compress(source, *given, compression=None, **options),
    "merge": lambda source, *given, **options: edit.merge([source], *given, **options),
    "average": lambda source, *given, **options: edit.average([source], *given, **options),
}
IN_PLACE = [name for name in EDITS if name not in ("merge", "average")]


def checked(path):
    """All arrays of a file, every byte of which is compared with its digest."""
    with tf.open_file(path) as file:
        file.verify()
        return dict(file)


def equal(one, other):
    """Whether two dicts of arrays are the same, in any order."""
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and one[name].tobytes() == other[name].tobytes() for name in one
    )


@pytest.mark.parametrize("source", ["m-3.h5", "tf-3.ckpt"])
@pytest.mark.parametrize("name", EDITS)
def test_the_graph_restores(made, tmp_path, run_network, name, source):
    """`import_meta_graph` and `restore` work with every result, from checkpoints of both programs."""
    done = EDITS[name](made.folder / source, tmp_path / "new.h5")
    assert (done.written, done.has_graph, done.files) == (True, True, [str(tmp_path / "new.h5")])
    options = {"cast": True} if name == "cast" else {}
    found = run_network(tmp_path / "new.h5", has_note=source.endswith(".h5"), **options)
    assert np.abs(found).max() > 0.1
    np.testing.assert_allclose(found, made.outputs[2], rtol=0.1 if options else 0, atol=0.1 if options else 0)
    found = checked(tmp_path / "new.h5")
    assert list(done.names) == list(found)
    assert done.nbytes == sum(array.nbytes for array in found.values())


@pytest.mark.parametrize("name", EDITS)
def test_a_checkpoint_of_tensorflow(made, tmp_path, run_network, name):
    """The result can be a checkpoint of TensorFlow with its graph, but where dtypes differ from the graph's."""
    done = EDITS[name](made.folder / "m-3.h5", tmp_path / "new.h5")
    if name in ("compress", "decompress"):
        with pytest.raises(ValueError, match="Only an hdfsaver checkpoint"):
            EDITS[name](made.folder / "m-3.h5", tmp_path / "new.ckpt")
        return
    done = EDITS[name](made.folder / "m-3.h5", tmp_path / "new.ckpt")
    assert equal(checked(tmp_path / "new.ckpt.index"), checked(tmp_path / "new.h5"))
    assert done.has_graph == (name != "cast")
    if name == "cast":
        assert any("graph is left out" in remark for remark in done.remarks)
    else:
        np.testing.assert_array_equal(run_network(str(tmp_path / "new.ckpt")), made.outputs[2])


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(made, tmp_path, name, files_in):
    """The source is replaced by what another file would have become; a link to it and its mode stay."""
    shutil.copy(made.folder / "m-3.h5", tmp_path / "real.h5")
    (tmp_path / "real.h5").chmod(0o640)
    (tmp_path / "m.h5").symlink_to("real.h5")
    EDITS[name](made.folder / "m-3.h5", tmp_path / "other.h5")
    done = EDITS[name](tmp_path / "m.h5", in_place=True)
    assert done.files == [str(tmp_path / "m.h5")]
    assert (tmp_path / "m.h5").is_symlink()
    assert (tmp_path / "real.h5").stat().st_mode & 0o777 == 0o640
    found = files_in(tmp_path)
    assert found["real.h5"] == found["other.h5"]


@pytest.mark.parametrize("name", EDITS)
def test_a_dry_run_writes_nothing(made, tmp_path, name, files_in):
    """It returns what the edit returns then, but that nothing was written."""
    before = files_in(made.folder)
    done = EDITS[name](made.folder / "m-3.h5", tmp_path / "new.h5", dry_run=True)
    assert [] == list(tmp_path.iterdir())
    real = EDITS[name](made.folder / "m-3.h5", tmp_path / "new.h5")
    assert (done.written, real.written) == (False, True)
    assert done._replace(written=True) == real
    assert before == files_in(made.folder)


@pytest.mark.parametrize("name", IN_PLACE)
def test_the_rest_of_the_file_is_kept(tmp_path, name):
    """Metadata, models of other groups, and what other programs have added, also to variables that have other names."""
    path = tmp_path / "m.h5"
    with tf.Graph().as_default(), tf.Session() as sess:
        values = [tf.get_variable("old/w", [200, 100]), tf.get_variable("old/w/Adam", [200, 100])]
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "m")
        tf.train.Saver(group="teacher", compression="gzip").save(sess, tmp_path / "m")
        expected = sess.run(values)
    with h5py.File(path, "a") as file:
        file["variables/old/w"].attrs["units"] = "m"
        file["notes"] = np.arange(2000)
        file["link"] = h5py.SoftLink("/variables/old/w")
    tf.reseal(path)
    with tf.open_file(path) as file:
        metadata = file.metadata()
    EDITS[name](path, in_place=True)
    new = "new/w" if name == "rename" else "old/w"
    with h5py.File(path) as file:
        assert file[f"variables/{new}"].attrs["units"] == "m"
        assert list(file["notes"]) == list(range(2000))
        assert sorted(file["variables"]) == [new.partition("/")[0]]
        assert sorted(file) == sorted(["about", "graph", "index", "link", "notes", "variables", "teacher"])
    with tf.open_file(path) as file, tf.open_file(path, group="teacher") as teacher:
        file.verify()
        assert metadata == file.metadata()
        assert ["", "teacher"] == file.groups()
        assert ("shuffle", "gzip") == teacher.variables["old/w"].filters
        np.testing.assert_array_equal(teacher["old/w"], expected[0])
        if name != "cast":
            np.testing.assert_array_equal(file[new], expected[0])
        assert (f"{new}/Adam" in file) == (name != "strip")
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(path, group="teacher").restore(sess, path)
        np.testing.assert_array_equal(sess.run("old/w/Adam:0"), expected[1])


def test_stored_bytes_stay(made, tmp_path, monkeypatch):
    """Renaming neither decodes nor encodes, and the digests are the same."""
    monkeypatch.setattr("hdfsaver.storage.chunks.chunk_reading.undo", None)
    edit.rename(made.folder / "m-3.h5", tmp_path / "new.h5", names=NEW)
    with tf.open_file(made.folder / "m-3.h5") as old, tf.open_file(tmp_path / "new.h5") as new:
        for name in old:
            other = name.replace("old/", "new/")
            assert old.digest(name) == new.digest(other)
            assert old.variables[name].filters == new.variables[other].filters
        assert new.variables["new/w"].filters == ("shuffle", "gzip")


def test_strip(made, tmp_path):
    """By default the slots go; or names by patterns; or the graph."""
    slots = edit.strip(made.folder / "m-3.h5", tmp_path / "a.h5")
    assert ["old/w", "old/b", "old/table", "global_step"] == list(checked(tmp_path / "a.h5"))
    assert ["an optimizer's"] * 8 == list(slots.left_out.values())
    named = edit.strip(made.folder / "m-3.h5", tmp_path / "b.h5", exclude=["old/[wb]*"])
    assert (named.has_graph, "old/w" in checked(tmp_path / "b.h5")) == (True, False)
    graph = edit.strip(made.folder / "m-3.h5", tmp_path / "c.h5", graph=True)
    assert (graph.has_graph, len(checked(tmp_path / "c.h5"))) == (False, 12)
    with h5py.File(tmp_path / "c.h5") as file:
        assert "graph" not in file
    everything = edit.strip(made.folder / "m-3.h5", tmp_path / "d.h5", exclude=["*"])
    assert (everything.has_graph, everything.names) == (True, {})
    with pytest.raises(errors.InvalidArgumentError, match="Nothing would be left"):
        edit.strip(made.folder / "m-3.h5", tmp_path / "e.h5", exclude=["*"], graph=True)
    with pytest.raises(errors.NotFoundError, match="'missing/\\*'"):
        edit.strip(made.folder / "m-3.h5", tmp_path / "e.h5", exclude=["missing/*"])
    assert not (tmp_path / "e.h5").exists()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"a": "b", "b": "a"}, ["b", "a", "s/x/w", "s/y/w"]),
        ({"s/*": "*"}, ["a", "b", "x/w", "y/w"]),
        ({"s/*/*": "*/new/*"}, ["a", "b", "x/new/w", "y/new/w"]),
        ({"s/x*": "t*", "s/*": "u/*"}, ["a", "b", "t/w", "u/y/w"]),
        ({"a": "a b/\x1b"}, ["a b/\x1b", "b", "s/x/w", "s/y/w"]),
    ],
)
def test_names(tmp_path, names, expected):
    """Wildcards of the new name stand for what those of the old one match; the first match counts; all at once."""
    before = {name: np.arange(place) for place, name in enumerate(["a", "b", "s/x/w", "s/y/w"])}
    tf.save_file(before, tmp_path / "a.h5")
    done = edit.rename(tmp_path / "a.h5", tmp_path / "b.h5", names=names)
    found = checked(tmp_path / "b.h5")
    assert expected == list(found)
    assert [list(before[old]) for old in done.names.values()] == [list(array) for array in found.values()]


def test_names_by_other_rules(tmp_path):
    """Regular expressions, and a function, as a Saver takes them."""
    tf.save_file({"w_1": np.ones(1), "w_2": np.ones(2)}, tmp_path / "a.h5")
    edit.rename(tmp_path / "a.h5", tmp_path / "b.h5", rename=[(r"_(\d)", r"/\1")])
    assert ["w/1", "w/2"] == list(checked(tmp_path / "b.h5"))
    edit.rename(tmp_path / "a.h5", tmp_path / "b.h5", rename=str.upper)
    assert ["W_1", "W_2"] == list(checked(tmp_path / "b.h5"))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"names": {"missing": "x"}}, errors.NotFoundError, "No array of .* matches 'missing'"),
        ({"names": {"a": "b"}}, ValueError, "gives both 'a' and 'b' the name 'b'"),
        ({"names": {"*": "x"}}, ValueError, "the name 'x'"),
        ({"names": {"a*": "b**"}}, ValueError, "more wildcards"),
        ({"names": {"a": "a"}}, ValueError, "No name of .* would change"),
        ({"rename": [("(", "")]}, ValueError, "malformed regular expression"),
        ({}, ValueError, "Give either names"),
        ({"names": {"a": "\ud800"}}, ValueError, "surrogate"),
    ],
)
def test_names_that_are_refused(tmp_path, options, error, message):
    """Nothing is written then, and an earlier file stays."""
    tf.save_file({"a": np.ones(1), "b": np.ones(2)}, tmp_path / "a.h5")
    (tmp_path / "b.h5").write_bytes(b"earlier")
    with pytest.raises(error, match=message):
        edit.rename(tmp_path / "a.h5", tmp_path / "b.h5", **options)
    assert (tmp_path / "b.h5").read_bytes() == b"earlier"
    assert len(list(tmp_path.iterdir())) == 2


def test_merge(tmp_path):
    """Arrays and metadata of all; equal ones are no conflict, different ones are refused by name unless asked."""
    tf.save_file(
        {"a": np.ones(3), "n": np.float32([np.nan]), "s": np.array([b"x"], object)}, tmp_path / "1.h5", {"k": "1"}
    )
    tf.save_file(
        {"b": np.ones(2), "n": np.float32([np.nan]), "s": np.array([b"x"], object)}, tmp_path / "2.h5", {"l": "2"}
    )
    np.savez(tmp_path / "3.npz", a=np.zeros(3), n=np.float32([np.nan]))
    edit.merge([tmp_path / "1.h5", tmp_path / "2.h5"], tmp_path / "new.h5")
    assert ["a", "n", "s", "b"] == list(checked(tmp_path / "new.h5"))
    with tf.open_file(tmp_path / "new.h5") as file:
        assert file.metadata() == {"k": "1", "l": "2"}
    three = [tmp_path / name for name in ("1.h5", "2.h5", "3.npz")]
    with pytest.raises(errors.AlreadyExistsError, match=r"1\.h5 and .*3\.npz have a different array 'a'"):
        edit.merge(three, tmp_path / "refused.h5")
    assert not (tmp_path / "refused.h5").exists()
    for which, value in (("first", 1), ("last", 0)):
        done = edit.merge(three, tmp_path / "new.h5", on_conflict=which)
        assert {"a"} == set(done.changed)
        assert value == checked(tmp_path / "new.h5")["a"][0]
    tf.save_file({"c": np.ones(2)}, tmp_path / "4.h5", {"k": "4"})
    with pytest.raises(errors.AlreadyExistsError, match="metadata 'k'"):
        edit.merge([tmp_path / "1.h5", tmp_path / "4.h5"], tmp_path / "new.h5")


def test_the_graph_of_a_merge(made, tmp_path, run_network):
    """It is that of the first source with one; its Saver restores beside the arrays of others."""
    tf.save_file({"extra": np.ones(3)}, tmp_path / "extra.h5")
    edit.strip(made.folder / "m-2.h5", tmp_path / "two.h5", exclude=["old/*"])
    sources = [tmp_path / "extra.h5", made.folder / "m-3.h5", tmp_path / "two.h5"]
    done = edit.merge(sources, tmp_path / "new.h5", on_conflict="first")
    assert [remark for remark in done.remarks if "those of" in remark and "two.h5" in remark]
    np.testing.assert_array_equal(run_network(tmp_path / "new.h5"), made.outputs[2])
    assert "extra" in checked(tmp_path / "new.h5")


def test_cast(tmp_path):
    """By pattern, the first that matches; the errors are the largest differences; other arrays stay."""
    values: dict[str, Any] = {
        "a/w": np.random.default_rng(1).normal(size=(300, 400)).astype(np.float32),
        "a/tiny": np.float32([1e-30, 0, 2]),
        "b": np.float64([1 / 3, np.inf, np.nan]),
        "n": np.int64(3),
        "c": np.array([1j], np.complex64),
    }
    tf.save_file(values, tmp_path / "a.h5", compression={"a/w": "gzip"})
    rules = {"a/*": "float16", "*": "bfloat16"}
    done = edit.cast(tmp_path / "a.h5", tmp_path / "b.h5", dtype=rules)
    found = checked(tmp_path / "b.h5")
    expected = {name: ml_dtypes.bfloat16 if name == "b" else np.float16 for name in ("a/w", "a/tiny", "b")}
    for name, dtype in expected.items():
        assert found[name].tobytes() == values[name].astype(dtype).tobytes()
        finite = np.isfinite(values[name])
        error = np.abs(values[name][finite].astype(np.float64) - found[name][finite].astype(np.float64)).max()
        assert done.errors[name] == error
    assert equal({name: found[name] for name in ("n", "c")}, {name: values[name] for name in ("n", "c")})
    assert done.changed["a/tiny"] == "float32 to float16, largest error 1e-30, 1 became 0"
    with tf.open_file(tmp_path / "b.h5") as file:
        assert file.variables["a/w"].filters == ("shuffle", "gzip")


def test_numbers_beyond_a_dtype(tmp_path):
    """They are refused by name; or become the largest number, or infinite, as asked for."""
    values = {"w": np.float32([1, 70_000, -1e30, np.nan, np.inf])}
    tf.save_file(values, tmp_path / "a.h5")
    with pytest.raises(
        errors.InvalidArgumentError, match=r"'w' has the number 70000, which is beyond float16 \(at most 65504\)"
    ):
        edit.cast(tmp_path / "a.h5", tmp_path / "b.h5", dtype="float16")
    with pytest.raises(errors.InvalidArgumentError, match="beyond float16"):
        edit.cast(tmp_path / "a.h5", tmp_path / "b.h5", dtype="float16", dry_run=True)
    assert ["a.h5"] == [path.name for path in tmp_path.iterdir()]
    edit.cast(tmp_path / "a.h5", tmp_path / "b.h5", dtype="float16", overflow="saturate")
    np.testing.assert_array_equal(checked(tmp_path / "b.h5")["w"], np.float16([1, 65504, -65504, np.nan, 65504]))
    done = edit.cast(tmp_path / "a.h5", tmp_path / "b.h5", dtype="float16", overflow="infinite")
    np.testing.assert_array_equal(checked(tmp_path / "b.h5")["w"], np.float16([1, np.inf, -np.inf, np.nan, np.inf]))
    assert "2 became infinite" in done.changed["w"]
    edit.cast(tmp_path / "a.h5", tmp_path / "b.h5", dtype="float8_e4m3fn", overflow="saturate")
    assert checked(tmp_path / "b.h5")["w"].astype(float).tolist()[1:3] == [448, -448]


@pytest.mark.parametrize(
    ("dtype", "error", "message"),
    [
        ("int8", ValueError, "another dtype of real numbers"),
        ("float17", ValueError, "Unknown dtype"),
        ({"n": "float16"}, ValueError, "'n' has dtype int64"),
        ({"missing*": "float16"}, errors.NotFoundError, "missing"),
    ],
)
def test_casts_that_are_refused(tmp_path, dtype, error, message):
    """A dtype without real numbers, integers by name, and names that match nothing."""
    tf.save_file({"w": np.ones(2), "n": np.int64(1)}, tmp_path / "a.h5")
    with pytest.raises(error, match=message):
        edit.cast(tmp_path / "a.h5", tmp_path / "b.h5", dtype=dtype)


def test_compress(made, tmp_path):
    """Values are compressed, unpacked, or packed again with a level; arrays that are not meant stay as they are."""
    path = tmp_path / "a.h5"
    shutil.copy(made.folder / "m-3.h5", path)
    before = checked(path)

    def filters():
        assert equal(before, checked(path))
        with tf.open_file(path) as file:
            return {name: " ".join(entry.filters) for name, entry in file.variables.items() if entry.filters}

    assert filters() == {"old/w": "shuffle gzip"}
    edit.compress(path, compression="zstd", exclude=["old/w"], in_place=True)
    assert filters() == {"old/w": "shuffle gzip", "old/w/Adam": "shuffle zstd", "old/w/Adam_1": "shuffle zstd"}
    edit.compress(path, compression={"old/w": None, "old/w/Adam": "lz4"}, in_place=True)
    assert filters() == {"old/w/Adam": "shuffle lz4", "old/w/Adam_1": "shuffle zstd"}
    edit.compress(path, compression=tf.Compression("gzip", level=9, shuffle=False), in_place=True)
    assert filters() == dict.fromkeys(["old/w", "old/w/Adam", "old/w/Adam_1"], "gzip")
    size = path.stat().st_size
    done = edit.compress(path, compression=tf.Compression("gzip", level=1, shuffle=False), in_place=True)
    assert (len(done.changed), path.stat().st_size > size) == (3, True)
    done = edit.compress(path, compression=tf.Compression("gzip", shuffle=False), in_place=True)
    assert not done.changed
    edit.compress(path, compression=None, include=["old/*"], in_place=True)
    assert filters() == {}


@pytest.mark.parametrize("name", EDITS)
def test_damage_is_refused(made, tmp_path, name, files_in):
    """A value that differs from what was saved is an error; neither the source nor an earlier file changes."""
    data = bytearray((made.folder / "m-3.h5").read_bytes())
    data[-3] ^= 1
    (tmp_path / "m.h5").write_bytes(data)
    (tmp_path / "new.h5").write_bytes(b"earlier")
    before = files_in(tmp_path)
    given = {"exclude": ["global_step"]} if name == "strip" else {}
    with pytest.raises(errors.DataLossError, match="differ"):
        EDITS[name](tmp_path / "m.h5", tmp_path / "new.h5", **given)
    if name in IN_PLACE:
        with pytest.raises(errors.DataLossError, match="differ"):
            EDITS[name](tmp_path / "m.h5", in_place=True, **given)
    assert before == files_in(tmp_path)


def test_damage_of_tensorflow_files_is_refused(made, tmp_path):
    """Also where an array is read piece by piece: the checksum is compared before the result is complete."""
    for path in made.folder.glob("tf-3.ckpt*"):
        shutil.copy(path, tmp_path)
    (data,) = tmp_path.glob("*.data*")
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    for make in (EDITS["rename"], EDITS["cast"]):
        with pytest.raises(errors.DataLossError, match="differ from those that were saved"):
            make(tmp_path / "tf-3.ckpt", tmp_path / "new.h5")
        assert not (tmp_path / "new.h5").exists()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda at: edit.strip(at / "m-3.h5"), ValueError, "There is no output"),
        (lambda at: edit.strip(at / "m-3.h5", at / "x.h5", in_place=True), ValueError, "Both an output and in_place"),
        (lambda at: edit.strip(at / "m-3.h5", at / "m-3.h5"), ValueError, "is the source itself"),
        (lambda at: edit.merge([at / "m-1.h5", at / "m-2.h5"], at / "m-2.h5"), ValueError, "is the source itself"),
        (
            lambda at: edit.strip(at / "tf-3.ckpt", in_place=True),
            errors.InvalidArgumentError,
            "not an hdfsaver checkpoint",
        ),
        (lambda at: edit.strip(at / "m-9.h5", at / "x.h5"), errors.NotFoundError, "m-9"),
        (lambda at: edit.strip(at / "m-3.h5", at / "x.h5", group="g"), errors.NotFoundError, "group"),
        (lambda at: edit.strip(at / "m-3.h5", at / "x.onnx"), errors.InvalidArgumentError, "only `convert` writes"),
        (lambda at: edit.strip(at / "m-3.h5", at / "x.pdf"), errors.InvalidArgumentError, r"\.pdf"),
        (lambda at: edit.strip(at / "m-3.h5", at / "no" / "x.h5"), errors.NotFoundError, "no"),
        (lambda at: edit.strip(at / "m-3.h5", at / "x.npy"), errors.InvalidArgumentError, "only 1 array"),
        (lambda at: edit.merge([], at / "x.h5"), ValueError, "no sources"),
        (lambda at: edit.merge(str(at / "m-3.h5"), at / "x.h5"), TypeError, "list of paths"),
        (lambda at: edit.merge([at / "m-3.h5"], at / "x.h5", on_conflict="any"), ValueError, "on_conflict"),
        (lambda at: edit.strip(at / "m-3.h5", at / "x.h5", exclude="old/*"), TypeError, "list of patterns"),
        (lambda at: edit.compress(at / "m-3.h5", at / "x.h5", compression="rar"), ValueError, "rar"),
    ],
)
def test_refusals(made, tmp_path, files_in, make, error, message):
    """Each is one sentence that says what is wrong, and nothing is written."""
    shutil.copytree(made.folder, tmp_path, dirs_exist_ok=True)
    before = files_in(tmp_path)
    with pytest.raises(error, match=message):
        make(tmp_path)
    assert before == files_in(tmp_path)


def test_another_program_changes_the_source(made, tmp_path, monkeypatch):
    """A file that is replaced while it is edited in place stays what it is then."""
    path = tmp_path / "m.h5"
    shutil.copy(made.folder / "m-3.h5", path)
    module = importlib.import_module("hdfsaver.editing.rename")
    made_edit = module.edit_of

    def changing(*given, **options):
        shutil.copy(made.folder / "m-1.h5", tmp_path / "other.h5")
        (tmp_path / "other.h5").replace(path)
        return made_edit(*given, **options)

    monkeypatch.setattr(module, "edit_of", changing)
    with pytest.raises(errors.AbortedError, match="changed by another program"):
        edit.rename(path, names=NEW, in_place=True)
    assert path.read_bytes() == (made.folder / "m-1.h5").read_bytes()
    assert ["m.h5"] == [each.name for each in tmp_path.iterdir()]


def test_other_formats(made, tmp_path):
    """A result in another format has what that can hold; the rest is named."""
    done = edit.strip(made.folder / "m-3.h5", tmp_path / "w.safetensors")
    assert [remark for remark in done.remarks if "graph is left out" in remark]
    assert equal(checked_any(tmp_path / "w.safetensors"), checked_any(done_h5(made, tmp_path)))
    edit.rename(tmp_path / "w.safetensors", tmp_path / "v.npz", names=NEW)
    assert sorted(np.load(tmp_path / "v.npz")) == ["global_step", "new/b", "new/table", "new/w"]


def done_h5(made, tmp_path):
    edit.strip(made.folder / "m-3.h5", tmp_path / "w.h5")
    return tmp_path / "w.h5"


def checked_any(path):
    with tf.open_file(path) as file:
        return {name: file[name] for name in file}


def test_h5dump_reads_a_result(made, tmp_path):
    """The programs of HDF5 open it."""
    if shutil.which("h5dump") is None:
        pytest.skip("h5dump is not installed")
    edit.rename(made.folder / "m-3.h5", tmp_path / "new.h5", names=NEW)
    printed = subprocess.run(["h5dump", "-n", tmp_path / "new.h5"], check=True, capture_output=True, text=True).stdout
    assert "/variables/new/w" in printed
    printed = subprocess.run(
        ["h5dump", "-d", "/variables/new/b", tmp_path / "new.h5"], check=True, capture_output=True, text=True
    ).stdout
    assert "(0):" in printed


def test_results_are_plain_values(made, tmp_path):
    """JSON has all of them."""
    for name, make in EDITS.items():
        done = make(made.folder / "m-3.h5", tmp_path / f"{name}.h5")
        assert json.loads(json.dumps(done._asdict())) == done._asdict()


def test_small_floats(tmp_path):
    """Every dtype of real numbers becomes every other one, also where NumPy has no conversion between the two."""
    names = [row.name for row in dtypes.TABLE if row.hdf5 is not None and dtypes.as_dtype(row.name).is_floating]
    values = {name: np.array([1, 2, 0.5]).astype(dtypes.numpy_dtype(name)) for name in names}
    tf.save_file(values, tmp_path / "a.h5")
    for dtype in names:
        done = edit.cast(tmp_path / "a.h5", tmp_path / "b.h5", dtype=dtype)
        assert set(done.errors.values()) == {0.0}
        assert {str(array.dtype) for array in checked(tmp_path / "b.h5").values()} == {dtype}


def test_operations_of_a_saver_of_tensorflow(made, tmp_path):
    """The operations that save and restore in a graph of TensorFlow get the new names; no second ones are added."""
    edit.rename(made.folder / "tf-3.ckpt", tmp_path / "new.ckpt", names=NEW)
    for path in (made.folder / "tf-3.ckpt", tmp_path / "new.ckpt"):
        with tf.open_file(path) as file:
            nodes = file.structure().digraph.nodes
        texts = [nodes[f"save/{op}/tensor_names"]["attrs"]["value"].tolist() for op in ("SaveV2", "RestoreV2")]
        scope = b"new/" if path.name == "new.ckpt" else b"old/"
        assert [[name for name in names if name.endswith(b"/b")] for names in texts] == [[scope + b"b"]] * 2
        assert not [name for name in nodes if name.startswith("save_1")]


class _Remote(io.BytesIO):
    """A file that has no descriptor, as a remote one."""


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_file_objects(made, tmp_path, compression):
    """A source may be an open file, or one behind a URL; it cannot be edited in place."""
    edit.compress(made.folder / "m-3.h5", tmp_path / "a.h5", compression=compression)
    with _Remote((tmp_path / "a.h5").read_bytes()) as file:
        edit.rename(file, tmp_path / "b.h5", names=NEW)
        with pytest.raises(errors.InvalidArgumentError, match="cannot be edited in place"):
            edit.rename(file, names=NEW, in_place=True)
    edit.rename(tmp_path / "a.h5", tmp_path / "c.h5", names=NEW)
    assert (tmp_path / "b.h5").read_bytes() == (tmp_path / "c.h5").read_bytes()
    with open(tmp_path / "a.h5", "rb") as local, pytest.raises(errors.InvalidArgumentError, match="in place"):
        edit.rename(local, names=NEW, in_place=True)
