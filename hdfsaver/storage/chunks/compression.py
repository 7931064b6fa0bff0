"""The compression settings of a program: none by default, one for all variables, or one for each variable."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hdfsaver.storage.chunks import chunk_codecs
from hdfsaver.storage.chunks.filters import SHUFFLE, Filters, codecs_of
from hdfsaver.storage.chunks.grid import Grid, chunk_for
from hdfsaver.tensor_info import LARGE, STRING

_CHUNK = 1 << 20
"""Bytes of a chunk: it fits into HDF5's chunk cache and into the cache of a core."""


@dataclass(frozen=True)
class Compression:
    """Compression settings for a variable's values.

    Parameters
    ----------
    codec : str
        ``"gzip"``, which every HDF5 reads; ``"zstd"``, ten times as fast and a little smaller; ``"lz4"``, the fastest;
        or ``"blosc2"``. All but gzip need the extra ``hdfsaver[compression]``; other programs need the HDF5 plugins of
        these names (in Python, ``import hdf5plugin``).
    level : int, optional
        1 to 9 (gzip, blosc2) or 1 to 22 (zstd), from the fastest to the smallest output; lz4 has no levels.
    shuffle : bool
        Group the bytes of equal significance first: exponents of weights are similar, mantissas are not.

    Raises
    ------
    ValueError
        The codec or the level is unknown.
    ImportError
        The codec is not installed.
    """

    codec: str
    level: int | None = None
    shuffle: bool = True

    def __post_init__(self) -> None:
        codec = chunk_codecs.BY_NAME.get(self.codec)
        if codec is None:
            raise ValueError(f"Unknown compression {self.codec!r}; the codecs are {', '.join(chunk_codecs.BY_NAME)}.")
        if self.level is not None and self.level not in codec.levels:
            first, last = codec.levels[0], codec.levels[-1]
            raise ValueError(f"{self.codec} has the levels {first} to {last}, not {self.level!r}.")
        chunk_codecs.require(codec)

    def filters_for(self, itemsize: int) -> Filters:
        """The filters for elements of ``itemsize`` bytes."""
        # Shuffling has no effect on single bytes.
        shuffles = self.shuffle and itemsize > 1 and not chunk_codecs.BY_NAME[self.codec].shuffles
        return (SHUFFLE, self.codec) if shuffles else (self.codec,)


Choice: TypeAlias = "str | Compression | None"
"""A codec by its name, a codec with its settings, or none."""

Choices: TypeAlias = "Choice | Mapping[str, Choice]"
"""One choice for all variables, or one by name; variables missing in the mapping are not compressed."""


def checked(choices: Choices) -> Choices:
    """Check the choices, and replace codec names by `Compression` objects.

    Raises
    ------
    TypeError, ValueError, ImportError
        See `Compression`.
    """
    if isinstance(choices, Mapping):
        return {name: _chosen(choice) for name, choice in choices.items()}
    return _chosen(choices)


def _chosen(choice: Choice) -> Compression | None:
    if isinstance(choice, str):
        return Compression(choice)
    if choice is None or isinstance(choice, Compression):
        return choice
    raise TypeError(
        f"compression must be a codec's name, a Compression, a dict of these by name, or None, not {choice!r}."
    )


def by_name(choices: Choices, names: Iterable[str]) -> dict[str, Compression]:
    """The compression of each variable, without the variables that are not compressed.

    Raises
    ------
    ValueError
        A mapping names an unknown variable.
    """
    if not isinstance(choices, Mapping):
        choice = _chosen(choices)
        return {} if choice is None else dict.fromkeys(names, choice)
    known = set(names)
    unknown = sorted(choices.keys() - known)
    if unknown:
        raise ValueError(f"compression names {unknown[0]!r}, which is not among the variables that are saved.")
    chosen = {name: _chosen(choice) for name, choice in choices.items()}
    return {name: choice for name, choice in chosen.items() if choice is not None}


def kept(filters: Mapping[str, Filters]) -> dict[str, Compression]:
    """The compression that keeps the filters of variables in a file; only the level may change.

    A codec that is only read is replaced by gzip.
    """
    return {name: _kept(codecs[0], found) for name, found in filters.items() if (codecs := codecs_of(found))}


def _kept(codec: str, filters: Filters) -> Compression:
    if codec not in chunk_codecs.BY_NAME:
        return Compression("gzip")
    return Compression(codec, shuffle=SHUFFLE in filters or chunk_codecs.BY_NAME[codec].shuffles)


def grid_for(dtype: str, shape: tuple[int, ...], itemsize: int) -> Grid | None:
    """The chunks for compressing a value; None for strings and for values that are too small.

    For a small value the chunk's overhead is larger than the gain.

    Parameters
    ----------
    dtype : str
        The dtype's name.
    shape : tuple of int
    itemsize : int
        Bytes of an element.

    Returns
    -------
    Grid or None
    """
    if dtype == STRING or not shape or math.prod(shape) * itemsize < LARGE:
        return None
    return Grid(shape, chunk_for(shape, itemsize, _CHUNK), itemsize)
