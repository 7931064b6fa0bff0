"""TensorFlow itself reads what we write, and we read what it writes: `tox -e tensorflow` runs these tests.

They need a TensorFlow, which is large and of no use to anybody else: without it they are skipped, and the recorded
files beside them say the same as of the day they were made.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.bundle.open_tensorflow import open_bundle
from hdfsaver.interop.graphs import graph_files
from hdfsaver.messages import message_classes
from tests.interop import samples, test_real_files
from tests.interop.bundle.test_bundle_reading import big_bundle
from tests.interop.samples import GOLDEN
from tests.interop.test_graph_import import write_for_tensorflow

folder = test_real_files.folder

if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed; `tox -e tensorflow` installs it", allow_module_level=True)

SCHEMA = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from tensorflow.core.framework import variable_pb2
from tensorflow.core.protobuf import saved_model_pb2, saver_pb2, tensor_bundle_pb2
from tensorflow.core.util import saved_tensor_slice_pb2
from google.protobuf import descriptor_pool, descriptor_pb2
pool = descriptor_pool.Default()
names = set(sys.argv[1:])
files = {}
def visit(file):
    for below in file.dependencies:
        if below.name not in files:
            visit(below)
    files[file.name] = file
for name in names:
    visit(pool.FindMessageTypeByName(f"tensorflow.{name}").file)
found = descriptor_pb2.FileDescriptorSet()
for file in files.values():
    file.CopyToProto(found.file.add())
sys.stdout.buffer.write(found.SerializeToString())
"""

UNDECLARED = {
    "GraphDef": {"debug_info"},
    "MetaGraphDef": {"object_graph_def"},
    "TensorInfo": {"composite_tensor"},
    "TensorProto": {"resource_handle_val", "variant_val"},
    "TrackableObject": {"registered_saver", "has_checkpoint_values"},
}
"""Fields that are kept as unknown ones."""

OURS = {"MetaGraphDef": {"saved_names"}}
"""Fields that TensorFlow does not have, and keeps as unknown ones."""

ROOTS = (
    "BundleHeaderProto", "BundleEntryProto", "SavedTensorSlices", "SavedModel", "VariableDef", "SaverDef",
    "TrackableObjectGraph",
)  # fmt: skip


def tensorflow_pool() -> Any:
    """TensorFlow's descriptors, in a pool of their own."""
    from google.protobuf import descriptor_pb2, descriptor_pool  # type: ignore[import-untyped,unused-ignore]

    done = subprocess.run([sys.executable, "-c", SCHEMA, *ROOTS], check=True, capture_output=True)
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(done.stdout).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def compared(ours: Any, theirs: Any, seen: set[str]) -> list[str]:
    """What differs between two messages, and those in their fields: numbers, names, types, repetition, alternatives."""
    if theirs.full_name in seen:
        return []
    seen.add(theirs.full_name)
    wrong = [] if ours.full_name == theirs.full_name else [f"{theirs.full_name} is called {ours.full_name}"]
    missing = {field.name for field in theirs.fields} - {field.name for field in ours.fields}
    if missing != UNDECLARED.get(theirs.name, set()):
        wrong.append(f"{theirs.full_name} lacks {missing}")
    for field in ours.fields:
        if field.name in OURS.get(theirs.name, set()):
            continue
        other = theirs.fields_by_name.get(field.name)
        if other is None or field.number != other.number or field.is_repeated != other.is_repeated:
            wrong.append(f"{theirs.full_name}.{field.name} has another number, or is there not at all")
            continue
        wrong += compared_field(field, other, seen)
    return wrong


def compared_field(field: Any, other: Any, seen: set[str]) -> list[str]:
    """The same for a field."""
    what = f"{other.containing_type.full_name}.{field.name}"
    # A message may be kept as its bytes, and an enumeration as its number: both are the same on the wire.
    same_on_wire = {(field.TYPE_BYTES, field.TYPE_MESSAGE), (field.TYPE_INT32, field.TYPE_ENUM)}
    if field.type != other.type and (field.type, other.type) not in same_on_wire:
        return [f"{what} is of another type"]
    if other.type == field.TYPE_MESSAGE and field.type == field.TYPE_MESSAGE:
        return compared(field.message_type, other.message_type, seen)
    if field.type == field.TYPE_ENUM:
        known = {value.number: value.name for value in field.enum_type.values}
        said = {value.number: value.name for value in other.enum_type.values}
        return [] if known.items() <= said.items() or said.items() <= known.items() else [f"{what}: {known} {said}"]
    return []


