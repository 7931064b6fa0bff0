"""Remote files and file objects: the functions that take them, and how many requests each makes."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver import limits
from hdfsaver.cli import app
from hdfsaver.formats.open_source import open_source
from tests.files.remote.server import serving

KERNEL = np.arange(60_000, dtype=np.float32).reshape(300, 200)
VALUES = {
    "dense/kernel": KERNEL,
    "dense/bias": np.ones(200, np.float32),
    "step": np.int64(7),
    "words": np.array([b"yes", b"no"], dtype=object),
}


def same(found, expected=VALUES):
    assert list(found) == list(expected)
    assert all((found[name] == expected[name]).all() for name in expected)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The bytes of files with many variables, and of files of each kind, by their names."""
    folder = tmp_path_factory.mktemp("remote")
    names = [f"model/block_{number:05d}/dense/kernel" for number in range(10_000)]
    tf.save_file({name: np.full(4, number, np.float32) for number, name in enumerate(names[:400])}, folder / "400.h5")
    tf.save_file({name: np.full(4, number, np.float32) for number, name in enumerate(names)}, folder / "10000.h5")
    tf.save_file({**dict.fromkeys(names[:400], np.float32(1)), "words": VALUES["words"]}, folder / "texts.h5")
    tf.save_file(VALUES, folder / "a.h5", metadata={"k": "v"})
    packed = {"zeros": np.zeros((1000, 200), np.float32)}
    tf.save_file(packed, folder / "packed.h5", compression="gzip")
    for ending in ("npz", "safetensors", "ckpt.index"):
        tf.convert(folder / "a.h5", folder / f"a.{ending}", exclude=["words"])
    (folder / "a.pkl").write_bytes(pickle.dumps({name: value for name, value in VALUES.items() if name != "words"}, 2))
    np.save(folder / "kernel.npy", KERNEL)
    with h5py.File(folder / "plain.h5", "w") as file:
        file["dense/kernel"], file["dense/bias"] = KERNEL, VALUES["dense/bias"]
    return {f"/{path.name}": path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def server(saved, monkeypatch):
    """A server of these files."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(saved) as found:
        yield found


# -- requests ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "most"), [(400, 1), (10_000, 2)])
def test_names_and_one_value(server, count, most):
    """The names take one request, or two if there are very many, and a value one more, of just its bytes."""
    with tf.open_file(f"{server.url}/{count}.h5") as file:
        assert len(file) == count
        assert len(server.requests) <= most
        assert server.nbytes <= 65536 + count * 150
        server.forget()
        assert file[f"model/block_{count - 1:05d}/dense/kernel"].tolist() == [count - 1] * 4
        assert (len(server.requests), server.nbytes) in ((1, 16), (0, 0))
        server.forget()
        assert all((file[name] == number).all() for number, name in list(enumerate(file))[::count])
    server.forget()
    assert len(tf.load_file(f"{server.url}/{count}.h5")) == count
    assert len(server.requests) <= most + 1


def test_the_structure_on_demand(server):
    """Metadata and groups take the structure, once."""
    with tf.open_file(f"{server.url}/a.h5") as file:
        server.forget()
        assert (file.metadata(), file.groups(), file.has_graph()) == ({"k": "v"}, [""], False)
        file.metadata()
        assert len(server.requests) <= 1
        file.verify()


def test_a_part_of_a_value(server):
    """Only its bytes are asked for, with small gaps."""
    with tf.open_file(f"{server.url}/a.h5") as file:
        server.forget()
        part = file.get_slice("dense/kernel")
        assert (part[100:110] == KERNEL[100:110]).all()
        assert (len(server.requests), server.nbytes) == (1, 8000)
        assert (part[:, 5:7] == KERNEL[:, 5:7]).all()
    with tf.open_file(f"{server.url}/packed.h5") as file:
        assert not file.get_slice("zeros")[500:].any()
        same(file, {"zeros": np.zeros((1000, 200))})
        file.verify()


def test_a_cache_of_nothing(server):
    """Everything is read without keeping anything, also what the HDF5 library reads."""
    with limits.use(remote_cache_bytes=0):
        same(tf.load_file(f"{server.url}/a.h5"))
        same(tf.load_file(f"{server.url}/packed.h5"), {"zeros": np.zeros((1000, 200))})


# -- functions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["npz", "safetensors", "pkl", "ckpt.index", "ckpt"])
def test_other_kinds(server, saved, ending):
    """Files of NumPy, safetensors, PyTorch and TensorFlow are read behind a URL, whole and in part."""
    expected = {name: value for name, value in VALUES.items() if name != "words"}
    with tf.open_file(f"{server.url}/a.{ending}") as file:
        assert {name: file[name].tolist() for name in expected} == {
            name: value.tolist() for name, value in expected.items()
        }
        assert (file.get_slice("dense/kernel")[3:5] == KERNEL[3:5]).all()
        file.verify()
    if ending in ("npz", "safetensors", "pkl"):
        assert set(tf.load_file(io.BytesIO(saved[f"/a.{ending}"]))) == set(expected)


def test_names_of_arrays(server, saved, tmp_path):
    """An array of NumPy has the name of its file, without a query; that of a file object its name."""
    assert list(tf.load_file(f"{server.url}/kernel.npy?signed=1")) == ["kernel"]
    assert list(tf.load_file(io.BytesIO(saved["/kernel.npy"]))) == ["array"]
    (tmp_path / "x.npy").write_bytes(saved["/kernel.npy"])
    with open(tmp_path / "x.npy", "rb") as file:
        assert list(tf.load_file(file)) == ["x"]


def test_a_plain_file(server):
    """A file of another program, without a seal, is read through the HDF5 library."""
    with tf.open_file(f"{server.url}/plain.h5") as file:
        assert not file.sealed
        assert len(file) == 2
        assert {value.size for value in file.values()} == {60_000, 200}


def test_readers(server):
    """The readers of TensorFlow's names take a URL, with or without the ending."""
    for name in ("a.h5", "a"):
        with tf.train.NewCheckpointReader(f"{server.url}/{name}") as reader:
            assert reader.get_tensor("step") == 7
            assert reader.get_variable_to_shape_map()["dense/kernel"] == [300, 200]
    assert tf.train.checkpoint_exists(f"{server.url}/a")
    assert not tf.train.checkpoint_exists(f"{server.url}/b")
    assert ("step", []) in tf.train.list_variables(f"{server.url}/a.ckpt")
    assert tf.train.load_variable(f"{server.url}/a", "step") == 7
    with pytest.raises(
        tf.errors.NotFoundError, match=r"Failed to find any matching files for .*/b\. There is no .*b\.h5"
    ):
        tf.train.load_checkpoint(f"{server.url}/b")


def test_a_saver_and_its_graph(server, tmp_path):
    """A graph is imported, and its values restored, from a URL, for both formats."""
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.Variable([1.0, 2.0], name="v")
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        saver.save(session, str(tmp_path / "m.ckpt"))
        tf.convert(tmp_path / "m.ckpt.h5", tmp_path / "t.ckpt")
        server.files.update({f"/{path.name}": path.read_bytes() for path in tmp_path.iterdir()})
        for name in ("m.ckpt", "m.ckpt.h5", "t.ckpt"):
            session.run(v.assign([0.0, 0.0]))
            assert saver.restore(session, f"{server.url}/{name}").restored == ("v",)
            assert session.run(v).tolist() == [1.0, 2.0]
        saver.restore(session, io.BytesIO(server.files["/m.ckpt.h5"]))
        with pytest.raises(ValueError, match="not a valid checkpoint: http.*/none"):
            saver.restore(session, f"{server.url}/none")
    sources = [f"{server.url}/{name}" for name in ("m.ckpt.meta", "m.ckpt.h5", "t.ckpt.meta")]
    for source in (*sources, io.BytesIO(server.files["/t.ckpt.meta"]), io.BytesIO(server.files["/m.ckpt.h5"])):
        with tf.Graph().as_default() as graph:
            tf.train.import_meta_graph(source)
            assert graph.get_operation_by_name("v").type == "VariableV2"


def test_a_restore_of_values_alone(server):
    """It takes seal, index and values; the seal says that there is no state of random operations in the structure."""
    for make in (lambda name: tf.get_variable(name, [4]), lambda name: tf.Variable(tf.zeros([4]), name=name)):
        server.forget()
        with tf.Graph().as_default(), tf.Session() as session:
            v = make("model/block_00007/dense/kernel")
            tf.train.Saver([v]).restore(session, f"{server.url}/400.h5")
            assert session.run(v).tolist() == [7] * 4
        assert (len(server.requests) <= 2, server.nbytes <= 65536 + 16) == (True, True)


def test_a_restore_of_the_state_of_random_operations(server, tmp_path):
    """A session that is restored from a URL goes on with the same numbers."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.Variable(1.0, name="v")
        drawn = tf.random_uniform([3], name="drawn")
        session.run([tf.global_variables_initializer(), drawn])
        tf.train.Saver().save(session, tmp_path / "r")
        server.files["/r.h5"] = (tmp_path / "r.h5").read_bytes()
        expected = session.run(drawn)
        tf.train.Saver().restore(session, f"{server.url}/r")
        assert (session.run(drawn) == expected).all()


def test_the_latest_checkpoint(server):
    """A folder is known by its state file; a name that leads elsewhere is not followed."""
    server.files["/run/checkpoint"] = b'model_checkpoint_path: "m-7"\nall_model_checkpoint_paths: "m-7"\n'
    server.files["/run/m-7.h5"] = server.files["/a.h5"]
    for folder in (f"{server.url}/run", f"{server.url}/run/"):
        assert tf.train.latest_checkpoint(folder) == f"{server.url}/run/m-7"
        assert tf.train.load_checkpoint(folder).get_tensor("step") == 7
        assert len(tf.load_file(folder)) == 4
    state = tf.train.get_checkpoint_state(f"{server.url}/run")
    assert state.all_model_checkpoint_paths == [f"{server.url}/run/m-7"]
    server.files["/run/checkpoint"] = f'model_checkpoint_path: "{server.url}/run/m-7"\n'.encode()
    assert tf.train.latest_checkpoint(f"{server.url}/run") == f"{server.url}/run/m-7"
    assert tf.train.latest_checkpoint(f"{server.url}/none") is None


def test_commands(server, tmp_path):
    """`ls`, `show`, `verify` and `convert` take a URL."""
    out = str(tmp_path / "out.h5")
    for arguments, said in (
        (("ls", f"{server.url}/a.h5"), "dense/kernel"),
        (("show", f"{server.url}/a.h5", "step"), "7"),
        (("verify", f"{server.url}/a.h5"), "all digests match"),
        (("convert", f"{server.url}/a.h5", out), "4 arrays"),
    ):
        done = CliRunner().invoke(app, arguments)
        assert (done.exit_code, said in done.output) == (0, True), done.output
    same(tf.load_file(out))


# -- file objects ------------------------------------------------------------------------------------------------------


def test_file_objects(saved, tmp_path):
    """Open binary files are read from their beginning, and stay open; one of this machine can be mapped."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.h5", saved["/a.h5"])
    (tmp_path / "a.h5").write_bytes(saved["/a.h5"])
    with (
        zipfile.ZipFile(archive) as packed,
        packed.open("a.h5") as member,
        open(tmp_path / "a.h5", "rb") as local,
        open(tmp_path / "a.h5", "rb", buffering=0) as raw,
    ):
        for file in (io.BytesIO(saved["/a.h5"]), member, local, raw):
            file.read(100)
            same(tf.load_file(file))
            with tf.train.NewCheckpointReader(file) as reader:
                assert reader.get_tensor("step") == 7
            assert not file.closed
        same(tf.load_file(local, mmap_mode="r"))
        with pytest.raises(ValueError, match="mmap_mode needs a file of this machine, not <BytesIO>"):
            tf.load_file(io.BytesIO(saved["/a.h5"]), mmap_mode="r")


