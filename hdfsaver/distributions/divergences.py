"""How far distributions are from each other: divergences by the classes of both, and cross entropies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hdfsaver.control_flow.conds import Assert_
from hdfsaver.graph.default_graph_functions import control_dependencies
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.comparison import logical_not
from hdfsaver.ops.constants import identity
from hdfsaver.ops.reduction import reduce_any
from hdfsaver.ops.rounding import is_nan

_Function = TypeVar("_Function", bound=Callable[..., Any])

_functions: dict[tuple[type, type], Callable[..., Any]] = {}


class RegisterKL:
    """Decorator: a function ``f(a, b, name=None)`` that gives the divergence of two classes of distributions.

    Parameters
    ----------
    dist_cls_a, dist_cls_b : type
        Their subclasses use it too, unless they have nearer ones.
    """

    def __init__(self, dist_cls_a: type, dist_cls_b: type) -> None:
        self._key = dist_cls_a, dist_cls_b

    def __call__(self, kl_fn: _Function) -> _Function:
        """Register a function, and give it back."""
        if not callable(kl_fn):
            raise TypeError(f"kl_fn must be callable, received: {kl_fn}")
        if self._key in _functions:
            first, second = (cls.__name__ for cls in self._key)
            raise ValueError(f"KL({first} || {second}) has already been registered to: {_functions[self._key]}")
        _functions[self._key] = kl_fn
        return kl_fn


def _registered(first: type, second: type) -> Callable[..., Any] | None:
    """The function of the nearest classes that two classes are derived from."""
    found = [
        (place + other, _functions[a, b])
        for place, a in enumerate(first.__mro__)
        for other, b in enumerate(second.__mro__)
        if (a, b) in _functions
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def kl_divergence(
    distribution_a: Any, distribution_b: Any, allow_nan_stats: bool = True, name: str | None = None
) -> Tensor:
    """The Kullback-Leibler divergence of two distributions.

    Parameters
    ----------
    distribution_a, distribution_b : Distribution
        Of classes that `RegisterKL` knows a function for.
    allow_nan_stats : bool
        Whether NaN may be a result; otherwise a run that has one fails.
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        A number for each member of the batch, not negative.

    Raises
    ------
    NotImplementedError
        No function is known for these classes.
    InvalidArgumentError
        In the run: a result is NaN, and must not be.
    """
    function = _registered(type(distribution_a), type(distribution_b))
    if function is None:
        raise NotImplementedError(
            "No KL(distribution_a || distribution_b) registered for distribution_a type "
            f"{type(distribution_a).__name__} and distribution_b type {type(distribution_b).__name__}; register one "
            "with tf.distributions.RegisterKL."
        )
    with scope(None, "KullbackLeibler"):
        found: Tensor = function(distribution_a, distribution_b, name=name)
        if allow_nan_stats:
            return found
        names = f"{distribution_a.name} and {distribution_b.name}"
        message = f"KL calculation between {names} returned NaN values, which allow_nan_stats=False forbids. Values:"
        check = Assert_(logical_not(reduce_any(is_nan(found))), [message, found])
        with control_dependencies([check]):
            return identity(found, name="checked_kl")


def cross_entropy(ref: Any, other: Any, allow_nan_stats: bool = True, name: str | None = None) -> Tensor:
    """The cross entropy of two distributions: the entropy of the first, and its divergence from the other.

    Parameters
    ----------
    ref, other : Distribution
        Of classes that `RegisterKL` knows a function for.
    allow_nan_stats : bool
        See `kl_divergence`.
    name : str, optional
        The name of the operations.

    Returns
    -------
    Tensor
        A number for each member of the batch.

    Raises
    ------
    NotImplementedError
        No function is known for these classes, or the first has no entropy.
    """
    with scope(name, "cross_entropy"):
        entropy: Tensor = ref.entropy()
        return entropy + kl_divergence(ref, other, allow_nan_stats)
