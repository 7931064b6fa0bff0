"""Promise: no test looks at the wall clock, so that a busy machine fails none; limits are in time of the processor."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

NO_TESTS = ("benchmarks", "mutants.py")
"""What is started by hand, and may tell how long it took."""

CLOCKS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "clock_gettime"},
    "datetime": {"now", "today", "utcnow"},
    "timeit": {"timeit", "repeat", "default_timer", "Timer"},
}
"""What tells the time of the wall, by the modules that have it."""

_NAMED = re.compile(rf"\b(?:{'|'.join({name for names in CLOCKS.values() for name in names})})\b")
"""Their names, without one of which a program need not be parsed."""


def clocks_read(source: str) -> list[str]:
    """Every place where a program takes the time of the wall, as ``line: name``."""
    found: list[str] = []
    if not _NAMED.search(source):
        return found
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names} & CLOCKS.get(node.module or "", set())
            found += [f"{node.lineno}: {node.module}.{name}" for name in sorted(names)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            module = ast.unparse(node.func.value).rpartition(".")[2]
            if node.func.attr in CLOCKS.get({"date": "datetime"}.get(module, module), set()):
                found.append(f"{node.lineno}: {module}.{node.func.attr}")
    return found


def files() -> list[Path]:
    """The tests, and what they import and start."""
    return [path for path in sorted(TESTS.rglob("*.py")) if path.relative_to(TESTS).parts[0] not in NO_TESTS]


def test_no_test_looks_at_the_wall_clock() -> None:
    """How long something took on the wall tells of the machine, not of the program."""
    found = {path: clocks_read(path.read_text(encoding="utf-8")) for path in files()}
    assert {} == {path.relative_to(TESTS).as_posix(): clocks for path, clocks in found.items() if clocks}


def test_the_tests_are_found() -> None:
    """The list holds this file and what the tests share."""
    assert {Path(__file__), TESTS / "conftest.py", TESTS / "hostile" / "attempts.py"} <= set(files())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("assert time.perf_counter() - start < 1", ["1: time.perf_counter"]),
        ("from time import monotonic", ["1: time.monotonic"]),
        ("x = datetime.datetime.now()", ["1: datetime.now"]),
        ("x = timeit.timeit(run)", ["1: timeit.timeit"]),
        ("assert time.process_time() - start < 1", []),
        ("time.sleep(1)", []),
        ("clock.monotonic()", []),
    ],
)
def test_a_clock_is_found(line: str, expected: list[str]) -> None:
    """Clocks of the wall are found with their line, the processor's is let be."""
    assert expected == clocks_read(line)
