"""The HTML that notebooks show for objects: a title, facts and tables.

It has no scripts and no style sheets, and takes its colors from the notebook, light or dark. All text is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from hdfsaver.escaping import on_one_line, printable

ROWS = 20
"""The rows of a table that are shown; of more, the number is said."""

_TEXT = 200
"""Characters of a text that are shown."""

_CELL = "text-align: left; vertical-align: top; padding: 2px 12px 2px 0; background: transparent; color: inherit"
_TABLE = "border-collapse: collapse; margin: 4px 0; color: inherit"
_CAPTION = "text-align: left; padding: 4px 0; color: inherit; caption-side: top"
_ROW = "background: transparent; color: inherit"
_HEAD = f"{_CELL}; border-bottom: 1px solid currentColor"


class Table(NamedTuple):
    """A table of an object.

    Attributes
    ----------
    caption : str
    columns : sequence of str
    rows : iterable of sequence of object
        The texts of each row; only those that are shown are taken from it.
    total : int
        The number of all rows.
    """

    caption: str
    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    total: int


def html_of(title: str, facts: Mapping[str, object], tables: Iterable[Table] = ()) -> str:
    """An object as HTML.

    Parameters
    ----------
    title : str
    facts : mapping of str to object
        What is said of it, by what it is; empty texts are left out.
    tables : iterable of Table
        Those without rows are left out.

    Returns
    -------
    str
        A ``div``.
    """
    said = "".join(
        f'<tr style="{_ROW}"><th style="{_CELL}">{_escaped(name)}</th><td style="{_CELL}">{_escaped(value)}</td></tr>'
        for name, value in facts.items()
        if str(value)
    )
    listed = f'<table style="{_TABLE}"><tbody>{said}</tbody></table>' if said else ""
    return f"<div><strong>{_escaped(title)}</strong>{listed}{''.join(map(_table, tables))}</div>"


def _table(table: Table) -> str:
    if not table.total:
        return ""
    head = "".join(f'<th style="{_HEAD}">{_escaped(name)}</th>' for name in table.columns)
    rows = [
        f'<tr style="{_ROW}">{"".join(f"<td style={_quoted(_CELL)}>{_escaped(cell)}</td>" for cell in row)}</tr>'
        for row in islice(table.rows, ROWS)
    ]
    left = table.total - len(rows)
    more = f'<tr style="{_ROW}"><td style="{_CELL}" colspan="{len(table.columns)}">and {left:,} more</td></tr>'
    return (
        f'<table style="{_TABLE}"><caption style="{_CAPTION}">{_escaped(table.caption)}</caption>'
        f'<thead><tr style="{_ROW}">{head}</tr></thead><tbody>{"".join(rows)}{more if left else ""}</tbody></table>'
    )


def _quoted(text: str) -> str:
    return f'"{text}"'


def _escaped(value: object) -> str:
    return html.escape(printable(on_one_line(str(value), _TEXT)))
