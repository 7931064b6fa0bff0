"""The library's version, which files record as their producer."""

from __future__ import annotations

__version__ = "0.1.0"
