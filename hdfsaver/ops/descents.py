"""Steps along the gradient, with one rate for all elements: gradient descent."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.graph.definition import Node, register
from hdfsaver.ops.update_rules import Rule, Step
from hdfsaver.tensor_info import Array


class _GradientDescent(Rule):
    kept = "var"
    numbers = "alpha delta"

    def step(self, node: Node) -> Step:
        def step(var: Array, alpha: Array, delta: Array) -> Sequence[Array]:
            return [var - delta * alpha]

        return step


@register
class ApplyGradientDescent(_GradientDescent):
    """var - alpha * delta."""

    type = "ApplyGradientDescent"


@register
class ResourceApplyGradientDescent(_GradientDescent):
    """As `ApplyGradientDescent`, behind a handle."""

    type = "ResourceApplyGradientDescent"
    by_handle = True
