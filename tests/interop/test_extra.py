"""The libraries that only TensorFlow's files need."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from hdfsaver.files.extras import library
from tests import forks

GOLDEN = Path(__file__).parent / "golden"
BLOCKED = ("crc32c", "cramjam", "tensorflow")


def test_the_core_does_without() -> None:
    """Neither the package nor the search for checkpoints loads one of them."""
    modules = (
        "hdfsaver, hdfsaver.io, hdfsaver.python_io, hdfsaver.train, hdfsaver.interop.bundle.tensorflow_prefix, "
        "hdfsaver.interop.graphs.graph_files"
    )
    assert [] == loaded(f"import {modules}", (*BLOCKED, "google.protobuf"))


def test_tensorflows_checkpoints_are_read_without_hdf5() -> None:
    """Opening and reading a bundle loads no h5py."""
    code = f"from hdfsaver.interop import open_tensorflow; open_tensorflow({str(GOLDEN / 'part')!r}).read('part')"
    assert [] == loaded(code, ("h5py", "hdfsaver.storage"))


def loaded(code: str, names: tuple[str, ...]) -> list[str]:
    """Which modules of the names are there after a program has run in a process of its own."""
    tail = f"; import sys; print(*[name for name in {names} if name in sys.modules])"
    return forks.run("-c", code + tail).stdout.split()


def test_a_missing_library_says_what_to_install() -> None:
    """The error is an ImportError that names the library and the extra."""
    with pytest.raises(ImportError, match=r"'no_such_library', .* `pip install 'hdfsaver\[tensorflow\]'`"):
        library("no_such_library")


def test_only_tensorflows_files_need_them(tmp_path: Path) -> None:
    """Where they are not installed, other files are converted, and a bundle is that error and leaves nothing."""
    code = (
        f"import os, sys; sys.modules.update(dict.fromkeys({BLOCKED}))\n"
        "import numpy as np, hdfsaver as tf\n"
        "tf.save_file({'w': np.ones(3)}, 'x.h5')\n"
        "tf.convert('x.h5', 'x.npz')\n"
        "tf.convert('x.npz', 'y.h5')\n"
        "before = sorted(os.listdir())\n"
        "try: tf.convert('x.h5', 'x.ckpt')\nexcept ImportError as error: print(error)\n"
        "assert before == sorted(os.listdir()), os.listdir()"
    )
    done = forks.run("-c", code, cwd=tmp_path)
    assert "hdfsaver[tensorflow]" in done.stdout


USES = {
    "checkpoint": "tf.load_file(golden / 'part')",
    "first format": "tf.load_file(golden / 'v1')",
    "graph": "tf.load_file(golden.parent / 'golden_graphs' / 'frozen.pb')",
    "import": "tf.train.import_meta_graph(golden.parent / 'golden_graphs' / 'small.ckpt')",
    "saved model": "tf.load_file(golden.parent / 'golden_graphs' / 'saved')",
    "message": "tf.GraphDef()",
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("package", ["protobuf", "crc32c"])
def test_the_package_is_named(use: str, package: str) -> None:
    """Each use says the name that `pip` knows, and a command that installs it, instead of the name of a module."""
    modules = {"protobuf": ["google.protobuf"], "crc32c": ["crc32c"]}[package]
    code = (
        "import pathlib, sys\n"
        f"sys.modules.update(dict.fromkeys({modules}))\n"
        f"import hdfsaver as tf\ngolden = pathlib.Path({str(GOLDEN)!r})\n"
        f"try: {USES[use]}\nexcept ImportError as error: print(error)"
    )
    done = forks.run("-c", code)
    if package == "crc32c" and use in ("graph", "import", "message"):
        assert "" == done.stdout
    else:
        assert f"need the library {package!r}, which is not installed. Install it with `pip install" in done.stdout


def test_the_command_installs_them() -> None:
    """The extra in the command, with the package's own requirements, has every library."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = project["dependencies"] + project["optional-dependencies"]["tensorflow"]
    names = {re.split("[^A-Za-z0-9-]", requirement)[0] for requirement in required}
    assert {"protobuf", "crc32c", "cramjam"} <= names


def test_a_broken_library_is_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is there, but not one of its own, is said with the reason."""
    (tmp_path / "half_a_library.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="'half_a_library', which cannot be imported .*no_such_library"):
        library("half_a_library")


def test_the_names_of_tensorflow_stay_free() -> None:
    """The messages are in a pool of their own: nothing is registered where TensorFlow registers its own."""
    code = (
        "import hdfsaver.messages.descriptor_pool\n"
        "from google.protobuf import descriptor_pool\n"
        "try: descriptor_pool.Default().FindFileByName('hdfsaver.proto')\nexcept KeyError: print('free')"
    )
    done = forks.run("-c", code)
    assert "free\n" == done.stdout
