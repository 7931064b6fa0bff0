#!/usr/bin/env bash
# numpy 2.4.6: where a thread has subnormal numbers as 0 (the bits FTZ and DAZ of MXCSR), what `np.clip` gives for one
# depends on its place in the array: some elements become 0, others stay subnormal. `np.maximum` gives 0 for all.
#
# Seen on x86-64 with AVX2: `np.clip` of 67 equal subnormal float32, from 0 to 6, gives both values.
#
# Why it matters: a comparison of two programs bit by bit, of which one computes `clip` in another order or in pieces,
# finds differences that neither has made. Leave subnormal numbers out of such a comparison.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "This is about Linux on x86-64."
    exit 0
fi
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6

cat >"$folder/clip.py" <<'PYTHON'
import ctypes

import numpy as np

library = ctypes.PyDLL(None)
before, flushing = ctypes.create_string_buffer(64), ctypes.create_string_buffer(64)
library.fegetenv(before)
library.fegetenv(flushing)
ctypes.c_uint32.from_buffer(flushing, 28).value |= 0x8040
tiny = np.full(67, np.finfo(np.float32).tiny / 4, np.float32)
zero, six = np.float32(0), np.float32(6)
library.fesetenv(flushing)
clipped, larger = np.clip(tiny, zero, six), np.maximum(tiny, zero)
library.fesetenv(before)
print(len(np.unique(clipped)), len(np.unique(larger)))
PYTHON

found=$("$folder/venv/bin/python" "$folder/clip.py")
echo "different results of clip, of maximum: $found"
[ "$found" = "2 1" ]
