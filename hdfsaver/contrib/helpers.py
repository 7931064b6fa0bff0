"""Helpers, which choose the next inputs of a decoder: in training given ones, later those made of its outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from hdfsaver import dtypes
from hdfsaver.contrib.samples import categorical_sample
from hdfsaver.control_flow.conds import cond
from hdfsaver.control_flow.tensor_arrays import TensorArray
from hdfsaver.dtypes import DType, DTypeLike
from hdfsaver.graph.structures import leaves_of
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.broadcasting import tile
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import equal
from hdfsaver.ops.filling import zeros_like
from hdfsaver.ops.reduction import reduce_all
from hdfsaver.ops.scans import argmax
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.ops.shaping import size as size_of
from hdfsaver.recurrent.dynamic_networks import swap_batch_and_time
from hdfsaver.shapes import TensorShape
from hdfsaver.variables.embeddings import embedding_lookup

Embedding = Any
"""A function of numbers that gives inputs, or the table that they are rows of."""


class Helper(ABC):
    """Chooses of the outputs of a step, and makes the next inputs of what it chose.

    A class of one's own has the properties and methods of this one.
    """

    @property
    @abstractmethod
    def batch_size(self) -> Any:
        """The number of sequences."""

    @property
    @abstractmethod
    def sample_ids_shape(self) -> TensorShape:
        """The shape of what is chosen for one sequence."""

    @property
    @abstractmethod
    def sample_ids_dtype(self) -> DType:
        """The dtype of what is chosen."""

    @abstractmethod
    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        """Which sequences have ended before the first step, and its inputs."""

    @abstractmethod
    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Choose of the outputs.

        Parameters
        ----------
        time : Tensor
        outputs, state : Tensor, or a structure of them
        name : str, optional

        Returns
        -------
        Tensor
        """

    @abstractmethod
    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        """Make the next inputs.

        Parameters
        ----------
        time : Tensor
        outputs, state : Tensor, or a structure of them
        sample_ids : Tensor
            The choice.
        name : str, optional

        Returns
        -------
        tuple
            Which sequences have ended, the next inputs, and the next state.
        """


class CustomHelper(Helper):
    """A helper of three functions.

    Parameters
    ----------
    initialize_fn : callable
        Gives which sequences have ended, and the first inputs.
    sample_fn : callable
        Gives what is chosen for ``time``, ``outputs`` and ``state``.
    next_inputs_fn : callable
        Gives for these and ``sample_ids`` which sequences have ended, the next inputs and the next state.
    sample_ids_shape : shape, optional
        () by default.
    sample_ids_dtype : DType, optional
        int32 by default.
    """

    def __init__(
        self,
        initialize_fn: Callable[[], Any],
        sample_fn: Callable[..., Any],
        next_inputs_fn: Callable[..., Any],
        sample_ids_shape: Any = None,
        sample_ids_dtype: DTypeLike | None = None,
    ) -> None:
        self._initialize_fn = initialize_fn
        self._sample_fn = sample_fn
        self._next_inputs_fn = next_inputs_fn
        self._batch_size: Any = None
        self._sample_ids_shape = TensorShape(sample_ids_shape or [])
        self._sample_ids_dtype = dtypes.as_dtype(sample_ids_dtype or "int32")

    @property
    def batch_size(self) -> Any:
        """The number of sequences, once ``initialize`` was called; `ValueError` before."""
        if self._batch_size is None:
            raise ValueError("batch_size accessed before initialize was called")
        return self._batch_size

    @property
    def sample_ids_shape(self) -> TensorShape:
        """The shape of what is chosen for one sequence."""
        return self._sample_ids_shape

    @property
    def sample_ids_dtype(self) -> DType:
        """The dtype of what is chosen."""
        return self._sample_ids_dtype

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        """The results of the function."""
        with scope(name, f"{type(self).__name__}Initialize"):
            finished, inputs = self._initialize_fn()
            if self._batch_size is None:
                self._batch_size = size_of(finished)
        return finished, inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """The results of the function; see `Helper`.

        Parameters
        ----------
        time : Tensor
        outputs, state : Tensor, or a structure of them
        name : str, optional

        Returns
        -------
        Tensor
        """
        with scope(name, f"{type(self).__name__}Sample", time, *leaves_of(outputs), *leaves_of(state)):
            return self._sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        """The results of the function; see `Helper`.

        Parameters
        ----------
        time : Tensor
        outputs, state : Tensor, or a structure of them
        sample_ids : Tensor
        name : str, optional

        Returns
        -------
        tuple
        """
        with scope(name, f"{type(self).__name__}NextInputs", time, *leaves_of(outputs), *leaves_of(state)):
            return self._next_inputs_fn(time=time, outputs=outputs, state=state, sample_ids=sample_ids)


