"""The drafts of killed saves are removed by the next save of the same prefix."""

from __future__ import annotations

import os

import pytest

import hdfsaver as tf

STALE = [f".{name}.1.0123abcd.tmp" for name in ("m.h5", "m-3.h5", "m-00000003.h5", "checkpoint")]
OTHERS = [f".{name}.1.0123abcd.tmp" for name in ("n.h5", "m-x.h5", "m-3.hdf5")]
UNLIKE = [".m-3.h5.tmp", "m-3.h5.1.0123abcd.tmp"]


@pytest.mark.skipif(os.name == "nt", reason="without locks stale drafts cannot be detected")
@pytest.mark.parametrize(("path", "step"), [("m", None), ("m", 7), ("m-5", None), ("m.h5", 7)])
def test_drafts_of_every_step_are_removed(tmp_path, path, step):
    """Drafts of every step are removed; drafts of other prefixes are kept."""
    for name in (*STALE, *OTHERS, *UNLIKE):
        (tmp_path / name).touch()
    variable = tf.Variable(1.0, name="v")
    with tf.Session() as sess:
        sess.run(variable.initializer)
        prefix = tf.train.Saver().save(sess, tmp_path / path, global_step=step, durable=False)
    file = os.path.basename(str(prefix)).removesuffix(".h5") + ".h5"
    assert sorted([*OTHERS, *UNLIKE, file, "checkpoint"]) == sorted(os.listdir(tmp_path))
