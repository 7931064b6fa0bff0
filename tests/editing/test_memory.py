"""An edit takes little memory, however large the file is."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest

import hdfsaver as tf
from tests import forks

SIZE = 15 << 20
"""Elements of the large value, which has 60 MB."""

PROGRAM = """
import resource, sys
from hdfsaver import edit

options = {
    "rename": lambda: edit.rename(sys.argv[2], "new.h5", names={"*": "new/*"}),
    "cast": lambda: edit.cast("big.h5", "new.h5", dtype="bfloat16"),
    "compress": lambda: edit.compress("big.h5", "new.h5", compression=edit_compression),
    "decompress": lambda: edit.compress("packed.h5", "new.h5", compression=None),
    "average": lambda: edit.average(["big.h5", "packed.h5", "big.ckpt"], "new.h5"),
}
from hdfsaver.storage.chunks.compression import Compression
edit_compression = Compression("gzip", level=1)
edit.rename("small.h5", "new.h5", names={"*": "new/*"})
edit.average(["small.h5", "small.h5"], "new.h5")
edit.compress("small.h5", "new.h5")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
options[sys.argv[1]]()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One model as a plain and a compressed checkpoint, as TensorFlow's, and in very many small arrays."""
    made = tmp_path_factory.mktemp("big")
    values = {"w": np.full(SIZE, 3, np.float32), "n": np.int64(3)}
    tf.save_file(values, made / "big.h5", durable=False)
    tf.save_file(values, made / "packed.h5", compression=tf.Compression("gzip", level=1), durable=False)
    tf.convert(made / "big.h5", made / "big.ckpt", durable=False)
    tf.save_file({"w": np.ones(200_000, np.float32)}, made / "small.h5", durable=False)
    many = {f"{n:04}": np.full(15_000, n, np.float32) for n in range(1000)}
    tf.save_file(many, made / "many.h5", durable=False)
    yield made
    shutil.rmtree(made)


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is another one elsewhere")
@pytest.mark.parametrize(
    ("name", "source"),
    [
        *(("rename", source) for source in ("big.h5", "packed.h5", "big.ckpt", "many.h5")),
        *((name, "big.h5") for name in ("cast", "compress", "decompress", "average")),
    ],
)
def test_peak_memory(folder, name, source):
    """Neither a large value nor all small ones are ever in memory as a whole, whatever is done with them."""
    done = forks.run("-c", PROGRAM, name, source, cwd=folder, loaded="hdfsaver numpy")
    assert int(done.stdout) * 1024 < 40_000_000
    (folder / "new.h5").unlink()
