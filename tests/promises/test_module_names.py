"""Promise: no module takes the name of one of Python's, of NumPy or of PyTorch, but those whose names users know.

Python looks for modules in the folder of the program first, and in the current one where it is started without a
program. Started in a folder that has a ``random.py``, it imports that one instead of its own, and so does NumPy.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pytest

import hdfsaver

ROOT = Path(hdfsaver.__file__).parent

PUBLIC = {
    "io.py": "tf.io",
    "logging.py": "tf.logging",
    "math.py": "tf.math",
    "numpy.py": "named after the library whose arrays it takes, as safetensors.numpy is",
    "onnx.py": "named after the format that it writes",
    "queue.py": "tf.queue",
    "random.py": "tf.random",
    "signal.py": "tf.signal",
    "torch.py": "named after the library whose tensors it takes, as safetensors.torch is",
}
"""The names that stay, all in the package's own folder, and why. Python is started above that folder, not in it."""

LIBRARIES = {"google", "h5py", "ml_dtypes", "networkx", "numpy", "onnx", "rich", "torch", "typer", "xxhash"}


def shadowing(paths: Iterable[str]) -> list[str]:
    """The files and folders, by their paths below the package, that hide a module from what is started beside them."""
    taken = sys.stdlib_module_names | LIBRARIES
    found = {path for path in paths if PurePosixPath(path).stem in taken}
    folders = {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents if parent.name in taken}
    return sorted(found | folders)


def test_no_module_hides_another() -> None:
    """Only the known ones do."""
    paths = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py*") if "__pycache__" not in path.parts]
    assert sorted(PUBLIC) == shadowing(paths)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["storage/layout.py", "ops/__init__.py"], []),
        (["storage/random.py", "storage/io.pyi"], ["storage/io.pyi", "storage/random.py"]),
        (["storage/collections/__init__.py", "storage/collections/a.py"], ["storage/collections"]),
        (["numpy/a.py", "b/h5py.py"], ["b/h5py.py", "numpy"]),
    ],
)
def test_the_checker_finds_files_and_folders(paths: list[str], expected: list[str]) -> None:
    """A module is a file, a stub or a folder."""
    assert expected == shadowing(paths)
