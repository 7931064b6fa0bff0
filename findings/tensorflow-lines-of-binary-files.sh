#!/usr/bin/env bash
# TensorFlow 2.21.0: `readline`, `readlines` and iteration of `tf.io.gfile.GFile(path, "rb")` (`tf.gfile.GFile` in TensorFlow 1)
# leave out every byte 0x0D, not only before a line's end, although the file is open in a binary mode. `read` gives all bytes.
#
# Seen: of b"a\r\nb\rc\n" the lines are b"a\n" and b"bc\n"; read() gives b"a\r\nb\rc\n".
#
# Why it matters: the lines joined are not the file. Text with the line ends of Windows, and binary data that a program cuts
# at line ends, lose bytes without an error, and offsets that are counted from the lines are wrong.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/lines.py" <<'PYTHON'
import os
import sys

import tensorflow as tf

path = os.path.join(sys.argv[1], "lines")
with open(path, "wb") as file:
    file.write(b"a\r\nb\rc\n")
print("open", list(open(path, "rb")))
print("GFile", list(tf.io.gfile.GFile(path, "rb")))
print("readlines", tf.io.gfile.GFile(path, "rb").readlines())
print("read", tf.io.gfile.GFile(path, "rb").read())
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/lines.py" "$folder" 2>/dev/null)
echo "what gives which lines of the same file:"
echo "$found"
[ "$found" = "open [b'a\r\n', b'b\rc\n']
GFile [b'a\n', b'bc\n']
readlines [b'a\n', b'bc\n']
read b'a\r\nb\rc\n'" ]
