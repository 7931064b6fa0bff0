"""Training that is interrupted and goes on, from the checkpoint alone, ends with the bits of training that was not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import hdfsaver as tf
from tests import forks
from tests.checkpoint import resumed_programs as programs

STEPS = 6


def trained(name: str, folder: Path, steps: int) -> None:
    """What the program does in a process of its own, in a graph and a session of its own."""
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = programs.begun(sess, name, folder)
        for step in range(int(sess.run("global_step:0")) + 1, steps + 1):
            sess.run("train")
            saver.save(sess, folder / "m", global_step=step)


def state(checkpoint: Path) -> dict[str, Any]:
    """All that is in a checkpoint: values, places of iterators among them, and the state of random operations."""
    with tf.open_file(checkpoint) as file:
        values = {name: (file[name].dtype, file[name].shape, file[name].tobytes()) for name in file}
        return {**values, "random": file.random_places()}


def cut(folder: Path, step: int, into: Path) -> None:
    """The folder as it was after a step."""
    into.mkdir()
    shutil.copy(folder / f"m-{step}.h5", into)
    tf.train.update_checkpoint_state(into, str(into / f"m-{step}"))


@pytest.mark.parametrize("name", programs.PROGRAMS)
def test_from_any_step(name: str, tmp_path: Path) -> None:
    """From each of several steps, also before the first one, a new graph in a new session comes to the same bits.

    Random operations without a seed have chosen their numbers only when they have drawn some.
    """
    whole = tmp_path / "whole"
    whole.mkdir()
    trained(name, whole, STEPS)
    expected = state(whole / f"m-{STEPS}.h5")
    assert state(whole / f"m-{STEPS - 1}.h5") != expected
    for step in (1 if name == "recurrent" else 0, 4):
        part = tmp_path / f"part{step}"
        cut(whole, step, part)
        trained(name, part, STEPS)
        assert state(part / f"m-{STEPS}.h5") == expected


def test_after_a_kill(tmp_path: Path) -> None:
    """A process that was killed while it saved is followed by another one that comes to the same bits."""
    whole, part = tmp_path / "whole", tmp_path / "part"
    whole.mkdir()
    part.mkdir()
    trained("convolutions", whole, STEPS)
    command = ("-m", "tests.checkpoint.resumed_programs", "convolutions", part, str(STEPS))
    root = Path(__file__).parents[2]
    assert forks.run(*command, "3", cwd=root, check=False, loaded=forks.MODELS, timeout=120).returncode != 0
    assert not (part / f"m-{STEPS}.h5").exists()
    assert tf.train.latest_checkpoint(part) is not None
    forks.run(*command, cwd=root, loaded=forks.MODELS, timeout=120)
    assert state(part / f"m-{STEPS}.h5") == state(whole / f"m-{STEPS}.h5")
    for file in part.glob("*.h5"):
        with tf.open_file(file) as opened:
            opened.verify()


def monitored(folder: Path, steps: int) -> None:
    """Train in a `MonitoredTrainingSession`, whose hook saves every second step, up to an error."""
    programs.resources()
    with tf.train.MonitoredTrainingSession(checkpoint_dir=folder, save_checkpoint_steps=2) as sess:
        while sess.run("global_step:0") < steps:
            sess.run("train")
        raise InterruptedError


def supervised(folder: Path, steps: int) -> None:
    """Train under a `Supervisor`, and save every second step, up to an error."""
    programs.resources()
    supervisor = tf.train.Supervisor(logdir=folder, save_model_secs=0, save_summaries_secs=0)
    with supervisor.managed_session() as sess:
        for step in range(int(sess.run("global_step:0")) + 1, steps + 1):
            sess.run("train")
            if step % 2 == 0:
                supervisor.saver.save(sess, supervisor.save_path, global_step=step)
        raise InterruptedError


@pytest.mark.parametrize("train", [monitored, supervised])
def test_by_the_defining_code(train: Any, tmp_path: Path) -> None:
    """Sessions that restore by themselves go on with the same bits too, defined again by the same program."""
    for folder, steps in (("whole", STEPS), ("parts", 3), ("parts", 5), ("parts", STEPS)):
        with tf.Graph().as_default(), pytest.raises(InterruptedError):
            train(tmp_path / folder, steps)
    whole, parts = (state(tmp_path / folder / f"model.ckpt-{STEPS}.h5") for folder in ("whole", "parts"))
    assert whole == parts
