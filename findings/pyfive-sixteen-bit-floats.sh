#!/usr/bin/env bash
# pyfive 1.3.0: a float of 16 bits is read as IEEE's half precision whatever the file says about its exponent. The datatype in
# an HDF5 file states the bits of exponent and mantissa and the bias, and HDF5 itself follows them.
#
# Seen: 1.0, -2.0, 3.5 and 300.0 in bfloat16, which has 8 bits of exponent, are 1.875, -2.0, 2.1875 and 3.79296875 for pyfive,
# with the dtype float16. h5py gives the numbers that were stored. No warning is given.
#
# Why it matters: bfloat16 is the usual type of the weights of networks. The wrong numbers are of ordinary size, so that
# neither a look at them nor a check for infinities shows it, and -2.0 is even right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyfive==1.3.0 h5py==3.16.0 numpy==2.4.6

cat >"$folder/read.py" <<'PYTHON'
import sys
import warnings

import h5py
import numpy as np
import pyfive
from h5py import h5d, h5s, h5t

warnings.simplefilter("error")
values = np.array([1.0, -2.0, 3.5, 300.0], np.float32)
datatype = h5t.IEEE_F32LE.copy()
datatype.set_fields(15, 7, 8, 0, 7)
datatype.set_ebias(127)
datatype.set_size(2)
with h5py.File(sys.argv[1], "w") as file:
    dataset = h5d.create(file.id, b"bfloat16", datatype, h5s.create_simple((4,)))
    dataset.write(h5s.ALL, h5s.ALL, values, h5t.NATIVE_FLOAT)
    file["float16"] = values.astype(np.float16)

for name, library in (("h5py", h5py), ("pyfive", pyfive)):
    with library.File(sys.argv[1]) as file:
        for dataset in ("bfloat16", "float16"):
            found = file[dataset][:]
            print(f"{name} reads {dataset} as {found.dtype}: {found.tolist()}")
PYTHON

found=$("$folder/venv/bin/python" "$folder/read.py" "$folder/floats.h5")
echo "$found"
[ "$found" = "h5py reads bfloat16 as float32: [1.0, -2.0, 3.5, 300.0]
h5py reads float16 as float16: [1.0, -2.0, 3.5, 300.0]
pyfive reads bfloat16 as float16: [1.875, -2.0, 2.1875, 3.79296875]
pyfive reads float16 as float16: [1.0, -2.0, 3.5, 300.0]" ]
