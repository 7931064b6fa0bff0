"""Checkpoints: the Saver, imported graphs and initial values. Importing the package registers its operation."""

from hdfsaver.checkpoint import restore_op

__all__ = [
    "restore_op",
]
