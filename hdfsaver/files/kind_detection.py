"""The kind of a file by its bytes.

Nothing is decoded here: the first bytes of a file are compared with the signatures of formats, its last ones with the
few that are at the end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

from hdfsaver.errors import DataLossError, InvalidArgumentError, OpError
from hdfsaver.files.file_kinds import (
    DATA,
    DATA_ALONE,
    EMPTY,
    EVENTS,
    FIRST_FORMAT,
    GRAPH_DEF,
    HDF5,
    HDF5_FILE,
    HTML,
    INDEX,
    JSON,
    KERAS,
    LEVELDB,
    META_GRAPH,
    NPZ,
    ONNX,
    PICKLE,
    SAFETENSORS,
    SAVED_MODEL,
    SHARD,
    SIGNATURES,
    STATE,
    TABLE,
    TORCH,
    TORCHSCRIPT,
    XML,
    ZEROS,
    ZIP,
    FileKind,
    R,
    refusal_of,
)
from hdfsaver.files.opening import Opened, bytes_at, end_reading, is_file, open_any
from hdfsaver.files.remote.names import RemoteName

TAIL = 65536
"""Bytes of the end of a file that are looked at."""

_FIRST_USER_BLOCK = 512
"""A user block before HDF5 data has this many bytes, or a power of two more."""

_SAID = 40
"""Bytes of an unknown text that an error quotes."""

_R_ENDINGS = (".rds", ".rda", ".rdata")
_R_COMPRESSION = ("gzip", "bzip2", "xz")
"""The endings of R's files, and how R compresses them: unpacking one would not help."""

_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")
_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"

_PICKLE = re.compile(rb"\x80[\x02-\x05]|c[a-z_.]+\n[A-Za-z_]+\n|\((?:d|l)p?[0-9]*\n")
"""The first bytes of pickles: of protocols 2 to 5, and those as text."""

_TORCH_LEGACY = re.compile(rb"\x80[\x02-\x05](?:\x95.{8})?\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19\.", re.DOTALL)
"""The first bytes of ``torch.save`` before PyTorch 1.6: a pickle with a number of its own; protocol 4 frames it."""

_EVENTS = re.compile(rb".{8,40}brain\.Event:[0-9]", re.DOTALL)

_TEXT_GRAPH = re.compile(r"(?:\s|#[^\n]*\n)*(?P<field>[a-z_]+)\s*(?:\{|:\s*(?:\d|\{))")
_GRAPH_FIELDS = {
    **dict.fromkeys(("node", "versions", "library"), GRAPH_DEF),
    **dict.fromkeys(("meta_info_def", "graph_def", "saver_def", "collection_def", "signature_def"), META_GRAPH),
    **dict.fromkeys(("saved_model_schema_version", "meta_graphs"), SAVED_MODEL),
}
"""The kind of a message as text, by its first field."""


def kind_of_file(path: str | os.PathLike[str]) -> FileKind | None:
    """The kind of a regular file; None if it is unknown.

    Raises
    ------
    OpError
        It cannot be read; see `hdfsaver.files.opening.open_any`.
    """
    opened = open_any(path)
    try:
        return kind_of(opened, path)
    finally:
        end_reading(opened.fd)


def kind_of(opened: Opened, path: str | os.PathLike[str]) -> FileKind | None:
    """The kind of an open file.

    Parameters
    ----------
    opened : Opened
    path : path-like
        Its path: data files of TensorFlow checkpoints have no signature but their name.

    Returns
    -------
    FileKind or None
        None if the kind is unknown.

    Raises
    ------
    EOFError, OSError
        Its end cannot be read.
    """
    if opened.head.startswith(HDF5):  # known without its last bytes, which are another request of a remote file
        return HDF5_FILE
    tail = opened.head
    if opened.size > len(opened.head):
        tail = bytes_at(opened, opened.size - TAIL, TAIL)
    if find_hdf5(opened) is not None:
        return HDF5_FILE
    return identify(opened.head, tail, opened.size, path)


def find_hdf5(opened: Opened) -> int | None:
    """Where the HDF5 data of a file begin: at 0, or after a user block; None for a file of another kind.

    Raises
    ------
    EOFError, OSError
        See `hdfsaver.files.positional_io.read_at`.
    """
    base = 0
    # Of a remote file each place would be a request.
    size = opened.size if isinstance(opened.fd, int) else len(opened.head)
    while base + len(HDF5) <= size:
        if bytes_at(opened, base, len(HDF5)) == HDF5:
            return base
        base = 2 * base or _FIRST_USER_BLOCK
    return None


