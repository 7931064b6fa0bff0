"""Steps by running means of the gradient and of its square: Adam, RMSProp and their relatives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.definition import FLOATS, Node, register
from hdfsaver.ops.update_rules import Rule, Step, pieces
from hdfsaver.tensor_info import Array


def _towards(mean: Array, value: Array, weight: Array, out: Array | None = None) -> Array:
    """A running mean after one more value, which may be ``out``, and which has some weight."""
    change: Array = np.subtract(value, mean, out=out)
    change *= weight
    change += mean
    return change


class _Adam(Rule):
    kept = "var m v"
    numbers = "beta1_power beta2_power lr beta1 beta2 epsilon grad"
    options = {"use_nesterov": False}

    def step(self, node: Node) -> Step:
        looks_ahead = node.attrs["use_nesterov"]

        def step(
            var: Array,
            m: Array,
            v: Array,
            beta1_power: Array,
            beta2_power: Array,
            lr: Array,
            beta1: Array,
            beta2: Array,
            epsilon: Array,
            grad: Array,
        ) -> Sequence[Array]:
            rate = lr[()] * np.sqrt(1 - beta2_power[()]) / (1 - beta1_power[()])
            rest1, rest2 = 1 - beta1[()], 1 - beta2[()]
            shape, dtype = var.shape, var.dtype
            made = np.empty(shape, dtype), np.empty(shape, dtype), np.empty(shape, dtype)
            for part in pieces(var, m, v, grad, *made):
                old_var, old_m, old_v, slope, new_var, new_m, new_v = part
                _towards(old_m, slope, rest1, new_m)
                np.square(slope, out=new_v)
                _towards(old_v, new_v, rest2, new_v)
                scale = np.sqrt(new_v)
                scale += epsilon
                if looks_ahead:
                    np.multiply(slope * rest1 + beta1 * new_m, rate, out=new_var)
                else:
                    np.multiply(new_m, rate, out=new_var)
                np.divide(new_var, scale, out=new_var)
                np.subtract(old_var, new_var, out=new_var)
            return made

        return step


@register
class ApplyAdam(_Adam):
    """Adam: var - rate * m / (sqrt(v) + epsilon), where m and v are running means of grad and of its square."""

    type = "ApplyAdam"


@register
class ResourceApplyAdam(_Adam):
    """As `ApplyAdam`, behind handles."""

    type = "ResourceApplyAdam"
    by_handle = True


class _AdaMax(Rule):
    types = {"T": FLOATS}
    kept = "var m v"
    numbers = "beta1_power lr beta1 beta2 epsilon grad"

    def step(self, node: Node) -> Step:
        def step(
            var: Array,
            m: Array,
            v: Array,
            beta1_power: Array,
            lr: Array,
            beta1: Array,
            beta2: Array,
            epsilon: Array,
            grad: Array,
        ) -> Sequence[Array]:
            m = _towards(m, grad, 1 - beta1)
            v = np.maximum(beta2 * v, np.abs(grad))
            return [var - lr / (1 - beta1_power) * (m / (v + epsilon)), m, v]

        return step


@register
class ApplyAdaMax(_AdaMax):
    """AdaMax: as Adam, by the largest of the decayed gradients so far instead of their squares."""

    type = "ApplyAdaMax"


@register
class ResourceApplyAdaMax(_AdaMax):
    """As `ApplyAdaMax`, behind handles."""

    type = "ResourceApplyAdaMax"
    by_handle = True


@register
class ResourceApplyAdamWithAmsgrad(Rule):
    """As `ApplyAdam`, by the largest running mean of the square so far."""

    type = "ResourceApplyAdamWithAmsgrad"
    by_handle = True
    types = {"T": FLOATS}
    kept = "var m v vhat"
    numbers = "beta1_power beta2_power lr beta1 beta2 epsilon grad"

    def step(self, node: Node) -> Step:
        def step(
            var: Array,
            m: Array,
            v: Array,
            vhat: Array,
            beta1_power: Array,
            beta2_power: Array,
            lr: Array,
            beta1: Array,
            beta2: Array,
            epsilon: Array,
            grad: Array,
        ) -> Sequence[Array]:
            rate = lr * np.sqrt(1 - beta2_power) / (1 - beta1_power)
            m = _towards(m, grad, 1 - beta1)
            v = _towards(v, np.square(grad), 1 - beta2)
            vhat = np.maximum(v, vhat)
            return [var - m * rate / (np.sqrt(vhat) + epsilon), m, v, vhat]

        return step


class _RMSProp(Rule):
    kept = "var ms mom"
    numbers = "lr rho momentum epsilon grad"

    def step(self, node: Node) -> Step:
        def step(
            var: Array, ms: Array, mom: Array, lr: Array, rho: Array, momentum: Array, epsilon: Array, grad: Array
        ) -> Sequence[Array]:
            ms = _towards(ms, np.square(grad), 1 - rho)
            scale = np.asarray(ms + epsilon)
            np.sqrt(scale, out=scale)
            change = np.asarray(grad * lr)
            change /= scale
            mom = np.multiply(mom, momentum, out=scale)
            mom += change
            return [np.subtract(var, mom, out=change), ms, mom]

        return step


@register
class ApplyRMSProp(_RMSProp):
    """var - mom, where mom adds up lr * grad / sqrt(ms + epsilon) and decays, and ms is a running mean of squares."""

    type = "ApplyRMSProp"


@register
class ResourceApplyRMSProp(_RMSProp):
    """As `ApplyRMSProp`, behind handles."""

    type = "ResourceApplyRMSProp"
    by_handle = True


@register
class SparseApplyRMSProp(_RMSProp):
    """As `ApplyRMSProp`, on rows."""

    type = "SparseApplyRMSProp"
    is_sparse = True


@register
class ResourceSparseApplyRMSProp(_RMSProp):
    """As `ApplyRMSProp`, behind handles and on rows."""

    type = "ResourceSparseApplyRMSProp"
    by_handle = True
    is_sparse = True


class _CenteredRMSProp(Rule):
    kept = "var mg ms mom"
    numbers = "lr rho momentum epsilon grad"

    def step(self, node: Node) -> Step:
        def step(
            var: Array,
            mg: Array,
            ms: Array,
            mom: Array,
            lr: Array,
            rho: Array,
            momentum: Array,
            epsilon: Array,
            grad: Array,
        ) -> Sequence[Array]:
            ms = _towards(ms, np.square(grad), 1 - rho)
            mg = _towards(mg, grad, 1 - rho)
            mom = mom * momentum + grad * lr / np.sqrt(ms - np.square(mg) + epsilon)
            return [var - mom, mg, ms, mom]

        return step


@register
class ApplyCenteredRMSProp(_CenteredRMSProp):
    """As `ApplyRMSProp`, by ms - mg * mg, where mg is a running mean of gradients."""

    type = "ApplyCenteredRMSProp"


@register
class ResourceApplyCenteredRMSProp(_CenteredRMSProp):
    """As `ApplyCenteredRMSProp`, behind handles."""

    type = "ResourceApplyCenteredRMSProp"
    by_handle = True


@register
class SparseApplyCenteredRMSProp(_CenteredRMSProp):
    """As `ApplyCenteredRMSProp`, on rows."""

    type = "SparseApplyCenteredRMSProp"
    is_sparse = True


@register
class ResourceSparseApplyCenteredRMSProp(_CenteredRMSProp):
    """As `ApplyCenteredRMSProp`, behind handles and on rows."""

    type = "ResourceSparseApplyCenteredRMSProp"
    by_handle = True
    is_sparse = True
