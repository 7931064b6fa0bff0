"""The Saver: what it saves, what it restores, what it refuses."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import hdfsaver as tf


def two_variables(first=1.0, second=2.0):
    a = tf.Variable(tf.constant(first, shape=[1]), name="a")
    b = tf.Variable(tf.constant(second, shape=[1]), name="b")
    return a, b, a + b


def saved(prefix, **options):
    """Save the add program under a prefix, in a graph of its own."""
    with tf.Graph().as_default(), tf.Session() as sess:
        two_variables()
        saver = tf.train.Saver(**options)
        sess.run(tf.global_variables_initializer())
        return saver.save(sess, prefix)


def test_saved_apart_in_one_file(tmp_path):
    """One file has the graph in one group and the values, by name, in another."""
    prefix = saved(tmp_path / "add.ckpt")
    assert str(tmp_path / "add.ckpt") == prefix
    assert ["add.ckpt.h5", "checkpoint"] == sorted(os.listdir(tmp_path))
    with h5py.File(prefix + ".h5") as file:
        assert {"about", "graph", "variables", "index"} == set(file)
        np.testing.assert_array_equal([2.0], file["variables/b"])


def test_restored_without_an_initializer(tmp_path):
    """Values come back into the same graph defined again, with other initial values, none of which is run."""
    prefix = saved(tmp_path / "add.ckpt")
    _, _, result = two_variables(10.0, 20.0)
    saver = tf.train.Saver()
    with tf.Session() as sess:
        saver.restore(sess, prefix)
        assert [3.0] == sess.run(result)
        sess.run(tf.global_variables_initializer())
        assert [30.0] == sess.run(result)
        saver.restore(sess, Path(prefix))
        assert [3.0] == sess.run(result)


def test_some_variables_only(tmp_path):
    """A Saver of one variable writes and reads that one; another has no value then."""
    prefix = tmp_path / "some"
    a, b, result = two_variables()
    saver = tf.train.Saver([a])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, prefix)
    with h5py.File(f"{prefix}.h5") as file:
        assert ["a"] == list(file["variables"])
    with tf.Session() as sess:
        saver.restore(sess, prefix)
        assert [1.0] == sess.run(a)
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value b"):
            sess.run(result)


def test_programs_list_what_a_saver_saves():
    """A saver of all variables has them in ``_var_list``, which programs print; it is None until it is built."""
    a, b, _ = two_variables()
    assert [a, b] == tf.train.Saver()._var_list
    deferred = tf.train.Saver(defer_build=True)
    assert deferred._var_list is None
    c = tf.Variable(0.0)
    deferred.build()
    assert [a, b, c] == deferred._var_list


def test_names_are_mapped_both_ways(tmp_path):
    """A dict gives variables other names in the file; on reading only the name in the file counts."""
    a, b, _ = two_variables()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver({"x": a, "y": b}).save(sess, tmp_path / "renamed")
    with tf.Session() as sess:
        tf.train.Saver({"y": a, "x": b}).restore(sess, tmp_path / "renamed")
        assert ([2.0], [1.0]) == tuple(sess.run([a, b]))


def test_missing_names(tmp_path):
    """A name that the file lacks is named, with what the file has and what may be meant; nothing is assigned."""
    prefix = saved(tmp_path / "add.ckpt")
    a = tf.Variable(tf.zeros([1]), name="a")
    tf.Variable(tf.zeros([1]), name="bb")
    with tf.Session() as sess:
        with pytest.raises(tf.errors.NotFoundError, match=r"Key bb not found.*meant 'b'.*has 'a', 'b'"):
            tf.train.Saver().restore(sess, prefix)
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(a)


@pytest.mark.parametrize(
    ("initial", "message"),
    [
        ([0.0, 0.0], r"\(2,\).*\(1,\).*Assign requires shapes of both .* lhs shape= \[2\] rhs shape= \[1\]"),
        ([0], "int32.*float32.*tensor_name = b; expected dtype int32 does not equal original dtype float"),
        (np.zeros(1, np.float64), "float64.*float32.*expected dtype double does not equal original dtype float"),
    ],
)
def test_other_shapes_and_dtypes(tmp_path, initial, message):
    """A variable of another shape or dtype is refused, and none is changed."""
    prefix = saved(tmp_path / "add.ckpt")
    a = tf.Variable(tf.zeros([1]), name="a")
    b = tf.Variable(initial, name="b")
    with tf.Session() as sess:
        sess.run(a.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"a mismatch between the current graph.*{message}"):
            tf.train.Saver([a, b]).restore(sess, prefix)
        assert [0.0] == sess.run(a)


def test_reshape(tmp_path):
    """With `reshape` as many elements are enough."""
    prefix = saved(tmp_path / "add.ckpt")
    a = tf.Variable([[0.0]], name="a")
    wide = tf.Variable([0.0, 0.0], name="b")
    with tf.Session() as sess:
        tf.train.Saver([a], reshape=True).restore(sess, prefix)
        np.testing.assert_array_equal([[1.0]], sess.run(a))
        with pytest.raises(tf.errors.InvalidArgumentError, match="shapes"):
            tf.train.Saver([wide], reshape=True).restore(sess, prefix)


def test_structure_and_values_from_the_file_alone(tmp_path):
    """A graph comes back without its code, its tensors by name, its values by `restore` or its initializers."""
    with tf.Graph().as_default(), tf.Session() as sess:
        two_variables()
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "add.ckpt")
    saver = tf.train.import_meta_graph(f"{tmp_path}/add.ckpt.meta")
    result = tf.get_default_graph().get_tensor_by_name("add:0")
    assert ["a", "b"] == [variable.op.name for variable in tf.trainable_variables()]
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(result)
        sess.run("init")
        assert [3.0] == sess.run(result)
    with tf.Session() as sess:
        saver.restore(sess, tmp_path / "add.ckpt")
        assert [3.0] == sess.run("add:0")


def test_an_imported_saver_knows_the_names_in_the_file(tmp_path):
    """A Saver that renames is restored from the file, also in a scope."""
    a, b, _ = two_variables()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver({"x": a, "y": b}, max_to_keep=3).save(sess, tmp_path / "renamed")
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(tmp_path / "renamed", import_scope="s")
        assert 3 == saver.as_saver_def().max_to_keep
        saver.restore(sess, tmp_path / "renamed")
        assert [3.0] == sess.run("s/add:0")


def test_import_beside_other_operations(tmp_path):
    """A graph can be imported beside another; names that are there already get numbers, and its Saver means the old."""
    prefix = saved(tmp_path / "add.ckpt")
    two_variables()
    saver = tf.train.import_meta_graph(prefix)
    assert ["a:0", "b:0", "a:0", "b:0"] == [variable.name for variable in tf.global_variables()]
    with tf.Session() as sess:
        saver.restore(sess, prefix)
        assert [3.0] == sess.run("add:0").tolist()
    assert tf.get_default_graph().get_tensor_by_name("add_1:0").shape.as_list() == [1]
    tf.train.import_meta_graph(prefix, import_scope="again")
    assert tf.get_default_graph().get_tensor_by_name("again/add:0").shape.as_list() == [1]
    assert "add_2:0" == (tf.constant(1.0) + 1.0).name


def test_collections_survive(tmp_path):
    """Collections of tensors, strings and numbers are restored; unsupported items are left out with a warning."""
    graph = tf.get_default_graph()
    a, _, result = two_variables()
    for key, value in [("nodes", result), ("ops", a.op), ("texts", "é"), ("ints", 3), ("floats", 0.5)]:
        graph.add_to_collection(key, value)
    graph.add_to_collection("objects", object())
    graph.add_to_collection(("not", "text"), 1)
    with pytest.warns(UserWarning, match="'objects' is left out"):
        tf.train.export_meta_graph(tmp_path / "structure")
    with tf.Graph().as_default() as again:
        tf.train.import_meta_graph(tmp_path / "structure")
        found = {key: again.get_collection(key) for key in again.get_all_collection_keys() if isinstance(key, str)}
    assert [again.get_tensor_by_name("add:0")] == found["nodes"]
    assert [again.get_operation_by_name("a")] == found["ops"]
    assert (["é".encode()], [3], [0.5]) == (found["texts"], found["ints"], found["floats"])
    assert "objects" not in found


def test_steps_and_rotation(tmp_path):
    """Steps stand behind the prefix; only the newest files stay, and the state file lists them."""
    a, _, _ = two_variables()
    saver = tf.train.Saver(max_to_keep=2)
    step = tf.Variable(0, trainable=False, name="step")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver(max_to_keep=2)
        for _ in range(3):
            sess.run(step.assign_add(1))
            saver.save(sess, tmp_path / "m", global_step=step)
    assert ["checkpoint", "m-2.h5", "m-3.h5"] == sorted(os.listdir(tmp_path))
    assert [f"{tmp_path}/m-2", f"{tmp_path}/m-3"] == saver.last_checkpoints
    assert f"{tmp_path}/m-3" == tf.train.latest_checkpoint(tmp_path)
    assert saver.last_checkpoints == tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths


@pytest.mark.parametrize(
    ("path", "step", "pad", "file"),
    [
        ("m", None, False, "m.h5"),
        ("m", 7, False, "m-7.h5"),
        ("m", 7, True, "m-00000007.h5"),
        ("m.h5", None, False, "m.h5"),
        ("m.h5", 7, False, "m-7.h5"),
        ("m.hdf5", 7, False, "m-7.hdf5"),
    ],
)
def test_file_names(tmp_path, path, step, pad, file):
    """A prefix becomes a file; a path that is a file already names it."""
    two_variables()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver(pad_step_number=pad)
        prefix = saver.save(sess, tmp_path / path, global_step=step, write_state=False)
        assert [file] == os.listdir(tmp_path)
        saver.restore(sess, prefix)
        saver.restore(sess, tmp_path / file)


def test_without_state_or_structure(tmp_path):
    """The state file and the graph can be left out."""
    two_variables()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        prefix = saver.save(sess, tmp_path / "m", write_meta_graph=False, write_state=False)
        saver.restore(sess, prefix)
    assert ["m.h5"] == os.listdir(tmp_path)
    with h5py.File(tmp_path / "m.h5") as file:
        assert "graph" not in file
    with pytest.raises(OSError, match=r"no graph: it was saved with write_meta_graph=False\."):
        tf.train.import_meta_graph(prefix)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["w"] = [1.0]
    with pytest.raises(OSError, match=r"no graph: it is not a checkpoint of hdfsaver\."):
        tf.train.import_meta_graph(tmp_path / "other.h5")


def test_same_state_same_bytes(tmp_path):
    """Two saves of one state are the same file."""
    saved(tmp_path / "one")
    saved(tmp_path / "two")
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()


def test_an_uninitialized_variable_stops_a_save(tmp_path):
    """A variable without a value stops the save; the checkpoint of that name, and the state file, stay unchanged."""
    a, b, _ = two_variables()
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, tmp_path / "m")
    before = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    with tf.Session() as sess:
        sess.run(a.initializer)
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value b"):
            saver.save(sess, tmp_path / "m")
    assert before == {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}


def test_one_missing_folder_is_made(tmp_path):
    """A save makes the folder of its prefix where only it is missing; a file of that name is left alone."""
    two_variables()
    saver = tf.train.Saver()
    (tmp_path / "file").write_text("kept")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, tmp_path / "new" / "m")
        for bad, note in (("file/m", r"file is a file\."), ("a/b/m", r"No such file.*\. Make it with os\.makedirs")):
            with pytest.raises(ValueError, match="Parent directory") as caught:
                saver.save(sess, f"{tmp_path}/{bad}")
            assert f"Parent directory of {tmp_path}/{bad} doesn't exist, can't save." == str(caught.value)
            assert re.search(note, caught.value.__notes__[0])
        (tmp_path / "a" / "b").mkdir(parents=True)
        saver.save(sess, tmp_path / "a" / "b" / "m")
    assert tf.train.checkpoint_exists(tmp_path / "new" / "m")
    assert "kept" == (tmp_path / "file").read_text()


def test_settings_as_a_message():
    """A Saver shows its settings under TensorFlow's name of the attribute."""
    two_variables()
    assert 3 == tf.train.Saver(max_to_keep=3).saver_def.max_to_keep