def identify(head: bytes, tail: bytes, size: int, path: str | os.PathLike[str]) -> FileKind | None:
    """The kind of a file, from its first and last bytes.

    Parameters
    ----------
    head, tail : bytes
        Up to `hdfsaver.files.opening.HEAD` and `TAIL` of them; a shorter file as a whole.
    size : int
        Its length.
    path : path-like
        See `kind_of`.

    Returns
    -------
    FileKind or None
        None if the kind is unknown.
    """
    if not size:
        return EMPTY
    found = _by_signature(head)
    if found is not None and found.key in _R_COMPRESSION and os.fspath(path).lower().endswith(_R_ENDINGS):
        return R
    shard = SHARD.fullmatch(os.fspath(path))
    if found is None and head.lstrip()[:1] == b"<":
        found = _text(head, tail)
    if found is None and shard is not None:
        return DATA if _has_index(path, shard["prefix"]) else DATA_ALONE
    for test in _TESTS:
        found = found or test(head, tail)
    return found or (SAFETENSORS if _is_safetensors(head, size) else None)


def _has_index(path: str | os.PathLike[str], prefix: str) -> bool:
    return is_file(RemoteName(f"{prefix}.index")) if isinstance(path, RemoteName) else os.path.isfile(f"{prefix}.index")


def refusal(opened: Opened, path: str | os.PathLike[str], expected: str) -> OpError:
    """Make the error for an open file of another kind than the one that was expected.

    Parameters
    ----------
    opened : Opened
    path : path-like
    expected : str
        The expected kind, in a sentence: ``"an HDF5 file"``.

    Returns
    -------
    OpError
        See `refusal_of`.
    """
    kind = kind_of(opened, path)
    return _of_unknown_kind(opened.head, path, expected) if kind is None else refusal_of(kind, path, expected)


def _of_unknown_kind(head: bytes, path: str | os.PathLike[str], expected: str) -> OpError:
    text = text_of(head)
    if text is not None:
        what = f"is a text file, but {expected} was expected; it begins with {text[:_SAID]!r}."
        return InvalidArgumentError(None, None, f"{os.fspath(path)} {what}")
    return DataLossError(
        None,
        None,
        f"{os.fspath(path)} is not of a known kind, or its beginning is damaged: {expected} was expected, but it "
        f"begins with {head[:8]!r}.",
    )


def _by_signature(head: bytes) -> FileKind | None:
    for offset, signature, kind in SIGNATURES:
        # The first four bytes of a TensorFlow Lite model are a small number.
        if head.startswith(signature, offset) and (offset != 4 or head[2:4] == b"\0\0"):
            return kind
    return None


# -- kinds that take more than a signature -----------------------------------------------------------------------------


def _archive(head: bytes, tail: bytes) -> FileKind | None:
    if not head.startswith(_ARCHIVES):
        return None
    names = set(member_names(head, tail))
    if any(name.endswith("data.pkl") for name in names):
        is_program = any(name.endswith("constants.pkl") or "/code/" in name for name in names)
        return TORCHSCRIPT if is_program else TORCH
    if "model.weights.h5" in names:
        return KERAS
    return NPZ if names and all(name.endswith(".npy") for name in names) else ZIP


def member_names(head: bytes, tail: bytes) -> Iterator[str]:
    """The names of members of a zip archive, as far as its first and last bytes have them."""
    if head.startswith(_LOCAL):
        yield _name(head, 0, 26, 30)
    for found in re.finditer(re.escape(_CENTRAL), tail):
        if name := _name(tail, found.start(), 28, 46):
            yield name


def _name(data: bytes, start: int, place: int, fixed: int) -> str:
    length = int.from_bytes(data[start + place : start + place + 2], "little")
    return data[start + fixed : start + fixed + length].decode("utf-8", "replace")


def _table(head: bytes, tail: bytes) -> FileKind | None:
    if not tail.endswith(TABLE):
        return None
    # In a checkpoint the lengths of the shared and the own part of the first key are 0; then the length of the value,
    # and the value: the header of a bundle begins with a number, that of the first format with a message.
    if not head.startswith(b"\0\0"):
        return LEVELDB
    return INDEX if re.match(rb"\0\0[\x80-\xff]{0,4}[\0-\x7f]\x08", head) else FIRST_FORMAT


