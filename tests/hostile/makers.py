"""Files that somebody made to do harm, a function each; its sentence says what it hopes for.

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
    """A maker and its verdict."""

    make: Maker
    verdict: str | None


ATTACKS: dict[str, Attack] = {}


def attack(verdict: str | None) -> Callable[[Maker], Maker]:
    """Register a maker with the pattern of the error that its file gives, ``CLASS: MESSAGE``."""

    def register(make: Maker) -> Maker:
        ATTACKS[make.__name__] = Attack(make, verdict)
        return make

    return register


def _file(path: Path) -> h5py.File:
    """A plain file with one good variable."""
    file = h5py.File(path, "w", libver=("v110", "v110"))
    file["variables/a"] = np.arange(3.0)
    return file


# --- what leads elsewhere ---------------------------------------------------------------------------------------------


@attack("DataLossError: .*/variables/x: it is a soft or external link, and those are never followed")
def external_link(path: Path) -> None:
    """To open another file of the user's."""
    with _file(path) as file:
        file["variables/x"] = h5py.ExternalLink("/etc/passwd", "/")


@attack("DataLossError: .*/variables: it is a soft or external link")
def external_link_to_the_variables(path: Path) -> None:
    """To have all variables come from another file."""
    with h5py.File(path, "w") as file:
        file["variables"] = h5py.ExternalLink("/etc/passwd", "/")


@attack("DataLossError: .*/variables/x: it is a soft or external link")
def soft_link_to_itself(path: Path) -> None:
    """To go round for ever."""
    with _file(path) as file:
        file["variables/x"] = h5py.SoftLink("/variables/x")


@attack("DataLossError: .*/variables/up/x: it is a soft or external link")
def soft_link_out_of_its_group(path: Path) -> None:
    """To show one value under many names, or the structure as a value."""
    with _file(path) as file:
        file["variables/up/x"] = h5py.SoftLink("../../variables/a")


@attack("DataLossError: .*it is a soft or external link|DataLossError: .*cannot read it")
def user_defined_link(path: Path) -> None:
    """To have a class of links called that some program has registered."""
    with _file(path) as file:
        file["variables/x"] = h5py.ExternalLink("nothing", "/")
    data = bytearray(path.read_bytes())
    # In the link message its type, 64 for external links, stands behind version and flags.
    place = data.find(b"\x01\x08\x40\x01x")
    assert place > 0
    data[place + 2] = 200
    path.write_bytes(repaired(bytes(data), place))


@attack("InvalidArgumentError: .*/variables/x: its values lie in other files; it is refused")
def external_storage(path: Path) -> None:
    """To read another file of the user's as weights."""
    with _file(path) as file:
        file["variables"].create_dataset("x", (100,), "u1", external=[("/etc/passwd", 0, 100)])


@attack("InvalidArgumentError: .*/variables/x: its values lie in other files")
def external_storage_in_a_pipe(path: Path) -> None:
    """To wait for ever for a pipe to be filled."""
    pipe = path.with_suffix(".pipe")
    if hasattr(os, "mkfifo") and not pipe.exists():
        os.mkfifo(pipe)
    with _file(path) as file:
        file["variables"].create_dataset("x", (100,), "u1", external=[(os.fspath(pipe), 0, 100)])


@attack("InvalidArgumentError: .*/variables/x: its values lie in other files")
def virtual_dataset(path: Path) -> None:
    """To read other files as weights, or invent values for those that are missing."""
    with _file(path) as file:
        virtual = h5py.VirtualLayout((4,), "f8")
        virtual[:] = h5py.VirtualSource("/etc/missing.h5", "x", (4,))
        file["variables"].create_virtual_dataset("x", virtual)


