"""The command `view`: where the page is, what is said, and what is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import urllib.request
import webbrowser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver.cli import app, view_command


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was asked to open; temporary files are in a folder of their own."""
    found: list[str] = []

    def note(url: str) -> bool:
        found.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", note)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return found


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tf.save_file({"w": np.arange(6.0).reshape(2, 3)}, tmp_path / "model.h5")
    return tmp_path / "model.h5"


def view(*arguments: Any) -> Any:
    return CliRunner().invoke(app, ["view", *map(str, arguments)])


def test_a_page_is_opened(opened: list[str], model: Path) -> None:
    """A temporary file that only its owner can read."""
    done = view(model)
    assert done.exit_code == 0
    (page,) = (model.parent / "temporary").iterdir()
    assert opened == [page.as_uri()]
    assert done.output == f"{page} is open in the browser.\n"
    assert page.stat().st_mode & 0o077 == 0


def test_no_browser(opened: list[str], model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is written all the same, and the message says where."""
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    done = view(model)
    assert done.output.startswith(f"No browser was found. Open {model.parent / 'temporary'}")


def test_a_page_is_written(opened: list[str], model: Path) -> None:
    """With `-o` nothing is opened; an existing page is replaced."""
    page = model.parent / "page.html"
    page.write_text("old")
    assert view(model, "-o", page).exit_code == 0
    assert page.stat().st_size > 50_000
    assert view(model, model, "-o", page).exit_code == 0
    assert opened == []


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        lambda path: path.mkdir(),
        lambda path: path.write_text("hello"),
        lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(600)),
        lambda path: path.write_bytes((path.parent / "model.h5").read_bytes()[:-9]),
    ],
    ids=["missing", "folder", "text", "damaged", "cut"],
)
def test_bad_files(opened: list[str], model: Path, make: Any) -> None:
    """One sentence, the exit status that `ls` has for such a file, and nothing is left."""
    bad = model.parent / "bad"
    make(bad)
    expected = CliRunner().invoke(app, ["ls", str(bad)])
    assert expected.exit_code
    for arguments in ([bad], [bad, "-o", model.parent / "page.html"], [bad, "--serve"], [model, bad]):
        done = view(*arguments)
        assert (done.exit_code, done.stderr) == (expected.exit_code, expected.stderr)
        assert len(done.stderr.strip().splitlines()) == 1
    assert list((model.parent / "temporary").iterdir()) == []
    assert not (model.parent / "page.html").exists()
    assert opened == []


def test_a_place_that_cannot_be_written(opened: list[str], model: Path) -> None:
    """The folder does not exist."""
    done = view(model, "-o", model.parent / "nowhere" / "page.html")
    assert done.exit_code == 3
    assert "nowhere" in done.stderr


def test_contradicting_options(opened: list[str], model: Path) -> None:
    """A served page is of one model, and is no file."""
    for arguments in (["--serve", model, "-o", "page.html"], ["--serve", model, model]):
        assert view(*arguments).exit_code == 2


def test_large_files_are_served(opened: list[str], model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a size on, unless `--no-serve` is given."""
    served: list[str] = []
    monkeypatch.setattr(view_command, "_serve", lambda file: served.append(file.path))
    monkeypatch.setattr(view_command, "_LARGE", 48)
    assert view(model).exit_code == 0
    assert served == [str(model)]
    assert view(model, "--no-serve").exit_code == 0
    monkeypatch.setattr(view_command, "_LARGE", 49)
    assert view(model).exit_code == 0
    assert len(served) == 1
    assert len(opened) == 2


def test_interrupting_the_server(model: Path) -> None:
    """Ctrl-C ends it: no error, no file, and the port is free."""
    command = [sys.executable, "-m", "hdfsaver", "view", "--serve", str(model)]
    environment = {"PATH": "/nowhere", "TMPDIR": str(model.parent), "PYTHONUNBUFFERED": "1", "BROWSER": "nothing"}
    environment["PYTHONPATH"] = str(Path(tf.__file__).parents[1])
    before = sorted(model.parent.iterdir())
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        url = program.stdout.readline().split()[0]
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(url, timeout=20) as page:  # noqa: S310 - of this machine
            assert b"</html>" in page.read()
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=30)
    assert (program.returncode, errors) == (0, "")
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url, timeout=5)  # noqa: S310
    assert sorted(model.parent.iterdir()) == before
