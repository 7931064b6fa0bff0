"""Signatures: the tensors that a server takes and gives."""

from __future__ import annotations

import pytest

import hdfsaver as tf
from hdfsaver.saved_model import signature_def_utils, tensor_infos


@pytest.fixture
def tensors():
    """Strings, numbers of float32, and integers."""
    return (
        tf.placeholder(tf.string, [None], name="text"),
        tf.placeholder(tf.float32, [None, 2], name="numbers"),
        tf.placeholder(tf.int64, name="integers"),
    )


def names_of(infos):
    return {key: info.name for key, info in infos.items()}


def test_tensor_infos(tensors):
    """Name, dtype and shape; the dtype of a variable is that of a reference, as in TensorFlow."""
    info = tf.saved_model.utils.build_tensor_info(tensors[1])
    assert ("numbers:0", 1, [-1, 2]) == (info.name, info.dtype, [dim.size for dim in info.tensor_shape.dim])
    assert tf.saved_model.build_tensor_info(tensors[2]).tensor_shape.unknown_rank
    variable = tf.Variable([1.0], name="v")
    info = tf.saved_model.build_tensor_info(variable)
    assert ("v:0", 101, "name") == (info.name, info.dtype, info.WhichOneof("encoding"))
    assert variable.op is tf.saved_model.get_tensor_from_tensor_info(info).op
    with pytest.raises(ValueError, match=r"TensorInfo\.encoding"):
        tf.saved_model.get_tensor_from_tensor_info(tf.TensorInfo())
    with pytest.raises(KeyError):
        tf.saved_model.get_tensor_from_tensor_info(tf.TensorInfo(name="none:0"))


def test_sparse_tensor_infos():
    """A sparse tensor is the names of its three, which are looked up again: in a scope, and as part of a signature."""
    sparse = tf.sparse_placeholder(tf.float32, [None, 3], name="x")
    info = tf.saved_model.build_tensor_info(sparse)
    coo = info.coo_sparse
    found = (coo.indices_tensor_name, coo.values_tensor_name, coo.dense_shape_tensor_name, info.dtype)
    assert ("x/indices:0", "x/values:0", "x/shape:0", 1) == found
    assert [-1, 3] == [dim.size for dim in info.tensor_shape.dim]
    again = tf.saved_model.get_tensor_from_tensor_info(info)
    assert isinstance(again, tf.SparseTensor)
    assert [sparse.indices, sparse.values, sparse.dense_shape] == [again.indices, again.values, again.dense_shape]
    assert info == tf.saved_model.predict_signature_def({"x": sparse}, {"y": sparse}).inputs["x"]
    described = tf.train.export_meta_graph()
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(described, import_scope="s")
        inner = tf.saved_model.get_tensor_from_tensor_info(info, graph, import_scope="s")
        assert ("s/x/indices:0", "s/x/values:0") == (inner.indices.name, inner.values.name)
        with pytest.raises(KeyError):
            tf.saved_model.get_tensor_from_tensor_info(info, graph)


def test_signatures_for_servers(tensors):
    """Each has the names and the method that a server asks for, and is valid."""
    text, numbers, integers = tensors
    utils = tf.saved_model.signature_def_utils
    regress = utils.regression_signature_def(text, numbers)
    classify = utils.classification_signature_def(text, text, numbers)
    predict = utils.predict_signature_def({"a": integers}, {"b": numbers})
    assert ("tensorflow/serving/regress", {"inputs": "text:0"}, {"outputs": "numbers:0"}) == (
        regress.method_name,
        names_of(regress.inputs),
        names_of(regress.outputs),
    )
    assert {"classes": "text:0", "scores": "numbers:0"} == names_of(classify.outputs)
    assert ("tensorflow/serving/predict", {"a": "integers:0"}) == (predict.method_name, names_of(predict.inputs))
    assert ["scores"] == list(utils.classification_signature_def(text, None, numbers).outputs)
    assert all(map(utils.is_valid_signature, (regress, classify, predict)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda text, numbers, integers: (None, numbers), "`examples` cannot be None"),
        (lambda text, numbers, integers: (text, None), "`predictions` cannot be None"),
        (lambda text, numbers, integers: ("text", numbers), "to be of type Tensor"),
        (lambda text, numbers, integers: (integers, numbers), "must be of type string"),
        (lambda text, numbers, integers: (text, integers), "must be of type float"),
    ],
)
def test_regression_asks_for_dtypes(tensors, make, message):
    """Strings and float32."""
    with pytest.raises(ValueError, match=message):
        tf.saved_model.regression_signature_def(*make(*tensors))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda text, numbers, integers: (None, text, numbers), "`examples` cannot be None"),
        (lambda text, numbers, integers: (text, None, None), "cannot both be None"),
        (lambda text, numbers, integers: (numbers, text, numbers), "must be of type string"),
        (lambda text, numbers, integers: (text, numbers, None), "must be of type string"),
        (lambda text, numbers, integers: (text, None, integers), "must be of type float"),
    ],
)
def test_classification_asks_for_dtypes(tensors, make, message):
    """Strings, strings and float32."""
    with pytest.raises(ValueError, match=message):
        tf.saved_model.classification_signature_def(*make(*tensors))


