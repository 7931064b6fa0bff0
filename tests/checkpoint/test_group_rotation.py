"""Rotation where several Savers share files or a folder: a file goes when no Saver needs it."""

from __future__ import annotations

import errno
import os
import warnings

import h5py
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.reading import state_file


class Trained:
    """A graph of one variable, with a session, and a Saver for a group."""

    def __init__(self, group, **options):
        with tf.Graph().as_default():
            tf.get_variable("w", initializer=float(len(group)))
            self.session = tf.Session()
            self.session.run(tf.global_variables_initializer())
            self.saver = tf.train.Saver(group=group, **options)

    def save(self, path, *steps, **options):
        return [self.saver.save(self.session, path, step, durable=False, **options) for step in steps]


@pytest.fixture
def pair():
    """Two Savers that keep one checkpoint each."""
    return Trained("teacher", max_to_keep=1), Trained("student", max_to_keep=1)


def on_disk(folder):
    """The checkpoints in a folder, sorted."""
    return sorted(name.removesuffix(".h5") for name in os.listdir(folder) if name.endswith(".h5"))


def listed(folder, latest_filename=None):
    """The names in a state file."""
    state = tf.train.get_checkpoint_state(folder, latest_filename)
    return [os.path.basename(path) for path in state.all_model_checkpoint_paths]


def test_the_only_checkpoint_of_another_group_stays(pair, tmp_path):
    """A Saver leaves the file that another one lists, which restores from it and removes it later."""
    teacher, student = pair
    teacher.save(tmp_path / "m", 1)
    student.save(tmp_path / "m", 1, 2, 3)
    assert ["m-1", "m-3"] == on_disk(tmp_path) == listed(tmp_path)
    teacher.saver.restore(teacher.session, tmp_path / "m-1")
    teacher.save(tmp_path / "m", 3)
    assert ["m-3"] == on_disk(tmp_path) == listed(tmp_path)


@pytest.mark.parametrize("names", [("m", "m"), ("t", "s")])
@pytest.mark.parametrize("states", [(None, None), ("of-teacher", "of-student")])
def test_each_group_keeps_as_many_as_it_is_to_keep(tmp_path, names, states):
    """With the same or other prefixes and state files, the files that both have retired are gone, and only these."""
    savers = Trained("teacher", max_to_keep=1), Trained("student", max_to_keep=3)
    for step in range(1, 6):
        for saver, name, state in zip(savers, names, states, strict=True):
            saver.save(tmp_path / name, step, latest_filename=state)
    kept = [f"{names[0]}-5", *(f"{names[1]}-{step}" for step in (3, 4, 5))]
    assert sorted(set(kept)) == on_disk(tmp_path)
    assert sorted(set(kept)) == sorted({*listed(tmp_path, states[0]), *listed(tmp_path, states[1])})


def test_a_saver_without_a_group_is_one_more(tmp_path):
    """The model at the root counts like one in a group, on either side."""
    root, student = Trained("", max_to_keep=1), Trained("student", max_to_keep=1)
    root.save(tmp_path / "m", 1)
    student.save(tmp_path / "m", 1, 2)
    assert ["m-1", "m-2"] == on_disk(tmp_path) == listed(tmp_path)
    root.save(tmp_path / "m", 3)
    assert ["m-2", "m-3"] == on_disk(tmp_path) == listed(tmp_path)
    root.save(tmp_path / "m", 2, 4)  # without a group a save replaces the whole file
    student.save(tmp_path / "m", 5)
    assert ["m-4", "m-5"] == on_disk(tmp_path) == listed(tmp_path)


def test_a_model_that_no_saver_has_listed_stays(pair, tmp_path):
    """The file of a group that was saved without a state file, or by a Saver that keeps all, is not removed."""
    teacher, student = pair
    everything = Trained("everything", max_to_keep=0)
    teacher.save(tmp_path / "m", 1, write_state=False)
    everything.save(tmp_path / "m", 2, 3)
    student.save(tmp_path / "m", 1, 2, 3, 4, 5)
    assert ["m-1", "m-2", "m-3", "m-5"] == on_disk(tmp_path)
    for step, group in ((1, "teacher"), (2, "everything"), (3, "everything")):
        assert len(group) == tf.train.load_variable(tmp_path / f"m-{step}", "w", group=group)