class _OfNumbers(Helper):
    """A helper that chooses a number for each sequence."""

    @property
    def sample_ids_shape(self) -> TensorShape:
        """()."""
        return TensorShape([])

    @property
    def sample_ids_dtype(self) -> DType:
        """int32."""
        return dtypes.int32


class TrainingHelper(_OfNumbers):
    """Gives the inputs of the next step without regard to the outputs; it chooses the greatest output.

    Parameters
    ----------
    inputs : TensorLike
        Of shape (batch, steps, ...).
    sequence_length : TensorLike
        The length of each sequence.
    time_major : bool
        Whether the first axis of the inputs is that of the steps.
    name : str, optional
        The name of the operations, ``TrainingHelper`` by default.

    Raises
    ------
    ValueError
        ``sequence_length`` is not a vector.
    """

    def __init__(
        self, inputs: TensorLike, sequence_length: TensorLike, time_major: bool = False, name: str | None = None
    ) -> None:
        with scope(name, "TrainingHelper", inputs, sequence_length):
            self._inputs = convert_to_tensor(inputs, name="inputs")
            steps = self._inputs if time_major else swap_batch_and_time(self._inputs)
            self._steps = unstacked(steps)
            self._sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
            if self._sequence_length.shape.ndims != 1:
                raise ValueError(
                    f"Expected sequence_length to be a vector, but received shape: {self._sequence_length.shape}"
                )
            self._zero_inputs = zeros_like(steps[0, :])
            self._batch_size = size_of(sequence_length)

    @property
    def inputs(self) -> Tensor:
        """The inputs, unchanged."""
        return self._inputs

    @property
    def sequence_length(self) -> Tensor:
        """The length of each sequence."""
        return self._sequence_length

    @property
    def batch_size(self) -> Any:
        """The number of sequences."""
        return self._batch_size

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        """The sequences without a step have ended; the inputs of the first step."""
        with scope(name, "TrainingHelperInitialize"):
            finished = equal(0, self._sequence_length)
            inputs = cond(reduce_all(finished), lambda: self._zero_inputs, lambda: self._steps.read(0))
        return finished, inputs

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        """The number of the greatest output; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : object, optional
        name : str, optional

        Returns
        -------
        Tensor
        """
        with scope(name, "TrainingHelperSample", time, outputs):
            return cast(argmax(outputs, axis=-1), "int32")

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None) -> Any:
        """The inputs of the next step; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : Tensor, or a structure of them
        sample_ids : Tensor, optional
        name : str, optional

        Returns
        -------
        tuple
        """
        with scope(name, "TrainingHelperNextInputs", time, *leaves_of(outputs), *leaves_of(state)):
            following = time + 1
            finished = following >= self._sequence_length
            inputs = cond(reduce_all(finished), lambda: self._zero_inputs, lambda: self._steps.read(following))
        return finished, inputs, state


class GreedyEmbeddingHelper(_OfNumbers):
    """Chooses the greatest output, and gives the row of its number as the next input.

    Parameters
    ----------
    embedding : callable or Tensor
        A function of numbers, or a table of rows.
    start_tokens : TensorLike
        The number of the first input of each sequence.
    end_token : TensorLike
        The number that ends a sequence.

    Raises
    ------
    ValueError
        ``start_tokens`` is not a vector, or ``end_token`` not a scalar.
    """

    def __init__(self, embedding: Embedding, start_tokens: TensorLike, end_token: TensorLike) -> None:
        self._embedding_fn = embedding_function(embedding)
        self._start_tokens, self._end_token = tokens(start_tokens, end_token)
        self._batch_size = size_of(start_tokens)
        self._start_inputs = self._embedding_fn(self._start_tokens)

    @property
    def batch_size(self) -> Any:
        """The number of sequences."""
        return self._batch_size

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        """No sequence has ended; the rows of the first numbers."""
        return tile([False], [self._batch_size]), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """The number of the greatest output; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : Tensor, or a structure of them
        name : str, optional

        Returns
        -------
        Tensor

        Raises
        ------
        TypeError
            The outputs are not a tensor.
        """
        return argmax(_single(outputs), axis=-1, output_type="int32")

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        """The rows of the numbers; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : Tensor, or a structure of them
        sample_ids : Tensor
        name : str, optional

        Returns
        -------
        tuple
        """
        finished = equal(sample_ids, self._end_token)
        inputs = cond(reduce_all(finished), lambda: self._start_inputs, lambda: self._embedding_fn(sample_ids))
        return finished, inputs, state


