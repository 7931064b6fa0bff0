"""``tf.logging``."""

from __future__ import annotations

import subprocess
import sys

import hdfsaver as tf


def test_levels(caplog):
    """What is below the verbosity is not logged."""
    before = tf.logging.get_verbosity()
    try:
        tf.logging.set_verbosity(tf.logging.WARN)
        for level, function in enumerate(
            (tf.logging.debug, tf.logging.info, tf.logging.warn, tf.logging.error, tf.logging.fatal)
        ):
            function("message %d", level)
        tf.logging.log(tf.logging.ERROR, "message %s", "log")
        assert ["message 2", "message 3", "message 4", "message log"] == [
            record.getMessage() for record in caplog.records
        ]
        assert tf.logging.WARN == tf.logging.get_verbosity()
    finally:
        tf.logging.set_verbosity(before)


def test_messages_are_seen_when_they_are_asked_for():
    """In a program that has not set logging up, they go to standard error."""
    code = "import hdfsaver as tf; tf.logging.set_verbosity(tf.logging.INFO); tf.logging.info('loss = %g', 0.5)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "INFO:hdfsaver:loss = 0.5\n" == done.stderr
