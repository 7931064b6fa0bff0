"""Steps along the gradient, with one rate for all elements: gradient descent and momentum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.definition import FLOATS, INDICES, Node, register
from hdfsaver.ops.update_rules import Rule, Step, shrunk
from hdfsaver.tensor_info import Array


class _GradientDescent(Rule):
    kept = "var"
    numbers = "alpha delta"

    def step(self, node: Node) -> Step:
        def step(var: Array, alpha: Array, delta: Array) -> Sequence[Array]:
            change = np.asarray(delta * alpha)
            return [np.subtract(var, change, out=change)]

        return step


@register
class ApplyGradientDescent(_GradientDescent):
    """var - alpha * delta."""

    type = "ApplyGradientDescent"


@register
class ResourceApplyGradientDescent(_GradientDescent):
    """As `ApplyGradientDescent`, behind handles."""

    type = "ResourceApplyGradientDescent"
    by_handle = True


class _ProximalGradientDescent(Rule):
    types = {"T": FLOATS, "Tindices": INDICES}
    kept = "var"
    numbers = "alpha l1 l2 delta"

    def step(self, node: Node) -> Step:
        def step(var: Array, alpha: Array, l1: Array, l2: Array, delta: Array) -> Sequence[Array]:
            return [shrunk(var - delta * alpha, alpha, l1, l2)]

        return step


@register
class ApplyProximalGradientDescent(_ProximalGradientDescent):
    """As `ApplyGradientDescent`, and then towards zero by alpha * l1 and the factor 1 / (1 + alpha * l2)."""

    type = "ApplyProximalGradientDescent"


@register
class ResourceApplyProximalGradientDescent(_ProximalGradientDescent):
    """As `ApplyProximalGradientDescent`, behind handles."""

    type = "ResourceApplyProximalGradientDescent"
    by_handle = True


@register
class SparseApplyProximalGradientDescent(_ProximalGradientDescent):
    """As `ApplyProximalGradientDescent`, on rows."""

    type = "SparseApplyProximalGradientDescent"
    is_sparse = True


@register
class ResourceSparseApplyProximalGradientDescent(_ProximalGradientDescent):
    """As `ApplyProximalGradientDescent`, behind handles and on rows."""

    type = "ResourceSparseApplyProximalGradientDescent"
    by_handle = True
    is_sparse = True


class _Momentum(Rule):
    kept = "var accum"
    numbers = "lr grad momentum"
    options = {"use_nesterov": False}

    def step(self, node: Node) -> Step:
        looks_ahead = node.attrs["use_nesterov"]

        def step(var: Array, accum: Array, lr: Array, grad: Array, momentum: Array) -> Sequence[Array]:
            accum = np.asarray(accum * momentum)
            accum += grad
            change = np.asarray(grad * lr + accum * momentum * lr if looks_ahead else accum * lr)
            return [np.subtract(var, change, out=change), accum]

        return step


@register
class ApplyMomentum(_Momentum):
    """var - lr * accum, where accum is a sum of gradients that decays by momentum."""

    type = "ApplyMomentum"


@register
class ResourceApplyMomentum(_Momentum):
    """As `ApplyMomentum`, behind handles."""

    type = "ResourceApplyMomentum"
    by_handle = True


@register
class SparseApplyMomentum(_Momentum):
    """As `ApplyMomentum`, on rows."""

    type = "SparseApplyMomentum"
    is_sparse = True


@register
class ResourceSparseApplyMomentum(_Momentum):
    """As `ApplyMomentum`, behind handles and on rows."""

    type = "ResourceSparseApplyMomentum"
    by_handle = True
    is_sparse = True


class _KerasMomentum(Rule):
    kept = "var accum"
    numbers = "lr grad momentum"
    options = {"use_nesterov": False}

    def step(self, node: Node) -> Step:
        looks_ahead = node.attrs["use_nesterov"]

        def step(var: Array, accum: Array, lr: Array, grad: Array, momentum: Array) -> Sequence[Array]:
            accum = accum * momentum - grad * lr
            return [var + (accum * momentum - grad * lr if looks_ahead else accum), accum]

        return step


@register
class ResourceApplyKerasMomentum(_KerasMomentum):
    """var + accum, where accum is a sum of -lr * grad that decays by momentum."""

    type = "ResourceApplyKerasMomentum"
    by_handle = True


@register
class ResourceSparseApplyKerasMomentum(_KerasMomentum):
    """As `ResourceApplyKerasMomentum`, behind handles and on rows."""

    type = "ResourceSparseApplyKerasMomentum"
    by_handle = True
    is_sparse = True


class _AddSign(Rule):
    types = {"T": FLOATS, "Tindices": INDICES}
    kept = "var m"
    numbers = "lr alpha sign_decay beta grad"

    def step(self, node: Node) -> Step:
        def step(
            var: Array, m: Array, lr: Array, alpha: Array, sign_decay: Array, beta: Array, grad: Array
        ) -> Sequence[Array]:
            m = m * beta + grad * (1 - beta)
            return [var - lr * (alpha + sign_decay * (np.sign(grad) * np.sign(m))) * grad, m]

        return step


@register
class ApplyAddSign(_AddSign):
    """var - lr * (alpha + sign_decay * sign(grad) * sign(m)) * grad, where m is a running mean."""

    type = "ApplyAddSign"


@register
class ResourceApplyAddSign(_AddSign):
    """As `ApplyAddSign`, behind handles."""

    type = "ResourceApplyAddSign"
    by_handle = True


class _PowerSign(Rule):
    types = {"T": FLOATS, "Tindices": INDICES}
    kept = "var m"
    numbers = "lr logbase sign_decay beta grad"

    def step(self, node: Node) -> Step:
        def step(
            var: Array, m: Array, lr: Array, logbase: Array, sign_decay: Array, beta: Array, grad: Array
        ) -> Sequence[Array]:
            m = m * beta + grad * (1 - beta)
            return [var - lr * np.exp(logbase * sign_decay * (np.sign(grad) * np.sign(m))) * grad, m]

        return step


@register
class ApplyPowerSign(_PowerSign):
    """var - lr * exp(logbase * sign_decay * sign(grad) * sign(m)) * grad, where m is a running mean."""

    type = "ApplyPowerSign"


@register
class ResourceApplyPowerSign(_PowerSign):
    """As `ApplyPowerSign`, behind handles."""

    type = "ResourceApplyPowerSign"
    by_handle = True
