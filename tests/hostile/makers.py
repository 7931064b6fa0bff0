"""Malicious files, a function each; its first sentence is the aim of the attacker.

Each maker takes the path to write, and is registered with its verdict: a pattern of the one error that reading
everything gives, or None where the file is harmless and its values come back. ``docs/security.md`` lists them all.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import xxhash
from h5py import h5d, h5g, h5p, h5s, h5t, h5z

from hdfsaver.storage import groups, layout, seal
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.writing import Model, write_file, write_models
from tests.format.make_v1_0 import structure
from tests.format.resealing import resealed
from tests.hostile.checksums import lookup3, repaired

Maker = Callable[[Path], None]


class Attack(NamedTuple):
    """A maker, its verdict, the ending of its file, and the way of opening for which the verdict is."""

    make: Maker
    verdict: str | None
    suffix: str
    way: str


ATTACKS: dict[str, Attack] = {}


def attack(verdict: str | None, suffix: str = ".h5", way: str = "read") -> Callable[[Maker], Maker]:
    """Register a maker with the pattern of the error that its file gives, ``CLASS: MESSAGE``."""

    def register(make: Maker) -> Maker:
        ATTACKS[make.__name__] = Attack(make, verdict, suffix, way)
        return make

    return register


def _file(path: Path) -> h5py.File:
    """A plain file with one good variable."""
    file = h5py.File(path, "w", libver=("v110", "v110"))
    file["variables/a"] = np.arange(3.0)
    return file


# --- what leads elsewhere ---------------------------------------------------------------------------------------------


@attack("InvalidArgumentError: .*/variables/x is an external link; such links are not followed")
def external_link(path: Path) -> None:
    """To open another file of the user."""
    with _file(path) as file:
        file["variables/x"] = h5py.ExternalLink("/etc/passwd", "/")


@attack("InvalidArgumentError: .*/variables is an external link")
def external_link_to_the_variables(path: Path) -> None:
    """To have all variables come from another file."""
    with h5py.File(path, "w") as file:
        file["variables"] = h5py.ExternalLink("/etc/passwd", "/")


@attack("InvalidArgumentError: .*/variables/x is a soft link")
def soft_link_to_itself(path: Path) -> None:
    """To follow a cycle of links without end."""
    with _file(path) as file:
        file["variables/x"] = h5py.SoftLink("/variables/x")


@attack("InvalidArgumentError: .*/variables/up/x is a soft link")
def soft_link_out_of_its_group(path: Path) -> None:
    """To show one value under many names, or the structure as a value."""
    with _file(path) as file:
        file["variables/up/x"] = h5py.SoftLink("../../variables/a")


@attack("InvalidArgumentError: .*/variables/x is a link of a class|DataLossError: .*cannot read it")
def user_defined_link(path: Path) -> None:
    """To have code called that another program has registered for a class of links."""
    with _file(path) as file:
        file["variables/x"] = h5py.ExternalLink("nothing", "/")
    data = bytearray(path.read_bytes())
    # In the link message its type, 64 for external links, stands behind version and flags.
    place = data.find(b"\x01\x08\x40\x01x")
    assert place > 0
    data[place + 2] = 200
    path.write_bytes(repaired(bytes(data), place))


@attack("InvalidArgumentError: .*/variables/x: its values are in other files; it is refused")
def external_storage(path: Path) -> None:
    """To read another file of the user as weights."""
    with _file(path) as file:
        file["variables"].create_dataset("x", (100,), "u1", external=[("/etc/passwd", 0, 100)])


@attack("InvalidArgumentError: .*/variables/x: its values are in other files")
def virtual_dataset(path: Path) -> None:
    """To read other files as weights, or invent values for those that are missing."""
    with _file(path) as file:
        virtual = h5py.VirtualLayout((4,), "f8")
        virtual[:] = h5py.VirtualSource("/etc/missing.h5", "x", (4,))
        file["variables"].create_virtual_dataset("x", virtual)


@attack("InvalidArgumentError: .*/variables/x: its values are in other files")
def virtual_dataset_without_an_end(path: Path) -> None:
    """To have other files opened by a query for the shape."""
    with _file(path) as file:
        virtual = h5py.VirtualLayout((4,), "f8", maxshape=(None,))
        virtual[: h5s.UNLIMITED] = h5py.VirtualSource("/etc/missing.h5", "x", (4,), maxshape=(None,))[: h5s.UNLIMITED]
        file["variables"].create_virtual_dataset("x", virtual)


# --- groups without an end --------------------------------------------------------------------------------------------


@attack("InvalidArgumentError: .*/variables/g/h/again is a further link to a group")
def ring_of_groups(path: Path) -> None:
    """To have a cycle of groups walked without end."""
    with _file(path) as file:
        group = file.create_group("variables/g/h")
        group["again"] = file["variables/g"]


@attack("InvalidArgumentError: .*/variables/r0 is a further link to a group")
def doubling_groups(path: Path) -> None:
    """To have 2**40 paths in forty groups."""
    with _file(path) as file:
        group = file["variables"]
        for depth in range(40):
            below = group.create_group(f"l{depth}")
            group[f"r{depth}"] = below
            group = below
        group["x"] = 1.0


@attack("InvalidArgumentError: .*/variables/h0 is a further link to a group")
def million_links_to_one_group(path: Path) -> None:
    """To have a tree walked again for each of many links."""
    with _file(path) as file:
        group = file.create_group("variables/g")
        group["x"] = 1.0
        for number in range(20_000):
            file[f"variables/h{number}"] = group


# --- datatypes --------------------------------------------------------------------------------------------------------


def _of_type(path: Path, datatype: h5t.TypeID) -> None:
    with _file(path) as file:
        h5d.create(file["variables"].id, b"x", datatype, h5s.create_simple((2,)))


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is unsupported")
def object_references(path: Path) -> None:
    """To have other objects opened."""
    _of_type(path, h5t.STD_REF_OBJ)


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is unsupported")
def region_references(path: Path) -> None:
    """To have parts of other objects opened."""
    _of_type(path, h5t.STD_REF_DSETREG)


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is unsupported")
def opaque_values(path: Path) -> None:
    """To have a pickle loaded."""
    datatype = h5t.create(h5t.OPAQUE, 40)
    datatype.set_tag(b"NUMPY:|O8")
    _of_type(path, datatype)


@attack(None)
def text_of_variable_length(path: Path) -> None:
    """To have text of any length read from the heap."""
    with _file(path) as file:
        file.create_dataset("variables/x", data=["abc", "d"], dtype=h5py.string_dtype())


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is unsupported")
def sequences_of_variable_length(path: Path) -> None:
    """To have elements of any length read from the heap."""
    with _file(path) as file:
        dataset = file.create_dataset("variables/x", (2,), dtype=h5py.vlen_dtype(np.float64))
        dataset[0] = np.arange(10)


@attack(None)
def attributes_of_variable_length(path: Path) -> None:
    """To have text of any length read for the attributes of a dataset; they are not read."""
    with _file(path) as file:
        file["variables/a"].attrs["note"] = ["of", "variable", "length"]
        file["variables"].attrs["note"] = "of variable length"


@attack(None)
def nested_compounds(path: Path) -> None:
    """To be read as a complex number, or as an object with methods; its members are two arrays."""
    with _file(path) as file:
        file["variables/x"] = np.zeros(2, [("r", "f8"), ("i", [("r", "f8")])])


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is unsupported")
def odd_floats(path: Path) -> None:
    """To have 128-bit floats read as another dtype."""
    datatype = h5t.IEEE_F64LE.copy()
    datatype.set_size(16)
    _of_type(path, datatype)


@attack(None)
def dtype_with_a_wrong_label(path: Path) -> None:
    """To have elements of eight bytes read as one byte, by a wrong label; it does not count."""
    with _file(path) as file:
        file["variables/x"] = np.arange(3)
        file["variables/x"].attrs["dtype"] = np.bytes_(b"float8_e4m3fn")


# --- sizes ------------------------------------------------------------------------------------------------------------


@attack("ResourceExhaustedError: .*/variables/x: with it, the values declare .* beyond the limit `declared_bytes`")
def declared_but_not_stored(path: Path) -> None:
    """To have terabytes of zeros allocated."""
    with _file(path) as file:
        file["variables"].create_dataset("x", (2**40,), "f8")


@attack("ResourceExhaustedError: .*/variables/x: with it, the values declare .* beyond the limit `declared_bytes`")
def chunks_that_are_not_there(path: Path) -> None:
    """The same, with chunks."""
    with _file(path) as file:
        file["variables"].create_dataset("x", (2**50,), "u1", chunks=(1024,))


@attack(None)
def thousands_of_tiny_chunks(path: Path) -> None:
    """To have very many chunks looked up; that takes time in proportion to the file."""
    with _file(path) as file:
        dataset = file["variables"].create_dataset("x", (120_000,), "u1", chunks=(8,), compression="gzip")
        data = zlib.compress(bytes(8))
        for start in range(0, 120_000, 8):
            dataset.id.write_direct_chunk((start,), data)


@attack("ResourceExhaustedError: .*/variables/x: with it, the values declare .* beyond the limit `declared_bytes`")
def bomb_of_zeros(path: Path) -> None:
    """To expand some kilobytes to gigabytes."""
    with _file(path) as file:
        dataset = file["variables"].create_dataset("x", (1 << 31,), "u1", chunks=(1 << 24,), compression="gzip")
        data = zlib.compress(bytes(1 << 24), 9)
        for start in range(0, 1 << 31, 1 << 24):
            dataset.id.write_direct_chunk((start,), data)


def _one_chunk(path: Path, content: bytes, **options: Any) -> None:
    with _file(path) as file:
        dataset = file["variables"].create_dataset("x", (1000,), "f4", chunks=(1000,), **options)
        dataset.id.write_direct_chunk((0,), content)


@attack(r"DataLossError: .*/variables/x: the chunk at \(0,\) does not hold 4000 bytes")
def chunk_that_is_longer(path: Path) -> None:
    """To have 64 MB inflated for 4 kB."""
    _one_chunk(path, zlib.compress(bytes(1 << 26), 9), compression="gzip")


@attack(r"DataLossError: .*/variables/x.*")
def plain_chunk_that_is_shorter(path: Path) -> None:
    """To have a chunk of too few bytes read as weights."""
    _one_chunk(path, bytes(100))


@attack("InvalidArgumentError: .*/variables/x: (the|a) filter .* not supported")
def filter_of_a_plugin(path: Path) -> None:
    """To have a library loaded from the folder of plugins."""
    with _file(path) as file:
        properties = h5p.create(h5p.DATASET_CREATE)
        properties.set_chunk((10,))
        properties.set_filter(31999, h5z.FLAG_OPTIONAL, (1, 2))
        h5d.create(file["variables"].id, b"x", h5t.IEEE_F64LE, h5s.create_simple((10,)), properties)


@attack("InvalidArgumentError: .*/variables/x: (the|a) filter .* not supported")
def deflated_twice(path: Path) -> None:
    """To square the expansion of a decompression bomb."""
    with _file(path) as file:
        properties = h5p.create(h5p.DATASET_CREATE)
        properties.set_chunk((1 << 20,))
        for _ in range(2):
            properties.set_filter(h5z.FILTER_DEFLATE, h5z.FLAG_MANDATORY, (9,))
        h5d.create(file["variables"].id, b"x", h5t.NATIVE_UINT8, h5s.create_simple((1 << 20,)), properties)


# --- names ------------------------------------------------------------------------------------------------------------


@attack(None)
def names_for_a_terminal(path: Path) -> None:
    """To control the terminal that lists the file; names are printed escaped."""
    with _file(path) as file:
        for name in ("\x1b[2J\x1b[31mred", "a\nb", "\u202etxt", "x\x07"):
            file["variables"][name] = 1.0


@attack(None)
def names_that_climb(path: Path) -> None:
    """To write outside the folder that the file is unpacked into; names are never used as paths."""
    write_file(path, variables={"../../etc/passwd": np.ones(1), "..": np.ones(1), "/root": np.ones(1)}, structure=None)


@attack("DataLossError: .*two links have the name 'a'")
def names_that_are_one(path: Path) -> None:
    """To have two values with one name, so that readers see different ones."""
    with _file(path) as file:
        file.attrs["format"] = np.bytes_(layout.FORMAT)
        file["variables/%61"] = np.zeros(3)


@attack("InvalidArgumentError: .*: its name is not UTF-8")
def names_that_are_no_text(path: Path) -> None:
    """To have bytes in a name that are invalid in UTF-8."""
    with _file(path) as file:
        h5g.create(file["variables"].id, b"\xff\xfe")


# --- sealed files ----------------------------------------------------------------------------------------------------


def _sealed(path: Path) -> tuple[bytearray, seal.Seal]:
    write_file(path, variables={"a": np.arange(3.0), "b": np.arange(20_000.0)}, structure=structure())
    data = bytearray(path.read_bytes())
    found = seal.find(bytes(data[:65536]))
    assert found is not None
    return data, found


def _with_row(path: Path, row: int, **fields: int) -> None:
    """Change a row of the extents, and recompute the digests over it."""
    data, found = _sealed(path)
    table = np.frombuffer(data, layout.EXTENTS_ROW, found.extents_rows, found.extents_offset).copy()
    for name, value in fields.items():
        table[name][row] = value
    data[found.extents_offset : found.extents_offset + table.nbytes] = table.tobytes()
    path.write_bytes(resealed(bytes(data)))


@attack("DataLossError: .*an extent is not within the file")
def extent_behind_the_end(path: Path) -> None:
    """To read beyond the end of the file."""
    _with_row(path, 1, offset=10**9)


@attack("DataLossError: .*an extent is not within the file")
def extent_that_overflows(path: Path) -> None:
    """To have an offset and a length that add up to a small number."""
    _with_row(path, 1, offset=2**64 - 8, nbytes=160_000)


@attack("DataLossError: .*two extents overlap")
def extents_that_overlap(path: Path) -> None:
    """To hide bytes from the seal by counting others twice."""
    data, found = _sealed(path)
    table = np.frombuffer(data, layout.EXTENTS_ROW, found.extents_rows, found.extents_offset)
    _with_row(path, 0, offset=int(table["offset"][1]) + 8)


@attack("DataLossError: .*an extent is within the structure")
def extent_over_the_index(path: Path) -> None:
    """To have the index treated as a value, so that the seal does not cover it."""
    found = _sealed(path)[1]
    _with_row(path, 0, offset=found.extents_offset)


@attack("DataLossError: .*an extent is within the structure")
def extent_over_the_metadata(path: Path) -> None:
    """To have HDF5's own structures treated as a value, so that they can be changed."""
    _with_row(path, 0, offset=48)


