"""``tensorflow.examples.tutorials``."""

from __future__ import annotations

from hdfsaver.examples.tutorials import mnist

__all__ = ["mnist"]
