"""Optimizers whose rule is an operation: for tensors, slices, references and handles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.graph.apply import apply_op
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.casting import cast
from hdfsaver.ops.variable_values import of_handle
from hdfsaver.optimizers.optimizer import Optimizer
from hdfsaver.schema import AttrValue
from hdfsaver.variables.variable import Variable


class RuleOptimizer(Optimizer):
    """An optimizer with a rule: a subclass writes `_apply` for all kinds of derivatives and variables."""

    def _apply(self, var: Variable, grad: Tensor, indices: Tensor | None) -> Operation:
        """Make the operation that changes a variable, or where there are indices those rows of it."""
        raise NotImplementedError(f"{type(self).__name__} has no rule.")

    def _apply_dense(self, grad: Tensor, var: Variable) -> Any:
        return self._apply(var, grad, None)

    def _resource_apply_dense(self, grad: Tensor, handle: Any) -> Any:
        return self._apply(handle, grad, None)

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Any:
        return self._apply(var, grad.values, grad.indices)

    def _resource_apply_sparse(self, grad: Tensor, handle: Any, indices: Tensor) -> Any:
        return self._apply(handle, grad, indices)

    def _rule(
        self,
        rule: str,
        var: Variable,
        slots: Sequence[str],
        inputs: Sequence[Any],
        **attrs: AttrValue,
    ) -> Operation:
        """Make the operation of a rule.

        Parameters
        ----------
        rule : str
            The operation's type without what says on what it works: ``"Adam"``.
        var : Variable
            The variable.
        slots : sequence of str
            The names of its slots that the operation takes.
        inputs : sequence
            The inputs behind them. Those in a list are taken unchanged, as `gradient_of` gives them; others are
            converted to the variable's dtype.
        **attrs
            Attributes of the operation.

        Returns
        -------
        Operation
        """
        kept = [var, *(self.get_slot(var, name) for name in slots)]
        handles = [of_handle(variable) for variable in kept]
        kind = var.dtype.base_dtype
        given: list[Any] = []
        for item in inputs:
            given += item if isinstance(item, list) else [cast(item, kind)]
        is_sparse = any(isinstance(item, list) and len(item) > 1 for item in inputs)
        by_handle = handles[0] is not None
        op_type = f"{'Resource' * by_handle}{'Sparse' * is_sparse}Apply{rule}"
        targets = [handle.handle for handle in handles if handle is not None] if by_handle else kept
        return apply_op(op_type, *targets, *given, use_locking=bool(self._use_locking), **attrs)


def gradient_of(grad: Tensor, indices: Tensor | None) -> list[Tensor]:
    """The gradient as an operation takes it: followed by the numbers of its rows, where it is one of rows."""
    return [grad] if indices is None else [grad, indices]
