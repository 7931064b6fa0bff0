"""Resealing: what another program has changed is accepted, and nothing that it has added is lost."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import h5py
import networkx as nx
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver import errors, limits, schema
from hdfsaver.schema import Structure
from hdfsaver.storage import layout
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import Model, write_file, write_models
from tests.format.resealing import resealed
from tests.storage.contents import contents_of


def graph() -> Structure:
    """A graph with a constant in its row and one in a dataset."""
    digraph = nx.DiGraph()
    for name, value in (("c", np.ones(2)), ("large", np.arange(100.0))):
        schema.add_node(digraph, name, op="Const", attrs={"value": value}, outputs=(("float64", value.shape),))
    return Structure(digraph)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with two models, a graph, metadata, compressed values and labelled dtypes."""
    variables = {
        "w": np.arange(6.0).reshape(2, 3),
        "dense/kernel": np.ones((4, 2), np.float32),
        "dense/kernel/Adam": np.zeros((4, 2), np.float32),
        "words": np.array([b"yes", b"n\0o"], object),
        "long": np.array([b"x" * 70_000, b""], object),
        "q": np.arange(3, dtype=np.uint8),
        "packed": np.zeros((100, 200)),
    }
    model = Model(variables, graph(), {"q": "quint8"}, {"packed": Compression("gzip")})
    teacher = Model({"w": np.full(3, 2.0)}, None, {})
    write_models(tmp_path / "x.h5", {"": model, "teacher": teacher}, metadata={"author": "me"})
    return tmp_path / "x.h5"


def attributes(file):
    """Attributes of every type on every kind of object of ours."""
    file.attrs["Conventions"] = "CF-1.8"
    file["variables"].attrs["list"] = ["a", "bb"]
    file["variables/w"].attrs["units"] = "m"
    file["variables/w"].attrs["range"] = np.array([0.5, np.nan], ">f4")
    file["variables/dense"].attrs["note"] = np.bytes_("fixed")
    file["variables/words"].attrs["empty"] = h5py.Empty("S1")
    file["variables/words"].attrs["no elements"] = np.zeros((0, 2))
    file["graph/nodes"].attrs["pairs"] = np.array([(1, b"a")], [("n", "i2"), ("s", "S3")])
    file["index"].attrs["seen"] = True
    file["metadata"].attrs["by"] = "hand"
    file["teacher"].attrs["long"] = "x" * 70_000
    file["teacher/variables/w"].attrs.create("rows", [np.arange(2), np.arange(3)], dtype=h5py.vlen_dtype("i4"))


def datasets(file):
    """Foreign datasets and groups beside ours and within them."""
    file["notes"] = ["of", "variable", "length"]
    file["x/deep/er"] = np.arange(5)
    file["teacher/history"] = np.arange(3.0)
    file["graph/layout"] = np.ones((2, 2))
    file["graph/constants/unused"] = np.ones(2)
    file["null"] = h5py.Empty("f8")
    file["empty"] = np.zeros((0, 3))
    file.create_group("variables/nothing here").attrs["a"] = 1
    file.create_dataset("partly", (10,), "f4", chunks=(4,), fillvalue=7)[0:3] = 1
    file.create_dataset("never", (10,), "f4", fillvalue=7)
    file.create_dataset("growing", data=np.arange(10), maxshape=(None,), chunks=(3,), compression="gzip", shuffle=True)
    file.create_dataset("lzf", data=np.arange(1000), compression="lzf", fletcher32=True)
    file["x"].attrs["title"] = "x"


def links(file):
    """Links of every kind, some of which lead nowhere."""
    file["soft"] = h5py.SoftLink("/variables/w")
    file["variables/soft"] = h5py.SoftLink("nowhere")
    file["variables/external"] = h5py.ExternalLink("other.h5", "/a")
    file["g/external"] = h5py.ExternalLink("other.h5", "/a")
    file["g/hard"] = file["variables/w"]
    file["a hard one"] = file["variables/dense"]
    file["g/up"] = file["g"]
    file["all"] = file["variables"]
    file["notes"] = np.arange(3)
    file["g/notes"] = file["notes"]


