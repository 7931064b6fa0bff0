"""A small file of each kind that is told by its bytes, as programs that write the kind begin and end it."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import pickle
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

GRAPHS = Path(__file__).parents[1] / "interop" / "golden_graphs"
GOLDEN = Path(__file__).parents[1] / "interop" / "golden"
FORMATS = Path(__file__).parents[1] / "formats" / "golden"

ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


def _zip(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _npy() -> bytes:
    file = io.BytesIO()
    np.save(file, ARRAY)
    return file.getvalue()


def _npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, w=ARRAY)
    return file.getvalue()


def safetensors() -> bytes:
    """One array, ``w``."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    return len(header).to_bytes(8, "little") + header + ARRAY.tobytes()


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("w.npy"), io.BytesIO())
    return file.getvalue()


def _sqlite() -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table t (x)")
        return database.serialize()


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def _events() -> bytes:
    message = b"\x09" + struct.pack("<d", 1.7e9) + b"\x1a\x0dbrain.Event:2"
    return struct.pack("<Q", len(message)) + b"\0\0\0\0" + message + b"\0\0\0\0"


TORCH_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)

SAMPLES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "hdf5": ("keras.h5", (FORMATS / "keras3.weights.h5").read_bytes),
    "npz": ("w.npz", _npz),
    "npy": ("w.npy", _npy),
    "safetensors": ("w.safetensors", safetensors),
    "keras": ("w.keras", (FORMATS / "archive.keras").read_bytes),
    "torch": ("w.pt", lambda: _zip(**{"archive/data.pkl": b"\x80\x02}q\0.", "archive/version": b"3\n"})),
    "torch-legacy": ("old.pt", lambda: TORCH_MAGIC + pickle.dumps(1001, protocol=2)),
    "torchscript": (
        "script.pt",
        lambda: _zip(**{"s/data.pkl": b"\x80\x02.", "s/code/__torch__.py": b"x", "s/constants.pkl": b"\x80\x02."}),
    ),
    "zip": ("files.zip", lambda: _zip(**{"readme.txt": b"hello"})),
    "pickle": ("w.pkl", lambda: pickle.dumps({"w": [1.0]})),
    "pickle-2": ("old.pkl", lambda: pickle.dumps({"w": [1.0]}, protocol=2)),
    "pickle-0": ("text.pkl", lambda: pickle.dumps({"w": [1.0]}, protocol=0)),
    "gzip": ("w.npz.gz", lambda: gzip.compress(_npz())),
    "zstd": ("w.zst", lambda: b"\x28\xb5\x2f\xfd\x20\x01\x09\0\0a"),
    "xz": ("w.xz", lambda: lzma.compress(_npz())),
    "bzip2": ("w.bz2", lambda: b"BZh91AY&SY" + bytes(20)),
    "lz4": ("w.lz4", lambda: b"\x04\x22\x4d\x18" + bytes(20)),
    "7z": ("w.7z", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(26)),
    "rar": ("w.rar", lambda: b"Rar!\x1a\x07\x01\0" + bytes(20)),
    "tar": ("w.tar", _tar),
    "onnx": ("m.onnx", lambda: b"\x08\x08\x12\x07pytorch\x1a\x052.1.0:\x04\x0a\x02\x12\0"),
    "tflite": ("m.tflite", lambda: b"\x1c\0\0\0TFL3" + bytes(40)),
    "gguf": ("m.gguf", lambda: b"GGUF\x03\0\0\0" + bytes(16)),
    "sqlite": ("d.db", _sqlite),
    "netcdf3": ("d.nc", lambda: b"CDF\x01" + bytes(28)),
    "netcdf3-64": ("d64.nc", lambda: b"CDF\x02" + bytes(28)),
    "netcdf3-5": ("d5.nc", lambda: b"CDF\x05" + bytes(28)),
    "hdf4": ("d.hdf", lambda: b"\x0e\x03\x13\x01" + bytes(28)),
    "mat5": ("d.mat", lambda: b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\x01IM" + bytes(8)),
    "octave": ("d.oct", lambda: b"Octave-1-L\0" + bytes(20)),
    "octave-text": ("d.txt", lambda: b"# Created by Octave 8.4.0, Sun Nov 29 2026\n# name: x\n"),
    "r": ("d.rds", lambda: b"X\n\0\0\0\x03" + bytes(20)),
    "r-saved": ("e.RData", lambda: b"RDX3\nX\n\0\0\0\x03" + bytes(20)),
    "parquet": ("d.parquet", lambda: b"PAR1" + bytes(20) + b"PAR1"),
    "arrow": ("d.arrow", lambda: b"ARROW1\0\0" + bytes(20)),
    "fits": ("d.fits", lambda: b"SIMPLE  =                    T".ljust(2880)),
    "grib": ("d.grib", lambda: b"GRIB\0\0\0\x02" + bytes(20)),
    "pdf": ("p.pdf", lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    "png": ("p.png", _png),
    "jpeg": ("p.jpg", lambda: b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
    "gif": ("p.gif", lambda: b"GIF89a\x01\0\x01\0\0\0\0;"),
    "tiff": ("p.tif", lambda: b"II*\0\x08\0\0\0"),
    "elf": ("lib.so", lambda: b"\x7fELF\x02\x01\x01" + bytes(40)),
    "lfs": ("lfs.h5", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"),
    "html": ("page.h5", lambda: b"\n<!DOCTYPE html>\n<html lang='en'><head><title>Sign in</title></head></html>\n"),
    "xml": ("x.xml", lambda: b"<?xml version='1.0'?>\n<a/>\n"),
    "json": ("x.json", lambda: b'{"class_name": "Sequential"}'),
    "state": ("checkpoint", lambda: b'model_checkpoint_path: "m"\nall_model_checkpoint_paths: "m"\n'),
    "events": ("events.out.tfevents.1700000000.host", _events),
    "saved-model": ("renamed.bin", (GRAPHS / "saved" / "saved_model.pb").read_bytes),
    "meta-graph": ("small.meta.bin", (GRAPHS / "small.ckpt.meta").read_bytes),
    "graph-def": ("frozen.bytes", (GRAPHS / "frozen.pb").read_bytes),
    "graph-def-text": ("frozen.txt", (GRAPHS / "frozen.pbtxt").read_bytes),
    "index": ("part.index", (GOLDEN / "part.index").read_bytes),
    "v1": ("old.ckpt", (GOLDEN / "v1").read_bytes),
    "leveldb": ("000005.ldb", lambda: b"\0\x08\x01somekey!v" + bytes(60) + bytes.fromhex("57fb808b247547db")),
    "data-alone": ("m.data-00000-of-00001", ARRAY.tobytes),
    "empty": ("empty.h5", bytes),
    "zeros": ("zeros.h5", lambda: bytes(3000)),
    "text": ("notes.h5", "Notes: häufig.\n".encode),
    "unknown": ("noise.h5", lambda: bytes(range(131, 256)) * 3),
}
"""For each kind the name of a file and its bytes."""

KEYS = {"torch-legacy": "torch", "pickle-2": "pickle", "pickle-0": "pickle", "netcdf3-64": "netcdf3"} | {
    "netcdf3-5": "netcdf3", "octave-text": "octave", "r-saved": "r", "graph-def-text": "graph-def", "text": None,
    "unknown": None,
}  # fmt: skip
"""The key of the kind, where it is not that of the sample; None for bytes of no known kind."""


def write(name: str, folder: Path) -> Path:
    """Write a sample into a folder, and return its path."""
    file, content = SAMPLES[name]
    (folder / file).write_bytes(content())
    return folder / file
