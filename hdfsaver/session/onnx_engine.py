"""The engine that lets ONNX Runtime compute the largest parts of a plan, and NumPy the rest."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import InternalError, InvalidArgumentError, UnimplementedError
from hdfsaver.graph.definition import Kernel, Node, OpDef, prepare
from hdfsaver.graph.function_library import Calling, FunctionLibrary
from hdfsaver.graph.signature import Signature
from hdfsaver.onnx_graphs.all_twins import rule_of
from hdfsaver.onnx_graphs.element_arrays import ACCESSES
from hdfsaver.onnx_graphs.onnx_messages import model_message, onnx_library, runtime_library
from hdfsaver.onnx_graphs.transposes import without_transposes
from hdfsaver.onnx_graphs.walking import Walk
from hdfsaver.schema import DiGraph
from hdfsaver.session.engine import Engine, Executable, Observer
from hdfsaver.session.loop_plan import LOOP_TYPES, MERGES
from hdfsaver.session.numpy_engine import numpy_engine
from hdfsaver.session.plan import SWITCHES, WAITING, ExecutionPlan, Step
from hdfsaver.session.plan_parts import Output, parts_of, taken
from hdfsaver.session.session_state import SessionState
from hdfsaver.session.subnormals import can_flush, flushed
from hdfsaver.tensor_info import Array

_LEAST = 2
"""The least number of operations that are worth a call."""

_PASSED_ON = frozenset({"Identity", "PlaceholderWithDefault", "PreventGradient", "Snapshot", "StopGradient"})

_READS = frozenset({"ReadVariableOp", "VariableV2", "Variable"})
"""The types of operations that give the value of a variable."""

_UNCHANGED = 12
"""The number of runs without a change of a part's variables after which ONNX Runtime has their values as constants."""

_DIVISIONS = frozenset({"Div", "FloorDiv", "FloorMod", "Mod", "TruncateDiv", "TruncateMod"})
"""Of integers, a division by 0 is an error here; not every version of ONNX Runtime checks the divisor."""

_DTYPES = frozenset({"bool", "float32", "float64", "int32", "int64"})
"""The dtypes that most operators of ONNX Runtime take."""


def checked_onnx_engine(threads: int, rest: Engine) -> Engine:
    """The engine with some of its arguments given.

    Parameters
    ----------
    threads : int
    rest : Engine
        See `onnx_engine`.

    Returns
    -------
    Engine

    Raises
    ------
    ImportError
        Its libraries are not installed.
    """
    onnx_library()
    runtime_library()
    return partial(onnx_engine, threads=threads, rest=rest)


def onnx_engine(
    plan: ExecutionPlan,
    state: SessionState,
    observer: Observer | None = None,
    *,
    threads: int = 0,
    rest: Engine = numpy_engine,
) -> Executable:
    """Prepare a plan; see `hdfsaver.session.engine.Engine`.

    Plans with branches and loops run in ONNX Runtime as a whole where every operation has a twin, and else in NumPy, as
    do those with functions and queues, and runs that are traced.

    Parameters
    ----------
    plan : ExecutionPlan
    state : SessionState
    observer : callable, optional
    threads : int
        How many threads ONNX Runtime uses; 0 for one for each core.
    rest : Engine
        Computes what ONNX Runtime does not.

    Returns
    -------
    callable
    """
    if observer is None:
        is_special = bool(plan.loops) or any(_is_special(plan, step) for step in plan.steps)
        if not is_special:
            plan = _with_groups(plan, threads)
        elif not state.timeout:  # ONNX Runtime does not stop a loop
            plan = _as_whole(plan, threads)
    return rest(plan, state, observer)


def _is_special(plan: ExecutionPlan, step: Step) -> bool:
    return (
        step.op in SWITCHES | MERGES | LOOP_TYPES | WAITING
        or isinstance(plan.definition(step.op), Calling)
        or any(guard is not None for guard in step.guards)
    )


@dataclass(frozen=True)
class _Operations:
    """The operations of a plan, for a walk over them."""

    data: DiGraph
    definition: Callable[[str], OpDef | None]

    @property
    def functions(self) -> FunctionLibrary:
        """No operation of a group calls functions."""
        raise UnimplementedError(None, None, "No function is called here.")


