"""The HTML of notebooks: escaped, balanced, and short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hdfsaver.html_tables import ROWS, Table, html_of
from tests.notebook_html import shown

HOSTILE = "</td><script>alert(1)</script>\x1b[31m\u202e&amp;\"'"


class Shown:
    """An object with some HTML."""

    def __init__(self, *given: Any) -> None:
        self.given = given

    def _repr_html_(self) -> str:
        return html_of(*self.given)


def test_hostile_texts_are_escaped_everywhere() -> None:
    """Titles, facts, captions, columns and cells hold no tag, no control character and no mark of direction."""
    thing = Shown(HOSTILE, {HOSTILE: HOSTILE}, [Table(HOSTILE, [HOSTILE], [[HOSTILE]], 1)])
    expected = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert [expected] * 6 == shown(thing)


def test_rows_beyond_the_limit_are_counted_and_not_made() -> None:
    """Of a million rows only those shown are taken."""
    made = []

    def rows() -> Iterator[list[int]]:
        for number in range(1_000_000):
            made.append(number)
            yield [number]

    texts = shown(Shown("t", {"empty": ""}, [Table("c", ["n"], rows(), 1_000_000), Table("none", ["n"], [], 0)]))
    assert ["t", "c", "n", *map(str, range(ROWS)), f"and {1_000_000 - ROWS:,} more"] == texts
    assert len(made) == ROWS


def test_long_texts_are_cut() -> None:
    """A name of a megabyte does not fill the notebook."""
    assert len(html_of("x" * 1_000_000, {})) < 1000
