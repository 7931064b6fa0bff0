"""What lasts in a session from run to run: the values of variables and the streams of random numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from hdfsaver.graph.definition import Array


class State:
    """The lasting part of a session.

    Attributes
    ----------
    variables : dict of str to ndarray
        The value of each variable that has one, under the key that `hdfsaver.ops.state.variable_key` gives. The arrays
        are read-only and never written on: a new value is a new array, so that whoever holds an old one keeps it.
    """

    def __init__(self) -> None:
        self.variables: dict[str, Array] = {}
        self._generators: dict[str, np.random.Generator] = {}

    def generator(self, node: str, seed: int, seed2: int) -> np.random.Generator:
        """The stream of random numbers of one operation; (0, 0) seeds it from the operating system."""
        generator = self._generators.get(node)
        if generator is None:
            entropy = None if seed == seed2 == 0 else (seed % 2**64, seed2 % 2**64)
            generator = self._generators[node] = np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
        return generator

    def snapshot(self, keys: Iterable[str]) -> dict[str, Array | None]:
        """The present values of some variables, None for one without; nothing is copied."""
        return {key: self.variables.get(key) for key in keys}

    def assign(self, values: Mapping[str, Array]) -> None:
        """Give several variables their values at once. The arrays pass into the state's possession."""
        for value in values.values():
            value.flags.writeable = False
        self.variables.update(values)

    def clear(self) -> None:
        """Forget everything."""
        self.variables.clear()
        self._generators.clear()


def given_away(value: Any) -> Any:
    """A value as the user gets it: a scalar for rank 0, and an array that the user may write on."""
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return value[()]
        if not value.flags.writeable:
            return value.copy()
    return value
