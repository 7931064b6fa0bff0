#!/usr/bin/env bash
# NumPy 2.4.6 (with Python's zipfile): where the disk fails while `np.load` reads the end of an .npz, the error is
# `BadZipFile: File is not a zip file`. The OSError is not raised and is not its `__cause__`, only its `__context__`.
#
# Seen: a file object over an intact archive that raises OSError(EIO) for reads of the last kilobyte: BadZipFile with
# the OSError as its context alone. The same file without the fault is loaded.
#
# Why it matters: "not a zip file" reads as a damaged or wrong file, which one deletes or replaces. With a disk or a
# network that fails for a moment the file is intact. A reader must look at the error of the read itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6

cat >"$folder/fail.py" <<'PYTHON'
import errno
import io
import os
import sys

import numpy as np


class Failing(io.FileIO):
    fails = False

    def _check(self):
        if self.fails and self.tell() > os.fstat(self.fileno()).st_size - 1024:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def read(self, size=-1):
        self._check()
        return super().read(size)

    def readall(self):
        self._check()
        return super().readall()


np.savez(sys.argv[1], w=np.arange(10_000.0))
with Failing(sys.argv[1]) as file, np.load(file) as arrays:
    print("intact:", arrays["w"].sum())
with Failing(sys.argv[1]) as file:
    file.fails = True
    try:
        np.load(file)
    except Exception as error:
        print(f"{type(error).__name__}: {error}; cause {error.__cause__}, context {type(error.__context__).__name__}")
PYTHON

found=$("$folder/venv/bin/python" "$folder/fail.py" "$folder/w.npz")
echo "$found"
[ "$found" = "intact: 49995000.0
BadZipFile: File is not a zip file; cause None, context OSError" ]