def test_objects_that_are_no_binary_files(tmp_path):
    """A file of text, one that is closed or cannot seek, and something else: each is said."""
    (tmp_path / "t").write_text("text")
    closed = io.BytesIO()
    closed.close()
    with open(tmp_path / "t") as text, pytest.raises(TypeError, match="file of text; open it in binary mode"):
        tf.load_file(text)
    with pytest.raises(ValueError, match="<BytesIO> is closed"):
        tf.load_file(closed)
    read, write = os.pipe()
    os.close(write)
    with open(read, "rb") as pipe, pytest.raises(ValueError, match="cannot seek; read it into `io.BytesIO`"):
        tf.load_file(pipe)
    with pytest.raises(TypeError, match="must be a str, bytes or a path"):
        tf.load_file(3)


# -- errors ------------------------------------------------------------------------------------------------------------


def test_a_map_of_a_url(server):
    """It cannot be mapped; the error says what to do."""
    with pytest.raises(ValueError, match="mmap_mode needs a file of this machine, not http.*: download it, or"):
        tf.load_file(f"{server.url}/a.h5", mmap_mode="r")


def test_writing_over_http_is_refused(server):
    """The error says what to do."""
    for write in (tf.save_file, lambda tensors, path: tf.convert(f"{server.url}/a.h5", path)):
        with pytest.raises(tf.errors.UnimplementedError, match="only read over http. Save on this machine and copy"):
            write(VALUES, f"{server.url}/b.h5")


