"""The description of a graph for people, and for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hdfsaver.cli.rendering import count_of
from hdfsaver.conversion.graph_io import GraphIO, TensorIO

_SHOWN = 3
"""The number of operations that are shown for one reason."""


def lines(found: GraphIO) -> Iterator[str]:
    """The lines of the description."""
    for name, signature in found.signatures.items():
        yield f"Signature {name}" + (f" ({signature.method}):" if signature.method else ":")
        sides = (*_tensors("Inputs", signature.inputs), *_tensors("Outputs", signature.outputs))
        yield from (f"  {line}" for line in sides)
    if not found.signatures:
        yield from _tensors("Inputs", found.inputs)
        yield from _tensors("Outputs", found.outputs)
    if not found.operations:
        return
    total = sum(found.operations.values())
    types = ", ".join(f"{op_type} {count:,}" for op_type, count in found.operations.items())
    yield f"{count_of(total, 'operation')}: {types}"
    if not found.obstacles:
        yield "All operations can run here."
        return
    yield "Cannot run here:"
    for each in found.obstacles:
        names = ", ".join(each.operations[:_SHOWN])
        more = f" and {len(each.operations) - _SHOWN:,} more" if len(each.operations) > _SHOWN else ""
        yield f"  {each.type}: {names}{more} ({each.why})"


def as_dict(found: GraphIO) -> dict[str, Any]:
    """The description as plain values."""
    return {
        "inputs": [each._asdict() for each in found.inputs],
        "outputs": [each._asdict() for each in found.outputs],
        "operations": found.operations,
        "obstacles": [each._asdict() for each in found.obstacles],
        "signatures": {
            name: {
                "method": each.method,
                "inputs": [tensor._asdict() for tensor in each.inputs],
                "outputs": [tensor._asdict() for tensor in each.outputs],
            }
            for name, each in found.signatures.items()
        },
    }


def _tensors(title: str, tensors: Sequence[TensorIO]) -> Iterator[str]:
    yield f"{title}:" if tensors else f"{title}: none"
    for each in tensors:
        tensor = "" if each.name == each.tensor else f"  {each.tensor}"
        yield f"  {each.name}  {each.dtype}  {_shape(each)}{tensor}{'' if each.runs else '  cannot run here'}"


def _shape(each: TensorIO) -> str:
    if each.shape is None:
        return "any shape"
    sizes = ["?" if size is None else str(size) for size in each.shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
