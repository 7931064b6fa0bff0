"""Opening the source of an edit, and writing its result: to a new file, or in the place of the source.

The result is complete before it gets its name, so that the source and an earlier target stay after every error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from typing import NamedTuple

from h5py import h5g

from hdfsaver.annotations import annotations_of
from hdfsaver.conversion.replaced_files import check_differ, remarks_on_replaced
from hdfsaver.conversion.report import listed
from hdfsaver.conversion.target_writing import Job, replaced_v1
from hdfsaver.conversion.targets import TARGET_BY_NAME, Target, target_of
from hdfsaver.editing.edit_result import Edited
from hdfsaver.editing.edited_arrays import EditedArray, EditedArrays, copied
from hdfsaver.errors import AbortedError, InvalidArgumentError
from hdfsaver.files.error_context import about
from hdfsaver.files.folder_lock import folder_lock
from hdfsaver.files.progress import Callback
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.schema import Structure
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.kept_content import kept_content
from hdfsaver.storage.random_places import RandomPlaces
from hdfsaver.storage.reading import dtypes_of
from hdfsaver.storage.writing import Model, WriteOptions, Writer

_WITHOUT_LAYERS = ("hdf5", "npz", "npy", "safetensors", "torch", "tensorflow")
"""The formats that a result can have: those for arrays alone, and checkpoints."""


class Options(NamedTuple):
    """Where a result goes.

    Attributes
    ----------
    output : path or None
        The file to write; its ending tells the format.
    in_place : bool
        Replace the source instead.
    dry_run : bool
        Write nothing.
    durable : bool
        Return only when the result is on the disk.
    progress : callable or None
        See `hdfsaver.files.progress.Callback`.
    """

    output: PathLike | None
    in_place: bool = False
    dry_run: bool = False
    durable: bool = True
    progress: Callback | None = None


class Edit(NamedTuple):
    """What an edit makes of its sources.

    Attributes
    ----------
    arrays : dict of str to EditedArray
    structure : Structure or None
        The graph.
    metadata : dict of str to str
    random : mapping of str to tuple of int
        The places of random operations of the graph.
    compression : mapping of str to Compression
        The compression of arrays whose stored bytes are not copied.
    left_out, changed : dict of str to str
        See `Edited`; what is known of new values only when they are made is added then.
    errors : dict of str to float
        See `Edited`.
    remarks : list of str
    why_no_graph : str
        The reason for which another format than hdfsaver's does not get the graph; empty if it does.
    check : callable
        Finds, for a dry run, what is only known when values are made.
    """

    arrays: dict[str, EditedArray]
    structure: Structure | None
    metadata: dict[str, str]
    random: RandomPlaces
    compression: Mapping[str, Compression]
    left_out: dict[str, str]
    changed: dict[str, str]
    errors: dict[str, float]
    remarks: list[str]
    why_no_graph: str = ""
    check: Callable[[], object] = nullcontext


def edit_one(source: PathLike, group: str, options: Options, make: Callable[[TensorFile], Edit]) -> Edited:
    """Edit one model of a file; everything else in the file is kept.

    Parameters
    ----------
    source : path
        A file of any kind that is read; see `hdfsaver.formats.open_source.open_source`.
    group : str
        The model, in a file that has several.
    options : Options
    make : callable
        Called with the open model; returns the `Edit`.

    Returns
    -------
    Edited

    Raises
    ------
    ValueError
        There is neither a target nor ``in_place``, or both; or the target is the source.
    InvalidArgumentError
        The source cannot be edited in place, the format of the target cannot have the result, or nothing is left.
    AbortedError
        Another program has changed the source meanwhile.
    OpError
        The source cannot be read, or the target cannot be written.
    """
    _check_choice(options)
    with _opened(source, group, options) as (file, before):
        path = file.path if options.output is None else as_prefix(options.output)
        kind, path = target_of(path, "hdf5" if options.in_place else None)
        if not options.in_place:
            _check_kind(kind, path)
            check_differ(file, [*kind.files(path, True), *_replaced(kind, path)])
        return _written(make(file), [file], kind, path, options, keeps_rest=file.sealed, before=before)


def edit_several(files: list[TensorFile], options: Options, make: Callable[[], Edit]) -> Edited:
    """Write what is made of several open files; parameters, results and errors as in `edit_one`."""
    _check_choice(options)
    assert options.output is not None
    kind, path = target_of(as_prefix(options.output))
    _check_kind(kind, path)
    for file in files:
        check_differ(file, [*kind.files(path, True), *_replaced(kind, path)])
    return _written(make(), files, kind, path, options, keeps_rest=False)


def _check_choice(options: Options) -> None:
    if (options.output is None) != options.in_place:
        what = "Both an output and in_place are given" if options.in_place else "There is no output"
        raise ValueError(f"{what}: give a file to write (--output), or replace the source (--in-place).")


def _check_kind(kind: Target, path: str) -> None:
    if kind.name not in _WITHOUT_LAYERS:
        endings = ", ".join(ending for name in _WITHOUT_LAYERS for ending in TARGET_BY_NAME[name].endings)
        raise InvalidArgumentError(
            None,
            None,
            f"{path} would be {kind.title}, which only `convert` writes. Write the result to a name that ends in "
            f"{endings}, and convert that.",
        )


def _replaced(kind: Target, path: str) -> tuple[str, ...]:
    return replaced_v1(path) if kind.name == "tensorflow" else ()


@contextmanager
def _opened(source: PathLike, group: str, options: Options) -> Iterator[tuple[TensorFile, os.stat_result | None]]:
    """The open source; to be edited in place it is locked first, so that savers of its folder wait, and looked at."""
    with ExitStack() as stack:
        if not options.in_place:
            yield stack.enter_context(open_source(source, group)), None
            return
        with open_source(source, group) as found:
            path = found.path
            _check_own(found)
        stack.enter_context(folder_lock(os.path.dirname(path)))
        with about(path):
            before = os.stat(path)
        file = stack.enter_context(open_source(path, group))
        _check_own(file)
        yield file, before


def _check_own(file: TensorFile) -> None:
    if isinstance(file.path, RemoteName):
        what = "it is a URL or a file object. Give an output."
        raise InvalidArgumentError(None, None, f"{file.path} cannot be edited in place: {what}")
    if not file.sealed:
        raise InvalidArgumentError(
            None,
            None,
            f"{file.path} is {file.kind}, not an hdfsaver checkpoint: only those are edited in place. Give an output.",
        )


def _written(
    edit: Edit,
    files: list[TensorFile],
    kind: Target,
    path: str,
    options: Options,
    *,
    keeps_rest: bool,
    before: os.stat_result | None = None,
) -> Edited:
    remarks = [*edit.remarks]
    edit, others = _for_kind(edit, files, kind, remarks, keeps_rest=keeps_rest)
    if not edit.arrays and edit.structure is None and not others:
        raise InvalidArgumentError(None, None, f"Nothing would be left to write to {path}.")
    remarks += remarks_on_replaced(files[0], kind, path, edit.structure, _replaced(kind, path))
    if options.dry_run:
        edit.check()
    elif kind.name == "hdf5":
        _write_hdf5(edit, files[0], others, path, options, keeps_rest=keeps_rest, before=before)
    else:
        arrays = EditedArrays(edit.arrays, options.progress)
        assert kind.write is not None
        kind.write(path, Job(arrays, edit.structure, edit.metadata, None, options.durable, edit.random))
    return Edited(
        kind.files(path, edit.structure is not None),
        not options.dry_run,
        {name: array.origin for name, array in edit.arrays.items()},
        sum(array.entry.nbytes for array in edit.arrays.values()),
        edit.structure is not None,
        edit.left_out,
        edit.changed,
        edit.errors,
        remarks,
    )


def _for_kind(
    edit: Edit, files: list[TensorFile], kind: Target, remarks: list[str], *, keeps_rest: bool
) -> tuple[Edit, list[str]]:
    """What a format can have of a result, and the other models that it gets; remarks name the rest."""
    first = files[0]
    others = [other for other in first.groups() if other != first.group]
    if kind.name == "hdf5":
        if not keeps_rest:
            remarks += _rest_of(files)
            others = []
        return edit, others
    if others:
        remarks.append(f"The models of other groups are left out: {listed([each or 'the root' for each in others])}.")
    remarks += [
        f"Left out of {file.path}, as {kind.title} has no place for it: {', '.join(found)}."
        for file in files
        if (found := file.other_content())
    ]
    why = "" if kind.has_graph else f"{kind.title} does not hold graphs"
    if edit.structure is not None and edit.structure.is_plain:
        why = why or "a plain DiGraph is not a computation graph"
    why = why or edit.why_no_graph
    if edit.structure is not None and why:
        remarks.append(f"The graph is left out: {why}.")
        edit = edit._replace(structure=None, random={})
    elif edit.structure is not None and (lost := annotations_of(edit.structure.digraph)):
        remarks.append(f"Left out of the graph: {lost.text()}. A .h5 file keeps them.")
    if edit.metadata and not kind.has_metadata:
        remarks.append(f"Metadata are left out: {kind.title} does not hold {listed(list(edit.metadata))}.")
        edit = edit._replace(metadata={})
    if len(edit.arrays) > (kind.most_arrays or len(edit.arrays)):
        most = f"{kind.title} can have only {kind.most_arrays} array, not {len(edit.arrays)}."
        raise InvalidArgumentError(None, None, f"{most} Write a .h5 file.")
    return edit, []


def _rest_of(files: list[TensorFile]) -> list[str]:
    """Remarks on what a new checkpoint does not get of its sources."""
    remarks = []
    for file in files:
        others = [other or "the root" for other in file.groups() if other != file.group]
        found = file.other_content() + ([f"the models of other groups ({', '.join(others)})"] if others else [])
        if found:
            remarks.append(f"Left out of {file.path}: {', '.join(found)}.")
    return remarks


def _write_hdf5(
    edit: Edit,
    source: TensorFile,
    others: list[str],
    path: str,
    options: Options,
    *,
    keeps_rest: bool,
    before: os.stat_result | None,
) -> None:
    with ExitStack() as stack:
        models = {source.group: _model(EditedArrays(edit.arrays), edit)}
        for other in others:
            model = stack.enter_context(source.model(other))
            models[other] = _copied_model(model)
        ordered = {group: models[group] for group in source.groups() if group in models} if keeps_rest else models
        foreign = None
        if keeps_rest and source.other_content():
            origins = {name: array.origin for name, array in edit.arrays.items()}
            has_graph = edit.structure is not None
            foreign = stack.enter_context(kept_content(source.path, source.group, origins, has_graph=has_graph))

        def beside(root: h5g.GroupID) -> bool:
            found = foreign is not None and foreign.copy_into(root)
            if before is not None:
                _check_unchanged(source.path, before)
            return found

        write = WriteOptions(durable=options.durable, progress=options.progress)
        Writer().write(path, ordered or models, metadata=edit.metadata, beside=beside, options=write)


def _model(arrays: EditedArrays, edit: Edit) -> Model:
    values = {name: arrays.deferred(name) for name in arrays} or None
    known = {name: entry.dtype for name, entry in arrays.entries.items()}
    return Model(values, edit.structure, known, edit.compression, live=(), random=edit.random)


def _copied_model(file: TensorFile) -> Model:
    arrays = EditedArrays({name: copied(file, name) for name in file.variables})
    values = {name: arrays.deferred(name) for name in arrays} or None
    return Model(values, file.structure(), dtypes_of(file.variables), {}, live=(), random=file.random_places())


def _check_unchanged(path: str, before: os.stat_result) -> None:
    """Check that no other program has replaced the source, or written to it."""
    try:
        after = os.stat(path)
    except OSError:
        after = None
    if after is None or any(getattr(before, name) != getattr(after, name) for name in _IDENTITY):
        raise AbortedError(
            None, None, f"{path} was changed by another program meanwhile; it was not edited. Edit it again."
        )


_IDENTITY = ("st_dev", "st_ino", "st_size", "st_mtime_ns")
"""The fields that differ after a file was replaced or written to."""