@attack("DataLossError: .*variable 'b', float64.20000., cannot have 1152921504606846976 bytes|DataLossError: .*extent")
def extent_of_absurd_length(path: Path) -> None:
    """To have an exabyte allocated."""
    _with_row(path, 1, nbytes=2**60)


@attack("DataLossError: .*the index is not within the structure")
def extents_without_number(path: Path) -> None:
    """To have a table of 2**60 rows read."""
    data, found = _sealed(path)
    path.write_bytes(resealed(bytes(data), extents_rows=2**60))


@attack("DataLossError: .*the structure is not within the file")
def structure_that_ends_behind_the_file(path: Path) -> None:
    """To have more read as structure than the file has."""
    path.write_bytes(resealed(bytes(_sealed(path)[0]), structure_end=2**63, tail_start=2**63))


@attack("DataLossError: .*the seal is not within the structure")
def structure_that_ends_before_the_index(path: Path) -> None:
    """To have the index and HDF5's own structures treated as padding, so that the seal does not cover them."""
    data, found = _sealed(path)
    path.write_bytes(resealed(bytes(data), structure_end=found.offset))


@attack("DataLossError: .*an extent is within the structure")
def structure_that_ends_behind_a_value(path: Path) -> None:
    """To have a value that is changed together with the structure."""
    data, found = _sealed(path)
    path.write_bytes(resealed(bytes(data), structure_end=found.file_size, tail_start=found.file_size))


