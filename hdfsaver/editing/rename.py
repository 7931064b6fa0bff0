"""`hdfsaver.edit.rename`: a checkpoint whose arrays have other names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hdfsaver.checkpoint.renaming import Rename, renamed
from hdfsaver.editing.edit_result import Edited
from hdfsaver.editing.edit_writing import Edit, Options, edit_one
from hdfsaver.editing.edited_arrays import copied
from hdfsaver.editing.read_model import edit_of, no_match, unread
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.reading.checkpoint_names import PathLike


def rename(
    source: PathLike,
    output: PathLike | None = None,
    *,
    names: Mapping[str, str] | None = None,
    rename: Rename | None = None,
    in_place: bool = False,
    group: str = "",
    dry_run: bool = False,
    durable: bool = True,
    progress: Callback | None = None,
) -> Edited:
    r"""Write a checkpoint whose arrays have other names.

    Everything else is kept, see `hdfsaver.edit.strip`. The operations of the graph keep their names; its Saver reads
    each variable under the new name, so that `import_meta_graph` and `restore` work as before.

    Parameters
    ----------
    source, output, in_place, group, dry_run, durable, progress
        See `hdfsaver.edit.strip`.
    names : mapping of str to str, optional
        New names by old ones. An old name may have wildcards ``*``, and the new one as many, which stand for what they
        matched: ``{"old/*": "new/*"}``. The first that matches a name counts, and names may be exchanged.
    rename : callable, or dict or list of pairs of regular expressions, optional
        Instead of ``names``: a function, or patterns and replacements as for `Saver` and `hdfsaver.convert`.

    Returns
    -------
    Edited
        ``changed`` has the old name of each renamed array.

    Raises
    ------
    NotFoundError
        The source does not exist, or an old name matches no array.
    ValueError
        Two arrays would get the same name, or no name changes; a new name has more wildcards than its old one; or see
        `hdfsaver.edit.strip`.
    InvalidArgumentError, DataLossError, OpError
        See `hdfsaver.edit.strip`.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> hdfsaver.save_file({"old/w": np.ones(3), "old/b": np.zeros(3)}, "before.h5")
    >>> done = hdfsaver.edit.rename("before.h5", "after.h5", names={"old/*": "new/*"})
    >>> done.names
    {'new/w': 'old/w', 'new/b': 'old/b'}
    """
    if (names is None) == (rename is None):
        raise ValueError("Give either names, or rename with regular expressions or a function.")

    def make(file: TensorFile) -> Edit:
        rule = rename if names is None else _rule(file, names)
        new = renamed({name: name for name in file.variables}, rule)
        changed = {name: f"was {old!r}" for name, old in new.items() if name != old}
        if not changed:
            raise ValueError(f"No name of {file.path} would change.")
        arrays = {name: copied(file, old, name) for name, old in new.items()}
        return edit_of(file, arrays, unread(file), changed, [])

    return edit_one(source, group, Options(output, in_place, dry_run, durable, progress), make)


def _rule(file: TensorFile, names: Mapping[str, str]) -> Rename:
    """The function from old to new names, of which each has to match an array."""
    pairs = [(old, _pattern(old), _replacement(old, new)) for old, new in names.items()]
    for old, pattern, _ in pairs:
        if not any(pattern.fullmatch(name) for name in file.variables):
            raise no_match(file, old)

    def new_name(name: str) -> str:
        for _, pattern, parts in pairs:
            found = pattern.fullmatch(name)
            if found is not None:
                between = [*found.groups(), ""]
                return "".join(part + between[place] for place, part in enumerate(parts[:-1])) + parts[-1]
        return name

    return new_name


def _pattern(old: str) -> re.Pattern[str]:
    return re.compile("(.*)".join(map(re.escape, old.split("*"))), re.DOTALL)


def _replacement(old: str, new: str) -> list[str]:
    """The parts of a new name between its wildcards."""
    parts = new.split("*")
    if len(parts) > len(old.split("*")):
        raise ValueError(f"{new!r} has more wildcards (*) than {old!r}.")
    return parts
