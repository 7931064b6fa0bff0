"""Graphs in files of their own, without any values."""

from __future__ import annotations

import os

from hdfsaver import errors
from hdfsaver.files.file_kinds import HDF5
from hdfsaver.files.opening import end_reading, open_any
from hdfsaver.files.remote.names import RemoteName, beside, folder_and_name, sharing
from hdfsaver.files.whole_files import write_whole
from hdfsaver.graph.definition import find
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_defs import graph_around
from hdfsaver.interop.graphs.graph_files import read_nodes_and_rest, warn_of_annotations, write_graph_def
from hdfsaver.interop.graphs.graph_of_checkpoint import graph_path
from hdfsaver.interop.graphs.message_files import text_of
from hdfsaver.interop.graphs.meta_graph_defs import Nodes, program_message
from hdfsaver.messages import message_classes
from hdfsaver.reading import checkpoint_names
from hdfsaver.reading.checkpoint_names import PathLike, Source, as_prefix, as_source, as_target
from hdfsaver.schema import Structure
from hdfsaver.storage.ownership import check_without_values
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file


def write_structure(filename: PathLike, structure: Structure) -> None:
    """Write a structure, without any variables, into a file; folders that are missing are made.

    Raises
    ------
    FailedPreconditionError
        The file has values of variables, or is an HDF5 file of another program.
    """
    path = checkpoint_names.file_of(as_target(filename))
    check_without_values(path)
    make_folder_of(path)
    write_file(path, variables=None, structure=structure)


def make_folder_of(path: str) -> None:
    """Make the folder of a file, as `make_folder` does."""
    make_folder(folder_and_name(path)[0] or os.curdir)


def make_folder(folder: PathLike) -> None:
    """Make a folder and those above it, where they are missing; remote folders are parts of names.

    Raises
    ------
    OpError
        The operating system refuses.
    """
    if isinstance(folder, RemoteName):
        return
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise errors.from_os_error(error, f"Cannot make the folder {as_prefix(folder)}") from error


def read_nodes(filename: Source, group: str = "") -> tuple[Nodes, Structure]:
    """Read the nodes of a file, and its structure, which is without a DiGraph if the file is TensorFlow's.

    Raises
    ------
    OSError
        The file does not exist, has no graph, or is damaged.
    ResourceExhaustedError
        It asks for more than the limits allow.
    """
    with sharing():
        return _read_nodes(as_source(filename), group)


def _read_nodes(text: str, group: str) -> tuple[Nodes, Structure]:
    path = checkpoint_names.find(text)
    if path is None or not _is_hdf5(path):
        # A checkpoint of the first format is a file that bears the prefix for its name.
        path = _meta_file(text) or path
    if path is None:
        raise OSError(f"File {text} does not exist.")
    if not _is_hdf5(path):
        return _read_tensorflow(path)
    structure = _read(path, group)
    return structure.digraph.nodes, structure


def _meta_file(prefix: str) -> str | None:
    """The file in which TensorFlow has the graph of a checkpoint with that prefix."""
    if isinstance(prefix, RemoteName) and not prefix.may_be_prefix:
        return prefix
    return graph_path(prefix) or graph_path(prefix.removesuffix(checkpoint_names.META_SUFFIX))


def _is_hdf5(path: str) -> bool:
    # For a file that cannot be read, storage raises the error.
    try:
        opened = open_any(path)
    except errors.OpError:
        return True
    end_reading(opened.fd)
    return opened.head.startswith(HDF5) or path.endswith(checkpoint_names.SUFFIXES)


def _read_tensorflow(path: str) -> tuple[Nodes, Structure]:
    try:
        return read_nodes_and_rest(path)
    except errors.ResourceExhaustedError:
        raise
    except errors.OpError as error:
        raise OSError(f"Cannot read the graph in {path}: {error.message}") from error


def _read(path: str, group: str) -> Structure:
    try:
        with open_file(path, group) as file:
            structure = file.structure()
    except errors.ResourceExhaustedError:
        raise
    except errors.OpError as error:
        raise OSError(f"Cannot read the graph in {path}: {error.message}") from error
    if structure is None:
        why = "it was saved with write_meta_graph=False" if file.sealed else "it is not a checkpoint of hdfsaver"
        raise OSError(f"{path} holds no graph: {why}.")
    if structure.is_plain:
        raise OSError(f"{path} holds a plain digraph, not a computation graph; `hdfsaver.read_digraph` reads it.")
    return structure


def write_graph(
    graph_or_graph_def: Graph | message_classes.GraphDef, logdir: PathLike, name: str, as_text: bool = True
) -> str:
    """Write a graph, without collections and values, into a folder, which is made where it is missing.

    Parameters
    ----------
    graph_or_graph_def : Graph or GraphDef
    logdir : path
    name : str
        The file's name.
    as_text : bool
        Write the definition in protobuf's text format, which TensorFlow reads (``graph.pbtxt``). Otherwise a name
        that ends in ``.pb`` gives protobuf's binary format, and any other an HDF5 file (``graph`` becomes
        ``graph.h5``), which `import_meta_graph` reads.

    Returns
    -------
    str
        The path of the file.

    Raises
    ------
    TypeError
        The first argument is neither of the two.
    ValueError
        The definition has fields whose names are not known, which its text cannot do without.
    OpError
        The file cannot be written.
    """
    if not isinstance(graph_or_graph_def, Graph | message_classes.GraphDef):
        raise TypeError(f"write_graph takes a Graph or a GraphDef, not {type(graph_or_graph_def).__name__}.")
    folder = as_target(logdir)
    path = beside(folder, name) if isinstance(folder, RemoteName) else os.path.join(folder, name)
    is_binary = path.endswith(".pb")
    if isinstance(graph_or_graph_def, Graph) and (as_text or is_binary):
        warn_of_annotations(graph_or_graph_def.data, path)
    if as_text:
        given = graph_or_graph_def
        text = text_of(given.as_graph_def() if isinstance(given, Graph) else given, path)
        make_folder_of(path)
        write_whole(path, text.encode())
        return str(path)
    if is_binary:
        _write_binary(graph_or_graph_def, path)
        return str(path)
    graph = graph_or_graph_def if isinstance(graph_or_graph_def, Graph) else graph_around(graph_or_graph_def)
    write_structure(path, Structure(graph.data))
    return str(checkpoint_names.file_of(path))


def _write_binary(given: Graph | message_classes.GraphDef, path: str) -> None:
    if isinstance(given, Graph):
        structure = Structure(given.data, tensorflow=given.tensorflow)
        given = program_message(structure, find, add_shapes=False).graph_def
    make_folder_of(path)
    write_graph_def(given, path)
