"""A new file with everything that is intact in a damaged one."""

from __future__ import annotations

import os
from typing import NamedTuple

from hdfsaver.errors import DataLossError
from hdfsaver.files.error_context import about
from hdfsaver.files.file_systems import on_this_machine, path_text
from hdfsaver.files.opening import end_reading
from hdfsaver.storage import groups, layout, seal
from hdfsaver.storage.hdf5.superblock import open_hdf5
from hdfsaver.storage.reading import compression_of, dtypes_of
from hdfsaver.storage.salvage import Salvaged, salvage
from hdfsaver.storage.sealed_source import SealedSource
from hdfsaver.storage.writing import Model, WriteOptions, Writer


class Outcome(NamedTuple):
    """The content of the new file, and the content that it lacks.

    Attributes
    ----------
    saved : Salvaged
        The intact and the lost variables.
    graphs : int
        The number of graphs in the new file.
    left_out : str
        A sentence about other content that the new file lacks, or nothing.
    """

    saved: Salvaged
    graphs: int
    left_out: str


def salvage_into(path: str | os.PathLike[str], out: str | os.PathLike[str]) -> Outcome:
    """Write the intact part of a damaged file to a new file.

    If the damage is confined to values, the new file has the graphs, the metadata, the groups and the compression of
    the old one. Otherwise it has variables alone, those of a group as ``GROUP/variables/NAME``.

    Parameters
    ----------
    path : path-like
        The damaged file, which does not change.
    out : path-like
        The new file.

    Returns
    -------
    Outcome

    Raises
    ------
    AlreadyExistsError
        There is a file of that name, even if it appeared meanwhile; it is unchanged.
    DataLossError
        It has neither intact nor lost variables, and its structure is damaged: there would be nothing to write.
    OpError
        See `salvage`; or the operating system refuses.
    """
    path, out = on_this_machine(path_text(path)), on_this_machine(path_text(out))
    saved = salvage(path)
    if saved.remarks and not saved.values and not saved.lost:
        why = " ".join(saved.remarks)
        raise DataLossError(None, None, f"{path}: no variable was found, intact or lost; nothing was written. {why}")
    models = {groups.ROOT: Model(saved.values, None, saved.dtypes)}
    metadata: dict[str, str] = {}
    left_out = "Graphs, metadata and content of other programs are left out, as nothing shows that they are intact."
    if not saved.remarks:
        models, metadata, left_out = _intact(path, saved)
    Writer().write(out, models, metadata=metadata, options=WriteOptions(new_only=True))
    return Outcome(saved, sum(model.structure is not None for model in models.values()), left_out)


def _intact(path: str | os.PathLike[str], saved: Salvaged) -> tuple[dict[str, Model], dict[str, str], str]:
    """The intact part of a file whose structure is intact: models, metadata, and what is left out."""
    opened = open_hdf5(path)
    try:
        with about(path), seal.naming(path):
            found = seal.find(opened.head)
            if found is None:
                raise seal.BrokenSealError("the seal is missing")
            source = SealedSource(opened, found, path)
            models = {group: _model(source, group, saved) for group in source.groups()}
            left_out = "Content of other programs is left out." if source.has_foreign_content else ""
            return models, source.metadata(), left_out
    finally:
        end_reading(opened.fd)


def _model(whole: SealedSource, group: str, saved: Salvaged) -> Model:
    link = groups.link_of(group)
    source = whole.of_group(group)
    try:
        labels = {name: f"{link}/{layout.VARIABLES}/{name}" if link else name for name in source.entries}
        values = {name: saved.values[label] for name, label in labels.items() if label in saved.values}
        entries = {name: source.entries[name] for name in values}
        return Model(
            values if labels else None,
            source.structure(),
            dtypes_of(entries),
            compression_of(entries),
            random=source.random_places(),
        )
    finally:
        source.close()
