"""Operations that draw random numbers with seeds as inputs: the same numbers in each run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.definition import FLOATS, INDICES, INTEGERS, Kernel, Node, OpDef, register
from hdfsaver.ops.base import NO_DERIVATIVE, Flat, invalid, with_rank
from hdfsaver.ops.random_draws import (
    SAMPLED,
    Draw,
    draw_classes,
    draw_gamma,
    draw_poisson,
    integers,
    shape_of_classes,
    sizes_of_draw,
)
from hdfsaver.random_numbers import normal, stateless, uniform
from hdfsaver.random_numbers.philox import Stream
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_ALGORITHMS = (1, 3)  # Philox, and the choice of TensorFlow, which is Philox on processors
_WIDE = frozenset({"uint32", "uint64"})


def _seeded(seed: Array) -> Stream:
    if np.shape(seed) != (2,):
        raise invalid(f"seed must have shape [2], not {list(np.shape(seed))}.")
    return stateless.scrambled(seed.tolist())


def _at(key: Array, counter: Array, algorithm: Array) -> Stream:
    if algorithm not in _ALGORITHMS:
        raise invalid(f"Unsupported algorithm id {algorithm}: it is {_ALGORITHMS[0]}, Philox, or {_ALGORITHMS[1]}.")
    if np.shape(key) != (1,) or np.shape(counter) != (2,):
        raise invalid(
            f"key must have shape [1] and counter [2], not {list(np.shape(key))} and {list(np.shape(counter))}."
        )
    low, high = counter.tolist()
    return Stream(int(key[0]), low | high << 64)


class _Drawn(OpDef):
    """Random numbers in a given shape, by a seed of two numbers."""

    ranks: tuple[int, ...] = (1, 1)
    streams: Callable[..., Stream] = staticmethod(_seeded)
    taken = 1  # how many inputs say where the stream is
    output = "dtype"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape; seed is (2)."""
        for position, rank in enumerate(self.ranks):
            with_rank(node.input_shapes[position], rank)
        return [node.sizes(0)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs[self.output])
        stream, taken = self.streams, self.taken

        def draw(shape: Array, *given: Array) -> Array:
            return self.values(stream(*given[:taken]), sizes_of_draw(shape), dtype, *given[taken:])

        return draw

    draw: Draw

    def values(self, stream: Stream, sizes: tuple[int, ...], dtype: np.dtype[Any], *given: Array) -> Array:
        """Draw numbers; ``given`` are the inputs after those that say where the stream is.

        Parameters
        ----------
        stream : Stream
        sizes : tuple of int
        dtype : dtype
        given : ndarray

        Returns
        -------
        ndarray
        """
        return type(self).draw(stream, math.prod(sizes), dtype).reshape(sizes)


class _Stateless(Flat, _Drawn):
    """Random numbers without parameters that have a derivative."""


class _SeededFloats(_Stateless):
    signature = "shape: T, seed: Tseed -> output: dtype"
    types = {"dtype": FLOATS, "T": INDICES, "Tseed": INDICES}
    attrs = {"dtype": "float32"}
    default_types = {"T": "int32", "Tseed": "int64"}


class _FloatsAt(_Stateless):
    """The value of shape; key is (1) and counter (2)."""

    signature = "shape: Tshape, key: uint64, counter: uint64, alg: int32 -> output: dtype"
    types = {"dtype": FLOATS, "Tshape": INDICES}
    attrs = {"dtype": "float32"}
    default_types = {"Tshape": "int32"}
    ranks = (1, 1, 1, 0)
    streams = staticmethod(_at)
    taken = 3


@register
class StatelessRandomUniform(_SeededFloats):
    """Numbers that are equally likely from 0 up to, but without, 1."""

    type = "StatelessRandomUniform"
    draw = staticmethod(uniform.fractions)


@register
class StatelessRandomUniformV2(_FloatsAt):
    """Numbers that are equally likely from 0 up to, but without, 1."""

    type = "StatelessRandomUniformV2"
    draw = staticmethod(uniform.fractions)