MakeSession = Callable[[Mapping[str, Array]], Any]
"""Makes a session of ONNX Runtime, in which some inputs are constants with the given values."""


class _Group(OpDef):
    """A part of a plan as one operation, which ONNX Runtime computes.

    Where variables are its inputs, and stay the same for some runs, a second session has them as constants: ONNX
    Runtime then lays them out once as its kernels need them, and computes what depends on nothing else. As soon as one
    has another value, the first session is used again. A value of a variable is never written on, so that the same
    array is the same value.

    Parameters
    ----------
    make : callable
        See `MakeSession`.
    inputs, outputs : sequence of str
    lasting : sequence of int
        The places of the inputs that are variables.
    """

    signature = "->"
    type = "_OnnxRuntime"

    def __init__(
        self,
        make: MakeSession | None = None,
        inputs: Sequence[str] = (),
        outputs: Sequence[str] = (),
        lasting: Sequence[int] = (),
    ) -> None:
        self._make = make
        self._inputs = inputs
        self._outputs = list(outputs)
        self._lasting = lasting
        self._session: Any = None if make is None else make({})
        self._special: Any = None
        self._seen: list[Array] = []
        self._same = 0
        self._needed = _UNCHANGED

    def kernel(self, node: Node) -> Kernel:
        """Run it."""
        return self.run if len(self._outputs) > 1 else lambda *values: self.run(*values)[0]

    def run(self, *values: Any) -> tuple[Any, ...]:
        """The values of the outputs."""
        session, names, arrays = self._chosen(values) if self._lasting else (self._session, self._inputs, values)
        given = {name: np.asarray(value) for name, value in zip(names, arrays, strict=True)}
        try:
            return tuple(session.run(self._outputs, given))
        except Exception as error:  # the classes of ONNX Runtime have no other one in common
            raise InvalidArgumentError(None, None, f"ONNX Runtime: {error}") from error

    def _chosen(self, values: Sequence[Any]) -> tuple[Any, Sequence[str], Sequence[Any]]:
        """The session to use, with the names and values of its inputs."""
        present = [values[place] for place in self._lasting]
        is_same = len(self._seen) == len(present) and all(map(operator.is_, self._seen, present))
        if not is_same:
            if self._special is not None:
                self._needed *= 4  # they change now and then: each further session must pay for itself
            self._seen, self._same, self._special = present, 0, None
            return self._session, self._inputs, values
        special = self._special
        if special is None:
            self._same += 1
            if self._same < self._needed:
                return self._session, self._inputs, values
            special = self._special = self._with_constants(present)
        session, places = special
        return session, [self._inputs[place] for place in places], [values[place] for place in places]

    def _with_constants(self, present: Sequence[Array]) -> tuple[Any, Sequence[int]]:
        assert self._make is not None, "it has a session"
        names = [self._inputs[place] for place in self._lasting]
        try:
            session = self._make(dict(zip(names, present, strict=True)))
        except _RefusedError:  # its values do not fit into a message
            return self._session, range(len(self._inputs))
        lasting = set(self._lasting)
        return session, [place for place in range(len(self._inputs)) if place not in lasting]


prepare(_Group, Signature.parse(_Group.signature))


def _as_whole(plan: ExecutionPlan, threads: int) -> ExecutionPlan:
    """The plan with all its steps joined to one; itself, where one of them has no twin."""
    original = plan
    leaving = {after: inside for loop in plan.loops for inside, after in loop.exits}  # an Exit is an output by itself
    plan = replace(plan, fetches=tuple(_followed(leaving, slot) for slot in plan.fetches))
    # A constant in a loop waits for its iteration, which no one outside sees.
    kept = [replace(step, controls=()) if step.op == "Const" else step for step in plan.steps if step.op in _KEPT]
    steps = [step for step in plan.steps if step.op not in _KEPT]
    made = {slot for step in steps for slot in step.outputs}
    if any(made.intersection((*step.inputs, *step.controls)) for step in kept):
        return original
    if not all(_may_be_inside(plan, step) for step in steps):
        return original
    try:
        step, group = _joined(plan, steps, _used_slots(replace(plan, steps=(*kept, *steps))), "_onnx:0", threads)
    except _RefusedError:
        return original
    return _replaced(plan, [*kept, step], {step.op: group})


