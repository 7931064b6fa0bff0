"""The engine that computes with NumPy, one operation after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.definition import Node, find
from hdfsaver.graph.function_library import Calling
from hdfsaver.ops.control_flow import DEAD
from hdfsaver.session.calls import Call, VariableRead, run_conditionally
from hdfsaver.session.engine import Executable, Observer, StepError
from hdfsaver.session.freed_memory import keep_freed_memory
from hdfsaver.session.generated_code import Prepared, StraightCalls
from hdfsaver.session.loop_plan import LOOP_TYPES, MERGES, Loop
from hdfsaver.session.loop_runs import Again, Begin, Invoke, Piece, Plain, Run, complete, run_pieces
from hdfsaver.session.number_warnings import NO_WARNINGS, warning_settings
from hdfsaver.session.plain_loops import LASTING, PlainLoop, plain_loop
from hdfsaver.session.plan import CONVOLUTIONS, SWITCH_OUTPUTS, SWITCHES, ExecutionPlan, Step
from hdfsaver.session.session_state import SessionState, given_away
from hdfsaver.session.subnormals import flush, flushed, modes_to_restore, restore
from hdfsaver.tensor_info import Array

if TYPE_CHECKING:
    from hdfsaver.session.repeated_runs import Join, Preparation

_CONTROL_FLOW = frozenset({"Switch", "RefSwitch", "Merge", "RefMerge"}) | LOOP_TYPES


def numpy_engine(
    plan: ExecutionPlan, state: SessionState, observer: Observer | None = None, *, join: Join | None = None
) -> Executable:
    """Prepare a plan: kernels are looked up once, constants are in place, variables are read by key.

    Parameters
    ----------
    plan : ExecutionPlan
    state : SessionState
    observer : callable, optional
        Called after each step. Then constants and operations that do nothing are steps like others.
    join : callable, optional
        Puts other calls in the place of those of a run that is repeated; see `hdfsaver.session.repeated_runs.Join`.

    Returns
    -------
    callable

    Raises
    ------
    StepError
        Also by the returned object: an operation failed.
    """
    keep_freed_memory()
    with flushed():  # constants are worked out before the first run
        return Program(plan, state, observer, join).execute


class Program:
    """A plan made ready.

    Parameters
    ----------
    plan : ExecutionPlan
    state : SessionState
    observer, join : callable, optional
        See `numpy_engine`.

    Raises
    ------
    StepError
        An operation cannot be made ready.
    """

    def __init__(
        self,
        plan: ExecutionPlan,
        state: SessionState,
        observer: Observer | None = None,
        join: Join | None = None,
    ) -> None:
        self.plan = plan
        self.state = state
        self.observer = observer
        self.join = join
        self.template: list[Any] = [None] * plan.size
        self.calls: list[Call] = []
        self.straight: list[StraightCalls] = []
        # With loops and functions, those before the calls.
        self.pieces: list[Piece] = []
        self.plain: dict[int, PlainLoop] = {}  # by the places of their first steps
        self.begun: list[tuple[Loop, int]] = []
        if self.observer is None:
            found = [plain_loop(self.plan, loop) for loop in self.plan.loops]
            self.plain = {loop.loop.start: loop for loop in found if loop is not None}
        self.conditional = self._is_conditional()
        self._compile_steps(self.conditional or self.observer is not None)
        self.fetches = self._compile_fetches()
        self.run = self._straight_or_not(self.calls)
        if self.pieces:
            self.pieces.append(self.run)
        if not self.plan.loops and not CONVOLUTIONS.isdisjoint(step.op for step in self.plan.steps):
            for piece in self.straight:
                piece.calls = self.preparation.at_once(piece.calls)

    def execute(self, feeds: Sequence[Array]) -> list[Any]:
        """Run it, and give the values of the fetches to the user."""
        values = self._begun(feeds)
        modes, warnings = modes_to_restore(), warning_settings.get()
        try:
            try:
                warning_settings.set(NO_WARNINGS)
                if modes is not None:
                    flush()
                if self.pieces:
                    whole = run_pieces(self.pieces, self.state, values, self.observer)
                    complete(whole, self.state, self.state.functions)
                else:
                    self.run(values)
            finally:
                if modes is not None:
                    restore(modes)
        finally:
            warning_settings.set(warnings)
            if self.state.held:
                self.state.release()
        return given_away(self._results(values))

    def called(self, inputs: Sequence[Any]) -> Run:
        """Run it as a function, within the run of a plan that calls it."""
        values = self._begun(inputs)
        if self.pieces:
            yield from run_pieces(self.pieces, self.state, values)
        else:
            self.run(values)
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
        made: list[StraightCalls] = []
        for steps in (loop.before, loop.body):
            self.calls = []
            for step in steps:
                self._compile_step_of(step, step.op not in LASTING)
            made.append(self._straight(self.calls))
        self.pieces += [self._straight_or_not(around), Plain(loop, *made)]
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
        self.pieces += [self._straight_or_not(self.calls), mark]
        self.calls = []

    def _straight_or_not(self, calls: list[Call]) -> Callable[[list[Any]], None]:
        """A function that runs some calls."""
        if self.observer is not None:
            return partial(run_conditionally, calls, observer=self.observer, size=self.plan.size)
        if self.conditional:
            return StraightCalls(calls, self._prepared_with_branches, conditional=True)
        return self._straight(calls)

    def _straight(self, calls: list[Call]) -> StraightCalls:
        self.straight.append(StraightCalls(calls, self._prepared))
        return self.straight[-1]

    @cached_property
    def preparation(self) -> Preparation:
        """The rules for this plan, with what they know of it."""
        from hdfsaver.session.repeated_runs import Preparation  # programs that run a plan a few times do without

        return Preparation(self.plan, self.template, self.join)

    def _prepared(self, calls: Sequence[Call]) -> Prepared:
        return self.preparation.straight(calls)

    def _prepared_with_branches(self, calls: Sequence[Call]) -> Prepared:
        return self.preparation.with_branches(calls)

    def _compile_step(self, step: Step, whole: bool) -> None:
        """Make a step ready; ``whole`` where it must be a call of its own, even one that does nothing."""
        definition = find(step.op) or self.plan.definition(step.op)
        assert definition is not None, "a plan has only operations that are known"
        if step.op == "ControlTrigger":
            self.template[step.outputs[0]] = ()  # it has run, even where those before it are dead
            return
        if step.op == "NoOp" and not whole:
            if self.calls:  # it has done its part, the order of the steps, but for what is needed no longer
                self.calls[-1] = self.calls[-1]._replace(frees=self.calls[-1].frees + step.frees)
            return
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
        self.calls.append(Call(function, inputs, output, step.frees + read_slots, step.node, step.controls))

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
        read = VariableRead(self.state.variables)
        self.calls.append(Call(read, (source,), target, frees, node, controls))

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
