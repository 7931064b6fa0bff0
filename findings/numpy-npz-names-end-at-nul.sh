#!/usr/bin/env bash
# NumPy 2.4.6 (with Python's zipfile): `np.savez` cuts the name of an array at a NUL, without an error or a warning, and
# the ending `.npy` goes with the rest. Two arrays whose names differ only behind the NUL become two members of one name,
# of which the reader finds one.
#
# Seen: `np.savez(path, **{"w\0a": zeros, "w\0b": ones})` succeeds; the archive has the members "w" and "w", `np.load` lists
# "w" twice and gives the ones, so the zeros cannot be reached by a name.
#
# Why it matters: any str is a key of a dict and a name in a TensorFlow checkpoint. A program that writes such a dict to
# an .npz must refuse the name; the library does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6

cat >"$folder/names.py" <<'PYTHON'
import sys
import warnings
import zipfile

import numpy as np

warnings.simplefilter("ignore", UserWarning)  # zipfile's, about the second member of a name
np.savez(sys.argv[1], **{"w\0a": np.zeros(3), "w\0b": np.ones(3)})
print(zipfile.ZipFile(sys.argv[1]).namelist())
with np.load(sys.argv[1]) as file:
    print(file.files, file["w"])
PYTHON

found=$("$folder/venv/bin/python" "$folder/names.py" "$folder/two.npz")
echo "members of the archive, then names and a value by np.load:"
echo "$found"
[ "$found" = "['w', 'w']
['w', 'w'] [1. 1. 1.]" ]
