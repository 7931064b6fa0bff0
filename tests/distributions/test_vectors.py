"""`MultivariateNormalDiag` agrees with `Normal` for each element, and what distributions refuse or tell of shapes."""

from __future__ import annotations

import numpy as np
import pytest

import hdfsaver as tf

LOC, SCALE = [[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]], [0.5, 1.0, 2.0]


def test_vectors_are_normal_in_each_element() -> None:
    """Densities, entropies, divergences and samples of vectors are those of the elements together."""
    vectors = tf.contrib.distributions.MultivariateNormalDiag(LOC, SCALE)
    other = tf.contrib.distributions.MultivariateNormalDiag(None, [1.0, 2.0, 0.5], 0.5)
    each, another = tf.distributions.Normal(LOC, SCALE), tf.distributions.Normal(0.0, [1.5, 2.5, 1.0])
    x = [[0.0, 1.0, 2.0], [1.0, -1.0, 0.5]]
    pairs = [
        (vectors.log_prob(x), tf.reduce_sum(each.log_prob(x), -1)),
        (vectors.entropy(), tf.reduce_sum(each.entropy(), -1)),
        (vectors.kl_divergence(other), tf.reduce_sum(each.kl_divergence(another), -1)),
        (vectors.covariance(), tf.matrix_diag(each.variance())),
        (vectors.stddev(), each.stddev()),
        (vectors.mean(), each.mean()),
        (vectors.sample(2, seed=4), each.sample(2, seed=4)),
    ]
    with tf.Session() as session:
        for found, expected in session.run(pairs):
            np.testing.assert_allclose(found, expected, rtol=2e-6)
    assert (2,) == vectors.batch_shape
    assert (3,) == vectors.event_shape
    with pytest.raises(ValueError, match="length of its vectors"):
        tf.contrib.distributions.MultivariateNormalDiag(scale_identity_multiplier=2.0)


def test_checked_arguments() -> None:
    """With ``validate_args`` parameters and values outside of their range are errors of the run."""
    d = tf.distributions
    for call in (
        lambda: d.Gamma(-1.0, 1.0, validate_args=True).mean(),
        lambda: d.Gamma(2.0, 1.0, validate_args=True).prob(-1.0),
        lambda: d.Beta(2.0, 1.0, validate_args=True).prob(2.0),
        lambda: d.Beta(0.5, 1.0, allow_nan_stats=False).mode(),
        lambda: d.Dirichlet([1.0, 2.0], validate_args=True).prob([0.3, 0.9]),
        lambda: d.StudentT(0.5, 1.0, 1.0, allow_nan_stats=False).mean(),
        lambda: d.Multinomial(4.0, probs=[0.5, 0.5], validate_args=True).prob([1.0, 1.0]),
        lambda: d.DirichletMultinomial(4.0, [0.5, 0.5], validate_args=True).prob([1.5, 2.5]),
    ):
        with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError):
            session.run(call())


def test_shapes_of_parameters() -> None:
    """A class tells the shapes of its parameters for a shape of samples."""
    d = tf.distributions
    assert {"concentration": [2], "rate": [2]} == {
        name: shape.as_list() for name, shape in d.Gamma.param_static_shapes([2]).items()
    }
    assert ["loc", "scale"] == list(d.Normal.param_static_shapes(tf.TensorShape([3])))
    with pytest.raises(ValueError, match="fully defined"):
        d.Normal.param_static_shapes(tf.TensorShape([None]))
    softplus = tf.contrib.distributions.NormalWithSoftplusScale(0.0, [0.5, 1.0])
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(softplus.stddev()), np.log1p(np.exp([0.5, 1.0])), rtol=1e-6)
