"""The functions of PyTorch's layers by their formulas, and those functions themselves, for the same weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class Formulas:
    """The formulas of PyTorch's pages, in NumPy: images and sequences have their channels first."""

    def linear(self, x, weight, bias=0.0):
        """``x A^T + b``."""
        return x @ weight.T + bias

    def conv(self, x, weight, bias=0.0, groups=1):
        """The cross-correlation with a kernel of outputs, inputs of a group, and places."""
        places = tuple(range(2, x.ndim))
        windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], places)
        windows = windows.reshape(len(x), groups, -1, *windows.shape[2:])
        kernels = weight.reshape(groups, -1, *weight.shape[1:])
        letters = "uvw"[: len(places)], "abc"[: len(places)]
        found = np.einsum(f"ngi{letters[0]}{letters[1]},goi{letters[1]}->ngo{letters[0]}", windows, kernels)
        return found.reshape(len(x), len(weight), *found.shape[3:]) + np.reshape(bias, (-1, *[1] * len(places)))

    def conv_transpose(self, x, weight, stride):
        """Each number of the input times the kernel, of inputs, outputs and places, put where it was taken from."""
        sizes = [(size - 1) * stride + kernel for size, kernel in zip(x.shape[2:], weight.shape[2:], strict=True)]
        found = np.zeros((len(x), weight.shape[1], *sizes), x.dtype)
        for place in np.ndindex(x.shape[2:]):
            at = tuple(slice(i * stride, i * stride + k) for i, k in zip(place, weight.shape[2:], strict=True))
            found[(..., *at)] += np.tensordot(x[(..., *place)], weight, 1)
        return found

    def batch_norm(self, x, state, eps):
        """``(x - mean) / sqrt(variance + eps) * weight + bias`` for each channel."""
        shape = (-1, *[1] * (x.ndim - 2))
        mean, variance, weight, bias = (
            np.reshape(state[key], shape) for key in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / np.sqrt(variance + eps) * weight + bias

    def lstm(self, x, state):
        """One layer, of gates in the order i, f, g, o."""
        units = state["weight_hh"].shape[0] // 4
        memory, output, found = np.zeros((len(x), units)), np.zeros((len(x), state["weight_hh"].shape[1])), []
        for step in range(x.shape[1]):
            gates = x[:, step] @ state["weight_ih"].T + state["bias_ih"]
            gates = gates + output @ state["weight_hh"].T + state["bias_hh"]
            enter, keep, new, leave = np.split(gates, 4, axis=1)
            memory = _sigmoid(keep) * memory + _sigmoid(enter) * np.tanh(new)
            output = _sigmoid(leave) * np.tanh(memory)
            output = output @ state["weight_hr"].T if "weight_hr" in state else output
            found.append(output)
        return np.stack(found, 1)

    def gru(self, x, state):
        """One layer, of gates in the order r, z, n."""
        output, found = np.zeros((len(x), state["weight_hh"].shape[1])), []
        for step in range(x.shape[1]):
            inner = np.split(x[:, step] @ state["weight_ih"].T + state["bias_ih"], 3, axis=1)
            outer = np.split(output @ state["weight_hh"].T + state["bias_hh"], 3, axis=1)
            reset, update = (_sigmoid(inner[place] + outer[place]) for place in (0, 1))
            output = (1 - update) * np.tanh(inner[2] + reset * outer[2]) + update * output
            found.append(output)
        return np.stack(found, 1)

    def rnn(self, x, state, nonlinearity="tanh"):
        """One layer of tanh or relu."""
        output, found = np.zeros((len(x), state["weight_hh"].shape[1])), []
        for step in range(x.shape[1]):
            value = x[:, step] @ state["weight_ih"].T + state["bias_ih"]
            value = value + output @ state["weight_hh"].T + state["bias_hh"]
            output = np.tanh(value) if nonlinearity == "tanh" else np.maximum(value, 0)
            found.append(output)
        return np.stack(found, 1)

    def tensor(self, value):
        """The value itself."""
        return np.asarray(value)


class Functions:
    """The functions of PyTorch."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self._functional = torch.nn.functional

    def tensor(self, value):
        """The tensor of an array."""
        return self._torch.tensor(np.asarray(value))

    def linear(self, x, weight, bias=None):
        """As `Formulas.linear`."""
        return self._functional.linear(x, weight, bias)

    def conv(self, x, weight, bias=None, groups=1):
        """As `Formulas.conv`."""
        return getattr(self._functional, f"conv{x.ndim - 2}d")(x, weight, bias, groups=groups)

    def conv_transpose(self, x, weight, stride):
        """As `Formulas.conv_transpose`."""
        return getattr(self._functional, f"conv_transpose{x.ndim - 2}d")(x, weight, stride=stride)

    def batch_norm(self, x, state, eps):
        """As `Formulas.batch_norm`, by a module that loads the state."""
        module = getattr(self._torch.nn, f"BatchNorm{x.ndim - 2}d")(x.shape[1], eps=eps).eval()
        module.load_state_dict(state)
        return module(x).detach()

    def lstm(self, x, state):
        """As `Formulas.lstm`, by a module that loads the state."""
        units, size = state["weight_hh"].shape
        module = self._torch.nn.LSTM(
            x.shape[2], units // 4, batch_first=True, proj_size=size if "weight_hr" in state else 0
        )
        return self._result(module, x, state)

    def gru(self, x, state):
        """As `Formulas.gru`."""
        return self._result(self._torch.nn.GRU(x.shape[2], state["weight_hh"].shape[1], batch_first=True), x, state)

    def rnn(self, x, state, nonlinearity="tanh"):
        """As `Formulas.rnn`."""
        units = state["weight_hh"].shape[1]
        module = self._torch.nn.RNN(x.shape[2], units, batch_first=True, nonlinearity=nonlinearity)
        return self._result(module, x, state)

    def _result(self, module, x, state):
        module.load_state_dict({f"{name}_l0": value for name, value in state.items()})
        return module(x)[0].detach()


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numbers(shape, seed=0):
    """Numbers that differ, between -1 and 1."""
    count = math.prod(shape)
    return np.sin(np.arange(count) * 0.7 + seed).astype(np.float32).reshape(shape)
