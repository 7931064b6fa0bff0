"""Cells of recurrent networks as one operation, and the LSTM over all steps as one.

A program of TensorFlow 1 has them from ``contrib.rnn``: ``LSTMBlockCell``, ``LSTMBlockFusedCell``, ``GRUBlockCellV2``.
Source: ``tensorflow/core/kernels/rnn/lstm_ops.h`` and ``gru_ops.h``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import NO_DERIVATIVE, Grads, integer, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_FLOATS = frozenset({"float16", "float32"})
_WEIGHTS = "w: T, wci: T, wcf: T, wco: T, b: T"
_STATES = "i: T, cs: T, f: T, o: T, ci: T, co: T, h: T"
_CELL = f"x: T, cs_prev: T, h_prev: T, {_WEIGHTS}"

OLD, NEW = (0, 1, 2, 3), (0, 2, 1, 3)
"""Where the products of input gate, cell, forget gate and output gate are in the weights."""


def _sigmoid(values: Array) -> Array:
    return np.float32(1) / (np.float32(1) + np.exp(-values))


class _Weights(NamedTuple):
    """The weights of a cell, and how it computes."""

    w: Array
    peepholes: tuple[Array, Array, Array] | None
    bias: Array
    order: tuple[int, ...]
    forget: np.float32
    clip: np.float32

    @property
    def units(self) -> int:
        return len(self.bias) // 4

    def parts(self, gates: Array) -> list[Array]:
        """The products of input gate, cell, forget gate and output gate."""
        size = self.units
        return [gates[:, place * size : (place + 1) * size] for place in self.order]

    def joined(self, parts: Sequence[Array]) -> Array:
        """The reverse of `parts`."""
        return np.concatenate([parts[self.order.index(place)] for place in range(4)], 1)


def _weights(node: Node, order: tuple[int, ...], x: Array, states: Sequence[Array], given: Sequence[Array]) -> _Weights:
    attrs, (w, wci, wcf, wco, b) = node.attrs, given
    inputs, units = x.shape[-1], states[0].shape[-1]
    _check_states(x.shape[-2], units, *states)
    checked = [("w", w, (inputs + units, 4 * units)), ("b", b, (4 * units,))]
    checked += [(name, each, (units,)) for name, each in (("wci", wci), ("wcf", wcf), ("wco", wco))]
    for name, value, shape in checked:
        if value.shape != shape:
            raise invalid(f"{name} must be of shape {shape}, not {value.shape}.")
    peepholes = (wci, wcf, wco) if attrs["use_peephole"] else None
    forget, clip = (np.float32(attrs.get(name, 0)) for name in ("forget_bias", "cell_clip"))
    return _Weights(w, peepholes, b, order, forget, clip)


def _step(of: _Weights, products: Array, cs_prev: Array) -> tuple[Array, ...]:
    """One step, given the products of the weights with input and state: i, cs, f, o, ci, co, h."""
    to_input, to_cell, to_forget, to_output = of.parts(products + of.bias)
    to_forget = to_forget + of.forget
    if of.peepholes:
        to_input, to_forget = to_input + cs_prev * of.peepholes[0], to_forget + cs_prev * of.peepholes[1]
    i, ci, f = _sigmoid(to_input), np.tanh(to_cell), _sigmoid(to_forget)
    cs = i * ci + f * cs_prev
    if of.clip > 0:
        cs = np.clip(cs, -of.clip, of.clip)
    o = _sigmoid(to_output + cs * of.peepholes[2] if of.peepholes else to_output)
    co = np.tanh(cs)
    return i, cs, f, o, ci, co, o * co


class _Back(NamedTuple):
    """The derivatives by what a step computes."""

    gates: Array
    cs_prev: Array
    peepholes: tuple[Array, ...]


def _step_back(of: _Weights, cs_prev: Array, states: Sequence[Array], by_cs: Array, by_h: Array) -> _Back:
    i, cs, f, o, ci, co = states
    by_o = o * (1 - o) * by_h * co
    by_cs = (1 - co * co) * by_h * o + by_cs
    if of.peepholes:
        by_cs = by_cs + by_o * of.peepholes[2]
    by_ci, by_f, by_i = (1 - ci * ci) * by_cs * i, f * (1 - f) * by_cs * cs_prev, i * (1 - i) * by_cs * ci
    before = by_cs * f
    if of.peepholes:
        before = before + by_i * of.peepholes[0] + by_f * of.peepholes[1]
    peepholes = tuple((part * state).sum(0) for part, state in ((by_i, cs_prev), (by_f, cs_prev), (by_o, cs)))
    return _Back(of.joined([by_i, by_ci, by_f, by_o]), before, peepholes)


def _in_floats(node: Node, function: Kernel) -> Kernel:
    """Compute in float32, and round the results once."""
    target = dtypes.numpy_dtype(node.attrs["T"])
    if target == np.float32:
        return function
    return lambda *values: tuple(
        result.astype(target)
        for result in function(*(np.asarray(v, np.float32) if v.dtype == target else v for v in values))
    )


class _OfCell(OpDef):
    """An operation of a cell, computed in float32."""

    types = {"T": _FLOATS}
    differs = "float16 is computed in float32 and rounded once."


def _outer(op: Operation, grads: Sequence[Tensor | None]) -> list[Tensor]:
    """The derivatives by the states of an LSTM, 0 where none comes."""
    pairs = [(op.outputs[place], grads[place]) for place in (1, 6)]
    return [apply("ZerosLike", output) if grad is None else grad for output, grad in pairs]


@register
class LSTMBlockCell(_OfCell):
    """One step of an LSTM."""

    type = "LSTMBlockCell"
    signature = f"{_CELL} -> {_STATES}"
    attrs = {"forget_bias": 1.0, "cell_clip": 3.0, "use_peephole": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Seven times (batch, units)."""
        x, states = (with_rank(node.input_shapes[place], 2) for place in (0, 1))
        return [(None if x is None else x[0], None if states is None else states[1])] * 7

    def kernel(self, node: Node) -> Kernel:
        def step(x: Array, cs_prev: Array, h_prev: Array, *weights: Array) -> tuple[Array, ...]:
            of = _weights(node, OLD, x, (cs_prev, h_prev), weights)
            return _step(of, np.concatenate([x, h_prev], 1) @ of.w, cs_prev)

        return _in_floats(node, step)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x, cs_prev, h_prev, w, wci, wcf, wco, b = op.inputs
        outer = _outer(op, grads)
        inputs = [x, cs_prev, h_prev, w, wci, wcf, wco, b, *op.outputs[:6], *outer]
        found = apply_list("LSTMBlockCellGrad", *inputs, use_peephole=op.get_attr("use_peephole"))
        by_cs, by_gates, *by_peepholes = found
        both = apply("MatMul", by_gates, w, transpose_b=True)
        length = apply("Shape", x)[1]
        joined = apply("ConcatV2", [x, h_prev], 1)
        by_w = apply("MatMul", joined, by_gates, transpose_a=True)
        return [both[:, :length], by_cs, both[:, length:], by_w, *by_peepholes, apply("BiasAddGrad", by_gates)]


