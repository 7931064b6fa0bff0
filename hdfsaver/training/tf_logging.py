"""``tf.logging``: Python's own logging, under TensorFlow's names."""

from __future__ import annotations

import logging
from collections import Counter
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


vlog = log


def log_if(level: int, msg: str, condition: object, *args: object) -> None:
    """Log a message where a condition is true.

    Parameters
    ----------
    level : int
        As for `log`.
    msg : str
        The message, with ``%`` formats.
    condition : object
        Whether it is logged.
    *args : object
        The values of the formats.
    """
    if condition:
        LOGGER.log(level, msg, *args)


_COUNTS: Counter[str] = Counter()
"""How often each message was given to `log_first_n` and `log_every_n`, before its values are put in."""


def log_first_n(level: int, msg: str, n: int, *args: object) -> None:
    """Log a message the first times that the program comes here.

    Parameters
    ----------
    level : int
        As for `log`.
    msg : str
        The message, with ``%`` formats.
    n : int
        How many times.
    *args : object
        The values of the formats.
    """
    _COUNTS[msg] += 1
    log_if(level, msg, _COUNTS[msg] <= n, *args)


def log_every_n(level: int, msg: str, n: int, *args: object) -> None:
    """Log a message once in several times that the program comes here, the first time included.

    Parameters
    ----------
    level : int
        As for `log`.
    msg : str
        The message, with ``%`` formats.
    n : int
        How many times.
    *args : object
        The values of the formats.
    """
    _COUNTS[msg] += 1
    log_if(level, msg, (_COUNTS[msg] - 1) % n == 0, *args)


def flush() -> None:
    """Write what is kept in memory for the log."""
    for handler in LOGGER.handlers:
        handler.flush()


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
