"""Attention that never goes back in a memory: ``monotonic_attention`` and the mechanisms that use it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.contrib.attention_mechanisms import OfMemory, product_score, sum_score
from hdfsaver.control_flow.folds import scan
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.core import Dense
from hdfsaver.ops.activations import sigmoid
from hdfsaver.ops.base import scope
from hdfsaver.ops.casting import cast
from hdfsaver.ops.elementary import exp, log
from hdfsaver.ops.filling import one_hot, ones, zeros
from hdfsaver.ops.joining import concat
from hdfsaver.ops.norms import clip_by_value
from hdfsaver.ops.sampling import random_normal
from hdfsaver.ops.scans import cumprod, cumsum
from hdfsaver.ops.shaping import reshape, transpose
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.variable_scope import variable_scope


def safe_cumprod(x: TensorLike, *args: Any, **kwargs: Any) -> Tensor:
    """Products of the first elements along an axis, by sums of logarithms, which do not become 0 too early.

    Parameters
    ----------
    x : TensorLike
        Numbers from 0 to 1.
    *args, **kwargs : object
        As for `tf.cumsum`.

    Returns
    -------
    Tensor
    """
    with scope(None, "SafeCumprod", x):
        given = convert_to_tensor(x, name="x")
        tiny = np.finfo(given.dtype.as_numpy_dtype).tiny
        return exp(cumsum(log(clip_by_value(given, tiny, 1)), *args, **kwargs))


def monotonic_attention(p_choose_i: TensorLike, previous_attention: TensorLike, mode: str) -> Tensor:
    """Where the next step looks, if each step stops at a place with some probability and never goes back.

    Parameters
    ----------
    p_choose_i : TensorLike
        The probability of stopping at each place, of shape (batch, steps).
    previous_attention : TensorLike
        The result for the step before: at first 1 and then zeros.
    mode : {"recursive", "parallel", "hard"}
        By a loop, by products and sums in one go, which is less exact, or for probabilities that are 0 or 1.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        Another mode.
    """
    choose: Any = convert_to_tensor(p_choose_i, name="p_choose_i")
    before: Any = convert_to_tensor(previous_attention, name="previous_attention")
    found: Any
    if mode == "recursive":
        batch = choose.shape.as_list()[0] or shape_of(choose)[0]
        passed = concat([ones((batch, 1)), 1 - choose[:, :-1]], 1)
        reached = scan(
            lambda last, now: reshape(now[0] * last + now[1], (batch,)),
            [transpose(passed), transpose(before)],
            zeros((batch,)),
        )
        found = choose * transpose(reached)
    elif mode == "parallel":
        passed = safe_cumprod(1 - choose, axis=1, exclusive=True)
        found = choose * passed * cumsum(before / clip_by_value(passed, 1e-10, 1.0), axis=1)
    elif mode == "hard":
        choose *= cumsum(before, axis=1)
        found = choose * cumprod(1 - choose, axis=1, exclusive=True)
    else:
        raise ValueError("mode must be 'recursive', 'parallel', or 'hard'.")
    result: Tensor = found
    return result


def _probability(score: Any, previous: Any, sigmoid_noise: float, mode: str, seed: int | None = None) -> Tensor:
    if sigmoid_noise > 0:
        noise: Any = random_normal(shape_of(score), dtype=score.dtype, seed=seed)
        score += sigmoid_noise * noise
    choose = cast(score > 0, score.dtype) if mode == "hard" else sigmoid(score)
    return monotonic_attention(choose, previous, mode)


class _Monotonic(OfMemory):
    """A mechanism whose first step looks at the first place."""

    _score_bias_init: float

    def initial_alignments(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """1 at the first place of each memory; see `LuongAttention`.

        Parameters
        ----------
        batch_size : int or Tensor
        dtype : DType

        Returns
        -------
        Tensor
        """
        return one_hot(zeros((batch_size,), dtype="int32"), self._alignments_size, dtype=dtypes.as_dtype(dtype))

    def _with_bias(self, score: Any, dtype: Any) -> Any:
        return score + get_variable("attention_score_bias", dtype=dtype, initializer=self._score_bias_init)


class BahdanauMonotonicAttention(_Monotonic):
    """`BahdanauAttention` that never goes back (C. Raffel et al., 2017).

    Parameters
    ----------
    num_units, memory, memory_sequence_length, normalize, score_mask_value : object
        As for `BahdanauAttention`.
    sigmoid_noise : float
        The standard deviation of noise that is added to scores.
    sigmoid_noise_seed : int, optional
    score_bias_init : float
        The first value of the variable ``attention_score_bias``.
    mode : str
        As for `monotonic_attention`.
    dtype, name : object
        As for `BahdanauAttention`.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: TensorLike | None = None,
        normalize: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: DTypeLike | None = None,
        name: str = "BahdanauMonotonicAttention",
    ) -> None:
        super().__init__(
            Dense(num_units, name="query_layer", use_bias=False, dtype=dtype or "float32"),
            memory,
            partial(_probability, sigmoid_noise=sigmoid_noise, mode=mode, seed=sigmoid_noise_seed),
            memory_sequence_length,
            Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype or "float32"),
            score_mask_value,
            name=name,
        )
        self._num_units = num_units
        self._normalize = normalize
        self._score_bias_init = score_bias_init

    def _score(self, query: Any) -> Any:
        with variable_scope(None, "bahdanau_monotonic_attention", [query]):
            return self._with_bias(sum_score(self, query, self._num_units, self._normalize), query.dtype)


class LuongMonotonicAttention(_Monotonic):
    """`LuongAttention` that never goes back (C. Raffel et al., 2017).

    Parameters
    ----------
    num_units, memory, memory_sequence_length, scale, score_mask_value : object
        As for `LuongAttention`.
    sigmoid_noise, sigmoid_noise_seed, score_bias_init, mode : object
        As for `BahdanauMonotonicAttention`.
    dtype, name : object
        As for `LuongAttention`.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: TensorLike | None = None,
        scale: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: DTypeLike | None = None,
        name: str = "LuongMonotonicAttention",
    ) -> None:
        super().__init__(
            None,
            memory,
            partial(_probability, sigmoid_noise=sigmoid_noise, mode=mode, seed=sigmoid_noise_seed),
            memory_sequence_length,
            Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype or "float32"),
            score_mask_value,
            name=name,
        )
        self._scale = scale
        self._score_bias_init = score_bias_init

    def _score(self, query: Any) -> Any:
        with variable_scope(None, "luong_monotonic_attention", [query]):
            return self._with_bias(product_score(query, self.keys, self._scale), query.dtype)