def test_bad_sessions_steps_and_paths(tmp_path):
    """An invalid session, step or path gives TensorFlow's error."""
    two_variables()
    saver = tf.train.Saver()
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    for arguments, error, message in [
        (("not a session", tmp_path / "m"), TypeError, "must be a Session"),
        ((sess, tmp_path / "m", 1.5), TypeError, "integer"),
        ((sess, tmp_path / "none" / "none" / "m"), ValueError, "Parent directory"),
        ((sess, tmp_path / "checkpoint"), ValueError, "collides"),
        ((sess, tmp_path / "m", None, "sub/state"), ValueError, "path components"),
    ]:
        with pytest.raises(error, match=message):
            saver.save(*arguments)
    sess.close()
    with pytest.raises(RuntimeError, match="closed"):
        saver.save(sess, tmp_path / "m")
    with pytest.raises(RuntimeError, match="closed"):
        saver.restore(sess, tmp_path / "m")
    assert [] == os.listdir(tmp_path)


@pytest.mark.parametrize("path", [None, "", "missing"])
def test_nothing_to_restore(path):
    """A path that is empty or leads nowhere is a ValueError."""
    two_variables()
    with tf.Session() as sess, pytest.raises(ValueError, match="save_path"):
        tf.train.Saver().restore(sess, path)


