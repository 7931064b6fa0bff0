"""Modules named after TensorFlow's: what they have, and what their errors say."""

from __future__ import annotations

import importlib
import importlib.util
import sys

import pytest

import hdfsaver
from hdfsaver.programs import standing_modules
from hdfsaver.programs.module_table import INNER, PLACES, RENAMED
from hdfsaver.programs.standing_modules import Finder


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """TensorFlow's modules stand for hdfsaver's in this test, and are gone after it."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "tensorflow"]:
        monkeypatch.delitem(sys.modules, name)
    standing_modules.install()
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "tensorflow"]:
        del sys.modules[name]


def execute(line: str):
    """What a line of imports leaves under the name x."""
    names: dict[str, object] = {}
    exec(line, names)
    return names.get("x")


FREEZE = "programs.tools.graph_freezing.freeze_graph"
CONVERT = "session.conversions.register_session_run_conversion_functions"
DEVICES = "programs.hardware.list_local_devices"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("import tensorflow as tf; x = tf.Session", "Session"),
        ("import tensorflow; x = tensorflow.train.Saver", "train.Saver"),
        ("import tensorflow.compat.v1 as tf; x = tf.nn.relu", "nn.relu"),
        ("from tensorflow.compat.v1 import nn; x = nn.relu", "nn.relu"),
        ("import tensorflow.compat.v1.train as t; x = t.Saver", "train.Saver"),
        ("from tensorflow.nn import relu as x", "nn.relu"),
        ("import tensorflow as tf; x = tf.compat.v1.Session", "Session"),
        ("import tensorflow as tf; x = tf.python.framework.ops.Graph", "Graph"),
        ("from tensorflow.python.framework import ops; x = ops.reset_default_graph", "reset_default_graph"),
        ("from tensorflow.python.framework.graph_util import extract_sub_graph as x", "graph_util.extract_sub_graph"),
        ("import tensorflow.python.client.session as s; x = s.Session", "Session"),
        (
            "from tensorflow.python.client import session as s; x = s.register_session_run_conversion_functions",
            "session.register_session_run_conversion_functions",
        ),
        ("from tensorflow.python.client import timeline; x = timeline.Timeline", "session.timeline.Timeline"),
        (
            "from tensorflow.python import pywrap_tensorflow as p; x = p.NewCheckpointReader",
            "train.NewCheckpointReader",
        ),
        ("from tensorflow.python.ops import array_ops, math_ops; x = math_ops.mul", "multiply"),
        ("from tensorflow.python.ops.variables import VariableV1 as x", "Variable"),
        ("from tensorflow.python.training import saver; x = saver.Saver", "train.Saver"),
        ("from tensorflow.python.framework.errors_impl import NotFoundError as x", "errors.NotFoundError"),
        ("from tensorflow.python.tools import freeze_graph as f; x = f.freeze_graph", FREEZE),
        ("import tensorflow.python.tools.freeze_graph; x = tensorflow.python.tools.freeze_graph.freeze_graph", FREEZE),
        ("from tensorflow.python.lib.io import file_io; x = file_io.stat", "files.file_io.file_statistics"),
        ("from tensorflow.python.lib.io.file_io import copy_v2 as x", "io.gfile.copy"),
        ("from tensorflow.python.lib.io import file_io as f; x = f.FileIO", "files.file_io.FileIO"),
        ("from tensorflow.python.client import device_lib as d; x = d.list_local_devices", DEVICES),
        ("from tensorflow.python.platform import test; x = test.is_gpu_available", "test.is_gpu_available"),
        ("from tensorflow.python.client import session as s; x = s.register_session_run_conversion_functions", CONVERT),
        ("from tensorflow.python.framework import tensor_shape as t; x = t.unknown_shape", "shapes.unknown_shape"),
        ("from tensorflow.python.framework import tensor_shape as t; x = t.as_shape", "TensorShape"),
        ("from tensorflow.python.framework.tensor_shape import scalar as x", "shapes.scalar"),
        ("from tensorflow.python.util import nest; x = nest.flatten", "nest.flatten"),
        ("from tensorflow.contrib.training.python.training.hparam import HParams as x", "contrib.training.HParams"),
        (
            "from tensorflow.contrib.tensorboard.plugins import projector as p; x = p.visualize_embeddings",
            "contrib.projector.visualize_embeddings",
        ),
        (
            "from tensorflow.contrib.learn.python.learn.datasets.mnist import read_data_sets as x",
            "contrib.mnist_data.read_data_sets",
        ),
        (
            "from tensorflow.contrib import learn; x = learn.preprocessing.VocabularyProcessor",
            "contrib.vocabulary.VocabularyProcessor",
        ),
        ("from tensorflow.core.framework import graph_pb2; x = graph_pb2.GraphDef", "GraphDef"),
        ("from tensorflow.core.protobuf.saver_pb2 import SaverDef as x", "train.SaverDef"),
    ],
)
def test_a_name_is_hdfsavers(line, expected):
    """In every way in which programs write it, by the public modules and by the inner ones."""
    found = execute(line)
    value = hdfsaver
    for part in expected.split("."):
        value = getattr(value, part)
    assert value is found


def test_numbers_of_dtypes():
    """They are in a module of messages."""
    assert 1 == execute("from tensorflow.core.framework import types_pb2; x = types_pb2.DT_FLOAT")
    assert 7 == execute("from tensorflow.core.framework.types_pb2 import DT_STRING as x")
    kinds = execute("from tensorflow.core.framework.types_pb2 import DataType as x")
    assert ("DT_FLOAT", 7, 1) == (kinds.Name(1), kinds.Value("DT_STRING"), kinds.DT_FLOAT)


def test_all_names_at_once():
    """An import of * brings the public names of a module, in which other modules stand in too."""
    execute("from tensorflow import *; x = constant, Session, nn.relu")
    assert "tensorflow.train" == execute("from tensorflow import *; x = train.__name__")
    assert hdfsaver.zeros is execute("from tensorflow.python.ops.array_ops import *; x = zeros")
    assert hdfsaver.nn.relu is execute("from tensorflow.compat.v1.nn import *; x = relu")
    assert hdfsaver.GraphDef is execute("from tensorflow.core.framework.graph_pb2 import *; x = GraphDef")
    assert "slim" in execute("import tensorflow.contrib; x = tensorflow.contrib.__all__")
    assert hdfsaver.contrib.slim.conv2d is execute("import tensorflow.contrib.slim as slim; x = slim.conv2d")
    assert hdfsaver.contrib.layers.flatten is execute("from tensorflow.contrib.layers import *; x = flatten")


@pytest.mark.parametrize(
    ("line", "kind", "said"),
    [
        (
            "import tensorflow.contrib.tpu",
            ModuleNotFoundError,
            "tf.contrib.tpu is not in hdfsaver; docs/operations.md",
        ),
        ("from tensorflow.contrib import tpu", ModuleNotFoundError, "tf.contrib.tpu is not in hdfsaver; "),
        ("from tensorflow import keras", ModuleNotFoundError, "tf.keras is not in hdfsaver; "),
        ("import tensorflow.compat.v1.keras", ModuleNotFoundError, "tf.keras is not in hdfsaver; "),
        ("from tensorflow.train import SyncReplicasOptimizer", ImportError, "tf.train.SyncReplicasOptimizer is not"),
        (
            "from tensorflow import Sesion",
            ImportError,
            "is not a name of TensorFlow 1 either. Names like it: tf.Session",
        ),
        ("from tensorflow.python.ops import ragged", ModuleNotFoundError, "tensorflow.python.ops.ragged is not in h"),
        ("from tensorflow.python.framework.ops import Foo", ImportError, "tensorflow.python.framework.ops.Foo is not"),
        ("import tensorflow.train.Saver", ModuleNotFoundError, "write `from tensorflow.train import Saver`"),
        ("import tensorflow.graph.graph", ImportError, "'hdfsaver' has no attribute 'graph'"),
        ("import tensorflow as tf; tf.contrib.tpu.x", AttributeError, "tf.contrib.tpu is not in hdfsaver; "),
        ("import tensorflow as tf; tf.graph", AttributeError, "'hdfsaver' has no attribute 'graph'"),
        ("import tensorflow as tf; tf.estimator.Estimator", AttributeError, "tf.estimator is not in hdfsaver; "),
    ],
)
def test_a_missing_name(line, kind, said):
    """The class is that of a module, an imported name or an attribute; the message is about TensorFlow's name."""
    with pytest.raises(kind, match=".") as caught:
        execute(line)
    assert kind is caught.type
    assert said in str(caught.value)


