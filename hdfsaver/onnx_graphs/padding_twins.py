"""Values with further elements around them."""

from __future__ import annotations

import numpy as np

from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.onnx_graphs.twins import Given, twin


@twin("Pad", "PadV2", "MirrorPad")
def pad(op: Given, to: Emitter) -> str:
    """With a constant, or with what is mirrored at the first and last element."""
    if op.attrs.get("mode") == b"SYMMETRIC":
        raise NoTwinError("ONNX has no mirror that repeats the first and last element")
    known = op.known(1)
    if known is not None:
        pads = to.constant(np.ascontiguousarray(known.T).ravel().astype(np.int64))
    else:
        sides = to.add("Transpose", to.cast(op[1], op.dtypes[1], "int64"), perm=[1, 0])
        pads = to.add("Reshape", sides, to.constant([-1]))
    if op.type == "MirrorPad":
        return to.add("Pad", op[0], pads, mode=b"reflect")
    return to.add("Pad", op[0], pads, *([op[2]] if op.type == "PadV2" else []))
