#!/usr/bin/env bash
# TensorFlow 2.21.0, graph mode: where a hook of a monitored session asks for options of a run (`SessionRunArgs(options=...)`),
# they are written into the `RunOptions` that the program gave to `run`, and stay there.
#
# Seen: a hook asks for a full trace in the first run only. The program gives the same empty options to three runs; after
# the first they say FULL_TRACE, and every later run is traced as well.
#
# Why it matters: options that a program makes once and gives to every run are what a loop has. A hook that traces one step
# in a thousand then traces all of them, which costs time and memory for as long as the program runs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.21.0

cat >"$folder/hooks.py" <<'PYTHON'
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()


class FirstRun(tf.train.SessionRunHook):
    """Asks for a trace of the first run."""

    runs = 0

    def before_run(self, run_context):
        self.runs += 1
        wanted = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE) if self.runs == 1 else None
        return tf.train.SessionRunArgs(None, options=wanted)


product = tf.matmul(tf.random_uniform([9, 9]), tf.random_uniform([9, 9]))
options = tf.RunOptions()
with tf.train.MonitoredSession(hooks=[FirstRun()]) as session:
    for _ in range(3):
        before = options.trace_level
        metadata = tf.RunMetadata()
        session.run(product, options=options, run_metadata=metadata)
        print(before, "->", options.trace_level, "traced" if metadata.step_stats.dev_stats else "not traced")
PYTHON

found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/hooks.py" 2>/dev/null)
echo "the trace level of the program's own options before and after each run (0: none, 3: full):"
echo "$found"
[ "$found" = "0 -> 3 traced
3 -> 3 traced
3 -> 3 traced" ]