def references(file):
    """References to objects and regions, in attributes and in datasets, forward and back."""
    w = file["variables/w"]
    file["table"] = np.array([w.ref, file.ref, file["variables"].ref, None], h5py.ref_dtype)
    file["regions"] = np.array([w.regionref[0:1, 1:3]], h5py.regionref_dtype)
    w.attrs["see"] = file["table"].ref
    w.attrs.create("part", w.regionref[1:2, :], dtype=h5py.regionref_dtype)
    file["table"].attrs["many"] = np.array([[w.ref], [file["regions"].ref]], h5py.ref_dtype)


def scales(file):
    """Dimension scales, as netCDF has them."""
    for name, size in (("row", 2), ("column", 3)):
        file[name] = np.arange(size)
        file[name].make_scale(name)
    w = file["variables/w"]
    w.dims[0].attach_scale(file["row"])
    w.dims[1].attach_scale(file["column"])
    w.dims[1].label = "x"


def named_datatypes(file):
    """Named datatypes, shared by datasets and attributes, and with attributes of their own."""
    file["types/real"] = np.dtype("<f8")
    file["types/same"] = np.dtype("<f8")
    file["types/real"].attrs["unit"] = "m"
    file.create_dataset("a", data=np.arange(3.0), dtype=file["types/real"])
    file.create_dataset("b", data=np.arange(9.0), dtype=file["types/same"], chunks=(2,), compression="gzip")
    file.create_dataset("c", (3,), dtype=file["types/same"])
    file["variables/w"].attrs.create("t", [1.0, 2], dtype=file["types/same"])
    file["variables/datatype"] = np.dtype("i4")


def elsewhere(file):
    """Datasets whose values are in other files, and one with an unknown filter; none of them is opened."""
    where = h5py.VirtualLayout((2,), "f8")
    where[:] = h5py.VirtualSource("other.h5", "q", (2,))
    file.create_virtual_dataset("virtual", where)
    file.create_dataset("external", (4,), "f8", external=[("other.bin", 0, 32)])
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_chunk((4,))
    properties.set_filter(32099, 1, (1, 2))
    space = h5s.create_simple((8,))
    found = h5d.create(file.id, b"filtered", h5t.IEEE_F64LE, space, properties)
    found.write_direct_chunk((4,), b"12345", 0)


def orders(file):
    """The order in which links and attributes were made, where HDF5 has recorded it."""
    group = file.create_group("ordered", track_order=True)
    for name in "zay":
        group[name] = np.arange(2)
    group["soft"] = h5py.SoftLink("z")
    group["b"] = h5py.ExternalLink("other.h5", "a")
    group["a again"] = group["a"]


FOREIGN = [attributes, datasets, links, references, scales, named_datatypes, elsewhere, orders]


@pytest.mark.parametrize("fill", FOREIGN, ids=lambda fill: fill.__name__)
def test_what_other_programs_added_is_kept(path, fill):
    """Object by object and attribute by attribute, everything is there afterwards; it is reported, and stays."""
    with open_file(path) as file:
        mine = file.read_many(file.variables), file.metadata(), list(file.variables.values())
    with h5py.File(path, "a") as file:
        fill(file)
    before = contents_of(path)
    with pytest.raises(errors.DataLossError, match="reseal"):
        open_file(path)
    done = tf.reseal(path)
    assert before == contents_of(path)
    assert (8, 1) == done[:2]
    assert done.kept
    with open_file(path) as file:
        assert file.sealed
        file.verify()
        again = file.read_many(file.variables), file.metadata(), list(file.variables.values())
    assert mine[1:] == again[1:]
    for name, value in mine[0].items():
        np.testing.assert_array_equal(value, again[0][name])
    assert done == tf.reseal(path)
    assert before == contents_of(path)


def test_only_what_is_foreign_is_reported(path):
    """A group is named, its content is not; an attribute is named after its object."""
    assert [] == tf.reseal(path).kept
    with h5py.File(path, "a") as file:
        file["g/a/b"] = 1
        file["variables/w"].attrs["units"] = "m"
        file["soft"] = h5py.SoftLink("/g")
        file["variables/w"][...] = 7
    assert ["/g", "/soft", "/variables/w/@units"] == tf.reseal(path).kept


