"""How much a network looks at each step of a memory: ``LuongAttention`` and ``BahdanauAttention``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.assertions.comparisons import assert_positive
from hdfsaver.dtypes import DType, DTypeLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.structures import leaves_of, mapped
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.core import Dense
from hdfsaver.layers.layer import Layer
from hdfsaver.ops.activations import tanh
from hdfsaver.ops.base import scope
from hdfsaver.ops.elementary import square
from hdfsaver.ops.filling import one_hot, ones, ones_like
from hdfsaver.ops.grids import sequence_mask
from hdfsaver.ops.init_ops import constant_initializer, ones_initializer, zeros_initializer
from hdfsaver.ops.joining import concat
from hdfsaver.ops.linalg_ops import matmul
from hdfsaver.ops.losses import softmax
from hdfsaver.ops.reduction import reduce_sum
from hdfsaver.ops.roots import rsqrt
from hdfsaver.ops.scans import argmax
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import expand_dims, rank, reshape, squeeze
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.recurrent.zero_states import zeros_of
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.variable_scope import variable_scope

Probability = Callable[..., Any]
"""A function of scores that gives numbers whose sum is 1."""


class AttentionMechanism:
    """A mechanism for an `AttentionWrapper`: a class of one's own has these properties, and takes query and state."""

    @property
    def alignments_size(self) -> Any:
        """The number of steps of the memory."""
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        """The sizes of the state."""
        raise NotImplementedError


