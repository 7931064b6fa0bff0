"""The examples, programs and a notebook, each run in a process of its own, and what they print."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from tests import forks

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(folder: Path, name: str, *arguments: str) -> list[str]:
    """Run an example in a folder; gives the lines that it prints."""
    if "OPENBLAS_NUM_THREADS" in os.environ:  # it counts when NumPy is loaded, which a fork has done before
        command = [sys.executable, str(EXAMPLES / name), *arguments]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=400, check=False)
    else:
        done = forks.run(EXAMPLES / name, *arguments, cwd=folder, check=False, loaded=forks.MODELS, timeout=400)
    assert 0 == done.returncode, done.stderr
    assert "" == done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the add program has run."""
    path = tmp_path_factory.mktemp("examples")
    assert ["a + b = [3.]", "saved as model/add.ckpt"] == run(path, "add.py")
    return path


EXPECTED = {
    "restore_variables.py": ["restored: a + b = [3.]"],
    "restore_and_initialize.py": [
        "initialized: a + b = [30.]",
        "then restored: a + b = [3.]",
        "then initialized again: a + b = [30.]",
    ],
    "save_some.py": ["a = [1.]", "FailedPreconditionError: Attempting to use uninitialized value b"],
    "rename.py": ["x = [1.] y = [2.]"],
    "import_structure.py": [
        "FailedPreconditionError: Attempting to use uninitialized value a",
        "initialized: add:0 = [3.]",
    ],
    "import_all.py": ["add:0 = [3.]"],
    "wrong_name.py": [
        "NotFoundError: Key b_renamed not found in checkpoint model/add.ckpt.h5.",
        "with a dict: b_renamed = [2.]",
    ],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_an_example_prints(folder: Path, name: str) -> None:
    """Each example prints what the behaviour that it shows makes of the numbers."""
    printed = run(folder, name)
    assert len(EXPECTED[name]) == len(printed)
    for expected, line in zip(EXPECTED[name], printed, strict=True):
        assert line.startswith(expected)


@pytest.mark.slow
def test_digits_go_on_where_they_stopped(tmp_path: Path) -> None:
    """Stopped and taken up again from the file alone, the classifier ends with exactly the same parameters."""
    whole = run(tmp_path, "digits.py", "--epochs", "4", "--folder", "whole")
    first = run(tmp_path, "digits.py", "--epochs", "2", "--folder", "parts")
    second = run(tmp_path, "digits.py", "--epochs", "4", "--folder", "parts")
    assert "going on from parts/softmax-2" == second[0]
    assert whole == [*first[:-1], *second[1:]]
    assert float(whole[-2].split()[-1]) > 0.9


@pytest.mark.slow
def test_convolutions_that_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed again and again while it trains and saves, the network ends with the bits of a run that was not."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # several that wait for each other are slower here
    whole = run(tmp_path, "convolutions.py", "--folder", "whole")
    assert float(whole[0].split()[-1]) > 0.97
    command = [sys.executable, str(EXAMPLES / "convolutions.py"), "--folder", "parts"]
    chance = np.random.default_rng(1)
    for _ in range(3):
        before = tf.train.latest_checkpoint(tmp_path / "parts")
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and before == tf.train.latest_checkpoint(tmp_path / "parts"):
                time.sleep(0.005)
            time.sleep(0.2 * chance.random())  # there are ten steps and a save in half of that
            process.kill()
        assert process.returncode == -signal.SIGKILL
        for file in (tmp_path / "parts").glob("*.h5"):
            with tf.open_file(file) as opened:
                opened.verify()
    assert run(tmp_path, "convolutions.py", "--folder", "parts")[-2:] == whole


def printed_by(notebook: Path) -> str:
    """The outputs that a notebook has, of all its cells."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]
    texts = ["".join(output.get("text") or output["data"]["text/plain"]) for output in outputs]
    return "".join(text.rstrip("\n") + "\n" for text in texts)


@pytest.mark.parametrize("notebook", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_prints_its_outputs(notebook: Path, tmp_path: Path) -> None:
    """The cells run one after the other, and give what the notebook shows below them."""
    done = forks.run("-m", "hdfsaver", "run", notebook, cwd=tmp_path, check=False, loaded=forks.MODELS)
    assert ("", printed_by(notebook)) == (done.stderr, done.stdout)


def test_every_example_is_tested() -> None:
    """No example is left out here."""
    assert {*EXPECTED, "add.py", "convolutions.py", "digits.py"} == {path.name for path in EXAMPLES.glob("*.py")}
    assert [*EXAMPLES.glob("*.ipynb")]
