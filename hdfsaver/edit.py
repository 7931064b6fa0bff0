"""``hdfsaver.edit``: checkpoints made of other checkpoints."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.editing.average import average
from hdfsaver.editing.cast import cast
from hdfsaver.editing.compress import compress
from hdfsaver.editing.merge import merge
from hdfsaver.editing.rename import rename
from hdfsaver.editing.strip import strip

__all__ = ["average", "cast", "compress", "merge", "rename", "strip"]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
