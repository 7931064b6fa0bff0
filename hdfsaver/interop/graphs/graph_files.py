"""TensorFlow's graphs in files: ``.meta``, ``.pb``, ``.pbtxt`` and SavedModels, to structures and back."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from hdfsaver.annotations import annotations_of
from hdfsaver.errors import DataLossError, NotFoundError
from hdfsaver.files.error_context import about
from hdfsaver.files.file_kinds import GRAPH_DEF, META_GRAPH, refusal_of
from hdfsaver.files.opening import is_file, is_folder, is_there, read_regular
from hdfsaver.interop.graphs.graph_of_checkpoint import graph_path
from hdfsaver.interop.graphs.message_files import (
    LARGEST,
    kind_of_message,
    parse_message,
    read_message,
    write_message,
)
from hdfsaver.interop.graphs.meta_graph_defs import Nodes, message_of, nodes_and_rest, structure_of, with_nodes
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.schema import DiGraph, Structure

__all__ = [
    "MetaGraph",
    "SavedModel",
    "read_graph_def",
    "read_meta_graph",
    "read_saved_model",
    "warn_of_annotations",
    "write_graph_def",
    "write_meta_graph",
]

_ASSETS = "saved_model_assets"

PathLike = str | os.PathLike[str]


class MetaGraph(NamedTuple):
    """A graph of a SavedModel, and the tags by which programs choose it."""

    tags: tuple[str, ...]
    structure: Structure


class SavedModel(NamedTuple):
    """The contents of a SavedModel.

    Attributes
    ----------
    meta_graphs : list of MetaGraph
        Its graphs; functions and signatures are in ``structure.tensorflow``, so that writing keeps them.
    variables : str or None
        The prefix of its checkpoint, for `hdfsaver.interop.open_bundle`; None where it has no variables.
    assets : dict of str to Path
        Its further files, by the names that graphs have for them.
    """

    meta_graphs: list[MetaGraph]
    variables: str | None
    assets: dict[str, Path]


def read_meta_graph(path: PathLike) -> Structure:
    """Read a ``.meta`` file, binary or text, with operations of any type.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Structure
        Attributes are in the order of their names. dtypes of outputs are those of the file's own definitions of types,
        shapes what ``_output_shapes`` says. `write_meta_graph` of it gives an equal message.

    Raises
    ------
    NotFoundError
        There is no such file.
    DataLossError
        It is not a ``MetaGraphDef``, has no graph, or its nodes contradict each other.
    ResourceExhaustedError
        Its constants would take more memory than ``declared_bytes`` of `hdfsaver.limits` allows.
    OpError
        The operating system reports an error.
    """
    return with_nodes(*read_nodes_and_rest(path))


def read_nodes_and_rest(path: PathLike) -> tuple[Nodes, Structure]:
    """Read a ``.meta`` file as `read_meta_graph` does: its nodes, and a structure without a DiGraph of them."""
    message = read_message(_present(path), message_classes.MetaGraphDef)
    with about(path):
        check_nodes(message)
        return nodes_and_rest(message)


def _present(path: PathLike) -> PathLike:
    """The path of a graph, or of the file that has it while its checkpoint is replaced."""
    text = os.fspath(path)
    if not text.endswith(".meta") or is_there(text):
        return path
    return graph_path(text.removesuffix(".meta")) or path


def write_meta_graph(structure: Structure | message_classes.MetaGraphDef, path: PathLike) -> None:
    """Write a ``.meta`` file, which TensorFlow's ``import_meta_graph`` takes; its folder must be there.

    Where the structure has a Saver without operations, as hdfsaver's Savers are, the operations are added that
    ``save`` and ``restore`` of TensorFlow's Saver run.

    Parameters
    ----------
    structure : Structure or MetaGraphDef
        The result of `read_meta_graph`, of `hdfsaver.train.export_meta_graph`, or of a Saver's method of that name.
    path : path-like
        Text is written where it ends in ``.pbtxt``.

    Raises
    ------
    ValueError
        It is a plain digraph, larger than 2 GiB, not well-formed, or its Saver keeps something that is not a variable
        of the graph.
    OpError
        The operating system reports an error; a file that was there before is unchanged.
    """
    write_message(path, meta_graph_message(structure, path))


def meta_graph_message(
    structure: Structure | message_classes.MetaGraphDef, path: PathLike
) -> message_classes.MetaGraphDef:
    """The message that `write_meta_graph` writes to a path."""
    if isinstance(structure, message_classes.MetaGraphDef):
        structure = _structure_of_copy(structure)
    message = message_of(structure)
    warn_of_annotations(structure.digraph, path)
    return message


def warn_of_annotations(digraph: DiGraph, path: PathLike) -> None:
    """Say which values of a program are not in a file of TensorFlow's messages, which cannot hold them."""
    found = annotations_of(digraph)
    if found:
        warnings.warn(
            f"{path} has the graph without the {found.text()} that a program has put there: TensorFlow's messages "
            "cannot hold them. A file of this format (.h5) keeps them.",
            stacklevel=3,
        )


