"""Promise: the page about the architecture names the packages and files that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_tree_has_every_package() -> None:
    """Each package and subpackage has a line in the tree, and each line is about one."""
    packages = {path.parent.name for path in (ROOT / "hdfsaver").rglob("__init__.py")} - {"hdfsaver"}
    listed = re.findall(r"^ +(\w+)/ +\S", PAGE.partition("## One data model")[0], re.MULTILINE)
    assert packages == set(listed)


def test_the_files_exist() -> None:
    """A path in code quotes leads to a file of the package or of the project."""
    paths = re.findall(r"`([\w/]+\.pyi?)`", PAGE)
    assert len(paths) > 40
    assert [] == [path for path in paths if not ((ROOT / "hdfsaver" / path).exists() or (ROOT / path).exists())]


def test_a_journey_has_at_most_ten_steps() -> None:
    """Five journeys, each short enough to follow."""
    journeys = PAGE.partition("## Journeys")[2].partition("\n## ")[0].split("\n### ")[1:]
    assert [5, 10] == [len(journeys), max(len(re.findall(r"^\d+\. ", text, re.MULTILINE)) for text in journeys)]
