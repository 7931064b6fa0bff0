"""The kinds of files: the first bytes of each, and the function that reads it, for errors about an unexpected kind."""

from __future__ import annotations

import os
import re
import shlex
from itertools import chain, count
from typing import NamedTuple

from hdfsaver.errors import DataLossError, InvalidArgumentError, OpError

HDF5 = b"\x89HDF\r\n\x1a\n"
"""The signature of HDF5."""

TABLE = bytes.fromhex("57fb808b247547db")
"""The last bytes of a table of LevelDB, such as the index of a TensorFlow checkpoint."""

SHARD = re.compile(r"(?P<prefix>.*)\.data-[0-9]{5}-of-[0-9]{5}", re.DOTALL)
"""The paths of the data files of a TensorFlow checkpoint."""


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
EVENTS = FileKind("events", "a file of TensorBoard events", _UNREAD)
ONNX = FileKind("onnx", "an ONNX model", _by("The package onnx"))
XML = FileKind("xml", "an XML document", _UNREAD)

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
"""Offset, bytes and kind; `kind_detection` tells the kinds that bytes at one place do not tell."""


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
