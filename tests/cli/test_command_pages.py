"""Promise: the pages of the command are those of its help and of the forms of its JSON."""

from __future__ import annotations

from tests.cli.make_command_page import DOCS, command_page, json_page


def test_the_pages_are_up_to_date() -> None:
    """Both are what the generator writes."""
    for name, page in (("command.md", command_page()), ("json.md", json_page())):
        assert page == (DOCS / name).read_text(encoding="utf-8"), "run `python -m tests.cli.make_command_page`"