def test_a_tool_is_a_program():
    """Its code runs its function main; another module has no code to run."""
    spec = importlib.util.find_spec("tensorflow.python.tools.freeze_graph")
    assert spec is not None
    assert spec.submodule_search_locations is None
    code = Finder().get_code(spec.name)
    assert code is not None
    assert ("hdfsaver.programs.tools.graph_freezing", "main") == code.co_names[:2]
    assert None is Finder().get_code("tensorflow.python.tools.saved_model_utils")


def test_another_tensorflow_is_not_mixed_in(monkeypatch):
    """Once a real one has been imported, it stays, and the call is refused."""
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    with pytest.raises(ImportError, match="imported already"):
        standing_modules.install()


def test_the_table():
    """A module's parents are modules; a renamed name is in a module of the table; every module can be imported."""
    assert all(standing_modules.is_module(path.rpartition(".")[0]) for path in PLACES)
    assert {name.rpartition(".")[0] for name in (*RENAMED, *INNER)} <= set(PLACES)
    assert all(standing_modules.has(name) for name in INNER)
    for path, _, name in (renamed.rpartition(".") for renamed in RENAMED):
        assert standing_modules.lookup(path, name) is not None
    for path in PLACES:
        assert f"tensorflow.{path}" == importlib.import_module(f"tensorflow.{path}").__name__
