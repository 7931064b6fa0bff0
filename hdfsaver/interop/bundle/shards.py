"""The data files of a bundle: their names, and the open ones."""

from __future__ import annotations

import os
from collections.abc import Iterable
from threading import Lock

from hdfsaver.errors import DataLossError, NotFoundError
from hdfsaver.files.opening import Opened, open_any
from hdfsaver.interop.bundle.bundle_index import Place


def index_path(prefix: str) -> str:
    """The index of a bundle; where the prefix ends in a slash, the names of its files begin with their suffix."""
    return f"{prefix}.index"


def shard_path(prefix: str, shard: int, shards: int) -> str:
    """One of the data files of a bundle."""
    return f"{prefix}.data-{shard:05d}-of-{shards:05d}"


class Shards:
    """The data files of a bundle, each opened when it is first asked for."""

    def __init__(self, prefix: str, count: int) -> None:
        self._prefix = prefix
        self._count = count
        self._opened: dict[int, Opened] = {}
        self._opening = Lock()

    def path(self, shard: int) -> str:
        """The path of a data file."""
        return shard_path(self._prefix, shard, self._count)

    def open_for(self, places: Iterable[Place]) -> None:
        """Open all files that some places lie in, and check that the files are long enough.

        Raises
        ------
        NotFoundError
            One of them is missing.
        DataLossError
            One of them is too short.
        """
        for place in places:
            found = self._opened.get(place.shard) or self[place.shard]
            if place.offset + place.nbytes > found.size:
                raise DataLossError(
                    None,
                    None,
                    f"{self.path(place.shard)} is cut short: tensor {place.name!r} lies in it up to byte "
                    f"{place.offset + place.nbytes}, and it has {found.size}.",
                )

    def __getitem__(self, shard: int) -> Opened:
        with self._opening:
            found = self._opened.get(shard)
            if found is None:
                found = self._opened[shard] = self._open(self.path(shard))
            return found

    def _open(self, path: str) -> Opened:
        try:
            return open_any(path)
        except NotFoundError:
            if os.path.isdir(path):
                raise
            raise NotFoundError(
                None,
                None,
                f"{path} is missing: the checkpoint {self._prefix} has {self._count} data files. "
                "Put it beside the index.",
            ) from None

    def close(self) -> None:
        """Close all that are open."""
        while self._opened:
            os.close(self._opened.popitem()[1].fd)