@attack("DataLossError: .*an extent is not within the file|DataLossError: .*the structure is not within the file")
def tail_that_begins_before_the_values(path: Path) -> None:
    """The same, by the end of the file."""
    data, found = _sealed(path)
    path.write_bytes(resealed(bytes(data), tail_start=found.structure_end))


@attack("DataLossError: .*the padding at byte .* is not zero", way="verify")
def bytes_between_values(path: Path) -> None:
    """To hide other bytes in a file that is valid; reading does not see them."""
    data, found = _sealed(path)
    data[found.structure_end] = 1
    path.write_bytes(data)


@attack("DataLossError: .*the index is not within the structure")
def index_that_is_a_value(path: Path) -> None:
    """To show other names to a reader that follows the seal, and to one that follows HDF5's links."""
    data, found = _sealed(path)
    table = np.frombuffer(bytes(data), layout.EXTENTS_ROW, found.extents_rows, found.extents_offset)
    path.write_bytes(resealed(bytes(data), index_offset=int(table["offset"][1])))


@attack("DataLossError: .*the index is not within the structure")
def index_without_number(path: Path) -> None:
    """To have an index of 2**64 bytes read."""
    path.write_bytes(resealed(bytes(_sealed(path)[0]), index_rows=2**60, index_row_nbytes=16))


