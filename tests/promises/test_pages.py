"""Promise: the code of README.md and docs/ runs as the pages say; `run_page.py` beside this file has the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import forks

ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("run_page.py")
PAGES = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if path.exists()]

# What programs print depends on the terminal's width and colours.
TERMINAL = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8"}


def run_page(page: Path, folder: Path) -> tuple[bool, str]:
    """Run a page in a process and a folder of its own; gives whether it does what it says, and the report."""
    done = forks.run(RUNNER, page, cwd=folder, env=TERMINAL, check=False, loaded=forks.MODELS)
    return done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_readme() -> None:
    """The project has its first page, and it is among those that run."""
    assert ROOT / "README.md" in PAGES


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    """Every block of the page that is to run does, and prints what the page says it prints."""
    succeeded, report = run_page(page, tmp_path)
    assert succeeded, report


SHARED_NAMES = """
```python
a = 1
open("left.txt", "w").close()
print("a is", a)
```
```output
a is 1
```
Text, and a list:

- indented
  ```python
  assert a == 1
  import pathlib
  assert pathlib.Path("left.txt").exists()
  ```
"""
COMMANDS = """
```console
$ echo one; \\
  echo two
one
two
$ echo "took 17 ms"
took ... ms
$ echo whatever
$ echo shown; exit 3
shown
```
"""
LEFT_ALONE = """
```console no-run: needs a network
$ exit 1
```
```python no-run: needs another machine
1 / 0
```
```json
{
```
````text
```python
1 / 0
```
````
"""


@pytest.mark.parametrize(("text", "count"), [(SHARED_NAMES, 3), (COMMANDS, 1), (LEFT_ALONE, 0), ("No code.", 0)])
def test_a_true_page_passes(text: str, count: int, tmp_path: Path) -> None:
    """A page that does what it says passes, and the blocks that are to run are counted."""
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert (True, f"{count} blocks ran\n") == run_page(page, tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n```python\nb = 1\n1 / 0\n```\n", 'page.md", line 4'),
        ("```python\nimport warnings\nwarnings.warn('old')\n```\n", "UserWarning: old"),
        ("```python\nprint(1)\n```\n```output\n2\n```\n", "line 5: expected\n2\n\nbut it printed\n1"),
        ("```console\n$ exit 3\n```\n", "`exit 3` ended with 3"),
        ("```console\n$ echo one\ntwo\n```\n", "line 2: expected"),
        ("```console\n$ echo one; echo two\none\n```\n", "line 2: expected"),
        ("```console no-run\n$ exit 1\n```\n", "only 'no-run: REASON' may"),
        ("```python skip\n1 / 0\n```\n", "only 'no-run: REASON' may"),
        ("\n```python\n", "line 2: this fence is never closed"),
    ],
)
def test_a_false_page_fails(text: str, expected: str, tmp_path: Path) -> None:
    """A page that does not do what it says fails, and the report names the line."""
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    succeeded, report = run_page(page, tmp_path)
    assert not succeeded
    assert expected in report
