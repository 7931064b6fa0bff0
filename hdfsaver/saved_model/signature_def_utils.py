"""``tf.saved_model.signature_def_utils``: what a graph takes and gives, as ``SignatureDef`` messages."""

from __future__ import annotations

from collections.abc import Mapping

from hdfsaver import dtypes
from hdfsaver.errors import NotFoundError
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes
from hdfsaver.saved_model import signature_constants as names
from hdfsaver.saved_model.tensor_infos import (
    build_tensor_info,
    build_tensor_info_from_op,
    get_element_from_tensor_info,
)
from hdfsaver.variables.variable import Variable

__all__ = [
    "build_signature_def",
    "classification_signature_def",
    "is_valid_signature",
    "predict_signature_def",
    "regression_signature_def",
]

AnyTensor = Tensor | Variable | SparseTensor

_STRING = dtypes.string.as_datatype_enum
_FLOAT = dtypes.float32.as_datatype_enum


def build_signature_def(
    inputs: Mapping[str, message_classes.TensorInfo] | None = None,
    outputs: Mapping[str, message_classes.TensorInfo] | None = None,
    method_name: str | None = None,
    defaults: Mapping[str, Tensor] | None = None,
) -> message_classes.SignatureDef:
    """A signature of these parts.

    Parameters
    ----------
    inputs, outputs : mapping of str to TensorInfo, optional
        See `hdfsaver.saved_model.tensor_infos.build_tensor_info`.
    method_name : str, optional
        The service of a server that it is for.
    defaults : mapping of str to Tensor, optional
        Constants that inputs have where a caller gives none.

    Returns
    -------
    SignatureDef

    Raises
    ------
    ValueError
        A default is not a constant.
    """
    signature = message_classes.SignatureDef()
    for name, info in (inputs or {}).items():
        signature.inputs[name].CopyFrom(info)
    for name, info in (outputs or {}).items():
        signature.outputs[name].CopyFrom(info)
    if method_name is not None:
        signature.method_name = method_name
    for name, tensor in (defaults or {}).items():
        if tensor.op.type != "Const":
            raise ValueError(
                f"The default {name!r} must be a constant; {tensor.name!r} is the result of {tensor.op.type}."
            )
        signature.defaults[name].CopyFrom(tensor.op.node_def.attr["value"].tensor)
    return signature


def regression_signature_def(examples: Tensor, predictions: Tensor) -> message_classes.SignatureDef:
    """A signature for a server's service ``Regress``: from strings to numbers of float32.

    Raises
    ------
    ValueError
        A tensor is missing, or of another dtype.
    """
    inputs = {names.REGRESS_INPUTS: _of_dtype("Regression", "input", "examples", examples, dtypes.string)}
    outputs = {names.REGRESS_OUTPUTS: _of_dtype("Regression", "output", "predictions", predictions, dtypes.float32)}
    return build_signature_def(inputs, outputs, names.REGRESS_METHOD_NAME)


def classification_signature_def(
    examples: Tensor, classes: Tensor | None, scores: Tensor | None
) -> message_classes.SignatureDef:
    """A signature for a server's service ``Classify``.

    Parameters
    ----------
    examples : Tensor
        Strings.
    classes : Tensor or None
        The names of classes, strings.
    scores : Tensor or None
        Their scores, of float32.

    Returns
    -------
    SignatureDef

    Raises
    ------
    ValueError
        The examples, or both classes and scores are missing, or a tensor is of another dtype.
    """
    inputs = {names.CLASSIFY_INPUTS: _of_dtype("Classification", "input", "examples", examples, dtypes.string)}
    if classes is None and scores is None:
        raise ValueError("Classification `classes` and `scores` cannot both be None.")
    outputs = {}
    if classes is not None:
        found = _of_dtype("Classification", "classes", "classes", classes, dtypes.string)
        outputs[names.CLASSIFY_OUTPUT_CLASSES] = found
    if scores is not None:
        found = _of_dtype("Classification", "scores", "scores", scores, dtypes.float32)
        outputs[names.CLASSIFY_OUTPUT_SCORES] = found
    return build_signature_def(inputs, outputs, names.CLASSIFY_METHOD_NAME)


def _of_dtype(
    method: str, role: str, argument: str, tensor: Tensor | None, dtype: dtypes.DType
) -> message_classes.TensorInfo:
    if tensor is None:
        raise ValueError(f"{method} `{argument}` cannot be None.")
    if not isinstance(tensor, Tensor):
        raise ValueError(f"Expected {method.lower()} `{argument}` to be of type Tensor, not {type(tensor).__name__}.")
    info = build_tensor_info(tensor)
    if info.dtype != dtype.as_datatype_enum:
        kind = "string" if dtype == dtypes.string else "float"
        raise ValueError(
            f"{method} {role} tensors must be of type {kind}. Found tensors with type {tensor.dtype.base_dtype.name}."
        )
    return info


