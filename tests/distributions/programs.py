"""Small programs with distributions, run by TensorFlow once and by hdfsaver in every test.

Each is a function of the module that it is to be run with, ``tensorflow.compat.v1`` or ``hdfsaver``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Program = Callable[[Any], Any]

FUNCTIONS = "log_prob prob cdf log_cdf survival_function log_survival_function"
STATISTICS = "entropy mean mode stddev variance"


def statistics(distribution: Any, names: str = STATISTICS) -> list[Any]:
    """Numbers about a distribution."""
    return [getattr(distribution, name)() for name in names.split()]


def functions(distribution: Any, x: Any, names: str = FUNCTIONS) -> list[Any]:
    """Functions of a distribution at points."""
    return [getattr(distribution, name)(x) for name in names.split()]


def normal(tf: Any) -> list[Any]:
    """A batch of normal distributions whose number is not known, and points of another rank."""
    x = tf.placeholder("float32", [None, 3], name="x")
    batch = tf.distributions.Normal(x, [0.5, 1.0, 2.0])
    shapes = [batch.batch_shape_tensor(), batch.event_shape_tensor(), batch.is_scalar_batch()]
    return [*functions(batch, x + 0.3), *statistics(batch), *shapes]


def far(tf: Any) -> list[Any]:
    """Points where the logarithms are series, with derivatives."""
    x = tf.constant([-40.0, -10.5, -3.0, 0.0, 4.0, 9.0])
    standard = tf.distributions.Normal(0.0, 1.0)
    y = functions(standard, x, "log_cdf log_survival_function cdf")
    return [*y, *[tf.gradients(value, x)[0] for value in y]]


def quantiles(tf: Any) -> list[Any]:
    """The inverse of the distribution function, and its derivative."""
    p = tf.constant([1e-6, 0.01, 0.5, 0.9])
    y = tf.distributions.Normal(1.0, 2.0).quantile(p)
    return [y, tf.gradients(y, p)[0]]


def kl(tf: Any) -> list[Any]:
    """Divergences by the function, by the method, and cross entropies."""
    d = tf.distributions
    a, b = d.Normal([0.0, 1.0], 1.0), d.Normal(0.5, [2.0, 3.0])
    return [d.kl_divergence(a, b), a.kl_divergence(b), a.cross_entropy(b), d.kl_divergence(b, a, name="k")]


def bernoulli(tf: Any) -> list[Any]:
    """Zeros and ones by logits and by probabilities."""
    d = tf.distributions
    a, b = d.Bernoulli(logits=[0.0, 1.0]), d.Bernoulli(probs=[0.1, 0.7], dtype="float32")
    made = [a.kl_divergence(b), d.kl_divergence(b, a), b.logits, a.probs]
    return [*statistics(a), *statistics(b), *made]


def bernoulli_events(tf: Any) -> list[Any]:
    """Probabilities of events, some of which are broadcast."""
    d = tf.distributions
    a, b = d.Bernoulli(logits=[0.0, 1.0]), d.Bernoulli(probs=[[0.1, 0.7]], validate_args=True)
    return [*functions(a, [0, 1], "log_prob prob"), *functions(a, 1.0, "log_prob prob"), b.log_prob([[1, 0]])]


def categorical(tf: Any) -> list[Any]:
    """Classes by logits."""
    d = tf.distributions
    a = d.Categorical(logits=[[0.0, 1.0, 2.0], [1.0, 1.0, 3.0]])
    return [a.log_prob([0, 2]), *statistics(a, "entropy mode"), a.event_size, a.batch_shape_tensor(), a.probs]


def categorical_broadcast(tf: Any) -> list[Any]:
    """Classes by probabilities, with divergences and events that are broadcast."""
    d = tf.distributions
    a = d.Categorical(logits=[[0.0, 1.0, 2.0], [1.0, 1.0, 3.0]])
    b = d.Categorical(probs=[0.2, 0.3, 0.5], validate_args=True)
    return [a.kl_divergence(b), b.prob([0, 1, 2]), a.prob(1), a.cdf([1, 2]), *statistics(b, "entropy mode")]


def categorical_of_unknown_shape(tf: Any) -> list[Any]:
    """Everything is found in the run."""
    a = tf.distributions.Categorical(tf.placeholder_with_default([[0.0, 1.0], [2.0, 1.0]], None))
    return [a.log_prob([0, 1]), a.mode(), a.entropy(), a.batch_shape_tensor(), a.event_shape_tensor()]


def uniform(tf: Any) -> list[Any]:
    """Inside, at the bounds, outside, and not a number."""
    x = tf.constant([[0.0, 3.0], [1.5, 0.5], [3.0, float("nan")]])
    a = tf.distributions.Uniform([0.5, 1.0], 3.0)
    return [*functions(a, x, "prob cdf"), *statistics(a, "entropy mean stddev variance"), a.range()]


def laplace(tf: Any) -> list[Any]:
    """Both sides of the location."""
    x = tf.constant([[-30.0, 0.5], [1.0, 2.0], [3.0, 40.0]])
    a = tf.distributions.Laplace([1.0, 2.0], [0.5, 3.0])
    return [*functions(a, x), *statistics(a)]


def gamma(tf: Any) -> list[Any]:
    """Times of several events, and of one."""
    d, x = tf.distributions, [[0.1, 2.0], [1.0, 0.0]]
    a, b = d.Gamma([2.0, 0.5], [1.5, 3.0]), d.Exponential([2.0, 0.5])
    made = [*functions(a, x), *functions(b, x), *statistics(a), *statistics(b)]
    return [*made, d.kl_divergence(a, d.Gamma(1.5, 0.5)), b.kl_divergence(a), a.batch_shape_tensor()]


def beta(tf: Any) -> list[Any]:
    """Parts of a whole."""
    d, x = tf.distributions, [[0.1, 0.2], [1.0, 0.75]]
    a, b = d.Beta([2.0, 0.5], [1.5, 3.0]), d.Beta(3.0, [2.0, 4.0], allow_nan_stats=False)
    made = [*functions(a, x, "prob log_prob"), *functions(a, [0.25, 1.0], "cdf log_cdf survival_function")]
    return [*made, *statistics(a), *statistics(b), a.kl_divergence(b)]


def dirichlet(tf: Any) -> list[Any]:
    """Several parts of a whole, with divergences."""
    d = tf.distributions
    a, b = d.Dirichlet([[2.0, 0.5, 3.0], [1.5, 3.0, 2.0]]), d.Dirichlet([1.5, 2.0, 3.0])
    made = functions(a, [[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]], "prob log_prob")
    return [*made, *statistics(a, "mean stddev variance entropy"), b.mode(), a.kl_divergence(b)]


def student(tf: Any) -> list[Any]:
    """Few degrees of freedom, where statistics do not exist, and many."""
    a = tf.distributions.StudentT([2.0, 0.5, 5.0], [1.5, 3.0, 0.0], 2.0)
    b = tf.distributions.StudentT(3.0, 1.0, [0.5, 2.0], allow_nan_stats=False)
    made = [*functions(a, [[0.1, 2.0, 3.0], [1.0, 0.0, -3.0]], "prob log_prob"), *functions(a, [0.1, 30.0, -3.0])]
    return [*made, *statistics(a), *statistics(b)]


def counts(tf: Any) -> list[Any]:
    """Counts of draws with known probabilities, and with drawn ones."""
    d, x = tf.distributions, [[1.0, 1.0, 2.0], [0.0, 0.0, 4.0]]
    a, b = d.Multinomial(4.0, probs=[0.2, 0.3, 0.5]), d.DirichletMultinomial(4.0, [[0.2, 0.3, 0.5], [2.0, 3.0, 1.0]])
    c = d.Multinomial([4.0, 3.0], logits=[[0.5, 1.0, 2.0], [1.0, 0.0, -1.0]])
    names = "mean stddev variance"
    made = [*functions(a, x, "prob log_prob"), *functions(b, x, "prob log_prob"), c.log_prob([[1, 1, 2.0], [0, 0, 3]])]
    return [*made, *statistics(a, names), *statistics(b, names), *statistics(c, names), c.event_shape_tensor()]


def covariances(tf: Any) -> list[Any]:
    """Covariances of the parts of an event."""
    d = tf.distributions
    a = d.Dirichlet([[2.0, 0.5, 3.0], [1.5, 3.0, 2.0]])
    b, c = (
        d.Multinomial([4.0, 3.0], logits=[[0.5, 1.0, 2.0], [1.0, 0.0, -1.0]]),
        d.DirichletMultinomial(4.0, [0.2, 3.0]),
    )
    return [a.covariance(), b.covariance(), c.covariance()]


def samples(tf: Any) -> list[Any]:
    """Random numbers of every distribution, with a seed of the operation and of the graph alone, and derivatives."""
    tf.set_random_seed(7)
    d = tf.distributions
    made: list[Any] = []
    for a in (
        d.Gamma([2.0, 0.5], [1.5, 3.0]),
        d.Exponential([2.0, 0.5]),
        d.Beta([2.0, 0.5], [1.5, 3.0]),
        d.Dirichlet([[2.0, 0.5, 3.0], [1.5, 3.0, 2.0]]),
        d.StudentT([2.0, 0.5, 5.0], [1.5, 3.0, 0.0], 2.0),
        d.Multinomial(4.0, logits=[0.5, 1.0, 2.0]),
        d.DirichletMultinomial(4.0, [[0.2, 0.3, 0.5], [2.0, 3.0, 1.0]]),
    ):
        seeded = a.sample([2, 2], seed=5)
        made += [seeded, a.sample(3)]
        parameters = [getattr(a, name, None) for name in ("concentration", "rate", "concentration1", "df", "scale")]
        grads = tf.gradients(seeded * seeded, [value for value in parameters if value is not None])
        made += [grad for grad in grads if grad is not None]
    return made


PROGRAMS: dict[str, Program] = {
    "normal": normal,
    "kl": kl,
    "bernoulli": bernoulli,
    "categorical": categorical,
    "laplace": laplace,
    "gamma": gamma,
    "beta": beta,
    "dirichlet": dirichlet,
    "student": student,
    "counts": counts,
}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {
    "far": far,
    "quantiles": quantiles,
    "bernoulli_events": bernoulli_events,
    "categorical_broadcast": categorical_broadcast,
    "categorical_of_unknown_shape": categorical_of_unknown_shape,
    "uniform": uniform,
    "covariances": covariances,
    "samples": samples,
}
"""Programs whose results are TensorFlow's."""
