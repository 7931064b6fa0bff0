"""``tf.logging``."""

from __future__ import annotations

import inspect

import pytest

import hdfsaver as tf
from tests import forks


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
    done = forks.run("-c", code)
    assert "INFO:hdfsaver:loss = 0.5\n" == done.stderr


def test_messages_that_are_logged_now_and_then(caplog):
    """The first ones, one of several, or those for which a condition holds."""
    for number in range(5):
        tf.logging.log_first_n(tf.logging.ERROR, "first %d", 2, number)
        tf.logging.log_every_n(tf.logging.ERROR, "every %d", 3, number)
        tf.logging.log_if(tf.logging.ERROR, "if %d", number == 4, number)
    tf.logging.vlog(tf.logging.ERROR, "last")
    tf.logging.flush()
    messages = [record.getMessage() for record in caplog.records]
    assert ["first 0", "every 0", "first 1", "every 3", "if 4", "last"] == messages


def _through_a_wrapper(message, **options):
    tf.logging.error(message, **options)


CALLS = {
    "debug": lambda: tf.logging.debug("m"),
    "info": lambda: tf.logging.info("m"),
    "warn": lambda: tf.logging.warn("m"),
    "error": lambda: tf.logging.error("m"),
    "fatal": lambda: tf.logging.fatal("m"),
    "log": lambda: tf.logging.log(tf.logging.ERROR, "m"),
    "vlog": lambda: tf.logging.vlog(tf.logging.ERROR, "m"),
    "log_if": lambda: tf.logging.log_if(tf.logging.ERROR, "m", True),
    "log_first_n": lambda: tf.logging.log_first_n(tf.logging.ERROR, "m", 10**9),
    "log_every_n": lambda: tf.logging.log_every_n(tf.logging.ERROR, "m", 1),
    "wrapper": lambda: _through_a_wrapper("m", stacklevel=2),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_record_has_the_line_of_its_caller(name, caplog):
    """Not one of the package; with a stacklevel a line further up."""
    caplog.set_level(tf.logging.DEBUG, "hdfsaver")
    CALLS[name]()
    [record] = caplog.records
    assert (__file__, inspect.getsourcelines(CALLS[name])[1]) == (record.pathname, record.lineno)


def test_lines_are_counted(caplog):
    """Not messages: one line may log several, and the same message may be logged by two lines."""
    for number in range(3):
        tf.logging.log_first_n(tf.logging.ERROR, f"first {number}", 1)
        tf.logging.log_every_n(tf.logging.ERROR, "every", 2)
        tf.logging.log_every_n(tf.logging.ERROR, "every", 2)
    assert ["first 0", "every", "every", "every", "every"] == [record.getMessage() for record in caplog.records]


def test_the_logger():
    """Is that of Python, whose level a program may set."""
    logger = tf.get_logger()
    before = logger.level
    logger.setLevel("ERROR")
    assert tf.logging.get_verbosity() == tf.logging.ERROR
    logger.setLevel(before)
