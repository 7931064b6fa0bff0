#!/usr/bin/env bash
# TensorFlow 2.21.0: `tf.image.decode_png(data, channels=4)` of a PNG file with a palette and without transparency fills the
# alpha with the greatest number of the file's bit depth, not with that of the result's uint8.
#
# Seen: alpha 1 with 1 bit for each pixel, 3 with 2 bits, 15 with 4 bits, 255 with 8 bits. The colors are right.
#
# Why it matters: programs that draw pictures write few colors with few bits, so that of one data set some images are
# opaque and others nearly invisible. Who multiplies by alpha, or takes it for a mask, gets black images without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0 pillow==12.0.0

cat >"$folder/decode.py" <<'PYTHON'
import io

import tensorflow as tf
from PIL import Image

colors = [(10, 20, 30), (40, 50, 60)]
for bits in (1, 2, 4, 8):
    image = Image.new("P", (2, 1))
    image.putpalette([part for color in colors for part in color])
    image.putpixel((1, 0), 1)
    file = io.BytesIO()
    image.save(file, "png", bits=bits)
    pixels = tf.image.decode_png(file.getvalue(), channels=4).numpy()[0].tolist()
    assert [pixel[:3] for pixel in pixels] == [list(color) for color in colors]
    with Image.open(file) as again:
        print(bits, "bits: TensorFlow", [pixel[3] for pixel in pixels], "Pillow", again.convert("RGBA").getpixel((0, 0))[3])
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/decode.py" 2>/dev/null)
echo "the alpha of opaque pixels:"
echo "$found"
[ "$found" = "1 bits: TensorFlow [1, 1] Pillow 255
2 bits: TensorFlow [3, 3] Pillow 255
4 bits: TensorFlow [15, 15] Pillow 255
8 bits: TensorFlow [255, 255] Pillow 255" ]
