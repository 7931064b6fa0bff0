"""``tf.distributions``: probability distributions, their samples, densities, statistics and divergences."""

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.distributions.base_distribution import (
    FULLY_REPARAMETERIZED,
    NOT_REPARAMETERIZED,
    Distribution,
    ReparameterizationType,
)
from hdfsaver.distributions.beta_distributions import Beta, Dirichlet
from hdfsaver.distributions.choices import Bernoulli, Categorical
from hdfsaver.distributions.count_distributions import DirichletMultinomial, Multinomial
from hdfsaver.distributions.divergences import RegisterKL, kl_divergence
from hdfsaver.distributions.gamma_distributions import Exponential, Gamma
from hdfsaver.distributions.location_scale import Laplace, Normal
from hdfsaver.distributions.student_distribution import StudentT
from hdfsaver.distributions.uniform_distribution import Uniform

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Dirichlet",
    "DirichletMultinomial",
    "Distribution",
    "Exponential",
    "FULLY_REPARAMETERIZED",
    "Gamma",
    "Laplace",
    "Multinomial",
    "NOT_REPARAMETERIZED",
    "Normal",
    "RegisterKL",
    "ReparameterizationType",
    "StudentT",
    "Uniform",
    "kl_divergence",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
