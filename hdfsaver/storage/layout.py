"""The format as data: the elements of every file. ``docs/format.md`` explains it, and a test compares the two."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np

from hdfsaver import limits
from hdfsaver.files import opening

FORMAT = "hdfsaver"
MAJOR = 1
"""The major version, which changes when older readers could misread a file; a reader refuses any other version."""

MINOR = 0
"""The minor version, which changes when something is added that older readers may ignore."""

VERSION = f"{MAJOR}.{MINOR}"

FORMAT_ATTRIBUTE = "format"
VERSION_ATTRIBUTE = "format_version"
PRODUCER_ATTRIBUTE = "producer"

GRAPH = "graph"
KIND_ATTRIBUTE = "kind"
"""The attribute of a ``/graph`` that is not a computation graph."""

DIGRAPH = "digraph"
"""The kind of a ``/graph`` that holds any DiGraph of plain values."""

VARIABLES = "variables"
INDEX = "index"
METADATA = "metadata"
ABOUT = "about"
INDEX_VARIABLES = "variables"
EXTENTS = "extents"
SEAL = "seal"

VARIABLES_COLUMNS = ("name", "dtype", "shape")
"""String columns of ``/index/variables``: link path, dtype, and sizes such as ``3,4`` (empty for a scalar)."""

METADATA_COLUMNS = ("key", "value")
"""Columns of ``/metadata``, both strings."""

RANDOM = "random"
RANDOM_COLUMN = "name"
"""The string column of ``/index/random``: the name of an operation."""

RANDOM_PLACES = "random_places"

GROUP_COLUMN = "group"
"""The additional column in a file with models in groups: the link of the model's group."""

CHUNK_COLUMNS = ("filters", "chunk")
"""The additional columns in a file with compressed variables: filters, ``shuffle zstd``, and sizes of the chunks."""

ENCODING_COLUMN = "encoding"
"""The additional column in a file with string tensors: the form of each, ``counted`` or ``joined``."""

EXTENTS_ROW = np.dtype([("offset", "<u8"), ("nbytes", "<u8"), ("xxh3_64", "<u8")])

Extent: TypeAlias = tuple[int, int, int]
"""A row of the extents: offset, length and digest of stored bytes."""

INDEX_COLUMNS = (*VARIABLES_COLUMNS, GROUP_COLUMN, *CHUNK_COLUMNS, ENCODING_COLUMN)
"""The columns of ``/index/variables`` whose places in a row the seal has."""

SEAL_RECORD = np.dtype(
    [
        ("magic", "S8"),
        ("nbytes", "<u4"),
        ("major", "<u2"),
        ("minor", "<u2"),
        ("flags", "<u4"),
        ("index_row_nbytes", "<u4"),
        ("offset", "<u8"),
        ("file_size", "<u8"),
        ("structure_end", "<u8"),
        ("tail_start", "<u8"),
        ("extents_offset", "<u8"),
        ("extents_rows", "<u8"),
        ("index_offset", "<u8"),
        ("index_rows", "<u8"),
        ("long_offset", "<u8"),
        ("long_nbytes", "<u8"),
        ("long_rows", "<u4"),
        ("long_row_nbytes", "<u4"),
        *((f"{column}_{what}", "<u4") for column in INDEX_COLUMNS for what in ("at", "width")),
        ("index_xxh3_64", "<u8"),
        ("structure_xxh3_64", "<u8"),
        ("seal_xxh3_64", "<u8"),
    ]
)
"""The record of the seal. A later minor version may have more fields, before the last one."""

DIGEST_BYTES = 8
"""The last bytes of a seal, which are the digest of all bytes before them."""

MAGIC = b"hdf-SEAL"

FOREIGN = 1
"""The flag of a file with content of other programs, which a writer that changes a part of the file keeps."""

RANDOM_STATE = 2
"""The flag of a file with places of random operations, so that a reader need not look for them."""

HEAD = opening.HEAD
"""The seal is within this many bytes from the beginning of the file."""

ALIGNMENT = 64
"""The offset of every value is a multiple of this."""

PAGE = 4096
"""The offset of a large value that is not compressed is a multiple of this."""

MAX_RANK = limits.RANK
"""HDF5's own limit of dimensions."""


class Element(NamedTuple):
    """One element of the format: its path, its kind, and whether it is required."""

    path: str
    kind: str
    required: bool


ELEMENTS = (
    Element("/", "group", True),
    Element(f"/@{FORMAT_ATTRIBUTE}", "attribute", True),
    Element(f"/@{VERSION_ATTRIBUTE}", "attribute", True),
    Element(f"/@{PRODUCER_ATTRIBUTE}", "attribute", True),
    Element(f"/{GRAPH}", "group", False),
    Element(f"/{GRAPH}/@{KIND_ATTRIBUTE}", "attribute", False),
    Element(f"/{VARIABLES}", "group", False),
    Element(f"/{VARIABLES}/NAME", "dataset", False),
    Element(f"/GROUP/{GRAPH}", "group", False),
    Element(f"/GROUP/{VARIABLES}", "group", False),
    Element(f"/{METADATA}", "table", False),
    Element(f"/{ABOUT}", "dataset", False),
    Element(f"/{INDEX}", "group", True),
    Element(f"/{INDEX}/{INDEX_VARIABLES}", "table", True),
    Element(f"/{INDEX}/{EXTENTS}", "table", True),
    Element(f"/{INDEX}/{SEAL}", "dataset", True),
    Element(f"/{INDEX}/{RANDOM}", "table", False),
    Element(f"/{INDEX}/{RANDOM_PLACES}", "dataset", False),
)
