"""The operations that use a variable, and its axes as they see them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hdfsaver.errors import ResourceExhaustedError
from hdfsaver.limits import RANK
from hdfsaver.schema import DiGraph
from hdfsaver.tensor_info import Array

Axes = tuple[int | None, ...]
"""For each axis of a value, the axis of the variable that it is; None for an axis of size 1 that was added."""

PASSING = frozenset(
    {
        *("Identity", "RefIdentity", "ReadVariableOp", "Cast", "StopGradient", "PreventGradient", "Snapshot"),
        *("Enter", "RefEnter", "Switch", "RefSwitch", "Exit", "NextIteration", "CheckNumerics", "EnsureShape", "Print"),
        *("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel"),
        "PlaceholderWithDefault",
    }
)
"""Types of operations whose results have the layout of their first input."""

MERGING = frozenset({"Merge", "RefMerge", "IdentityN"})
"""Types of operations that pass on each of their inputs."""

_NEUTRAL = re.compile(
    r"(?:Resource)?(?:Sparse)?(?:Apply|Scatter)\w*|(?:Ref)?Assign\w*|Save\w*|\w*Summary(?:V2)?|Is\w+Initialized|"
    r"VarIsInitializedOp|DestroyResourceOp|Shape|ShapeN|VariableShape|Size|Rank|L2Loss|Abs|Square|Sum|Mean|Max|Min|"
    r"ZerosLike|OnesLike|NoOp|Assert|Is(?:Finite|Inf|Nan)|InvertPermutation|ConcatOffset|"
    r"TensorListPushBack|StackPush(?:V2)?"
)
"""Types of operations that say nothing of a layout: they save and change variables, penalize large
weights, and keep values for derivatives."""

VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})
CONSTANTS = frozenset({"Const", "HostConst"})


MOST_SCOPES = 64
"""Scopes of a name that are looked at, which no program nests deeper."""

_MOST_STEPS = 10_000_000
"""Steps for all variables of a graph, so that no graph takes longer than some seconds."""


class Use(NamedTuple):
    """An operation that uses a variable.

    Attributes
    ----------
    op : str
        The name of the operation.
    position : int
        Which input of it the variable is.
    axes : tuple of int or None
        The axes of that input.
    """

    op: str
    position: int
    axes: Axes


class Uses:
    """A graph, asked for what uses its values.

    Parameters
    ----------
    digraph : networkx.DiGraph
        The computation graph.
    """

    def __init__(self, digraph: DiGraph) -> None:
        self.nodes: Mapping[str, Mapping[str, Any]] = digraph.nodes
        self._digraph = digraph
        self._steps = 0

    def kind(self, name: str) -> str:
        """The type of an operation."""
        found: str = self.nodes[name].get("op", "") if name in self.nodes else ""
        return found

    def attr(self, name: str, key: str) -> Any:
        """An attribute of an operation, or None."""
        return self.nodes[name]["attrs"].get(key)

    def inputs(self, name: str) -> tuple[tuple[str, int], ...]:
        """The inputs of an operation."""
        found: tuple[tuple[str, int], ...] = self.nodes[name]["inputs"] if name in self.nodes else ()
        return found

    def input(self, name: str, place: int) -> tuple[str, int]:
        """One of the inputs of an operation; of a malformed one without it, an operation that does not exist."""
        found = self.inputs(name)
        return found[place] if -len(found) <= place < len(found) else ("", 0)

    def shape(self, name: str, output: int = 0) -> tuple[int | None, ...] | None:
        """The shape of a result, or None."""
        outputs = self.nodes[name]["outputs"] if name in self.nodes else ()
        return outputs[output][1] if output < len(outputs) else None

    def source(self, name: str, output: int = 0) -> tuple[str, int]:
        """The operation that made a value, behind those that pass it on."""
        seen: set[str] = set()
        while name not in seen and self.inputs(name):
            kind = self.kind(name)
            if kind not in PASSING and kind != "IdentityN":
                break
            seen.add(name)
            name, output = self.input(name, output if kind == "IdentityN" else 0)
        return name, output

    def variable(self, name: str) -> str | None:
        """The variable or constant whose value an operation gives, or None."""
        found = self.source(name)[0]
        return found if self.kind(found) in VARIABLES | CONSTANTS else None

    def constant(self, name: str) -> Any:
        """The value of a constant, or None."""
        found = self.source(name)[0]
        return self.attr(found, "value") if self.kind(found) in CONSTANTS else None

    def takers(self, name: str, output: int | None = None) -> Iterator[tuple[str, int]]:
        """The operations that take an output, or any output, each with the position of the input."""
        for target, edge in self._digraph.succ[name].items():
            for taken, position in edge.get("wires", ()):
                if output is None or taken == output:
                    yield target, position

    def users(self, name: str, output: int | None = None) -> list[tuple[str, int]]:
        """The operations of the model that use a value, behind those that pass it on."""
        found, seen, waiting = [], {name}, [(name, output)]
        while waiting:
            for target, position in self.takers(*waiting.pop()):
                self._count_step()
                kind = self.kind(target)
                if (kind in PASSING and position == 0) or kind in MERGING:
                    if target not in seen:
                        seen.add(target)
                        waiting.append((target, position if kind == "IdentityN" else None))
                elif not _NEUTRAL.fullmatch(kind) and not self.is_gradient(target):
                    found.append((target, position))
        return found

    def _count_step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise ResourceExhaustedError(
                None,
                None,
                f"A layout was looked for in {_MOST_STEPS:,} steps from operation to operation, and is not known: too "
                "many operations only pass values on. Convert without layout (--layout).",
            )

    def of(self, name: str, shape: tuple[int, ...]) -> list[Use]:
        """The uses of a variable, or of any value of that shape.

        Parameters
        ----------
        name : str
            The operation with the value.
        shape : tuple of int
            Its shape.

        Returns
        -------
        list of Use
            In the order of operations.
        """
        found: list[Use] = []
        seen = {name}
        waiting: list[tuple[str, int | None, Axes]] = [(name, None, tuple(range(len(shape))))]
        while waiting:
            at, output, axes = waiting.pop()
            for target, position in self.users(at, output):
                moved = self._moved(target, position, axes, shape)
                if moved is None:
                    found.append(Use(target, position, axes))
                elif target not in seen:
                    seen.add(target)
                    waiting.append((target, None, moved))
        return found

    def is_gradient(self, name: str) -> bool:
        """Whether an operation is part of a derivative: it is in the scope ``X_grad`` of an operation ``X``."""
        if "_grad" not in name:
            return False
        parts = name.split("/", MOST_SCOPES)
        for end, part in enumerate(parts):
            if part.endswith("_grad"):
                forward = [*parts[:end], part.removesuffix("_grad")]
                if any("/".join(forward[start:]) in self.nodes for start in range(end + 1)):
                    return True
        return False

    def _moved(self, name: str, position: int, axes: Axes, shape: tuple[int, ...]) -> Axes | None:
        """The axes behind an operation that only moves axes; None for any other operation."""
        kind = self.kind(name)
        if position != 0:
            return None
        if kind == "Transpose":
            order = self.constant(self.input(name, 1)[0])
            found = _numbers(order)
            return tuple(axes[place] for place in found) if sorted(found) == list(range(len(axes))) else None
        if kind == "ExpandDims":
            place = self.constant(self.input(name, 1)[0])
            found = _numbers(place)
            if len(found) != 1 or len(axes) >= RANK:
                return None
            at = found[0] % (len(axes) + 1)
            return (*axes[:at], None, *axes[at:])
        if kind == "Reshape":
            wanted = self.constant(self.input(name, 1)[0])
            return _reshaped(axes, shape, _numbers(wanted)) if wanted is not None else None
        return None


def _numbers(value: Array | None) -> list[int]:
    """The elements of an array of integers; none of another."""
    found: list[int] = [] if value is None or value.dtype.kind not in "iu" else value.ravel().tolist()
    return found


def _reshaped(axes: Axes, shape: tuple[int, ...], wanted: list[int]) -> Axes | None:
    """The axes in a new shape that differs by axes of size 1 alone; None if it differs by more."""
    sizes = [1 if axis is None else shape[axis] for axis in axes]
    total = math.prod(sizes)
    known = math.prod([size for size in wanted if size != -1])
    if wanted.count(-1) == 1 and known:
        wanted = [total // known if size == -1 else size for size in wanted]
    if wanted == sizes:
        return axes
    kept = [axis for axis, size in zip(axes, sizes, strict=True) if size != 1]
    if [size for size in wanted if size != 1] != [size for size in sizes if size != 1] or len(wanted) < len(kept):
        return None
    if any(axis is not None for axis, size in zip(axes, sizes, strict=True) if size == 1):
        return None  # which of several axes of size 1 is the variable's cannot be told
    rest = iter(kept)
    return tuple(None if size == 1 else next(rest) for size in wanted)
