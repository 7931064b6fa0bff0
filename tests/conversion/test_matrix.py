"""Promise: docs/converting.md says of each source and target what is kept, left out and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conversion.matrix import BEGIN, COLUMNS, END, KINDS, WRITTEN, has_torch, line, row

PAGE = Path(__file__).parents[2] / "docs" / "converting.md"


def _lines() -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return text.partition(BEGIN)[2].partition(END)[0].strip().splitlines()


def test_each_combination_has_one_row():
    """The table has all kinds of sources and all targets."""
    expected = [(kind.title, f"`{target.name}`") for kind in KINDS for target in WRITTEN]
    assert line(COLUMNS) == _lines()[0]
    assert expected == [tuple(cell.strip() for cell in row.split("|")[1:3]) for row in _lines()[2:]]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_a_row_is_what_a_conversion_does(kind):
    """A small file of each kind, with one aspect at a time, is converted into every target."""
    targets = [target for target in WRITTEN if "torch" not in (kind.needs, target.name) or has_torch()]
    if not targets:
        pytest.skip("PyTorch is not installed")
    for target in targets:
        assert line(row(kind, target)) in _lines(), "run `python -m tests.conversion.matrix docs/converting.md`"
