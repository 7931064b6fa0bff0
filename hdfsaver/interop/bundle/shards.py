"""The data files of a bundle: their names, and the open ones."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Lock

from hdfsaver.errors import DataLossError, NotFoundError, OpError
from hdfsaver.files.file_kinds import EMPTY, HTML, LFS, refusal_of
from hdfsaver.files.kind_detection import kind_of
from hdfsaver.files.opening import Opened, end_reading, open_any
from hdfsaver.interop.bundle.bundle_index import Place


def index_path(prefix: str) -> str:
    """The path of the index of a bundle; after a prefix that ends in a slash, the file name is only the suffix."""
    return prefix + ".index"


def shard_path(prefix: str, shard: int, shards: int) -> str:
    """The path of a data file of a bundle.

    Parameters
    ----------
    prefix : str
        The checkpoint.
    shard, shards : int
        The number of the file, and of all data files.

    Returns
    -------
    str
    """
    return prefix + f".data-{shard:05d}-of-{shards:05d}"


def data_names(name: str) -> re.Pattern[str]:
    """The pattern of the names of a bundle's data files, for any number of them, which is its group."""
    return re.compile(rf"{re.escape(name)}\.data-[0-9]{{5}}-of-([0-9]{{5,}})")


def data_files(prefix: str) -> list[str]:
    """The existing data files of a bundle, sorted; also those that its index does not lead to."""
    folder, name = os.path.split(prefix)
    pattern = data_names(name)
    with suppress(OSError):
        return sorted(os.path.join(folder, name) for name in os.listdir(folder or ".") if pattern.fullmatch(name))
    return []


class Shards:
    """The data files of a bundle, each opened when it is first used.

    Parameters
    ----------
    prefix : str
        The checkpoint.
    count : int
        The number of data files.
    check : callable
        Raises an error if files that are opened now may be those of another checkpoint.
    """

    def __init__(self, prefix: str, count: int, check: Callable[[], None]) -> None:
        self._check = check
        self._prefix = prefix
        self._count = count
        self._opened: dict[int, Opened] = {}
        self._opening = Lock()

    def path(self, shard: int) -> str:
        """The path of a data file."""
        return shard_path(self._prefix, shard, self._count)

    def open_for(self, places: Iterable[Place]) -> None:
        """Open the files of some places, and check that the files are long enough.

        Raises
        ------
        NotFoundError
            A file is missing.
        DataLossError
            A file is too short.
        InvalidArgumentError
            It is a Git LFS pointer or a web page.
        """
        for place in places:
            found = self._opened.get(place.shard) or self[place.shard]
            if place.offset + place.nbytes > found.size:
                raise self._too_short(found, place)

    def _too_short(self, opened: Opened, place: Place) -> OpError:
        path = self.path(place.shard)
        kind = kind_of(opened, path)
        if kind in (LFS, HTML, EMPTY):  # a download that did not give the file
            return refusal_of(kind, path, "a data file of a TensorFlow checkpoint")
        return DataLossError(
            None,
            None,
            f"{path} is cut short: tensor {place.name!r} ends at byte {place.offset + place.nbytes}, but the file has "
            f"{opened.size} bytes.",
        )

    def __getitem__(self, shard: int) -> Opened:
        with self._opening:
            found = self._opened.get(shard)
            if found is None:
                found = self._opened[shard] = self._open(self.path(shard))
            return found

    def _open(self, path: str) -> Opened:
        try:
            opened = open_any(path)
        except NotFoundError:
            self._check()
            if os.path.isdir(path):
                raise
            raise NotFoundError(
                None,
                None,
                f"{path} is missing: the checkpoint {self._prefix} has {self._count} data files. "
                "Put it in the folder of the index.",
            ) from None
        try:
            self._check()
        except OpError:
            end_reading(opened.fd)
            raise
        return opened

    def close(self) -> None:
        """Close all open files."""
        while self._opened:
            end_reading(self._opened.popitem()[1].fd)
