"""``tf.logging``: Python's own logging, under TensorFlow's names."""

from __future__ import annotations

import logging
from typing import Any

LOGGER = logging.getLogger("hdfsaver")

DEBUG, INFO, WARN, ERROR, FATAL = logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL


def debug(msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at level DEBUG; see `log`."""
    LOGGER.debug(msg, *args, **kwargs)


def info(msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at level INFO; see `log`."""
    LOGGER.info(msg, *args, **kwargs)


def warning(msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at level WARN; see `log`."""
    LOGGER.warning(msg, *args, **kwargs)


warn = warning


def error(msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at level ERROR; see `log`."""
    LOGGER.error(msg, *args, **kwargs)


def fatal(msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at level FATAL; the program continues. See `log`."""
    LOGGER.critical(msg, *args, **kwargs)


def log(level: int, msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at a level.

    Parameters
    ----------
    level : int
        One of ``DEBUG``, ``INFO``, ``WARN``, ``ERROR`` and ``FATAL``, or any number, as in Python's `logging`.
    msg : str
        The message, with ``%`` formats.
    *args
        The values of the formats; they are put in only where the message is shown.
    **kwargs
        As for `logging.Logger.log`: ``exc_info``, ``stack_info``, ``stacklevel`` and ``extra``.

    Raises
    ------
    TypeError
        The level is not an integer.
    """
    LOGGER.log(level, msg, *args, **kwargs)


def get_verbosity() -> int:
    """The lowest level that is logged."""
    return LOGGER.getEffectiveLevel()


def set_verbosity(v: int) -> None:
    """Set the lowest level that is logged; where the program has no logging, messages go to standard error."""
    LOGGER.setLevel(v)
    if not LOGGER.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
        LOGGER.addHandler(handler)
