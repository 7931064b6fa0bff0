"""Write what type checkers are told of the names of `hdfsaver`: ``__init__.pyi``, from `hdfsaver.public_names`.

    python -m tests.ground.make_public_stub

`tests/ground/test_public_names.py` says whether the file is the one that this gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hdfsaver
from hdfsaver.public_names import MODULES, NAMES

PATH = Path(hdfsaver.__file__).with_suffix(".pyi")


def stub() -> str:
    """The content of the file."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# ruff: noqa: A004, I001"
    yield "# What type checkers are told of the names of hdfsaver. Made by `python -m tests.ground.make_public_stub`."
    for module, names in {"hdfsaver": MODULES, **NAMES}.items():
        yield f"from {module} import ("
        yield from (f"    {name}," for name in names)
        yield ")"
    yield ""
    yield "newaxis: None"
    yield ""
    yield "__all__ = ["
    yield from (f'    "{name}",' for name in hdfsaver.__all__)
    yield "]"
    yield ""
    yield "def __dir__() -> list[str]: ..."
    yield ""


if __name__ == "__main__":
    PATH.write_text(stub())
