"""Functions with several results give them under TensorFlow's names, also when a session has run them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import hdfsaver as tf

SAMPLERS = ("sampled_candidates", "true_expected_count", "sampled_expected_count")
CLASSES = [[1]]
NAMED: list[tuple[Callable[[], Any], str, tuple[str, ...]]] = [
    (lambda: tf.nn.top_k([1.0, 3.0, 2.0], 2), "TopKV2", ("values", "indices")),
    (lambda: tf.unique([1, 2, 1]), "Unique", ("y", "idx")),
    (lambda: tf.unique_with_counts([1, 2, 1]), "UniqueWithCounts", ("y", "idx", "count")),
    (lambda: tf.setdiff1d([1, 2], [1]), "ListDiff", ("out", "idx")),
    (lambda: tf.qr([[1.0, 0.0], [0.0, 1.0]]), "Qr", ("q", "r")),
    (lambda: tf.linalg.slogdet([[2.0]]), "LogMatrixDeterminant", ("sign", "log_abs_determinant")),
    (lambda: tf.nn.uniform_candidate_sampler(CLASSES, 1, 2, True, 9), "UniformCandidateSampler", SAMPLERS),
    (lambda: tf.nn.log_uniform_candidate_sampler(CLASSES, 1, 2, True, 9), "LogUniformCandidateSampler", SAMPLERS),
    (
        lambda: tf.nn.learned_unigram_candidate_sampler(CLASSES, 1, 2, True, 9),
        "LearnedUnigramCandidateSampler",
        SAMPLERS,
    ),
    (
        lambda: tf.nn.fixed_unigram_candidate_sampler(CLASSES, 1, 2, True, 3, unigrams=[1.0, 2.0, 3.0]),
        "FixedUnigramCandidateSampler",
        SAMPLERS,
    ),
    (lambda: tf.nn.compute_accidental_hits(CLASSES, [1, 2], 1), "ComputeAccidentalHits", ("indices", "ids", "weights")),
]


@pytest.mark.parametrize(("make", "kind", "fields"), NAMED, ids=[kind for _, kind, _ in NAMED])
def test_results_have_names(make: Callable[[], Any], kind: str, fields: tuple[str, ...]) -> None:
    """A program reads ``top_k(x).indices``, of tensors and of what a run gives; it prints TensorFlow's name."""
    tensors = make()
    assert isinstance(tensors, tuple)
    with tf.Session() as sess:
        values = sess.run(tensors)
    assert type(values) is type(tensors)
    assert (kind, fields) == (type(values).__name__, getattr(values, "_fields", None))
    assert repr(values).startswith(f"{kind}({fields[0]}=")
    assert [tensor.op.outputs.index(tensor) for tensor in tensors] == list(range(len(fields)))


def test_names_of_operations_within_functions() -> None:
    """A name that is given is that of the scope and that of the operation in it, as programs fetch them."""
    places = tf.nn.in_top_k([[1.0, 2.0]], [1], 1)
    assert "in_top_k/InTopKV2:0" == places.name
    assert "hit/hit:0" == tf.nn.in_top_k([[1.0, 2.0]], [1], 1, name="hit").name
    kind = "SparseSoftmaxCrossEntropyWithLogits"
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
    assert f"{kind}/{kind}:0" == entropy(labels=[1], logits=[[1.0, 2.0]]).name
    assert "xentropy/xentropy:0" == entropy(labels=[1], logits=[[1.0, 2.0]], name="xentropy").name
    entropy(labels=[[1]], logits=[[[1.0, 2.0]]], name="more")
    assert kind == tf.get_default_graph().get_operation_by_name("more/more").type
