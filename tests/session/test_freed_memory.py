"""Memory that runs use again."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import hdfsaver as tf

PAGES = """
import resource
import numpy as np
import hdfsaver as tf

x = tf.placeholder(tf.float32, [300, 300])
total = tf.reduce_sum(tf.concat([x + 1.0, x * 2.0], 0))
with tf.Session() as session:
    run = session.make_callable(total, [x])
    array = np.ones((300, 300), "f")
    for _ in range(40):
        run(array)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        run(array)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 100)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a rule of the GNU C library")
def test_repeated_runs_ask_for_no_pages() -> None:
    """A run gets the memory that the run before has freed."""
    found = subprocess.run([sys.executable, "-c", PAGES], capture_output=True, text=True, check=True)
    assert float(found.stdout) < 5


def test_what_only_an_order_needs_goes() -> None:
    """A value for which something waits, and which nothing takes, is not kept until the run ends."""
    x = tf.placeholder(tf.float32, [250_000])
    waits: list[tf.Operation] = []
    for _ in range(5):
        with tf.control_dependencies(waits):
            waits = [tf.group(tf.sqrt(x))]
    with tf.Session() as session:
        run = session.make_callable(waits, [x])
        array = np.ones(250_000, "f")
        run(array)
        tracemalloc.start()
        run(array)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2.5 * array.nbytes
