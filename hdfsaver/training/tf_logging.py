"""``tf.logging``: Python's own logging, under TensorFlow's names."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

LOGGER = logging.getLogger("hdfsaver")

DEBUG, INFO, WARN, ERROR, FATAL = logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL


def get_logger() -> logging.Logger:
    """The logger of Python's `logging` that the functions here write to."""
    return LOGGER


def _from_caller(options: dict[str, Any]) -> dict[str, Any]:
    """The options with which a record has the line that called the function here, or one further up."""
    return {**options, "stacklevel": options.get("stacklevel", 1) + 1}


def debug(msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at level DEBUG; see `log`."""
    LOGGER.debug(msg, *args, **_from_caller(kwargs))


def info(msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at level INFO; see `log`."""
    LOGGER.info(msg, *args, **_from_caller(kwargs))


def warning(msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at level WARN; see `log`."""
    LOGGER.warning(msg, *args, **_from_caller(kwargs))


warn = warning


def error(msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at level ERROR; see `log`."""
    LOGGER.error(msg, *args, **_from_caller(kwargs))


def fatal(msg: str, *args: object, **kwargs: Any) -> None:
    """Log a message at level FATAL; the program continues. See `log`."""
    LOGGER.critical(msg, *args, **_from_caller(kwargs))


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
    LOGGER.log(level, msg, *args, **_from_caller(kwargs))


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
        LOGGER.log(level, msg, *args, stacklevel=2)


_COUNTS: Counter[tuple[str, int]] = Counter()
"""How often each line of a program has called `log_first_n` or `log_every_n`."""


def _count() -> int:
    """How often the line that has called the function that calls this one has done so by now."""
    line = LOGGER.findCaller(stacklevel=3)[:2]
    _COUNTS[line] += 1
    return _COUNTS[line]


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
    if _count() <= n:
        LOGGER.log(level, msg, *args, stacklevel=2)


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
    if (_count() - 1) % n == 0:
        LOGGER.log(level, msg, *args, stacklevel=2)


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