@register
class StatelessRandomNormal(_SeededFloats):
    """Numbers of a normal distribution with mean 0 and standard deviation 1."""

    type = "StatelessRandomNormal"
    draw = staticmethod(normal.normal)


@register
class StatelessRandomNormalV2(_FloatsAt):
    """Numbers of a normal distribution with mean 0 and standard deviation 1."""

    type = "StatelessRandomNormalV2"
    draw = staticmethod(normal.normal)


@register
class StatelessTruncatedNormal(_SeededFloats):
    """Numbers of a normal distribution; those beyond 2 are drawn again."""

    type = "StatelessTruncatedNormal"
    draw = staticmethod(normal.truncated_normal)


@register
class StatelessTruncatedNormalV2(_FloatsAt):
    """Numbers of a normal distribution; those beyond 2 are drawn again."""

    type = "StatelessTruncatedNormalV2"
    draw = staticmethod(normal.truncated_normal)


@register
class StatelessRandomUniformInt(_Stateless):
    """Integers that are equally likely from minval up to, but without, maxval."""

    type = "StatelessRandomUniformInt"
    signature = "shape: T, seed: Tseed, minval: dtype, maxval: dtype -> output: dtype"
    types = {"dtype": INDICES, "T": INDICES, "Tseed": INDICES}
    default_types = {"Tseed": "int64"}
    ranks: tuple[int, ...] = (1, 1, 0, 0)

    def values(self, stream: Stream, sizes: tuple[int, ...], dtype: np.dtype[Any], *given: Array) -> Array:
        low, high = given
        return integers(stream, sizes, low, high, dtype)


@register
class StatelessRandomUniformIntV2(StatelessRandomUniformInt):
    """Integers that are equally likely from minval up to, but without, maxval."""

    type = "StatelessRandomUniformIntV2"
    signature = "shape: Tshape, key: uint64, counter: uint64, alg: int32, minval: dtype, maxval: dtype -> output: dtype"
    types = {"dtype": INDICES, "Tshape": INDICES}
    further_types = {"dtype": _WIDE}
    default_types = {"Tshape": "int32"}
    ranks = (1, 1, 1, 0, 0, 0)
    streams = staticmethod(_at)
    taken = 3


@register
class StatelessRandomUniformFullInt(_Stateless):
    """Integers of which all that the dtype has are equally likely."""

    type = "StatelessRandomUniformFullInt"
    signature = "shape: T, seed: Tseed -> output: dtype"
    types = {"dtype": INDICES | _WIDE, "T": INDICES, "Tseed": INDICES}
    further_types = {"Tseed": _WIDE}
    attrs = {"dtype": "uint64"}
    default_types = {"T": "int32", "Tseed": "int64"}
    draw = staticmethod(uniform.full_integers)


@register
class StatelessRandomUniformFullIntV2(_FloatsAt):
    """Integers of which all that the dtype has are equally likely."""

    type = "StatelessRandomUniformFullIntV2"
    types = {"dtype": INDICES | _WIDE, "Tshape": INDICES}
    attrs = {"dtype": "uint64"}
    draw = staticmethod(uniform.full_integers)


@register
class StatelessRandomGammaV2(_Drawn):
    """Numbers of gamma distributions with scale 1; the shape ends with that of alpha."""

    type = "StatelessRandomGammaV2"
    signature = "shape: T, seed: Tseed, alpha: dtype -> output: dtype"
    types = {"dtype": FLOATS - {"bfloat16"}, "T": INDICES, "Tseed": INDICES}
    default_types = {"Tseed": "int64"}
    differs = NO_DERIVATIVE

    def values(self, stream: Stream, sizes: tuple[int, ...], dtype: np.dtype[Any], *given: Array) -> Array:
        (alphas,) = given
        return draw_gamma(stream, np.asarray(alphas), _outer(sizes, np.shape(alphas)))


