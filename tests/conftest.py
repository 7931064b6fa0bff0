"""What every test begins with: an empty default graph, Hypothesis without a stopwatch, and children that start fast."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from hypothesis import settings

from hdfsaver.graph import Graph
from hdfsaver.graph.default import get_default_graph, reset_default_graph

# No deadlines: a shared machine pauses when it likes. With CI set, examples are the same in every run, so that a change
# is judged by what it changes; at a desk they differ, and new ones are found.
settings.register_profile("desk", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# Tests start many programs: each would compile the whole package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Temporary files are in memory where the system has such a place: each save waits for a disk four times.
_MEMORY = "/dev/shm"  # noqa: S108, pytest makes a folder of the user's own in it
if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 2 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", _MEMORY)


@pytest.fixture(autouse=True)
def _empty_default_graph() -> Iterator[None]:
    """Nothing that a test adds to the default graph is seen by the next one."""
    yield
    reset_default_graph()


@pytest.fixture
def graph() -> Graph:
    """The default graph, as empty as every test finds it."""
    return get_default_graph()
