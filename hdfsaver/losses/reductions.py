"""How the losses of a batch become one number."""

from __future__ import annotations


class Reduction:
    """The reductions of `compute_weighted_loss`."""

    NONE = "none"
    """The weighted losses themselves."""
    SUM = "weighted_sum"
    """Their sum."""
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    """The sum, divided by the number of losses."""
    MEAN = "weighted_mean"
    """The sum, divided by the sum of the weights."""
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    """The sum, divided by the number of losses whose weight is not 0."""
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS
    """An older name."""

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All of them."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_OVER_NONZERO_WEIGHTS,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: str) -> None:
        """Check a reduction.

        Raises
        ------
        ValueError
            There is no such reduction.
        """
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}. Key should be one of {cls.all()}.")