def _check_states(batch: int, units: int, *states: Array) -> None:
    for state in states:
        if state.shape != (batch, units):
            raise invalid(f"A state must be of shape {(batch, units)}, (batch, units), not {state.shape}.")


@register
class LSTMBlockCellGrad(_OfCell):
    """The derivatives of `LSTMBlockCell` by the state, by the gates' products, and by the peepholes."""

    type = "LSTMBlockCellGrad"
    signature = (
        f"{_CELL}, i: T, cs: T, f: T, o: T, ci: T, co: T, cs_grad: T, h_grad: T "
        "-> cs_prev_grad: T, dicfo: T, wci_grad: T, wcf_grad: T, wco_grad: T"
    )
    needed = {"use_peephole": "bool"}
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, units), (batch, four times the units), and three times (units,)."""
        x, states = (with_rank(node.input_shapes[place], 2) for place in (0, 1))
        batch, units = None if x is None else x[0], None if states is None else states[1]
        return [(batch, units), (batch, None if units is None else 4 * units), *[(units,)] * 3]

    def kernel(self, node: Node) -> Kernel:
        def back(x: Array, cs_prev: Array, h_prev: Array, *others: Array) -> tuple[Array, ...]:
            of = _weights(node, OLD, x, (cs_prev, h_prev), others[:5])
            found = _step_back(of, cs_prev, others[5:11], *others[11:])
            peepholes = found.peepholes if of.peepholes else [np.zeros_like(each) for each in others[1:4]]
            return found.cs_prev, found.gates, *peepholes

        return _in_floats(node, back)


class _OverSteps(_OfCell):
    """All steps of an LSTM: inputs of shape (steps, batch, inputs)."""

    signature = f"seq_len_max: int64, {_CELL} -> {_STATES}"
    backward = ""
    """The type of the operation that is its derivative."""
    order = OLD

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Seven times (steps, batch, units)."""
        x, bias = with_rank(node.input_shapes[1], 3), with_rank(node.input_shapes[8], 1)
        units = None if bias is None or bias[0] is None else bias[0] // 4
        return [(*(x[:2] if x is not None else (None, None)), units)] * 7

    def kernel(self, node: Node) -> Kernel:
        def steps(count: Array, x: Array, cs: Array, h: Array, *weights: Array) -> tuple[Array, ...]:
            of = _weights(node, self.order, x, (cs, h), weights)
            done = _steps_of(count, x)
            products = (x[:done].reshape(-1, x.shape[2]) @ of.w[: x.shape[2]]).reshape(done, x.shape[1], -1)
            by_state = of.w[x.shape[2] :]
            found = tuple(np.zeros((*x.shape[:2], of.units), np.float32) for _ in range(7))
            for step in range(done):
                values = _step(of, products[step] + h @ by_state, cs)
                cs, h = values[1], values[6]
                for place, value in zip(found, values, strict=True):
                    place[step] = value
            return found

        return _in_floats(node, steps)

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        outer = _outer(op, grads)
        inputs = [*op.inputs, *op.outputs, *outer]
        return [None, *apply_list(self.backward, *inputs, use_peephole=op.get_attr("use_peephole"))]


