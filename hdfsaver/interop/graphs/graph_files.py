"""TensorFlow's graphs in files: ``.meta``, ``.pb``, ``.pbtxt`` and SavedModels, to structures and back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from hdfsaver.errors import DataLossError, NotFoundError
from hdfsaver.files.error_context import about
from hdfsaver.interop.graphs.message_files import read_message, write_message
from hdfsaver.interop.graphs.meta_graph_defs import message_of, structure_of
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.schema import Structure

__all__ = [
    "MetaGraph",
    "SavedModel",
    "read_graph_def",
    "read_meta_graph",
    "read_saved_model",
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
    message = read_message(path, message_classes.MetaGraphDef)
    with about(path):
        return structure_of(message)


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
    if isinstance(structure, message_classes.MetaGraphDef):
        structure = _structure_of_copy(structure)
    write_message(path, message_of(structure))


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
    message = message_classes.MetaGraphDef()
    graph_def = read_message(path, message_classes.GraphDef)
    message.graph_def.SetInParent()
    message.graph_def.MergeFrom(graph_def)
    with about(path):
        return structure_of(message)


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
    message = read_message(path, message_classes.SavedModel)
    with about(path):
        assets = _assets(Path(folder), message)
        graphs = [MetaGraph(tuple(found.meta_info_def.tags), structure_of(found)) for found in message.meta_graphs]
    prefix = Path(folder, "variables", "variables")
    has_variables = prefix.with_name("variables.index").is_file()
    return SavedModel(graphs, str(prefix) if has_variables else None, assets)


def _model_file(folder: Path) -> Path:
    for name in ("saved_model.pb", "saved_model.pbtxt"):
        if (folder / name).is_file():
            return folder / name
    raise NotFoundError(None, None, f"{folder} holds no SavedModel: neither saved_model.pb nor saved_model.pbtxt.")


def _assets(folder: Path, message: Any) -> dict[str, Path]:
    names = [asset.filename for graph in message.meta_graphs for asset in _asset_defs(graph)]
    return {name: folder / "assets" / _checked(name) for name in names}


def _asset_defs(graph: Any) -> Iterator[Any]:
    yield from graph.asset_file_def
    # The builders of TensorFlow 1 keep them in a collection.
    if _ASSETS in graph.collection_def:
        for item in graph.collection_def[_ASSETS].any_list.value:
            yield parse(message_classes.AssetFileDef, item.value, "an asset")


def _checked(name: str) -> str:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if ".." in windows.parts or posix.is_absolute() or windows.is_absolute() or windows.drive or "\0" in name:
        raise DataLossError(None, None, f"the asset {name!r} would be outside of the SavedModel.")
    return name
