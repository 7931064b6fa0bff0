#!/usr/bin/env bash
# TensorFlow 2.21.0: with long strides `tf.nn.quantized_conv2d` places its windows elsewhere than `tf.nn.conv2d`. Pixels that no
# window covers are shared between both ends, where Conv2D leaves all of them at the far end. This is so with "VALID" where
# three or more rows or columns are left over, and with "SAME" where strides are longer than the filter and leave two or more.
#
# Seen: for a row of pixels 1 to 12 and a filter that copies one pixel, strides of 4 take 1, 5, 9 in Conv2D and 2, 6, 10 in
# QuantizedConv2D, with both paddings. With strides of 6 they take 1, 7 and 3, 9. With strides of 2 both take the same.
#
# Why it matters: a quantized network gets the weights of a network of floats and looks at shifted pixels. Shapes are
# right and no error is raised, so that the loss of accuracy passes for one of the 8 bits. First layers with strides of 4 and
# more are concerned, also those that cut an image into patches, for images whose size is no exact fit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/windows.py" <<'PYTHON'
import numpy as np
import tensorflow as tf

images = np.arange(1, 13, dtype=np.uint8).reshape(1, 1, 12, 1)
filters = np.ones((1, 1, 1, 1), np.uint8)
for padding in ("VALID", "SAME"):
    for stride in (2, 4, 6):
        strides = [1, stride, stride, 1]
        floats = tf.nn.conv2d(images.astype(np.float32), filters.astype(np.float32), strides, padding)
        eights = (tf.bitcast(values, tf.quint8) for values in (images, filters))
        integers, low, high = tf.compat.v1.nn.quantized_conv2d(*eights, 0.0, 255.0, 0.0, 255.0, strides, padding)
        floats = np.ravel(floats).astype(int).tolist()
        integers = np.ravel(tf.bitcast(integers, tf.int32)).tolist()
        print(f"{padding}, strides of {stride}: Conv2D {floats} QuantizedConv2D {integers}")
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/windows.py" 2>/dev/null)
echo "the pixels that a filter of one pixel takes:"
echo "$found"
[ "$found" = "VALID, strides of 2: Conv2D [1, 3, 5, 7, 9, 11] QuantizedConv2D [1, 3, 5, 7, 9, 11]
VALID, strides of 4: Conv2D [1, 5, 9] QuantizedConv2D [2, 6, 10]
VALID, strides of 6: Conv2D [1, 7] QuantizedConv2D [3, 9]
SAME, strides of 2: Conv2D [1, 3, 5, 7, 9, 11] QuantizedConv2D [1, 3, 5, 7, 9, 11]
SAME, strides of 4: Conv2D [1, 5, 9] QuantizedConv2D [2, 6, 10]
SAME, strides of 6: Conv2D [1, 7] QuantizedConv2D [3, 9]" ]