def _steps_of(count: Array, x: Array) -> int:
    steps = integer(count)
    if not 0 <= steps <= len(x):
        raise invalid(f"seq_len_max must be between 0 and {len(x)}, the number of steps, not {steps}.")
    return steps


class _BackOverSteps(_OfCell):
    """The derivatives of an LSTM over all steps."""

    signature = (
        f"seq_len_max: int64, {_CELL}, {_STATES}, cs_grad: T, h_grad: T -> x_grad: T, cs_prev_grad: T, h_prev_grad: T, "
        "w_grad: T, wci_grad: T, wcf_grad: T, wco_grad: T, b_grad: T"
    )
    needed = {"use_peephole": "bool"}
    differs = NO_DERIVATIVE
    order = OLD

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of the inputs."""
        ranks = (3, 2, 2, 2, 1, 1, 1, 1)
        return [with_rank(shape, rank) for shape, rank in zip(node.input_shapes[1:9], ranks, strict=True)]

    def kernel(self, node: Node) -> Kernel:
        def back(count: Array, x: Array, cs_prev: Array, h_prev: Array, *others: Array) -> tuple[Array, ...]:
            of = _weights(node, self.order, x, (cs_prev, h_prev), others[:5])
            states, (by_cs, by_h) = others[5:12], others[12:]
            done = _steps_of(count, x)
            gates = np.zeros((done, x.shape[1], 4 * of.units), np.float32)
            peepholes = [np.zeros(of.units, np.float32) for _ in range(3)]
            before_cs = before_h = np.zeros_like(cs_prev)
            by_state = of.w[x.shape[2] :].T
            for step in range(done - 1, -1, -1):
                last = states[1][step - 1] if step else cs_prev
                parts = [state[step] for state in states[:6]]
                found = _step_back(of, last, parts, by_cs[step] + before_cs, by_h[step] + before_h)
                gates[step], before_cs, before_h = found.gates, found.cs_prev, found.gates @ by_state
                peepholes = [one + other for one, other in zip(peepholes, found.peepholes, strict=True)]
            by_x = np.zeros_like(x)
            by_x[:done] = gates @ of.w[: x.shape[2]].T
            earlier = np.concatenate([h_prev[None], states[6]])[:done]
            rows = np.concatenate([x[:done], earlier], 2).reshape(-1, len(of.w))
            flat = gates.reshape(-1, gates.shape[2])
            if not of.peepholes:
                peepholes = [np.zeros_like(each) for each in others[1:4]]
            return by_x, before_cs, before_h, rows.T @ flat, *peepholes, flat.sum(0)

        return _in_floats(node, back)


@register
class BlockLSTM(_OverSteps):
    """All steps of an LSTM; nothing is computed from a step on, and states are 0 there."""

    type = "BlockLSTM"
    attrs = {"forget_bias": 1.0, "cell_clip": 3.0, "use_peephole": False}
    backward = "BlockLSTMGrad"


@register
class BlockLSTMGrad(_BackOverSteps):
    """The derivatives of `BlockLSTM`."""

    type = "BlockLSTMGrad"


@register
class BlockLSTMV2(_OverSteps):
    """As `BlockLSTM`, with the forget gate before the cell in the weights, and nothing added to it."""

    type = "BlockLSTMV2"
    attrs = {"cell_clip": 0.0, "use_peephole": False}
    backward = "BlockLSTMGradV2"
    order = NEW
    differs = "TensorFlow's derivative takes the weights in the order of `BlockLSTM`; here they are in their own."


@register
class BlockLSTMGradV2(_BackOverSteps):
    """The derivatives of `BlockLSTMV2`."""

    type = "BlockLSTMGradV2"
    order = NEW


_GRU = "x: T, h_prev: T, w_ru: T, w_c: T, b_ru: T, b_c: T"


def _check_gru(x: Array, h_prev: Array, w_ru: Array, w_c: Array, b_ru: Array, b_c: Array) -> None:
    units = len(b_c)
    _check_states(len(x), units, h_prev)
    both = x.shape[1] + units
    expected = (("w_ru", w_ru, (both, 2 * units)), ("w_c", w_c, (both, units)), ("b_ru", b_ru, (2 * units,)))
    for name, value, shape in expected:
        if value.shape != shape:
            raise invalid(f"{name} must be of shape {shape}, not {value.shape}.")


@register
class GRUBlockCell(OpDef):
    """One step of a network of gated recurrent units."""

    type = "GRUBlockCell"
    signature = f"{_GRU} -> r: T, u: T, c: T, h: T"
    types = {"T": frozenset({"float32"})}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Four times (batch, units)."""
        x, states = (with_rank(node.input_shapes[place], 2) for place in (0, 1))
        return [(None if x is None else x[0], None if states is None else states[1])] * 4

    def kernel(self, node: Node) -> Kernel:
        return _gru

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        x, h_prev, w_ru, w_c, b_ru, b_c = op.inputs
        r, u, c, h = op.outputs
        by_h = apply("ZerosLike", h) if grads[3] is None else grads[3]
        by_x, by_state, by_c, by_ru = apply_list("GRUBlockCellGrad", x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, by_h)
        by_weights = [
            apply("MatMul", apply("ConcatV2", [x, state], 1), by, transpose_a=True)
            for state, by in ((h_prev, by_ru), (h_prev * r, by_c))
        ]
        return [by_x, by_state, *by_weights, apply("BiasAddGrad", by_ru), apply("BiasAddGrad", by_c)]


