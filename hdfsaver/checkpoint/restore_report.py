"""Matching the tensors of a file with variables, and the report of a restore."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from hdfsaver import dtypes, errors, shapes
from hdfsaver.checkpoint.restore_casts import REMEDY, is_castable
from hdfsaver.checkpoint.saveables.saveable import Saveable
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.html_tables import Table, html_of
from hdfsaver.tensor_info import TensorInfo


@dataclass(frozen=True, repr=False)
class RestoreReport:
    """The result of `Saver.restore`, by the names in the file.

    Attributes
    ----------
    path : str
        The file.
    restored : tuple of str
        The variables that were restored.
    missing : tuple of str
        The variables that are missing in the file.
    mismatched : dict of str to str
        The variables with another dtype or shape in the file, and the difference.
    unreadable : dict of str to str
        The variables whose values in the file cannot be read, and the reason.
    unused : tuple of str
        The tensors of the file that were not used.
    reshaped : tuple of str
        The variables that were restored with another shape than in the file.
    cast : tuple of str
        The variables that were restored with another dtype than in the file.
    """

    path: str
    restored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    mismatched: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict, kw_only=True)
    unused: tuple[str, ...] = ()
    reshaped: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.path}: {len(self.restored)} restored."]
        lines += [f"{len(names)} {what}: {listed(names)}." for what, names in self._named().items() if names]
        return "\n".join(lines)

    def __repr__(self) -> str:
        counted = [f"{len(names)} {what}" for what, names in self._named().items() if names]
        said = ", ".join([f"{len(self.restored)} restored", *counted])
        return f"<{type(self).__name__} of {errors.without_secrets(self.path)!r}: {said}>"

    def _repr_html_(self) -> str:
        named = {"restored": self.restored, **self._named()}
        why = {**self.mismatched, **self.unreadable}
        tables = [
            Table(what.capitalize(), ("name", "reason"), ((name, why.get(name, "")) for name in names), len(names))
            for what, names in named.items()
        ]
        facts = {"file": errors.without_secrets(self.path), **{what: len(names) for what, names in named.items()}}
        return html_of(type(self).__name__, facts, tables)

    def _named(self) -> dict[str, tuple[str, ...]]:
        """The names besides those restored, by what is said of them."""
        return {
            "missing in the file": self.missing,
            "of another dtype or shape": tuple(self.mismatched),
            "unreadable": tuple(self.unreadable),
            "in the file and not used": self.unused,
            "reshaped": self.reshaped,
            "converted to another dtype": self.cast,
        }


def match(
    file: TensorFile, wanted: Mapping[str, Saveable], reshape: bool, strict: bool, cast: bool = False
) -> RestoreReport:
    """Compare the variables with the tensors of a file, before any value is read.

    Parameters
    ----------
    file : TensorFile
    wanted : mapping of str to Saveable
        The variables to restore, by their names in the file.
    reshape : bool
        Whether shapes may differ if the numbers of elements are equal.
    strict : bool
        Whether every variable must be in the file and match.
    cast : bool
        Whether dtypes may differ if the numbers can be converted; see `hdfsaver.checkpoint.restore_casts`.

    Returns
    -------
    RestoreReport
        The result of the comparison.

    Raises
    ------
    NotFoundError, InvalidArgumentError
        With ``strict``, a variable is missing in the file or does not match.
    OpError
        With ``strict``, the value of a variable cannot be read: the error of the tensor in the file.
    """
    present = [name for name in wanted if name in file.variables]
    unreadable = {name: file.unreadable[name] for name in wanted if name in file.unreadable}
    missing = [name for name in wanted if name not in file.variables and name not in unreadable]
    if missing and strict:
        raise errors.NotFoundError(None, None, _missing_names(file, missing))
    if unreadable and strict:
        name, why = next(iter(unreadable.items()))
        text = f"{file.path}: {why.message} Nothing was restored."
        raise type(why)(None, wanted[name].op, text, why.error_code)
    differences = {name: _difference(file.variables[name], wanted[name], reshape, cast) for name in present}
    mismatched = {name: text for name, text in differences.items() if text}
    if mismatched and strict:
        _refuse(file, wanted, mismatched)
    restored = tuple(name for name in present if name not in mismatched)
    return RestoreReport(
        path=file.path,
        restored=restored,
        missing=tuple(missing),
        mismatched=mismatched,
        unreadable={name: why.message for name, why in unreadable.items()},
        unused=tuple(name for name in file.variables if name not in wanted),
        reshaped=tuple(name for name in restored if not _same_shape(file.variables[name], wanted[name]))
        if reshape
        else (),
        cast=tuple(name for name in restored if file.variables[name].dtype != wanted[name].dtype) if cast else (),
    )


def _difference(entry: TensorInfo, saveable: Saveable, reshape: bool, cast: bool) -> str:
    """The difference between a tensor of the file and a variable; empty if they match."""
    if entry.dtype != saveable.dtype:
        can_cast = is_castable(entry.dtype, saveable.dtype)
        if not (cast and can_cast):
            remedy = f"; {REMEDY}" if can_cast else ", which is never converted to it" if cast else ""
            return (
                f"{saveable.label} has dtype {saveable.dtype}, but {entry.name!r} in the file has {entry.dtype}{remedy}"
            )
    if _same_shape(entry, saveable) or (reshape and saveable.may_reshape and _same_size(entry, saveable)):
        return ""
    return f"{saveable.label} has shape {saveable.shape}, but {entry.name!r} in the file has {shapes.text(entry.shape)}"


def _same_shape(entry: TensorInfo, saveable: Saveable) -> bool:
    return saveable.shape.plain == entry.shape or saveable.shape.is_compatible_with(entry.shape)


def _same_size(entry: TensorInfo, saveable: Saveable) -> bool:
    return saveable.shape.is_fully_defined() and saveable.shape.num_elements() == math.prod(entry.shape)


def _refuse(file: TensorFile, wanted: Mapping[str, Saveable], mismatched: Mapping[str, str]) -> NoReturn:
    first, why = next(iter(mismatched.items()))
    more = f" {len(mismatched) - 1} more differ: {listed(list(mismatched)[1:])}." if len(mismatched) > 1 else ""
    said = _as_tensorflow_says(file.variables[first], wanted[first])
    text = (
        "Restoring from checkpoint failed. This is most likely due to a mismatch between the current graph and the "
        f"graph from the checkpoint. {file.path}: {why} ({said}). Nothing was restored.{more}"
    )
    raise errors.InvalidArgumentError(None, wanted[first].op, text)


def _as_tensorflow_says(entry: TensorInfo, saveable: Saveable) -> str:
    """The difference in the words by which programs know it."""
    if entry.dtype != saveable.dtype:
        return (
            f"tensor_name = {entry.name}; expected dtype {dtypes.alias_of(saveable.dtype)} does not equal original "
            f"dtype {dtypes.alias_of(entry.dtype)}"
        )
    wanted, found = (str(shape).replace(" ", "") for shape in (saveable.shape.as_list(), list(entry.shape)))
    return f"Assign requires shapes of both tensors to match. lhs shape= {wanted} rhs shape= {found}"


def _missing_names(file: TensorFile, missing: Sequence[str]) -> str:
    present = list(file.variables)
    lines = [f"Key {missing[0]} not found in checkpoint {file.path}. Nothing was restored."]
    if len(missing) > 1:
        lines.append(f"{len(missing) - 1} more are missing: {listed(missing[1:])}.")
    for name in missing[:3]:
        likely = difflib.get_close_matches(name, present, n=3)
        if likely:
            lines.append(f"For {name!r} you may have meant {listed(likely)}.")
    lines.append(f"The file has {listed(sorted(present))}." if present else "The file has no variables.")
    others = [group for group in file.groups() if group != file.group]
    if others:
        lines.append(f"It has other models in the groups {listed(others)}; pass group= to the Saver.")
    lines.append('To restore under another name, pass a dict: Saver({"name in the file": variable}).')
    return " ".join(lines)


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names for a message; only the first ones if there are many."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