def test_our_schema_is_tensorflows() -> None:
    """Every field of every message that we declare is TensorFlow's, and it has no others but those that we name."""
    pool = tensorflow_pool()
    seen: set[str] = set()
    for name in ROOTS:
        ours = getattr(message_classes, name).DESCRIPTOR
        assert [] == compared(ours, pool.FindMessageTypeByName(f"tensorflow.{name}"), seen)
    assert {"tensorflow.NodeDef", "tensorflow.FunctionDef", "tensorflow.OpDef", "tensorflow.AttrValue"} <= seen


READER = """
import os, pickle, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
reader = tf.compat.v1.train.NewCheckpointReader(sys.argv[1])
found = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
pickle.dump(found, sys.stdout.buffer)
"""


def read_by_tensorflow(prefix: Path) -> dict[str, Any]:
    """All tensors of a checkpoint, as TensorFlow reads them in a process of its own."""
    import pickle

    done = subprocess.run([sys.executable, "-c", READER, prefix], check=True, capture_output=True)
    found: dict[str, Any] = pickle.loads(done.stdout)
    return found


def assert_same(expected: dict[str, Any], found: dict[str, Any]) -> None:
    """Same names, shapes and values."""
    assert set(expected) == set(found)
    for name, value in expected.items():
        assert np.asarray(value).shape == np.asarray(found[name]).shape, name
        np.testing.assert_array_equal(value, found[name], name)


@pytest.mark.parametrize("shard_bytes", [None, 200])
def test_tensorflow_reads_what_we_write(tmp_path: Path, shard_bytes: int | None) -> None:
    """Every dtype, in one data file and in several."""
    write_bundle(tmp_path / "x", samples.every_dtype(), shard_bytes=shard_bytes)
    assert_same(samples.every_dtype(), read_by_tensorflow(tmp_path / "x"))


def test_tensorflow_reads_a_checkpoint_with_an_empty_data_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a checkpoint is replaced, and on a file system without hard links, an empty file makes up the number."""

    def refuse(*paths: Any) -> None:
        raise OSError(errno.EPERM, "no hard links")

    monkeypatch.setattr(os, "link", refuse)
    write_bundle(tmp_path / "x", {"v": np.zeros(3)})
    write_bundle(tmp_path / "x", samples.every_dtype())
    assert 0 == (tmp_path / "x.data-00001-of-00002").stat().st_size
    assert_same(samples.every_dtype(), read_by_tensorflow(tmp_path / "x"))


def test_tensorflow_reads_the_other_byte_order_as_we_do(tmp_path: Path) -> None:
    """A bundle of a big-endian machine gives the same values there and here, of all dtypes that it can turn round."""
    big_bundle(tmp_path / "x", [name for name in samples.NUMBERS if not name.startswith(("float8", "int4", "uint4"))])
    with open_bundle(tmp_path / "x") as file:
        ours = file.read_many(file.variables)
    assert_same(ours, read_by_tensorflow(tmp_path / "x"))


def test_the_golden_files_are_what_tensorflow_writes_today(tmp_path: Path) -> None:
    """The maker gives the files that are kept, byte for byte."""
    maker = Path(__file__).with_name("make_golden.py")
    subprocess.run([sys.executable, maker, tmp_path / "made"], check=True, capture_output=True)
    kept, made = (
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (GOLDEN, tmp_path / "made")
    )
    assert sorted(kept) == sorted(made)
    assert kept == made


TRAIN = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
tf = tf.compat.v1
tf.disable_v2_behavior()
tf.disable_resource_variables()
part = tf.get_variable("part", [10, 6], partitioner=tf.fixed_size_partitioner(3))
plain = tf.get_variable("plain", [4])
with tf.Session() as session:
    tf.train.Saver().restore(session, sys.argv[1])
    print(session.run([tf.reduce_sum(part.as_tensor()), tf.reduce_sum(plain)]))
"""


