"""The commands that edit: their reports, exit statuses and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import hdfsaver
from hdfsaver.cli import app


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files, some of them damaged or of another kind, in the current folder."""
    monkeypatch.chdir(tmp_path)
    hdfsaver.save_file({"a/w": np.ones(40_000, np.float32), "n": np.int64(1)}, "a.h5")
    hdfsaver.save_file({"a/w": np.zeros(40_000, np.float32), "n": np.int64(2)}, "b.h5")
    data = bytearray(Path("a.h5").read_bytes())
    data[-1] ^= 1
    Path("damaged.h5").write_bytes(data)
    Path("text.txt").write_text("text")
    Path("names.json").write_text('{"a/w": "c"}')
    Path("list.json").write_text("[1]")
    return tmp_path


def run(line: str) -> Any:
    """Run a command."""
    return CliRunner().invoke(app, line.split())


def test_reports(folder: Path) -> None:
    """They say what was written, left out and changed; a dry run says what would be."""
    done = run("rename a.h5 a/*=\x1b[31m/* -o new.h5")
    assert done.output == "new.h5: 2 arrays, 160,008 bytes.\n\\x1b[31m/w: was 'a/w'.\n"
    done = run("cast a.h5 --dtype a/*=float16 -o half.h5 -n")
    assert done.output.startswith(
        "Would write half.h5: 2 arrays, 80,008 bytes.\na/w: float32 to float16, largest error 0."
    )
    assert not Path("half.h5").exists()
    done = run("rename a.h5 --names-file names.json -i --json")
    found = json.loads(done.stdout)
    assert (found["schema"], found["command"], found["names"]) == (1, "rename", {"c": "a/w", "n": "n"})
    assert list(hdfsaver.load_file("a.h5")) == ["c", "n"]
    done = run("strip b.h5 --exclude n -o n.npz")
    assert done.output == "n.npz: 1 array, 160,000 bytes.\nLeft out: n (a pattern of exclude matches).\n"


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("strip a.h5", 2, "There is no output"),
        ("strip a.h5 -i -o x.h5", 2, "Both an output and in_place"),
        ("strip a.h5 -o a.h5", 2, "is the source itself"),
        ("strip missing -o x.h5", 3, "missing"),
        ("strip a.h5 --exclude z* -o x.h5", 3, "No array of a.h5 matches 'z*'"),
        ("strip damaged.h5 --exclude n -o x.h5", 1, "differ from those that were saved"),
        ("strip text.txt -o x.h5", 4, "text.txt is a text file"),
        ("strip . -o x.h5", 3, "Give the prefix of a checkpoint"),
        ("strip a.h5 -o no/x.h5", 3, "no/x.h5"),
        ("strip a.h5 -o x.tflite", 4, ".tflite"),
        ("rename a.h5 -o x.h5", 2, "what is to be renamed"),
        ("rename a.h5 a/w -o x.h5", 2, "must be OLD=NEW"),
        ("rename a.h5 a/w=n -o x.h5", 2, "the name 'n'"),
        ("rename a.h5 z=y -o x.h5", 3, "No array of a.h5 matches 'z'"),
        ("rename a.h5 a/w=b --regex a=b -o x.h5", 2, "Give either"),
        ("rename a.h5 --names-file list.json -o x.h5", 2, "must have an object"),
        ("rename a.h5 --names-file text.txt -o x.h5", 2, "is not JSON"),
        ("rename a.h5 --names-file no.json -o x.h5", 3, "no.json"),
        ("merge a.h5 b.h5 -o x.h5", 5, "have a different array 'a/w'"),
        ("merge a.h5 b.h5", 2, "--output"),
        ("average a.h5 b.h5 --weights 1;2 -o x.h5", 2, "--weights needs numbers"),
        ("average . -o x.h5", 3, "no file 'checkpoint'"),
        ("cast a.h5 -o x.h5", 2, "--dtype"),
        ("cast a.h5 --dtype int8 -o x.h5", 2, "real numbers"),
        ("compress a.h5 --codec rar -o x.h5", 2, "rar"),
        ("compress a.h5 --level 99 -o x.h5", 2, "levels"),
        ("compress a.h5 --codec none --level 1 -o x.h5", 2, "--level needs a codec"),
        ("compress a.h5 -o x.npz", 2, "Only an hdfsaver checkpoint"),
    ],
)
def test_refusals(folder: Path, line: str, status: int, said: str) -> None:
    """Each is one sentence on the standard error, with the exit status of its kind, and nothing is written."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = run(line)
    assert (done.exit_code, done.stdout) == (status, ""), done.output
    assert said in done.stderr
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}
