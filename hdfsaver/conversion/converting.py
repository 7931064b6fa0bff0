"""Conversion from one file to another, array by array."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from hdfsaver.annotations import annotations_of
from hdfsaver.checkpoint.renaming import Rename
from hdfsaver.conversion.array_selection import Chosen, Selection, checked_dtype, checked_patterns
from hdfsaver.conversion.converted_arrays import ConvertedArrays
from hdfsaver.conversion.layouts.laying_out import Laid
from hdfsaver.conversion.layouts.variable_rules import LAYOUTS
from hdfsaver.conversion.onnx_options import Fixed, Named, OnnxOptions, Shapes
from hdfsaver.conversion.replaced_files import check_differ, remarks_on_replaced
from hdfsaver.conversion.report import Conversion, listed
from hdfsaver.conversion.target_writing import Job, replaced_v1
from hdfsaver.conversion.targets import Target, target_of
from hdfsaver.errors import InvalidArgumentError, OpError, UnimplementedError
from hdfsaver.files.progress import Callback
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix, as_source, as_target
from hdfsaver.schema import Structure
from hdfsaver.storage.chunks.compression import Choices


def convert(
    source: PathLike,
    target: PathLike,
    *,
    to: str | None = None,
    group: str = "",
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    drop_slots: bool = False,
    rename: Rename | None = None,
    dtype: str | None = None,
    layout: str | None = None,
    compression: Choices = None,
    outputs: Named | None = None,
    inputs: Named | None = None,
    fixed: Fixed | None = None,
    weights_in: PathLike | None = None,
    shapes: Shapes | None = None,
    durable: bool = True,
    progress: Callback | None = None,
) -> Conversion:
    """Convert a file to another format, one array at a time.

    Parameters
    ----------
    source : path
        A file, a prefix or a folder; its content tells the format, see `hdfsaver.formats.open_source.open_source`.
    target : path or URL
        Its ending tells the format, in upper or lower case: ``.h5`` or ``.hdf5`` an hdfsaver checkpoint; ``.npz``, or
        ``.npy`` for one array; ``.safetensors``; ``.pt``, ``.pth`` or ``.bin`` a PyTorch file; ``.meta``, ``.pb`` or
        ``.pbtxt`` the graph alone; ``.weights.h5`` the weights
        of Keras 3; ``.onnx`` what the graph computes; ``.ckpt``, ``.ckpt-123``, ``.index`` or no ending
        the prefix of a TensorFlow checkpoint. An existing file is replaced when the new one is complete; so is an
        existing TensorFlow checkpoint, with all its files, its graph and those of the first format among them.
    to : str, optional
        The format of the target, for any ending: ``"hdf5"``, ``"npz"``, ``"npy"``, ``"safetensors"``,
        ``"torch"``, ``"keras"``, ``"keras2"``, ``"tensorflow"``, ``"meta"``, ``"graph"`` or ``"onnx"``.
    group : str
        The model to convert, in a file that has several.
    include, exclude : iterable of str
        Shell patterns, in which ``*`` also matches slashes: take only arrays that match a pattern of ``include`` and no
        pattern of ``exclude``.
    drop_slots : bool
        Leave out the arrays that belong to optimizers. They are known from the graph, the objects or the groups of the
        source; in a source without these, from TensorFlow's names of slots, with their variables' shapes and dtypes.
    rename : callable, or dict or list of pairs of regular expressions, optional
        Names in the target; see `Saver`.
    dtype : str, optional
        Convert real numbers to this dtype: ``"float16"``, ``"bfloat16"``, ...
    layout : str, optional
        ``"torch"`` or ``"keras"``: put weights in the layout of that library, as the graph of the source says how they
        are used. ``rename`` then gets the names of the layout.
    compression : optional
        For an hdfsaver checkpoint; see `hdfsaver.Compression`.
    outputs, inputs : iterable of str, or dict of str to str, optional
        For an ONNX model: the tensors that it computes and those that it is given, or such names by the names that they
        get. By default those of the signature of a SavedModel; else the tensors that nothing uses, and the
        placeholders that they need.
    fixed : dict of str to array_like, optional
        For an ONNX model: values for placeholders that are not to be inputs.
    weights_in : path, optional
        For an ONNX model: an hdfsaver checkpoint in the folder of the target or below it, in which the values of
        variables stay; the model has their places.
    shapes : dict of str to sequence of (int or None), optional
        For an ONNX model: shapes of tensors, of which the graph does not tell the number of axes or the sizes.
    durable : bool
        Return only when the target is on the disk.
    progress : callable, optional
        Called repeatedly with the bytes written and the bytes in total.

    Returns
    -------
    Conversion
        It says which files and arrays were written, which elements were left out, and why.

    Raises
    ------
    NotFoundError
        The source does not exist, or a pattern of ``include`` matches no array.
    InvalidArgumentError
        The format of the source is unknown, the ending of the target is unknown or means another kind of file, the
        target format does not support the content, there is nothing to write, or the source has no graph for
        ``layout``.
    FailedPreconditionError
        The target is a folder, or would have a graph beside it that is not its own.
    ValueError
        Source and target are the same, two arrays would get the same name, ``dtype`` is not a dtype of real numbers, or
        an option does not suit the target.
    ImportError
        A library for the format is not installed.
    DataLossError, OpError
        The source is damaged, or the target cannot be written.

    Notes
    -----
    At most one array is in memory, except for PyTorch files, and for strings and small arrays of an hdfsaver
    checkpoint. The graph is converted if all arrays are, with unchanged names and dtypes, and the target is a
    checkpoint; metadata are converted if both formats have them. Elements that cannot be read are left out, unless
    ``include`` names them.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> hdfsaver.save_file({"dense/w": np.ones((2, 3)), "step": np.int64(7)}, "arrays.h5")
    >>> done = hdfsaver.convert("arrays.h5", "arrays.npz", include=["dense/*"], dtype="float16")
    >>> done.names, done.nbytes, done.files
    ({'dense/w': 'dense/w'}, 12, ['arrays.npz'])
    >>> done.left_out
    {'step': 'no pattern of include matches'}
    >>> np.load("arrays.npz")["dense/w"].dtype
    dtype('float16')
    """
    wanted = checked_patterns(include), checked_patterns(exclude)
    kind, path = target_of(as_target(target), to)
    layout = layout or ("keras" if kind.layers else None)
    selection = Selection(*wanted, drop_slots, rename, dtype and checked_dtype(dtype), layout, kind.layers)
    onnx = OnnxOptions(outputs, inputs, fixed, None if weights_in is None else as_prefix(weights_in), shapes)
    _check_options(kind, path, selection, compression, onnx)
    if weights_in is not None and isinstance(path, RemoteName):
        raise UnimplementedError(
            None, None, f"Model and checkpoint must be in one folder of this machine, not {path}: copy both of them."
        )
    if kind.write is None:
        from hdfsaver.conversion.onnx_files import write_onnx  # it needs much that other conversions do not

        with open_source(source, group) as opened:
            check_differ(opened, [path])
        return write_onnx(as_source(source), path, onnx, group, durable=durable)
    with open_source(source, group) as opened:
        removed = replaced_v1(path) if kind.name == "tensorflow" else ()
        check_differ(opened, [*kind.files(path, True), *removed])
        chosen = selection.of(opened, kind.has_objects)
        structure, no_graph = _graph(opened, kind, chosen)
        chosen, no_arrays = _held(opened, kind, chosen, structure is not None)
        entries = {name: selection.entry(name, entry) for name, entry in chosen.arrays.items()}
        laid = chosen.laid or Laid({}, {}, [])
        is_twice = kind.name == "hdf5" and isinstance(path, RemoteName)
        arrays = ConvertedArrays(opened, chosen.arrays, entries, progress, laid.parts, is_twice=is_twice)
        _check_content(opened, kind, path, arrays, structure, no_graph)
        metadata, no_metadata = _metadata(opened, kind)
        replaced = remarks_on_replaced(opened, kind, path, structure, removed)
        random = {} if structure is None else opened.random_places()
        kind.write(path, Job(arrays, structure, metadata, compression, durable, random, chosen.layers))
        rest = _other_groups(opened), _beside_graph(kind, structure), _annotations(kind, structure), _other(opened)
        remarks = [no_graph, no_metadata, no_arrays, *rest, *chosen.remarks, *replaced]
    return Conversion(
        {name: entry.name for name, entry in chosen.arrays.items()},
        arrays.nbytes,
        structure is not None,
        kind.files(path, structure is not None),
        chosen.left_out,
        arrays.changed,
        [remark for remark in remarks if remark],
        {name: part.what for name, part in laid.parts.items() if part.what},
        laid.unchanged,
    )


def _held(source: TensorFile, kind: Target, chosen: Chosen, has_graph: bool) -> tuple[Chosen, str]:
    """The arrays that the target can have, and a remark on the others or their names."""
    count = len(chosen.arrays)
    if count and has_graph and source.are_constants and kind.name != "tensorflow":
        remark = f"Constants of the graph, which are written with it alone: {count:,}."
        return chosen._replace(arrays={}), remark
    if count and kind.most_arrays == 0:
        return chosen._replace(arrays={}), f"Arrays that are left out, since {kind.title} has none: {count:,}."
    return chosen, "The name of the array is left out: a .npy file has none." if kind.name == "npy" else ""


def _beside_graph(kind: Target, structure: Structure | None) -> str:
    """A remark on the parts of a graph that are not operations, where the target has operations alone."""
    if kind.name != "graph" or structure is None:
        return ""
    parts = {
        "collections": bool(structure.collections),
        "Saver": structure.saver is not None,
        "signatures": "signature_def" in structure.tensorflow,
    }
    lost = [name for name, is_there in parts.items() if is_there]
    return f"Left out beside the operations: {', '.join(lost)}. A .meta file has them." if lost else ""


def _other(source: TensorFile) -> str:
    """A remark on the content of the source that no conversion keeps."""
    found = source.other_content()
    return f"Left out, since only arrays, graph and metadata are converted: {', '.join(found)}." if found else ""


def _annotations(kind: Target, structure: Structure | None) -> str:
    """A remark on the values of a program on the graph, which only an hdfsaver checkpoint keeps."""
    if structure is None or kind.name == "hdf5":
        return ""
    found = annotations_of(structure.digraph)
    return f"Left out of the graph: {found.text()}. A .h5 file keeps them." if found else ""


def _check_options(kind: Target, path: str, selection: Selection, compression: Choices, onnx: OnnxOptions) -> None:
    _check_layout(kind, path, selection.layout)
    if kind.name != "onnx" and any(option is not None for option in onnx):
        given = ", ".join(name for name, option in onnx._asdict().items() if option is not None)
        raise ValueError(f"Only an ONNX model (.onnx) has {given}, not {path}.")
    if compression is not None and kind.name != "hdf5":
        raise ValueError(f"Only an hdfsaver checkpoint (.h5) can be compressed, not {path}.")
    if (kind.most_arrays == 0 or kind.name == "onnx") and selection.options:
        options = ", ".join(selection.options)
        raise ValueError(f"{path} gets only the graph, but {options} choose or change arrays; leave them out.")


def _check_layout(kind: Target, path: str, layout: str | None) -> None:
    if layout is None:
        return
    if layout not in LAYOUTS:
        raise ValueError(f"Unknown layout {layout!r}; the layouts are {', '.join(LAYOUTS)}.")
    if kind.layers and layout != "keras":
        raise ValueError(f"{path} is {kind.title}, whose weights have the layout keras, not {layout}.")
    if kind.name not in _LAID_OUT:
        raise ValueError(
            f"{path} is {kind.title}, which TensorFlow reads in its own layout; {LAYOUTS[layout]} gets its arrays from "
            "a .pt, .pth, .safetensors, .npz or .h5 file."
        )


_LAID_OUT = ("torch", "safetensors", "npz", "npy", "hdf5", "keras", "keras2")
"""The formats for arrays in another layout."""


def _graph(source: TensorFile, kind: Target, chosen: Chosen) -> tuple[Structure | None, str]:
    """The graph to write, or the reason why the graph of the source is not written."""
    why = "" if kind.has_graph else f"{kind.title} does not hold graphs"
    if kind.most_arrays != 0 and chosen.changes:
        why = why or f"it would not match the arrays, as {' and '.join(chosen.changes)}"
    if why:
        return None, f"The graph is left out: {why}." if _has_graph(source) else ""
    try:
        structure = source.structure()
    except (InvalidArgumentError, UnimplementedError) as error:
        return None, f"The graph is left out: it cannot be read. {error.message}"
    if structure is not None and structure.is_plain and kind.name != "hdf5":
        return None, f"The graph is left out: a plain DiGraph is not a computation graph, which {kind.title} needs."
    return structure, ""


def _has_graph(source: TensorFile) -> bool:
    try:
        return source.has_graph()
    except OpError:  # there is one, and that it cannot be read does not matter here
        return True


def _check_content(
    source: TensorFile, kind: Target, path: str, arrays: ConvertedArrays, structure: Structure | None, no_graph: str
) -> None:
    """Check that there is something to write, and not too much."""
    if kind.most_arrays == 0:
        if structure is None:
            why = no_graph or f"{source.path} has no graph."
            raise InvalidArgumentError(None, None, f"The source has no graph to write to {path}. {why}")
    elif not arrays and (structure is None or kind.name != "hdf5"):
        raise InvalidArgumentError(None, None, f"There is nothing to write to {path}: {_nothing(source)}")
    elif kind.most_arrays is not None and len(arrays) > kind.most_arrays:
        raise InvalidArgumentError(
            None,
            None,
            f"{path} can have only {kind.most_arrays} array, but {len(arrays)} are to be written: "
            f"{listed(list(arrays))}. Choose one with include (--include), or write a .npz file.",
        )


def _nothing(source: TensorFile) -> str:
    """The reason why there is no array."""
    if source.variables:
        return f"no array of {source.path} is selected; it has {listed(list(source.variables))}."
    others = [group for group in source.groups() if group != source.group]
    if others:
        return f"the models of {source.path} are in the groups {listed(others)}; choose one with group (--group)."
    if source.unreadable:
        error = next(iter(source.unreadable.values()))
        return f"no array of {source.path} can be read. {error.message}"
    if _has_graph(source):
        return f"{source.path} has a graph and no arrays. A graph is written to a .meta, .pb, .pbtxt or .h5 file."
    return f"{source.path} has no arrays."


def _metadata(source: TensorFile, kind: Target) -> tuple[dict[str, str], str]:
    """The metadata to write, or the reason why those of the source are not written."""
    if kind.has_metadata:
        return source.metadata(), ""
    found: dict[str, str] = {}
    with suppress(OpError):  # they are not asked for
        found = source.metadata()
    return {}, f"Metadata are left out: {kind.title} does not hold {listed(list(found))}." if found else ""


def _other_groups(source: TensorFile) -> str:
    others = [group or "the root" for group in source.groups() if group != source.group]
    if not others:
        return ""
    return f"The models of other groups are left out: {listed(others)}. Convert each with group (--group)."