def _gru(x: Array, h_prev: Array, w_ru: Array, w_c: Array, b_ru: Array, b_c: Array) -> tuple[Array, ...]:
    _check_gru(x, h_prev, w_ru, w_c, b_ru, b_c)
    gates = _sigmoid(np.concatenate([x, h_prev], 1) @ w_ru + b_ru)
    r, u = np.split(gates, 2, 1)
    c = np.tanh(np.concatenate([x, h_prev * r], 1) @ w_c + b_c)
    return np.ascontiguousarray(r), np.ascontiguousarray(u), c, u * (h_prev - c) + c


@register
class GRUBlockCellGrad(OpDef):
    """The derivatives of `GRUBlockCell` by input and state, and by the products with its weights."""

    type = "GRUBlockCellGrad"
    signature = f"{_GRU}, r: T, u: T, c: T, d_h: T -> d_x: T, d_h_prev: T, d_c_bar: T, d_r_bar_u_bar: T"
    types = {"T": frozenset({"float32"})}
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of x, twice the state, and (batch, twice the units)."""
        x, states, weights = (with_rank(node.input_shapes[place], 2) for place in range(3))
        batch = None if x is None else x[0]
        state = batch, None if states is None else states[1]
        return [x, state, state, (batch, None if weights is None else weights[1])]

    def kernel(self, node: Node) -> Kernel:
        return _gru_back


def _gru_back(x: Array, h_prev: Array, w_ru: Array, w_c: Array, b_ru: Array, b_c: Array, *others: Any) -> Any:
    _check_gru(x, h_prev, w_ru, w_c, b_ru, b_c)
    r, u, c, by_h = others
    by_c = by_h * (1 - u) * (1 - c * c)
    inputs = x.shape[1]
    by_reset = by_c @ w_c[inputs:].T
    by_ru = np.concatenate([by_reset * h_prev * r * (1 - r), by_h * (h_prev - c) * u * (1 - u)], 1)
    by_x = by_ru @ w_ru[:inputs].T + by_c @ w_c[:inputs].T
    return by_x, by_ru @ w_ru[inputs:].T + by_reset * r + by_h * u, by_c, by_ru
