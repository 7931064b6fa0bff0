#!/usr/bin/env bash
# h5py 3.16.0: the low-level `PropDCID.set_fill_value` with an array of bytes of a fixed length ("S5") stores other bytes
# than those of the array, because it treats them as text of variable length. `create_dataset(..., fillvalue=b"ab")` is
# right.
#
# Seen: after `set_fill_value(np.array(b"ab", "S5"))`, `get_fill_value` gives five other bytes, and so does every unwritten
# element of a dataset made with it.
#
# Why it matters: the fill value is what unwritten elements are, so the dataset has values that nobody gave it, and they
# differ in each run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0 numpy==2.4.6

cat >"$folder/fill.py" <<'PYTHON'
import io

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

datatype = h5t.C_S1.copy()
datatype.set_size(5)
properties = h5p.create(h5p.DATASET_CREATE)
properties.set_fill_value(np.array(b"ab", "S5"))
with h5py.File(io.BytesIO(), "w") as file:
    low = h5py.Dataset(h5d.create(file.id, b"low", datatype, h5s.create_simple((2,)), properties))[...].tolist()
    high = file.create_dataset("high", (2,), "S5", fillvalue=b"ab")[...].tolist()
print(low == [b"ab", b"ab"], high == [b"ab", b"ab"])
PYTHON

read -r low high < <("$folder/venv/bin/python" "$folder/fill.py")
echo "the fill value set with the low-level function is read back: $low; with create_dataset: $high"
[ "$low" = False ] && [ "$high" = True ]
