#!/usr/bin/env bash
# PyTorch 2.14.1: `torch.save` writes a zip archive with the CRC-32 of every record, and `torch.load` never compares it.
# A byte of a weight that changed on the disk or on the way comes back as another number, without an error or a warning,
# with `weights_only` and `mmap` or without. Python's zipfile and `unzip -t` find the same change.
#
# Seen: a stored 1.0 with one flipped bit is loaded as 0.5; `zipfile.ZipFile.testzip` names the record `state/data/0`.
#
# Why it matters: the checksums are in the file and cost time to write, so one expects them to protect a checkpoint, as
# those of TensorFlow's bundles do. A copy of a model that loads without an error may not be the model that was saved.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1 numpy==2.4.6

cat >"$folder/flip.py" <<'PYTHON'
import sys
import zipfile
from pathlib import Path

import torch

path = Path(sys.argv[1])
torch.save({"w": torch.ones(1000)}, path)
assert zipfile.ZipFile(path).testzip() is None
data = bytearray(path.read_bytes())
place = data.index(torch.ones(1000).numpy().tobytes())
data[place + 2] ^= 0x80  # 3f80 0000 becomes 3f00 0000
path.write_bytes(data)
record = zipfile.ZipFile(path).testzip()
found = {
    options: torch.load(path, **dict(options))["w"][0].item()
    for options in (
        (("weights_only", True),),
        (("weights_only", False),),
        (("weights_only", True), ("mmap", True)),
    )
}
print(torch.__version__, found)
print("zipfile finds the change in", record)
assert set(found.values()) == {0.5}
assert record is not None and record.endswith("/data/0")
PYTHON

"$folder/venv/bin/python" "$folder/flip.py" "$folder/state.pt"
