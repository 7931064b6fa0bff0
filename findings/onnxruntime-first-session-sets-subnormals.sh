#!/usr/bin/env bash
# onnxruntime 1.32.0 on 64-bit x86: the option "session.set_denormal_as_zero" of the first session of a process decides whether
# subnormal numbers are 0 in the thread that makes it. That stays so, outside of ONNX Runtime too: for Python and NumPy, in
# threads that it starts, and when the session is gone. Later sessions with "1" set the threads of their own pools alone.
#
# Seen: half of 1.2e-38 as float32, in NumPy and by a model. With "1" first both are 0.0 and stay so after the end of the
# session, with a session of "0", and in threads started later; Python's 1e-300 * 1e-10 is 0.0 too. With "0" first, and a
# session with "1" after it, all keep 6e-39. If that has two threads, one result of it has 6e-39 in some places and 0.0 in
# others, as the threads have shared the work.
#
# Why it matters: the option is one of a session, and has effect or not by what else of the process made a session before. A
# library that sets it for the speed of its own model changes the numbers of the whole program. One that comes second gets
# results of both kinds, and the slow arithmetic that it meant to avoid. Who needs the mode must set and restore it by itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6

cat >"$folder/half.py" <<'PYTHON'
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

number = np.array([1.2e-38], np.float32)
x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in "xy")
of_half = helper.make_tensor("half", TensorProto.FLOAT, [1], [0.5])
graph = helper.make_graph([helper.make_node("Mul", ["x", "half"], ["y"])], "graph", [x], [y], [of_half])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def make(flag, threads=1):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.set_denormal_as_zero", flag)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def half(session=None):
    found = number * np.float32(0.5)
    text = f"NumPy {found[0]:.4g}, Python {float('1e-300') * float('1e-10')}"
    return text + (f", model {session.run(None, {'x': number})[0][0]:.4g}" if session else "")


first, second = sys.argv[1:]
print("before:", half())
session = make(first)
print(f"first session with {first}:", half(session))
del session
print("after its end:", half())
session = make(second)
print(f"second session with {second}:", half(session))
with ThreadPoolExecutor(1) as later:
    print("in a thread started later:", later.submit(half).result())
session = make(second, 2)
seen = set()
for _ in range(100):  # until both threads have got a part
    values = np.unique(session.run(None, {"x": np.repeat(number, 1_000_000)})[0])
    seen.add(" and ".join(f"{each:.4g}" for each in values))
    if len(values) > 1:
        break
print(f"in one result of two threads with {second}:", max(seen, key=len))
PYTHON

found=$(for order in "1 0" "0 1"; do "$folder/venv/bin/python" "$folder/half.py" $order; done)
echo "the half of 1.2e-38 as float32, and 1e-300 * 1e-10:"
echo "$found"
[ "$found" = "before: NumPy 6e-39, Python 1e-310
first session with 1: NumPy 0, Python 0.0, model 0
after its end: NumPy 0, Python 0.0
second session with 0: NumPy 0, Python 0.0, model 0
in a thread started later: NumPy 0, Python 0.0
in one result of two threads with 0: 0
before: NumPy 6e-39, Python 1e-310
first session with 0: NumPy 6e-39, Python 1e-310, model 6e-39
after its end: NumPy 6e-39, Python 1e-310
second session with 1: NumPy 6e-39, Python 1e-310, model 6e-39
in a thread started later: NumPy 6e-39, Python 1e-310
in one result of two threads with 1: 0 and 6e-39" ]
