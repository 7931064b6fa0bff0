"""``tensorflow.examples.tutorials.mnist``."""

from __future__ import annotations

from hdfsaver.examples.tutorials.mnist import input_data

__all__ = ["input_data"]
