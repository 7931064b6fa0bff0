"""The command as a program: its options, completion, broken pipes, interruption, colors and unforeseen errors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import hdfsaver
from hdfsaver.cli import app
from hdfsaver.cli.commands import COMMANDS
from hdfsaver.version import __version__
from tests import forks


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    return forks.run("-m", "hdfsaver", *arguments, check=False, loaded="hdfsaver.cli", env=environment)


def test_version_and_help() -> None:
    """`--version` prints it; without a command there is the help, with every command and every exit status."""
    assert (f"hdfsaver {__version__}\n", 0) == (run("--version").stdout, 0)
    said = run("--help").stdout
    assert said == run("-h").stdout
    for entry in COMMANDS:
        assert f"  {entry.name} " in said
    for status in ("0", "1", "2", "3", "70", "130"):
        assert f"\n  {status} " in said
    assert (2, True) == (run().returncode, said.strip() in run().stderr)


def test_a_wrong_command_line() -> None:
    """It is status 2, with the usage and what was meant perhaps."""
    done = run("lss")
    assert (2, "") == (done.returncode, done.stdout)
    assert "Usage: hdfsaver" in done.stderr
    assert "'ls'" in done.stderr
    assert 2 == run("ls").returncode


@pytest.mark.parametrize("before", [True, False])
def test_debug(tmp_path: Path, before: bool) -> None:
    """With `--debug`, before the command or behind it, the traceback is shown; the status is the same."""
    line = ["ls", str(tmp_path / "none")]
    done = run(*(["--debug", *line] if before else [*line, "--debug"]))
    assert (3, True) == (done.returncode, "Traceback" in done.stderr)
    assert "Traceback" not in run(*line).stderr


def test_an_unforeseen_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a sentence and status 70."""

    def fails(path: str) -> None:
        raise KeyError("x\x1b")

    monkeypatch.setattr("hdfsaver.cli.info_command.file_facts", fails)
    done = CliRunner().invoke(app, ["info", "x"])
    assert (70, "hdfsaver has a defect here: KeyError: 'x\\x1b' (--debug shows the traceback).\n") == (
        done.exit_code,
        done.stderr,
    )


def test_a_broken_pipe(tmp_path: Path) -> None:
    """A reader that ends early ends the command without a word."""
    hdfsaver.save_file({f"layer_{i:05}/kernel": np.float32(i) for i in range(5000)}, tmp_path / "x.h5", durable=False)
    command = subprocess.Popen(
        [sys.executable, "-m", "hdfsaver", "ls", str(tmp_path / "x.h5")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.close()
    assert (b"", 141) == (command.stderr.read(), command.wait())
    command.stderr.close()


@pytest.mark.skipif(os.name != "posix", reason="signals are sent")
def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a conversion is status 130, and no file, finished or not, is left."""
    hdfsaver.save_file({f"w{i}": np.random.default_rng(i).random(400_000) for i in range(60)}, tmp_path / "x.h5")
    (tmp_path / "out").mkdir()
    line = ["convert", str(tmp_path / "x.h5"), str(tmp_path / "out" / "y.h5"), "--compression", "gzip"]
    command = subprocess.Popen([sys.executable, "-m", "hdfsaver", *line], stderr=subprocess.PIPE)
    for _ in range(1000):
        if os.listdir(tmp_path / "out") or command.poll() is not None:
            break
        time.sleep(0.02)
    assert os.listdir(tmp_path / "out")
    command.send_signal(signal.SIGINT)
    assert command.stderr is not None
    assert (b"", 130) == (command.stderr.read(), command.wait())
    command.stderr.close()
    assert [] == os.listdir(tmp_path / "out")


def test_no_color(tmp_path: Path) -> None:
    """No command colors what it prints to a pipe, nor with `NO_COLOR`."""
    hdfsaver.save_file({"w": np.ones(3)}, tmp_path / "x.h5")
    for line in (["--help"], ["show", str(tmp_path / "x.h5"), "w", "--histogram"], ["ls", str(tmp_path / "none")]):
        done = run(*line, NO_COLOR="1", FORCE_COLOR="", TERM="xterm-256color")
        assert "\x1b" not in done.stdout + done.stderr


def test_letters_that_the_output_lacks(tmp_path: Path) -> None:
    """Where the output has other letters, those of a name are escaped, and the bars of a histogram are signs."""
    hdfsaver.save_file({"g\u00fcte\u6f22": np.arange(3.0)}, tmp_path / "x.h5")
    line = [sys.executable, "-m", "hdfsaver", "show", str(tmp_path / "x.h5"), "*", "--histogram"]
    done = subprocess.run(line, env={**os.environ, "PYTHONIOENCODING": "latin-1"}, capture_output=True, check=True)
    assert done.stdout.startswith(b"g\xfcte\\u6f22  float64")
    assert b" ####" in done.stdout


@pytest.mark.parametrize(
    ("shell", "variables", "expected"),
    [
        ("bash", {"COMP_WORDS": "hdfsaver sho", "COMP_CWORD": "1"}, ["show"]),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "hdfsaver sho"}, ["show"]),
        ("fish", {"_TYPER_COMPLETE_ARGS": "hdfsaver sho", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}, ["show"]),
        ("pwsh", {"_TYPER_COMPLETE_ARGS": "hdfsaver sho", "_TYPER_COMPLETE_WORD_TO_COMPLETE": "sho"}, ["show"]),
        ("bash", {"COMP_WORDS": "hdfsaver ls --so", "COMP_CWORD": "2"}, ["--sort"]),
    ],
)
def test_completion(shell: str, variables: dict[str, str], expected: list[str]) -> None:
    """Commands and options are completed in four shells."""
    done = run(**{"_HDFSAVER_COMPLETE": f"complete_{shell}", **variables})
    for word in expected:
        assert word in done.stdout, done
    assert "verify" not in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "pwsh"])
def test_the_scripts_of_completion(shell: str) -> None:
    """Each shell has one, which calls the program."""
    done = run("--show-completion", shell, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "_HDFSAVER_COMPLETE" in done.stdout


def test_starting_loads_little() -> None:
    """The help, completion and a listing start without what runs and converts graphs."""
    others = "('hdfsaver.session', 'hdfsaver.conversion', 'hdfsaver.checkpoint', 'networkx', 'rich.console')"
    code = (
        f"import sys, hdfsaver.cli.ls_command, hdfsaver.cli; print([name for name in {others} if name in sys.modules])"
    )
    assert "[]\n" == forks.run("-c", code, loaded="hdfsaver.cli").stdout