@attack("InvalidArgumentError: .*/variables/x: its values lie in other files")
def virtual_dataset_without_an_end(path: Path) -> None:
    """To have other files opened by a look at the shape."""
    with _file(path) as file:
        virtual = h5py.VirtualLayout((4,), "f8", maxshape=(None,))
        virtual[: h5s.UNLIMITED] = h5py.VirtualSource("/etc/missing.h5", "x", (4,), maxshape=(None,))[: h5s.UNLIMITED]
        file["variables"].create_virtual_dataset("x", virtual)


# --- groups without an end --------------------------------------------------------------------------------------------


@attack("DataLossError: .*/variables/g.*: it hangs from more than one link")
def ring_of_groups(path: Path) -> None:
    """To walk in a circle."""
    with _file(path) as file:
        group = file.create_group("variables/g/h")
        group["again"] = file["variables/g"]


@attack("DataLossError: .*hangs from more than one link")
def doubling_groups(path: Path) -> None:
    """To have 2**40 paths in forty groups."""
    with _file(path) as file:
        group = file["variables"]
        for depth in range(40):
            below = group.create_group(f"l{depth}")
            group[f"r{depth}"] = below
            group = below
        group["x"] = 1.0


@attack("DataLossError: .*hangs from more than one link")
def million_links_to_one_group(path: Path) -> None:
    """To have a tree walked again for each of many links."""
    with _file(path) as file:
        group = file.create_group("variables/g")
        group["x"] = 1.0
        for number in range(20_000):
            file[f"variables/h{number}"] = group


@attack("ResourceExhaustedError: .*it is a group 10001 groups deep, beyond the limit `depth`")
def groups_without_a_bottom(path: Path) -> None:
    """To have names of megabytes, or a stack that overflows."""
    with _file(path) as file:
        group = file["variables"]
        for _ in range(10_050):
            group = group.create_group("d")
        group["x"] = 1.0


# --- datatypes --------------------------------------------------------------------------------------------------------


def _of_type(path: Path, datatype: h5t.TypeID) -> None:
    with _file(path) as file:
        h5d.create(file["variables"].id, b"x", datatype, h5s.create_simple((2,)))


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is that of no dtype")
def object_references(path: Path) -> None:
    """To have other objects opened."""
    _of_type(path, h5t.STD_REF_OBJ)


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is that of no dtype")
def region_references(path: Path) -> None:
    """To have other objects opened, from the heap that has no checksum."""
    _of_type(path, h5t.STD_REF_DSETREG)


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is that of no dtype")
def opaque_values(path: Path) -> None:
    """To have a pickle loaded."""
    datatype = h5t.create(h5t.OPAQUE, 40)
    datatype.set_tag(b"NUMPY:|O8")
    _of_type(path, datatype)


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is that of no dtype .text of variable length")
def text_of_variable_length(path: Path) -> None:
    """To send the library into its heap, where one byte is an endless loop."""
    with _file(path) as file:
        file.create_dataset("variables/x", data=["abc", "d"], dtype=h5py.string_dtype())


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is that of no dtype")
def sequences_of_variable_length(path: Path) -> None:
    """To have four thousand elements share four megabytes of the heap."""
    with _file(path) as file:
        dataset = file.create_dataset("variables/x", (2,), dtype=h5py.vlen_dtype(np.float64))
        dataset[0] = np.arange(10)


@attack(None)
def attributes_of_variable_length(path: Path) -> None:
    """To send the library into its heap by a look at what a dataset says of itself; nobody looks."""
    with _file(path) as file:
        file["variables/a"].attrs["note"] = ["of", "variable", "length"]
        file["variables"].attrs["note"] = "of variable length"


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is that of no dtype")
def nested_compounds(path: Path) -> None:
    """To be taken for a complex number, or for something with methods."""
    _of_type(path, h5t.py_create(np.dtype([("r", "f8"), ("i", [("r", "f8")])]), logical=True))


@attack("InvalidArgumentError: .*/variables/x: its HDF5 datatype is that of no dtype")
def odd_floats(path: Path) -> None:
    """To have 24-bit floats read as something else."""
    datatype = h5t.IEEE_F32LE.copy()
    datatype.set_fields(23, 15, 8, 0, 15)
    datatype.set_size(3)
    _of_type(path, datatype)