def _followed(other: Mapping[int, int], slot: int | None) -> int | None:
    """The slot that a value has at first."""
    while slot is not None and slot in other:
        slot = other[slot]
    return slot


_KEPT = frozenset({"Const", "Variable", "VariableV2", "VarHandleOp", "ReadVariableOp"})
"""The operations that stay with NumPy: their values are inputs of ONNX Runtime, or constants there as well."""

_CONTROL_FLOW = SWITCHES | MERGES | LOOP_TYPES | {"LoopCond"}


def _may_be_inside(plan: ExecutionPlan, step: Step) -> bool:
    if step.op not in _CONTROL_FLOW and step.op not in ACCESSES:
        return step.op in ("NoOp", "ControlTrigger") or _has_twin(plan, step)
    return _dtypes_of(plan, step) <= _DTYPES | {"resource", "variant"}  # handles of arrays


def _replaced(plan: ExecutionPlan, steps: Sequence[Step], groups: Mapping[str, OpDef]) -> ExecutionPlan:
    """The plan with other steps, some of which are groups."""
    original = plan.definition
    frees = _frees(steps, {slot for slot in plan.fetches if slot is not None})
    steps = [replace(step, frees=tuple(slots)) for step, slots in zip(steps, frees, strict=True)]
    return replace(plan, steps=tuple(steps), definition=lambda name: groups.get(name) or original(name), loops=())


def _with_groups(plan: ExecutionPlan, threads: int) -> ExecutionPlan:
    """The plan in which steps that ONNX Runtime computes are joined to one."""
    grouped = {step.node for step in plan.steps if _has_twin(plan, step)}
    while True:
        groups: dict[str, OpDef] = {}
        steps: list[Step] = []
        refused: set[str] = set()
        used = _used_slots(plan)
        for part in parts_of(plan, grouped):
            if not part.is_group or len(part.steps) < _LEAST:
                steps += part.steps
                continue
            try:
                step, group = _joined(plan, part.steps, used, f"_onnx:{len(groups)}", threads)
            except _RefusedError as error:
                refused |= error.operations
                continue
            groups[step.op] = group
            steps.append(step)
        if not refused:
            break
        grouped -= refused
    if not groups:
        return plan
    return _replaced(plan, steps, groups)


class _RefusedError(Exception):
    """Operations of a group cannot be in one after all."""

    def __init__(self, operations: set[str]) -> None:
        super().__init__(operations)
        self.operations = operations


def _has_twin(plan: ExecutionPlan, step: Step) -> bool:
    definition = plan.definition(step.op)
    if definition is None or definition.stateful or (rule_of(step.op) is None and step.op not in _PASSED_ON):
        return False
    if any(dtypes.is_ref(dtype) for dtype, _ in plan.digraph.nodes[step.node]["outputs"]):
        return False
    names = _dtypes_of(plan, step)
    return names <= _DTYPES and not (step.op in _DIVISIONS and not names & {"float32", "float64"})


def _dtypes_of(plan: ExecutionPlan, step: Step) -> set[str]:
    """The dtypes of the inputs and outputs of a step."""
    nodes = plan.digraph.nodes
    kinds = [nodes[source]["outputs"][output][0] for source, output in nodes[step.node]["inputs"]]
    kinds += [dtype for dtype, _ in nodes[step.node]["outputs"]]
    return {dtypes.base_name(dtype) for dtype in kinds}


def _used_slots(plan: ExecutionPlan) -> dict[int, set[str]]:
    """By slot the operations that take or await its value; the caller of the run is the empty name."""
    used: dict[int, set[str]] = {slot: {""} for slot in plan.fetches if slot is not None}
    for step in plan.steps:
        for slot in (*step.inputs, *step.controls):
            used.setdefault(slot, set()).add(step.node)
    return used