def _events(head: bytes, tail: bytes) -> FileKind | None:
    return EVENTS if _EVENTS.match(head) else None


def _message(head: bytes, tail: bytes) -> FileKind | None:
    """The kind of a binary message; messages have no signature, but their first fields tell them."""
    if head[:1] == b"\x08":
        if head[1:3] == b"\x01\x12":
            return SAVED_MODEL
        return ONNX if re.match(rb"\x08[\x03-\x20][\x12\x1a\x3a\x42]", head) else None
    if head[:1] == b"\x12":
        return _without_its_first_field(head)
    first = _within(head, b"\x0a")
    if first is None:
        return None
    if _is_name(_within(first, b"\x0a")) and _is_name(_within(_after(first), b"\x12")):  # a node: its name and type
        return GRAPH_DEF
    types = _within(_after(first) if first[:1] == b"\x0a" else first, b"\x12")  # a version may be before the types
    is_list = types is not None and _is_name(_within(_within(types, b"\x0a"), b"\x0a"))
    return META_GRAPH if is_list or first[:1] in (b"\x22", b"\x2a") else None


def _without_its_first_field(head: bytes) -> FileKind | None:
    """The kind of a graph whose second field comes first: a graph without a description, or functions alone."""
    name = _within(_within(_within(head, b"\x12"), b"\x0a"), b"\x0a")
    if _is_name(name):
        return META_GRAPH
    return GRAPH_DEF if _is_name(_within(name, b"\x0a")) else None


def _within(data: bytes | None, tag: bytes) -> bytes | None:
    """The content of the first field of a message, as far as these bytes have it, if the field has this tag."""
    if data is None or data[:1] != tag:
        return None
    length, start = _varint(data, 1)
    return None if length is None else data[start : start + length]


def _after(data: bytes) -> bytes:
    length, start = _varint(data, 1)
    return data[start + (length or 0) :]


def _varint(data: bytes, start: int) -> tuple[int | None, int]:
    value = 0
    for place, byte in enumerate(data[start : start + 5]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, start + place + 1
    return None, start


def _is_name(data: bytes | None) -> bool:
    """Whether bytes are the name of an operation or of a type."""
    return data is not None and re.fullmatch(rb"[A-Za-z0-9.>_][A-Za-z0-9_.\\/>:-]*", data) is not None


def _pickled(head: bytes, tail: bytes) -> FileKind | None:
    if _TORCH_LEGACY.match(head):
        return TORCH
    # Every pickle ends with a full stop.
    return PICKLE if _PICKLE.match(head) and tail.rstrip(b"\n").endswith(b".") else None


def _text(head: bytes, tail: bytes) -> FileKind | None:
    text = text_of(head)
    if text is None:
        return None
    begin = text.lstrip("\ufeff \t\r\n")
    lower = begin[:256].lower()
    if lower.startswith(("<!doctype html", "<head", "<body")) or (lower.startswith("<") and "<html" in lower):
        return HTML
    if lower.startswith(("<?xml", "<!doctype", "<svg")):
        return XML
    if re.match(r"(?:all_)?model_checkpoint_paths?\s*:", begin):
        return STATE
    graph = _TEXT_GRAPH.match(begin)
    if graph is not None and graph["field"] in _GRAPH_FIELDS:
        return _GRAPH_FIELDS[graph["field"]]
    if re.match(r'\{\s*(?:"|\})|\[\s*(?:["\[{\]\d-])', begin):
        return JSON
    return None


def text_of(head: bytes) -> str | None:
    """The beginning of a file as text; None if it is not text in UTF-8."""
    try:
        text = head[:1024].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) <= 1024 or error.start < 1020:  # a character may be cut
            return None
        text = head[: error.start].decode("utf-8-sig")
    return text if all(char.isprintable() or char in "\t\r\n\f" for char in text) else None


def _zeros(head: bytes, tail: bytes) -> FileKind | None:
    return ZEROS if not any(head) and not any(tail) else None


def _is_safetensors(head: bytes, size: int) -> bool:
    length = int.from_bytes(head[:8], "little")
    return 2 <= length <= size - 8 and head[8:9] == b"{"


_TESTS: tuple[Callable[[bytes, bytes], FileKind | None], ...] = (
    _archive,
    _table,
    _events,
    _pickled,
    _text,
    _message,
    _zeros,
)
"""Tests of the first and last bytes, in this order."""