def test_a_folder_is_not_a_checkpoint(tmp_path):
    """A directory is not a checkpoint, even with the name of a file."""
    (tmp_path / "folder.h5").mkdir()
    two_variables()
    with tf.Session() as sess:
        for path in (tmp_path, tmp_path / "folder", tmp_path / "folder.h5"):
            with pytest.raises(ValueError, match="not a valid checkpoint"):
                tf.train.Saver().restore(sess, path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", tf.errors.DataLossError),
        (b"This is a text.\n", tf.errors.InvalidArgumentError),
        (
            b"\x00\x00\x05header" + bytes(40) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb",
            tf.errors.InvalidArgumentError,
        ),
    ],
    ids=["empty", "text", "TensorFlow"],
)
def test_other_files_are_refused(tmp_path, content, kind):
    """A file that is not HDF5 is an error that names it; in import_meta_graph it is an OSError."""
    (tmp_path / "m.h5").write_bytes(content)
    two_variables()
    with tf.Session() as sess, pytest.raises(kind, match="m.h5"):
        tf.train.Saver().restore(sess, tmp_path / "m")
    with tf.Graph().as_default(), pytest.raises(OSError, match="m.h5"):
        tf.train.import_meta_graph(tmp_path / "m")
    with pytest.raises(OSError, match="does not exist"):
        tf.train.import_meta_graph(tmp_path / "missing")


