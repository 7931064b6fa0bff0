"""``tf.saved_model.tag_constants``: the usual tags of the graphs in a SavedModel."""

from __future__ import annotations

__all__ = [
    "EVAL",
    "GPU",
    "SERVING",
    "TPU",
    "TRAINING",
]

SERVING = "serve"
TRAINING = "train"
GPU = "gpu"
TPU = "tpu"

EVAL = "eval"


def __dir__() -> list[str]:
    return __all__
