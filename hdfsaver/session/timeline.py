"""The steps of a traced run as a picture in time: a file in the Chrome Trace Format, which browsers and Perfetto show.

The names are those of TensorFlow's module ``tensorflow.python.client.timeline``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hdfsaver.messages import message_classes

__all__ = ["AllocationMaximum", "ChromeTrace", "StepStatsAnalysis", "Timeline"]

_LABEL = re.compile(r".* = (.*)\((.*)\)")
"""``name = Type(input, input:1)``"""

_KERNEL = re.compile(r"@@([^#]+)#")
"""The operation, in what a GPU says about a kernel: ``kernel@@name:Type#id=1#``."""

_STREAMS = ("/stream:", "/memcpy")
_ALL_STREAMS = "/stream:all"
_RECEIVED = "RecvTensor"

_OP_TIMES = ("schedule", "gpu", "all")


class AllocationMaximum(NamedTuple):
    """When an allocator had most bytes in use.

    Attributes
    ----------
    timestamp : int
        The first time, in microseconds.
    num_bytes : int
        The bytes.
    tensors : set of str
        The tensors that were there.
    """

    timestamp: int
    num_bytes: int
    tensors: set[str]


class ChromeTrace:
    """Events in the Chrome Trace Format.

    Attributes
    ----------
    events : list of dict
        The items of the list ``traceEvents``.
    """

    def __init__(self, events: Iterable[dict[str, Any]]) -> None:
        self.events = list(events)

    def format_to_string(self, pretty: bool = False) -> str:
        """The events as JSON; ``pretty`` with indented lines."""
        layout: dict[str, Any] = {"indent": 4} if pretty else {"separators": (",", ":")}
        return json.dumps({"traceEvents": self.events}, **layout)


class StepStatsAnalysis(NamedTuple):
    """The result of `Timeline.analyze_step_stats`.

    Attributes
    ----------
    chrome_trace : ChromeTrace
        The events.
    allocator_maximums : dict of str to AllocationMaximum
        By the names of allocators; empty where memory is not shown.
    """

    chrome_trace: ChromeTrace
    allocator_maximums: dict[str, AllocationMaximum]


class Timeline:
    """The steps of a traced run in time.

    Parameters
    ----------
    step_stats : StepStats
        Of the ``RunMetadata`` of a run that was traced, here or by TensorFlow. It is not changed.
    graph : Graph, optional
        Accepted for programs that give it.
    """

    def __init__(self, step_stats: message_classes.StepStats, graph: object = None) -> None:
        self._step_stats = step_stats

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False, op_time: str = "schedule"
    ) -> str:
        """The steps as JSON in the Chrome Trace Format, for ``chrome://tracing`` or Perfetto.

        Parameters
        ----------
        show_dataflow : bool
            Whether arrows lead from steps to those on other devices or lanes that use their outputs.
        show_memory : bool
            Whether tensors and the bytes in use are shown.
        op_time : str
            ``"schedule"``: the times of the steps; ``"gpu"``: those of their kernels on a GPU; ``"all"``: from the
            beginning of a step to the end of its last kernel.

        Returns
        -------
        str

        Raises
        ------
        ValueError
            There is no such ``op_time``.
        """
        return self.analyze_step_stats(show_dataflow, show_memory, op_time).chrome_trace.format_to_string(pretty=True)

    def analyze_step_stats(
        self, show_dataflow: bool = True, show_memory: bool = True, op_time: str = "schedule"
    ) -> StepStatsAnalysis:
        """The events, and when most memory was in use.

        Parameters
        ----------
        show_dataflow, show_memory, op_time : object
            As for `generate_chrome_trace_format`.

        Returns
        -------
        StepStatsAnalysis

        Raises
        ------
        ValueError
            There is no such ``op_time``.
        """
        if op_time not in _OP_TIMES:
            raise ValueError(f"op_time must be one of {', '.join(_OP_TIMES)}, but got {op_time!r}.")
        return _Picture(self._step_stats, op_time).analysis(show_dataflow, show_memory)