@attack("DataLossError: .*|InvalidArgumentError: .*")
def dtype_that_is_a_lie(path: Path) -> None:
    """To have eight bytes read as one, by a label."""
    with _file(path) as file:
        file["variables/x"] = np.arange(3)
        file["variables/x"].attrs["dtype"] = np.bytes_(b"float8_e4m3fn")


# --- sizes ------------------------------------------------------------------------------------------------------------


@attack(r"DataLossError: .*/variables/x: it declares 8796093022208 bytes, but the file holds 0")
def declared_but_not_stored(path: Path) -> None:
    """To have terabytes of zeros made."""
    with _file(path) as file:
        file["variables"].create_dataset("x", (2**40,), "f8")


@attack("DataLossError: .*/variables/x: it declares 1099511627776 chunks")
def chunks_that_are_not_there(path: Path) -> None:
    """The same, in chunks."""
    with _file(path) as file:
        file["variables"].create_dataset("x", (2**50,), "u1", chunks=(1024,))


@attack(None)
def thousands_of_tiny_chunks(path: Path) -> None:
    """To have the library asked for each of very many chunks; that takes time in proportion to the file."""
    with _file(path) as file:
        dataset = file["variables"].create_dataset("x", (120_000,), "u1", chunks=(8,), compression="gzip")
        data = zlib.compress(bytes(8))
        for start in range(0, 120_000, 8):
            dataset.id.write_direct_chunk((start,), data)


@attack("ResourceExhaustedError: .*/variables/x: with it, the values declare .* beyond the limit `declared_bytes`")
def bomb_of_zeros(path: Path) -> None:
    """To make gigabytes of some kilobytes."""
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


@attack(r"DataLossError: .*/variables/x: the chunk at \(0,\) does not hold 4000 bytes")
def chunk_that_is_shorter(path: Path) -> None:
    """To get memory of the process as weights."""
    _one_chunk(path, zlib.compress(bytes(100)), compression="gzip")


@attack(r"DataLossError: .*/variables/x.*")
def plain_chunk_that_is_shorter(path: Path) -> None:
    """The same, without a filter."""
    _one_chunk(path, bytes(100))


@attack("InvalidArgumentError: .*/variables/x: filters other than .* are not read")
def filter_of_a_plugin(path: Path) -> None:
    """To have a library loaded from the folder of plugins."""
    with _file(path) as file:
        properties = h5p.create(h5p.DATASET_CREATE)
        properties.set_chunk((10,))
        properties.set_filter(31999, h5z.FLAG_OPTIONAL, (1, 2))
        h5d.create(file["variables"].id, b"x", h5t.IEEE_F64LE, h5s.create_simple((10,)), properties)


@attack("DataLossError: .*/variables/x: the HDF5 library cannot read it|InvalidArgumentError: .*/x: filters other")
def filter_with_many_parameters(path: Path) -> None:
    """To have h5py read what lies behind its own list of parameters."""
    with _file(path) as file:
        properties = h5p.create(h5p.DATASET_CREATE)
        properties.set_chunk((10,))
        properties.set_filter(31999, h5z.FLAG_OPTIONAL, tuple(range(2000)))
        h5d.create(file["variables"].id, b"x", h5t.IEEE_F64LE, h5s.create_simple((10,)), properties)


@attack("InvalidArgumentError: .*/variables/x: filters other than .* are not read")
def checksum_without_room(path: Path) -> None:
    """To crash the library with a Fletcher checksum of less than its own bytes."""
    _one_chunk(path, b"ab", fletcher32=True)


