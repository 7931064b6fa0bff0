"""Calls of which none is ever dead, as Python code that is made for them.

The code of some calls is one function with one line for each, so that nothing stands between a kernel and the next one:

    def run(v):
        try:
            x7 = k0(v[1], v[2])
            v[8] = k1(x7); del x7
        except Exception as error:
            raise failed(error) from error

A value that only these calls need is a local variable, which is deleted after its last use, as its slot would be
emptied. The line that fails is the call that has failed. The text has nothing but numbers of slots and calls in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hdfsaver.session.calls import Call, VariableRead, run_calls
from hdfsaver.session.engine import StepError

_RUNS_BEFORE = 30
"""How often calls run one by one before code is made, which takes as long as it saves in about 50 runs."""

_LONGEST = 500
"""How many calls one function has. The time in which Python makes longer ones grows faster than they do."""

_FIRST_LINE = 3


class StraightCalls:
    """Calls that run one after the other.

    Parameters
    ----------
    calls : sequence of Call
    """

    __slots__ = ("_blocks", "_left", "calls")

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = calls
        self._left = _RUNS_BEFORE
        self._blocks: list[Callable[[list[Any]], None]] = []

    def __call__(self, values: list[Any]) -> None:
        """Run them on the values in their slots; StepError where an operation fails."""
        if self._blocks:
            for block in self._blocks:
                block(values)
            return
        run_calls(self.calls, values)
        self._left -= 1
        if self._left <= 0:
            self._blocks = _blocks(self.calls)


def _blocks(calls: Sequence[Call]) -> list[Callable[[list[Any]], None]]:
    return [_generated(calls[start : start + _LONGEST]) for start in range(0, len(calls), _LONGEST)]


def _generated(calls: Sequence[Call]) -> Callable[[list[Any]], None]:
    """One function for some calls."""
    made = {slot for call in calls for slot in _outputs(call)}
    local = made & {slot for call in calls for slot in call.frees}
    lines = [_line(number, call, local) for number, call in enumerate(calls)]
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
    names["failed"] = _Failure(calls)
    exec(compile(source, "<calls of a run>", "exec"), names)  # noqa: S102, made of numbers only
    run: Callable[[list[Any]], None] = names.pop("run")
    return run


def _outputs(call: Call) -> tuple[int, ...]:
    return call.output if isinstance(call.output, tuple) else (call.output,)


def _is_read(call: Call) -> bool:
    return isinstance(call.function, VariableRead)


def _line(number: int, call: Call, local: set[int]) -> str:
    def place(slot: int) -> str:
        return f"x{slot}" if slot in local else f"v[{slot}]"

    given = ", ".join(map(place, call.inputs))
    value = f"d{number}[{given}]" if _is_read(call) else f"k{number}({given})"
    emptied = [f"del x{slot}" if slot in local else f"v[{slot}] = None" for slot in call.frees]
    return "; ".join([f"{', '.join(map(place, _outputs(call)))} = {value}", *emptied])


class _Failure:
    """Makes the error of the call that has failed from the line where it did.

    Parameters
    ----------
    calls : sequence of Call
        Those of the function.
    """

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = calls

    def __call__(self, error: Exception) -> StepError:
        trace = error.__traceback__
        assert trace is not None, "it was raised"
        call = self.calls[trace.tb_lineno - _FIRST_LINE]
        names = trace.tb_frame.f_locals
        given = [names[f"x{slot}"] if f"x{slot}" in names else names["v"][slot] for slot in call.inputs]
        if _is_read(call):
            error = _error_of(call, given)
        return StepError(call.node, error, [getattr(value, "shape", None) for value in given])


def _error_of(read: Call, given: Sequence[Any]) -> Exception:
    """The error of a variable that has no value."""
    try:
        read.function(*given)
    except Exception as error:  # noqa: BLE001, it is given back
        return error
    return RuntimeError("The value of a variable came while it was read; run it again.")
