"""Checks for the tests of operations, here and in packages that add their own."""

from hdfsaver.testing.derivatives import check_derivative

__all__ = [
    "check_derivative",
]


def __dir__() -> list[str]:
    return __all__
