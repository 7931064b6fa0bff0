"""``tf.contrib.tensorboard.plugins``: the projector, which shows embeddings."""

from __future__ import annotations

import typing

import hdfsaver.contrib.projector as projector
from hdfsaver.absent_names import absent as _absent

__all__ = ["projector"]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