class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """Draws a number, with the outputs as logits, and gives its row as the next input.

    Parameters
    ----------
    embedding, start_tokens, end_token : object
        As for `GreedyEmbeddingHelper`.
    softmax_temperature : float or Tensor, optional
        The outputs are divided by it.
    seed : int, optional

    Raises
    ------
    ValueError
        As for `GreedyEmbeddingHelper`.
    """

    def __init__(
        self,
        embedding: Embedding,
        start_tokens: TensorLike,
        end_token: TensorLike,
        softmax_temperature: TensorLike | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(embedding, start_tokens, end_token)
        self._softmax_temperature = softmax_temperature
        self._seed = seed

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """A number that is drawn; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : Tensor, or a structure of them
        name : str, optional

        Returns
        -------
        Tensor

        Raises
        ------
        TypeError
            The outputs are not a tensor.
        """
        logits: Any = _single(outputs)
        if self._softmax_temperature is not None:
            logits = logits / self._softmax_temperature
        return categorical_sample(logits, self._seed)


class InferenceHelper(Helper):
    """Chooses by a function, and gives what it chose, or what another function makes of it, as the next input.

    Parameters
    ----------
    sample_fn : callable
        Chooses of the outputs.
    sample_shape : shape
        That of what is chosen for one sequence.
    sample_dtype : DType
    start_inputs : TensorLike
        Of the first step.
    end_fn : callable
        Says of what was chosen which sequences end.
    next_inputs_fn : callable, optional
        Makes inputs of what was chosen.
    """

    def __init__(
        self,
        sample_fn: Callable[[Any], Any],
        sample_shape: Any,
        sample_dtype: DTypeLike,
        start_inputs: TensorLike,
        end_fn: Callable[[Any], Any],
        next_inputs_fn: Callable[[Any], Any] | None = None,
    ) -> None:
        self._sample_fn = sample_fn
        self._end_fn = end_fn
        self._sample_shape = TensorShape(sample_shape)
        self._sample_dtype = dtypes.as_dtype(sample_dtype)
        self._next_inputs_fn = next_inputs_fn
        self._batch_size = shape_of(start_inputs)[0]
        self._start_inputs = convert_to_tensor(start_inputs, name="start_inputs")

    @property
    def batch_size(self) -> Any:
        """The number of sequences."""
        return self._batch_size

    @property
    def sample_ids_shape(self) -> TensorShape:
        """The shape of what is chosen for one sequence."""
        return self._sample_shape

    @property
    def sample_ids_dtype(self) -> DType:
        """The dtype of what is chosen."""
        return self._sample_dtype

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        """No sequence has ended; the inputs that were given."""
        return tile([False], [self._batch_size]), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """The choice of the function; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : Tensor, or a structure of them
        name : str, optional

        Returns
        -------
        Tensor
        """
        return self._sample_fn(outputs)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None) -> Any:
        """The choice, or the result of the function for it; see `Helper`.

        Parameters
        ----------
        time, outputs : Tensor
        state : Tensor, or a structure of them
        sample_ids : Tensor
        name : str, optional

        Returns
        -------
        tuple
        """
        inputs = sample_ids if self._next_inputs_fn is None else self._next_inputs_fn(sample_ids)
        return self._end_fn(sample_ids), inputs, state


def unstacked(steps: Tensor) -> TensorArray:
    """The steps of a tensor as an array, from which each is read when its turn comes."""
    return TensorArray(steps.dtype, shape_of(steps)[0], element_shape=steps.shape[1:]).unstack(steps)


def embedding_function(embedding: Embedding) -> Callable[[Any], Any]:
    """A function of numbers that gives rows."""
    return embedding if callable(embedding) else lambda ids: embedding_lookup(embedding, ids)


def tokens(start_tokens: TensorLike, end_token: TensorLike) -> tuple[Tensor, Tensor]:
    """The first numbers and the last one as tensors.

    Raises
    ------
    ValueError
        The first are not a vector, or the last one is not a scalar.
    """
    first = convert_to_tensor(start_tokens, "int32", name="start_tokens")
    last = convert_to_tensor(end_token, "int32", name="end_token")
    if first.shape.ndims != 1:
        raise ValueError("start_tokens must be a vector")
    if last.shape.ndims != 0:
        raise ValueError("end_token must be a scalar")
    return first, last


def _single(outputs: Any) -> Tensor:
    if not is_tensor(outputs):
        raise TypeError(f"Expected outputs to be a single Tensor, got: {type(outputs)}")
    return convert_to_tensor(outputs)
