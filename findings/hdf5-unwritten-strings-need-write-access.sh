#!/usr/bin/env bash
# h5py 3.16.0 with HDF5 2.0.0: a chunked dataset of strings of variable length with a fill value, of which some chunks
# were never written, cannot be read from a file that is open for reading. The same dataset can be read from the same
# file open for writing, and without a fill value, or with numbers instead of strings, reading works in both modes.
#
# Seen: mode "r" raises OSError "no write intent on file"; mode "r+" gives ["a", "b", "c", "none", "none", "none"].
# h5dump of HDF5 1.10.8 ends with "unable to print data" too.
#
# Why it matters: to hand out the fill value, the library copies the string into the heap of the file first, so that a
# read needs write access. A valid table of labels on a read-only disk, or one that another process holds open, cannot
# be read at all, although every written chunk of it is intact. netCDF's string variables are datasets of this kind.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0

cat >"$folder/read.py" <<'PYTHON'
import sys

import h5py

path = sys.argv[1]
text = h5py.string_dtype()
with h5py.File(path, "w") as file:
    file.create_dataset("filled", (6,), text, chunks=(3,), fillvalue="none")[:3] = ["a", "b", "c"]
    file.create_dataset("default", (6,), text, chunks=(3,))[:3] = ["a", "b", "c"]
    file.create_dataset("numbers", (6,), "f4", chunks=(3,), fillvalue=7)[:3] = 1


def read(mode, name):
    with h5py.File(path, mode) as file:
        try:
            return [item.decode() if isinstance(item, bytes) else float(item) for item in file[name][:]]
        except OSError as error:
            return str(error)


found = {(mode, name): read(mode, name) for mode in ("r", "r+") for name in ("filled", "default", "numbers")}
for (mode, name), value in found.items():
    print(f"{mode:2} {name:7} {value}")
assert "no write intent" in found["r", "filled"]
assert found["r+", "filled"] == ["a", "b", "c", "none", "none", "none"]
assert found["r", "default"] == found["r+", "default"] == ["a", "b", "c", "", "", ""]
assert found["r", "numbers"] == found["r+", "numbers"] == [1, 1, 1, 7, 7, 7]
PYTHON

"$folder/venv/bin/python" "$folder/read.py" "$folder/strings.h5"
