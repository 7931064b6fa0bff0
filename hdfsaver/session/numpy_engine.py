"""The engine that computes with NumPy, one operation after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from hdfsaver.errors import FailedPreconditionError, InvalidArgumentError
from hdfsaver.graph.definition import Node, find
from hdfsaver.graph.function_library import Calling
from hdfsaver.ops.control_flow import DEAD, Chooser
from hdfsaver.session.engine import Executable, Observer, StepError
from hdfsaver.session.loop_plan import LOOP_TYPES, MERGES, Loop
from hdfsaver.session.loop_runs import Again, Begin, Invoke, Plain, Run, complete, run_pieces
from hdfsaver.session.plain_loops import LASTING, PlainLoop, plain_loop
from hdfsaver.session.plan import SWITCH_OUTPUTS, SWITCHES, ExecutionPlan, Step
from hdfsaver.session.session_state import SessionState, given_away
from hdfsaver.tensor_info import Array

_CONTROL_FLOW = frozenset({"Switch", "RefSwitch", "Merge", "RefMerge"}) | LOOP_TYPES


class _Call(NamedTuple):
    """A step made ready: ``values[output] = function(*inputs)``, then some slots are emptied.

    ``output`` is a tuple where the function gives several values.
    """

    function: Callable[..., Any]
    inputs: tuple[int, ...]
    output: int | tuple[int, ...]
    frees: tuple[int, ...]
    node: str
    controls: tuple[int, ...]


def numpy_engine(plan: ExecutionPlan, state: SessionState, observer: Observer | None = None) -> Executable:
    """Prepare a plan: kernels are looked up once, constants are in place, variables are read by key.

    Parameters
    ----------
    plan : ExecutionPlan
    state : SessionState
    observer : callable, optional
        Called after each step. Then constants and operations that do nothing are steps like others.

    Returns
    -------
    callable

    Raises
    ------
    StepError
        Also by the returned object: an operation failed.
    """
    return Program(plan, state, observer).execute


class Program:
    """A plan made ready.

    Parameters
    ----------
    plan : ExecutionPlan
    state : SessionState
    observer : callable, optional
        See `numpy_engine`.

    Raises
    ------
    StepError
        An operation cannot be made ready.
    """

    def __init__(self, plan: ExecutionPlan, state: SessionState, observer: Observer | None = None) -> None:
        self.plan = plan
        self.state = state
        self.observer = observer
        self.template: list[Any] = [None] * plan.size
        self.calls: list[_Call] = []
        # With loops and functions, those before the calls.
        self.pieces: list[list[_Call] | Begin | Again | Plain | Invoke] = []
        self.plain: dict[int, PlainLoop] = {}  # by the places of their first steps
        self.begun: list[tuple[Loop, int]] = []
        if self.observer is None:
            found = [plain_loop(self.plan, loop) for loop in self.plan.loops]
            self.plain = {loop.loop.start: loop for loop in found if loop is not None}
        self.conditional = conditional = self._is_conditional()
        self._compile_steps(conditional or self.observer is not None)
        self.run: Callable[[Sequence[_Call], list[Any]], None] = _run_conditionally if conditional else _run
        if self.observer is not None:
            self.run = partial(_run_conditionally, observer=self.observer, size=self.plan.size)
        self.fetches = self._compile_fetches()
        if self.pieces:
            self.pieces.append(self.calls)

    def execute(self, feeds: Sequence[Array]) -> list[Any]:
        """Run it, and give the values of the fetches to the user."""
        values = self._begun(feeds)
        try:
            with np.errstate(all="ignore"):  # as in TensorFlow, infinities and NaN are values like others
                if self.pieces:
                    whole = run_pieces(self.pieces, self.run, self.state, values, _run, self.observer)
                    complete(whole, self.state, self.state.functions)
                else:
                    self.run(self.calls, values)
        finally:
            if self.state.held:
                self.state.release()
        return given_away(self._results(values))

    def called(self, inputs: Sequence[Any]) -> Run:
        """Run it as a function, within the run of a plan that calls it."""
        values = self._begun(inputs)
        if self.pieces:
            yield from run_pieces(self.pieces, self.run, self.state, values, _run)
        else:
            self.run(self.calls, values)
        return self._results(values)

    def _begun(self, feeds: Sequence[Array]) -> list[Any]:
        values = self.template.copy()
        for slot, value in zip(self.plan.feeds, feeds, strict=True):
            values[slot] = value
        return values

    def _results(self, values: list[Any]) -> list[Any]:
        results = [None if slot is None else values[slot] for slot in self.fetches]
        if self.conditional:
            _check_alive(results)
        return results

    def _compile_steps(self, whole: bool) -> None:
        """Make all steps ready; see `_compile_step` for ``whole``."""
        place = 0
        while place < len(self.plan.steps):
            self._mark(place)
            if place in self.plain:
                self._compile_plain(self.plain[place])
                place = self.plain[place].loop.end
            else:
                self._compile_step_of(self.plan.steps[place], whole)
                place += 1
        self._mark(place)

    def _is_conditional(self) -> bool:
        """Whether something outside of plain loops may be dead."""
        if len(self.plain) < len(self.plan.loops):
            return True
        inside = {place for loop in self.plain.values() for place in range(loop.loop.start, loop.loop.end)}
        types = {step.op for place, step in enumerate(self.plan.steps) if place not in inside}
        return not types.isdisjoint(_CONTROL_FLOW - {"Enter", "RefEnter"} if self.plain else _CONTROL_FLOW)

    def _compile_plain(self, loop: PlainLoop) -> None:
        """Make the steps of a plain loop ready, as a piece of their own."""
        around = self.calls
        made: list[list[_Call]] = []
        for steps in (loop.before, loop.body):
            self.calls = []
            for step in steps:
                self._compile_step_of(step, step.op not in LASTING)
            made.append(self.calls)
        self.pieces += [around, Plain(loop, *made)]
        self.calls = []

    def _compile_step_of(self, step: Step, whole: bool) -> None:
        try:
            self._compile_step(step, whole)
        except Exception as error:
            raise StepError(step.node, error) from error

    def _mark(self, place: int) -> None:
        """Put the ends and the beginnings of loops before a step."""
        while self.begun and self.begun[-1][0].end == place:
            loop, piece = self.begun.pop()
            self._piece(Again(loop, piece))
        for loop in reversed(self.plan.loops):  # those around come first
            is_plain = place in self.plain and self.plain[place].loop is loop
            if loop.start == place and not is_plain:
                self._piece(Begin(loop))
                self.begun.append((loop, len(self.pieces)))

    def _piece(self, mark: Begin | Again | Invoke) -> None:
        self.pieces += [self.calls, mark]
        self.calls = []

    def _compile_step(self, step: Step, whole: bool) -> None:
        """Make a step ready; ``whole`` where it must be a call of its own, even one that does nothing."""
        definition = find(step.op) or self.plan.definition(step.op)
        assert definition is not None, "a plan has only operations that are known"
        if step.op == "ControlTrigger":
            self.template[step.outputs[0]] = ()  # it has run, even where those before it are dead
            return
        if step.op == "NoOp" and not whole:
            return  # it has done its part: the order of the steps
        if step.op == "Identity" and step.reads[0] and not whole:
            self._read_into(step.outputs[0], step.inputs[0], step.node, step.controls, step.frees)
            return
        inputs = tuple(
            self._read(slot, step, guard) if read else slot
            for slot, read, guard in zip(step.inputs, step.reads, step.guards, strict=True)
        )
        node = Node.of(self.plan.digraph, step.node)
        function = definition.kernel(node)
        if definition.stateful and not isinstance(definition, Calling):
            function = partial(function, self.state)
        if step.op in SWITCHES and len(step.outputs) > len(SWITCH_OUTPUTS):
            function = partial(_and_signal, function)
        output = step.outputs[0] if len(step.outputs) == 1 else step.outputs
        if step.op in ("Const", "VariableV2", "Variable") and not step.controls and self.observer is None:
            self.template[step.outputs[0]] = function()
            return
        read_slots = tuple(slot for slot, read in zip(inputs, step.reads, strict=True) if read)
        if isinstance(definition, Calling):
            frees = step.frees + read_slots
            self._piece(Invoke(function, inputs, step.outputs, frees, step.controls, step.node))
            return
        self.calls.append(_Call(function, inputs, output, step.frees + read_slots, step.node, step.controls))

    def _read(self, source: int, step: Step, guard: int | None) -> int:
        """A new slot, filled with the value of a variable right before the step that wants it."""
        self.template.append(None)
        controls = step.controls
        if step.op in MERGES:  # one of its inputs is dead, which is not to say that the others are
            controls = tuple(slot for slot in controls if slot == guard or slot not in step.guards)
        self._read_into(len(self.template) - 1, source, step.node, controls, ())
        return len(self.template) - 1

    def _read_into(
        self, target: int, source: int, node: str, controls: tuple[int, ...], frees: tuple[int, ...]
    ) -> None:
        read = partial(_read_variable, self.state.variables)
        self.calls.append(_Call(read, (source,), target, frees, node, controls))

    def _compile_fetches(self) -> list[int | None]:
        """The slots to deliver; a fetched variable is read when everything has run."""
        plan = self.plan
        slots: list[int | None] = []
        for node, slot, is_variable in zip(plan.targets, plan.fetches, plan.fetch_reads, strict=True):
            if slot is not None and is_variable:
                self.template.append(None)
                self._read_into(len(self.template) - 1, slot, node, (), ())
                slot = len(self.template) - 1
            slots.append(slot)
        return slots


def _and_signal(function: Callable[..., Any], *given: Any) -> tuple[Any, ...]:
    """The outputs of a Switch, and a sign that it has run."""
    return (*function(*given), ())


def _check_alive(results: Sequence[Any]) -> None:
    for number, result in enumerate(results):
        if result is DEAD:
            raise InvalidArgumentError(
                None, None, f"Retval[{number}] does not have value: it is on a branch that the run did not take."
            )


def _read_variable(variables: dict[str, Array], key: str) -> Array:
    try:
        return variables[key]
    except KeyError:
        raise FailedPreconditionError(
            None, None, f"Attempting to use uninitialized value {key}: run its initializer or restore it first."
        ) from None


def _run(calls: Sequence[_Call], values: list[Any]) -> None:
    node = ""
    inputs: tuple[int, ...] = ()
    try:
        for function, inputs, output, frees, node, _ in calls:  # noqa: B007, used where it fails
            result = function(*[values[slot] for slot in inputs])
            if type(output) is int:
                values[output] = result
            else:
                _store(values, output, result)
            for slot in frees:
                values[slot] = None
    except Exception as error:
        raise StepError(node, error, _shapes(values, inputs)) from error


def _shapes(values: Sequence[Any], slots: Sequence[int]) -> list[tuple[int, ...] | None]:
    """The shapes of the values in some slots; None for a variable itself, which is not a value."""
    return [getattr(values[slot], "shape", None) for slot in slots]


def _store(values: list[Any], slots: Any, results: Sequence[Any]) -> None:
    for slot, result in zip(slots, results, strict=True):
        values[slot] = result


def _is_dead(values: Sequence[Any], given: Sequence[Any], controls: Sequence[int]) -> bool:
    """Whether something that a step needs, or waits for, is dead."""
    for value in given:
        if value is DEAD:
            return True
    for slot in controls:  # noqa: SIM110, faster than any(), for every step of a branch
        if values[slot] is DEAD:
            return True
    return False


def _run_conditionally(
    calls: Sequence[_Call], values: list[Any], observer: Observer | None = None, size: int = 0
) -> None:
    """As `_run`, where branches may not be taken: what needs a dead value, or waits for one, is dead, until a Merge.

    With an observer each step that is not dead is shown to it, from the reads of its variables on. These go into slots
    from ``size`` on.
    """
    node = ""
    inputs: tuple[int, ...] = ()
    started = 0
    try:
        for function, inputs, output, frees, node, controls in calls:
            if observer is not None and not started:
                started = time.perf_counter_ns()
            given = [values[slot] for slot in inputs]
            slots = (output,) if isinstance(output, int) else output
            if type(function) is not Chooser and _is_dead(values, given, controls):
                results: Sequence[Any] = [DEAD] * len(slots)
            else:
                result = function(*given)
                results = (result,) if type(output) is int else result
            _store(values, slots, results)
            if observer is not None and slots[0] < size:
                if any(result is not DEAD for result in results):
                    observer(node, started, time.perf_counter_ns(), results)
                started = 0
            for slot in frees:
                values[slot] = None
    except Exception as error:
        raise StepError(node, error, _shapes(values, inputs)) from error
