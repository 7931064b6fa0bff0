"""``tf.contrib.learn``: texts as numbers, small data sets, and the names of modes; estimators are absent."""

from __future__ import annotations

import typing

import hdfsaver.contrib.learn_datasets as datasets
import hdfsaver.contrib.preprocessing as preprocessing
from hdfsaver.absent_names import absent as _absent
from hdfsaver.contrib.modes import ModeKeys

__all__ = ["ModeKeys", "datasets", "preprocessing"]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
