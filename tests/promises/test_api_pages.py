"""Promise: each name that hdfsaver has beyond TensorFlow's is on the pages of the reference."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest

import hdfsaver
from hdfsaver.absent_names import in_tensorflow

PAGES = Path(__file__).parents[2] / "docs" / "api"
DIRECTIVE = re.compile(r"^\.\. auto(?:function|class):: (hdfsaver\.[\w.]+)$", re.MULTILINE)

OLDER = {"IndexedSlicesValue", "__version__"}
"""Names of TensorFlow that its record does not have, and that of every package."""


def documented() -> set[str]:
    """The names on the pages."""
    return {name for page in PAGES.glob("*.md") for name in DIRECTIVE.findall(page.read_text(encoding="utf-8"))}


def own_names() -> set[str]:
    """The functions and classes that only hdfsaver has."""
    found = {f"hdfsaver.{name}" for name in hdfsaver.__all__ if not in_tensorflow(name) and name not in OLDER}
    for module in ("edit", "interop", "onnx", "testing", "torch"):
        found |= {f"hdfsaver.{module}.{name}" for name in importlib.import_module(f"hdfsaver.{module}").__all__}
    found |= {f"hdfsaver.train.{name}" for name in hdfsaver.train.__all__ if name.startswith("keep_")}
    return {name for name in found if inspect.isroutine(resolved(name)) or inspect.isclass(resolved(name))}


def resolved(name: str) -> object:
    """The thing of a name, of the package or of a module that users import."""
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


def test_own_names_are_on_a_page() -> None:
    """Each has its docstring in the reference; `hdfsaver.torch.save_file` is `hdfsaver.save_file`."""
    assert set() == own_names() - documented() - {"hdfsaver.torch.save_file"}


def test_own_names_are_found() -> None:
    """The list has functions of several modules, and none of TensorFlow's."""
    assert {"hdfsaver.convert", "hdfsaver.edit.rename", "hdfsaver.check_runs"} <= own_names()
    assert not {"hdfsaver.add", "hdfsaver.Session"} & own_names()


@pytest.mark.parametrize("name", sorted(documented()))
def test_a_name_on_a_page_exists(name: str) -> None:
    """Nothing is documented that is not there, and it has a docstring of its own."""
    assert (inspect.getdoc(resolved(name)) or "").strip()
