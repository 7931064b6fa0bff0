"""Operations that draw random numbers, each from its own stream, which continues from run to run of a session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.definition import FLOATS, INDICES, Kernel, Node, register
from hdfsaver.ops.base import Flat, KernelState, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

OTHER_NUMBERS = "The same seeds give other numbers than in TensorFlow, from the same distribution."

_SEEDS = {"seed": 0, "seed2": 0}


def _generator(state: KernelState, node: Node) -> np.random.Generator:
    return state.generator(node.name, node.attrs["seed"], node.attrs["seed2"])


class _Draw(Flat):
    """Random numbers in a given shape."""

    differs = OTHER_NUMBERS

    signature = "shape: T -> output: dtype"
    types = {"dtype": FLOATS, "T": INDICES}
    attrs = _SEEDS
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape."""
        with_rank(node.input_shapes[0], 1)
        return [node.sizes(0)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["dtype"])
        return lambda state, shape: self.draw(_generator(state, node), tuple(shape.tolist()), dtype)

    @staticmethod
    def draw(generator: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Draw numbers of a dtype in a shape."""
        raise NotImplementedError


def _normal(generator: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    drawn = generator.standard_normal(shape, np.float64 if dtype == np.float64 else np.float32)
    return np.asarray(drawn).astype(dtype, copy=False)


@register
class RandomStandardNormal(_Draw):
    """Numbers of a normal distribution with mean 0 and standard deviation 1."""

    type = "RandomStandardNormal"
    draw = staticmethod(_normal)


@register
class TruncatedNormal(_Draw):
    """As `RandomStandardNormal`, but numbers beyond 2 are drawn again."""

    type = "TruncatedNormal"

    @staticmethod
    def draw(generator: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        drawn = np.atleast_1d(_normal(generator, shape, dtype))
        while (beyond := np.abs(drawn) > 2).any():
            drawn[beyond] = _normal(generator, (int(np.count_nonzero(beyond)),), dtype)
        return drawn.reshape(shape)


@register
class RandomUniform(_Draw):
    """Numbers that are equally likely from 0 up to, but without, 1."""

    type = "RandomUniform"

    @staticmethod
    def draw(generator: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        if dtype in (np.float32, np.float64):
            return np.asarray(generator.random(shape, dtype.type))
        # Rounding to a narrow dtype could give 1. Multiples of its precision are exact, and below 1.
        steps = 2 ** (11 if dtype == np.float16 else 8)
        return (np.asarray(generator.integers(steps, size=shape)) / np.float32(steps)).astype(dtype)


@register
class RandomUniformInt(Flat):
    """Integers that are equally likely from minval up to, but without, maxval."""

    type = "RandomUniformInt"
    differs = OTHER_NUMBERS
    signature = "shape: T, minval: Tout, maxval: Tout -> output: Tout"
    types = {"Tout": INDICES, "T": INDICES}
    attrs = _SEEDS
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape; minval and maxval are ()."""
        for position, rank in enumerate((1, 0, 0)):
            with_rank(node.input_shapes[position], rank)
        return [node.sizes(0)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["Tout"])

        def draw(state: KernelState, shape: Array, minval: Array, maxval: Array) -> Array:
            if minval >= maxval:
                raise invalid(f"Need minval < maxval, got {minval} >= {maxval}.")
            return np.asarray(_generator(state, node).integers(minval, maxval, shape.tolist(), dtype.type), dtype)

        return draw


@register
class RandomShuffle(Flat):
    """The rows of a tensor in a random order."""

    type = "RandomShuffle"
    differs = OTHER_NUMBERS
    signature = "value: T -> output: T"
    attrs = _SEEDS
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        def shuffle(state: KernelState, value: Array) -> Array:
            return _generator(state, node).permutation(value, axis=0) if np.ndim(value) else value

        return shuffle
