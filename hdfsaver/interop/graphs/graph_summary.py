"""A graph in one line: the number of its operations, its inputs and its outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hdfsaver import dtypes
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.messages.tensor_types import HANDLES
from hdfsaver.schema import Structure

Nodes = Mapping[str, Mapping[str, Any]]

_SIGNATURES = "signature_def"
"""The key of the signatures in `Structure.tensorflow`."""

_INITIALIZER = "__saved_model_init_op"
"""The signature of a SavedModel for its initialization."""

_PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})

_SAVING = frozenset(
    {"Save", "SaveSlices", "SaveV2", "Restore", "RestoreSlice", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename"}
)
"""The operations of TensorFlow's Savers."""

_NAMING = frozenset({"Identity", "Pack", "PlaceholderWithDefault", "StringJoin"})
"""Operations that lead from the name of a file to those."""

_PLUMBING = re.compile(
    r"(?:Resource)?(?:Sparse)?(?:Assign|Apply|Scatter)\w*|\w*Summary(?:V2)?|Assert|Const|HostConst|CountUpTo|"
    r"Is\w+Initialized|VarIsInitializedOp|Placeholder\w*"
)
"""Types of operations whose values are not the result of a model."""

_PASSING = frozenset({"Identity", "ReadVariableOp"})

_PASSED = _PLACEHOLDERS | {"Switch", "Variable", "VariableV2", "VarHandleOp"}
"""Operations whose value is not a result either if it is only passed on: inputs, variables, branches of conditions."""

_GRADIENTS = re.compile(r"(?:^|/)gradients(?:_[0-9]+)?/")
"""The scopes in which TensorFlow makes derivatives."""


class GraphSummary(NamedTuple):
    """A graph in short.

    Attributes
    ----------
    operations : int
        Their number.
    inputs : tuple of str
        The operations that a program feeds.
    outputs : tuple of str
        The operations whose values are results.
    """

    operations: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def __str__(self) -> str:
        parts = ((self.operations, "operation"), (len(self.inputs), "input"), (len(self.outputs), "output"))
        return "graph, " + ", ".join(f"{count:,} {word}{'' if count == 1 else 's'}" for count, word in parts)


def graph_summary(structure: Structure) -> GraphSummary:
    """Summarize a graph.

    Signatures, which a SavedModel has, name inputs and outputs. Otherwise inputs are the placeholders, and outputs the
    operations whose values no other operation takes. Those that save, restore, initialize and train are left out.

    Parameters
    ----------
    structure : Structure

    Returns
    -------
    GraphSummary
        Names are in the order of the graph; no inputs and outputs for a plain digraph.
    """
    digraph = structure.digraph
    if structure.is_plain:
        return GraphSummary(len(digraph), (), ())
    nodes = digraph.nodes
    signed = _signed(structure)
    inputs = {name for name in nodes if nodes[name]["op"] in _PLACEHOLDERS and not _is_file_name(digraph, name)}
    outputs = {name for name in nodes if not digraph.succ[name] and _is_result(nodes, name)}
    if signed is not None:
        inputs, outputs = signed
    return GraphSummary(
        len(digraph), tuple(name for name in nodes if name in inputs), tuple(name for name in nodes if name in outputs)
    )


def _signed(structure: Structure) -> tuple[set[str], set[str]] | None:
    """The operations that signatures name as inputs and outputs; None without signatures."""
    data = structure.tensorflow.get(_SIGNATURES)
    if data is None:
        return None
    found = parse(message_classes.MetaGraphDef, data, "the signatures").signature_def
    signatures = [found[key] for key in found if key != _INITIALIZER]
    inputs = {name for signature in signatures for name in _operations(signature.inputs)}
    outputs = {name for signature in signatures for name in _operations(signature.outputs)}
    return (inputs, outputs) if outputs else None


def _operations(tensors: Any) -> Iterator[str]:
    for key in tensors:
        sparse = tensors[key].coo_sparse
        for name in (tensors[key].name, sparse.values_tensor_name):
            if name:
                yield name.partition(":")[0]


def _is_file_name(digraph: Any, name: str) -> bool:
    """Whether a placeholder is the name of the file for a Saver, and nothing else takes it."""
    waiting, seen, is_saved = [name], {name}, False
    while waiting:
        for reader in digraph.succ[waiting.pop()]:
            op = digraph.nodes[reader]["op"]
            is_saved = is_saved or op in _SAVING
            if op not in _SAVING and op not in _NAMING:
                return False
            if op in _NAMING and reader not in seen:
                seen.add(reader)
                waiting.append(reader)
    return is_saved


def _is_result(nodes: Nodes, name: str) -> bool:
    data = nodes[name]
    if data["op"] in _SAVING or _PLUMBING.fullmatch(data["op"]) or _GRADIENTS.search(name):
        return False
    if any(nodes[source]["op"] in _SAVING for source in data["control_inputs"]):
        return False  # the name of a file, as the result of saving
    if data["op"] in _PASSING and {nodes[source]["op"] for source, _output in data["inputs"]} <= _PASSED:
        return False
    return any(
        dtype not in HANDLES and not dtype.endswith(dtypes.REF_SUFFIX) for dtype, _shape in data.get("outputs", ())
    )
