"""``tf.app``: the start of a program with flags."""

from __future__ import annotations

import typing

from hdfsaver import flags
from hdfsaver.absent_names import absent as _absent
from hdfsaver.programs.command_flags import run

__all__ = ["flags", "run"]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
