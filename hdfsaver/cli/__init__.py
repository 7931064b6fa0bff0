"""The command line: inspect, check, convert and repair checkpoints."""

from __future__ import annotations

from hdfsaver.cli.command_line import app

__all__ = [
    "app",
]


def __dir__() -> list[str]:
    return __all__