@dataclass
class _Step:
    """A step of the picture; times in microseconds."""

    name: str
    op: str
    inputs: Sequence[str]
    start: int
    end: int
    outputs: Sequence[message_classes.NodeOutput]
    lane: int = 0

    @classmethod
    def of(cls, stats: message_classes.NodeExecStats, is_stream: bool) -> _Step:
        name, op, inputs = stats.node_name, "unknown", ""
        if is_stream:
            kernel = _KERNEL.search(stats.timeline_label)
            name, _, op = (kernel[1] if kernel else name).partition(":")
            op = op.partition(":")[0] or "unknown"
        elif name == _RECEIVED:
            op = name
        elif label := _LABEL.match(stats.timeline_label):
            op, inputs = label.groups()
        start = stats.all_start_micros
        used = inputs.split(", ") if inputs else []
        return cls(name, op, used, start, start + stats.all_end_rel_micros, list(stats.output))


@dataclass
class _Device:
    """A device: its steps are one process of the picture, its tensors the next one."""

    name: str
    process: int
    steps: list[_Step]

    @property
    def is_stream(self) -> bool:
        return _is_stream(self.name)

    def set_lanes(self) -> None:
        """Draw each step in the first lane that is free by then."""
        ends: list[int] = []
        for step in self.steps:
            step.lane = next((lane for lane, end in enumerate(ends) if step.start >= end), len(ends))
            ends[step.lane : step.lane + 1] = [step.end]


@dataclass
class _Tensor:
    """An output of a step, from the beginning of that step to the end of the last that uses it."""

    number: int
    device: _Device
    step: _Step
    description: message_classes.TensorDescription
    used: int = field(init=False)

    def __post_init__(self) -> None:
        self.used = self.step.end

    @property
    def process(self) -> int:
        return self.device.process + 1


