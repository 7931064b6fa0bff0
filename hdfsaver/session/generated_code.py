"""Calls as Python code that is made for them.

The code of some calls is one function with one line for each, so that nothing stands between a kernel and the next one:

    def run(v):
        try:
            x7 = k0(v[1], v[2])
            x8 = k1(x7, v[3], out=x7); del x7
            v[9] = k2(x8); del x8
        except Exception as error:
            raise failed(error) from error

A NumPy function may be given the array that takes the result; see `reuse`. A call that may be dead looks first whether
it is (`branches`): `x9 = D if x7 is D else k2(x7)`.
A value that only these calls need is a local variable, which is deleted after its last use, as its slot would be
emptied. The line that fails is the call that has failed. The text has nothing but numbers of slots and calls in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from hdfsaver.ops.control_flow import DEAD
from hdfsaver.session.calls import Call, MemberError, VariableRead, outputs_of, run_calls, run_conditionally
from hdfsaver.session.engine import StepError

_RUNS_BEFORE = 30
"""How often calls run one by one before code is made, which takes as long as it saves in about 50 runs."""

_LONGEST = 500
"""How many calls one function has. The time in which Python makes longer ones grows faster than they do."""

_FIRST_LINE = 3


class Prepared(NamedTuple):
    """Calls from which code is made.

    Attributes
    ----------
    calls : sequence of Call
    constants : dict of int to object
        The values of slots that are the same in every run.
    overwritten : dict of int to int
        The slots of inputs into which calls write their results, by the numbers of the calls.
    deciding : sequence of tuple of int
        For each call the slots of which one is dead where it is not to run; see `branches`.
    """

    calls: Sequence[Call]
    constants: Mapping[int, Any]
    overwritten: Mapping[int, int]
    deciding: Sequence[tuple[int, ...]] = ()


class StraightCalls:
    """Calls that run one after the other.

    Parameters
    ----------
    calls : sequence of Call
    prepare : callable
        Gives, for the calls, those from which code is made.
    conditional : bool
        Whether some may be dead.
    """

    __slots__ = ("_blocks", "_left", "_prepare", "calls", "conditional")

    def __init__(
        self, calls: Sequence[Call], prepare: Callable[[Sequence[Call]], Prepared], conditional: bool = False
    ) -> None:
        self.calls = calls
        self.conditional = conditional
        self._prepare = prepare
        self._left = _RUNS_BEFORE
        self._blocks: list[Callable[[list[Any]], None]] | None = None

    def __call__(self, values: list[Any]) -> None:
        """Run them on the values in their slots; StepError where an operation fails."""
        if self._blocks is not None:
            for block in self._blocks:
                block(values)
            return
        (run_conditionally if self.conditional else run_calls)(self.calls, values)
        self._left -= 1
        if self._left <= 0:
            self._blocks = _blocks(self._prepare(self.calls))


def _blocks(prepared: Prepared) -> list[Callable[[list[Any]], None]]:
    calls = prepared.calls
    deciding = prepared.deciding or [()] * len(calls)
    lines = [_Line(prepared.overwritten.get(number), deciding[number]) for number in range(len(calls))]
    ends = range(_LONGEST, len(calls) + _LONGEST, _LONGEST)
    return [_generated(calls[end - _LONGEST : end], lines[end - _LONGEST : end], prepared.constants) for end in ends]


class _Line(NamedTuple):
    """The parts of a line beside its call: the slot of the input that the result may replace, and those that decide."""

    target: int | None
    deciding: tuple[int, ...]


def _generated(
    calls: Sequence[Call], further: Sequence[_Line], constants: Mapping[int, Any]
) -> Callable[[list[Any]], None]:
    """One function for some calls."""
    made = {slot for call in calls for slot in outputs_of(call)}
    constant = {slot for call in calls for slot in call.inputs if slot in constants} - made
    places = {slot: f"x{slot}" for call in calls for slot in call.frees if slot in made}
    places |= {slot: f"c{slot}" for slot in constant}
    lines = [_line(number, call, further[number], places) for number, call in enumerate(calls)]
    source = "\n".join(
        [
            "def run(v):",
            " try:",
            *(f"  {line}" for line in lines),
            " except Exception as e:",
            "  raise failed(e) from e",
        ]
    )
    names: dict[str, Any] = {f"k{number}": call.function for number, call in enumerate(calls)}
    for number, call in enumerate(calls):
        if isinstance(call.function, VariableRead):
            names[f"d{number}"] = call.function.variables
    names |= {f"c{slot}": constants[slot] for slot in constant}
    names["D"] = DEAD
    names["failed"] = _Failure(calls, constants)
    exec(compile(source, "<calls of a run>", "exec"), names)  # noqa: S102, made of numbers only
    run: Callable[[list[Any]], None] = names.pop("run")
    return run


def _is_read(call: Call) -> bool:
    return isinstance(call.function, VariableRead)


def _line(number: int, call: Call, further: _Line, places: Mapping[int, str]) -> str:
    def place(slot: int) -> str:
        return places.get(slot, f"v[{slot}]")

    target = [] if further.target is None else [f"out={place(further.target)}"]
    given = ", ".join([*map(place, call.inputs), *target])
    value = f"d{number}[{given}]" if _is_read(call) else f"k{number}({given})"
    if further.deciding:
        is_dead = " or ".join(f"{place(slot)} is D" for slot in further.deciding)
        dead = "D" if isinstance(call.output, int) else "(" + "D, " * len(call.output) + ")"
        value = f"{dead} if {is_dead} else {value}"
    emptied = [f"del x{slot}" if slot in places else f"v[{slot}] = None" for slot in call.frees]
    return "; ".join([f"{', '.join(map(place, outputs_of(call)))} = {value}", *emptied])


class _Failure:
    """Makes the error of the call that has failed from the line where it did.

    Parameters
    ----------
    calls : sequence of Call
        Those of the function.
    constants : dict of int to object
    """

    def __init__(self, calls: Sequence[Call], constants: Mapping[int, Any]) -> None:
        self.calls = calls
        self.constants = constants

    def __call__(self, error: Exception) -> StepError:
        if isinstance(error, MemberError):
            return error.failure
        trace = error.__traceback__
        assert trace is not None, "it was raised"
        call = self.calls[trace.tb_lineno - _FIRST_LINE]
        given = [self._value(slot, trace.tb_frame.f_locals) for slot in call.inputs]
        if _is_read(call):
            error = _error_of(call, given)
        return StepError(call.node, error, [getattr(value, "shape", None) for value in given])

    def _value(self, slot: int, names: Mapping[str, Any]) -> Any:
        if slot in self.constants:
            return self.constants[slot]
        return names[f"x{slot}"] if f"x{slot}" in names else names["v"][slot]


def _error_of(read: Call, given: Sequence[Any]) -> Exception:
    """The error of a variable that has no value."""
    try:
        read.function(*given)
    except Exception as error:  # noqa: BLE001, it is given back
        return error
    return RuntimeError("The value of a variable came while it was read; run it again.")
