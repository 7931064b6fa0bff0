"""The cells of a notebook as Python, without the commands of IPython."""

from __future__ import annotations

import ast
import json
import re
from typing import NamedTuple

_COMMAND = re.compile(r"^(\s*)(?:[%!?].*|[\w.]+\?\??\s*)$")
"""A line that is a command of IPython or of the shell, or asks for help: ``%matplotlib inline``, ``!ls``, ``zip?``."""

_TIMED = re.compile(r"^(\s*)%(?:time|prun)\s+(?!-)(\S.*)$")
"""A line whose rest is Python: ``%time x = 1``."""

_OF_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")
"""Commands for a whole cell whose other lines are Python."""


class Cell(NamedTuple):
    """A cell with Python code: its number among all cells, from 1; and the code, with every line in its place."""

    number: int
    code: str


def cells_of(text: str) -> list[Cell]:
    """The cells of a notebook that have code.

    Raises
    ------
    ValueError
        The text is not a notebook of version 3 or later.
    """
    notebook = json.loads(text)
    try:
        sheets = notebook.get("worksheets", [notebook])
        found = [cell for sheet in sheets for cell in sheet["cells"]]
        sources = [
            (number, cell.get("source", cell.get("input", "")))
            for number, cell in enumerate(found, start=1)
            if cell["cell_type"] == "code"
        ]
        return [Cell(number, _python("".join(source))) for number, source in sources]
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"It is JSON, but not a notebook: {error!r}.") from error


def _python(source: str) -> str:
    """The code of a cell; a line of IPython's that Python cannot parse is left out."""
    if source.startswith("%%"):
        rest = source.partition("\n")[2]
        return f"\n{_python(rest)}" if source.startswith(_OF_PYTHON) else ""
    lines = source.split("\n")
    for _ in lines:
        try:
            ast.parse("\n".join(lines))
        except SyntaxError as error:
            number = (error.lineno or 1) - 1
            if number >= len(lines) or not _COMMAND.match(lines[number]):
                break
            timed = _TIMED.match(lines[number])
            lines[number] = timed[1] + timed[2] if timed else _COMMAND.sub(r"\1pass", lines[number])
        else:
            break
    return "\n".join(lines)
