"""``python -m hdfsaver`` is the command ``hdfsaver``."""

from __future__ import annotations

from hdfsaver.cli import app

if __name__ == "__main__":
    app(prog_name="hdfsaver")
