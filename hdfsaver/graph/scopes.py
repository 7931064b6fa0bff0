"""The ``with`` blocks that are open in each thread: control inputs, devices, attributes of new operations."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from hdfsaver.graph.device_functions import DeviceBlock
from hdfsaver.graph.operation import Operation


class ControlDependencies:
    """The operations that one ``with control_dependencies`` makes others wait for."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._made_inside: set[str] = set()

    def add_inside(self, name: str) -> None:
        """Note an operation that was made in the block."""
        self._made_inside.add(name)

    def covers(self, sources: Iterable[str]) -> bool:
        """Whether one of the sources was made in the block."""
        return not self._made_inside.isdisjoint(sources)


class Context(Protocol):
    """A branch or a loop that is being built; see `hdfsaver.graph.contexts`."""

    def add_op(self, operation: Operation) -> None:
        """Make a new operation part of the context: values from outside reach it as the context brings them in."""


class Blocks(NamedTuple):
    """The blocks that are open, the innermost ones last.

    Attributes
    ----------
    devices : tuple of DeviceBlock
    device : str or None
        The device that they give together; None where functions have to be called.
    control : tuple of ControlDependencies
    colocation : tuple of Operation
        The operations whose device new ones share.
    container : str
        The container of new variables.
    attrs : dict
        Further attributes; None takes an outer one away.
    gradient_types : dict of str to str
        For types of operations the name of another derivative.
    kernel_labels : dict of str to str
        For types of operations the label of another kernel.
    context : Context or None
        The branch or the loop that new operations belong to.
    """

    devices: tuple[DeviceBlock, ...] = ()
    device: str | None = ""
    control: tuple[ControlDependencies, ...] = ()
    colocation: tuple[Operation, ...] = ()
    container: str = ""
    attrs: Mapping[str, Any] = {}
    gradient_types: Mapping[str, str] = {}
    kernel_labels: Mapping[str, str] = {}
    context: Context | None = None


NO_BLOCKS = Blocks()


class _OfThread(threading.local):
    """The state of each thread; these are the values that it begins with."""

    name = ""
    blocks: Blocks | None = None
    is_home = False


class Scopes:
    """The open blocks of a graph, for each thread.

    ``thread.name`` is the name scope of this thread, with its slash; each thread begins at the root. The other blocks
    of a thread begin as those that the thread that made the graph has open at that time, as in TensorFlow, where all
    threads share them; blocks that a thread opens itself do not reach the other ones.
    """

    def __init__(self) -> None:
        self.thread = _OfThread()
        self.thread.is_home = True
        self._shared = NO_BLOCKS

    @property
    def blocks(self) -> Blocks:
        """The blocks that are open in this thread."""
        own = self.thread.blocks
        return self._shared if own is None else own

    @blocks.setter
    def blocks(self, blocks: Blocks) -> None:
        if self.thread.is_home:
            self._shared = blocks
        else:
            self.thread.blocks = blocks

    def change(self, **fields: Any) -> Blocks:
        """Open blocks in this thread: replace fields of its `Blocks`, and give the new ones."""
        self.blocks = blocks = self.blocks._replace(**fields)
        return blocks

    def restore(self, inside: Blocks, outer: Blocks, **fields: Any) -> None:
        """Close blocks in this thread.

        Parameters
        ----------
        inside : Blocks
            Those that `change` gave when the blocks were opened.
        outer : Blocks
            Those from before.
        **fields
            The fields to replace if other blocks were opened or closed since then.
        """
        blocks = self.blocks
        if blocks is not inside:
            outer = blocks._replace(**fields)
        self.blocks = NO_BLOCKS if outer == NO_BLOCKS else outer

    def separate(self) -> None:
        """From now on let other threads begin with the blocks of this moment."""
        self.thread.is_home = False


def locations(data: Mapping[str, Any], name: str) -> list[str]:
    """The other operations whose device a node shares."""
    groups = [item.decode() for item in data["attrs"].get("_class", ()) if item.startswith(b"loc:@")]
    return [other for other in (group.removeprefix("loc:@") for group in groups) if other != name]


class ControlBlock:
    """A ``with control_dependencies`` block.

    It is not a generator, which Python would leave when nothing refers to it: as in TensorFlow, a block that a program
    enters by hand stays open.
    """

    def __init__(self, scopes: Scopes, names: Sequence[str] | None) -> None:
        self._scopes = scopes
        self._names = names
        self._entered: list[tuple[ControlDependencies, Blocks, Blocks] | None] = []

    def __enter__(self) -> None:
        outer = self._scopes.blocks
        if self._names is None and not outer.control and outer.context is None:
            self._entered.append(None)
            return
        block = ControlDependencies(self._names or ())
        changed = (
            {"control": (block,), "context": None} if self._names is None else {"control": (*outer.control, block)}
        )
        self._entered.append((block, self._scopes.change(**changed), outer))

    def __exit__(self, *error: object) -> None:
        if (entered := self._entered[-1]) is not None:
            block, inside, outer = entered
            control = self._scopes.blocks.control
            if not control or control[-1] is not block:
                raise AssertionError("Blocks of control dependencies must be left in the reverse order of entering.")
            if self._names is None:
                self._scopes.restore(inside, outer, control=outer.control, context=outer.context)
            else:
                self._scopes.restore(inside, outer, control=control[:-1])
        self._entered.pop()