class OfMemory(AttentionMechanism):
    """A mechanism with a memory, and layers on it and on what it is asked.

    Parameters
    ----------
    query_layer, memory_layer : Layer or None
    memory : TensorLike, or a structure of them
        Of shape (batch, steps, ...).
    probability_fn : callable
        Makes probabilities of scores and the state.
    memory_sequence_length : TensorLike, optional
        The lengths of the memories: steps after them are not looked at.
    score_mask_value : float, optional
        The score of those, -inf by default.
    custom_key_value_fn : callable, optional
        Makes keys and values of those that were computed.
    name : str, optional

    Raises
    ------
    TypeError
        A layer is not a layer, or the function not a function.
    ValueError
        The shape of the memory is not known but for its first two sizes.
    """

    def __init__(
        self,
        query_layer: Layer | None,
        memory: Any,
        probability_fn: Probability,
        memory_sequence_length: TensorLike | None = None,
        memory_layer: Layer | None = None,
        score_mask_value: Any = None,
        custom_key_value_fn: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        name: str | None = None,
    ) -> None:
        for what, layer in (("query_layer", query_layer), ("memory_layer", memory_layer)):
            if layer is not None and not isinstance(layer, Layer):
                raise TypeError(f"{what} is not a Layer: {type(layer).__name__}")
        if not callable(probability_fn):
            raise TypeError(f"probability_fn must be callable, saw type: {type(probability_fn).__name__}")
        self.query_layer = query_layer
        self.memory_layer = memory_layer
        self.dtype: DType = dtypes.as_dtype((memory_layer and memory_layer.dtype) or "float32")
        hidden = self.dtype.as_numpy_dtype(-np.inf) if score_mask_value is None else score_mask_value
        self._probability_fn: Probability = lambda score, state: probability_fn(
            _masked(score, memory_sequence_length, hidden), state
        )
        with scope(name, "BaseAttentionMechanismInit", *leaves_of(memory)):
            self.values = _prepared(memory, memory_sequence_length)
            self.keys = memory_layer(self.values) if memory_layer is not None else self.values
            if custom_key_value_fn is not None:
                self.keys, self.values = custom_key_value_fn(self.keys, self.values)
            self.batch_size: Any = self.keys.shape.as_list()[0] or shape_of(self.keys)[0]
            self._alignments_size: Any = self.keys.shape.as_list()[1] or shape_of(self.keys)[1]

    @property
    def alignments_size(self) -> Any:
        """The number of steps of the memory."""
        return self._alignments_size

    @property
    def state_size(self) -> Any:
        """The number of steps of the memory."""
        return self._alignments_size

    def initial_alignments(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """Zeros of shape (batch, steps).

        Parameters
        ----------
        batch_size : int or Tensor
        dtype : DType

        Returns
        -------
        Tensor
        """
        return zeros_of(self._alignments_size, batch_size, dtype)

    def initial_state(self, batch_size: Any, dtype: DTypeLike) -> Any:
        """The first state, which is that of the alignments.

        Parameters
        ----------
        batch_size : int or Tensor
        dtype : DType

        Returns
        -------
        Tensor
        """
        return self.initial_alignments(batch_size, dtype)

    def __call__(self, query: Any, state: Any) -> tuple[Tensor, Tensor]:
        """How much is looked at each step of the memory.

        Parameters
        ----------
        query : Tensor
            Of shape (batch, size).
        state : Tensor
            The result of the step before.

        Returns
        -------
        tuple of Tensor
            The alignments, of shape (batch, steps), and the next state, which is the same.
        """
        found = self._probability_fn(self._score(query), state)
        return found, found

    def _score(self, query: Any) -> Any:
        raise NotImplementedError


class LuongAttention(OfMemory):
    """Scores that are products of the query and the memory (M.-T. Luong et al., 2015).

    Parameters
    ----------
    num_units : int
        The size of the queries, which the memory is brought to.
    memory : TensorLike
        Of shape (batch, steps, size).
    memory_sequence_length : TensorLike, optional
        The lengths of the memories.
    scale : bool
        Whether scores are multiplied by a variable ``attention_g``.
    probability_fn : callable, optional
        Makes probabilities of scores, `tf.nn.softmax` by default.
    score_mask_value : float, optional
        The score of steps after the end of a memory, -inf by default.
    dtype : DType, optional
        float32 by default.
    custom_key_value_fn : callable, optional
        Makes keys and values of those that were computed.
    name : str
        The name of the operations.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: TensorLike | None = None,
        scale: bool = False,
        probability_fn: Probability | None = None,
        score_mask_value: Any = None,
        dtype: DTypeLike | None = None,
        custom_key_value_fn: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        name: str = "LuongAttention",
    ) -> None:
        function = probability_fn or softmax
        super().__init__(
            None,
            memory,
            lambda score, _: function(score),
            memory_sequence_length,
            Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype or "float32"),
            score_mask_value,
            custom_key_value_fn,
            name,
        )
        self._scale = scale

    def _score(self, query: Any) -> Any:
        with variable_scope(None, "luong_attention", [query]):
            return product_score(query, self.keys, self._scale)


class BahdanauAttention(OfMemory):
    """Scores that are sums of the tangents of query and memory (D. Bahdanau et al., 2015).

    Parameters
    ----------
    num_units : int
        The size that queries and memory are brought to.
    memory : TensorLike
        Of shape (batch, steps, size).
    memory_sequence_length : TensorLike, optional
        The lengths of the memories.
    normalize : bool
        Whether the weights are normalized (T. Salimans and D. P. Kingma, 2016).
    probability_fn, score_mask_value, dtype, custom_key_value_fn, name : object
        As for `LuongAttention`.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: TensorLike | None = None,
        normalize: bool = False,
        probability_fn: Probability | None = None,
        score_mask_value: Any = None,
        dtype: DTypeLike | None = None,
        custom_key_value_fn: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        name: str = "BahdanauAttention",
    ) -> None:
        function = probability_fn or softmax
        super().__init__(
            Dense(num_units, name="query_layer", use_bias=False, dtype=dtype or "float32"),
            memory,
            lambda score, _: function(score),
            memory_sequence_length,
            Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype or "float32"),
            score_mask_value,
            custom_key_value_fn,
            name,
        )
        self._num_units = num_units
        self._normalize = normalize

    def _score(self, query: Any) -> Any:
        with variable_scope(None, "bahdanau_attention", [query]):
            return sum_score(self, query, self._num_units, self._normalize)