def _outer(sizes: tuple[int, ...], inner: tuple[int, ...]) -> tuple[int, ...]:
    """The dimensions before those of the parameters."""
    outer = len(sizes) - len(inner)
    if outer < 0 or sizes[outer:] != inner:
        raise invalid(f"Shape passed in must end with broadcasted shape {list(inner)}, got {list(sizes)}.")
    return sizes[:outer]


@register
class StatelessRandomGammaV3(StatelessRandomGammaV2):
    """Numbers of gamma distributions with scale 1; the shape ends with that of alpha."""

    type = "StatelessRandomGammaV3"
    signature = "shape: shape_dtype, key: uint64, counter: uint64, alg: int32, alpha: dtype -> output: dtype"
    types = {"dtype": FLOATS - {"bfloat16"}, "shape_dtype": INDICES}
    default_types = {"shape_dtype": "int32"}
    ranks = (1, 1, 1, 0)
    streams = staticmethod(_at)
    taken = 3


@register
class StatelessRandomPoisson(_Stateless):
    """Numbers of Poisson distributions; the shape ends with that of the rates."""

    type = "StatelessRandomPoisson"
    signature = "shape: T, seed: Tseed, lam: Rtype -> output: dtype"
    types = {
        "dtype": FLOATS - {"bfloat16"} | INDICES,
        "Rtype": FLOATS - {"bfloat16"} | INDICES,
        "T": INDICES,
        "Tseed": INDICES,
    }
    default_types = {"Tseed": "int64"}

    def values(self, stream: Stream, sizes: tuple[int, ...], dtype: np.dtype[Any], *given: Array) -> Array:
        (rates,) = given
        return draw_poisson(stream, rates, math.prod(_outer(sizes, np.shape(rates))), dtype).reshape(sizes)


@register
class StatelessMultinomial(Flat):
    """Classes drawn with the probabilities of which the logits are the logarithms, up to a number for each row."""

    type = "StatelessMultinomial"
    signature = "logits: T, num_samples: int32, seed: Tseed -> output: output_dtype"
    types = {"T": FLOATS, "Tseed": INDICES, "output_dtype": INDICES}
    further_types = {"T": INTEGERS}
    attrs = {"output_dtype": "int64"}
    default_types = {"Tseed": "int64"}
    differs = SAMPLED

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The rows of the logits, and num_samples."""
        with_rank(node.input_shapes[2], 1)
        return shape_of_classes(node)

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["output_dtype"])
        return lambda logits, samples, seed: draw_classes(logits, samples, lambda _: _seeded(seed), dtype)


@register
class StatelessRandomGetKeyCounter(Flat):
    """The key and the counter of a seed of two numbers."""

    type = "StatelessRandomGetKeyCounter"
    signature = "seed: Tseed -> key: uint64, counter: uint64"
    types = {"Tseed": INDICES}
    default_types = {"Tseed": "int64"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(1) and (2)."""
        with_rank(node.input_shapes[0], 1)
        return [(1,), (2,)]

    def kernel(self, node: Node) -> Kernel:
        return _key_and_counter


def _key_and_counter(seed: Array) -> tuple[Array, Array]:
    stream = _seeded(seed)
    return np.array([stream.key], np.uint64), np.array([0, stream.counter >> 64], np.uint64)


@register
class StatelessRandomGetKeyCounterAlg(StatelessRandomGetKeyCounter):
    """The key, the counter and the algorithm of a seed of two numbers."""

    type = "StatelessRandomGetKeyCounterAlg"
    signature = "seed: Tseed -> key: uint64, counter: uint64, alg: int32"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(1), (2) and ()."""
        return [*super().shapes(node), ()]

    def kernel(self, node: Node) -> Kernel:
        return lambda seed: (*_key_and_counter(seed), np.array(_ALGORITHMS[0], np.int32))


@register
class StatelessRandomGetAlg(Flat):
    """The algorithm: Philox."""

    type = "StatelessRandomGetAlg"
    signature = " -> alg: int32"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A scalar."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda state: np.array(_ALGORITHMS[0], np.int32)
