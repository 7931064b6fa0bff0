"""How far a save, a restore or a verification has come."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest

from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import Model, WriteOptions, Writer, write_file

VARIABLES: dict[str, npt.NDArray[Any]] = {
    "large": np.zeros(3 << 20, np.uint8),
    "small": np.zeros(10, np.uint8),
    "other": np.zeros(1 << 20, np.float32),
}
TOTAL = sum(value.nbytes for value in VARIABLES.values())


def check(calls):
    """Bytes only grow, the total is always the same, and in the end all are done."""
    assert [total for _done, total in calls] == [TOTAL] * len(calls)
    assert sorted(calls) == calls
    assert (TOTAL, TOTAL) == calls[-1]
    assert len(calls) > 4


def test_saves_restores_and_verifications_tell_how_far_they_are(tmp_path):
    """Each calls with what is done, the last time with everything; the file is the same as without."""
    calls: list[tuple[int, int]] = []
    Writer().write(
        tmp_path / "x.h5",
        {"": Model(VARIABLES, None, {})},
        options=WriteOptions(progress=lambda *call: calls.append(call)),
    )
    check(calls)
    with open_file(tmp_path / "x.h5") as file:
        for work in (lambda tell: file.read_many(VARIABLES, progress=tell), lambda tell: file.verify(progress=tell)):
            calls.clear()
            work(lambda *call: calls.append(call))
            check(calls)


def test_plain_files_too(tmp_path):
    """A file without index tells after each value."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for number in range(5):
            file[f"v{number}"] = np.zeros(TOTAL // 5, np.uint8)
    calls: list[tuple[int, int]] = []
    with open_file(tmp_path / "x.h5") as opened:
        opened.read_many(list(opened.variables), progress=lambda *call: calls.append(call))
        assert [TOTAL // 5 * done for done in range(1, 6)] == [done for done, _total in calls]
        opened.verify(progress=lambda *call: calls.append(call))
    assert 10 == len(calls)


def test_who_is_told_can_end_it(tmp_path):
    """An exception of the callback ends a save, and what was there before is there still."""
    write_file(tmp_path / "x.h5", variables={"old": np.ones(3)}, structure=None)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Writer().write(tmp_path / "x.h5", {"": Model(VARIABLES, None, {})}, options=WriteOptions(progress=stop))
    with open_file(tmp_path / "x.h5") as file:
        assert ["old"] == list(file.variables)
    assert ["x.h5"] == [path.name for path in tmp_path.iterdir()]
