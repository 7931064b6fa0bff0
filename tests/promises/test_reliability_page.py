"""Promise: every test that docs/reliability.md names exists, and every test of that room is named there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| (.+) \| `(tests/.+\.py)::(\w+)` \|$", (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8"), re.M
)

INNER = {
    "test_an_error_in_one_thread_stops_the_others",
    # the injector of faults, which has a section of its own
    "test_a_selection",
    "test_a_short_call_is_no_error",
    "test_a_trial_can_be_repeated",
    "test_every_number_is_one_of_the_system",
    "test_what_is_right",
    "test_what_is_wrong",
}
"""Tests that show how a promise is kept, and are no promise themselves."""


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_row_of_the_table_is_read() -> None:
    """No row is passed over because it is written otherwise."""
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert page.count("\n| ") - 2 == len(ROWS) > 20


@pytest.mark.parametrize("file", sorted({file for _, file, _ in ROWS}))
def test_the_tests_of_the_page_exist(file: str) -> None:
    """Each promise names a test function of a file that is there."""
    assert set() == {test for _, named, test in ROWS if named == file} - functions_of(ROOT / file)


def test_the_page_names_every_test() -> None:
    """What is tested is promised."""
    found = {test for path in (ROOT / "tests" / "reliability").glob("test_*.py") for test in functions_of(path)}
    assert set() == found - INNER - {test for _, _, test in ROWS}
