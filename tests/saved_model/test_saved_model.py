"""``tf.saved_model``: graphs with values in a folder, written and brought back."""

from __future__ import annotations

import os
import pathlib
import re

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.interop import open_bundle, read_saved_model
from hdfsaver.messages import message_classes
from hdfsaver.saved_model import loader
from hdfsaver.saved_model.saved_model_constants import INIT_OP_SIGNATURE_KEY, TRAIN_OP_SIGNATURE_KEY

SERVE = tf.saved_model.SERVING


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def model():
    """A graph with a variable, a partitioned one and one of strings: ``y = 2 x + 6``."""
    x = tf.placeholder(tf.float32, [None], name="x")
    w = tf.get_variable("w", initializer=2.0)
    with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(2)):
        parts = tf.get_variable("p", initializer=tf.constant([[1.0], [2.0], [3.0]]))
    tf.Variable(b"text", name="s")
    y = tf.add(x * w, tf.reduce_sum(parts), name="y")
    return x, y


def signature(x, y):
    return tf.saved_model.predict_signature_def({"in": x}, {"out": y})


def built(add, folder="model", as_text=False):
    """A SavedModel whose graph a function makes; it gives the options of `add_meta_graph_and_variables`."""
    with tf.Graph().as_default(), tf.Session() as session:
        options = add()
        session.run(tf.global_variables_initializer())
        builder = tf.saved_model.Builder(folder)
        builder.add_meta_graph_and_variables(session, [SERVE], **options)
        builder.save(as_text)
    return folder


def loaded(folder="model", tags=(SERVE,), run="y:0", feed=None, scope=None, **options):
    """The graph that is loaded, and the result of a run of it in a new session."""
    with tf.Graph().as_default(), tf.Session() as session:
        found = tf.saved_model.loader.load(session, tags, folder, import_scope=scope, **options)
        return found, session.run(run, feed or {})


def simple():
    x, y = model()
    return {"signature_def_map": {"serving_default": signature(x, y)}}


@pytest.mark.parametrize("as_text", [False, True])
def test_values_and_signatures_come_back(as_text):
    """A program finds the tensors by their signature, also in a file of text."""
    built(simple, as_text=as_text)
    assert tf.saved_model.contains_saved_model("model")
    with tf.Graph().as_default(), tf.Session() as session:
        graph = tf.saved_model.load(session, [SERVE], "model")
        found = graph.signature_def["serving_default"]
        x, y = (tf.saved_model.get_tensor_from_tensor_info(info) for info in (found.inputs["in"], found.outputs["out"]))
        assert [6.0, 8.0] == session.run(y, {x: [0.0, 1.0]}).tolist()
        assert b"text" == session.run("s:0")
    assert tf.saved_model.is_valid_signature(found)


def test_the_files_are_tensorflows():
    """The values are a bundle with whole variables, and the graph has the operations that TensorFlow restores with."""
    built(simple)
    files = sorted(path.as_posix() for path in pathlib.Path("model").rglob("*") if path.is_file())
    variables = [f"model/variables/variables.{end}" for end in ("data-00000-of-00001", "index")]
    assert ["model/saved_model.pb", *variables] == files
    with open_bundle("model/variables/variables") as values:
        assert ["parts/p", "s", "w"] == sorted(values.variables)
        assert [[1.0], [2.0], [3.0]] == values["parts/p"].tolist()
    message = loader.parse_saved_model("model").meta_graphs[0]
    ops = {node.name: node.op for node in message.graph_def.node}
    assert ("save/restore_all", "NoOp") == (message.saver_def.restore_op_name, ops["save/restore_all"])
    assert "_output_shapes" not in str(message.graph_def)
    assert (SERVE,) == read_saved_model("model").meta_graphs[0].tags


def test_into_a_scope():
    """The names of the graph come behind the scope; the values are found under their old ones."""
    built(simple)
    message, found = loaded(run="a/y:0", feed={"a/x:0": [1.0]}, scope="a")
    assert [8.0] == found.tolist()
    with tf.Graph().as_default(), tf.Session() as session:
        tf.saved_model.load(session, [SERVE], "model", import_scope="a")
        info = message.signature_def["serving_default"].outputs["out"]
        assert "a/y:0" == tf.saved_model.utils.get_tensor_from_tensor_info(info, import_scope="a").name
        with pytest.raises(KeyError):
            tf.saved_model.utils.get_tensor_from_tensor_info(info)


def test_options_of_the_import():
    """What `import_meta_graph` takes, the loader takes; any other name is a TypeError."""
    built(simple)
    with tf.Graph().as_default(), tf.Session() as session:
        other = tf.constant([10.0])
        tf.saved_model.load(session, [SERVE], "model", input_map={"x:0": other}, clear_devices=True)
        assert [26.0] == session.run("y:0").tolist()
        with pytest.raises(TypeError):
            tf.saved_model.load(session, [SERVE], "model", nothing=1)