@attack("InvalidArgumentError: .*/variables/x: filters other than .* are not read")
def deflated_twice(path: Path) -> None:
    """To square what a bomb can do."""
    with _file(path) as file:
        properties = h5p.create(h5p.DATASET_CREATE)
        properties.set_chunk((1 << 20,))
        for _ in range(2):
            properties.set_filter(h5z.FILTER_DEFLATE, h5z.FLAG_MANDATORY, (9,))
        h5d.create(file["variables"].id, b"x", h5t.NATIVE_UINT8, h5s.create_simple((1 << 20,)), properties)


# --- names ------------------------------------------------------------------------------------------------------------


@attack(None)
def names_for_a_terminal(path: Path) -> None:
    """To move the cursor of whoever lists the file; names are values, and printed escaped."""
    with _file(path) as file:
        for name in ("\x1b[2J\x1b[31mred", "a\nb", "\u202etxt", "x\x07"):
            file["variables"][name] = 1.0


@attack(None)
def names_that_climb(path: Path) -> None:
    """To write outside of a folder that somebody unpacks the file into; the names are what they are, and no paths."""
    write_file(path, variables={"../../etc/passwd": np.ones(1), "..": np.ones(1), "/root": np.ones(1)}, structure=None)


@attack("DataLossError: .*percent-decode|DataLossError: .*two links name|DataLossError: .*/variables")
def names_that_are_one(path: Path) -> None:
    """To have two values of one name, of which each reader sees another."""
    with _file(path) as file:
        file["variables/%61"] = np.zeros(3)


@attack("DataLossError: .*")
def names_that_are_no_text(path: Path) -> None:
    """To have bytes in a name that no encoding knows."""
    with _file(path) as file:
        h5g.create(file["variables"].id, b"\xff\xfe")


# --- sealed lies ------------------------------------------------------------------------------------------------------


def _sealed(path: Path) -> tuple[bytearray, seal.Seal]:
    write_file(path, variables={"a": np.arange(3.0), "b": np.arange(20_000.0)}, structure=structure())
    data = bytearray(path.read_bytes())
    found = seal.find(bytes(data[:65536]))
    assert found is not None
    return data, found


def _with_row(path: Path, row: int, **fields: int) -> None:
    """Change a row of the extents, and recompute whatever vouches for it."""
    data, found = _sealed(path)
    table = np.frombuffer(data, layout.EXTENTS_ROW, found.extents_rows, found.extents_offset).copy()
    for name, value in fields.items():
        table[name][row] = value
    data[found.extents_offset : found.extents_offset + table.nbytes] = table.tobytes()
    _seal_anyhow(path, bytes(data), found)


def _seal_anyhow(path: Path, data: bytes, found: seal.Seal, **changes: int) -> None:
    """A seal over a lie: the right digest of the structure where there is one, otherwise any."""
    try:
        path.write_bytes(resealed(data, **changes))
    except (seal.BrokenSealError, OverflowError, ValueError):
        record = seal.pack(seal.Seal(**{**vars(found), **changes}))
        path.write_bytes(data[: found.offset] + record + data[found.offset + len(record) :])


@attack("DataLossError: .*an extent does not lie within the file")
def extent_behind_the_end(path: Path) -> None:
    """To read what is behind the file."""
    _with_row(path, 1, offset=10**9)


@attack("DataLossError: .*an extent does not lie within the file")
def extent_that_overflows(path: Path) -> None:
    """To have an offset and a length that add up to a small number."""
    _with_row(path, 1, offset=2**64 - 8, nbytes=160_000)


@attack("DataLossError: .*two extents overlap")
def extents_that_overlap(path: Path) -> None:
    """To hide bytes from the seal by counting others twice."""
    data, found = _sealed(path)
    table = np.frombuffer(data, layout.EXTENTS_ROW, found.extents_rows, found.extents_offset)
    _with_row(path, 0, offset=int(table["offset"][1]) + 8)


@attack("DataLossError: .*overlaps the seal or a value|DataLossError: .*two extents overlap")
def extent_over_the_index(path: Path) -> None:
    """To have the index itself taken for a value, so that nothing vouches for it."""
    found = _sealed(path)[1]
    _with_row(path, 0, offset=found.extents_offset)


