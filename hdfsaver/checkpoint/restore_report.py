"""Which tensors of a file go to which variables, and what a restore says about it."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from hdfsaver import errors, shapes
from hdfsaver.checkpoint.saveables.saveable import Saveable
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.tensor_info import TensorInfo


@dataclass(frozen=True)
class RestoreReport:
    """What `Saver.restore` did, by the names in the file.

    Attributes
    ----------
    path : str
        The file.
    restored : tuple of str
        What has its value from the file now.
    missing : tuple of str
        What was wanted and the file lacks.
    mismatched : dict of str to str
        What is in the file with another dtype or shape, and how it differs.
    unused : tuple of str
        What is in the file and was not wanted.
    reshaped : tuple of str
        What was restored into another shape than it has in the file.
    """

    path: str
    restored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    mismatched: dict[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    reshaped: tuple[str, ...] = ()

    def __str__(self) -> str:
        counted = {
            "missing in the file": self.missing,
            "of another dtype or shape": tuple(self.mismatched),
            "in the file and not wanted": self.unused,
            "reshaped": self.reshaped,
        }
        lines = [f"{self.path}: {len(self.restored)} restored."]
        lines += [f"{len(names)} {what}: {listed(names)}." for what, names in counted.items() if names]
        return "\n".join(lines)


def match(file: TensorFile, wanted: Mapping[str, Saveable], reshape: bool, strict: bool) -> RestoreReport:
    """Compare what is wanted with what a file has, before any value is read.

    Parameters
    ----------
    file : TensorFile
    wanted : mapping of str to Saveable
        By the names in the file.
    reshape : bool
        Whether as many elements are enough, whatever the shape.
    strict : bool
        Whether everything that is wanted must be there and fit.

    Raises
    ------
    NotFoundError, InvalidArgumentError
        With ``strict``, something is missing or does not fit.
    """
    present = [name for name in wanted if name in file.variables]
    missing = [name for name in wanted if name not in file.variables]
    if missing and strict:
        raise errors.NotFoundError(None, None, _missing_names(file, missing))
    differences = {name: _difference(file.variables[name], wanted[name], reshape) for name in present}
    mismatched = {name: text for name, text in differences.items() if text}
    if mismatched and strict:
        _refuse(file, wanted, mismatched)
    restored = tuple(name for name in present if name not in mismatched)
    return RestoreReport(
        path=file.path,
        restored=restored,
        missing=tuple(missing),
        mismatched=mismatched,
        unused=tuple(name for name in file.variables if name not in wanted),
        reshaped=tuple(name for name in restored if not _same_shape(file.variables[name], wanted[name])),
    )


def _difference(entry: TensorInfo, saveable: Saveable, reshape: bool) -> str:
    """How a tensor of the file differs from what is wanted; nothing where it fits."""
    if entry.dtype != saveable.dtype:
        return f"{saveable.label} has dtype {saveable.dtype}, but {entry.name!r} in the file has {entry.dtype}"
    if _same_shape(entry, saveable) or (reshape and saveable.may_reshape and _same_size(entry, saveable)):
        return ""
    return (
        f"{saveable.label} has shape {saveable.shape}, but {entry.name!r} in the file has {shapes.text(entry.shape)}: "
        "Assign requires shapes of both tensors to match"
    )


def _same_shape(entry: TensorInfo, saveable: Saveable) -> bool:
    return saveable.shape.plain == entry.shape or saveable.shape.is_compatible_with(entry.shape)


def _same_size(entry: TensorInfo, saveable: Saveable) -> bool:
    return saveable.shape.is_fully_defined() and saveable.shape.num_elements() == math.prod(entry.shape)


def _refuse(file: TensorFile, wanted: Mapping[str, Saveable], mismatched: Mapping[str, str]) -> NoReturn:
    first, why = next(iter(mismatched.items()))
    more = f" {len(mismatched) - 1} more differ: {listed(list(mismatched)[1:])}." if len(mismatched) > 1 else ""
    raise errors.InvalidArgumentError(None, wanted[first].op, f"{file.path}: {why}. Nothing was restored.{more}")


def _missing_names(file: TensorFile, missing: Sequence[str]) -> str:
    present = list(file.variables)
    lines = [f"Key {listed(missing)} not found in checkpoint {file.path}. Nothing was restored."]
    for name in missing[:3]:
        likely = difflib.get_close_matches(name, present, n=3)
        if likely:
            lines.append(f"For {name!r} you may have meant {listed(likely)}.")
    lines.append(f"The file has {listed(sorted(present))}." if present else "The file has no variables.")
    others = [group for group in file.groups() if group != file.group]
    if others:
        lines.append(f"It has other models under {listed(others)}; a Saver is told with group=.")
    lines.append('To restore under another name, give the Saver a dict: Saver({"name in the file": variable}).')
    return " ".join(lines)


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names in a sentence, the first of them where there are many."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
