"""Columns of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from hdfsaver.escaping import printable


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of one length as lines; numbers are at the right of their columns, and columns without text are left out."""
    shown = [[printable(cell) for cell in row] for row in rows]
    columns = [column for column in zip(*shown, strict=True) if any(column)]
    widths = [max(map(cell_len, column)) for column in columns]
    at_right = [all(_is_number(cell) for cell in column[1:]) for column in columns]
    for row in zip(*columns, strict=True):
        cells = (
            " " * (width - cell_len(cell)) + cell if right else cell + " " * (width - cell_len(cell))
            for cell, width, right in zip(row, widths, at_right, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _is_number(cell: str) -> bool:
    return not cell.strip("0123456789,.")
