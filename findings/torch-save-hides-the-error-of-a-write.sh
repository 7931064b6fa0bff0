#!/usr/bin/env bash
# PyTorch 2.14.1: where a write to the file object of `torch.save` fails, it raises a RuntimeError about positions in the
# archive. The OSError of the full disk is only the `__context__`, and a KeyboardInterrupt in the write comes out as the
# same RuntimeError: `except KeyboardInterrupt` does not catch it.
#
# Seen: a file object whose later writes raise OSError(ENOSPC): "RuntimeError: [enforce fail at ...] unexpected pos ...";
# with KeyboardInterrupt in the place of the OSError: RuntimeError too.
#
# Why it matters: a training program that handles a full disk or Ctrl-C handles neither, and its user reads a message
# about the inside of a zip writer. Look at `__context__`, or save to memory and write the bytes yourself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1 numpy==2.4.6

cat >"$folder/fail.py" <<'PYTHON'
import errno
import io
import os

import torch


class Failing(io.BytesIO):
    def __init__(self, error):
        super().__init__()
        self.error = error
        self.writes = 0

    def write(self, data):
        self.writes += 1
        if self.writes > 1:
            raise self.error
        return super().write(data)


for error in (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()):
    try:
        torch.save({"w": torch.zeros(100_000)}, Failing(error))
    except BaseException as raised:
        print(type(error).__name__, "comes out as", type(raised).__name__, "unexpected pos" in str(raised))
PYTHON

found=$("$folder/venv/bin/python" "$folder/fail.py" 2>/dev/null)
echo "$found"
[ "$found" = "OSError comes out as RuntimeError True
KeyboardInterrupt comes out as RuntimeError True" ]
