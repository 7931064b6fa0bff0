"""Checkpoints: the Saver and the rooms that it introduces to one another. Importing it makes its operation known."""

from hdfsaver.checkpoint import restoring

__all__ = ["restoring"]
