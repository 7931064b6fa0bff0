"""The operations that have no twin: which ones, where, and what can be written without them."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx

from hdfsaver.errors import UnimplementedError
from hdfsaver.onnx_graphs.frames import Frame, Output

_SHOWN = 3


class Missing:
    """Collects the operations of a walk that have no twin."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], list[str]] = {}
        self._ends: dict[Output, None] = {}
        self._conditions: dict[Output, None] = {}

    def add(self, frame: Frame, name: str, why: str) -> None:
        """An operation has no twin; the reason is empty where its type has none."""
        data = frame.digraph.nodes[name]
        names = self.found.setdefault((data["op"], why), [])
        if f"{frame.prefix}{name}" not in names:  # the condition of a loop is made twice
            names.append(f"{frame.prefix}{name}")
        self._conditions |= {condition: None for each in frame.chain() for condition in each.guards}
        self.ends(frame, data["inputs"])

    def ends(self, frame: Frame, inputs: Sequence[Output]) -> None:
        """The inputs of an operation that cannot be computed could be outputs."""
        *_, root = frame.chain()
        if root.calls:
            return
        for source in inputs:
            value = root.values.get(source)
            if value is not None and value.name and source[0] != value.name.rpartition(":")[0]:
                self._ends[source] = None

    def check(self, frame: Frame) -> None:
        """Raise the error that names them all.

        Raises
        ------
        UnimplementedError
            There are some.
        """
        if not self.found:
            return
        listed = "; ".join(_line(op_type, why, names) for (op_type, why), names in sorted(self.found.items()))
        raise UnimplementedError(
            None, None, f"The graph needs operations that have no ONNX twin: {listed}. {self._advice(frame)}"
        )

    def _advice(self, frame: Frame) -> str:
        if any("neither an input" in why for _, why in self.found):
            return "Give a placeholder with inputs (--inputs), or a value for it with fixed (--fix NAME=VALUE)."
        branch = ""
        if self._conditions:
            names = ", ".join(f"{name}:{place}" for name, place in self._conditions)
            branch = f"Some are in a branch, which a fixed value of its condition may leave out (--fix): {names}. "
        sizes = {output: len(nx.ancestors(frame.digraph, output[0])) for output in self._ends}
        best = sorted(sizes, key=lambda output: (-sizes[output], output))[:_SHOWN]
        if not best:
            return f"{branch}Nothing that depends on the inputs comes before them."
        names = ", ".join(f"{name}:{place}" for name, place in best)
        return f"{branch}The largest parts before them that can be written instead, with outputs (--outputs): {names}."


def _line(op_type: str, why: str, names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:_SHOWN])) + (f" and {len(names) - _SHOWN} more" * (len(names) > _SHOWN))
    return f"{op_type} (operation{'s' * (len(names) > 1)} {shown}{f', {why}' if why else ''})"
