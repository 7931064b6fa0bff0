"""The checkpoints of a folder, and what changed between them."""

from __future__ import annotations

import os
import shutil
import time

import numpy as np
import pytest

import hdfsaver
import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.inspection.checkpoint_history import history


def test_steps_times_metrics_and_changes(tmp_path):
    """All that a Saver has recorded is there, by step; a checkpoint before the first has nothing to differ from."""
    with tf.Graph().as_default(), tf.Session() as sess:
        a, _ = tf.Variable([1.0], name="a"), tf.Variable([2.0], name="b")
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver(max_to_keep=10)
        for step in (9, 10, 100):
            if step > 10:
                sess.run(a.assign_add([1.0]))
            saver.save(sess, tmp_path / "m.ckpt", global_step=step, metric=step / 2, write_meta_graph=step > 10)
    found = history(tmp_path)
    assert [(9, 4.5, True, None), (10, 5, True, []), (100, 50, True, ["a"])] == [
        (it.step, it.metric, it.is_listed, it.changed) for it in found
    ]
    assert all(
        abs((it.time or 0) - os.stat(f"{it.path}.h5").st_mtime) < 60 and it.nbytes == os.stat(f"{it.path}.h5").st_size
        for it in found
    )


def test_other_files_and_other_names(tmp_path):
    """Checkpoints without a state file, of several names, of TensorFlow, compressed, damaged, and of other programs."""
    values = {"w": np.arange(50_000), "b": np.ones(2)}
    for step in (1, 2):
        hdfsaver.save_file(values, tmp_path / f"z-{step}.h5", compression="gzip")
        hdfsaver.convert(tmp_path / f"z-{step}.h5", tmp_path / f"t.ckpt-{step}")
        values["w"] = values["w"] + step
    hdfsaver.save_file({"c": np.ones(2), "b": np.zeros(2)}, tmp_path / "z-3.h5")
    shutil.copy(tmp_path / "z-2.h5", tmp_path / "y.h5")
    (tmp_path / "x.h5").write_bytes(b"no checkpoint")
    found = {os.path.basename(it.path): it for it in history(tmp_path)}
    assert ["t.ckpt-1", "t.ckpt-2", "x", "y", "z-1", "z-2", "z-3"] == list(found)
    assert [["w"], ["w"], None, None] == [found[name].changed for name in ("t.ckpt-2", "z-2", "y", "z-1")]
    assert (["b"], ["c"], ["w"]) == (found["z-3"].changed, found["z-3"].added, found["z-3"].removed)
    assert ("It has no digests.", None) == (found["x"].error, found["x"].arrays)
    assert found["t.ckpt-1"].nbytes == sum(it.stat().st_size for it in tmp_path.glob("t.ckpt-1.*"))


def test_damage_to_one_does_not_hide_the_others(tmp_path):
    """The error of a damaged index is told beside the checkpoint."""
    for step in (1, 2, 3):
        hdfsaver.save_file({"w": np.full(3, step)}, tmp_path / f"m-{step}.h5")
    data = bytearray((tmp_path / "m-2.h5").read_bytes())
    (tmp_path / "m-2.h5").write_bytes(data[:-1])
    found = history(tmp_path)
    assert [None, None, ["w"]] == [it.changed for it in found]
    assert ["", True, ""] == [it.error and "bytes long when it was sealed" in it.error for it in found]


def test_errors(tmp_path):
    """A folder that does not exist, a file, and a folder without checkpoints."""
    (tmp_path / "file").write_text("x")
    absent, file = errors.NotFoundError, errors.InvalidArgumentError
    for path, error in (("none", absent), ("file", file), ("", absent)):
        with pytest.raises(error):
            history(tmp_path / path)


def test_a_thousand_checkpoints(tmp_path):
    """1,000 checkpoints of 400 variables take less than a second of the processor, since no values are read."""
    values = {f"layer_{number:03}/kernel": np.zeros(2, np.float32) for number in range(400)}
    first = tmp_path / "m-0.h5"
    hdfsaver.save_file(values, first, durable=False)
    values["layer_007/kernel"] = np.ones(2, np.float32)
    hdfsaver.save_file(values, tmp_path / "m-1.h5", durable=False)
    for step in range(2, 1000):
        os.link(tmp_path / f"m-{step % 2}.h5", tmp_path / f"m-{step}.h5")
    started = time.process_time()
    found = history(tmp_path)
    assert time.process_time() - started < 1
    assert 999 == sum(it.changed == ["layer_007/kernel"] for it in found)
