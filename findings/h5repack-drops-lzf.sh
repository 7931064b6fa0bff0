#!/usr/bin/env bash
# h5repack 1.10.8 (Debian's hdf5-tools) leaves a dataset out if a plugin for its filter is missing, and exits with 0. It
# prints a warning; with `-f NONE`, the option that is to take filters away, too. h5py's own `compression="lzf"` is such a
# filter for every program but h5py.
#
# Seen: a file with the datasets "packed" (lzf) and "plain" becomes a file with "plain" alone; the exit status is 0.
#
# Why it matters: a script that repacks files, checks the exit status and deletes the originals loses the data; and "run
# h5repack -f NONE", a usual answer to an unknown filter, loses it as well. Read such a file with h5py and write it anew.
# For filters that are a part of the library (szip, n-bit, scale-offset), h5repack does take them away.
set -euo pipefail
command -v h5repack >/dev/null || { echo "h5repack is not installed (Debian: apt-get install hdf5-tools)"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0 numpy==2.4.6

"$folder/venv/bin/python" - "$folder/before.h5" <<'PYTHON'
import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "w") as file:
    file.create_dataset("packed", data=np.arange(1000), compression="lzf")
    file.create_dataset("plain", data=np.arange(1000))
PYTHON

status=0
h5repack -f NONE "$folder/before.h5" "$folder/after.h5" || status=$?
names=$("$folder/venv/bin/python" -c "import h5py, sys; print(*h5py.File(sys.argv[1]))" "$folder/after.h5")
h5repack --version
echo "exit status: $status; datasets after: $names"
[ "$status" = 0 ] && [ "$names" = plain ]
