"""Promise: no file of the project names a folder of the machine that it was written on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# An absolute path begins where no other path goes on: "a/opt/b" is none. Spelt so that this file does not match itself.
MACHINE_PATH = re.compile(rb"(?<![\w.%-])/(?:" + b"|".join([b"opt", b"root", b"work"]) + rb")/")


def project_files(root: Path) -> list[Path]:
    """The files that are under version control, or would be with the next `git add`; in an unpacked archive, all."""
    if not (root / ".git").exists():
        return [path for path in root.rglob("*") if path.is_file()]
    # The check-out may belong to another user than the one who tests, which git would refuse without the option.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout.decode().split("\0")
    return [root / name for name in names if name and (root / name).is_file()]


def machine_paths(root: Path) -> list[str]:
    """Each place that names a machine's folder, as ``file:line``."""
    return [
        f"{path.relative_to(root).as_posix()}:{number}"
        for path in project_files(root)
        for number, line in enumerate(path.read_bytes().split(b"\n"), start=1)
        if MACHINE_PATH.search(line)
    ]


def test_no_file_names_a_folder_of_this_machine() -> None:
    """The project speaks of itself, not of the desk that it was written at."""
    assert [] == machine_paths(ROOT)


def test_the_files_of_the_project_are_found() -> None:
    """The list is not empty: it holds this file and the project's description."""
    assert {ROOT / "pyproject.toml", Path(__file__)} <= set(project_files(ROOT))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open('/{}/data')", ["page.txt:2"]),
        ("see /{}/", ["page.txt:2"]),
        ("a/{}/b", []),
        ("./{}/b", []),
        ("/{}-b", []),
    ],
)
@pytest.mark.parametrize("folder", ["opt", "root", "work"])
def test_the_checker_finds_machine_paths(tmp_path: Path, folder: str, text: str, expected: list[str]) -> None:
    """An absolute path below such a folder is found with its line, a relative one is let be."""
    (tmp_path / "page.txt").write_text("first line\n" + text.format(folder), encoding="utf-8")
    assert expected == machine_paths(tmp_path)
