"""Values taken by their places."""

from __future__ import annotations

from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("Gather", "GatherV2")
def gather(op: Given, to: Emitter) -> str:
    """Along an axis."""
    axis = int(op.needed(2, "axis")) if op.type == "GatherV2" else 0
    batch = int(op.attrs.get("batch_dims", 0))
    if batch < 0:
        batch += op.rank(1)
    if batch == 0:
        return to.add("Gather", op[0], op[1], axis=axis)
    if axis not in (batch, batch - op.rank(0)):
        raise NoTwinError("it takes parts of an axis that is not the first one behind those of the batch")
    places = to.unsqueeze(to.cast(op[1], op.dtypes[1], "int64"), [-1])
    return to.add("GatherND", op[0], places, batch_dims=batch)


@twin("GatherNd")
def gather_nd(op: Given, to: Emitter) -> str:
    """By rows of places."""
    return to.add("GatherND", op[0], to.cast(op[1], op.dtypes[1], "int64"))