def predict_signature_def(
    inputs: Mapping[str, AnyTensor], outputs: Mapping[str, AnyTensor]
) -> message_classes.SignatureDef:
    """A signature for a server's service ``Predict``, from any tensors to any others.

    Raises
    ------
    ValueError
        There are no inputs or no outputs.
    """
    if not inputs:
        raise ValueError("Prediction `inputs` cannot be None or empty.")
    if not outputs:
        raise ValueError("Prediction `outputs` cannot be None or empty.")
    return build_signature_def(_infos(inputs), _infos(outputs), names.PREDICT_METHOD_NAME)


def _infos(tensors: Mapping[str, AnyTensor]) -> dict[str, message_classes.TensorInfo]:
    return {name: build_tensor_info(tensor) for name, tensor in tensors.items()}


def supervised_train_signature_def(
    inputs: Mapping[str, AnyTensor],
    loss: Mapping[str, AnyTensor] | None,
    predictions: Mapping[str, AnyTensor] | None = None,
    metrics: Mapping[str, AnyTensor] | None = None,
) -> message_classes.SignatureDef:
    """A signature for training.

    Parameters
    ----------
    inputs : mapping of str to Tensor
    loss, predictions, metrics : mapping of str to Tensor, optional
        The outputs.

    Returns
    -------
    SignatureDef

    Raises
    ------
    ValueError
        There are no inputs.
    """
    return _supervised(names.SUPERVISED_TRAIN_METHOD_NAME, inputs, loss, predictions, metrics)


def supervised_eval_signature_def(
    inputs: Mapping[str, AnyTensor],
    loss: Mapping[str, AnyTensor] | None,
    predictions: Mapping[str, AnyTensor] | None = None,
    metrics: Mapping[str, AnyTensor] | None = None,
) -> message_classes.SignatureDef:
    """A signature for evaluation; see `supervised_train_signature_def`.

    Parameters
    ----------
    inputs : mapping of str to Tensor
    loss, predictions, metrics : mapping of str to Tensor, optional
        The outputs.

    Returns
    -------
    SignatureDef

    Raises
    ------
    ValueError
        There are no inputs.
    """
    return _supervised(names.SUPERVISED_EVAL_METHOD_NAME, inputs, loss, predictions, metrics)


def _supervised(
    method: str, inputs: Mapping[str, AnyTensor], *outputs: Mapping[str, AnyTensor] | None
) -> message_classes.SignatureDef:
    if not inputs:
        raise ValueError(f"{method} `inputs` cannot be None or empty.")
    joined = {name: tensor for tensors in outputs for name, tensor in (tensors or {}).items()}
    return build_signature_def(_infos(inputs), _infos(joined), method)


def is_valid_signature(signature_def: message_classes.SignatureDef | None) -> bool:
    """Whether a server can serve a signature: it has the inputs and outputs that its method asks for."""
    if signature_def is None:
        return False
    check = _CHECKS.get(signature_def.method_name)
    inputs = {name: info.dtype for name, info in signature_def.inputs.items()}
    outputs = {name: info.dtype for name, info in signature_def.outputs.items()}
    return check is not None and check(inputs, outputs)


def _is_prediction(inputs: Mapping[str, int], outputs: Mapping[str, int]) -> bool:
    return bool(inputs and outputs)


def _is_regression(inputs: Mapping[str, int], outputs: Mapping[str, int]) -> bool:
    return inputs == {names.REGRESS_INPUTS: _STRING} and outputs == {names.REGRESS_OUTPUTS: _FLOAT}


def _is_classification(inputs: Mapping[str, int], outputs: Mapping[str, int]) -> bool:
    possible = {names.CLASSIFY_OUTPUT_CLASSES: _STRING, names.CLASSIFY_OUTPUT_SCORES: _FLOAT}
    return inputs == {names.CLASSIFY_INPUTS: _STRING} and bool(outputs) and outputs.items() <= possible.items()


_CHECKS = {
    names.PREDICT_METHOD_NAME: _is_prediction,
    names.REGRESS_METHOD_NAME: _is_regression,
    names.CLASSIFY_METHOD_NAME: _is_classification,
}


def op_signature_def(op: Operation | Tensor, key: str) -> message_classes.SignatureDef:
    """A signature whose one output, of the name of the key, is an operation."""
    return build_signature_def(outputs={key: build_tensor_info_from_op(op)})


def load_op_from_signature_def(
    signature_def: message_classes.SignatureDef, key: str, import_scope: str | None = None
) -> Tensor | Operation:
    """The operation of the default graph that a signature of `op_signature_def` names.

    Parameters
    ----------
    signature_def : SignatureDef
    key : str
        The name of the output.
    import_scope : str, optional
        The scope that the graph was imported into.

    Returns
    -------
    Operation or Tensor

    Raises
    ------
    NotFoundError
        The graph has no such operation.
    """
    try:
        return get_element_from_tensor_info(signature_def.outputs[key], import_scope=import_scope)
    except KeyError:
        raise NotFoundError(
            None,
            None,
            f'The key "{key}" could not be found in the graph: the signature of this name is reserved for an operation '
            f"of the graph, and it has {signature_def.outputs[key].name!r}.",
        ) from None


def __dir__() -> list[str]:
    return __all__