def test_a_graph_of_tensorflow_is_restored_from_ours(tmp_path: Path) -> None:
    """A Saver of TensorFlow's restores partitioned variables from tensors that we wrote in one piece."""
    write_bundle(tmp_path / "x", {"part": samples.partitioned(), "plain": np.ones(4, np.float32)})
    done = subprocess.run([sys.executable, "-c", TRAIN, tmp_path / "x"], check=True, capture_output=True, text=True)
    assert f"[{samples.partitioned().sum()}, 4.0]" == done.stdout.strip().replace("np.float32(", "").replace(")", "")


RUNNER = """
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
folder, fed = sys.argv[1], {"x:0": [[1.0, 2.0, 3.0]]}
found = []
for name in ("definition.meta", "structure.meta"):
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.import_meta_graph(f"{folder}/{name}")
        saver.restore(session, f"{folder}/x.ckpt")
        found.append(session.run(tf.get_collection("result")[0], fed).tolist())
        saver.save(session, f"{folder}/theirs", write_meta_graph=False)
for name in ("frozen.pb",):
    with tf.Graph().as_default() as graph, tf.Session() as session:
        definition = tf.GraphDef.FromString(open(f"{folder}/{name}", "rb").read())
        y = tf.import_graph_def(definition, return_elements=["y:0"])[0]
        found.append(session.run(y, {"import/x:0": fed["x:0"]}).tolist())
with tf.Graph().as_default():
    tf.import_graph_def(tf.GraphDef.FromString(open(f"{folder}/whole.pb", "rb").read()))
print(json.dumps(found))
"""


def test_tensorflow_restores_and_runs_graphs_that_we_write(tmp_path: Path) -> None:
    """``import_meta_graph``, ``restore``, ``run`` and ``save`` of TensorFlow, and its ``import_graph_def``."""
    expected = write_for_tensorflow(tmp_path)
    done = subprocess.run([sys.executable, "-c", RUNNER, tmp_path], check=True, capture_output=True, text=True)
    assert [expected] * 3 == json.loads(done.stdout.splitlines()[-1])
    with open_bundle(tmp_path / "theirs") as file:
        assert_same({"weights": np.arange(6).reshape(3, 2), "p": np.full((4, 2), 0.25)}, file.read_many(file.variables))


MODEL = """
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
with tf.Graph().as_default(), tf.Session() as session:
    tf.import_graph_def(tf.GraphDef.FromString(open(f"{sys.argv[1]}/frozen.pb", "rb").read()), name="")
    fed = {"model/Placeholder:0": np.load(f"{sys.argv[1]}/waves.npy"), "model/Placeholder_2:0": False}
    print(json.dumps(session.run("model/Sigmoid:0", fed).tolist()))
"""


@pytest.mark.parametrize("name", sorted(test_real_files.RESULTS))
def test_tensorflow_runs_a_model_that_it_cannot_open(folder: Path, tmp_path: Path, name: str) -> None:
    """A model of TensorFlow 1.11, opened, restored and frozen here, gives the same numbers there as here."""
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        test_real_files.restore_model(folder, name, sess)
        given = test_real_files.fed(sess)
        expected = sess.run("model/Sigmoid:0", given)
        frozen = tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["model/Sigmoid"])
    graph_files.write_graph_def(frozen, tmp_path / "frozen.pb")
    np.save(tmp_path / "waves.npy", given["model/Placeholder:0"])
    done = subprocess.run([sys.executable, "-c", MODEL, tmp_path], check=True, capture_output=True, text=True)
    np.testing.assert_allclose(expected, json.loads(done.stdout.splitlines()[-1]), rtol=1e-4)


SAVED_MODELS = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf2
import tensorflow.compat.v1 as tf
signature = tf2.saved_model.load("ours", tags=["serve"]).signatures["serving_default"]
print(signature(**{"x": tf2.constant([1.0])})["out"].numpy())
tf.disable_v2_behavior()
tf.disable_resource_variables()
with tf.Session(graph=tf.Graph()) as session:
    found = tf.saved_model.loader.load(session, ["serve"], "ours", import_scope="a").signature_def["serving_default"]
    print(session.run("a/" + found.outputs["out"].name, {"a/x:0": [1.0]}), session.run("a/s:0"))
    print(os.path.relpath(session.run("a/path:0").decode()), session.run("a/seen:0").decode().endswith("ours/assets/f"))
