"""A cell that looks at a memory in each step: ``AttentionWrapper``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from hdfsaver.assertions.comparisons import assert_equal
from hdfsaver.contrib.attention_mechanisms import AttentionMechanism
from hdfsaver.control_flow.tensor_arrays import TensorArray
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.structures import leaves_of, mapped
from hdfsaver.graph.tensor import Tensor
from hdfsaver.layers.core import Dense
from hdfsaver.layers.layer import Layer
from hdfsaver.ops.base import scope
from hdfsaver.ops.filling import zeros
from hdfsaver.ops.joining import concat
from hdfsaver.ops.linalg_ops import matmul
from hdfsaver.ops.shaping import expand_dims, squeeze
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.recurrent.cell import CellLike, RNNCell, check_cell
from hdfsaver.recurrent.zero_states import zeros_of
from hdfsaver.shapes import TensorShape


class _Parts(NamedTuple):
    cell_state: Any
    attention: Any
    time: Any
    alignments: Any
    alignment_history: Any
    attention_state: Any


class AttentionWrapperState(_Parts):
    """The state of an `AttentionWrapper`.

    Parameters
    ----------
    cell_state : Tensor, or a structure of them
        The state of the cell inside.
    attention : Tensor
        The part of the memory that the last step saw.
    time : Tensor
        The number of the step.
    alignments : Tensor, or a tuple of them
        How much the last step looked at each step of the memory, for each mechanism.
    alignment_history : TensorArray, or a tuple of them, or ()
        The alignments of all steps.
    attention_state : Tensor, or a structure of them
        The states of the mechanisms.
    """

    __slots__ = ()

    def clone(self, **kwargs: Any) -> AttentionWrapperState:
        """The state with other parts, whose shapes must be those of this one.

        Parameters
        ----------
        **kwargs : object
            Parts by their names.

        Returns
        -------
        AttentionWrapperState

        Raises
        ------
        ValueError
            A part has another shape.
        """
        given = self._replace(**kwargs)
        for old, new in zip(leaves_of(self, whole=True), leaves_of(given, whole=True), strict=True):
            if isinstance(old, Tensor) and isinstance(new, Tensor):
                new.shape.assert_is_compatible_with(old.shape)
                new.set_shape(old.shape)
        return given


AttentionFunction = Callable[[Any, Any, Any, Any], tuple[Any, Any, Any]]
"""Takes a mechanism, the output of the cell, a state and a layer; gives what is seen, alignments and the next state."""


class AttentionWrapper(RNNCell):
    """A cell that gets what it saw in the last step as a further input, and looks at a memory with its output.

    With a `BeamSearchDecoder` the memory, its lengths and the state of the cell inside go through `tile_batch` first,
    and ``zero_state`` is for ``beam_width`` times the batch.

    Parameters
    ----------
    cell : RNNCell
    attention_mechanism : AttentionMechanism, or a list of them
    attention_layer_size : int, or a list of them, optional
        The size of a layer on the output of the cell and what is seen in the memory; none by default.
    alignment_history : bool
        Whether the state keeps the alignments of all steps, in a `TensorArray`.
    cell_input_fn : callable, optional
        Makes the input of the cell of the input and of what was seen; `tf.concat` by default.
    output_attention : bool
        Whether the output is what is seen, and not the output of the cell.
    initial_cell_state : Tensor, or a structure of them, optional
        The state of the cell that ``zero_state`` gives.
    name : str, optional
    attention_layer : Layer, or a list of them, optional
        In the place of ``attention_layer_size``.
    attention_fn : callable, optional
        In the place of the product of alignments and memory.
    dtype : DType, optional

    Raises
    ------
    TypeError
        An argument has another class.
    ValueError
        The number of layers is not that of mechanisms, or both sizes and layers are given.
    """

    def __init__(
        self,
        cell: CellLike,
        attention_mechanism: AttentionMechanism | Sequence[AttentionMechanism],
        attention_layer_size: int | Sequence[int] | None = None,
        alignment_history: bool = False,
        cell_input_fn: Callable[[Any, Any], Any] | None = None,
        output_attention: bool = True,
        initial_cell_state: Any = None,
        name: str | None = None,
        attention_layer: Layer | Sequence[Layer] | None = None,
        attention_fn: AttentionFunction | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        check_cell("cell", cell)
        self._is_multi = isinstance(attention_mechanism, list | tuple)
        self._mechanisms: tuple[Any, ...] = _as_tuple(attention_mechanism)
        for mechanism in self._mechanisms:
            if not isinstance(mechanism, AttentionMechanism):
                raise TypeError(
                    "attention_mechanism must be an AttentionMechanism or list of multiple AttentionMechanism "
                    f"instances, saw type: {type(mechanism).__name__}"
                )
        if cell_input_fn is not None and not callable(cell_input_fn):
            raise TypeError(f"cell_input_fn must be callable, saw type: {type(cell_input_fn).__name__}")
        self._cell = cell
        self._layers, self._attention_size = self._made_layers(attention_layer_size, attention_layer)
        self._cell_input_fn = cell_input_fn or (lambda inputs, attention: concat([inputs, attention], -1))
        self._attention_fn = attention_fn or _look
        self._output_attention = output_attention
        self._alignment_history = alignment_history
        self._initial_cell_state = None
        with scope(name, "AttentionWrapperInit"):
            if initial_cell_state is not None:
                self._initial_cell_state = self._checked_state(initial_cell_state)

    def _made_layers(self, sizes: Any, layers: Any) -> tuple[tuple[Any, ...] | None, Any]:
        """The layers on what is seen, and the size of what they give."""
        if sizes is not None and layers is not None:
            raise ValueError("Only one of attention_layer_size and attention_layer should be set")
        depths = [mechanism.values.shape.as_list()[-1] for mechanism in self._mechanisms]
        if sizes is None and layers is None:
            return None, sum(depths)
        what, kind = ("attention_layer_size", "integer") if layers is None else ("attention_layer", "layer")
        given = _as_tuple(sizes if layers is None else layers)
        if len(given) != len(self._mechanisms):
            raise ValueError(
                f"If provided, {what} must contain exactly one {kind} per attention_mechanism, saw: {len(given)} vs "
                f"{len(self._mechanisms)}"
            )
        if layers is None:
            made = tuple(
                Dense(size, name="attention_layer", use_bias=False, dtype=mechanism.dtype)
                for size, mechanism in zip(given, self._mechanisms, strict=True)
            )
            return made, sum(given)
        return given, sum(
            layer.compute_output_shape([None, self._cell.output_size + depth]).as_list()[-1]
            for layer, depth in zip(given, depths, strict=True)
        )

    def _checked_state(self, state: Any) -> Any:
        last = list(leaves_of(state))[-1]
        batch_size = last.shape.as_list()[0] or shape_of(last)[0]
        checks = self._checks(
            batch_size,
            f"When constructing AttentionWrapper {self._base_name}: Non-matching batch sizes between the memory "
            "(encoder output) and initial_cell_state.  Are you using the BeamSearchDecoder?  You may need to tile your "
            "initial state via the tf.contrib.seq2seq.tile_batch function with argument multiple=beam_width.",
        )
        with get_default_graph().control_dependencies(checks):
            return mapped(lambda part: apply("Identity", part, name="check_initial_cell_state"), state)

    def _checks(self, batch_size: Any, message: str) -> list[Operation]:
        return [assert_equal(batch_size, mechanism.batch_size, message=message) for mechanism in self._mechanisms]

    def _alike(self, items: Iterable[Any]) -> Any:
        """A tuple where several mechanisms were given, otherwise the only item."""
        found = tuple(items)
        return found if self._is_multi else found[0]

    @property
    def output_size(self) -> Any:
        """The size of what is seen, or of the output of the cell."""
        return self._attention_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> AttentionWrapperState:
        """The sizes of the parts of the state."""
        steps = [mechanism.alignments_size for mechanism in self._mechanisms]
        return AttentionWrapperState(
            cell_state=self._cell.state_size,
            time=TensorShape([]),
            attention=self._attention_size,
            alignments=self._alike(steps),
            attention_state=self._alike(mechanism.state_size for mechanism in self._mechanisms),
            alignment_history=self._alike(step if self._alignment_history else () for step in steps),
        )

    def zero_state(self, batch_size: Any, dtype: DTypeLike) -> AttentionWrapperState:
        """The first state: zeros, and the state of the cell that was given.

        Parameters
        ----------
        batch_size : int or Tensor
            That of the memory.
        dtype : DType

        Returns
        -------
        AttentionWrapperState

        Raises
        ------
        InvalidArgumentError
            The batch is not that of the memory; when run, where it is not known before.
        """
        with scope(None, f"{type(self).__name__}ZeroState", batch_size):
            inner = self._initial_cell_state
            if inner is None:
                inner = self._cell.get_initial_state(batch_size=batch_size, dtype=dtype)
            checks = self._checks(
                batch_size,
                f"When calling zero_state of AttentionWrapper {self._base_name}: Non-matching batch sizes between the "
                "memory (encoder output) and the requested batch size.  Are you using the BeamSearchDecoder?  If so, "
                "make sure your encoder output has been tiled to beam_width via tf.contrib.seq2seq.tile_batch, and the "
                "batch_size= argument passed to zero_state is batch_size * beam_width.",
            )
            with get_default_graph().control_dependencies(checks):
                inner = mapped(lambda part: apply("Identity", part, name="checked_cell_state"), inner)
            first = [mechanism.initial_alignments(batch_size, dtype) for mechanism in self._mechanisms]
            return AttentionWrapperState(
                cell_state=inner,
                time=zeros([], dtype="int32"),
                attention=zeros_of(self._attention_size, batch_size, dtype),
                alignments=self._alike(first),
                attention_state=self._alike(
                    mechanism.initial_state(batch_size, dtype) for mechanism in self._mechanisms
                ),
                alignment_history=self._alike(
                    TensorArray(dtype, 0, dynamic_size=True, element_shape=each.shape)
                    if self._alignment_history
                    else ()
                    for each in first
                ),
            )

    def call(self, inputs: Any, state: Any) -> tuple[Any, AttentionWrapperState]:
        """The part of the memory that is seen, or the output of the cell, and the next state."""
        if not isinstance(state, AttentionWrapperState):
            raise TypeError(
                f"Expected state to be instance of AttentionWrapperState. Received type {type(state)} instead."
            )
        output, inner = self._cell(self._cell_input_fn(inputs, state.attention), state.cell_state)
        batch_size = output.shape.as_list()[0] or shape_of(output)[0]
        checks = self._checks(
            batch_size,
            f"When applying AttentionWrapper {self.name}: Non-matching batch sizes between the memory (encoder output) "
            "and the query (decoder output).  Are you using the BeamSearchDecoder?  You may need to tile your memory "
            "input via the tf.contrib.seq2seq.tile_batch function with argument multiple=beam_width.",
        )
        with get_default_graph().control_dependencies(checks):
            output = apply("Identity", output, name="checked_cell_output")
        seen = [self._seen(place, output, state) for place in range(len(self._mechanisms))]
        attention = concat([each[0] for each in seen], 1)
        after = AttentionWrapperState(
            time=state.time + 1,
            cell_state=inner,
            attention=attention,
            alignments=self._alike(each[1] for each in seen),
            attention_state=self._alike(each[2] for each in seen),
            alignment_history=self._alike(each[3] for each in seen),
        )
        return attention if self._output_attention else output, after

    def _seen(self, place: int, output: Tensor, state: AttentionWrapperState) -> tuple[Any, Any, Any, Any]:
        """The results of one mechanism: its attention, alignments, next state and history."""
        before, history = state.attention_state, state.alignment_history
        if self._is_multi:
            before, history = before[place], history[place]
        layer = self._layers[place] if self._layers else None
        attention, alignments, after = self._attention_fn(self._mechanisms[place], output, before, layer)
        return attention, alignments, after, history.write(state.time, alignments) if self._alignment_history else ()


def _look(mechanism: Any, output: Any, state: Any, layer: Any) -> tuple[Any, Any, Any]:
    """The part of the memory that the alignments say."""
    alignments, after = mechanism(output, state=state)
    context = squeeze(matmul(expand_dims(alignments, 1), mechanism.values), [1])
    attention = context if layer is None else layer(concat([output, context], 1))
    return attention, alignments, after


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)
