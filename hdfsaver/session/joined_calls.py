"""Several calls as one, which computes them in a compiled loop; see `joined_text`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver.element_loops.compiling import compiled
from hdfsaver.element_loops.loop_text import loop_text
from hdfsaver.session.calls import Call, Joined, MemberError, outputs_of
from hdfsaver.session.engine import StepError
from hdfsaver.session.joined_text import FunctionText, Group, loop_name


def joined_call(group: Group) -> Call:
    """A call that does what the calls of a group do. It empties no slots.

    Parameters
    ----------
    group : Group

    Returns
    -------
    Call
    """
    text = FunctionText(group)
    function = Joined(_made(text, _OneByOne(group.calls, text.slots, text.results)))
    function.gives_new = group.change is None
    function.overwrites = text.overwrites
    output = text.results[0] if len(text.results) == 1 else text.results
    last = group.calls[-1]
    return Call(function, text.slots, output, (), last.node, last.controls)


def _made(text: FunctionText, slow: Callable[..., Any]) -> Callable[..., Any]:
    names: dict[str, Any] = {"empty": np.empty, "slow": slow, **text.names()}
    for target in (None, *text.overwrites):
        _put_loop(names, text, target)
    exec(compile(text.text(), "<calls that are joined>", "exec"), names)  # noqa: S102, made of numbers only
    function: Callable[..., Any] = names["call"]
    return function


def _put_loop(names: dict[str, Any], text: FunctionText, target: int | None) -> None:
    """Have a loop compiled when it is first used."""
    name = loop_name(target)

    def first(*arrays: Any) -> None:
        names[name] = compiled(*loop_text(text.loop(target)))
        names[name](*arrays)

    names[name] = first


class _OneByOne:
    """Runs the calls of a group one by one."""

    def __init__(self, calls: Sequence[Call], slots: Sequence[int], results: Sequence[int]) -> None:
        self._calls = calls
        self._slots = slots
        self._results = results

    def __call__(self, *given: Any) -> Any:
        values = dict(zip(self._slots, given, strict=True))
        for call in self._calls:
            result = self._result(call, [values[slot] for slot in call.inputs])
            results = (result,) if isinstance(call.output, int) else result
            values.update(zip(outputs_of(call), results, strict=True))
        found = tuple(values[slot] for slot in self._results)
        return found if len(found) != 1 else found[0]

    def _result(self, call: Call, given: Sequence[Any]) -> Any:
        try:
            return call.function(*given)
        except Exception as error:
            if len(self._calls) == 1:
                raise
            failure = StepError(call.node, error, [getattr(value, "shape", None) for value in given])
            raise MemberError(failure) from error