def test_other_bytes_than_were_saved(server):
    """A value, the index, or the structure with another byte is found, as in a file of this machine."""
    content = server.files["/a.h5"]
    with tf.open_file(f"{server.url}/a.h5") as file:
        found = file.extent("dense/kernel")
        assert found is not None
        seal = file._source._seal
    for at, read, said in (
        (found[0] + 5, tf.load_file, "variable 'dense/kernel' differ"),
        (seal.index_offset + 3, tf.open_file, "the index differs"),
        (seal.structure_end - 30, lambda url: tf.open_file(url).metadata(), "the structure .* differs"),
    ):
        server.files["/a.h5"] = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        with pytest.raises(tf.errors.DataLossError, match=said):
            read(f"{server.url}/a.h5")


def test_a_structure_that_changes_between_two_reads(server):
    """The HDF5 library gets the bytes that were compared with the seal, not those of another request."""
    server.faults["tag"] = ""
    with limits.use(remote_cache_bytes=0), tf.open_file(f"{server.url}/texts.h5") as file:
        assert file["words"].tolist() == [b"yes", b"no"]
        content = server.files["/texts.h5"]
        stop = file._source._seal.structure_end
        assert stop > 65536
        server.files["/texts.h5"] = bytes(stop) + content[stop:]
        assert file["words"].tolist() == [b"yes", b"no"]