@given(data=st.data())
@settings(max_examples=40, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
def test_any_foreign_content_is_kept(data, tmp_path_factory):
    """Files with any of the additions above, and any attributes, are the same before and after."""
    path = tmp_path_factory.mktemp("any") / "x.h5"
    names = data.draw(st.lists(st.sampled_from(["w", "w/Adam", "a/b", "a/c", "100%"]), min_size=1, unique=True))
    write_file(path, variables={name: np.arange(3.0) for name in names}, structure=graph())
    with h5py.File(path, "a") as file:
        places = ["/", "/graph", "/variables", "/index", *(f"/variables/{link}" for link in file["variables"])]
        for number in range(data.draw(st.integers(1, 5))):
            place = file[data.draw(st.sampled_from(places))]
            place.attrs[f"attribute {number}"] = data.draw(VALUES)
            is_free = isinstance(place, h5py.Group) and not place.name.startswith("/variables")
            above = place if is_free else file["/"]
            group = above.create_group(f"group {number}", track_order=data.draw(st.booleans()))
            for other in range(data.draw(st.integers(0, 3))):
                name = data.draw(st.sampled_from("zyxw")) + str(other)
                kind = data.draw(st.sampled_from(["dataset", "soft", "hard", "reference"]))
                target = data.draw(st.sampled_from(places))
                if kind == "dataset":
                    group[name] = data.draw(VALUES)
                elif kind == "soft":
                    group[name] = h5py.SoftLink(target)
                elif kind == "hard":
                    group[name] = file[target]
                else:
                    group[name] = np.array([file[target].ref], h5py.ref_dtype)
            places.append(group.name)
    before = contents_of(path)
    tf.reseal(path)
    assert before == contents_of(path)
    with open_file(path) as file:
        file.verify()
        assert names == list(file.variables)


VALUES = st.one_of(
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5), min_size=1, max_size=3),
    st.builds(np.arange, st.integers(0, 20_000)),
    st.just(np.array([(1, 2.5)], [("a", "i4"), ("b", ">f8")])),
    st.just(np.array([True, False])),
    st.just(np.array([1 + 2j])),
)


# --- files that are not resealed ------------------------------------------------------------------------------------


def test_a_file_of_another_program_is_refused(tmp_path):
    """A file that does not declare the format is left byte for byte; the command that the error names converts it."""
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file.attrs["title"] = "of variable length"
        file["w"] = np.arange(3.0)
        file["w"].attrs["units"] = "m"
    before = path.read_bytes()
    with pytest.raises(errors.InvalidArgumentError, match=rf"not a checkpoint.*`hdfsaver convert {path} NEW.h5`"):
        tf.reseal(path)
    assert before == path.read_bytes()
    tf.convert(path, tmp_path / "new.h5")
    with open_file(tmp_path / "new.h5") as file:
        file.verify()
        assert ["w"] == list(file.variables)


def test_a_checkpoint_without_its_declaration(path):
    """The error of a file with an index says what is missing; with that it is resealed."""
    with h5py.File(path, "a") as file:
        del file.attrs["format"]
    before = path.read_bytes()
    with pytest.raises(errors.InvalidArgumentError, match="no attribute 'format'.*of fixed length 'hdfsaver'"):
        tf.reseal(path)
    assert before == path.read_bytes()
    with h5py.File(path, "a") as file:
        file.attrs["format"] = np.bytes_("hdfsaver")
    assert 8 == tf.reseal(path).variables


def filtered_text(file):
    file.create_dataset("x", data=["a", "bb"], chunks=(2,), compression="gzip")


ROW = np.zeros(2, [("a", "i4"), ("b", "f4")])


def text_of_a_named_datatype(file):
    file["t"] = h5py.string_dtype()
    file.create_dataset("x", data=["a", "bb"], dtype=file["t"])


def dangling_reference(file):
    gone = file.create_dataset("gone", data=1)
    file["x"] = np.array([gone.ref], h5py.ref_dtype)
    del file["gone"]


def dangling_attribute(file):
    gone = file.create_dataset("gone", data=1)
    file.create_group("x").attrs["see"] = gone.ref
    del file["gone"]


