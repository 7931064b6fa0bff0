"""Write the pages that the tests in a browser open: ``python -m tests.page.write_pages FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

import hdfsaver as tf
from tests.page import models


def main(folder: Path) -> None:
    """Write all of them; each model is beside its page."""
    folder.mkdir(parents=True)
    networks: dict[str, Callable[[], None]] = {
        "resnet": models.resnet,
        "lstm": models.lstm,
        "loops": models.loops,
        "flat": models.flat,
    }
    for name, build in networks.items():
        with tf.Graph().as_default():
            build()
            models.saved(folder / name)
        tf.write_page(folder / name, folder / f"{name}.html")
    models.write_hostile(folder / "hostile.h5")
    tf.write_page(folder / "hostile.h5", folder / "hostile.html")
    for name, count in (("large", 9_940), ("huge", 49_960)):
        models.write_generated(folder / f"{name}.h5", count)
        tf.write_page(folder / f"{name}.h5", folder / f"{name}.html")
    write_difference(folder)
    write_arrays(folder)


def write_difference(folder: Path) -> None:
    """A network of two blocks in each stage, and how one of three differs."""
    with tf.Graph().as_default():
        models.resnet(2)
        models.saved(folder / "smaller")
    tf.write_page(folder / "resnet", folder / "difference.html", before=folder / "smaller")


def write_arrays(folder: Path) -> None:
    """Arrays of many kinds in one file, and many arrays in another."""
    values = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4) - 10
    arrays = {"cube": values, "long": np.linspace(-1, 1, 70_000), "words": np.array([b"yes", b"no"], object)}
    tf.save_file(arrays, folder / "arrays.h5")
    tf.save_file({**arrays, "cube": values + 1}, folder / "compressed.h5", compression="gzip")
    tf.write_page(folder / "arrays.h5", folder / "arrays.html")
    tf.save_file({f"layer{number}/w": np.float32(number) for number in range(20_000)}, folder / "many.h5")
    tf.write_page(folder / "many.h5", folder / "many.html")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
