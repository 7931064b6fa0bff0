#!/usr/bin/env bash
# TensorFlow 2.21.0 on 64-bit x86 with oneDNN, which is on by default: `tf.quantization.dequantize(values, low, high,
# mode="SCALED")` of qint32 raises NotFoundError, "No registered '_MklDequantize' OpKernel". With TF_ENABLE_ONEDNN_OPTS=0 it
# runs.
#
# Seen: with oneDNN qint8 and qint16 give numbers with "SCALED", and qint32 with "MIN_FIRST"; qint32 with "SCALED" is
# refused. Without oneDNN all four give numbers.
#
# Why it matters: qint32 is the type of quantized biases and of results before they are made small. A graph with
# it stops with the name of an operation that nobody has written. The variable of the environment, of which TensorFlow says
# that it changes the rounding of results, decides whether the graph runs at all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/scaled.py" <<'PYTHON'
import tensorflow as tf

types = {tf.qint8: tf.int8, tf.qint16: tf.int16, tf.qint32: tf.int32}
for quantized, mode in ((tf.qint8, "SCALED"), (tf.qint16, "SCALED"), (tf.qint32, "MIN_FIRST"), (tf.qint32, "SCALED")):
    values = tf.bitcast(tf.constant([0, 64], types[quantized]), quantized)
    try:
        result = tf.quantization.dequantize(values, -1.0, 1.0, mode=mode).numpy()
        said = "numbers" if result[0] < result[1] < 1 else result
    except tf.errors.NotFoundError as error:
        said = "NotFoundError" + (", no _MklDequantize" if "No registered '_MklDequantize' OpKernel" in str(error) else "")
    print(quantized.name, mode, said)
PYTHON

found=$(for onednn in 1 0; do
    echo "TF_ENABLE_ONEDNN_OPTS=$onednn"
    TF_ENABLE_ONEDNN_OPTS=$onednn TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/scaled.py" 2>/dev/null
done)
echo "$found"
[ "$found" = "TF_ENABLE_ONEDNN_OPTS=1
qint8 SCALED numbers
qint16 SCALED numbers
qint32 MIN_FIRST numbers
qint32 SCALED NotFoundError, no _MklDequantize
TF_ENABLE_ONEDNN_OPTS=0
qint8 SCALED numbers
qint16 SCALED numbers
qint32 MIN_FIRST numbers
qint32 SCALED numbers" ]
