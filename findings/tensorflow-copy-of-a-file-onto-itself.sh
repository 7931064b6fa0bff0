#!/usr/bin/env bash
# TensorFlow 2.21.0: a file that is copied onto itself by `tf.io.gfile.copy(path, path, overwrite=True)` (`tf.gfile.Copy` in
# TensorFlow 1) is empty afterwards, and nothing is raised. The target is opened for writing, which empties it, before the
# source has been read. Python's `shutil.copy` raises `SameFileError` there; a link to the file is emptied alike.
#
# Seen: 5 bytes before, 0 bytes afterwards, no error.
#
# Why it matters: programs that copy "the latest checkpoint to the export folder" with overwrite=True lose it where both
# paths name one file, for example through a link. Compare the paths first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/copy_onto_itself.py" <<'PYTHON'
import os
import sys

import tensorflow as tf

path = os.path.join(sys.argv[1], "model")
link = os.path.join(sys.argv[1], "link")
os.symlink(path, link)
for target in (path, link):
    with open(path, "wb") as file:
        file.write(b"12345")
    tf.io.gfile.copy(path, target, overwrite=True)
    print(os.path.basename(target), os.path.getsize(path))
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/copy_onto_itself.py" "$folder" 2>/dev/null)
echo "target, bytes of the source after the copy:"
echo "$found"
[ "$found" = "model 0
link 0" ]
