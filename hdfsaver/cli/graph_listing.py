"""The description of a graph for people, and for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from hdfsaver.cli.terminal_text import count_of
from hdfsaver.inspection.graph_views import Neighbourhood, Wire

if TYPE_CHECKING:  # it loads all that runs graphs
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


class WireForm(TypedDict):
    """A tensor between two operations.

    Attributes
    ----------
    tensor : str
    dtype : str
    shape : str
        Such as "(?, 3)".
    readers : list of str
        The operations that take it; empty for an input.
    """

    tensor: str
    dtype: str
    shape: str
    readers: list[str]


class NodeForm(TypedDict):
    """An operation with its neighbours.

    Attributes
    ----------
    name : str
    type : str
    device : str
    attributes : dict of str to str
        Long values are shortened.
    inputs : list of WireForm
    outputs : list of WireForm
    waits_for : list of str
    waited_for_by : list of str
        The operations before and behind it in the order of control.
    """

    name: str
    type: str
    device: str
    attributes: dict[str, str]
    inputs: list[WireForm]
    outputs: list[WireForm]
    waits_for: list[str]
    waited_for_by: list[str]


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
    node : NodeForm or None
        With `--node`; the keys above are empty then, and with the options below.
    path : list of str or None
        With `--path`: the operations on it; null without a path.
    scopes : dict of str to int
        With `--scopes`: the number of operations of each.
    files : list of str
        The files that were written.
    """

    inputs: list[TensorForm]
    outputs: list[TensorForm]
    signatures: dict[str, SignatureForm]
    operations: dict[str, int]
    obstacles: list[ObstacleForm]
    node: NodeForm | None
    path: list[str] | None
    scopes: dict[str, int]
    files: list[str]


def nothing() -> GraphResult:
    """The result before anything is found."""
    return GraphResult(
        inputs=[], outputs=[], signatures={}, operations={}, obstacles=[], node=None, path=None, scopes={}, files=[]
    )


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
    result = nothing()
    result["inputs"], result["outputs"] = _forms(found.inputs), _forms(found.outputs)
    result["signatures"] = {
        name: SignatureForm(method=each.method, inputs=_forms(each.inputs), outputs=_forms(each.outputs))
        for name, each in found.signatures.items()
    }
    result["operations"] = found.operations
    result["obstacles"] = [
        ObstacleForm(type=it.type, operations=list(it.operations), why=it.why) for it in found.obstacles
    ]
    return result


def node_form(found: Neighbourhood) -> NodeForm:
    """An operation for JSON."""
    return NodeForm(
        name=found.name,
        type=found.type,
        device=found.device,
        attributes=found.attributes,
        inputs=[_wire_form(each) for each in found.inputs],
        outputs=[_wire_form(each) for each in found.outputs],
        waits_for=found.waits_for,
        waited_for_by=found.waited_for_by,
    )


def _wire_form(found: Wire) -> WireForm:
    return WireForm(tensor=found.tensor, dtype=found.dtype, shape=found.shape, readers=found.readers)


def node_lines(found: Neighbourhood) -> Iterator[str]:
    """An operation with its neighbours, for people."""
    yield f"{found.name}  {found.type}" + (f"  {found.device}" if found.device else "")
    yield from (f"  {key} = {value}" for key, value in found.attributes.items())
    yield from _wires("Inputs", found.inputs)
    if found.waits_for:
        yield f"Waits for: {', '.join(found.waits_for)}"
    yield from _wires("Outputs", found.outputs)
    if found.waited_for_by:
        yield f"Waited for by: {', '.join(found.waited_for_by)}"


def _wires(title: str, found: Sequence[Wire]) -> Iterator[str]:
    yield f"{title}:" if found else f"{title}: none"
    for each in found:
        readers = f" -> {', '.join(each.readers)}" if each.readers else ""
        yield f"  {each.tensor}  {each.dtype}  {each.shape}{readers}"


def path_lines(digraph: Any, ends: tuple[str, str], found: Sequence[str] | None) -> Iterator[str]:
    """The operations on a path, for people.

    Parameters
    ----------
    digraph : networkx.DiGraph
    ends : tuple of str
        The operations that were asked for.
    found : sequence of str or None

    Yields
    ------
    str
    """
    if found is None:
        yield f"There is no path from {ends[0]} to {ends[1]}."
        return
    yield f"{count_of(len(found), 'operation')} from {ends[0]} to {ends[1]}:"
    yield from (f"  {name}  {digraph.nodes[name]['op']}" for name in found)


def scope_lines(found: Mapping[str, int], total: int) -> Iterator[str]:
    """The operations of scopes, for people."""
    for name, count in found.items():
        level = max(name.count("/") - 1, 0)
        yield f"{'  ' * level}{name or '(no scope)'}  {count:,}"
    yield f"{count_of(total, 'operation')}."


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
