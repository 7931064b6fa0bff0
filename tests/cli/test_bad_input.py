"""Every command on bad input: one clear sentence on the standard error, an exit status by its kind, and no files."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner, Result

import hdfsaver
from hdfsaver.cli import app
from hdfsaver.cli.commands import COMMANDS
from hdfsaver.cli.exit_codes import ExitCode

KEY = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

LINES = {
    "ls": ["ls", "{bad}"],
    "info": ["info", "{bad}"],
    "show": ["show", "{bad}", "w"],
    "diff": ["diff", "{bad}", "{good}"],
    "graph": ["graph", "{bad}"],
    "view": ["view", "{bad}", "-o", "{target}"],
    "history": ["history", "{bad}"],
    "latest": ["latest", "{bad}"],
    "verify": ["verify", "{bad}"],
    "sign": ["sign", "{bad}", "--key", "{key}", "-o", "{target}"],
    "reseal": ["reseal", "{bad}"],
    "salvage": ["salvage", "{bad}", "{target}"],
    "convert": ["convert", "{bad}", "{target}"],
    "strip": ["strip", "{bad}", "-o", "{target}"],
    "rename": ["rename", "{bad}", "w=v", "-o", "{target}"],
    "merge": ["merge", "{bad}", "-o", "{target}"],
    "average": ["average", "{bad}", "{good}", "-o", "{target}"],
    "cast": ["cast", "{bad}", "--dtype", "float32", "-o", "{target}"],
    "compress": ["compress", "{bad}", "-o", "{target}"],
}
"""A line of each command; a new command gets one too."""

AS_PYTHON = {"run"}
"""Commands whose errors are those of Python: `tests/programs` is about them."""

OF_FOLDERS = {"history", "latest"}
READS_WHOLE = set(LINES) - {"ls", "info", "graph", "reseal", "salvage", "view"}
"""Commands that notice damage to a value."""


def missing(folder: Path) -> Path:
    """A file that does not exist."""
    return folder / "nothing.h5"


def a_folder(folder: Path) -> Path:
    """A folder without checkpoints."""
    (folder / "empty").mkdir()
    return folder / "empty"


def text(folder: Path) -> Path:
    """A file with text."""
    (folder / "a.txt").write_text("Dear reader,\n")
    return folder / "a.txt"


def nothing(folder: Path) -> Path:
    """An empty file."""
    (folder / "empty.h5").touch()
    return folder / "empty.h5"


def foreign(folder: Path) -> Path:
    """A picture under the name of a checkpoint."""
    (folder / "a.h5").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    return folder / "a.h5"


def damaged(folder: Path) -> Path:
    """A checkpoint with a changed byte in a value."""
    hdfsaver.save_file({"w": np.arange(50.0)}, folder / "damaged.h5")
    data = bytearray((folder / "damaged.h5").read_bytes())
    data[data.index(np.arange(50.0).tobytes())] ^= 1
    (folder / "damaged.h5").write_bytes(data)
    return folder / "damaged.h5"


def cut_short(folder: Path) -> Path:
    """A checkpoint without its end."""
    hdfsaver.save_file({"w": np.arange(50.0)}, folder / "cut.h5")
    data = (folder / "cut.h5").read_bytes()
    (folder / "cut.h5").write_bytes(data[: len(data) // 2])
    return folder / "cut.h5"


def hostile(folder: Path) -> Path:
    """A pickle that would run a command, under a name that would control the terminal."""

    class Bad:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
            return os.system, (f"touch {folder / 'ran'}",)

    path = folder / "\x1b[31m\u202e[bold]x.pt"
    path.write_bytes(pickle.dumps({"w": Bad()}))
    return path


BAD = (missing, a_folder, text, nothing, foreign, damaged, cut_short, hostile)


def run(folder: Path, line: list[str], bad: Path | str) -> Result:
    """Run a command; all that it writes would be in the folder ``out``."""
    (folder / "out").mkdir(exist_ok=True)
    hdfsaver.save_file({"w": np.ones(50)}, folder / "good.h5")
    key = folder / "private.pem"
    key.write_bytes(KEY)
    names = {
        "bad": str(bad),
        "good": str(folder / "good.h5"),
        "target": str(folder / "out" / "target.h5"),
        "key": str(key),
    }
    return CliRunner().invoke(app, [word.format_map(names) for word in line], env={"COLUMNS": "400"})


def check_sentence(done: Result) -> None:
    """There is one sentence, of printable characters, and nothing else."""
    assert (done.stdout, 1) == ("", done.stderr.count("\n")), done.output
    assert done.stderr.strip().isprintable()
    assert done.stderr[-2] in ".)'", done.stderr
    assert "Traceback" not in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_every_command_is_here() -> None:
    """Each command has a line."""
    assert {entry.name for entry in COMMANDS} == set(LINES) | AS_PYTHON


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", LINES)
def test_bad_files(tmp_path: Path, name: str, make: Callable[[Path], Path]) -> None:
    """Whatever is given instead of a checkpoint, it is told in a sentence, and nothing is written or run."""
    done = run(tmp_path, LINES[name], make(tmp_path))
    assert not (tmp_path / "ran").exists()
    if make is damaged and name not in READS_WHOLE | OF_FOLDERS | {"graph", "reseal", "salvage"}:
        assert 0 == done.exit_code  # names and sizes are whole
        return
    if name == "salvage" and make is damaged:
        assert (1, True) == (done.exit_code, "0 variables intact, 1 lost." in done.stdout)
        return
    if name in {"reseal", "salvage"} and make is damaged:
        assert 0 == done.exit_code  # that the bytes differ is what is accepted
        return
    if name == "salvage" and make is cut_short:
        assert (1, True) == (done.exit_code, "0 variables intact, 1 lost." in done.stdout)
        return
    if make is hostile and done.stdout:  # nothing in it is an array, which is told
        assert all(line.isprintable() for line in done.stdout.splitlines())
        return
    check_sentence(done)
    expected = {missing: 3, a_folder: 3, damaged: 1, cut_short: 1}.get(make)
    if (name in OF_FOLDERS and make not in (missing, a_folder)) or (name, make) == ("graph", damaged):
        expected = 4
    if name == "diff" and expected == 1:
        expected = 2
    assert done.exit_code in ([expected] if expected else [1, 2, 3, 4]), done.stderr
    assert not os.listdir(tmp_path / "out")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (["ls", "{good}", "nothing"], 3),
        (["show", "{good}", "nothing"], 3),
        (["show", "{good}", "w[90]"], 2),
        (["show", "{good}", "w", "--group", "nothing"], 3),
        (["diff", "{good}", "{good}", "nothing"], 3),
        (["diff", "{good}", "{good}", "--rtol", "-1"], 2),
        (["graph", "{good}", "--node", "nothing"], 4),
        (["convert", "{good}", "{target}", "--include", "nothing"], 3),
        (["convert", "{good}", "{good}.unknown"], 4),
    ],
)
def test_unknown_names_and_values(tmp_path: Path, line: list[str], status: int) -> None:
    """A name that the file lacks, and a value that an option does not take."""
    done = run(tmp_path, line, "")
    check_sentence(done)
    assert status == done.exit_code
    assert not os.listdir(tmp_path / "out")


@pytest.mark.parametrize(
    "line",
    [
        ["convert", "{good}", "{bad}"],
        ["salvage", "{good}", "{bad}"],
        ["graph", "{graph}", "--dot", "{bad}"],
        ["graph", "{graph}", "--graphml", "{bad}"],
    ],
)
@pytest.mark.parametrize("place", ["nowhere/x.h5", "a_file/x.h5", "a_folder.h5"])
def test_targets_that_cannot_be_written(tmp_path: Path, line: list[str], place: str) -> None:
    """A folder that does not exist, a file in place of a folder, and a folder in place of the file."""
    (tmp_path / "a_file").touch()
    (tmp_path / "a_folder.h5").mkdir()
    import hdfsaver as tf

    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="c")
        tf.train.write_graph(graph, tmp_path, "g.pb", as_text=False)
    line = [word.replace("{graph}", str(tmp_path / "g.pb")) for word in line]
    done = run(tmp_path, line, tmp_path / place)
    check_sentence(done)
    assert done.exit_code in (ExitCode.NOT_FOUND, ExitCode.NOT_READ, ExitCode.NOT_ALLOWED)
    assert ([], 0) == (os.listdir(tmp_path / "a_folder.h5"), (tmp_path / "a_file").stat().st_size)


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    """No name, key or value of a file reaches the terminal unescaped, in any command that prints it."""
    name = "a\x1b[31m\u202e\x9b[bold]\r"
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file[name.replace("\x9b", "b")] = np.ones(2)
        file["t"] = np.array(["\x1b[31mred\u202e"], h5py.string_dtype())
    hdfsaver.save_file({name: np.ones(2)}, tmp_path / "y-1.h5", metadata={name: name})
    hdfsaver.save_file({name: np.zeros(2)}, tmp_path / "y-2.h5")
    for line in (
        ["ls", "x.h5"], ["ls", "y-1.h5", "--json"], ["ls", "x.h5", "--tree"], ["info", "y-1.h5"], ["show", "x.h5", "*"],
        ["show", "x.h5", "*", "--json"], ["diff", "y-1.h5", "y-2.h5"], ["diff", "x.h5", "y-1.h5"], ["history", "."],
        ["history", ".", "--json"], ["verify", "x.h5"], ["convert", "x.h5", "z.npz"], ["show", "x.h5", name],
        ["ls", "x.h5", name], ["lss", name], ["ls", f"--{name}"], ["ls", "x.h5", "--sort", name],
    ):  # fmt: skip
        done = CliRunner().invoke(
            app, [str(tmp_path / word) if "5" in word or word in (".", "z.npz") else word for word in line]
        )
        assert all(each.isprintable() for each in done.output.splitlines()), (line, done.output)
        assert done.output
