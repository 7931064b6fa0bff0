"""The data of a page about a model: a description, and parts that the page opens when they are needed."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from hdfsaver.conversion.loaded_graphs import graph_of
from hdfsaver.errors import InvalidArgumentError, OpError, without_secrets
from hdfsaver.files.progress import Callback
from hdfsaver.files.remote.names import is_remote
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.page.graph_columns import Columns, attribute_columns, graph_columns
from hdfsaver.page.variable_columns import add_values, parameters, rows_of, variable_columns, without_folder
from hdfsaver.schema import Structure
from hdfsaver.version import __version__


class ModelParts(NamedTuple):
    """The data of a page about a model.

    Attributes
    ----------
    description : dict
        Title, facts, graph and variables, of JSON values.
    attributes : dict
        See `attribute_columns`; empty without a graph.
    pictures : bytes
        See `add_values`.
    """

    description: dict[str, Any]
    attributes: Columns
    pictures: bytes

    def encoded(self) -> list[bytes]:
        """The parts as bytes, in the order of the page."""
        return [as_json(self.description), as_json(self.attributes), self.pictures]


def as_json(value: Any) -> bytes:
    """A value as JSON in ASCII, without spaces; lone surrogates of names are escaped."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()


def model_parts(file: TensorFile, *, values: bool = True, progress: Callback | None = None) -> ModelParts:
    """Describe a model for the page.

    Parameters
    ----------
    file : TensorFile
        The open file.
    values : bool
        Read all values, for statistics and small pictures.
    progress : callable, optional
        See `hdfsaver.files.progress.Callback`.

    Returns
    -------
    ModelParts

    Raises
    ------
    InvalidArgumentError
        The file has several models, and none at its root.
    DataLossError, OpError
        It is damaged, or cannot be read. Damaged values do not count: their rows have the reason.
    """
    check_group(file)
    structure = structure_with_shapes(file)
    rows = rows_of(file)
    columns = variable_columns(rows, structure)
    pictures = add_values(rows, columns, progress) if values else b""
    return with_graph(ModelParts(describe(file, columns), {}, pictures), structure)


def with_graph(parts: ModelParts, structure: Structure | None) -> ModelParts:
    """The same parts with a graph."""
    if structure is None:
        return parts
    nodes = structure.digraph.nodes.values()
    attributes = attribute_columns(nodes, is_plain=structure.is_plain)
    return parts._replace(description={**parts.description, "graph": graph_columns(structure)}, attributes=attributes)


def describe(file: TensorFile, columns: Columns, *, only_index: bool = False) -> dict[str, Any]:
    """The description of a model without its graph.

    Parameters
    ----------
    file : TensorFile
    columns : dict
        Of `variable_columns`.
    only_index : bool
        Leave out its metadata, so that nothing but the index is read.

    Returns
    -------
    dict
    """
    return {
        "version": 1,
        "program": f"hdfsaver {__version__}",
        "title": title_of(file),
        "group": file.group,
        "facts": _facts(file, columns) if only_index else [*_facts(file, columns), *_more_facts(file)],
        "variables": columns,
    }


def title_of(file: TensorFile) -> str:
    """The name of the file without its folder, which may be private, and the group of the model."""
    path = os.fspath(file.path)
    name = without_secrets(path).rstrip("/").rpartition("/")[2] if is_remote(path) else _last_parts(path)
    return f"{name}: {file.group}" if file.group else name


def _last_parts(path: str) -> str:
    """The name of a file; of one whose name is only an ending, such as ``.meta``, with its folder."""
    folder, name = os.path.split(os.path.abspath(path) + os.sep * path.endswith(os.sep))
    return f"{os.path.basename(folder)}/{name}".rstrip("/") if not name or name.startswith(".") else name


def _facts(file: TensorFile, columns: Columns) -> list[tuple[str, str]]:
    return [
        ("Kind", file.kind),
        ("Arrays", f"{len(file.variables):,}"),
        ("Parameters", f"{parameters(columns):,}"),
        ("Bytes of values", f"{sum(columns['nbytes']):,}"),
    ]


def _more_facts(file: TensorFile) -> list[tuple[str, str]]:
    found = [(f"Metadata: {key}"[:200], value[:1000]) for key, value in sorted(_metadata(file).items())[:50]]
    others = [group for group in file.groups() if group not in ("", file.group)]
    return [*found, ("Other models in the file", ", ".join(others)[:1000])] if others else found


def _metadata(file: TensorFile) -> dict[str, str]:
    try:
        return file.metadata()
    except OpError as error:
        return {"cannot be read": without_folder(error.message, file)}


def check_group(file: TensorFile) -> None:
    """Check that the file has a model where it is looked for."""
    if file.variables or file.group:
        return  # of a remote file, the groups need more than the index
    groups = file.groups()
    if groups and "" not in groups:
        listed = ", ".join(groups)
        raise InvalidArgumentError(
            None, None, f"{file.path} has models in groups; choose one (--group, group=): {listed}."
        )


def structure_with_shapes(file: TensorFile) -> Structure | None:
    """The graph of a file; dtypes and shapes of outputs that the file does not have are inferred if they can be."""
    structure = file.structure()
    if structure is None or structure.is_plain or file.sealed or not _lacks_outputs(structure):
        return structure
    try:
        graph = graph_of(file, structure)
    except (OpError, ValueError, TypeError, KeyError):
        return structure  # it cannot be run here, but it can be shown
    return Structure(graph.data, structure.collections, structure.saver, structure.saved_names)


def _lacks_outputs(structure: Structure) -> bool:
    """Whether an input comes from an operation whose outputs are not known."""
    nodes = structure.digraph.nodes
    return any(
        place >= len(nodes[source]["outputs"]) or nodes[source]["outputs"][place][1] is None
        for data in nodes.values()
        for source, place in data["inputs"]
    )