def unknown_column(file):
    rows = file["graph/nodes"][:]
    del file["graph/nodes"]
    columns = [(name, rows.dtype[name].str) for name in rows.dtype.names]
    wider = np.zeros(len(rows), [*columns, ("colour", "S4")])
    for name in rows.dtype.names:
        wider[name] = rows[name]
    file["graph/nodes"] = wider


@pytest.mark.parametrize(
    ("fill", "match"),
    [
        (filtered_text, "/x cannot be kept: .*filtered"),
        (text_of_a_named_datatype, "/x cannot be kept: .*named datatype"),
        (dangling_reference, "/x has a reference that leads to no object"),
        (dangling_attribute, "/x/@see has a reference that leads to no object"),
        (unknown_column, "/graph/nodes cannot be kept: it has the column 'colour'"),
        (lambda file: file.create_dataset("variables/x", data=ROW), "/variables/x: it is a table.*Move it out"),
        (lambda file: file.create_dataset("variables/x", data=file.ref), "/variables/x: .*Move it out of /variables"),
    ],
)
def test_what_cannot_be_kept_is_named(path, fill, match):
    """The error names it, and the file and its folder stay as they were."""
    with h5py.File(path, "a") as file:
        fill(file)
    before = path.read_bytes()
    with pytest.raises(errors.InvalidArgumentError, match=f"{path}: {match}"):
        tf.reseal(path)
    assert before == path.read_bytes()
    assert ["x.h5"] == os.listdir(path.parent)


def test_filtered_text_is_kept_after_the_advice(path, tmp_path):
    """The command in the error makes a file that can be resealed with everything."""
    with h5py.File(path, "a") as file:
        filtered_text(file)
    with pytest.raises(errors.InvalidArgumentError, match="`h5repack -f /x:NONE FILE NEW`"):
        tf.reseal(path)
    subprocess.run(["h5repack", "-f", "/x:NONE", path, tmp_path / "y.h5"], check=True)
    assert "/x" in tf.reseal(tmp_path / "y.h5").kept
    with h5py.File(tmp_path / "y.h5") as file:
        assert [b"a", b"bb"] == file["x"][:].tolist()


def test_a_table_among_the_variables_is_kept_after_the_advice(path):
    """What cannot be a variable is kept in another group."""
    with h5py.File(path, "a") as file:
        file["variables/x"] = ROW
    with pytest.raises(errors.InvalidArgumentError, match="Move it out of /variables"):
        tf.reseal(path)
    with h5py.File(path, "a") as file:
        file.move("variables/x", "notes/x")
    assert ["/notes"] == tf.reseal(path).kept


def test_strings_of_variable_length_become_a_variable(path):
    """A variable that another program has added has its value, in the form of this format."""
    with h5py.File(path, "a") as file:
        file["variables/x"] = ["a", "bc"]
    assert [] == tf.reseal(path).kept
    with tf.open_file(path) as file:
        assert file.sealed
        assert [b"a", b"bc"] == file["x"].tolist()


def test_a_newer_version_is_not_resealed(path):
    """What a newer version has written would get lost, and its version with it."""
    path.write_bytes(resealed(path.read_bytes(), minor=layout.MINOR + 1))
    with h5py.File(path, "a") as file:
        file.attrs["format_version"] = np.bytes_(f"{layout.MAJOR}.{layout.MINOR + 1}")
    before = path.read_bytes()
    with pytest.raises(errors.InvalidArgumentError, match="version 1.1.*Use the version that wrote it"):
        tf.reseal(path)
    assert before == path.read_bytes()


def test_damaged_values_are_not_accepted(path):
    """A chunk that is missing is no change that can be accepted."""
    with h5py.File(path, "a") as file:
        file.create_dataset("variables/x", (1000,), "f4", chunks=(10,), compression="gzip")[:10] = 1
        file["variables/x"].id.write_direct_chunk((10,), b"no stream", 0)
    before = path.read_bytes()
    with pytest.raises(errors.DataLossError, match="/variables/x"):
        tf.reseal(path)
    assert before == path.read_bytes()


