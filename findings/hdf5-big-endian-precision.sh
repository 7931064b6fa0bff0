#!/usr/bin/env bash
# h5py 3.16.0 with HDF5 2.0.0: integers of 16 bits of which 12 are used, as digitizers and cameras write them, lose their
# sign when they are big-endian and are read as a native integer of the same size. The same values in little-endian
# order are right, and so are the big-endian ones when they are read as 32-bit integers.
#
# Seen: 1, -1, 2047, -2048 in a file come back as 1, 4095, 2047, 2048 for a native int16, without an error.
#
# Why it matters: where source and target have the same size and differ in byte order, the library swaps the bytes and
# looks at nothing else, so the unused bits are taken as a part of the value. A reader that asks for "int16" in the
# order of its machine gets other numbers; one that asks for the type of the file, or for a larger one, does not. h5py's
# own indexing asks for the byte order of the file and is right, which hides it from a test.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0

cat >"$folder/read.py" <<'PYTHON'
import sys

import h5py
import numpy as np
from h5py import h5d, h5s, h5t

values = [1, -1, 2047, -2048]
with h5py.File(sys.argv[1], "w") as file:
    for name, order in ((b"little", h5t.ORDER_LE), (b"big", h5t.ORDER_BE)):
        datatype = h5t.STD_I64LE.copy()
        datatype.set_precision(12)
        datatype.set_size(2)
        datatype.set_order(order)
        dataset = h5d.create(file.id, name, datatype, h5s.create_simple((4,)))
        dataset.write(h5s.ALL, h5s.ALL, np.array(values, np.int32), h5t.NATIVE_INT32)

found = {}
with h5py.File(sys.argv[1]) as file:
    for name in ("little", "big"):
        for dtype, native in ((np.int16, h5t.NATIVE_INT16), (np.int32, h5t.NATIVE_INT32)):
            array = np.zeros(4, dtype)
            file[name].id.read(h5s.ALL, h5s.ALL, array, native)
            found[name, array.dtype.name] = array.tolist()
            print(name, array.dtype.name, array.tolist())
assert found.pop(("big", "int16")) == [1, 4095, 2047, 2048]
assert all(each == values for each in found.values())
PYTHON

"$folder/venv/bin/python" "$folder/read.py" "$folder/twelve.h5"