def test_missing_parts(tensors):
    """A prediction has inputs and outputs, training has inputs."""
    for inputs, outputs in ((None, {"b": tensors[0]}), ({}, {"b": tensors[0]}), ({"a": tensors[0]}, {})):
        with pytest.raises(ValueError, match="cannot be None or empty"):
            tf.saved_model.predict_signature_def(inputs, outputs)
    with pytest.raises(ValueError, match="`inputs` cannot be None or empty"):
        signature_def_utils.supervised_train_signature_def({}, None)
    found = signature_def_utils.supervised_eval_signature_def(
        {"x": tensors[0]}, {"loss": tensors[1]}, {"p": tensors[2]}, {"m": tensors[1]}
    )
    assert ("tensorflow/supervised/eval", ["loss", "m", "p"]) == (found.method_name, sorted(found.outputs))


@pytest.mark.parametrize(
    ("method", "inputs", "outputs", "expected"),
    [
        ("predict", {"a": 3}, {"b": 1}, True),
        ("predict", {}, {"b": 1}, False),
        ("predict", {"a": 3}, {}, False),
        ("regress", {"inputs": 7}, {"outputs": 1}, True),
        ("regress", {"inputs": 1}, {"outputs": 1}, False),
        ("regress", {"inputs": 7, "more": 7}, {"outputs": 1}, False),
        ("regress", {"inputs": 7}, {"outputs": 7}, False),
        ("classify", {"inputs": 7}, {"scores": 1}, True),
        ("classify", {"inputs": 7}, {"scores": 7}, False),
        ("classify", {"inputs": 7}, {"classes": 1}, False),
        ("classify", {"inputs": 7}, {"classes": 7, "more": 1}, False),
        ("classify", {"inputs": 7}, {}, False),
        ("other", {"inputs": 7}, {"outputs": 1}, False),
    ],
)
def test_valid_signatures(method, inputs, outputs, expected):
    """Names and dtypes are those of the method."""
    infos = [{name: tf.TensorInfo(dtype=dtype) for name, dtype in part.items()} for part in (inputs, outputs)]
    found = tf.saved_model.build_signature_def(infos[0], infos[1], f"tensorflow/serving/{method}")
    assert expected == tf.saved_model.is_valid_signature(found)
    assert not tf.saved_model.is_valid_signature(None)


def test_defaults(tensors):
    """A constant can stand for an input that is not given; nothing else can."""
    found = tf.saved_model.build_signature_def(defaults={"x": tf.constant([1.0, 2.0])})
    assert [1.0, 2.0] == tf.make_ndarray(found.defaults["x"]).tolist()
    with pytest.raises(ValueError, match="must be a constant"):
        tf.saved_model.build_signature_def(defaults={"x": tensors[0]})


def test_signatures_of_operations():
    """An operation is found again by the name that the signature has, also in a scope."""
    op = tf.no_op(name="init")
    found = signature_def_utils.op_signature_def(op, "key")
    assert op is signature_def_utils.load_op_from_signature_def(found, "key")
    with pytest.raises(tf.errors.NotFoundError, match='"key" could not be found'):
        signature_def_utils.load_op_from_signature_def(found, "key", import_scope="scope")
    with tf.name_scope("scope"):
        inner = tf.no_op(name="init")
    assert inner == signature_def_utils.load_op_from_signature_def(found, "key", import_scope="scope/")
    assert "init" == tensor_infos.build_tensor_info_from_op(op).name
