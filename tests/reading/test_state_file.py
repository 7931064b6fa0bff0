"""The state file: a text that TensorFlow's programs know."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver import limits
from hdfsaver.reading import state_file
from hdfsaver.reading.state_file import CheckpointState, GroupList


def test_the_text_is_tensorflows():
    """The state of a first save reads as TensorFlow writes it."""
    state = state_file.generate(CheckpointState("add_model.ckpt"), "")
    assert (
        'model_checkpoint_path: "add_model.ckpt"\nall_model_checkpoint_paths: "add_model.ckpt"\n'
        == state_file.format_text(state)
    )


PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


@given(PATHS, st.lists(PATHS), st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_every_path_survives(newest, paths, times):
    """Paths with any characters are written and read back."""
    state = CheckpointState(newest, paths, times, 1.5)
    assert state == state_file.parse_text(state_file.format_text(state))


def test_metrics_stand_in_comments():
    """How good a checkpoint is stands behind its path, where protobuf's text format has a comment."""
    state = CheckpointState("b", ["a", "b", "c"], all_model_checkpoint_metrics=[0.5, None, 1e-30])
    text = state_file.format_text(state)
    assert 'all_model_checkpoint_paths: "a"  # metric: 0.5\nall_model_checkpoint_paths: "b"\n' in text
    assert state == state_file.parse_text(text)
    other = 'model_checkpoint_path: "a"\nall_model_checkpoint_paths: "a"  # metric: high # or so\n'
    assert [] == state_file.parse_text(other).all_model_checkpoint_metrics


def test_non_ascii_is_octal():
    """Bytes beyond ASCII are written as protobuf's text format has them."""
    assert r'model_checkpoint_path: "m\303\266del\n\"x\""' in state_file.format_text(CheckpointState('mödel\n"x"'))


def test_what_other_writers_write_is_read():
    """Comments, blank lines, single quotes and hexadecimal escapes are part of the text format."""
    text = "# made by hand\n\nmodel_checkpoint_path: 'a\\x41'  # newest\nlast_preserved_timestamp: 2\n"
    assert CheckpointState("aA", last_preserved_timestamp=2.0) == state_file.parse_text(text)


@pytest.mark.parametrize("content", [b"no colon", b"unknown: 3", b'model_checkpoint_path: "open', b"\0\0"])
def test_garbage_is_not_a_state(tmp_path, content):
    """A state file that cannot be understood counts as none."""
    (tmp_path / "checkpoint").write_bytes(content)
    assert state_file.read(tmp_path) is None


def test_an_empty_state_names_no_checkpoint(tmp_path):
    """An empty state file is a ValueError, as in TensorFlow."""
    (tmp_path / "checkpoint").write_bytes(b"")
    with pytest.raises(ValueError, match="names no checkpoint"):
        state_file.read(tmp_path)


def test_no_state_file(tmp_path):
    """A folder without a state file has no state."""
    assert state_file.read(tmp_path) is None
    assert state_file.read(tmp_path / "missing") is None


def test_relative_paths_begin_at_the_folder(tmp_path, monkeypatch):
    """Relative paths are stored relative to the state file, so that a folder can be renamed."""
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    state_file.update(CheckpointState("models/m-1", ["models/m-0", "models/m-1"]), "models")
    assert 'model_checkpoint_path: "m-1"' in (tmp_path / "models" / "checkpoint").read_text()
    (tmp_path / "models").rename(tmp_path / "moved")
    state = state_file.read("moved")
    assert ["moved/m-0", "moved/m-1"] == state.all_model_checkpoint_paths


@pytest.mark.parametrize("is_absolute", [False, True])
@pytest.mark.parametrize("other", ["other", "deep/folder"])
def test_relative_paths_from_a_folder_behind_a_link(tmp_path, monkeypatch, other, is_absolute):
    """Relative paths to other folders, and to the folder by another name, lead to the files where it is a link."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep/folder").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to("deep/folder")
    saver = tf.train.Saver({"x": np.arange(2.0)}, save_relative_paths=is_absolute)
    start = f"{tmp_path}/" if is_absolute else ""
    saver.save(None, f"{start}{other}/m-1")
    saver.save(None, f"{start}link/m-2")
    text = (tmp_path / "link/checkpoint").read_text()
    assert [True, True] == [
        tf.train.checkpoint_exists(path) for path in tf.train.get_checkpoint_state("link").all_model_checkpoint_paths
    ]
    assert f'all_model_checkpoint_paths: "{"../../other/" if other == "other" else ""}m-1"' in text
    tf.train.update_checkpoint_state("link", "link/m-2", [f"{other}/m-1"])
    assert text.splitlines()[:3] == (tmp_path / "link/checkpoint").read_text().splitlines()


def test_absolute_paths_stay_unless_asked(tmp_path):
    """Absolute paths are stored unchanged, or relative on request."""
    prefix = str(tmp_path / "m")
    assert prefix == state_file.generate(CheckpointState(prefix), str(tmp_path)).model_checkpoint_path
    assert (
        "m"
        == state_file.generate(CheckpointState(prefix), str(tmp_path), save_relative_paths=True).model_checkpoint_path
    )


def test_timestamps_must_match():
    """As many timestamps as paths, or none."""
    with pytest.raises(ValueError, match="2 and 1"):
        state_file.generate(CheckpointState("m", ["m"], [1.0, 2.0]), "")


def test_a_state_file_beyond_the_limit(tmp_path):
    """One of more bytes than the limit allows is none, until a higher limit is given."""
    state_file.write(CheckpointState("m-1"), tmp_path)
    size = (tmp_path / "checkpoint").stat().st_size
    with limits.use(state_bytes=size - 1):
        assert state_file.read(tmp_path) is None
    with limits.use(state_bytes=size):
        assert state_file.read(tmp_path).model_checkpoint_path == str(tmp_path / "m-1")


LISTS = {
    "": GroupList({"m-1": None}),
    "a b;=#\"'\n": GroupList({"m 1": 0.5, 'm"=2; listed: x': None, "m\udcff": float("inf")}, ("m-3", "é")),
}


def test_lists_of_groups(tmp_path):
    """Lists survive for names of any characters, and are comments in the text format."""
    state = CheckpointState("m-1", ["m-1"], groups=LISTS)
    text = state_file.format_text(state)
    assert LISTS == state_file.parse_text(text).groups
    assert 2 == sum(line.startswith("#") for line in text.splitlines())
    state_file.write(state, tmp_path)
    found = state_file.read(tmp_path)
    assert found.groups[""].listed == {f"{tmp_path}/m-1": None}
    again = state_file.generate(found, str(tmp_path), save_relative_paths=True)
    assert LISTS == again.groups


@pytest.mark.parametrize("line", ["# group", "# group: x; listed: a", "# group: x; listed:  a; released:", "#group: x"])
def test_other_comments_are_no_lists(line):
    """A comment of another form is ignored."""
    assert {} == state_file.parse_text(f'model_checkpoint_path: "m"\n{line}\n').groups