# -- security ----------------------------------------------------------------------------------------------------------


def test_nothing_in_a_file_is_asked_for(server, tmp_path, monkeypatch):
    """URLs in a state file, an index of shards, or a graph lead to no request."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checkpoint").write_text(f'model_checkpoint_path: "{server.url}/a"\n')
    for folder in ("", ".", str(tmp_path)):
        assert tf.train.latest_checkpoint(folder) is None
    state = tf.train.get_checkpoint_state("")
    assert not tf.train.checkpoint_exists(state.model_checkpoint_path)
    index = {"weight_map": {"w": f"{server.url}/a.safetensors"}}
    (tmp_path / "m.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(tf.errors.InvalidArgumentError, match="not a file in its folder"):
        tf.open_file("m.safetensors.index.json")
    with (
        tf.Graph().as_default(),
        tf.Session() as session,
        pytest.raises(tf.errors.OpError, match="must be on this machine"),
    ):
        session.run(_restore(f"{server.url}/a"))
    assert not server.requests
    server.files["/run/checkpoint"] = f'model_checkpoint_path: "{server.url}/a"\n'.encode()
    assert tf.train.latest_checkpoint(f"{server.url}/run") is None
    server.files["/run/checkpoint"] = b'model_checkpoint_path: "../a"\n'
    assert tf.train.latest_checkpoint(f"{server.url}/run") is None
    assert {path for path, _ in server.requests} == {"/run/checkpoint"}


def _restore(prefix):
    from hdfsaver.graph.apply import apply_list

    return apply_list("RestoreV2", prefix, ["step"], [""], name="r", dtypes=["int64"])[0]


def test_shards_behind_a_url(server):
    """An index of shards opens those beside it."""
    index = {"weight_map": {"dense/bias": "a.safetensors"}}
    server.files["/m.safetensors.index.json"] = json.dumps(index).encode()
    with open_source(f"{server.url}/m.safetensors.index.json") as file:
        assert (file["dense/bias"] == 1).all()
    with pytest.raises(tf.errors.InvalidArgumentError, match="found only beside a path or a plain URL"):
        open_source(f"{server.url}/m.safetensors.index.json?signed=1")
