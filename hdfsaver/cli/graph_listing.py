"""The description of a graph for people, and for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypedDict

from hdfsaver.cli.terminal_text import count_of
from hdfsaver.conversion.graph_io import GraphIO, TensorIO

_SHOWN = 3
"""The number of operations that are shown for one reason."""


class TensorForm(TypedDict):
    """An input or an output of a graph.

    Attributes
    ----------
    name : str
        Its name in the signature of a SavedModel, or that of the tensor.
    tensor : str
        The name of the tensor.
    dtype : str
    shape : list of int or None, or None
        Sizes, null for one that is not known; null where the number of axes is not known.
    runs : bool
        Whether all operations that it needs can run here.
    """

    name: str
    tensor: str
    dtype: str
    shape: list[int | None] | None
    runs: bool


class SignatureForm(TypedDict):
    """A signature of a SavedModel.

    Attributes
    ----------
    method : str
        Its purpose, such as "tensorflow/serving/predict".
    inputs : list of TensorForm
    outputs : list of TensorForm
    """

    method: str
    inputs: list[TensorForm]
    outputs: list[TensorForm]


class ObstacleForm(TypedDict):
    """Operations of one type that cannot run here.

    Attributes
    ----------
    type : str
    operations : list of str
    why : str
    """

    type: str
    operations: list[str]
    why: str


class GraphResult(TypedDict):
    """The result of `graph`.

    Attributes
    ----------
    inputs : list of TensorForm
    outputs : list of TensorForm
    signatures : dict of str to SignatureForm
    operations : dict of str to int
        The number of operations of each type; empty with `--io`.
    obstacles : list of ObstacleForm
        The operations that cannot run here; empty with `--io`.
    """

    inputs: list[TensorForm]
    outputs: list[TensorForm]
    signatures: dict[str, SignatureForm]
    operations: dict[str, int]
    obstacles: list[ObstacleForm]


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


def form(found: GraphIO) -> GraphResult:
    """The description for JSON."""
    return GraphResult(
        inputs=_forms(found.inputs),
        outputs=_forms(found.outputs),
        signatures={
            name: SignatureForm(method=each.method, inputs=_forms(each.inputs), outputs=_forms(each.outputs))
            for name, each in found.signatures.items()
        },
        operations=found.operations,
        obstacles=[ObstacleForm(type=it.type, operations=list(it.operations), why=it.why) for it in found.obstacles],
    )


def _forms(tensors: Sequence[TensorIO]) -> list[TensorForm]:
    return [
        TensorForm(
            name=it.name,
            tensor=it.tensor,
            dtype=it.dtype,
            shape=None if it.shape is None else list(it.shape),
            runs=it.runs,
        )
        for it in tensors
    ]


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
