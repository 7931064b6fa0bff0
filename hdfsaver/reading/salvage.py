"""The variables of a damaged file that are still whole."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy.typing as npt

from hdfsaver.errors import DataLossError
from hdfsaver.reading.locating import PathLike, existing_file
from hdfsaver.storage.reading import open_file


class Salvaged(NamedTuple):
    """What is left of a file.

    Attributes
    ----------
    variables : dict of str to ndarray
        What is whole, by name.
    lost : dict of str to str
        What is not, and why.
    """

    variables: dict[str, npt.NDArray[Any]]
    lost: dict[str, str]


def salvage(path: PathLike, *, group: str = "", timeout: float = 600.0) -> Salvaged:
    """Get out of a damaged file what is still whole.

    A value counts as whole when its bytes have the digest that the file's table has for it, wherever else the file is
    damaged, and be it cut short. In a file without a valid seal it counts when it can be read. The work is done by
    another process on a copy of the file, as damaged structures may hang or crash the HDF5 library.

    Parameters
    ----------
    path : path
        The file, or its prefix. It is not changed.
    group : str
        The model, in a file that has several.
    timeout : float
        Seconds after which the file counts as unreadable.

    Returns
    -------
    Salvaged
        The variables that are whole, and those that are lost.

    Raises
    ------
    NotFoundError
        There is no such file.
    DataLossError
        Nothing can be read: index or HDF5's own structures are destroyed.
    """
    file = existing_file(path)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "salvaged.h5")
        lost = _run(file, group, out, timeout)
        with open_file(out) as found:
            return Salvaged(found.read_many(found.variables), lost)


def _run(file: Path, group: str, out: Path, timeout: float) -> dict[str, str]:
    command = [sys.executable, "-m", "hdfsaver.storage.salvaging", str(file), group, str(out)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _nothing(file, f"reading it did not end within {timeout:g} seconds") from None
    if done.returncode:
        raise _nothing(file, done.stderr.strip().rpartition("\n")[2] or f"reading it ended with {done.returncode}")
    lost: dict[str, str] = json.loads(done.stdout)
    return lost


def _nothing(file: Path, why: str) -> DataLossError:
    return DataLossError(None, None, f"Nothing can be salvaged from {file}: {why}.")
