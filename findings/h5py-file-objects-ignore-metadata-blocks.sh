#!/usr/bin/env bash
# h5py 3.16.0 with HDF5 2.0.0: `meta_block_size` has no effect on a file that is written into a file object of Python, although
# the file's property gives the size that was asked for. Its driver for file objects does not collect metadata in blocks.
#
# Seen: with 64 KiB and with 1 MiB, and 20 groups with a dataset each, a file by its name has its first data after the block,
# at 65536 and 1048576, and the headers of all datasets before it. Into an io.BytesIO, and into a file that Python has opened,
# data begins at 1072 for both sizes, and metadata lies between the data of the datasets.
#
# Why it matters: metadata in one block is what makes a file quick to open over a network. Files are written to object stores
# by file objects, and it is just these that do not get the block. The property says the contrary, and no error is raised.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0 numpy==2.4.6

cat >"$folder/blocks.py" <<'PYTHON'
import io
import sys
from pathlib import Path

import h5py
import numpy as np

folder = Path(sys.argv[1])


def written(target, size):
    with h5py.File(target, "w", meta_block_size=size) as file:
        for number in range(20):
            file[f"group{number}/values"] = np.arange(100.0)
        file.flush()
        offsets = [file[f"group{number}/values"].id.get_offset() for number in range(20)]
        headers = [h5py.h5o.get_info(file[f"group{number}/values"].id).addr for number in range(20)]
        among = sum(header > min(offsets) for header in headers)
        return f"property {file.meta_block_size}, first data at {min(offsets)}, headers behind it: {among} of 20"


for size in (2**16, 2**20):
    print("by name:", written(folder / f"{size}.h5", size))
    print("io.BytesIO:", written(io.BytesIO(), size))
    with open(folder / f"opened{size}.h5", "w+b") as target:
        print("opened file:", written(target, size))
PYTHON

found=$("$folder/venv/bin/python" "$folder/blocks.py" "$folder")
echo "$found"
[ "$found" = "by name: property 65536, first data at 65536, headers behind it: 0 of 20
io.BytesIO: property 65536, first data at 1072, headers behind it: 19 of 20
opened file: property 65536, first data at 1072, headers behind it: 19 of 20
by name: property 1048576, first data at 1048576, headers behind it: 0 of 20
io.BytesIO: property 1048576, first data at 1072, headers behind it: 19 of 20
opened file: property 1048576, first data at 1072, headers behind it: 19 of 20" ]
