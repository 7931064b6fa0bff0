"""Whether a model whose values stay in a checkpoint fits another checkpoint."""

from __future__ import annotations

import os
from typing import Any

from hdfsaver.conversion.report import listed
from hdfsaver.conversion.weights import FileWeights
from hdfsaver.errors import FailedPreconditionError, InvalidArgumentError
from hdfsaver.formats.open_source import open_source
from hdfsaver.onnx_graphs.emitter import NoTwinError, onnx_type
from hdfsaver.onnx_graphs.onnx_messages import onnx_library
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.schema import Structure, new_digraph


def check_weights(model: str | os.PathLike[str], checkpoint: PathLike, *, group: str = "") -> None:
    """Check that a checkpoint has the values of a model's variables where the model looks for them.

    A model that was converted with ``weights_in`` has the places of values in that checkpoint. Checkpoints of one
    program, with the same variables and the same graph, have the same places; another one may take the place of the
    file that the model names if this check passes.

    Parameters
    ----------
    model : path
        The ONNX model.
    checkpoint : path
        A checkpoint of hdfsaver.
    group : str
        The model in it, if it has several.

    Raises
    ------
    FailedPreconditionError
        Values are elsewhere, or of another dtype or shape; the message names the variables.
    InvalidArgumentError
        The model has no values in another file.
    ImportError
        The package `onnx` is not installed.
    """
    found = onnx_library().load(os.fspath(model), load_external_data=False)
    outside = [each for each in found.graph.initializer if each.data_location == each.EXTERNAL]
    if not outside:
        raise InvalidArgumentError(None, None, f"{os.fspath(model)} has all values itself; there is nothing to check.")
    with open_source(as_prefix(checkpoint), group) as file:
        structure = file.structure()
        weights = FileWeights(file, Structure(new_digraph()) if structure is None else structure)
        wrong = [each.name for each in outside if not _fits(each, weights)]
        path = file.path
    if wrong:
        raise FailedPreconditionError(
            None,
            None,
            f"{path} does not have the values of {listed(wrong)} where {os.fspath(model)} looks for them: its layout "
            "is another one. Convert it with weights_in (--weights-in) once more, from this checkpoint.",
        )


def _fits(tensor: Any, weights: FileWeights) -> bool:
    """Whether the file has a value of that dtype, shape and place."""
    name = weights.name_of(tensor.name)
    entry = weights.file.variables.get(name)
    if entry is None:
        return False
    places = {each.key: each.value for each in tensor.external_data}
    try:
        kind = onnx_type(entry.dtype)
    except NoTwinError:
        return False
    described = (kind, tuple(entry.shape), weights.file.extent(name))
    return described == (
        tensor.data_type,
        tuple(tensor.dims),
        (int(places["offset"]), int(places["length"])),
    )
