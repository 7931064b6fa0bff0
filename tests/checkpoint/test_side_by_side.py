"""Several savers in one folder at once: the state file is whole, the newest wins, and what it lists is there."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import hdfsaver as tf
from hdfsaver.files.folder_lock import folder_lock

PROGRAM = Path(__file__).with_name("two_savers.py")
_spec = importlib.util.spec_from_file_location("two_savers", PROGRAM)
two_savers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(two_savers)


def watch(folder, done, seen, broken):
    """Look again and again while others write: the state file is never torn, and between two saves it tells the truth.

    Half of the checks are made at any time; the other half hold the lock, so that no saver is active meanwhile.
    """
    while not done.is_set():
        if tf.train.get_checkpoint_state(folder) is None and seen:
            broken.append("the state file is gone or torn")
        with folder_lock(folder):
            state = tf.train.get_checkpoint_state(folder)
            listed = [] if state is None else state.all_model_checkpoint_paths
            broken.extend(f"{prefix} is gone" for prefix in listed if not tf.train.checkpoint_exists(prefix))
        seen.extend(listed)
        time.sleep(0.001)


def check_whole(folder, keep):
    """Every checkpoint that the state file lists can be restored, and nothing but checkpoints is left."""
    state = tf.train.get_checkpoint_state(folder)
    assert state.model_checkpoint_path == state.all_model_checkpoint_paths[-1]
    assert 1 <= len(state.all_model_checkpoint_paths) <= keep
    for prefix in state.all_model_checkpoint_paths:
        assert 1 == len(set(tf.train.load_variable(prefix, "v").tolist()))
    assert [] == [name for name in os.listdir(folder) if not name.endswith(".h5") and name != "checkpoint"]
    return state


@contextlib.contextmanager
def started(folder, prefixes, steps, keep):
    """Processes that begin to save at the same time."""
    with contextlib.ExitStack() as stack:
        programs = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, str(PROGRAM), str(folder), str(number), prefix, str(steps), str(keep)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            for number, prefix in enumerate(prefixes)
        ]
        for program in programs:
            assert b"ready\n" == program.stdout.readline()
        for program in programs:
            program.stdin.write(b"go\n")
            program.stdin.flush()
        yield programs


def run_processes(folder, prefixes, steps, keep):
    with started(folder, prefixes, steps, keep) as programs:
        assert [0, 0] == [program.wait() for program in programs]


def run_threads(folder, prefixes, steps, keep):
    arguments = [(folder, float(number), prefix, steps, keep) for number, prefix in enumerate(prefixes)]
    failures = []

    def save(*given):
        try:
            two_savers.save_steps(*given)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=save, args=given) for given in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failures


@pytest.mark.slow
@pytest.mark.parametrize("run", [run_processes, run_threads])
@pytest.mark.parametrize("prefixes", [("m", "m"), ("one", "two")])
def test_what_is_listed_is_there(tmp_path, run, prefixes):
    """Two savers, of the same names or of others, in processes or threads, leave a state file that tells the truth."""
    done, seen, broken = threading.Event(), [], []
    watcher = threading.Thread(target=watch, args=(tmp_path, done, seen, broken))
    watcher.start()
    try:
        run(tmp_path, prefixes, 60, 2)
    finally:
        done.set()
        watcher.join()
    assert [] == broken
    state = check_whole(tmp_path, 2)
    assert "-60" == state.model_checkpoint_path[-3:]
    assert len(set(seen)) > 2


@pytest.mark.slow
def test_killed_side_by_side(tmp_path):
    """However several savers are killed, what the state file lists is there, and another one goes on from it."""
    with started(tmp_path, ("m", "m"), 10**6, 2) as programs:
        wait_until_listed(tmp_path, 2)
        for program in programs:
            program.kill()
            program.wait()
    for prefix in tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths:
        assert 1 == len(set(tf.train.load_variable(prefix, "v").tolist()))
    assert [f"{tmp_path}/m-1"] == two_savers.save_steps(tmp_path, 2.0, "m", 1, 2)
    assert {2.0} == set(tf.train.load_variable(tmp_path, "v").tolist())


def wait_until_listed(folder, count):
    for _ in range(60_000):
        state = tf.train.get_checkpoint_state(folder)
        if state is not None and len(state.all_model_checkpoint_paths) >= count:
            return
        time.sleep(0.01)
    raise TimeoutError


def test_different_names_lose_nothing(tmp_path):
    """Savers with names of their own keep as many as each of them is to keep."""
    run_threads(tmp_path, ("one", "two"), 5, 2)
    assert ["checkpoint", "one-4.h5", "one-5.h5", "two-4.h5", "two-5.h5"] == sorted(os.listdir(tmp_path))


def test_what_another_saver_removed_is_not_listed(tmp_path):
    """A saver that falls behind another one of the same names lists what is there, and its newest always is."""
    with tf.Session() as sess:
        variable = tf.Variable(0.0, name="v")
        sess.run(variable.initializer)
        fast, slow = tf.train.Saver(max_to_keep=1), tf.train.Saver(max_to_keep=3)
        slow.save(sess, tmp_path / "m", global_step=1)
        slow.save(sess, tmp_path / "m", global_step=2)
        for step in (1, 2, 3):
            fast.save(sess, tmp_path / "m", global_step=step)
        slow.save(sess, tmp_path / "m", global_step=4)
    state = tf.train.get_checkpoint_state(tmp_path)
    assert [f"{tmp_path}/m-4"] == state.all_model_checkpoint_paths
    assert [f"{tmp_path}/m-{step}" for step in (1, 2, 4)] == slow.last_checkpoints
    assert ["checkpoint", "m-3.h5", "m-4.h5"] == sorted(os.listdir(tmp_path))
