"""The selection of arrays for a conversion, with their new names and dtypes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hdfsaver import dtypes
from hdfsaver.checkpoint.renaming import Rename, renamed
from hdfsaver.errors import NotFoundError
from hdfsaver.tensor_info import STRING, TensorInfo, nbytes_of

_AVERAGE = "ExponentialMovingAverage"
_POWER = re.compile(r"(?:.*/)?beta[12]_power(?:_[0-9]+)?")
_SLOT_MARK = "/.OPTIMIZER_SLOT/"
_OPTIMIZERS = ("optimizer/", "optimizer_weights/")
"""Prefixes of an optimizer's arrays in files of Keras and of many PyTorch programs."""


@dataclass(frozen=True)
class Selection:
    """The requested arrays; see `hdfsaver.convert`."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    drop_slots: bool = False
    rename: Rename | None = None
    dtype: str | None = None

    def of(self, entries: Mapping[str, TensorInfo]) -> dict[str, TensorInfo]:
        """The selected arrays of the source, by their names in the target.

        Raises
        ------
        NotFoundError
            A pattern of ``include`` matches no array.
        ValueError
            Two arrays would get the same name.
        """
        for pattern in self.include:
            if not any(fnmatchcase(name, pattern) for name in entries):
                raise NotFoundError(None, None, f"No array matches {pattern!r}. The arrays are {_some(entries)}.")
        kept = {name: entry for name, entry in entries.items() if self._takes(name, entries)}
        return renamed(kept, self.rename)

    def _takes(self, name: str, entries: Mapping[str, TensorInfo]) -> bool:
        is_wanted = not self.include or any(fnmatchcase(name, pattern) for pattern in self.include)
        is_unwanted = any(fnmatchcase(name, pattern) for pattern in self.exclude)
        return is_wanted and not is_unwanted and not (self.drop_slots and is_slot(name, entries))

    def entry(self, name: str, entry: TensorInfo) -> TensorInfo:
        """The description of an array in the target."""
        dtype = self.dtype_of(entry)
        return TensorInfo(name, dtype, entry.shape, entry.nbytes if dtype == STRING else nbytes_of(dtype, entry.shape))

    def dtype_of(self, entry: TensorInfo) -> str:
        """The dtype of an array in the target."""
        is_real = entry.dtype != STRING and dtypes.as_dtype(entry.dtype).is_floating
        return self.dtype if self.dtype and is_real else entry.dtype


def checked_dtype(name: str) -> str:
    """Check that a name is a dtype of real numbers, and return it; `ValueError` otherwise."""
    try:
        found = dtypes.as_dtype(name)
    except TypeError:
        raise ValueError(f"Unknown dtype {name!r}.") from None
    if not found.is_floating:
        raise ValueError(f"Real numbers are converted to another dtype of real numbers, not to {name!r}.")
    return found.name


def is_slot(name: str, names: Iterable[str]) -> bool:
    """Whether an array is a slot of an optimizer, which is not needed to use the model.

    A slot is below the name of another array (``w/Adam_1`` below ``w``), except for moving averages, which models use;
    or it is a power of Adam (``beta1_power``) or a slot of TensorFlow 2.
    """
    above, _, last = name.rpartition("/")
    is_below = any(above[: end.start()] in names for end in re.finditer("/|$", above) if end.start())
    is_other = _SLOT_MARK in name or name.startswith(_OPTIMIZERS) or _POWER.fullmatch(name) is not None
    return (is_below and not last.startswith(_AVERAGE)) or is_other


def _some(entries: Mapping[str, TensorInfo]) -> str:
    names = list(entries)
    return ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
