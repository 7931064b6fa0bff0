"""Finding the checkpoint of a prefix."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from hdfsaver.errors import DataLossError, InvalidArgumentError, NotFoundError
from hdfsaver.interop.bundle.open_tensorflow import open_tensorflow
from hdfsaver.interop.bundle.tensorflow_prefix import find
from tests.interop.samples import GOLDEN


@pytest.mark.parametrize(
    ("name", "kind", "files"),
    [
        ("every", "bundle", ["every.index"]),
        ("every.index", "bundle", ["every.index"]),
        ("every.data-00000-of-00001", "bundle", ["every.index"]),
        ("every.meta", "bundle", ["every.index"]),
        ("two_v1-00001-of-00002", "v1", ["two_v1-00000-of-00002", "two_v1-00001-of-00002"]),
        ("v1.meta", "v1", ["v1"]),
        ("nameless/", "bundle", ["nameless/.index"]),
        ("v1", "v1", ["v1"]),
        ("two_v1", "v1", ["two_v1-00000-of-00002", "two_v1-00001-of-00002"]),
    ],
)
def test_what_is_there_is_found(name: str, kind: str, files: list[str]) -> None:
    """Both formats, in one file or several, by prefix; and all of them can be opened by it."""
    found = find(f"{GOLDEN}/{name}")
    assert found is not None
    prefix = re.sub(r"\.index|\.meta|(\.data)?-0000\d-of-0000\d", "", name)
    assert (kind, f"{GOLDEN}/{prefix}") == found[:2]
    assert files == [os.path.relpath(path, GOLDEN) for path in found.files]
    with open_tensorflow(f"{GOLDEN}/{name}") as file:
        assert file.variables


def test_content_decides(tmp_path: Path) -> None:
    """A V1 file with the name of an index is found; other files and folders with such names are not."""
    shutil.copy(GOLDEN / "v1", tmp_path / "old.index")
    found = find(tmp_path / "old.index")
    assert found is not None
    assert "v1" == found.kind
    (tmp_path / "notes.index").write_text("beta: a list of words\n")
    (tmp_path / "words-00000-of-00001").write_text("none")
    (tmp_path / "folder.index").mkdir()
    for name in ("notes", "notes.index", "words", "folder", "folder.index", "nothing", "no/folder", ""):
        assert find(tmp_path / name) is None, name
    with pytest.raises(NotFoundError, match="is not a TensorFlow checkpoint"):
        open_tensorflow(tmp_path / "nothing")
    with pytest.raises(DataLossError, match=r"notes\.index: it has 22 bytes"):
        open_tensorflow(tmp_path / "notes")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A path that is not a regular file is ignored."""
    if hasattr(os, "mkfifo"):  # Windows has no pipes with names in folders
        os.mkfifo(tmp_path / "x.index")
    assert find(tmp_path / "x") is None


def test_a_table_of_another_program(tmp_path: Path) -> None:
    """A table of LevelDB whose first key is not empty is not a checkpoint."""
    (tmp_path / "x.ldb").write_bytes(b"\0\x08\x01somekey!v" + bytes(60) + bytes.fromhex("57fb808b247547db"))
    assert find(tmp_path / "x.ldb") is None
    with pytest.raises(InvalidArgumentError, match=r"x\.ldb is a table of LevelDB, but a TensorFlow checkpoint was"):
        open_tensorflow(tmp_path / "x.ldb")
