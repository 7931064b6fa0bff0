"""The library's version, which files name as their producer."""

from __future__ import annotations

__version__ = "0.1.0"