@attack("DataLossError: .*/index/variables: the seal has a column beyond the end of a row")
def index_of_rows_without_bytes(path: Path) -> None:
    """To have names without number made of nothing."""
    path.write_bytes(resealed(bytes(_sealed(path)[0]), index_rows=2**40, index_row_nbytes=0))


@attack("DataLossError: .*/index/variables: the seal has a column beyond the end of a row")
def column_beyond_its_row(path: Path) -> None:
    """To read the next row, or what follows the index, as the name of a variable."""
    data, found = _sealed(path)
    (at, _width), *rest = found.columns
    path.write_bytes(resealed(bytes(data), columns=((at, found.index_row_nbytes + 1), *rest)))


@attack("DataLossError: .*the record of the seal is damaged")
def seal_without_an_end(path: Path) -> None:
    """To have a record of gigabytes read."""
    data, found = _sealed(path)
    struct.pack_into("<I", data, found.offset + 8, 2**32 - 1)
    path.write_bytes(data)


@attack(None)
def values_at_odd_offsets(path: Path) -> None:
    """To have a value at an offset that its dtype does not allow in memory; it is still read."""
    data, found = _sealed(path)
    table = np.frombuffer(bytes(data), layout.EXTENTS_ROW, found.extents_rows, found.extents_offset).copy()
    offset, nbytes = int(table["offset"][0]), int(table["nbytes"][0])
    place = offset.to_bytes(8, "little") + nbytes.to_bytes(8, "little")  # so in the index and in the dataset's header
    header = bytes(data).index(place, found.extents_offset + table.nbytes)
    data[offset : offset + nbytes + 3] = bytes(3) + data[offset : offset + nbytes]
    struct.pack_into("<Q", data, header, offset + 3)
    table["offset"][0] += 3
    data[found.extents_offset : found.extents_offset + table.nbytes] = table.tobytes()
    path.write_bytes(resealed(repaired(bytes(data), header)))


