"""Options of TensorFlow's programs."""

from __future__ import annotations

from typing import Any


def truth(explanation: str, *, default: bool = False) -> dict[str, Any]:
    """The arguments of `argparse` for an option that is ``--name`` or ``--name=true``, and any other word is false."""
    return {
        "nargs": "?",
        "const": True,
        "default": default,
        "type": lambda text: text.lower() == "true",
        "metavar": "true|false",
        "help": explanation,
    }