def product_score(query: Any, keys: Any, scale: bool) -> Any:
    """The scores of `LuongAttention`, in the present variable scope.

    Raises
    ------
    ValueError
        Query and keys have different sizes.
    """
    factor = None
    if scale:
        factor = get_variable("attention_g", dtype=query.dtype, initializer=ones_initializer, shape=())
    depth, units = query.shape[-1], keys.shape[-1]
    if depth != units:
        raise ValueError(
            f"Incompatible or unknown inner dimensions between query and keys.  Query ({query}) has units: {depth}.  "
            f"Keys ({keys}) have units: {units}.  Perhaps you need to set num_units to the keys' dimension ({units})?"
        )
    score = squeeze(matmul(expand_dims(query, 1), keys, transpose_b=True), [1])
    return score if factor is None else factor * score


def sum_score(mechanism: OfMemory, query: Any, units: int, normalize: bool) -> Any:
    """The scores of `BahdanauAttention`, in the present variable scope.

    Parameters
    ----------
    mechanism : OfMemory
    query : Tensor
    units : int
    normalize : bool

    Returns
    -------
    Tensor
    """
    asked = mechanism.query_layer(query) if mechanism.query_layer is not None else query
    v: Any = get_variable("attention_v", [units], dtype=query.dtype)
    if not normalize:
        return reduce_sum(v * tanh(mechanism.keys + expand_dims(asked, 1)), [2])
    length = constant_initializer(math.sqrt(1.0 / units))
    g: Any = get_variable("attention_g", dtype=query.dtype, initializer=length, shape=())
    b: Any = get_variable("attention_b", [units], dtype=query.dtype, initializer=zeros_initializer())
    expanded = expand_dims(asked, 1)
    normal = g * v * rsqrt(reduce_sum(square(v)))
    return reduce_sum(normal * tanh(mechanism.keys + expanded + b), [2])


def _prepared(memory: Any, lengths: TensorLike | None) -> Any:
    """The memory with zeros after the end of each sequence."""
    memory = mapped(lambda part: convert_to_tensor(part, name="memory"), memory)
    if lengths is not None:
        lengths = convert_to_tensor(lengths, name="memory_sequence_length")
    for part in leaves_of(memory):
        if not part.shape[2:].is_fully_defined():
            raise ValueError(
                f"Expected memory {part.name} to have fully defined inner dims, but saw shape: {part.shape}"
            )
    if lengths is None:
        return memory
    first = next(leaves_of(memory))
    there = sequence_mask(lengths, maxlen=shape_of(first)[1], dtype=first.dtype)

    def masked(part: Any) -> Any:
        further = part.shape.ndims if part.shape.ndims is not None else rank(part)
        ends = ones(further - 2, dtype="int32")
        return part * reshape(there, concat((shape_of(there), ends), 0))

    return mapped(masked, memory)


def _masked(score: Tensor, lengths: TensorLike | None, hidden: Any) -> Tensor:
    """The scores, with another one after the end of each memory."""
    if lengths is None:
        return score
    message = "All values in memory_sequence_length must be greater than zero."
    with get_default_graph().control_dependencies([assert_positive(lengths, message=message)]):
        there = sequence_mask(lengths, maxlen=shape_of(score)[1])
    return where(there, score, hidden * ones_like(score))


def hardmax(logits: TensorLike, name: str | None = None) -> Tensor:
    """1 at the greatest element of each row, and 0 elsewhere.

    Parameters
    ----------
    logits : TensorLike
    name : str, optional
        The name of the operations, ``Hardmax`` by default.

    Returns
    -------
    Tensor
    """
    with scope(name, "Hardmax", logits):
        given = convert_to_tensor(logits, name="logits")
        depth: Any = given.shape.as_list()[-1] if given.shape.ndims else None
        if depth is None:
            depth = shape_of(given)[-1]
        return one_hot(argmax(given, -1), depth, dtype=given.dtype)