@attack("DataLossError: .*the bytes of variable 'b' differ from those that were saved")
def value_without_its_digest(path: Path) -> None:
    """To change a value and seal the file again."""
    data, found = _sealed(path)
    table = np.frombuffer(bytes(data), layout.EXTENTS_ROW, found.extents_rows, found.extents_offset)
    data[int(table["offset"][1])] ^= 1
    path.write_bytes(resealed(bytes(data)))


@attack(None)
def value_with_a_new_digest(path: Path) -> None:
    """To change a value with a new digest; a seal is not a signature, so the file is valid."""
    _with_row_of_new_value(path)


def _with_row_of_new_value(path: Path) -> None:
    data, found = _sealed(path)
    table = np.frombuffer(bytes(data), layout.EXTENTS_ROW, found.extents_rows, found.extents_offset)
    offset, nbytes = int(table["offset"][0]), int(table["nbytes"][0])
    value = np.arange(3.0)[::-1].tobytes()
    data[offset : offset + nbytes] = value
    row = found.extents_offset
    data[row + 16 : row + 24] = xxhash.xxh3_64_intdigest(value).to_bytes(8, "little")
    path.write_bytes(resealed(bytes(data)))


def _with_text(path: Path, before: bytes, after: bytes) -> None:
    """Replace a string in the structure, and recompute the seal."""
    assert len(before) == len(after)
    data, _ = _sealed(path)
    assert before in data
    path.write_bytes(resealed(bytes(data).replace(before, after)))