def test_several_graphs_with_one_set_of_values():
    """Each is chosen by all its tags, in any order."""
    with tf.Graph().as_default(), tf.Session() as session:
        model()
        session.run(tf.global_variables_initializer())
        builder = tf.saved_model.builder.SavedModelBuilder("model")
        builder.add_meta_graph_and_variables(session, ["train"])
        with tf.Graph().as_default():
            tf.multiply(tf.get_variable("w", []), 10.0, name="y")
            builder.add_meta_graph([SERVE, tf.saved_model.GPU])
        assert b"model/saved_model.pb" == builder.save()
    assert 20.0 == loaded(tags={"gpu", SERVE})[1]
    assert [6.0] == loaded(tags=["train"], feed={"x:0": [0.0]})[1].tolist()
    with pytest.raises(RuntimeError, match=r"\['serve'\] could not be found .* \['train'\], \['gpu', 'serve'\]"):
        loaded(tags=[SERVE])


def test_simple_save():
    """One graph for servers, with a signature, without devices."""
    with tf.Graph().as_default(), tf.Session() as session, tf.device("/device:GPU:0"):
        x, y = model()
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, "model", inputs={"in": x}, outputs={"out": y})
    message, found = loaded(feed={"x:0": [1.0]})
    assert ([8.0], ["serving_default"]) == (found.tolist(), list(message.signature_def))
    assert {""} == {node.device for node in message.graph_def.node}


def test_a_graph_without_variables():
    """There is nothing to restore; neither are there files of values."""
    built(lambda: {} if tf.constant(3.0, name="y") is not None else None)
    message, found = loaded()
    assert (3.0, False) == (found, message.HasField("saver_def"))
    assert [] == os.listdir("model/variables")


def test_a_saver_of_its_own():
    """It chooses the variables and their names in the file."""

    def add():
        x, y = model()
        w = tf.global_variables()[0]
        tf.add(w, 1.0, name="z")
        return {"saver": tf.train.Saver({"other": w})}

    built(add)
    assert [("other", [])] == tf.train.list_variables("model/variables/variables")
    assert 3.0 == loaded(run="z:0")[1]


@pytest.mark.parametrize("option", ["main_op", "legacy_init_op", "init_op"])
def test_an_operation_that_runs_at_loading(option):
    """It runs after the values are restored; the first graph of a session is not changed by it."""

    def add():
        w = tf.Variable(1.0, name="w")
        tf.identity(w, name="y")
        return {option: tf.group(tf.assign(w, w * 10.0))}

    built(add)
    assert 10.0 == loaded()[1]
    assert 10.0 == loaded(run="a/y:0", scope="a")[1]


def test_an_operation_that_trains():
    """It is recorded, and not run."""

    def add():
        w = tf.Variable(1.0, name="w")
        tf.identity(w, name="y")
        return {"train_op": tf.assign(w, 2.0, name="train")}

    built(add)
    with tf.Graph().as_default(), tf.Session() as session:
        message = tf.saved_model.load(session, [SERVE], "model")
        assert [1.0, "train"] == [session.run("y:0"), loader.get_train_op(message).op.name]
        assert loader.get_init_op(message) is None


def test_files_move_with_the_model():
    """An asset is copied, and its tensor has the path where the SavedModel is now."""
    pathlib.Path("words.txt").write_text("a b")

    def add():
        path = tf.constant("words.txt", name="path")
        seen = tf.Variable("", name="seen")
        return {"assets_collection": [path], "main_op": tf.group(tf.assign(seen, path))}

    built(add)
    os.remove("words.txt")
    os.rename("model", "moved")
    path = loaded("moved", run="seen:0")[1].decode()
    assert ("moved/assets/words.txt", "a b") == (path, pathlib.Path(path).read_text())


def test_files_of_one_name():
    """Those with the same bytes are one; others get a number."""
    for folder, content in (("a", "1"), ("b", "2"), ("c", "1")):
        os.mkdir(folder)
        pathlib.Path(folder, "f").write_text(content)
    built(lambda: {"assets_list": [tf.constant(f"{folder}/f") for folder in "abc"]})
    names = [asset.filename for asset in loader.parse_saved_model("model").meta_graphs[0].asset_file_def]
    assert ["f", "f_1", "f"] == names
    assert ["1", "2"] == [pathlib.Path("model/assets", name).read_text() for name in ("f", "f_1")]