@attack("DataLossError: .*")
def extent_over_the_metadata(path: Path) -> None:
    """To have HDF5's own structures taken for a value, and changed at will."""
    _with_row(path, 0, offset=48)


@attack("DataLossError: .*variable 'b', float64.20000., cannot have 1152921504606846976 bytes|DataLossError: .*extent")
def extent_of_absurd_length(path: Path) -> None:
    """To have an exabyte made."""
    _with_row(path, 1, nbytes=2**60)


@attack("DataLossError: .*the table of .* extents does not lie within the file")
def extents_without_number(path: Path) -> None:
    """To have a table of 2**60 rows read."""
    data, found = _sealed(path)
    _seal_anyhow(path, bytes(data), found, extents_rows=2**60)


@attack("DataLossError: .*the bytes of variable 'b' are not what was saved")
def value_without_its_digest(path: Path) -> None:
    """To change a value and reseal the rest."""
    data, found = _sealed(path)
    table = np.frombuffer(bytes(data), layout.EXTENTS_ROW, found.extents_rows, found.extents_offset)
    data[int(table["offset"][1])] ^= 1
    _seal_anyhow(path, bytes(data), found)


@attack(None)
def value_with_a_new_digest(path: Path) -> None:
    """To give another value; a seal is no signature, so that this is a file like any other."""
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
    """Replace a text in the structure, and recompute the seal."""
    assert len(before) == len(after)
    data, _ = _sealed(path)
    assert before in data
    path.write_bytes(resealed(bytes(data).replace(before, after)))


@attack("DataLossError: .*/index/variables: '99999' is not|DataLossError: .*cannot have 160000 bytes")
def shape_that_is_a_lie(path: Path) -> None:
    """To have more elements than bytes."""
    _with_text(path, b"20000\0", b"99999\0")


@attack("InvalidArgumentError: .*/index/variables: there is no dtype 'objects'")
def dtype_of_objects(path: Path) -> None:
    """To have pointers read from a file."""
    _with_text(path, b"float64\0", b"objects\0")


@attack("DataLossError: .*/graph/.*")
def edges_that_disagree(path: Path) -> None:
    """To show one graph to whoever reads the nodes and another to whoever reads the edges."""
    write_file(path, variables=None, structure=structure())
    with h5py.File(path, "r+") as file:
        rows = file["graph/edges"][...]
        rows["target"][0] = rows["source"][0]
        file["graph/edges"][...] = rows
    path.write_bytes(resealed(path.read_bytes()))


@attack("DataLossError: .*/graph/edges.*")
def million_edges_of_one_node(path: Path) -> None:
    """To have a node with a million wires to itself."""
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
    """To overflow the stack of whoever parses JSON."""
    _with_attrs(path, '{"a": ' + "[" * 5000 + "]" * 5000 + "}")


@attack("DataLossError: .*/graph/nodes.*")
def attributes_of_digits(path: Path) -> None:
    """To have a number of a million digits computed."""
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


@attack("DataLossError: .*offsets|DataLossError: .*not what was saved|DataLossError: .*/variables/texts")
def offsets_of_texts_that_lie(path: Path) -> None:
    """To have texts that begin before the file, or share one megabyte a million times."""
    write_file(path, variables={"texts": np.array([b"x" * 5000, *[b"y"] * 20], object)}, structure=None)
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


@attack("DataLossError: .*|InvalidArgumentError: .*")
def metadata_with_new_checksums(path: Path) -> None:
    """To have HDF5 walk a structure that somebody has edited, checksums and seal recomputed."""
    data, _ = _sealed(path)
    place = bytes(data).find(b"variables", bytes(data).find(b"OHDR"))
    data[place - 1] = 200  # the length of the name in a link of the root group
    path.write_bytes(resealed(repaired(bytes(data), place)))