@attack("DataLossError: .*/index/variables: '99999' is not|DataLossError: .*cannot have 160000 bytes")
def shape_with_too_many_elements(path: Path) -> None:
    """To have more elements than bytes."""
    _with_text(path, b"20000\0", b"99999\0")


@attack("InvalidArgumentError: .*/index/variables: 'objects' is not a dtype of a variable")
def dtype_of_objects(path: Path) -> None:
    """To have pointers read from a file."""
    _with_text(path, b"float64\0", b"objects\0")


@attack("DataLossError: .*/graph/.*")
def edges_that_disagree(path: Path) -> None:
    """To show different graphs to readers of the nodes and readers of the edges."""
    write_file(path, variables=None, structure=structure())
    with h5py.File(path, "r+") as file:
        rows = file["graph/edges"][...]
        rows["target"][0] = rows["source"][0]
        file["graph/edges"][...] = rows
    path.write_bytes(resealed(path.read_bytes()))


@attack("DataLossError: .*/graph/edges.*")
def million_edges_of_one_node(path: Path) -> None:
    """To have a node with a million edges to itself."""
    write_file(path, variables=None, structure=structure())
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        rows = file["graph/edges"][...]
        many = np.repeat(rows[:1], 300_000)
        many["target"] = many["source"]
        del file["graph/edges"]
        file["graph/edges"] = many
    path.write_bytes(resealed(path.read_bytes()))


@attack("DataLossError: .*/graph/nodes.*too deeply")
def attributes_of_brackets(path: Path) -> None:
    """To overflow the stack of a JSON parser."""
    _with_attrs(path, '{"a": ' + "[" * 5000 + "]" * 5000 + "}")


@attack("DataLossError: .*/graph/nodes.*")
def attributes_of_digits(path: Path) -> None:
    """To have a number of a million digits parsed."""
    _with_attrs(path, '{"a": ' + "9" * 50_000 + "}")


def _with_attrs(path: Path, text: str) -> None:
    """Give a node other attributes, in a sealed file."""
    write_file(path, variables=None, structure=structure())
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        rows = file["graph/nodes"][...]
        columns = [(name, rows.dtype[name] if name != "attrs" else f"S{len(text) + 1}") for name in rows.dtype.names]
        changed = np.zeros(rows.shape, columns)
        for name in rows.dtype.names:
            changed[name] = rows[name]
        changed["attrs"][0] = text.encode()
        del file["graph/nodes"]
        file["graph/nodes"] = changed
    path.write_bytes(resealed(path.read_bytes()))


@attack("DataLossError: .*offsets|DataLossError: .*differ from those|DataLossError: .*/variables/strings")
def offsets_of_strings_out_of_order(path: Path) -> None:
    """To have strings that begin before the file, or share one megabyte a million times."""
    write_file(path, variables={"strings": np.array([b"x" * 5000, *[b"y"] * 20], object)}, structure=None)
    data = bytearray(path.read_bytes())
    found = seal.find(bytes(data[:65536]))
    assert found is not None
    table = np.frombuffer(bytes(data), layout.EXTENTS_ROW, found.extents_rows, found.extents_offset)
    offset, nbytes = int(table["offset"][0]), int(table["nbytes"][0])
    struct.pack_into("<Q", data, offset + 8, 2**63)
    data[found.extents_offset + 16 : found.extents_offset + 24] = xxhash.xxh3_64_intdigest(
        bytes(data[offset : offset + nbytes])
    ).to_bytes(8, "little")
    path.write_bytes(resealed(bytes(data)))


@attack("DataLossError: .*", way="verify")
def metadata_with_new_checksums(path: Path) -> None:
    """To have HDF5 walk an edited structure, with checksums and seal recomputed: values need no such walk."""
    data, _ = _sealed(path)
    place = bytes(data).find(b"variables", bytes(data).find(b"OHDR"))
    data[place - 1] = 200  # the length of the name in a link of the root group
    path.write_bytes(resealed(repaired(bytes(data), place)))


# --- compressed files ------------------------------------------------------------------------------------------------