def test_a_truncated_file_is_refused(tmp_path):
    """A file that was cut short anywhere is a DataLossError, and changes no variable."""
    content = Path(saved(tmp_path / "m") + ".h5").read_bytes()
    a, _, _ = two_variables(7.0, 8.0)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for length in range(1, len(content), max(1, len(content) // 40)):
            (tmp_path / "m.h5").write_bytes(content[:length])
            with pytest.raises(tf.errors.DataLossError, match="m.h5"):
                tf.train.Saver().restore(sess, tmp_path / "m")
        assert [7.0] == sess.run(a)


def test_a_file_of_h5py_alone_restores(tmp_path):
    """A file that was made by h5py, with nothing but datasets under /variables, is a checkpoint."""
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["variables/a"] = np.array([4.0], np.float32)
        file["variables/b"] = np.array([5.0], np.float32)
    _, _, result = two_variables()
    with tf.Session() as sess:
        tf.train.Saver().restore(sess, tmp_path / "plain.h5")
        assert [9.0] == sess.run(result)


def test_which_variables_a_saver_takes():
    """Lists, tuples, sets and dicts of variables are taken, other things are refused as TensorFlow refuses them."""
    with pytest.raises(ValueError, match="No variables to save"):
        tf.train.Saver()
    a, b, result = two_variables()
    for good in ([a, b], (a,), {a, b}, {"x": a}, None):
        tf.train.Saver(good)
    for bad in (a, result, (v for v in [a]), {1: a}, [result], 3):
        with pytest.raises(TypeError):
            tf.train.Saver(bad)
    for bad in ([a, a], {"x": a, "y": a}, []):
        with pytest.raises(ValueError, match="No variables|two names|same name"):
            tf.train.Saver(bad)


def test_an_empty_saver_writes_the_graph(tmp_path):
    """With allow_empty a Saver without variables is allowed; it writes the graph, and restores from nowhere."""
    tf.constant(1.0, name="one")
    with tf.Session() as sess:
        saver = tf.train.Saver(allow_empty=True)
        assert saver.save(sess, tmp_path / "n", write_meta_graph=False) is None
        assert saver.save(sess, tmp_path / "m") is None
        assert ["m.h5"] == os.listdir(tmp_path)
        for path in (tmp_path / "m", tmp_path / "nowhere", None):
            assert () == saver.restore(sess, path).restored
    with tf.Graph().as_default() as graph:
        assert tf.train.import_meta_graph(tmp_path / "m") is None
        assert ["one"] == list(graph.digraph)


def test_an_empty_saver_keeps_a_checkpoint(tmp_path):
    """The graph of a Saver without variables is never written over values, nor into a file of several models."""
    path = saved(tmp_path / "m")
    before = (tmp_path / "m.h5").read_bytes()
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.constant(1.0)
        with pytest.raises(tf.errors.FailedPreconditionError, match="does not replace"):
            tf.train.Saver(allow_empty=True).save(sess, path)
        assert tf.train.Saver(allow_empty=True, group="g").save(sess, path) is None
    assert before == (tmp_path / "m.h5").read_bytes()


def test_urls(tmp_path):
    """A path may be a URL of a file of this machine; TensorFlow's error says that a scheme is unknown."""
    two_variables()
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, f"file://{tmp_path}/m", global_step=0)
        path = saver.save(sess, f"file://{tmp_path}/m", global_step=1)
        saver.restore(sess, f"file://{tmp_path}/m-0")
        with pytest.raises(tf.errors.UnimplementedError, match=r"scheme 'none' not implemented"):
            saver.save(sess, "none://b/m")
    assert f"{tmp_path}/m-1" == path == tf.train.latest_checkpoint(f"file://{tmp_path}")
    assert tf.train.checkpoint_exists(f"file://{tmp_path}/m-1")


def test_the_name_of_the_state_file(tmp_path):
    """A Saver with sharded=True may save under the name of the state file, as in TensorFlow."""
    two_variables()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver(sharded=True).save(sess, os.path.relpath(tmp_path / "checkpoint"))
        assert os.path.samefile(f"{path}.h5", tmp_path / "checkpoint.h5")
        tf.train.Saver().restore(sess, tf.train.latest_checkpoint(tmp_path))


def test_paths_may_be_bytes(tmp_path):
    """A path may be bytes; the prefix given back is text."""
    assert f"{tmp_path}/m" == saved(os.fsencode(tmp_path / "m"))


def test_in_the_working_directory(tmp_path, monkeypatch):
    """Saved as `model` in the working directory, it is found as `./model`."""
    monkeypatch.chdir(tmp_path)
    assert "model" == saved("model")
    assert "./model" == tf.train.latest_checkpoint(".")


def test_latest_checkpoint_wants_the_file(tmp_path):
    """The newest is the last saved, whatever its step; None where its file is gone."""
    two_variables()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        saver.save(sess, tmp_path / "m", global_step=9)
        saver.save(sess, tmp_path / "m", global_step=3)
    assert f"{tmp_path}/m-3" == tf.train.latest_checkpoint(tmp_path)
    assert tf.train.checkpoint_exists(tmp_path / "m-9")
    (tmp_path / "m-3.h5").unlink()
    assert tf.train.latest_checkpoint(tmp_path) is None
    assert tf.train.latest_checkpoint(tmp_path / "none") is None


@contextlib.contextmanager
def unprivileged():
    """Become a user who may not write everywhere, where the tests run as one who may."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not keep files out of a folder by its mode")
def test_an_unwritable_folder():
    """In a folder that may not be written a save is a PermissionDeniedError, and everything stays unchanged."""
    two_variables()
    with tempfile.TemporaryDirectory() as name, tf.Session() as sess:
        folder = Path(name)
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        saver.save(sess, folder / "m")
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        folder.chmod(0o555)
        with unprivileged():
            for prefix in ("m", "other"):
                with pytest.raises(tf.errors.PermissionDeniedError, match=f"{prefix}.h5"):
                    saver.save(sess, folder / prefix)
            saver.restore(sess, folder / "m")
        assert before == {path.name: path.read_bytes() for path in folder.iterdir()}
        folder.chmod(0o755)


def test_a_newer_format_is_refused(tmp_path):
    """A file of a newer major version gives a clear error, one of a newer minor version is read."""
    for version, error in (("2.0", tf.errors.InvalidArgumentError), ("1.9", None)):
        with h5py.File(tmp_path / "m.h5", "w") as file:
            file.attrs["format"] = np.bytes_(b"hdfsaver")
            file.attrs["format_version"] = np.bytes_(version.encode())
            file["variables/a"] = np.array([4.0], np.float32)
        with tf.Graph().as_default(), tf.Session() as sess:
            a = tf.Variable(tf.zeros([1]), name="a")
            if error is None:
                tf.train.Saver().restore(sess, tmp_path / "m")
                assert [4.0] == sess.run(a)
            else:
                with pytest.raises(error, match=r"m\.h5.*2\.0"):
                    tf.train.Saver().restore(sess, tmp_path / "m")


def test_a_second_save_is_what_a_first_would_be(tmp_path):
    """The state that a Saver keeps between saves never changes the bytes of a file."""
    graph = tf.get_default_graph()
    a, b, _ = two_variables()
    saver = tf.train.Saver()

    def operation():
        tf.constant(1.0)

    def collection():
        graph.add_to_collection("numbers", 1)

    def item():
        graph.get_collection_ref("numbers")[0] = 2

    def shape():
        graph.get_tensor_by_name("x:0").set_shape([3])

    tf.placeholder(tf.float32, name="x")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for change in (lambda: sess.run(a.assign_add([1.0])), operation, collection, item, shape):
            saver.save(sess, tmp_path / "kept", write_state=False)
            change()
            saver.save(sess, tmp_path / "kept", write_state=False)
            tf.train.Saver().save(sess, tmp_path / "fresh", write_state=False)
            assert (tmp_path / "fresh.h5").read_bytes() == (tmp_path / "kept.h5").read_bytes()


def test_every_argument_is_taken(tmp_path):
    """A program that gives all of TensorFlow's arguments, by name or by position, runs."""
    a, _, _ = two_variables()
    saver = tf.train.Saver([a], False, True, 3, 1.0, "name", True, None, None, False, False, 2, True, True, "elsewhere")
    assert (3, True, 1.0) == (
        saver.as_saver_def().max_to_keep,
        saver.as_saver_def().sharded,
        saver.as_saver_def().keep_checkpoint_every_n_hours,
    )
    with tf.Session() as sess:
        sess.run(a.initializer)
        saver.save(sess, tmp_path / "m", 1, "latest", "meta", True, True, True, True)
    assert ["latest", "m-00000001.h5"] == sorted(os.listdir(tmp_path))


def test_a_deferred_saver_must_be_built(tmp_path):
    """With defer_build the variables are looked for when `build` is called; before that nothing works."""
    with pytest.raises(ValueError, match="cannot be deferred"):
        tf.train.Saver([tf.Variable(1.0)], defer_build=True)
    saver = tf.train.Saver(defer_build=True)
    late = tf.Variable(1.0, name="late")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for attempt in (saver.save, saver.restore):
            with pytest.raises(RuntimeError, match="build"):
                attempt(sess, tmp_path / "m")
        saver.build()
        saver.save(sess, tmp_path / "m")
        sess.run(late.assign(2.0))
        saver.restore(sess, tmp_path / "m")
        assert 1.0 == sess.run(late)


def test_stripped_defaults_come_back(tmp_path):
    """Attributes with their default values can be left out of a file; importing fills them in again."""
    x = tf.Variable(tf.ones([2, 2]), name="x")
    tf.matmul(x, x, transpose_b=True, name="y")
    attrs = dict(tf.get_default_graph().digraph.nodes["y"]["attrs"])
    message = tf.train.Saver().export_meta_graph(tmp_path / "m", strip_default_attrs=True)
    (stripped,) = [node.attr for node in message.graph_def.node if node.name == "y"]
    assert "transpose_a" not in stripped
    assert stripped["transpose_b"].b is True
    assert message.meta_info_def.stripped_default_attrs
    for again in (tmp_path / "m", message):
        with tf.Graph().as_default() as graph, tf.Session() as sess:
            tf.train.import_meta_graph(again)
            assert attrs == graph.digraph.nodes["y"]["attrs"]
            sess.run(graph.get_collection("variables")[0].initializer)
            assert [[2, 2], [2, 2]] == sess.run("y:0").tolist()


def test_the_list_of_checkpoints_can_be_set(tmp_path):
    """Entries that are set leave the list in time but stay on the disk; those set with a time are deleted."""
    two_variables()
    for name in ("old-1", "old-2"):
        (tmp_path / f"{name}.h5").touch()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver(max_to_keep=2)
        saver.set_last_checkpoints([tmp_path / "old-1"])
        saver.save(sess, tmp_path / "m", 1)
        saver.save(sess, tmp_path / "m", 2)
        assert (tmp_path / "old-1.h5").exists()
        assert [f"{tmp_path}/m-1", f"{tmp_path}/m-2"] == saver.last_checkpoints
        saver.set_last_checkpoints_with_time([(tmp_path / "old-2", 1.0)])
        saver.save(sess, tmp_path / "m", 3)
        saver.save(sess, tmp_path / "m", 4)
        assert not (tmp_path / "old-2.h5").exists()


def test_the_list_is_recovered_after_a_restart(tmp_path):
    """Those of the given checkpoints that are there are taken up, and rotate as if they had been saved here."""
    two_variables()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        first = tf.train.Saver(max_to_keep=2)
        for step in (1, 2):
            first.save(sess, tmp_path / "m", step)
        second = tf.train.Saver.from_proto(first.to_proto())
        second.recover_last_checkpoints([tmp_path / "gone", *first.last_checkpoints])
        assert first.last_checkpoints == second.last_checkpoints
        second.save(sess, tmp_path / "m", 3)
    assert ["checkpoint", "m-2.h5", "m-3.h5"] == sorted(os.listdir(tmp_path))
