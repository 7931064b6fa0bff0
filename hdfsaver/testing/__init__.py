"""The kit: what engines, operations and formats are tested with, here and by those who add their own."""

from hdfsaver.testing.derivatives import check_derivative

__all__ = ["check_derivative"]