def test_a_file_that_is_kept_for_good_stays(tmp_path):
    """What one Saver keeps permanently is not removed by another one."""
    teacher = Trained("teacher", max_to_keep=1, keep_checkpoint_every_n_hours=1e-9)
    student = Trained("student", max_to_keep=1)
    for step in (1, 2, 3):
        teacher.save(tmp_path / "m", step)
        student.save(tmp_path / "m", step)
    assert ["m-1", "m-2", "m-3"] == on_disk(tmp_path)


def test_another_state_file_lists_it(tmp_path):
    """A Saver of the same group with another state file is another owner."""
    first, second = Trained("", max_to_keep=1), Trained("", max_to_keep=1)
    first.save(tmp_path / "m", 1)
    second.save(tmp_path / "m", 1, latest_filename="second")
    (tmp_path / "notes").write_text("model_checkpoint_path")
    first.save(tmp_path / "m", 2)
    assert ["m-1", "m-2"] == on_disk(tmp_path)
    second.save(tmp_path / "m", 3, latest_filename="second")
    assert ["m-2", "m-3"] == on_disk(tmp_path)


def test_programs_that_are_started_again(tmp_path):
    """Each program resumes the list of its group alone, and the files that all have released are gone."""
    runs = [("teacher", 1, 3), ("student", 1, 5), ("teacher", 3, 4), ("student", 5, 7), ("teacher", 7, 8)]
    for group, first, last in runs:
        for step in range(first, last):
            Trained(group, max_to_keep=1, resume_rotation=True).save(tmp_path / "m", step)
        if group == "teacher":
            assert f"m-{last - 1}" in on_disk(tmp_path)
    assert ["m-6", "m-7"] == on_disk(tmp_path) == listed(tmp_path)


def test_a_list_without_groups_is_adopted_where_the_model_is(tmp_path):
    """From a state file of another program a Saver with a group takes the files that have its model."""
    for group, step in (("", 1), ("student", 2), ("student", 3)):
        Trained(group).save(tmp_path / "m", step, write_state=False)
    paths = [str(tmp_path / f"m-{step}") for step in (1, 2, 3)]
    tf.train.update_checkpoint_state(tmp_path, paths[-1], paths)
    student = Trained("student", max_to_keep=1, resume_rotation=True)
    student.save(tmp_path / "m", 4)
    student.save(tmp_path / "m", 5)
    student.save(tmp_path / "m", 6)
    # As many as there were stay, as in TensorFlow; the one at the root belongs to another Saver.
    assert ["m-1", "m-5", "m-6"] == on_disk(tmp_path) == listed(tmp_path)


def test_each_group_has_metrics_of_its_own(tmp_path):
    """The best file of one group stays for it, though it is a bad one of the other."""
    options = {"max_to_keep": 1, "keep": tf.train.keep_best(1), "resume_rotation": True}
    for step, first, second in ((1, 0.9, 0.1), (2, 0.1, 0.9), (3, 0.2, 0.2), (4, 0.3, 0.3)):
        Trained("teacher", **options).save(tmp_path / "m", step, metric=first)
        Trained("student", **options).save(tmp_path / "m", step, metric=second)
    assert ["m-1", "m-2", "m-4"] == on_disk(tmp_path) == listed(tmp_path)
    groups = tf.train.get_checkpoint_state(tmp_path).groups
    assert {str(tmp_path / "m-1"): 0.9, str(tmp_path / "m-4"): 0.3} == groups["teacher"].listed
    assert {str(tmp_path / "m-2"): 0.9, str(tmp_path / "m-4"): 0.3} == groups["student"].listed


