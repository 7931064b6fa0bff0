"""Operations that draw random numbers with seeds as attributes: each has a stream, which goes on from run to run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import FLOATS, INDICES, INTEGERS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Flat, Grads, KernelState, shape_of, with_rank
from hdfsaver.ops.random_draws import (
    SAMPLED,
    draw_classes,
    draw_gamma,
    draw_poisson,
    integers,
    shape_of_classes,
    sizes_of_draw,
)
from hdfsaver.random_numbers import normal, shuffling, uniform
from hdfsaver.random_numbers.philox import WORDS, Stream
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

SEEDS = {"seed": 0, "seed2": 0}
"""The attributes of a seeded operation; with two zeros it draws other numbers in each session."""

_BLOCKS = 256  # what a run reserves for each number, however many it uses


def _reserve(state: KernelState, node: Node, blocks: int) -> Stream:
    """The place where an operation draws now.

    Parameters
    ----------
    state : KernelState
    node : Node
        The operation.
    blocks : int
        How many blocks the next run is kept away from.

    Returns
    -------
    Stream
    """
    return state.random.reserve(node.name, node.attrs["seed"], node.attrs["seed2"], blocks)


class _Draw(Flat):
    """Random numbers in a given shape."""

    signature = "shape: T -> output: dtype"
    types = {"dtype": FLOATS, "T": INDICES}
    attrs = SEEDS
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape."""
        with_rank(node.input_shapes[0], 1)
        return [node.sizes(0)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["dtype"])

        def draw(state: KernelState, shape: Array) -> Array:
            sizes = sizes_of_draw(shape)
            count = math.prod(sizes)
            return self.draw(_reserve(state, node, _BLOCKS * count), count, dtype).reshape(sizes)

        return draw

    @staticmethod
    def draw(stream: Stream, count: int, dtype: np.dtype[Any]) -> Array:
        """Draw numbers of a dtype."""
        raise NotImplementedError


@register
class RandomStandardNormal(_Draw):
    """Numbers of a normal distribution with mean 0 and standard deviation 1."""

    type = "RandomStandardNormal"
    draw = staticmethod(normal.normal)


@register
class TruncatedNormal(_Draw):
    """As `RandomStandardNormal`, but numbers beyond 2 are drawn again."""

    type = "TruncatedNormal"
    draw = staticmethod(normal.truncated_normal)


@register
class RandomUniform(_Draw):
    """Numbers that are equally likely from 0 up to, but without, 1."""

    type = "RandomUniform"
    draw = staticmethod(uniform.fractions)


@register
class RandomUniformInt(Flat):
    """Integers that are equally likely from minval up to, but without, maxval."""

    type = "RandomUniformInt"
    signature = "shape: T, minval: Tout, maxval: Tout -> output: Tout"
    types = {"Tout": INDICES, "T": INDICES}
    attrs = SEEDS
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape; minval and maxval are ()."""
        for position, rank in enumerate((1, 0, 0)):
            with_rank(node.input_shapes[position], rank)
        return [node.sizes(0)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["Tout"])

        def draw(state: KernelState, shape: Array, minval: Array, maxval: Array) -> Array:
            sizes = sizes_of_draw(shape)
            return integers(_reserve(state, node, _BLOCKS * math.prod(sizes)), sizes, minval, maxval, dtype)

        return draw


@register
class RandomShuffle(Flat):
    """The rows of a tensor in a random order."""

    type = "RandomShuffle"
    signature = "value: T -> output: T"
    attrs = SEEDS
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        def shuffle(state: KernelState, value: Array) -> Array:
            if np.ndim(value) == 0 or len(value) < 2:
                return value
            rows = len(value)
            return np.asarray(value[shuffling.order(_reserve(state, node, -(-(rows - 1) // WORDS)), rows)])

        return shuffle


@register
class Multinomial(Flat):
    """Classes drawn with the probabilities of which the logits are the logarithms, up to a number for each row."""

    type = "Multinomial"
    signature = "logits: T, num_samples: int32 -> output: output_dtype"
    types = {"T": FLOATS, "output_dtype": INDICES}
    further_types = {"T": INTEGERS}
    attrs = {**SEEDS, "output_dtype": "int64"}
    stateful = True
    differs = SAMPLED

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The rows of the logits, and num_samples."""
        return shape_of_classes(node)

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["output_dtype"])
        return lambda state, logits, samples: draw_classes(
            logits, samples, lambda blocks: _reserve(state, node, blocks), dtype
        )


@register
class RandomGamma(OpDef):
    """Numbers of gamma distributions with scale 1, several for each alpha."""

    type = "RandomGamma"
    signature = "shape: S, alpha: T -> output: T"
    types = {"S": INDICES, "T": FLOATS - {"bfloat16"}}
    attrs = SEEDS
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape, and the shape of alpha after it."""
        return [_followed(node)]

    def kernel(self, node: Node) -> Kernel:
        def draw(state: KernelState, shape: Array, alphas: Array) -> Array:
            sizes = sizes_of_draw(shape)
            count = math.prod(sizes) * np.size(alphas)
            return draw_gamma(_reserve(state, node, _BLOCKS * count), np.asarray(alphas), sizes)

        return draw

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        alpha, grad = op.inputs[1], grads[0]
        assert grad is not None
        with op.graph.control_dependencies([grad]):
            samples = apply("StridedSlice", shape_of(op.inputs[0], "Shape"), [0], [1], [1], shrink_axis_mask=1)
            leading = apply("Fill", apply("Pack", [samples]), 1)
            sizes = apply("ConcatV2", [leading, shape_of(alpha, "Shape")], 0)
            change = apply("RandomGammaGrad", apply("Reshape", alpha, sizes), op.outputs[0])
            by_alpha = apply("Mul", grad, change)
            return [None, apply("Sum", by_alpha, apply("Range", 0, samples, 1))]


def _followed(node: Node) -> Shape:
    with_rank(node.input_shapes[0], 1)
    sizes, inner = node.sizes(0), node.input_shapes[1]
    return None if sizes is None or inner is None else (*sizes, *inner)


@register
class RandomPoissonV2(Flat):
    """Numbers of Poisson distributions, several for each rate."""

    type = "RandomPoissonV2"
    signature = "shape: S, rate: R -> output: dtype"
    types = {"S": INDICES, "R": FLOATS - {"bfloat16"} | INDICES, "dtype": FLOATS - {"bfloat16"} | INDICES}
    attrs = {**SEEDS, "dtype": "int64"}
    default_types: ClassVar[Mapping[str, str]] = {"R": "float64"}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of shape, and the shape of rate after it."""
        return [_followed(node)]

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["dtype"])

        def draw(state: KernelState, shape: Array, rates: Array) -> Array:
            sizes = sizes_of_draw(shape)
            samples = math.prod(sizes)
            stream = _reserve(state, node, _BLOCKS * samples * np.size(rates))
            return draw_poisson(stream, rates, samples, dtype).reshape(*sizes, *np.shape(rates))

        return draw


@register
class RandomPoisson(RandomPoissonV2):
    """As `RandomPoissonV2`, in the dtype of the rates."""

    type = "RandomPoisson"
    signature = "shape: S, rate: dtype -> output: dtype"
    types = {"S": INDICES, "dtype": FLOATS - {"bfloat16"}}
    attrs = SEEDS
    default_types = {}
