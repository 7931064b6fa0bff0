#!/usr/bin/env bash
# onnxruntime 1.32.0 on 64-bit x86: the Sigmoid of float32 numbers is an approximation that is exact to about 1.7e-7 of 1, not
# of the result. Small results are wrong by a large part of themselves, and from about -18 down they are exactly 0.
#
# Seen: the sigmoid of -16 is 5.96e-08 where 1.13e-07 is right, that of -17 is 8.94e-08 and so greater than that of -16, and
# that of -20 is 0 where 2.06e-09 is right. A Log behind it gives -inf instead of -20. NumPy's float32 formula is right for all
# of these, and so is ONNX Runtime for float64.
#
# Why it matters: float32 has numbers down to 1e-38, and a sigmoid of -20 is an everyday value for a class that is not there.
# Losses and scores that are made of logarithms become infinite after an export, and a sort by scores mixes up the last ones.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6

cat >"$folder/sigmoid.py" <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

values = np.array([-16, -17, -20], np.float32)


def run(values):
    kind = helper.np_dtype_to_tensor_dtype(values.dtype)
    x, y, z = (helper.make_tensor_value_info(name, kind, [len(values)]) for name in "xyz")
    nodes = [helper.make_node("Sigmoid", ["x"], ["y"]), helper.make_node("Log", ["y"], ["z"])]
    graph = helper.make_graph(nodes, "graph", [x], [y, z])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": values})


right = 1 / (1 + np.exp(-values))
single, logs = run(values)
double, _ = run(values.astype(np.float64))
for row in zip(values, right, single, double, logs, strict=True):
    print("sigmoid of {:.0f}: NumPy {:.3g}, float32 {:.3g}, float64 {:.3g}; the Log of float32 {:.4g}".format(*row))
np.testing.assert_allclose(right, double, rtol=1e-5)
assert 0 < single[0] < 0.6 * right[0]
assert single[0] < single[1]
assert (single[2], logs[2]) == (0, -np.inf)
PYTHON

"$folder/venv/bin/python" "$folder/sigmoid.py"
