#!/usr/bin/env bash
# h5py 3.16.0 with HDF5 2.0.0: a dataset of a file with addresses of 4 bytes (H5Pset_sizes, which small files of older
# programs use), copied with H5Ocopy (h5py's `Group.copy`) into an ordinary file with addresses of 8 bytes, can be read
# until the file is closed. Afterwards the copy cannot be opened. No call reports an error.
#
# Seen: `copy` returns, the values of the copy are right in the same session, and after reopening the dataset raises
# KeyError "ran off end of input buffer while decoding". The original stays readable.
#
# Why it matters: the message with the layout of the dataset is copied with room for the short addresses of the source.
# A program that gathers datasets into one file, and deletes the originals after a look at the copies, has lost them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0

cat >"$folder/gather.py" <<'PYTHON'
import sys
from pathlib import Path

import h5py
import numpy as np
from h5py import h5f, h5p

folder = Path(sys.argv[1])
for size in (8, 4):
    properties = h5p.create(h5p.FILE_CREATE)
    properties.set_sizes(size, size)
    source, target = folder / f"source{size}.h5", folder / f"target{size}.h5"
    with h5py.File(h5f.create(bytes(source), h5f.ACC_TRUNC, properties)) as file:
        file["x"] = np.arange(3.0)
    with h5py.File(source) as file, h5py.File(target, "w") as other:
        file.copy("x", other)
        before = other["x"][:].tolist()
    with h5py.File(target) as other:
        try:
            after = other["x"][:].tolist()
        except KeyError as error:
            after = str(error)
    with h5py.File(source) as file:
        original = file["x"][:].tolist()
    print(f"addresses of {size} bytes: {before} before closing, afterwards {after}; the original is {original}")
    assert before == original == [0, 1, 2]
    assert after == before if size == 8 else "ran off end of input buffer" in after
PYTHON

"$folder/venv/bin/python" "$folder/gather.py" "$folder"
