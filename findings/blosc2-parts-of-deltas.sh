#!/usr/bin/env bash
# blosc2 4.14.1 for Python: a part of a chunk that was compressed with the filter DELTA is read wrongly, without an error.
# `SChunk.get_slice` (and `schunk[a:b]`) decodes only the blocks that the part needs, but the differences of a block refer
# to the first block of the chunk, which is not decoded then. The whole chunk is right.
#
# Seen: 600,000 int64 in one chunk: `schunk[:]` gives the numbers; `schunk[100000:200000]` gives other numbers.
#
# Why it matters: code that decodes a chunk in pieces to bound its memory gives wrong values for frames with this filter,
# which hdf5plugin writes with `Blosc2(filters=3)`. Decode whole chunks, or look at the filters first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check blosc2==4.14.1 numpy==2.4.6

cat >"$folder/read_a_part.py" <<'PYTHON'
import blosc2
import numpy as np

values = np.arange(600_000)
for name in ("SHUFFLE", "DELTA"):
    settings = {"filters": [blosc2.Filter[name]], "typesize": 8}
    chunk = blosc2.SChunk(chunksize=values.nbytes, data=values, cparams=settings)
    whole = np.frombuffer(chunk[:], values.dtype)
    part = np.frombuffer(chunk[100_000:200_000], values.dtype)
    print(name, np.array_equal(whole, values), np.array_equal(part, values[100_000:200_000]))
PYTHON

found=$("$folder/venv/bin/python" "$folder/read_a_part.py")
echo "filter, whole chunk is right, part of a chunk is right:"
echo "$found"
[ "$found" = "SHUFFLE True True
DELTA True False" ]