def test_references_are_bounded(path):
    """A dataset of references that declares more than the limits allow is refused before it is read."""
    with h5py.File(path, "a") as file:
        found = file.create_dataset("x", (10**8,), h5py.ref_dtype, chunks=(1000,))
        found[0] = file.ref
    with limits.use(declared_bytes=10**6), pytest.raises(errors.ResourceExhaustedError, match="/x"):
        tf.reseal(path)


def test_a_file_that_changes_meanwhile_is_not_replaced(path, monkeypatch):
    """A save that does not wait for the lock of the folder is not undone."""
    from hdfsaver.storage import foreign_content

    copy = foreign_content.ForeignContent.copy_into

    def copied(self, root):
        tf.save_file({"new": np.ones(2)}, path)
        return copy(self, root)

    monkeypatch.setattr(foreign_content.ForeignContent, "copy_into", copied)
    with pytest.raises(errors.AbortedError, match="changed by another program while it was read"):
        tf.reseal(path)
    assert ["new"] == list(tf.load_file(path))
    assert ["x.h5"] == os.listdir(path.parent)


def test_savers_wait_for_a_reseal(path, monkeypatch):
    """A Saver of the folder saves before a reseal or after it."""
    from hdfsaver.storage import resealing, writing

    write, seen = writing.write_models, []

    def written(*given, **options):
        saver = threading.Thread(target=save)
        saver.start()
        saver.join(0.2)
        seen.append(saver.is_alive())
        write(*given, **options)
        waiting.append(saver)

    def save():
        with tf.Graph().as_default(), tf.Session() as sess:
            w = tf.get_variable("w", initializer=5.0)
            sess.run(w.initializer)
            tf.train.Saver(group="teacher").save(sess, path, write_state=False)

    waiting = []
    monkeypatch.setattr(resealing, "write_models", written)
    tf.reseal(path)
    waiting[0].join()
    assert [True] == seen
    assert 5.0 == tf.train.load_variable(path, "w", group="teacher")


# --- later saves ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", FOREIGN, ids=lambda fill: fill.__name__)
def test_a_save_of_one_model_keeps_foreign_content(path, fill):
    """Only what belongs to the model that is saved is replaced."""
    with h5py.File(path, "a") as file:
        fill(file)
    tf.reseal(path)
    before = contents_of(path)
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.get_variable("w", initializer=[5.0, 5.0, 5.0])
        sess.run(w.initializer)
        for _ in range(2):
            tf.train.Saver(group="teacher").save(sess, path, write_state=False)
    after = contents_of(path)
    for name in ("/teacher/variables", "/teacher/variables/w", "/teacher/graph"):
        before.pop(name, None)
    assert before == {name: found for name, found in after.items() if name in before}
    with open_file(path, "teacher") as file:
        file.verify()
        assert [5, 5, 5] == file.read("w").tolist()


def test_a_save_beside_something_else_of_that_name(path):
    """A dataset of another program is not replaced by a model."""
    with h5py.File(path, "a") as file:
        file["student"] = np.arange(3)
    tf.reseal(path)
    before = path.read_bytes()
    with tf.Graph().as_default(), tf.Session() as sess:
        sess.run(tf.get_variable("w", initializer=1.0).initializer)
        with pytest.raises(errors.InvalidArgumentError, match="/student cannot be kept"):
            tf.train.Saver(group="student").save(sess, path, write_state=False)
    assert before == path.read_bytes()


@pytest.mark.parametrize("group", ["", "teacher"])
def test_a_save_does_not_replace_a_file_of_another_program(tmp_path, group):
    """An HDF5 file that happens to have the name is left as it is; a damaged file is replaced."""
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["measured"] = np.arange(3)
    before = (tmp_path / "data.h5").read_bytes()
    with tf.Graph().as_default(), tf.Session() as sess:
        sess.run(tf.get_variable("w", initializer=1.0).initializer)
        saver = tf.train.Saver(group=group)
        with pytest.raises(errors.FailedPreconditionError, match="an HDF5 file of another program.*remove the file"):
            saver.save(sess, tmp_path / "data")
        assert before == (tmp_path / "data.h5").read_bytes()
        assert ["data.h5"] == os.listdir(tmp_path)
        (tmp_path / "data.h5").unlink()
        saver.save(sess, tmp_path / "data")
    assert 1.0 == tf.train.load_variable(tmp_path / "data", "w", group=group)
