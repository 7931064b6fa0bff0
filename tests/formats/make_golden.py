"""Make the golden files of Keras: ``python -m tests.formats.make_golden``, with Keras and a backend installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).with_name("golden")


def model() -> Any:
    """A small model with all weights set, trained for a step so that its optimizer has slots."""
    import keras  # type: ignore[import-not-found,unused-ignore]

    found = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, name="first"), keras.layers.BatchNormalization()]
    )
    found.compile(optimizer="adam", loss="mse")
    found.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    for number, weight in enumerate(found.weights):
        weight.assign(np.full(weight.shape, number, np.float32))
    return found


def main() -> None:
    """Make all files, and say what is in them."""
    FOLDER.mkdir(exist_ok=True)
    made = model()
    made.save(FOLDER / "archive.keras")
    made.save_weights(FOLDER / "keras3.weights.h5")
    made.save(FOLDER / "keras2.h5")
    (FOLDER / "keras_shards").mkdir(exist_ok=True)
    made.save_weights(FOLDER / "keras_shards" / "model.weights.json", max_shard_size=4e-8)
    weights = {weight.path: [list(weight.shape), float(np.ravel(weight.numpy())[0])] for weight in made.weights}
    (FOLDER / "expected.json").write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