class _Picture:
    def __init__(self, step_stats: message_classes.StepStats, op_time: str) -> None:
        self.devices = [
            _Device(
                stats.device,
                1 + 2 * number,
                [_Step.of(node, _is_stream(stats.device)) for node in stats.node_stats],
            )
            for number, stats in enumerate(step_stats.dev_stats)
        ]
        if op_time != "schedule":
            self._extend_to_kernels(from_kernels=op_time == "gpu")
        for device in self.devices:
            device.set_lanes()
        self.tensors: dict[str, _Tensor] = {}

    def _extend_to_kernels(self, *, from_kernels: bool) -> None:
        """Let steps end with their last kernels, and begin with the first."""
        kernels: dict[str, tuple[int, int]] = {}
        for device in self.devices:
            for step in device.steps if _ALL_STREAMS in device.name else ():
                start, end = kernels.get(step.name, (step.start, step.end))
                kernels[step.name] = min(start, step.start), max(end, step.end)
        for device in self.devices:
            for step in device.steps if "/job" in device.name and _ALL_STREAMS not in device.name else ():
                start, end = kernels.get(step.name, (step.start, step.end))
                step.end = max(end, step.end)
                step.start = start if from_kernels else step.start

    def analysis(self, show_dataflow: bool, show_memory: bool) -> StepStatsAnalysis:
        outputs = list(self._outputs())
        steps = list(self._steps(show_dataflow))
        events = [*self._processes(), *(outputs if show_memory else ()), *steps]
        maximums: dict[str, AllocationMaximum] = {}
        if show_memory:
            events += self._ends()
            for allocator in dict.fromkeys(_allocator(tensor) for tensor in self.tensors.values()):
                counters, maximums[allocator] = self._memory(allocator)
                events += counters
        return StepStatsAnalysis(ChromeTrace(events), maximums)

    def _processes(self) -> Iterator[dict[str, Any]]:
        yield _process(0, "Allocators")
        for device in self.devices:
            yield _process(device.process, f"{device.name} Compute")
            yield _process(device.process + 1, f"{device.name} Tensors")

    def _outputs(self) -> Iterator[dict[str, Any]]:
        """Find the tensors; the events that say when there is one, and of which kind."""
        for device in self.devices:
            for step in device.steps:
                for position, output in enumerate(step.outputs):
                    name = f"{step.name}:{position}" if position else step.name
                    tensor = _Tensor(len(self.tensors), device, step, output.tensor_description)
                    self.tensors[name] = tensor
                    about = {"cat": "Tensor", "name": name, "pid": tensor.process, "tid": step.lane}
                    yield {"ph": "N", **about, "ts": step.start, "id": tensor.number}
                    shown = {"tensor_description": str(tensor.description).replace('"', "")}
                    yield {"ph": "O", **about, "ts": step.end - 1, "id": tensor.number, "args": {"snapshot": shown}}

    def _steps(self, show_dataflow: bool) -> Iterator[dict[str, Any]]:
        flows = 0
        for device in self.devices:
            for step in device.steps:
                inputs = {f"input{number}": name for number, name in enumerate(step.inputs)}
                at = {"pid": device.process, "tid": step.lane}
                times = {"ts": step.start, "dur": step.end - step.start}
                shown = {"name": step.name, "op": step.op, **inputs}
                yield {"ph": "X", "cat": "Op", "name": step.op, **at, **times, "args": shown}
                for name in step.inputs:
                    tensor = self._use(name, step)
                    if tensor is None or not show_dataflow:
                        continue
                    source = {"pid": tensor.device.process, "tid": tensor.step.lane}
                    if source != at:  # else the steps are beside each other
                        flow = {"cat": "DataFlow", "name": _key(name, self.tensors), "id": flows}
                        yield {"ph": "s", **flow, **source, "ts": tensor.step.end}
                        yield {"ph": "t", **flow, **at, "ts": step.start}
                        flows += 1

    def _use(self, name: str, step: _Step) -> _Tensor | None:
        tensor = self.tensors.get(_key(name, self.tensors))
        if tensor is not None:
            tensor.used = max(tensor.used, step.end - 1)
        return tensor

    def _ends(self) -> Iterator[dict[str, Any]]:
        for name, tensor in self.tensors.items():
            about = {"cat": "Tensor", "name": name, "pid": tensor.process, "tid": 0}
            yield {"ph": "D", **about, "ts": tensor.used, "id": tensor.number}

    def _memory(self, allocator: str) -> tuple[list[dict[str, Any]], AllocationMaximum]:
        """The bytes of an allocator in use whenever they change, and the most of them."""
        changes = []
        for name, tensor in self.tensors.items():
            if _allocator(tensor) == allocator:
                size = tensor.description.allocation_description.requested_bytes
                changes += [(tensor.step.start, size, name), (tensor.used, -size, name)]
        counters = []
        total = 0
        present: set[str] = set()
        most = AllocationMaximum(0, 0, set())
        for at, size, name in sorted(changes):
            total += size
            if size < 0:
                present.discard(name)
            else:
                present.add(name)
            if total > most.num_bytes:
                most = AllocationMaximum(at, total, set(present))
            about = {"cat": "Memory", "name": allocator, "pid": 0, "tid": 0}
            counters.append({"ph": "C", **about, "ts": at, "args": {allocator: total}})
        return counters, most


def _process(number: int, name: str) -> dict[str, Any]:
    return {"name": "process_name", "ph": "M", "pid": number, "args": {"name": name}}


def _is_stream(device: str) -> bool:
    """Whether a device stands for what was traced on a GPU itself."""
    return any(part in device for part in _STREAMS)


def _allocator(tensor: _Tensor) -> str:
    name: str = tensor.description.allocation_description.allocator_name
    return name


def _key(name: str, tensors: dict[str, _Tensor]) -> str:
    """The tensor that an input is; what was sent from another device has a number after its name."""
    source, _, sent = name.rpartition("/_")
    return source if name not in tensors and sent and source else name
