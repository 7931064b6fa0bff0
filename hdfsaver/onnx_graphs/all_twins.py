"""The rules of all families, which are known when this file is imported."""

from __future__ import annotations

from hdfsaver.onnx_graphs import (
    activation_twins,
    box_twins,
    channel_twins,
    comparison_twins,
    convolution_twins,
    elementwise_twins,
    gather_twins,
    joining_twins,
    loss_twins,
    matrix_twins,
    padding_twins,
    pooling_twins,
    reduction_twins,
    resize_twins,
    scatter_twins,
    shape_twins,
    slice_twins,
    space_twins,
)
from hdfsaver.onnx_graphs.twins import RULES, Rule

FAMILIES = (
    activation_twins,
    box_twins,
    channel_twins,
    comparison_twins,
    convolution_twins,
    elementwise_twins,
    gather_twins,
    joining_twins,
    loss_twins,
    matrix_twins,
    padding_twins,
    pooling_twins,
    reduction_twins,
    resize_twins,
    scatter_twins,
    shape_twins,
    slice_twins,
    space_twins,
)
"""The files with rules."""


def rule_of(op_type: str) -> Rule | None:
    """The rule of operations of a type; None without one."""
    return RULES.get(op_type)