def test_a_file_of_another_graph_stays():
    """Where the second graph has another file of a name, the first is kept, with a warning; so is a missing file."""
    for folder in ("a", "b"):
        os.mkdir(folder)
        pathlib.Path(folder, "f").write_text(folder)
    with tf.Graph().as_default(), tf.Session() as session:
        builder = tf.saved_model.Builder("model")
        builder.add_meta_graph_and_variables(session, ["one"], assets_collection=[tf.constant("a/f", name="f")])
        builder.add_meta_graph(["two"])
        with pytest.warns(UserWarning, match="keeps another asset of the name f, not b/f"):
            builder.add_meta_graph(["three"], assets_list=[tf.constant("b/f")])
        with pytest.warns(UserWarning, match="without the asset none: it does not exist"):
            builder.add_meta_graph(["four"], assets_list=[tf.constant("none")])
        builder.save()
    assert "a" == pathlib.Path("model/assets/f").read_text()
    graphs = loader.parse_saved_model("model").meta_graphs
    asset = message_classes.AssetFileDef()
    for graph in graphs[:2]:  # the second is the same graph, and so has the first's files
        assert graph.collection_def["saved_model_assets"].any_list.value[0].Unpack(asset)
        assert ("f", "f:0") == (asset.filename, asset.tensor_info.name)


def test_defaults_are_left_out():
    """With `strip_default_attrs`, and only then; the message that `load` returns has them again, as in TensorFlow."""

    def add(strip):
        tf.complex(tf.constant(1.0), tf.constant(2.0), name="y")
        return {"strip_default_attrs": strip}

    for strip in (True, False):
        folder = built(lambda: add(strip), f"model{strip}")  # noqa: B023 - called at once
        message, found = loaded(folder)
        written = loader.parse_saved_model(folder).meta_graphs[0]
        attrs, in_file = (
            next(node.attr for node in graph.graph_def.node if node.name == "y") for graph in (message, written)
        )
        assert (1 + 2j, strip) == (found, "Tout" not in in_file)
        assert (1, 8) == (attrs["T"].type, attrs["Tout"].type)
        assert strip == message.meta_info_def.stripped_default_attrs


def test_a_program_collection_of_variables():
    """As in TensorFlow it has the names of tensors, which come back as tensors."""

    def add():
        tf.add_to_collection("mine", tf.Variable(1.0, name="v"))
        return {}

    built(add)
    with tf.Graph().as_default(), tf.Session() as session:
        message = tf.saved_model.load(session, [SERVE], "model")
        assert ["v:0"] == list(message.collection_def["mine"].node_list.value)
        assert ["v:0"] == [item.name for item in tf.get_collection("mine")]


def _info(**fields):
    return {"s": message_classes.SignatureDef(inputs={"x": message_classes.TensorInfo(**fields)})}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"signature_def_map": _info(dtype=1)}, AssertionError, "'encoding'"),
        ({"signature_def_map": _info(name="x:0")}, AssertionError, "dtype"),
        ({"signature_def_map": {INIT_OP_SIGNATURE_KEY: message_classes.SignatureDef()}}, KeyError, "reserved"),
        ({"signature_def_map": {TRAIN_OP_SIGNATURE_KEY: message_classes.SignatureDef()}}, KeyError, "reserved"),
        ({"main_op": "init"}, TypeError, "Operation"),
        ({"assets_collection": ["path"]}, TypeError, "must be a Tensor"),
    ],
)
def test_arguments_that_are_refused(options, error, message):
    """Nothing is written then, and the same builder can be used again."""
    with tf.Graph().as_default(), tf.Session() as session:
        model()
        session.run(tf.global_variables_initializer())
        builder = tf.saved_model.Builder("model")
        with pytest.raises(error, match=message):
            builder.add_meta_graph_and_variables(session, [SERVE], **options)
        assert [] == os.listdir("model")
        builder.add_meta_graph_and_variables(session, [SERVE])
        builder.save()
    assert [6.0] == loaded(feed={"x:0": [0.0]})[1].tolist()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tf.placeholder(tf.string, []), "constant. Has type Placeholder"),
        (lambda: tf.constant(1), "dtype string"),
        (lambda: tf.constant(["a", "b"]), "scalar"),
    ],
)
def test_tensors_that_name_no_file(make, message):
    """An asset is a constant of one string."""
    with tf.Graph().as_default(), tf.Session() as session:
        builder = tf.saved_model.Builder("model")
        with pytest.raises(TypeError, match=re.escape(message)):
            builder.add_meta_graph_and_variables(session, [SERVE], assets_collection=[make()])


