"""Promise: `dir` of a module that users import shows what it exports, before and after anything was used.

A name that is loaded late is among them, and the package's inner modules are not.
"""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

import pytest

import hdfsaver
from tests import forks

IMPORTED_BY_NAME = ("interop", "numpy", "onnx", "testing", "torch")
"""Modules for users that are no names of `hdfsaver` itself: each is for some users only."""

HEAVY = ("google.protobuf", "h5py", "rich", "typer")
"""What takes long to load, and is loaded when it is needed."""

LOOK = """
import importlib, inspect, pkgutil, sys
import hdfsaver
loaded = [name for name in {heavy!r} if name in sys.modules]
assert not loaded, loaded
modules = {{}}
if {when!r} == "after":
    for found in pkgutil.walk_packages(hdfsaver.__path__, "hdfsaver."):
        importlib.import_module(found.name)
for name in {names!r}:
    module = modules[name] = importlib.import_module(name)
    assert dir(module) == module.__all__, sorted(set(dir(module)) ^ set(module.__all__))
    if {when!r} == "after":
        found = [name for name, _ in inspect.getmembers(module)]
        assert found == module.__all__, sorted(set(found) ^ set(module.__all__))
        assert dir(module) == module.__all__
"""


def front_modules() -> list[ModuleType]:
    """The modules that users import: the package, the modules among its names, and those imported by their own name."""
    members = (getattr(hdfsaver, name) for name in hdfsaver.__all__)
    inner = [member for member in members if inspect.ismodule(member)]
    return [hdfsaver, *inner, *(importlib.import_module(f"hdfsaver.{name}") for name in IMPORTED_BY_NAME)]


def run(code: str) -> str:
    """What a program prints that runs in a process of its own."""
    return forks.run("-c", code).stdout


@pytest.mark.parametrize("when", ["before", "after"])
def test_dir_shows_what_is_exported(when: str) -> None:
    """In a fresh process as in one in which every module of the package has been loaded and every name used."""
    names = [module.__name__ for module in front_modules()]
    assert {"hdfsaver", "hdfsaver.train", "hdfsaver.io", "hdfsaver.errors", "hdfsaver.numpy"} <= set(names)
    run(LOOK.format(heavy=HEAVY, names=names, when=when))


@pytest.mark.parametrize(
    "code",
    [
        "from hdfsaver import train; train.Saver",
        "from hdfsaver import io, save_file; save_file, io.write_graph",
        "import hdfsaver.train; hdfsaver.train.Saver",
        "import hdfsaver.io; hdfsaver.io.write_graph",
        "import hdfsaver as tf; getattr(tf, 'Compression')",
        "import hdfsaver as tf; tf.train.Saver",
        "import hdfsaver as tf, inspect; inspect.signature(tf.load_file)",
        "from hdfsaver.interop import open_bundle",
        "from hdfsaver import *; train.Saver, save_file, nn.relu",
    ],
)
def test_late_names_are_had_in_every_way(code: str) -> None:
    """By import, as an attribute, by `getattr`, with a star."""
    run(code)


@pytest.mark.parametrize("name", ["hdfsaver", "hdfsaver.interop"])
def test_a_name_that_does_not_exist(name: str) -> None:
    """It is an AttributeError, also where names are loaded late."""
    module = importlib.import_module(name)
    with pytest.raises(AttributeError, match=f"'{name}' has no attribute 'save_fil'"):
        _ = module.save_fil


def test_a_late_name_is_looked_up_once() -> None:
    """It is in the module then, so that using it again costs what any name costs."""
    assert "True" == run("import hdfsaver; hdfsaver.save_file; print('save_file' in vars(hdfsaver))").strip()
