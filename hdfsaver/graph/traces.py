"""Where a program made an operation: the frames of its own code, without those of this package.

A trace is kept for each operation, so it holds as little as possible; lines and their text are looked up when a trace
is shown.
"""

from __future__ import annotations

import contextlib
import os
import sys
from itertools import takewhile
from pathlib import Path
from traceback import FrameSummary, StackSummary
from types import CodeType, FrameType
from typing import TypeAlias

Trace: TypeAlias = tuple[CodeType | int, ...]
"""For each frame its code and the instruction in it, the innermost frame first."""

DEPTH = 16
"""The most frames that are looked at, the innermost ones; those of this package are left out when it is shown."""

_FRAMES = range(DEPTH)
_PACKAGE = str(Path(__file__).parents[1]) + os.sep
_OWN = (_PACKAGE, contextlib.__file__)
"""The code between a program and its operations: contextlib is there where a context decorates a function."""

_RUNNER = os.path.join(_PACKAGE, "programs", "running.py")
"""The file that runs a program: the frames outside of it are not the program's."""


def current_trace(skip: int) -> Trace:
    """The frames that led here, except the ``skip`` innermost ones. Short, as it is called for every operation."""
    frame: FrameType | None = sys._getframe(skip)
    found: list[CodeType | int] = []
    add = found.append
    for _ in _FRAMES:
        if frame is None:
            break
        add(frame.f_code)
        add(frame.f_lasti)
        frame = frame.f_back
    return tuple(found)


def summary(trace: Trace) -> StackSummary:
    """The frames of the program's own code in a trace, as Python's own list of frames, the innermost one last."""
    every = zip(trace[::2], trace[1::2], strict=True)
    inside = takewhile(lambda frame: getattr(frame[0], "co_filename", "") != _RUNNER, every)
    frames = [
        FrameSummary(code.co_filename, _line(code, instruction), code.co_name, lookup_line=False)
        for code, instruction in inside
        if isinstance(code, CodeType) and isinstance(instruction, int) and not code.co_filename.startswith(_OWN)
    ]
    return StackSummary.from_list(frames[::-1])


def _line(code: CodeType, instruction: int) -> int:
    lines = [line for start, end, line in code.co_lines() if start <= instruction < end and line is not None]
    return lines[0] if lines else code.co_firstlineno


def place(frames: StackSummary) -> str:
    """The innermost frame as ``file.py:12``; ``""`` where there is not one."""
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