def test_order_of_calls():
    """Values come first, and once; a folder that has something in it is refused; a variable needs a value."""
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.Variable(1.0)
        builder = tf.saved_model.Builder("model")
        with pytest.raises(AssertionError, match="add_meta_graph_and_variables"):
            builder.add_meta_graph([SERVE])
        init = tf.group(v.initializer)
        with pytest.raises(tf.errors.FailedPreconditionError):
            builder.add_meta_graph_and_variables(session, [SERVE], main_op=init)
        assert [] == tf.get_collection(tf.saved_model.MAIN_OP_KEY)
        session.run(v.initializer)
        builder.add_meta_graph_and_variables(session, [SERVE], main_op=init)
        with pytest.raises(AssertionError, match=r"add_meta_graph\(\)"):
            builder.add_meta_graph_and_variables(session, [SERVE])
        with pytest.raises(ValueError, match="already contains one or more main ops"):
            builder.add_meta_graph([SERVE], main_op=init)
        builder.save()
        with pytest.raises(AssertionError, match="isn't empty"):
            tf.saved_model.Builder("model")
        with pytest.raises(TypeError, match="must be a Session"):
            tf.saved_model.Builder("other").add_meta_graph_and_variables(None, [SERVE])


def test_a_folder_without_a_model():
    """Missing and damaged files are an OSError; a name on another machine is an UnimplementedError."""
    with pytest.raises(OSError, match=r"SavedModel file does not exist at: none/\{saved_model.pbtxt\|saved_model.pb\}"):
        loaded("none")
    os.mkdir("bad")
    pathlib.Path("bad/saved_model.pb").write_bytes(b"\xff" * 20)
    with pytest.raises(OSError, match="Cannot parse file"):
        loaded("bad")
    assert [True, False] == [tf.saved_model.maybe_saved_model_directory(name) for name in ("bad", "none")]
    with pytest.raises(tf.errors.UnimplementedError, match="on this machine"):
        loaded("s3://bucket/model")


def test_a_file_outside_of_the_model():
    """An asset whose name leads out of the folder is refused, and nothing is run with its path."""
    built(lambda: {"main_op": tf.constant("a", name="path").op})
    model = loader.parse_saved_model("model")
    model.meta_graphs[0].asset_file_def.add(filename="../../secret").tensor_info.name = "path:0"
    pathlib.Path("model/saved_model.pb").write_bytes(model.SerializeToString())
    with pytest.raises(tf.errors.DataLossError, match=r"\.\./\.\./secret"):
        loaded()


def test_an_operation_of_an_unknown_type_at_loading():
    """A table that cannot be made here is a warning; the rest of the graph runs."""

    def with_table():
        tf.Variable(5.0, name="y")
        return {"main_op": tf.no_op(name="init_tables")}

    built(with_table)
    model = loader.parse_saved_model("model")
    nodes = model.meta_graphs[0].graph_def.node
    nodes.add(name="table", op="MutableDenseHashTableOfTomorrow")
    next(node for node in nodes if node.name == "init_tables").input.append("^table")
    pathlib.Path("model/saved_model.pb").write_bytes(model.SerializeToString())
    with pytest.warns(UserWarning, match="'init_tables', which is to run .* was not run"):
        assert 5.0 == loaded()[1]


def test_step_by_step():
    """The loader's class brings graph and values separately, and gives elements of the graph."""
    built(simple)
    reader = loader.SavedModelLoader("model")
    assert ("model", "model/variables/variables") == (reader.export_dir, reader.variables_path)
    graph = tf.Graph()
    saver, elements = reader.load_graph(graph, [SERVE], return_elements=["y:0"])
    with tf.Session(graph=graph) as session:
        with pytest.raises(ValueError, match="need one"):
            reader.restore_variables(session, None)
        reader.restore_variables(session, saver)
        reader.run_init_ops(session, [SERVE])
        assert [6.0] == session.run(elements, {"x:0": [0.0]})[0].tolist()


def test_a_graph_that_was_loaded_is_saved_again():
    """It keeps its values, and has the tags and signatures of the second builder only."""
    built(simple)
    graph = loader.parse_saved_model("model").meta_graphs[0]
    pathlib.Path("graph.meta").write_bytes(graph.SerializeToString())
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph("graph.meta").restore(session, "model/variables/variables")
        builder = tf.saved_model.Builder("second")
        builder.add_meta_graph_and_variables(session, ["again"])
        builder.save()
    message, found = loaded("second", tags=["again"], feed={"x:0": np.zeros(1)})
    assert ([6.0], [], ["again"]) == (found.tolist(), list(message.signature_def), list(message.meta_info_def.tags))


def test_main_ops():
    """They initialize variables, global and local, and tables; one restores after that."""
    tf.Variable(3.0, name="g")
    local = tf.Variable(4.0, name="l", trainable=False, collections=[tf.GraphKeys.LOCAL_VARIABLES])
    table = tf.Variable(0.0, name="t", collections=[])
    tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, tf.assign(table, 7.0).op)
    with tf.Session() as session:
        session.run(tf.saved_model.main_op.main_op())
        assert [3.0, 4.0, 7.0] == session.run(["g:0", local, table])
    restore = tf.no_op(name="restore")
    op = tf.saved_model.main_op_with_restore(restore)
    assert {"restore", "group_deps_1"} == {item.name for item in op.control_inputs}
