"""``tf.logging``: Python's own logging, under TensorFlow's names."""

from __future__ import annotations

import logging
from typing import Any

LOGGER = logging.getLogger("hdfsaver")

DEBUG, INFO, WARN, ERROR, FATAL = logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL


def debug(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log at level DEBUG; arguments are those of `logging.Logger.debug`."""
    LOGGER.debug(msg, *args, **kwargs)


def info(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log at level INFO."""
    LOGGER.info(msg, *args, **kwargs)


def warning(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log at level WARN."""
    LOGGER.warning(msg, *args, **kwargs)


warn = warning


def error(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log at level ERROR."""
    LOGGER.error(msg, *args, **kwargs)


def fatal(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log at level FATAL; the program goes on."""
    LOGGER.critical(msg, *args, **kwargs)


def log(level: int, msg: str, *args: Any, **kwargs: Any) -> None:
    """Log at a level."""
    LOGGER.log(level, msg, *args, **kwargs)


def get_verbosity() -> int:
    """The level from which on something is logged."""
    return LOGGER.getEffectiveLevel()


def set_verbosity(v: int) -> None:
    """Log from a level on. Where the program has not set logging up, messages go to standard error from now on."""
    LOGGER.setLevel(v)
    if not LOGGER.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
        LOGGER.addHandler(handler)