def _joined(
    plan: ExecutionPlan, steps: Sequence[Step], used: dict[int, set[str]], op_type: str, threads: int
) -> tuple[Step, OpDef]:
    """A group of steps as one, and its definition."""
    inside = {step.node for step in steps}
    computed = {step.node for step in plan.steps}
    nodes = plan.digraph.nodes
    inputs: dict[Output, tuple[int, bool]] = {}
    outputs: dict[Output, int] = {}
    for step in steps:
        for tensor, slot, is_read in taken(plan, step):
            if tensor[0] not in inside and not _is_constant(plan, tensor[0], computed):
                inputs[tensor] = slot, is_read
        for place, slot in enumerate(step.outputs):
            if used.get(slot, set()) - inside:
                outputs[step.node, place] = slot

    def make(values: Mapping[str, Array]) -> Any:
        fed = [each for each in inputs if _name(each) not in values]
        fixed = {each: values[_name(each)] for each in inputs if _name(each) in values}
        return _session(_model(plan, fed, list(outputs), inside, fixed), inside, threads)

    controls = {slot for step in steps for slot in step.controls} - {slot for step in steps for slot in step.outputs}
    joined = Step(
        node=steps[-1].node,
        op=op_type,
        inputs=tuple(slot for slot, _ in inputs.values()),
        reads=tuple(is_read for _, is_read in inputs.values()),
        controls=tuple(controls),
        outputs=tuple(outputs.values()),
        frees=(),
        guards=(None,) * len(inputs),
    )
    lasting = [place for place, each in enumerate(inputs) if nodes[each[0]]["op"] in _READS]
    return joined, _Group(make, [_name(each) for each in inputs], [_name(each) for each in outputs], lasting)


def _is_constant(plan: ExecutionPlan, name: str, computed: Collection[str]) -> bool:
    """Whether an operation is a constant or passes one on, which each group has itself; one that is fed is not."""
    nodes = plan.digraph.nodes
    while nodes[name]["op"] in _PASSED_ON and name in computed:
        name = nodes[name]["inputs"][0][0]
    return nodes[name]["op"] == "Const" and name in computed


def _name(tensor: Output) -> str:
    return f"{tensor[0]}:{tensor[1]}"


def _model(
    plan: ExecutionPlan,
    inputs: Sequence[Output],
    outputs: Sequence[Output],
    inside: set[str],
    fixed: Mapping[Output, Array],
) -> bytes:
    """The model of a group.

    Raises
    ------
    _RefusedError
        Some or all of it has no twins, or it is too large.
    """
    walk = Walk(_Operations(plan.digraph, plan.definition), lambda _: None, fixed)
    try:
        named = ({_name(each): each for each in tensors} for tensors in (inputs, outputs))
        graph = walk.run(*named, with_ranks=False)
        without_transposes(graph)
        found: bytes = model_message(graph, {}, with_ranks=False).SerializeToString()
    except UnimplementedError:
        names = {name for found in walk.missing.found.values() for name in found}
        raise _RefusedError(names & inside or inside) from None
    except (InternalError, InvalidArgumentError):
        raise _RefusedError(inside) from None
    return found


def _session(model: bytes, inside: set[str], threads: int) -> Any:
    """The session of ONNX Runtime for a model.

    Raises
    ------
    _RefusedError
        It cannot be computed there.
    """
    try:
        options = runtime_library().SessionOptions()
        options.log_severity_level = 4  # an error is raised, and need not be printed as well
        options.intra_op_num_threads = threads
        # Between its runs NumPy computes, which needs the cores.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        if can_flush:
            options.add_session_config_entry("session.set_denormal_as_zero", "1")
        with flushed():  # the option changes the thread that makes the session, and leaves it so
            return runtime_library().InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001, the classes of ONNX Runtime have no other one in common
        raise _RefusedError(inside) from None


def _frees(steps: Sequence[Step], keep: set[int]) -> list[list[int]]:
    """For each step the slots that it is the last to need."""
    seen = set(keep)
    found: list[list[int]] = []
    for step in reversed(steps):
        slots = dict.fromkeys(slot for slot in (*step.inputs, *step.controls, *step.outputs) if slot not in seen)
        found.append(list(slots))
        seen.update(slots)
    return found[::-1]
