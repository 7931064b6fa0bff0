"""What the machines draw: values, changes, faults, and how Savers are made."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests.states.faults import COUNTS, Fault
from tests.states.model import Stored

LONG = int(os.environ.get("HDFSAVER_STATES", "0"))
"""How many examples to try, instead of the few that are the same in every run."""


def examples(count: int, steps: int) -> settings:
    """The settings of a machine: ``count`` examples of at most ``steps`` steps, the same in every run unless `LONG`."""
    found = settings(
        max_examples=LONG or count,
        stateful_step_count=2 * steps if LONG else steps,
        deadline=None,
        derandomize=not LONG,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),  # which measure time, as a busy machine has it
    )
    return settings(found, database=None)


# -- values ---------------------------------------------------------------------------------------------------------

SHAPES: dict[str, tuple[str, tuple[int, ...]]] = {
    "a": ("float32", (3,)),
    "b": ("float32", (3,)),  # as `a`, so that one may be taken for the other
    "n": ("int64", ()),
    "s": ("string", (2,)),
    "p": ("float32", (4, 2)),  # in two parts
    "d": ("float32", (17_000,)),  # large enough to be compressed
}


def value_of(name: str, seed: int) -> Any:
    """A value all of whose elements are ``seed``."""
    dtype, shape = SHAPES[name]
    return np.full(shape, b"%d" % seed, object) if dtype == "string" else np.full(shape, seed, dtype)


def seed_of(value: Any) -> Any:
    """What `value_of` was given; everything, where not all elements are the same."""
    found = set(np.asarray(value).ravel().tolist())
    return int(found.pop()) if len(found) == 1 else sorted(found, key=repr)


def stored_value(value: Any, is_packed: bool = False) -> Stored:
    return Stored("string" if value.dtype == object else value.dtype.name, value.shape, seed_of(value), is_packed)


# -- what is done ---------------------------------------------------------------------------------------------------

SEEDS = st.integers(1, 9)
METRICS = st.sampled_from([None, None, 1.0, 2.0, 3.5, 7.0, -1.0, math.nan])
STEPS = st.sampled_from([1, 2, 3, 0, None])
POINTS = [(name, number) for name, count in COUNTS.items() for number in range(count)]
KINDS = st.sampled_from(["refuse", "interrupt", "kill"])
FAULTS = st.builds(lambda kind, point: Fault(kind, *point), KINDS, st.sampled_from(POINTS)).filter(
    lambda fault: (fault.kind, fault.operation) != ("refuse", "close")  # which no system does to what was only read
)
MAYBE_FAULTS = st.one_of(st.none(), st.none(), FAULTS)
NAMES = ("m.h5", "m-7.h5", "n-00000003.h5", "o-1.h5", "x-1.h5", "checkpoint", "other")
DRAFTS = st.sampled_from([f".{name}.1.0123abcd.tmp" for name in NAMES])
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(sorted(SHAPES)), SEEDS),
        st.tuples(st.sampled_from(sorted(SHAPES)), SEEDS),
        st.sampled_from([1800, 3600]),
        st.sampled_from(["initialize", "grow"]),
    ),
    max_size=3,
)


# -- Savers ------------------------------------------------------------------------------------------------------------

PATTERNS = [(r"^([a-n])$", r"w/\1"), ("w/n", "deep er/n")]

NAMINGS: dict[str, Callable[[str], str | None]] = {
    "all": lambda name: name,
    "some": lambda name: name if name in "and" else None,
    "dict": {"a": "b", "b": "a", "s": "deep/x y", "d": "n"}.get,
    "function": lambda name: f"model/{name}",
    "patterns": lambda name: {"n": "deep er/n", "a": "w/a", "b": "w/b", "d": "w/d"}.get(name, name),
}
"""The name in the file of every variable, or None where a Saver does not have it."""


OPTIONS = st.fixed_dictionaries(
    {
        "naming": st.sampled_from(sorted(NAMINGS)),
        "group": st.sampled_from(["", "", "teacher", "student"]),
        "max_to_keep": st.sampled_from([1, 2, 1, 3, 0]),
        "keep_checkpoint_every_n_hours": st.sampled_from([1.0, 10000.0]),
        "policy": st.sampled_from(["", "", "best", "least", "protected", "any"]),
        "resume_rotation": st.booleans(),
        "is_packed": st.booleans(),
        "save_relative_paths": st.booleans(),
        "pad_step_number": st.booleans(),
        "latest": st.sampled_from(["checkpoint", "checkpoint", "other"]),
    }
)
"""How a Saver is made."""
