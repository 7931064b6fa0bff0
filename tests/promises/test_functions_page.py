"""Promise: the page of all functions says what the code says, and what it proposes instead of a missing name exists."""

from __future__ import annotations

import re
from functools import reduce
from pathlib import Path

import pytest

import hdfsaver
from hdfsaver.absent_names import in_tensorflow
from tests.promises.make_functions import INSTEAD, description, missing_modules, missing_names, page

PAGE = Path(__file__).parents[2] / "docs" / "functions.md"


def test_the_page_is_that_of_the_code() -> None:
    """The page is what the generator writes."""
    assert page() == PAGE.read_text(encoding="utf-8"), (
        "run `python -m tests.promises.make_functions > docs/functions.md`"
    )


@pytest.mark.parametrize("name", INSTEAD)
def test_a_replacement_exists(name: str) -> None:
    """The missing name is TensorFlow's, and each name that is to be used instead is here."""
    assert in_tensorflow(name)
    for used in re.findall(r"\btf\.([\w.]*\w)", INSTEAD[name]):
        reduce(getattr, used.split("."), hdfsaver)


def test_missing_names_are_missing() -> None:
    """A name that is known to be missing is listed as such, one that is here is not, and so are modules."""
    missing = missing_names()
    assert "GradientTape" in missing[""]
    assert "gradients" not in missing[""]
    assert "keras" in missing_modules()
    assert not {"train", "keras.layers"} & set(missing_modules())


def test_descriptions() -> None:
    """A function has the first line of its docstring, constants and dtypes their kind."""
    assert "a dtype" == description(hdfsaver.float32)
    assert "a constant" == description(hdfsaver.VERSION)
    assert "a message of protobuf" == description(hdfsaver.GraphDef)
    assert description(hdfsaver.convert).startswith("Convert")
