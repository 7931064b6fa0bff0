"""The trace of a run, as TensorFlow's ``RunMetadata`` has it: the steps, their costs, and the graph that was run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes
from hdfsaver.schema import DiGraph
from hdfsaver.session.session_options import devices_of
from hdfsaver.tensor_info import Array

_DEVICE = devices_of(None)[0].name
_ALLOCATOR = "cpu"
_NO_INPUT = -1
"""As the input that an output shares its memory with: none is known."""


class Wanted(NamedTuple):
    """The parts of the ``RunMetadata`` that a run fills."""

    steps: bool
    costs: bool
    graphs: bool


def wanted_parts(options: Any, graph_options: Any, runs: int) -> Wanted:
    """The parts that a run is to fill.

    Parameters
    ----------
    options : RunOptions, optional
        Its ``trace_level`` and ``output_partition_graphs``.
    graph_options : GraphOptions, optional
        Of the session; after ``build_cost_model_after`` runs, each ``build_cost_model``-th run says its costs.
    runs : int
        How often the session has run these fetches with these feeds before.

    Returns
    -------
    Wanted
    """
    every = 0 if graph_options is None else graph_options.build_cost_model
    counted = runs - graph_options.build_cost_model_after if every > 0 else -1
    return Wanted(
        steps=options is not None and options.trace_level > 0,
        costs=counted >= 0 and (counted + 1) % every == 0,
        graphs=options is not None and options.output_partition_graphs,
    )


class _Output(NamedTuple):
    dtype: int
    shape: tuple[int, ...]
    size: int


class _Record(NamedTuple):
    """A step that has run; times are in nanoseconds."""

    node: str
    started: int
    ended: int
    outputs: tuple[_Output | None, ...]


class RunTrace:
    """Writes down the steps of one run: an observer for an engine.

    Parameters
    ----------
    digraph : networkx.DiGraph
        The operations.
    variables : dict of str to ndarray
        The values of variables by their keys; the run changes them.
    """

    def __init__(self, digraph: DiGraph, variables: Mapping[str, Array]) -> None:
        self._digraph = digraph
        self._variables = variables
        self._records: list[_Record] = []
        self._epoch = time.time_ns() - time.perf_counter_ns()

    def __call__(self, node: str, started: int, ended: int, values: Sequence[Any]) -> None:
        """Write a step down; values are not kept."""
        declared = self._digraph.nodes[node]["outputs"]
        outputs = tuple(self._output(dtype, value) for (dtype, _), value in zip(declared, values, strict=False))
        self._records.append(_Record(node, self._epoch + started, self._epoch + ended, outputs))

    def _output(self, dtype: str, value: Any) -> _Output | None:
        """None for a variable without a value, and for an output on a branch that was not taken."""
        if dtypes.is_ref(dtype):
            value = self._variables.get(value)
        if not isinstance(value, np.ndarray | np.generic):
            return None
        return _Output(dtypes.as_dtype(dtype).base_dtype.as_datatype_enum, value.shape, value.nbytes)

    def metadata(self, graph: Graph, feeds: Sequence[Tensor], wanted: Wanted) -> message_classes.RunMetadata:
        """The message about the run.

        Parameters
        ----------
        graph : Graph
            The graph that was run.
        feeds : sequence of Tensor
            The tensors that were fed.
        wanted : Wanted
            Which parts it has.

        Returns
        -------
        RunMetadata
        """
        made = message_classes.RunMetadata()
        if wanted.steps or wanted.costs:
            stats = made.step_stats.dev_stats.add(device=_DEVICE)
            stats.node_stats.extend(self._node_stats(record) for record in self._records)
        if wanted.costs:
            made.cost_graph.node.extend(self._costs())
        if wanted.graphs:
            made.partition_graphs.append(self._graph_def(graph, feeds))
        return made

    def _node_stats(self, record: _Record) -> message_classes.NodeExecStats:
        data = self._digraph.nodes[record.node]
        inputs = ", ".join(name if output == 0 else f"{name}:{output}" for name, output in data["inputs"])
        began = record.started // 1000
        took, took_micros = record.ended - record.started, record.ended // 1000 - began
        made = message_classes.NodeExecStats(
            node_name=record.node,
            timeline_label=f"{record.node} = {data['op']}({inputs})",
            scheduled_nanos=record.started,
            scheduled_micros=began,
            all_start_nanos=record.started,
            all_start_micros=began,
            op_end_rel_nanos=took,
            op_end_rel_micros=took_micros,
            all_end_rel_nanos=took,
            all_end_rel_micros=took_micros,
        )
        for slot, output in enumerate(record.outputs):
            if output is not None:
                description = made.output.add(slot=slot).tensor_description
                description.dtype = output.dtype
                _set_shape(description.shape, output.shape)
                description.allocation_description.requested_bytes = output.size
                description.allocation_description.allocator_name = _ALLOCATOR
        return made

    def _costs(self) -> Iterator[message_classes.CostGraphDef.Node]:
        """A node for each step that has run; an input or control input that has not run was fed."""
        numbers = {record.node: number for number, record in enumerate(self._records)}
        for number, record in enumerate(self._records):
            data = self._digraph.nodes[record.node]
            made = message_classes.CostGraphDef.Node(
                name=record.node,
                device=_DEVICE,
                id=number,
                compute_cost=max(1, round((record.ended - record.started) / 1000)),  # microseconds
                control_input=[numbers[name] for name in data["control_inputs"] if name in numbers],
            )
            for name, output in data["inputs"]:
                if name in numbers:
                    made.input_info.add(preceding_node=numbers[name], preceding_port=output)
            for found in record.outputs:
                info = made.output_info.add(alias_input_port=_NO_INPUT)
                if found is not None:
                    info.size, info.dtype = found.size, found.dtype
                    _set_shape(info.shape, found.shape)
            yield made

    def _graph_def(self, graph: Graph, feeds: Sequence[Tensor]) -> message_classes.GraphDef:
        """The operations that have run, with an argument, as in a function, for each tensor that was fed to them."""
        made = message_classes.GraphDef(versions=graph.graph_def_versions)
        arguments = {}
        for index, tensor in enumerate(feeds):
            name = f"_arg_{tensor.op.name}_{tensor.value_index}_{index}"
            arguments[tensor.op.name, tensor.value_index] = name
            argument = made.node.add(name=name, op="_Arg", device=_DEVICE)
            argument.attr["T"].type = tensor.dtype.base_dtype.as_datatype_enum
            argument.attr["index"].i = index
        ran = dict.fromkeys(record.node for record in self._records)
        for name in ran:
            data = self._digraph.nodes[name]
            node = graph.get_operation_by_name(name).node_def
            controls = [f"^{waited}" for waited in data["control_inputs"] if waited in ran]
            sources = zip(data["inputs"], node.input[: len(data["inputs"])], strict=True)
            node.input[:] = [arguments.get(source, text) for source, text in sources] + controls
            node.device = _DEVICE
            made.node.append(node)
        return made


def _set_shape(message: message_classes.TensorShapeProto, shape: Sequence[int]) -> None:
    message.SetInParent()
    for size in shape:
        message.dim.add(size=size)