def _structure_of_copy(message: message_classes.MetaGraphDef) -> Structure:
    copy = message_classes.MetaGraphDef()
    copy.CopyFrom(message)
    try:
        return structure_of(copy)
    except DataLossError as error:
        raise ValueError(f"The MetaGraphDef cannot be written: {error.message}") from error


def read_graph_def(path: PathLike) -> Structure:
    """Read a graph alone, ``.pb`` or ``.pbtxt``; see `read_meta_graph`.

    Without definitions of types, which such files do not have, dtypes of outputs are taken from attributes.
    """
    message = _around(read_message(path, message_classes.GraphDef))
    with about(path):
        check_nodes(message)
        return structure_of(message)


def read_graph_message(path: PathLike) -> message_classes.MetaGraphDef:
    """Read the message of a file with a graph, a ``MetaGraphDef`` or a ``GraphDef``, which its content tells.

    Parameters
    ----------
    path : path-like
        Its ending tells the message only if the content does not: ``.meta`` is a ``MetaGraphDef``.

    Returns
    -------
    MetaGraphDef
        A ``GraphDef`` is the only part of one.

    Raises
    ------
    NotFoundError, DataLossError, InvalidArgumentError, OpError
        See `read_meta_graph`.
    """
    data = read_regular(path, LARGEST)
    kind = kind_of_message(path, data)
    if kind not in (None, GRAPH_DEF, META_GRAPH):
        raise refusal_of(kind, path, "a TensorFlow graph")
    is_meta = kind == META_GRAPH or (kind is None and os.fspath(path).endswith(".meta"))
    parsed = parse_message(path, data, message_classes.MetaGraphDef if is_meta else message_classes.GraphDef)
    message: message_classes.MetaGraphDef = parsed if is_meta else _around(parsed)
    with about(path):
        check_nodes(message)
    return message


def _around(graph_def: message_classes.GraphDef) -> message_classes.MetaGraphDef:
    message = message_classes.MetaGraphDef()
    message.graph_def.SetInParent()
    message.graph_def.MergeFrom(graph_def)
    return message


def check_nodes(message: message_classes.MetaGraphDef) -> None:
    """Check that a message is a graph: other bytes may happen to be a message whose fields are all unknown.

    Raises
    ------
    DataLossError
        It has no graph, or nodes without a name or a type, or nothing but unknown fields.
    """
    graph_def = message.graph_def
    if not message.HasField("graph_def") or not (graph_def.node or graph_def.ListFields()):
        raise DataLossError(None, None, "there is no graph in it.")
    for node in graph_def.node:
        if not node.name or not node.op:
            raise DataLossError(None, None, f"it is not a graph: node {node.name!r} has the type {node.op!r}.")