# --- compressed lies --------------------------------------------------------------------------------------------------


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


@attack(r"DataLossError: .*variable 'a', the chunk at \(0, 0\): it does not become \d+ bytes")
def sealed_chunk_of_noise(path: Path) -> None:
    """To have a decoder meet what nobody encoded."""
    _with_chunk(path, bytes(range(256)))


@attack(r"DataLossError: .*variable 'a', the chunk at \(0, 0\): it does not become \d+ bytes")
def sealed_chunk_that_is_shorter(path: Path) -> None:
    """To get memory of the process as weights."""
    _with_chunk(path, zlib.compress(bytes(1000)))


@attack("ResourceExhaustedError: .*variable 'a': with it, the values declare .* beyond the limit `declared_bytes`")
def sealed_bomb(path: Path) -> None:
    """To make gigabytes of a megabyte, in a file whose seal holds."""
    write_models(
        path,
        {groups.ROOT: Model({"a": np.zeros(1100 << 20, np.uint8)}, None, {}, {"a": Compression("zstd")})},
    )


@attack("DataLossError: .*/index/variables: variable 'a', .* cannot be in such chunks|DataLossError: .*describes")
def chunks_of_another_shape(path: Path) -> None:
    """To have the chunks put together in another way than they were cut."""
    data, _ = _packed(path)
    before = b"125,1000"
    assert before in data
    path.write_bytes(resealed(bytes(data).replace(before, b"125,1001")))


@attack("InvalidArgumentError: .*/index/variables: variable 'a' has unknown filters, 'shuffle pick'")
def filters_without_a_name(path: Path) -> None:
    """To have a filter called that there is not."""
    data, _ = _packed(path)
    assert b"shuffle gzip" in data
    path.write_bytes(resealed(bytes(data).replace(b"shuffle gzip", b"shuffle pick")))


# --- the file itself --------------------------------------------------------------------------------------------------


@attack("InvalidArgumentError: .* is not a regular file but a pipe or a device; it is not read")
def pipe(path: Path) -> None:
    """To wait for ever."""
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
    else:  # Windows has none of that name in a folder
        raise NotImplementedError


@attack("InvalidArgumentError: .* is not a regular file but a pipe or a device; it is not read")
def device_without_an_end(path: Path) -> None:
    """To read zeros for ever."""
    path.symlink_to("/dev/zero")


@attack("NotFoundError: .* is a directory|ValueError: .*")
def directory(path: Path) -> None:
    """To be taken for a file."""
    path.mkdir()


@attack("DataLossError: .* is cut short: it has \\d+ bytes, and its HDF5 header says 9223372036854775807")
def superblock_of_absurd_size(path: Path) -> None:
    """To be a file of exabytes."""
    data, _ = _sealed(path)
    struct.pack_into("<Q", data, 28, 2**63 - 1)
    struct.pack_into("<I", data, 44, lookup3(bytes(data[:44])))
    path.write_bytes(data)


@attack("InvalidArgumentError: .* is an HDF5 file of a kind that is not read")
def superblock_with_an_extension(path: Path) -> None:
    """To bring tables of shared messages, of which most known holes in the library are."""
    data, _ = _sealed(path)
    struct.pack_into("<Q", data, 20, 48)
    struct.pack_into("<I", data, 44, lookup3(bytes(data[:44])))
    path.write_bytes(data)


@attack("DataLossError: .*")
def old_group_that_is_its_own_child(path: Path) -> None:
    """To overflow the library's stack with a B-tree of the first version that leads back into itself."""
    with h5py.File(path, "w", libver="earliest") as file:
        for number in range(200):
            file[f"variables/x{number}"] = 1.0
    data = bytearray(path.read_bytes())
    trees = [place for place in range(len(data)) if data[place : place + 4] == b"TREE"]
    for place in trees:
        data[place + 5] = 1  # an inner node
        struct.pack_into("<Q", data, place + 32, place)
    path.write_bytes(data)
