"""Checkpoints: the Saver and the rooms that it introduces to one another. Importing it makes its operation known."""

from hdfsaver.checkpoint import restore_op

__all__ = ["restore_op"]
