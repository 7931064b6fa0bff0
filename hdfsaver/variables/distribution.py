"""How a variable with copies on several devices is kept equal; here there is one copy of each."""

from __future__ import annotations

import enum


class VariableSynchronization(enum.Enum):
    """When the copies of a variable are brought together."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How the copies of a variable are brought together."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3
    ONLY_FIRST_TOWER = 3  # noqa: PIE796, the older name


def checked(
    synchronization: VariableSynchronization | None,
    aggregation: VariableAggregation | None,
    trainable: bool | None,
    name: str | None,
) -> tuple[VariableSynchronization, VariableAggregation, bool]:
    """The three arguments of a variable that depend on each other, with TensorFlow's defaults.

    Parameters
    ----------
    synchronization : VariableSynchronization, optional
        ``AUTO`` by default.
    aggregation : VariableAggregation, optional
        ``NONE`` by default.
    trainable : bool, optional
        True by default, except with ``ON_READ``.
    name : str, optional
        The name of the variable, for the errors.

    Returns
    -------
    tuple
        The three.

    Raises
    ------
    ValueError
        One is not of its class.
    """
    synchronization = VariableSynchronization.AUTO if synchronization is None else synchronization
    aggregation = VariableAggregation.NONE if aggregation is None else aggregation
    if not isinstance(aggregation, VariableAggregation):
        raise ValueError(f"Invalid variable aggregation mode: {aggregation} for variable: {name}")
    if not isinstance(synchronization, VariableSynchronization):
        raise ValueError(f"Invalid variable synchronization mode: {synchronization} for variable: {name}")
    on_read = synchronization is VariableSynchronization.ON_READ
    return synchronization, aggregation, not on_read if trainable is None else trainable
