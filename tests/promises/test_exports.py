"""Promise: what is exported is what is listed.

Every module of the package that has an `__all__` lists it sorted and without doubles, and each name can be had (some
are resolved only when asked for). A module of nothing but re-exports holds no public name beyond its list.
"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hdfsaver

ROOT = Path(hdfsaver.__file__).parent


def listing_modules() -> list[str]:
    """The modules whose source has an `__all__`."""
    paths = (path for path in sorted(ROOT.rglob("*.py")) if "__all__ " in path.read_text(encoding="utf-8"))
    relative = (path.relative_to(ROOT.parent).with_suffix("") for path in paths)
    return [".".join(part for part in path.parts if part != "__init__") for path in relative]


def only_reexports(source: str) -> bool:
    """Whether a source defines nothing of its own but `__getattr__` and `__dir__`."""
    own = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return set(own) <= {"__getattr__", "__dir__"}


def is_public(name: str, value: Any) -> bool:
    """Whether a name counts as exported: not private, no submodule, not the `annotations` of ``__future__``."""
    return not (name.startswith("_") or isinstance(value, ModuleType) or type(value).__module__ == "__future__")


def faults(module: ModuleType, complete: bool) -> list[str]:
    """What is wrong with the list of a module; `complete` asks for all public names in it."""
    listed = list(module.__all__)
    found = [] if listed == sorted(set(listed)) else [f"{module.__name__}.__all__ is not sorted, or has doubles"]
    found += [f"{module.__name__}.{name} is listed but missing" for name in listed if not hasattr(module, name)]
    unlisted = {name for name, value in vars(module).items() if is_public(name, value)} - set(listed)
    return found + [f"{module.__name__}.{name} is public but not listed" for name in sorted(unlisted) if complete]


@pytest.mark.parametrize("name", listing_modules())
def test_what_is_exported_is_what_is_listed(name: str) -> None:
    """The `__all__` of a module is sorted, true and, for a module of re-exports, complete."""
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert [] == faults(module, only_reexports(Path(module.__file__).read_text(encoding="utf-8")))


def test_the_front_door_lists_its_names() -> None:
    """The package itself has an `__all__`, so the promise covers what users import."""
    assert "hdfsaver" in listing_modules()


def make_module(**names: Any) -> ModuleType:
    """Make a module that holds the names."""
    module = ModuleType("door")
    vars(module).update(names)
    return module


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"__all__": ["a", "b"], "a": 1, "b": 2, "_c": 3, "ast": ast}, []),
        ({"__all__": ["b", "a"], "a": 1, "b": 2}, ["door.__all__ is not sorted, or has doubles"]),
        ({"__all__": ["a", "a"], "a": 1}, ["door.__all__ is not sorted, or has doubles"]),
        ({"__all__": ["a"]}, ["door.a is listed but missing"]),
        ({"__all__": [], "a": 1}, ["door.a is public but not listed"]),
        ({"__all__": ["lazy"], "__getattr__": {"lazy": 1}.__getitem__}, []),
    ],
)
def test_the_checker_finds_each_fault(names: dict[str, Any], expected: list[str]) -> None:
    """Each way to break the promise is reported, and a module that keeps it is not."""
    assert expected == faults(make_module(**names), complete=True)
