#!/usr/bin/env bash
# PyTables 3.11.1: a scalar dataset of a compound datatype, one record without dimensions as h5py stores it, opens as a Table
# with 0 rows. The record that is in the file cannot be read, and nothing is raised.
#
# Seen: for a record (7, 2.5) without dimensions `nrows` is 0 and `read()` is []; with one dimension of length 1 it is
# [(7, 2.5)]. A scalar number in the same file is read as 2.5. No warning is given.
#
# Why it matters: settings of an experiment and headers of instruments are stored as one record. A program that copies or
# converts files by PyTables takes the record for a table that was never filled, and the copy has lost it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tables==3.11.1 h5py==3.16.0 numpy==2.4.6

cat >"$folder/write.py" <<'PYTHON'
import sys

import h5py
import numpy as np

record = np.array((7, 2.5), [("count", "i4"), ("rate", "f8")])
with h5py.File(sys.argv[1], "w") as file:
    file["scalar"] = record
    file["row"] = record.reshape(1)
    file["number"] = 2.5
    file.flush()
    print("h5py: scalar", file["scalar"].shape, file["scalar"][()])
PYTHON

cat >"$folder/read.py" <<'PYTHON'
import shutil
import sys
import warnings

import tables

warnings.simplefilter("error")
with tables.open_file(sys.argv[1]) as file:
    for name in ("scalar", "row", "number"):
        node = file.get_node("/" + name)
        print(f"PyTables: {name}, a {type(node).__name__}: {node.read()}")
    file.copy_file(sys.argv[2])
with tables.open_file(sys.argv[2]) as file:
    print("PyTables: scalar in a copy:", file.root.scalar.read())
PYTHON

found=$("$folder/venv/bin/python" "$folder/write.py" "$folder/record.h5"
    "$folder/venv/bin/python" "$folder/read.py" "$folder/record.h5" "$folder/copy.h5")
echo "$found"
[ "$found" = "h5py: scalar () (7, 2.5)
PyTables: scalar, a Table: []
PyTables: row, a Table: [(7, 2.5)]
PyTables: number, a Array: 2.5
PyTables: scalar in a copy: []" ]
