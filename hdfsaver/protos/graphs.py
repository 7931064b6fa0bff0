"""GraphDef: a graph as a list of the definitions of its operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hdfsaver.protos.attributes import AttrMap
from hdfsaver.protos.message import Message

PRODUCER = 2474
"""The version of the rules for graphs that operations follow here: that of TensorFlow 2.21."""


@dataclass(slots=True)
class NodeDef(Message):
    """The definition of an operation: TensorFlow's message of that name, field for field.

    Attributes
    ----------
    name : str
    op : str
        The operation's type, ``"AddV2"``.
    input : list of str
        ``"a"`` is the first output of ``a``, ``"a:1"`` its second; then ``"^b"`` for the operations to wait for.
    device : str
        Where it was asked to run.
    attr : dict of str to AttrValue
    """

    name: str = ""
    op: str = ""
    input: list[str] = field(default_factory=list)
    device: str = ""
    attr: AttrMap = field(default_factory=AttrMap)

    def __post_init__(self) -> None:
        if type(self.attr) is not AttrMap:
            self.attr = AttrMap(self.attr)


@dataclass(slots=True)
class VersionDef(Message):
    """Which programs understand a graph: TensorFlow's message of that name, field for field."""

    producer: int = 0
    min_consumer: int = 0
    bad_consumers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class FunctionDefLibrary(Message):
    """The functions that a graph's operations call. They are kept as they are; nothing here looks into them."""

    function: list[Any] = field(default_factory=list)
    gradient: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class GraphDef(Message):
    """A graph: TensorFlow's message of that name, field for field.

    Attributes
    ----------
    node : list of NodeDef
        In any order.
    versions : VersionDef
    library : FunctionDefLibrary
    """

    node: list[NodeDef] = field(default_factory=list)
    versions: VersionDef = field(default_factory=VersionDef)
    library: FunctionDefLibrary = field(default_factory=FunctionDefLibrary)
