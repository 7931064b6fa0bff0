"""MetaGraphDef: a graph with what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from hdfsaver.protos.graphs import GraphDef
from hdfsaver.protos.message import Message
from hdfsaver.schema import CollectionDef, SavedNames, SaverDef


@dataclass(slots=True)
class MetaInfoDef(Message):
    """What is known about a graph as a whole: TensorFlow's message of that name, field for field.

    Attributes
    ----------
    stripped_op_list, any_info : object
        Kept as they are given.
    """

    meta_graph_version: str = ""
    stripped_op_list: Any = None
    any_info: Any = None
    tags: list[str] = field(default_factory=list)
    tensorflow_version: str = ""
    tensorflow_git_version: str = ""
    stripped_default_attrs: bool = False
    function_aliases: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class MetaGraphDef(Message):
    """A graph with its collections and its Saver: TensorFlow's message of that name, field for field.

    Attributes
    ----------
    meta_info_def : MetaInfoDef
    graph_def : GraphDef
    saver_def : SaverDef or None
    collection_def : dict of str to CollectionDef
    signature_def, asset_file_def : dict, list
        Kept as they are given.
    saved_names : dict of str to str or list of SavedPart
        Which variable (its operation's name) the Saver keeps under which name in a file, or the parts of one.
        TensorFlow has this in the operations that a Saver adds to the graph; ours adds none.
    tensorflow : dict of str to bytes
        What came with a file of TensorFlow's beyond that, see `hdfsaver.schema.Structure`.
    """

    meta_info_def: MetaInfoDef = field(default_factory=MetaInfoDef)
    graph_def: GraphDef = field(default_factory=GraphDef)
    saver_def: SaverDef | None = None
    collection_def: dict[str, CollectionDef] = field(default_factory=dict)
    signature_def: dict[str, Any] = field(default_factory=dict)
    asset_file_def: list[Any] = field(default_factory=list)
    saved_names: SavedNames = field(default_factory=dict)
    tensorflow: dict[str, bytes] = field(default_factory=dict)

    MetaInfoDef: ClassVar = MetaInfoDef