with tf.Session(graph=tf.Graph()) as session:
    x = tf.placeholder(tf.float32, [None], name="x")
    y = tf.add(x, tf.Variable(5.0, name="v"), name="y")
    session.run(tf.global_variables_initializer())
    tf.saved_model.simple_save(session, "theirs", {"x": x}, {"out": y})
"""


def test_saved_models(tmp_path, monkeypatch):
    """Both of TensorFlow's loaders take a SavedModel from here, and one from there is loaded here."""
    monkeypatch.chdir(tmp_path)
    Path("f").write_text("asset")
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None], name="x")
        with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(2)):
            parts = tf.get_variable("p", initializer=tf.constant([[1.0], [2.0], [3.0]]))
        tf.Variable(b"text", name="s")
        y = tf.add(x * tf.Variable(2.0), tf.reduce_sum(parts), name="y")
        path = tf.constant("f", name="path")
        seen = tf.Variable("", name="seen")
        session.run(tf.global_variables_initializer())
        builder = tf.saved_model.Builder("ours")
        signature = tf.saved_model.predict_signature_def({"x": x}, {"out": y})
        main_op = tf.group(tf.assign(seen, path))
        signatures = {"serving_default": signature}
        builder.add_meta_graph_and_variables(session, ["serve"], signatures, [path], main_op=main_op)
        builder.save()
    done = subprocess.run([sys.executable, "-c", SAVED_MODELS], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    assert ["[8.]", "[8.] b'text'", "f True"] == done.stdout.splitlines()
    with tf.Graph().as_default(), tf.Session() as session:
        graph = tf.saved_model.load(session, ["serve"], "theirs")
        assert [6.0] == session.run("y:0", {"x:0": [1.0]}).tolist()
        assert tf.saved_model.is_valid_signature(graph.signature_def["serving_default"])


OLD_GRAPH = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
tf.disable_resource_variables()
step, folder = sys.argv[1:]
for name, options in {
    "plain": {}, "sharded": {"sharded": True}, "v1": {"write_version": tf.train.SaverDef.V1},
    "v1-sharded": {"write_version": tf.train.SaverDef.V1, "sharded": True},
}.items():
    with tf.Graph().as_default(), tf.Session() as session:
        whole = tf.Variable(np.arange(6, dtype=np.float32).reshape(2, 3), name="whole")
        words = tf.Variable([b"x\\0", b"\\xff"], name="words")
        cut = tf.get_variable("cut", [5, 2], partitioner=tf.fixed_size_partitioner(2))
        saver = tf.train.Saver(**options)
        if step == "write":
            session.run(tf.global_variables_initializer())
            saver.save(session, os.path.join(folder, name))
        else:
            path = os.path.join(folder, name + ("-?????-of-00001" if name == "v1-sharded" else ""))
            definition = saver.saver_def
            session.run(definition.restore_op_name, {definition.filename_tensor_name: path})
            assert session.run(words).tolist() == [b"x\\0", b"\\xff"]
            assert session.run(whole).tolist() == [[1, 2, 3], [4, 5, 6]]
"""


def test_operations_that_save(tmp_path: Path) -> None:
    """Graphs of TensorFlow's Savers save and restore here by the names of their operations, and it reads the files."""
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
    subprocess.run([sys.executable, "-c", OLD_GRAPH, "write", tmp_path / "old"], check=True)
    for name in ("plain", "sharded", "v1", "v1-sharded"):
        with tf.Graph().as_default(), tf.Session() as session:
            definition = tf.train.import_meta_graph(tmp_path / "old" / f"{name}.meta").saver_def
            session.run(definition.restore_op_name, {definition.filename_tensor_name: str(tmp_path / "old" / name)})
            whole = next(each for each in tf.global_variables() if each.op.name == "whole")
            save = {definition.filename_tensor_name: str(tmp_path / "new" / name)}
            if not name.startswith("v1"):
                session.run(definition.save_tensor_name, save)
                for path in (tmp_path / "new").glob(f"{name}*"):
                    assert (tmp_path / "old" / path.name).read_bytes() == path.read_bytes()
            session.run(tf.assign_add(whole, np.ones([2, 3], np.float32)))
            session.run(definition.save_tensor_name, save)
    subprocess.run([sys.executable, "-c", OLD_GRAPH, "read", tmp_path / "new"], check=True)