def _packed(path: Path) -> tuple[bytearray, seal.Seal]:
    values = {"a": np.zeros((500, 1000))}
    write_models(path, {groups.ROOT: Model(values, None, {}, {"a": Compression("gzip")})})
    data = bytearray(path.read_bytes())
    found = seal.find(bytes(data[:65536]))
    assert found is not None
    return data, found


def _with_chunk(path: Path, content: bytes) -> None:
    """Put other bytes at the place of the first chunk, with the right digest."""
    data, found = _packed(path)
    table = np.frombuffer(bytes(data), layout.EXTENTS_ROW, found.extents_rows, found.extents_offset).copy()
    offset, nbytes = int(table["offset"][1]), int(table["nbytes"][1])
    assert len(content) <= nbytes
    content += bytes(nbytes - len(content))
    data[offset : offset + nbytes] = content
    table["xxh3_64"][1] = xxhash.xxh3_64_intdigest(content)
    data[found.extents_offset : found.extents_offset + table.nbytes] = table.tobytes()
    path.write_bytes(resealed(bytes(data)))


@attack(r"DataLossError: .*variable 'a', the chunk at \(0, 0\): it does not decode to \d+ bytes")
def sealed_chunk_of_noise(path: Path) -> None:
    """To pass random bytes to a decoder."""
    _with_chunk(path, bytes(range(256)))


@attack(r"DataLossError: .*variable 'a', the chunk at \(0, 0\): it does not decode to \d+ bytes")
def sealed_chunk_that_is_longer(path: Path) -> None:
    """To have more inflated than the index says."""
    _with_chunk(path, zlib.compress(bytes(1_000_008), 9))


@attack("ResourceExhaustedError: .*variable 'a': with it, the values declare .* beyond the limit `declared_bytes`")
def sealed_bomb(path: Path) -> None:
    """To expand a megabyte to gigabytes, in a file with a valid seal."""
    write_models(
        path,
        {groups.ROOT: Model({"a": np.zeros(1100 << 20, np.uint8)}, None, {}, {"a": Compression("zstd")})},
    )


@attack("DataLossError: .*/index/variables: variable 'a', .* cannot be in such chunks|DataLossError: .*describes")
def chunks_of_another_shape(path: Path) -> None:
    """To have the chunks assembled in another shape."""
    data, _ = _packed(path)
    before = b"125,1000"
    assert before in data
    path.write_bytes(resealed(bytes(data).replace(before, b"125,1001")))


@attack("InvalidArgumentError: .*/index/variables: variable 'a' has unknown filters, 'shuffle pick'")
def filters_without_a_name(path: Path) -> None:
    """To have an unknown filter called."""
    data, _ = _packed(path)
    assert b"shuffle gzip" in data
    path.write_bytes(resealed(bytes(data).replace(b"shuffle gzip", b"shuffle pick")))


# --- the file itself --------------------------------------------------------------------------------------------------


@attack("InvalidArgumentError: .* is not a regular file but a pipe or a device; such files are not read")
def pipe(path: Path) -> None:
    """To wait without end."""
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
    else:  # Windows has none of that name in a folder
        raise NotImplementedError


@attack("InvalidArgumentError: .* is not a regular file but a pipe or a device; such files are not read")
def device_without_an_end(path: Path) -> None:
    """To read zeros without end."""
    path.symlink_to("/dev/zero")


@attack("NotFoundError: .* is a directory|ValueError: .*")
def directory(path: Path) -> None:
    """To be opened as a file."""
    path.mkdir()


@attack("DataLossError: .* is cut short: it has \\d+ bytes, but its HDF5 header declares 9223372036854775807")
def superblock_of_absurd_size(path: Path) -> None:
    """To declare a file of exabytes."""
    data, _ = _sealed(path)
    struct.pack_into("<Q", data, 28, 2**63 - 1)
    struct.pack_into("<I", data, 44, lookup3(bytes(data[:44])))
    path.write_bytes(data)


@attack("InvalidArgumentError: .* is an HDF5 file of an unsupported kind")
def superblock_with_an_extension(path: Path) -> None:
    """To bring tables of shared messages."""
    data, _ = _sealed(path)
    struct.pack_into("<Q", data, 20, 48)
    struct.pack_into("<I", data, 44, lookup3(bytes(data[:44])))
    path.write_bytes(data)
