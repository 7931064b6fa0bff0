"""A decoder of a cell and of a helper that chooses its next inputs: ``BasicDecoder``."""

from __future__ import annotations

from typing import Any, NamedTuple

from hdfsaver.contrib.decoder import Decoder
from hdfsaver.contrib.helpers import Helper
from hdfsaver.graph.structures import leaves_of, mapped
from hdfsaver.layers.layer import Layer
from hdfsaver.ops.base import scope
from hdfsaver.recurrent.cell import CellLike, check_cell
from hdfsaver.shapes import TensorShape


class BasicDecoderOutput(NamedTuple):
    """The results of a step.

    Attributes
    ----------
    rnn_output : Tensor
        The output of the cell, or of the layer on it.
    sample_id : Tensor
        The choice of the helper.
    """

    rnn_output: Any
    sample_id: Any


class BasicDecoder(Decoder):
    """A cell, and a helper that makes the next inputs of its outputs.

    Parameters
    ----------
    cell : RNNCell
    helper : Helper
    initial_state : Tensor, or a structure of them
    output_layer : Layer, optional
        Applied to the outputs of the cell.

    Raises
    ------
    TypeError
        An argument has another class.
    """

    def __init__(self, cell: CellLike, helper: Helper, initial_state: Any, output_layer: Layer | None = None) -> None:
        check_cell("cell", cell)
        if not isinstance(helper, Helper):
            raise TypeError(f"helper must be a Helper, received: {type(helper)}")
        check_layer(output_layer)
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer

    @property
    def batch_size(self) -> Any:
        """That of the helper."""
        return self._helper.batch_size

    @property
    def output_size(self) -> BasicDecoderOutput:
        """The sizes of the outputs and of what the helper chooses."""
        return BasicDecoderOutput(size_of_outputs(self._cell, self._output_layer), self._helper.sample_ids_shape)

    @property
    def output_dtype(self) -> BasicDecoderOutput:
        """The dtypes of the outputs, which is that of the state, and of what the helper chooses."""
        dtype = next(leaves_of(self._initial_state)).dtype
        sizes = size_of_outputs(self._cell, self._output_layer)
        return BasicDecoderOutput(mapped(lambda _: dtype, sizes), self._helper.sample_ids_dtype)

    def initialize(self, name: str | None = None) -> tuple[Any, Any, Any]:
        """Begin with what the helper begins with; see `Decoder`."""
        finished, inputs = self._helper.initialize()
        return finished, inputs, self._initial_state

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> tuple[Any, Any, Any, Any]:
        """Call the cell, and let the helper choose; see `Decoder`.

        Parameters
        ----------
        time : Tensor
        inputs, state : Tensor, or a structure of them
        name : str, optional
            The name of the operations, ``BasicDecoderStep`` by default.

        Returns
        -------
        tuple
        """
        with scope(name, "BasicDecoderStep", time, *leaves_of(inputs), *leaves_of(state)):
            outputs, after = self._cell(inputs, state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            chosen = self._helper.sample(time=time, outputs=outputs, state=after)
            finished, next_inputs, next_state = self._helper.next_inputs(
                time=time, outputs=outputs, state=after, sample_ids=chosen
            )
        return BasicDecoderOutput(outputs, chosen), next_state, next_inputs, finished


def check_layer(layer: Any) -> None:
    """Refuse what is not a layer with a `TypeError`; None is fine."""
    if layer is not None and not isinstance(layer, Layer):
        raise TypeError(f"output_layer must be a Layer, received: {type(layer)}")


def size_of_outputs(cell: CellLike, layer: Layer | None) -> Any:
    """The sizes of the outputs of a cell, or of a layer on it."""
    if layer is None:
        return cell.output_size

    def behind(size: Any) -> TensorShape:
        own = TensorShape([size] if isinstance(size, int) else size)
        return layer.compute_output_shape(TensorShape([None]).concatenate(own))[1:]

    return mapped(behind, cell.output_size)
