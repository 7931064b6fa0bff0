"""``tf.contrib.learn.ModeKeys``: what a graph is built for."""

from __future__ import annotations


class ModeKeys:
    """The names of modes, which programs compare."""

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"
