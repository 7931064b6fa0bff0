"""The rules: by the type of an operation, the function that adds the ONNX nodes which compute the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hdfsaver import dtypes
from hdfsaver.onnx_graphs.emitter import Emitter, NoTwinError
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

Results = str | Sequence[str]
"""The name of the value of an operation's output, or those of all its outputs."""


class Given:
    """An operation as its rule sees it.

    Parameters
    ----------
    name, type : str
        Its name and type.
    attrs : mapping
        Its attributes.
    inputs : sequence of callable
        For each input a function that gives the name of its value.
    known : sequence of (ndarray or None)
        For each input the value, where it is known before a run.
    sizes : sequence of tuple or None
        For each input that is a vector of sizes those that are known before a run, None for each other one.
    dtypes_in, dtypes_out : sequence of str
        The dtypes of inputs and outputs.
    shapes_in, shapes_out : sequence of tuple or None
        Their static shapes.
    sources : sequence of str
        The names of the tensors that are its inputs.
    """

    def __init__(
        self,
        name: str,
        type: str,  # noqa: A002 - as of `Operation`
        attrs: Mapping[str, Any],
        inputs: Sequence[Callable[[], str]],
        known: Sequence[Array | None],
        sizes: Callable[[int], Shape],
        dtypes_in: Sequence[str],
        dtypes_out: Sequence[str],
        shapes_in: Sequence[Shape],
        shapes_out: Sequence[Shape],
        sources: Sequence[str],
    ) -> None:
        self.name = name
        self.type = type
        self.attrs = attrs
        self._inputs = inputs
        self._known = known
        self.sizes = sizes
        self.dtypes = [dtypes.base_name(dtype) for dtype in dtypes_in]
        self.dtypes_out = [dtypes.base_name(dtype) for dtype in dtypes_out]
        self.shapes = shapes_in
        self.shapes_out = shapes_out
        self.sources = sources

    def __len__(self) -> int:
        return len(self._inputs)

    def __getitem__(self, position: int) -> str:
        """The name of the value of an input."""
        return self._inputs[position]()

    def all(self) -> list[str]:
        """The names of the values of all inputs."""
        return [take() for take in self._inputs]

    def known(self, position: int) -> Array | None:
        """The value of an input where it is known before a run."""
        return self._known[position]

    def needed(self, position: int, what: str) -> Array:
        """The value of an input that the ONNX operator has as an attribute.

        Raises
        ------
        NoTwinError
            It is not known before a run.
        """
        value = self._known[position]
        if value is None:
            raise NoTwinError(f"its {what} is known only when it runs")
        return value

    def rank(self, position: int = 0) -> int:
        """The number of axes of an input.

        Raises
        ------
        NoTwinError
            It is not known.
        """
        shape = self.shapes[position]
        if shape is None:
            raise NoTwinError(self.unknown_rank(position))
        return len(shape)

    def unknown_rank(self, position: int) -> str:
        """Says that the number of axes of an input is not known, and what helps."""
        return (
            f"the number of axes of {self.sources[position]} is not known: give the inputs of the model, or this "
            "tensor, a shape (--shape TENSOR=SIZES)"
        )


Rule = Callable[[Given, Emitter], Results]

RULES: dict[str, Rule] = {}
"""The rules by the types of operations; see `all_twins`."""


def twin(*types: str) -> Callable[[Rule], Rule]:
    """Decorator: make a function the rule of operations of some types."""

    def registered(rule: Rule) -> Rule:
        for op_type in types:
            if op_type in RULES:
                raise ValueError(f"Operation type {op_type} has two rules.")
            RULES[op_type] = rule
        return rule

    return registered


def check_float(op: Given, why: str = "ONNX computes it for floats alone") -> None:
    """Refuse numbers that are not floats."""
    if op.dtypes[0] not in ("float16", "bfloat16", "float32", "float64"):
        raise NoTwinError(f"{why}, not for {op.dtypes[0]}")