def write_graph_def(
    structure: Structure | message_classes.GraphDef | message_classes.MetaGraphDef, path: PathLike
) -> None:
    """Write a graph alone, such as a frozen one; see `write_meta_graph`.

    Parameters
    ----------
    structure : Structure, GraphDef or MetaGraphDef
        For example the result of `hdfsaver.graph_util.convert_variables_to_constants`.
    path : path-like
        Text is written where it ends in ``.pbtxt``.
    """
    message: message_classes.GraphDef | message_classes.MetaGraphDef
    message = message_of(structure, with_saver=False) if isinstance(structure, Structure) else structure
    if isinstance(structure, Structure):
        warn_of_annotations(structure.digraph, path)
    write_message(path, message.graph_def if isinstance(message, message_classes.MetaGraphDef) else message)


def read_saved_model(folder: PathLike) -> SavedModel:
    """Read a SavedModel; of its values only where they are.

    Parameters
    ----------
    folder : path-like

    Raises
    ------
    NotFoundError
        The folder has neither ``saved_model.pb`` nor ``saved_model.pbtxt``.
    DataLossError
        It is damaged, or names an asset outside of its folder.
    """
    path = _model_file(Path(folder))
    message = saved_model_message(folder)
    with about(path):
        assets = _assets(Path(folder), message)
        graphs = [MetaGraph(tuple(found.meta_info_def.tags), structure_of(found)) for found in message.meta_graphs]
    return SavedModel(graphs, _variables(Path(folder)), assets)


def saved_model_message(folder: PathLike) -> message_classes.SavedModel:
    """Read the message of a SavedModel; see `read_saved_model`.

    Raises
    ------
    NotFoundError, DataLossError
        See `read_saved_model`.
    """
    message: message_classes.SavedModel = read_message(_model_file(Path(folder)), message_classes.SavedModel)
    return message


class FirstGraph(NamedTuple):
    """The first graph of a SavedModel, None without one; the prefix of its checkpoint or None; the number of graphs."""

    message: message_classes.MetaGraphDef | None
    variables: str | None
    graphs: int


def read_first_graph(path: PathLike) -> FirstGraph:
    """Read the message of the first graph of a SavedModel.

    Parameters
    ----------
    path : path-like
        Its folder, or the file with the graphs.

    Raises
    ------
    NotFoundError, DataLossError
        See `read_saved_model`.
    """
    file = _model_file(Path(path)) if os.path.isdir(path) else Path(path)
    message = read_message(file, message_classes.SavedModel)
    first = message.meta_graphs[0] if message.meta_graphs else None
    if first is not None:
        with about(file):
            check_nodes(first)
    return FirstGraph(first, _variables(file.parent), len(message.meta_graphs))


def _variables(folder: Path) -> str | None:
    """The prefix of the checkpoint of a SavedModel; None without variables."""
    prefix = folder / "variables" / "variables"
    if not is_folder(prefix.parent):
        return None
    with about(prefix.parent):
        names = os.listdir(prefix.parent)
    return str(prefix) if any(name.startswith("variables.") for name in names) else None


def _model_file(folder: Path) -> Path:
    for name in ("saved_model.pb", "saved_model.pbtxt"):
        if is_file(folder / name):
            return folder / name
    raise NotFoundError(None, None, f"{folder} holds no SavedModel: neither saved_model.pb nor saved_model.pbtxt.")


def _assets(folder: Path, message: Any) -> dict[str, Path]:
    names = [asset.filename for graph in message.meta_graphs for asset in asset_defs(graph)]
    return {name: folder / "assets" / checked_asset_name(name) for name in names}


def asset_defs(graph: message_classes.MetaGraphDef) -> Iterator[message_classes.AssetFileDef]:
    """The further files of a graph of a SavedModel."""
    yield from graph.asset_file_def
    # The builders of TensorFlow 1 keep them in a collection.
    if _ASSETS in graph.collection_def:
        for item in graph.collection_def[_ASSETS].any_list.value:
            yield parse(message_classes.AssetFileDef, item.value, "an asset")


def checked_asset_name(name: str) -> str:
    """The name of a further file of a SavedModel; `DataLossError` where that would be outside of its folder."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if ".." in windows.parts or posix.is_absolute() or windows.is_absolute() or windows.drive or "\0" in name:
        raise DataLossError(None, None, f"the asset {name!r} would be outside of the SavedModel.")
    return name
