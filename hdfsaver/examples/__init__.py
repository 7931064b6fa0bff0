"""``tensorflow.examples``, as far as programs use it: the module that reads MNIST."""

from __future__ import annotations

from hdfsaver.examples import tutorials

__all__ = [
    "tutorials",
]
