"""Names of arrays as a user types them."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver
from hdfsaver import errors
from hdfsaver.formats.open_source import open_source
from hdfsaver.inspection.asked_arrays import asked, matching


@pytest.fixture
def file(tmp_path):
    """A file with names that look like patterns and parts."""
    values = {"dense/w": np.arange(12.0).reshape(3, 4), "dense/b": np.zeros(4), "odd[0]": np.ones(2), "odd": np.ones(3)}
    hdfsaver.save_file(values, tmp_path / "x.h5")
    with open_source(tmp_path / "x.h5") as found:
        yield found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dense/w", [("dense/w", None)]),
        ("dense/*", [("dense/w", None), ("dense/b", None)]),
        ("*w[0:2, -1]", [("dense/w", (slice(0, 2), -1))]),
        ("dense/w[..., ::2]", [("dense/w", (Ellipsis, slice(None, None, 2)))]),
        ("dense/w[1,]", [("dense/w", (1,))]),
        ("odd[0]", [("odd[0]", None)]),
        ("odd[1]", [("odd", (1,))]),
        ("dense/[wx]", [("dense/w", None)]),
    ],
)
def test_names_patterns_and_parts(file, text, expected):
    """A name means itself, whatever it looks like; `*` matches slashes; a part is written as in NumPy."""
    assert expected == [(each.name, each.part) for each in asked(file, [text, text])]


def test_parts_are_named_as_they_were_typed(file):
    """The text of a part has the name of the array, not the pattern."""
    assert ["dense/w[0, :]", "dense/b"] == [each.text for each in asked(file, ["*w[0, :]", "dense/b"])]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("dens/w", errors.NotFoundError, "There is no tensor 'dens/w' in .* Names like it: 'dense/w'"),
        ("conv*", errors.NotFoundError, "No array of .* matches 'conv\\*'"),
        ("dense/w[7]", ValueError, "not a part of an array of shape \\(3, 4\\): Index 7 is out of bounds"),
        ("dense/w[0,0,0]", ValueError, "3 indices, but only 2 dimensions"),
        ("dense/w[::0]", ValueError, "written as in NumPy"),
        ("dense/w[1:2:3:4]", ValueError, "written as in NumPy"),
        ("dense/w[0-1]", ValueError, "written as in NumPy"),
    ],
)
def test_errors(file, text, error, said):
    """An unknown name, with names like it; a part that the array does not have, or that is not one."""
    with pytest.raises(error, match=said):
        asked(file, [text])


def test_matching():
    """Without patterns all names match; a pattern that is a name matches it also with brackets."""
    assert ["a[0]", "b"] == matching(["a[0]", "b"], [])
    assert ["a[0]"] == matching(["a[0]", "b"], ["a[0]"])
