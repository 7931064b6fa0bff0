"""What a program says about compression: nothing by default, one way for all variables, or one for each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hdfsaver.storage.chunks import chunk_codecs
from hdfsaver.storage.chunks.filters import SHUFFLE, Filters, codec_of
from hdfsaver.storage.chunks.grid import Grid, chunk_for
from hdfsaver.tensor_info import LARGE, STRING

_CHUNK = 1 << 20
"""Bytes of a chunk: HDF5's cache holds one, a slice costs no more than one, and a core's cache has room for it."""


@dataclass(frozen=True)
class Compression:
    """How a variable's values are compressed in a file.

    Parameters
    ----------
    codec : str
        ``"gzip"``, which every HDF5 reads; ``"zstd"``, ten times as fast and a little smaller; ``"lz4"``, the fastest;
        or ``"blosc2"``. All but gzip need the extra ``hdfsaver[compression]``, and other programs the HDF5 plugins of
        these names (in Python, ``import hdf5plugin``).
    level : int, optional
        1 to 9 (gzip, blosc2) or 22 (zstd), from fast to small; lz4 has none.
    shuffle : bool
        Put bytes of one significance together first. Exponents of weights resemble each other, mantissas do not.

    Raises
    ------
    ValueError
        There is no such codec or level.
    ImportError
        The codec is not installed.
    """

    codec: str
    level: int | None = None
    shuffle: bool = True

    def __post_init__(self) -> None:
        codec = chunk_codecs.BY_NAME.get(self.codec)
        if codec is None:
            raise ValueError(f"There is no compression {self.codec!r}; there are {', '.join(chunk_codecs.BY_NAME)}.")
        if self.level is not None and self.level not in codec.levels:
            first, last = codec.levels[0], codec.levels[-1]
            raise ValueError(f"{self.codec} has the levels {first} to {last}, not {self.level!r}.")
        chunk_codecs.require(codec)

    def filters_for(self, itemsize: int) -> Filters:
        """The filters for elements of so many bytes."""
        # A single byte has nothing to be shuffled with.
        shuffles = self.shuffle and itemsize > 1 and not chunk_codecs.BY_NAME[self.codec].shuffles
        return (SHUFFLE, self.codec) if shuffles else (self.codec,)


Choice: TypeAlias = "str | Compression | None"
"""A codec by its name, a codec with its settings, or none."""

Choices: TypeAlias = "Choice | Mapping[str, Choice]"
"""One for all variables, or by name; a variable that a mapping lacks is not compressed."""


def checked(choices: Choices) -> Choices:
    """Choices with every name of a codec looked up.

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
    raise TypeError(f"compression is the name of a codec, a Compression, a dict of these by name, or None: {choice!r}.")


def by_name(choices: Choices, names: Iterable[str]) -> dict[str, Compression]:
    """What each variable is compressed with; those that are not compressed are not among them.

    Raises
    ------
    ValueError
        A mapping names a variable that there is not.
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
    """What variables of a file are to be compressed with, so that they stay as they are, but for the level."""
    return {
        name: Compression(codec, shuffle=SHUFFLE in found or chunk_codecs.BY_NAME[codec].shuffles)
        for name, found in filters.items()
        if (codec := codec_of(found))
    }


def grid_for(dtype: str, shape: tuple[int, ...], itemsize: int) -> Grid | None:
    """The chunks that a value is compressed in; None where that is not worth it, and for strings.

    A small value gains less than the chunk's own administration costs.

    Parameters
    ----------
    dtype : str
        The dtype's name.
    shape : tuple of int
    itemsize : int
        Bytes of an element.
    """
    if dtype == STRING or not shape or math.prod(shape) * itemsize < LARGE:
        return None
    return Grid(shape, chunk_for(shape, itemsize, _CHUNK), itemsize)
