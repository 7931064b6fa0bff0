#!/usr/bin/env bash
# ml_dtypes 0.6.0 with NumPy 2.4.6: `array.astype(dtype)` cannot convert int4 to uint4 or back, although `astype` casts
# "unsafely" by default, a rule under which NumPy converts any number to any other. Both convert to int8, and so does
# every other pair of dtypes of the package that was tried. A comparison of an int4 array with a Python integer beyond
# int8 raises too, where NumPy's own integers compare with any integer.
#
# Seen: TypeError "Cannot cast array data from dtype(int4) to dtype(uint4) according to the rule 'unsafe'";
# `np.can_cast(int4, uint4, "unsafe")` is False; `int4_array < 200` is OverflowError, `int8_array < 200` is [True].
#
# Why it matters: code that converts between all pairs of dtypes of a table, such as a loader that casts weights to the
# dtype of a model, fails for the two dtypes of quantized weights alone, and a check of the range before a conversion
# (`values < limit`) fails before it can say anything.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ml_dtypes==0.6.0 numpy==2.4.6

cat >"$folder/cast.py" <<'PYTHON'
from itertools import permutations

import ml_dtypes
import numpy as np

names = ("int4", "uint4", "bfloat16", "float8_e4m3fn", "float8_e5m2")
dtypes = [np.dtype(getattr(ml_dtypes, name)) for name in names] + [np.dtype("int8"), np.dtype("float32")]
refused = set()
for source, target in permutations(dtypes, 2):
    try:
        np.array([1], source).astype(target)
    except TypeError as error:
        print(error)
        refused.add((source.name, target.name, np.can_cast(source, target, "unsafe")))
assert refused == {("int4", "uint4", False), ("uint4", "int4", False)}
assert (np.array([1], np.int8) < 200).tolist() == [True]
try:
    print(np.array([1], ml_dtypes.int4) < 200)
except OverflowError as error:
    print(error)
else:
    raise SystemExit("the comparison works now")
PYTHON

"$folder/venv/bin/python" "$folder/cast.py"
