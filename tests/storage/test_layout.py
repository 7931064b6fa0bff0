"""The page and the program describe the same format."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import networkx as nx
import numpy as np
import pytest

import hdfsaver
from hdfsaver import dtypes, errors, schema
from hdfsaver.schema import Structure
from hdfsaver.storage import layout
from hdfsaver.storage.hdf5 import link_names
from hdfsaver.storage.writing import Model, write_file, write_models

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")


def rows(*titles):
    """The rows of the page's tables with these titles: their cells, without the marks of code."""
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        lines = [re.split(r"(?<!\\)\|", line.strip("|\n"))[:] for line in table.splitlines()]
        cells = [[cell.strip().replace("`", "").replace("\\|", "|") for cell in line] for line in lines]
        if cells[0] == list(titles):
            found += cells[2:]
    return found


def test_the_elements():
    """The page lists every element, with its kind and whether it must be there."""
    listed = [(path, kind, required == "yes") for path, kind, required in rows("path", "kind", "required")]
    assert list(map(tuple, layout.ELEMENTS)) == listed


def test_the_records():
    """The fields of the seal and the columns of the table of extents: names, types, order."""
    fields = layout.SEAL_RECORD.descr + layout.EXTENTS_ROW.descr
    listed = {(name, kind) for titles in (("field", "type", "content"), ("column", "type", "content"))
              for name, kind, _content in rows(*titles)}  # fmt: skip
    assert set(fields) == listed
    assert [name for name, *_ in rows("field", "type", "content")] == list(layout.SEAL_RECORD.names or ())
    assert list(layout.VARIABLES_COLUMNS) == [name for name, _content in rows("column", "content")]
    assert f"`{layout.MAGIC.decode()}`" in PAGE
    assert f"{layout.SEAL_RECORD.itemsize} bytes" in PAGE


def test_every_dtype_is_on_the_page():
    """Every dtype that can be stored has a row."""
    named = " ".join(name for name, _datatype in rows("dtype", "HDF5 datatype"))
    implied = {"int16", "int32", "uint16", "uint32"}
    stored = {row.name for row in dtypes.TABLE if row.hdf5 is not None}
    assert stored - implied == set(re.findall(r"\w+", named))


@pytest.mark.parametrize(("name", "path"), [(row[1], row[2]) for row in rows("what", "example", "links")])
def test_the_escapes(name, path):
    """The examples of escaped names are true."""
    wanted, _, beside = name.partition(", with ")
    assert path == link_names.paths_of([wanted, *beside.split()])[wanted].replace("/", ", ")


def test_a_real_file_has_the_elements(tmp_path):
    """Every required element is in a file, and the page lists everything at the top level."""
    digraph = nx.DiGraph()
    schema.add_node(digraph, "n", op="NoOp")
    model = Model({"NAME": np.ones(1)}, Structure(digraph), {}, random={"n": (1, 2)})
    write_models(tmp_path / "x.h5", {"": model, "GROUP": model}, metadata={"key": "value"})
    with h5py.File(tmp_path / "x.h5") as file:
        for path, kind, required in layout.ELEMENTS:
            if kind == "attribute":
                owner, name = path.split("@")
                assert required == (name in file[owner].attrs)
            else:
                assert (kind == "group") == isinstance(file[path], h5py.Group)
        listed = {element.path.lstrip("/").split("/")[0] for element in layout.ELEMENTS if "@" not in element.path}
        assert listed == {"", *file}
        assert {f"@{name}" for name in file.attrs} == {
            element.path.lstrip("/") for element in layout.ELEMENTS if element.path.startswith("/@")
        }


def test_a_digraph_says_what_it_is(tmp_path):
    """The element that a computation graph does not have."""
    write_file(tmp_path / "x.h5", variables=None, structure=Structure(nx.DiGraph(), is_plain=True))
    with h5py.File(tmp_path / "x.h5") as file:
        assert {layout.KIND_ATTRIBUTE: layout.DIGRAPH.encode()} == dict(file["graph"].attrs)


def test_the_version():
    """Page and program have the same version."""
    assert PAGE.startswith(f"# The format, version {layout.VERSION}\n")


def test_the_rules_name_modules_and_errors_that_exist():
    """Each rule of the page names existing modules that check it and existing errors."""
    found = rows("rule", "checked in", "error")
    assert len(found) > 20
    package = Path(hdfsaver.__file__).parent
    for _, modules, classes in found:
        names = re.findall(r"\w+Error", classes)
        sources = "".join((package / name).read_text(encoding="utf-8") for name in re.findall(r"[\w/]+\.py", modules))
        assert names
        assert all(issubclass(getattr(errors, name), errors.OpError) for name in names)
        assert re.search("|".join([*names, "damaged", "BrokenSealError", "from_os_error", "check_declared"]), sources)
