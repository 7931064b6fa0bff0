"""Links of plain files: what is odd is named, and does not hide what is beside it."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from hdfsaver import errors
from hdfsaver.storage.reading import open_file

LATIN = b"temp\xe9rature"


@pytest.fixture
def path(tmp_path):
    """A file with an array `w`, a group, and odd links in both."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["w"] = np.ones(2)
        file["g/w"] = np.zeros(2)
        for group in (file, file["g"]):
            group["soft"] = h5py.SoftLink("/w")
            group["gone"] = h5py.SoftLink("/nothing")
            group["outside"] = h5py.ExternalLink("/etc/passwd", "/")
            group["named"] = np.dtype("f4")
            group.id.links.create_soft(LATIN, b"/w")
            group["of_g"] = file["g"]
            group.create_dataset("typed", data=np.arange(2.0), dtype=file["named"])
        file.id.links.create_hard(b"hard\xe9", file.id, b"w")
    return tmp_path / "x.h5"


def test_odd_links_are_listed_with_the_reason(path):
    """A datatype with a name is not an array; what has that datatype is."""
    with open_file(path) as file:
        assert {"w": [1, 1], "g/w": [0, 0], "typed": [0, 1], "g/typed": [0, 1]} == {
            name: file.read(name).tolist() for name in file.variables
        }
        reasons = {name: why.message for name, why in file.unreadable.items()}
    common = {"soft": "a soft link", "gone": "a soft link", "outside": "an external link", "of_g": "a further link"}
    for name, part in common.items():
        assert part in reasons.pop(name)
        assert part in reasons.pop(f"g/{name}")
    assert {"temp\\xe9rature", "g/temp\\xe9rature", "hard\\xe9"} == set(reasons)
    assert all("its name is not UTF-8" in reason for reason in reasons.values())


def test_groups_metadata_and_graph_of_another_program_do_not_matter(path):
    """Whatever these are, nothing fails, and all arrays are listed."""
    for kind in ("dataset", "group", "soft", "text"):
        with h5py.File(path, "r+") as file:
            for name in ("graph", "metadata", "index", "g/graph", "g/variables"):
                if name in file or file.get(name, getlink=True) is not None:
                    del file[name]
                if kind == "group":
                    file.create_group(name)["nodes"] = np.arange(3)
                else:
                    file[name] = {"dataset": 1.5, "soft": h5py.SoftLink("/w"), "text": "text"}[kind]
            file.attrs["format"] = "of variable length"
            file.attrs["format_version"] = np.array([1, 2])
        with open_file(path) as file:
            assert file.structure() is None
            assert {} == file.metadata()
            assert [""] == file.groups()
            assert {"w", "g/w", "typed", "g/typed"} <= set(file.variables)


def test_a_group_with_an_odd_name_is_not_a_model(tmp_path):
    """Names that no model can have are data like any other, also beside models."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.attrs["format"] = np.bytes_("hdfsaver")
        for name in ("a%FF", "a%62", "b%2Fc", "index", "%"):
            file[f"{name}/variables/x"] = 1.0
        file["ab/variables/x"] = 1.0
        file["b/variables/x"] = 2.0
        file.create_group(LATIN)
        file["c"] = h5py.SoftLink("/b")
    with open_file(tmp_path / "x.h5", "b") as file:
        assert ["ab", "b"] == file.groups()
        assert 2 == file.read("x")
    with pytest.raises(errors.NotFoundError, match="the groups are 'ab', 'b'\\."):
        open_file(tmp_path / "x.h5", "d")


def test_a_name_that_cannot_be_decoded_is_one_element(tmp_path):
    """In a file of this format, where names are escaped."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.attrs["format"] = np.bytes_("hdfsaver")
        file["variables/a%FF"] = 1.0
        file["variables/b%20c"] = 2.0
    with open_file(tmp_path / "x.h5") as file:
        assert ["b c"] == list(file.variables)
        with pytest.raises(errors.DataLossError, match="UTF-8"):
            file.read("a%FF")