def test_a_file_of_another_program_stays(tmp_path):
    """An HDF5 file that has taken the name of a retired checkpoint is not removed, and a warning names it."""
    saver = Trained("", max_to_keep=1)
    saver.save(tmp_path / "m", 1)
    with h5py.File(tmp_path / "m-1.h5", "w") as file:
        file["measurements"] = np.arange(9)
    with pytest.warns(UserWarning, match=r"m-1\.h5 is an HDF5 file of another program") as caught:
        saver.saver.save(saver.session, tmp_path / "m", 2)
    assert [__file__] == [warning.filename for warning in caught]
    assert ["m-1", "m-2"] == on_disk(tmp_path)


def test_a_file_of_another_kind_stays(tmp_path):
    """So does a file that is not an HDF5 file."""
    saver = Trained("", max_to_keep=1)
    saver.save(tmp_path / "m", 1)
    (tmp_path / "m-1.h5").write_text("notes")
    with pytest.warns(UserWarning, match=r"m-1\.h5 is a file of another kind"):
        saver.save(tmp_path / "m", 2)
    assert ["m-1", "m-2"] == on_disk(tmp_path)
    assert {} == tf.train.get_checkpoint_state(tmp_path).groups


@pytest.mark.parametrize(("group", "stays"), [("", False), ("student", True)])
def test_a_damaged_file(tmp_path, group, stays):
    """It goes, unless other models may be salvaged from it."""
    saver = Trained(group, max_to_keep=1)
    saver.save(tmp_path / "m", 1)
    content = (tmp_path / "m-1.h5").read_bytes()
    (tmp_path / "m-1.h5").write_bytes(content[:-1])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        saver.save(tmp_path / "m", 2)
    assert (["m-1", "m-2"] if stays else ["m-2"]) == on_disk(tmp_path)
    assert int(stays) == len(caught)


@pytest.mark.parametrize("group", ["", "student"])
def test_a_file_that_cannot_be_read_stays(tmp_path, monkeypatch, group):
    """If the system does not let it be read, its other models are not known; without groups none are listed then."""
    Trained(group, max_to_keep=1).save(tmp_path / "m", 1)
    student = Trained(group, max_to_keep=1, resume_rotation=True)
    really_open = os.open

    def refuse(path, *args, **options):
        if os.fspath(path) == os.fspath(tmp_path / "m-1.h5"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return really_open(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.warns(UserWarning, match=r"m-1\.h5 cannot be read, and may have models of other groups"):
        student.save(tmp_path / "m", 2)
    assert ["m-1", "m-2"] == on_disk(tmp_path)
    assert {group} - {""} == set(tf.train.get_checkpoint_state(tmp_path).groups)


def test_another_state_file_that_cannot_be_read(tmp_path, monkeypatch):
    """If the system does not let it be read, the save fails before it removes anything, and the next one goes on."""
    saver = Trained("", max_to_keep=1)
    saver.save(tmp_path / "m", 1)
    Trained("").save(tmp_path / "m", 1, latest_filename="second")
    really_read = state_file.read

    def refuse(folder, latest_filename, **options):
        if latest_filename == "second":
            raise tf.errors.UnknownError(None, None, "no")
        return really_read(folder, latest_filename, **options)

    with monkeypatch.context() as patch:
        patch.setattr(state_file, "read", refuse)
        with pytest.raises(tf.errors.UnknownError):
            saver.save(tmp_path / "m", 2)
    assert ["m-1", "m-2"] == on_disk(tmp_path)
    saver.save(tmp_path / "m", 3)
    assert ["m-1", "m-3"] == on_disk(tmp_path)


def test_without_groups_the_state_file_is_that_of_tensorflow(tmp_path):
    """Nothing is added to it for Savers without groups."""
    saver = Trained("", max_to_keep=2)
    saver.save(tmp_path / "m", 1, 2, 3)
    assert {"model_checkpoint_path", "all_model_checkpoint_paths"} == {
        line.partition(":")[0] for line in (tmp_path / "checkpoint").read_text().splitlines()
    }
