"""The best sequence of tags is the best of all, and the likelihoods of all sequences are 1 together."""

from __future__ import annotations

import itertools

import numpy as np

import hdfsaver as tf
from tests.contrib.tags import SCORES, TRANSITIONS


def score(tags: tuple[int, ...]) -> float:
    """The score of a sequence of tags for the first scores of the programs."""
    pairs = itertools.pairwise(tags)
    return sum(SCORES[0][place][tag] for place, tag in enumerate(tags)) + sum(TRANSITIONS[a][b] for a, b in pairs)


def test_the_best_sequence() -> None:
    """`viterbi_decode` and `crf_decode` find what a search among all sequences finds."""
    best = max(itertools.product(range(3), repeat=4), key=score)
    tags, found = tf.contrib.crf.viterbi_decode(np.array(SCORES[0]), TRANSITIONS)
    assert (list(best), score(best)) == (tags, found)
    with tf.Session() as session:
        decoded, number = session.run(tf.contrib.crf.crf_decode(SCORES[:1], TRANSITIONS, [4]))
    assert ([list(best)], [score(best)]) == (decoded.tolist(), number.tolist())


def test_all_sequences_together() -> None:
    """The probabilities of all sequences add up to 1."""
    every = list(itertools.product(range(3), repeat=4))
    scores, lengths = np.repeat(np.array(SCORES[:1], np.float32), len(every), 0), [4] * len(every)
    likelihoods, _ = tf.contrib.crf.crf_log_likelihood(scores, every, lengths, np.array(TRANSITIONS, np.float32))
    with tf.Session() as session:
        np.testing.assert_allclose(np.exp(session.run(likelihoods)).sum(), 1, rtol=1e-5)
