"""The types of operations that have twins, by family: the table in docs/onnx.md.

    python -m tests.onnx_graphs.make_table docs/onnx.md

writes the table into the page, between its two marks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from hdfsaver.onnx_graphs.all_twins import FAMILIES
from hdfsaver.onnx_graphs.branches import CALLS, CASES, FORS, IFS, WHILES
from hdfsaver.onnx_graphs.drawn_bounds import DRAWN
from hdfsaver.onnx_graphs.element_arrays import ACCESSES
from hdfsaver.onnx_graphs.twins import RULES, Rule
from hdfsaver.onnx_graphs.walking import HANDLERS, PASSED_ON

BEGIN = "<!-- written by: python -m tests.onnx_graphs.make_table docs/onnx.md -->\n"
END = "<!-- end of the table -->\n"


def table() -> str:
    """The table in Markdown."""
    rows = [("Operations", "Types")]
    for family in FAMILIES:
        types = sorted(name for name, rule in RULES.items() if _module(rule) == family.__name__)
        rows.append(((family.__doc__ or "").splitlines()[0].rstrip("."), _listed(types)))
    rows.append(("Arrays of elements, and lists of TensorFlow 2", _listed(ACCESSES)))
    rows.append(("Variables, inputs, branches and loops", _listed(HANDLERS.keys() - ACCESSES.keys() - set(DRAWN))))
    rows.append(("Random numbers, where the bounds decide: a dropout that keeps everything", _listed(DRAWN)))
    rows.append(("Calls of functions", _listed([*CALLS, *CASES, *FORS, *IFS, *WHILES])))
    rows.append(("Passed on", _listed(PASSED_ON)))
    lines = [f"| {title} | {types} |" for title, types in rows]
    return "\n".join(["", lines[0], "| --- | --- |", *lines[1:], "", ""])


def _module(rule: Rule) -> str:
    return rule.func.__module__ if isinstance(rule, partial) else rule.__module__


def _listed(types: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(types))


def written(page: str) -> str:
    """A page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")
