"""The kind of a file by its bytes, and the function that reads it: for errors about a file of an unexpected kind.

Nothing is decoded here: the first bytes of a file are compared with the signatures of formats, its last ones with the
few that are at the end.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator
from itertools import chain, count
from typing import NamedTuple

from hdfsaver.errors import DataLossError, InvalidArgumentError, OpError
from hdfsaver.files.opening import Opened, bytes_at, open_any

HDF5 = b"\x89HDF\r\n\x1a\n"
"""The signature of HDF5."""

TABLE = bytes.fromhex("57fb808b247547db")
"""The last bytes of a table of LevelDB, such as the index of a TensorFlow checkpoint."""

SHARD = re.compile(r"(?P<prefix>.*)\.data-[0-9]{5}-of-[0-9]{5}", re.DOTALL)
"""The paths of the data files of a TensorFlow checkpoint."""

TAIL = 65536
"""Bytes of the end of a file that are looked at."""

_FIRST_USER_BLOCK = 512
"""A user block before HDF5 data has this many bytes, or a power of two more."""

_SAID = 40
"""Bytes of an unknown text that an error quotes."""


class FileKind(NamedTuple):
    """The kind of a file.

    Attributes
    ----------
    key : str
        A short name, for programs: ``"npz"``.
    name : str
        Its name in a sentence: ``"a NumPy archive (.npz)"``.
    advice : str
        The function or command that reads it, in sentences: ``{quoted}`` is the file in a command, ``{out}`` and
        ``{quoted_out}`` a new checkpoint beside it, ``{prefix}`` the file without its last ending, ``{folder}`` its
        folder.
    is_damage : bool
        Whether such a file is damaged, instead of a whole file of another kind.
    """

    key: str
    name: str
    advice: str
    is_damage: bool = False


_READ = "hdfsaver.load_file reads it, and `hdfsaver convert {quoted} {quoted_out}` makes a checkpoint of it."
_UNREAD = "No function of hdfsaver reads it."


def _by(programs: str) -> str:
    return f"{_UNREAD} {programs} can; hdfsaver.save_file saves the arrays that it gives."


def _packed(command: str) -> str:
    return f"Unpack it first (`{command} {{quoted}}`), and give the file or folder in it."


_DOWNLOAD = "Such a page often takes the place of a file that needs a login; download the file itself again."

EMPTY = FileKind("empty", "empty", "Copy or download the file again.", is_damage=True)
ZEROS = FileKind(
    "zeros", "a file of zero bytes, as an interrupted copy leaves", "Copy or download it again.", is_damage=True
)
LFS = FileKind(
    "lfs",
    "a Git LFS pointer",
    "The file itself was not downloaded: `git lfs pull`, in the folder of the repository, downloads it.",
)
HDF5_FILE = FileKind(
    "hdf5",
    "an HDF5 file",
    "hdfsaver.load_file reads its arrays, and tf.train.import_meta_graph imports the graph of a checkpoint.",
)
NPZ = FileKind("npz", "a NumPy archive (.npz)", _READ)
TORCH = FileKind("torch", "a PyTorch file", _READ)
KERAS = FileKind("keras", "a Keras archive (.keras)", _READ)
SAFETENSORS = FileKind("safetensors", "a safetensors file", _READ)
TORCHSCRIPT = FileKind("torchscript", "a TorchScript program", _READ)
ZIP = FileKind("zip", "a zip archive", _packed("unzip"))
PICKLE = FileKind(
    "pickle",
    "a pickle",
    "hdfsaver.load_file reads the arrays of a pickle of protocol 2 or later, and runs nothing that it names.",
)
NPY = FileKind("npy", "a NumPy array (.npy)", _READ)
JSON = FileKind(
    "json",
    "JSON",
    "hdfsaver.load_file reads an index of files of arrays, whose name ends in .index.json or .weights.json.",
)
STATE = FileKind(
    "state",
    "the state file of a folder with checkpoints",
    "hdfsaver.load_file and tf.train.load_checkpoint read the latest checkpoint of its folder, {folder!r}.",
)
SAVED_MODEL = FileKind(
    "saved-model",
    "the graph of a SavedModel",
    "hdfsaver.load_file({folder!r}) reads the variables of its folder, hdfsaver.interop.read_saved_model the graphs.",
)
META_GRAPH = FileKind(
    "meta-graph",
    "a TensorFlow graph (MetaGraphDef)",
    "tf.train.import_meta_graph and hdfsaver.interop.read_meta_graph read it, hdfsaver.load_file its constants.",
)
GRAPH_DEF = FileKind(
    "graph-def",
    "a TensorFlow graph (GraphDef)",
    "hdfsaver.interop.read_graph_def reads it, hdfsaver.load_file its constants.",
)
INDEX = FileKind(
    "index",
    "the index of a TensorFlow checkpoint",
    "Give the prefix of the checkpoint instead, {prefix!r}: tf.train.load_checkpoint reads its tensors, "
    "tf.train.import_meta_graph its graph.",
)
FIRST_FORMAT = FileKind("v1", "a TensorFlow checkpoint of the first format", _READ)
LEVELDB = FileKind("leveldb", "a table of LevelDB", _UNREAD)
DATA = FileKind(
    "data",
    "a data file of a TensorFlow checkpoint",
    "Give the prefix of the checkpoint instead, {prefix!r}: tf.train.load_checkpoint reads its tensors.",
)
DATA_ALONE = FileKind(
    "data-alone",
    "a data file of a TensorFlow checkpoint",
    "The index of the checkpoint, {prefix}.index, is missing: put it into the same folder, and give the prefix, "
    "{prefix!r}.",
)
OCTAVE = FileKind("octave", "an Octave file", f"{_UNREAD} In Octave, `save -hdf5` writes HDF5, which is read.")
R = FileKind("r", "a file of R", f"{_UNREAD} In R, the packages rhdf5 and hdf5r write HDF5, which is read.")
HTML = FileKind("html", "a web page", _DOWNLOAD)

SIGNATURES = (
    (0, HDF5, HDF5_FILE),
    (0, b"\x93NUMPY", NPY),
    (0, b"version https://git-lfs.github.com/spec/", LFS),
    (0, b"\x1f\x8b", FileKind("gzip", "compressed by gzip", _packed("gunzip -k"))),
    (0, b"\x28\xb5\x2f\xfd", FileKind("zstd", "compressed by zstd", _packed("unzstd"))),
    (0, b"\xfd7zXZ\0", FileKind("xz", "compressed by xz", _packed("unxz -k"))),
    (0, b"BZh", FileKind("bzip2", "compressed by bzip2", _packed("bunzip2 -k"))),
    (0, b"\x04\x22\x4d\x18", FileKind("lz4", "compressed by lz4", _packed("unlz4"))),
    (0, b"7z\xbc\xaf\x27\x1c", FileKind("7z", "a 7z archive", _packed("7z x"))),
    (0, b"Rar!\x1a\x07", FileKind("rar", "a RAR archive", _packed("unrar x"))),
    (257, b"ustar", FileKind("tar", "a tar archive", _packed("tar -xf"))),
    (4, b"TFL3", FileKind("tflite", "a TensorFlow Lite model", _by("The TensorFlow Lite interpreter"))),
    (0, b"GGUF", FileKind("gguf", "a GGUF model", _by("The package gguf"))),
    (0, b"SQLite format 3\0", FileKind("sqlite", "an SQLite database", _by("sqlite3"))),
    (0, b"CDF\x01", FileKind("netcdf3", "a netCDF-3 file", _by("netCDF4, xarray or scipy.io.netcdf_file"))),
    (0, b"CDF\x02", FileKind("netcdf3", "a netCDF-3 file", _by("netCDF4, xarray or scipy.io.netcdf_file"))),
    (0, b"CDF\x05", FileKind("netcdf3", "a netCDF-3 file", _by("netCDF4 or xarray"))),
    (0, b"\x0e\x03\x13\x01", FileKind("hdf4", "an HDF4 file, whose format is not HDF5", _by("pyhdf"))),
    (0, b"MATLAB 5.0 MAT-file", FileKind("mat5", "a MATLAB file of version 5", _by("scipy.io.loadmat"))),
    (0, b"Octave-1-L", OCTAVE),
    (0, b"# Created by Octave", OCTAVE),
    (0, b"RDX2\n", R),
    (0, b"RDX3\n", R),
    (0, b"X\n\0\0\0\x02", R),
    (0, b"X\n\0\0\0\x03", R),
    (0, b"PAR1", FileKind("parquet", "a Parquet file", _by("pyarrow or pandas"))),
    (0, b"ARROW1", FileKind("arrow", "an Arrow file", _by("pyarrow"))),
    (0, b"SIMPLE  =", FileKind("fits", "a FITS file", _by("astropy.io.fits"))),
    (0, b"GRIB", FileKind("grib", "a GRIB file", _by("cfgrib or eccodes"))),
    (0, b"%PDF-", FileKind("pdf", "a PDF document", _UNREAD)),
    (0, b"\x89PNG\r\n\x1a\n", FileKind("png", "a PNG image", _by("PIL"))),
    (0, b"\xff\xd8\xff", FileKind("jpeg", "a JPEG image", _by("PIL"))),
    (0, b"GIF8", FileKind("gif", "a GIF image", _by("PIL"))),
    (0, b"II*\0", FileKind("tiff", "a TIFF image", _by("PIL or tifffile"))),
    (0, b"MM\0*", FileKind("tiff", "a TIFF image", _by("PIL or tifffile"))),
    (0, b"\x7fELF", FileKind("elf", "a program or library for Linux", _UNREAD)),
)
"""Offset, bytes and kind; kinds that bytes at one place do not tell are below."""

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

_ONNX = FileKind("onnx", "an ONNX model", _by("The package onnx"))


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
        os.close(opened.fd)


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
    while base + len(HDF5) <= opened.size:
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
        return DATA if os.path.isfile(f"{shard['prefix']}.index") else DATA_ALONE
    for test in _TESTS:
        found = found or test(head, tail)
    return found or (SAFETENSORS if _is_safetensors(head, size) else None)


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


def refusal_of(kind: FileKind, path: str | os.PathLike[str], expected: str) -> OpError:
    """Make the error for a file of a known kind, where another one was expected.

    Parameters
    ----------
    kind : FileKind
    path : path-like
    expected : str
        The expected kind, in a sentence.

    Returns
    -------
    OpError
        `InvalidArgumentError` for a file of another kind, `DataLossError` for a damaged one; the message names both
        kinds, and the function that reads the file.
    """
    error = DataLossError if kind.is_damage else InvalidArgumentError
    return error(None, None, f"{os.fspath(path)} is {kind.name}, but {expected} was expected. {advice(kind, path)}")


def advice(kind: FileKind, path: str | os.PathLike[str]) -> str:
    """The sentences that say which function or command reads a file of a kind."""
    text = os.fspath(path)
    shard = SHARD.fullmatch(text)
    stem = os.path.splitext(text)[0]
    # The command must not replace a file that is there.
    outs = chain([f"{stem}.h5", f"{stem}-converted.h5"], (f"{stem}-converted-{number}.h5" for number in count(2)))
    out = next(name for name in outs if name != text and not os.path.lexists(name))
    return kind.advice.format(
        quoted=shlex.quote(text),
        out=out,
        quoted_out=shlex.quote(out),
        prefix=shard["prefix"] if shard else stem,
        folder=os.path.dirname(text) or os.curdir,
    )


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
    kind = FileKind("events", "a file of TensorBoard events", _UNREAD)
    return kind if _EVENTS.match(head) else None


def _message(head: bytes, tail: bytes) -> FileKind | None:
    """The kind of a binary message; messages have no signature, but their first fields tell them."""
    if head[:1] == b"\x08":
        if head[1:3] == b"\x01\x12":
            return SAVED_MODEL
        return _ONNX if re.match(rb"\x08[\x03-\x20][\x12\x1a\x3a\x42]", head) else None
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
        return FileKind("xml", "an XML document", _UNREAD)
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
