"""Steps with a rate for each element, by all of its gradients so far: Adagrad, Adadelta and FTRL."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.definition import FLOATS, INDICES, Node, register
from hdfsaver.ops.update_rules import Rule, Step, shrunk
from hdfsaver.tensor_info import Array


class _Adagrad(Rule):
    kept = "var accum"
    numbers = "lr grad"
    options = {"update_slots": True}

    def step(self, node: Node) -> Step:
        counts = node.attrs["update_slots"]

        def step(var: Array, accum: Array, lr: Array, grad: Array) -> Sequence[Array]:
            accum = accum + np.square(grad) if counts else accum.copy()
            return [var - grad * lr / np.sqrt(accum), accum]

        return step


@register
class ApplyAdagrad(_Adagrad):
    """var - lr * grad / sqrt(accum), where accum adds up the squares of gradients."""

    type = "ApplyAdagrad"


@register
class ResourceApplyAdagrad(_Adagrad):
    """As `ApplyAdagrad`, behind handles."""

    type = "ResourceApplyAdagrad"
    by_handle = True


@register
class SparseApplyAdagrad(_Adagrad):
    """As `ApplyAdagrad`, on rows."""

    type = "SparseApplyAdagrad"
    is_sparse = True


@register
class ResourceSparseApplyAdagrad(_Adagrad):
    """As `ApplyAdagrad`, behind handles and on rows."""

    type = "ResourceSparseApplyAdagrad"
    by_handle = True
    is_sparse = True


class _AdagradV2(Rule):
    kept = "var accum"
    numbers = "lr epsilon grad"
    options = {"update_slots": True}

    def step(self, node: Node) -> Step:
        counts = node.attrs["update_slots"]

        def step(var: Array, accum: Array, lr: Array, epsilon: Array, grad: Array) -> Sequence[Array]:
            accum = accum + np.square(grad) if counts else accum.copy()
            return [var - grad * lr / (np.sqrt(accum) + epsilon), accum]

        return step


@register
class ApplyAdagradV2(_AdagradV2):
    """var - lr * grad / (sqrt(accum) + epsilon), where accum adds up the squares of gradients."""

    type = "ApplyAdagradV2"


@register
class ResourceApplyAdagradV2(_AdagradV2):
    """As `ApplyAdagradV2`, behind handles."""

    type = "ResourceApplyAdagradV2"
    by_handle = True


@register
class SparseApplyAdagradV2(_AdagradV2):
    """As `ApplyAdagradV2`, on rows."""

    type = "SparseApplyAdagradV2"
    is_sparse = True


@register
class ResourceSparseApplyAdagradV2(_AdagradV2):
    """As `ApplyAdagradV2`, behind handles and on rows."""

    type = "ResourceSparseApplyAdagradV2"
    by_handle = True
    is_sparse = True


class _ProximalAdagrad(Rule):
    types = {"T": FLOATS, "Tindices": INDICES}
    kept = "var accum"
    numbers = "lr l1 l2 grad"

    def step(self, node: Node) -> Step:
        def step(var: Array, accum: Array, lr: Array, l1: Array, l2: Array, grad: Array) -> Sequence[Array]:
            accum = accum + np.square(grad)
            rate = lr / np.sqrt(accum)
            return [shrunk(var - grad * rate, rate, l1, l2), accum]

        return step


@register
class ApplyProximalAdagrad(_ProximalAdagrad):
    """As `ApplyAdagrad`, and then towards zero by rate * l1 and the factor 1 / (1 + rate * l2)."""

    type = "ApplyProximalAdagrad"


@register
class ResourceApplyProximalAdagrad(_ProximalAdagrad):
    """As `ApplyProximalAdagrad`, behind handles."""

    type = "ResourceApplyProximalAdagrad"
    by_handle = True


@register
class SparseApplyProximalAdagrad(_ProximalAdagrad):
    """As `ApplyProximalAdagrad`, on rows."""

    type = "SparseApplyProximalAdagrad"
    is_sparse = True


@register
class ResourceSparseApplyProximalAdagrad(_ProximalAdagrad):
    """As `ApplyProximalAdagrad`, behind handles and on rows."""

    type = "ResourceSparseApplyProximalAdagrad"
    by_handle = True
    is_sparse = True


class _AdagradDA(Rule):
    types = {"T": FLOATS, "Tindices": INDICES}
    kept = "var gradient_accumulator gradient_squared_accumulator"
    numbers = "grad lr l1 l2 global_step"

    def step(self, node: Node) -> Step:
        def step(
            var: Array,
            gradient_accumulator: Array,
            gradient_squared_accumulator: Array,
            grad: Array,
            lr: Array,
            l1: Array,
            l2: Array,
            global_step: Array,
        ) -> Sequence[Array]:
            total = gradient_accumulator + grad
            squares = gradient_squared_accumulator + np.square(grad)
            steps = np.asarray(global_step).astype(var.dtype)
            part = np.sign(total) * np.maximum(np.abs(total) - l1 * steps, 0) if l1 > 0 else total
            return [-lr * part / (l2 * steps * lr + np.sqrt(squares)), total, squares]

        return step


@register
class ApplyAdagradDA(_AdagradDA):
    """The value that the sum of all gradients, and of their squares, asks for: dual averaging."""

    type = "ApplyAdagradDA"


@register
class ResourceApplyAdagradDA(_AdagradDA):
    """As `ApplyAdagradDA`, behind handles."""

    type = "ResourceApplyAdagradDA"
    by_handle = True


@register
class SparseApplyAdagradDA(_AdagradDA):
    """As `ApplyAdagradDA`, on rows."""

    type = "SparseApplyAdagradDA"
    is_sparse = True


@register
class ResourceSparseApplyAdagradDA(_AdagradDA):
    """As `ApplyAdagradDA`, behind handles and on rows."""

    type = "ResourceSparseApplyAdagradDA"
    by_handle = True
    is_sparse = True


class _Adadelta(Rule):
    kept = "var accum accum_update"
    numbers = "lr rho epsilon grad"

    def step(self, node: Node) -> Step:
        def step(
            var: Array, accum: Array, accum_update: Array, lr: Array, rho: Array, epsilon: Array, grad: Array
        ) -> Sequence[Array]:
            accum = accum * rho + np.square(grad) * (1 - rho)
            change = np.sqrt(accum_update + epsilon) / np.sqrt(accum + epsilon) * grad
            accum_update = accum_update * rho + np.square(change) * (1 - rho)
            return [var - change * lr, accum, accum_update]

        return step


@register
class ApplyAdadelta(_Adadelta):
    """var - lr * change, where change has the size of earlier changes, divided by that of earlier gradients."""

    type = "ApplyAdadelta"


@register
class ResourceApplyAdadelta(_Adadelta):
    """As `ApplyAdadelta`, behind handles."""

    type = "ResourceApplyAdadelta"
    by_handle = True


@register
class SparseApplyAdadelta(_Adadelta):
    """As `ApplyAdadelta`, on rows."""

    type = "SparseApplyAdadelta"
    is_sparse = True


@register
class ResourceSparseApplyAdadelta(_Adadelta):
    """As `ApplyAdadelta`, behind handles and on rows."""

    type = "ResourceSparseApplyAdadelta"
    by_handle = True
    is_sparse = True


class _Ftrl(Rule):
    types = {"T": FLOATS, "Tindices": INDICES}
    kept = "var accum linear"
    numbers = "grad lr l1 l2 lr_power"
    options = {"multiply_linear_by_lr": False}

    def step(self, node: Node) -> Step:
        return _follower(node.attrs["multiply_linear_by_lr"])


@register
class ApplyFtrl(_Ftrl):
    """FTRL-proximal: the value that all gradients and the penalties l1 and l2 ask for."""

    type = "ApplyFtrl"


@register
class ResourceApplyFtrl(_Ftrl):
    """As `ApplyFtrl`, behind handles."""

    type = "ResourceApplyFtrl"
    by_handle = True


@register
class SparseApplyFtrl(_Ftrl):
    """As `ApplyFtrl`, on rows."""

    type = "SparseApplyFtrl"
    is_sparse = True


@register
class ResourceSparseApplyFtrl(_Ftrl):
    """As `ApplyFtrl`, behind handles and on rows."""

    type = "ResourceSparseApplyFtrl"
    by_handle = True
    is_sparse = True


class _FtrlV2(Rule):
    types = {"T": FLOATS, "Tindices": INDICES}
    kept = "var accum linear"
    numbers = "grad lr l1 l2 l2_shrinkage lr_power"
    options = {"multiply_linear_by_lr": False}

    def step(self, node: Node) -> Step:
        follow = _follower(node.attrs["multiply_linear_by_lr"])

        def step(
            var: Array,
            accum: Array,
            linear: Array,
            grad: Array,
            lr: Array,
            l1: Array,
            l2: Array,
            l2_shrinkage: Array,
            lr_power: Array,
        ) -> Sequence[Array]:
            return follow(var, accum, linear, grad, lr, l1, l2, lr_power, grad + 2 * l2_shrinkage * var)

        return step


@register
class ApplyFtrlV2(_FtrlV2):
    """As `ApplyFtrl`, with 2 * l2_shrinkage * var added to the gradient in the sum."""

    type = "ApplyFtrlV2"


@register
class ResourceApplyFtrlV2(_FtrlV2):
    """As `ApplyFtrlV2`, behind handles."""

    type = "ResourceApplyFtrlV2"
    by_handle = True


@register
class SparseApplyFtrlV2(_FtrlV2):
    """As `ApplyFtrlV2`, on rows."""

    type = "SparseApplyFtrlV2"
    is_sparse = True


@register
class ResourceSparseApplyFtrlV2(_FtrlV2):
    """As `ApplyFtrlV2`, behind handles and on rows."""

    type = "ResourceSparseApplyFtrlV2"
    by_handle = True
    is_sparse = True


def _follower(scales: bool) -> Step:
    """The rule; with ``scales`` its sum is one of gradients times the rate."""

    def root(accum: Array, power: Array) -> Array:
        found: Array = np.sqrt(accum) if power == -0.5 else np.power(accum, -power)
        return found

    def follow(
        var: Array,
        accum: Array,
        linear: Array,
        grad: Array,
        lr: Array,
        l1: Array,
        l2: Array,
        lr_power: Array,
        added: Array | None = None,
    ) -> Sequence[Array]:
        added = grad if added is None else added
        total = accum + np.square(grad)
        before, after = root(accum, lr_power), root(total, lr_power)
        if scales:
            linear = linear + (added * lr - (after - before) * var)
            bound, curve = l1 * lr, after + 2 * l2 * lr
        else:
            linear = linear + (added - (after - before) / lr * var)
            bound, curve = l1, after / lr + 2 * l2
        changed = np.where(np.abs(linear) > bound, (bound * np.sign(linear) - linear) / curve, 0).astype(var.dtype)
        return [changed, total, linear]

    return follow
