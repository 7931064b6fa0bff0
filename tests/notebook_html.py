"""What a notebook would show of the HTML of an object."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

TAGS = {"div", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"style", "colspan"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in TAGS
        assert {name for name, _ in attrs} <= ATTRIBUTES
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        assert self.open, "text outside of elements"
        assert data.isprintable()
        self.texts.append(data)


def shown(thing: Any) -> list[str]:
    """The texts of an object in a notebook, after a check that its HTML is balanced and has only what tables need."""
    reader = _Reader()
    reader.feed(thing._repr_html_())
    reader.close()
    assert reader.open == []
    return reader.texts
