"""The command: look into checkpoints, check them, accept changes that another program made."""

from __future__ import annotations

from hdfsaver.cli.commands import app

__all__ = ["app"]


def __dir__() -> list[str]:
    return __all__
