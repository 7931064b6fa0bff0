"""Buckets of strings by FarmHash, and strings joined with their neighbours: what TensorFlow 2.21 gave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_list

BUCKETS = {
    0: 1936946117179621569, 1: 550085751958558839, 3: 50737162503519645, 4: 74291032824012563,
    7: 3398365883158499763, 8: 3403648104430011034, 15: 3575310498258597009, 16: 663651183927827018,
    17: 3125010364355856186, 31: 2801713092741292900, 32: 3992320350721670009, 33: 3233698670931835711,
    63: 1203207000702785044, 64: 1859692024977922398, 65: 444801980686921533, 127: 1314699078308480933,
    128: 2003798058489048692, 129: 455335815384283904, 192: 2449078334170002338, 193: 1241311998069541,
    1000: 275936529534231275,
}  # fmt: skip
"""Of 2**62 - 57 buckets that of a text with so many bytes: each length has a rule of its own."""

NGRAMS = [
    ({"ngram_widths": [2], "pad_width": 0}, "a|b cc|d d|e", [0, 1, 1, 3]),
    (
        {"ngram_widths": [1, 3], "pad_width": -1},
        "a b L|L|a L|a|b a|b|R b|R|R L|L|R L|R|R cc d e L|L|cc L|cc|d cc|d|e d|e|R e|R|R",
        [0, 6, 8, 16],
    ),
    (
        {"ngram_widths": [3, 4], "pad_width": 1},
        "L|a|b a|b|R L|a|b|R L|cc|d cc|d|e d|e|R L|cc|d|e cc|d|e|R",
        [0, 3, 3, 8],
    ),
    ({"ngram_widths": [4], "pad_width": 0, "preserve_short_sequences": True}, "a|b cc|d|e", [0, 1, 1, 2]),
]


def ngrams(texts: list[str], places: list[int], **attrs: Any) -> Any:
    """The neighbours of texts."""
    attrs = {"preserve_short_sequences": False, "separator": b"|", "left_pad": b"L", "right_pad": b"R", **attrs}
    return apply_list("StringNGrams", np.array(texts, object), np.array(places, np.int64), **attrs)


def test_each_length_has_the_bucket_of_tensorflow() -> None:
    """Rules change at 4, 8, 16, 32 and 64 bytes; a matrix of texts gives a matrix."""
    texts = [bytes((7 * place + size) & 255 for place in range(size)) for size in BUCKETS]
    with tf.Session() as sess:
        found = sess.run(tf.strings.to_hash_bucket_fast(tf.constant(texts), 2**62 - 57))
        assert [*BUCKETS.values()] == found.tolist()
        assert sess.run(tf.string_to_hash_bucket_fast(tf.constant([["a"]]), 10)).shape == (1, 1)
    with pytest.raises(ValueError, match="num_buckets.* must be at least minimum 1"):
        tf.string_to_hash_bucket_fast(["a"], 0)


@pytest.mark.parametrize(("attrs", "texts", "ends"), NGRAMS)
def test_neighbours_are_joined(attrs: dict[str, Any], texts: str, ends: list[int]) -> None:
    """Rows of two, no and three texts, with pads before and behind."""
    with tf.Session() as sess:
        found, places = sess.run(ngrams(["a", "b", "cc", "d", "e"], [0, 2, 2, 5], **attrs))
    assert (texts.encode().split(), ends) == (found.tolist(), places.tolist())


@pytest.mark.parametrize(
    ("places", "message"),
    [([1, 2], "First split"), ([0, 3], "Invalid split"), ([0, 1], "Last split"), ([0, 2, 1, 2], "Invalid split")],
)
def test_rows_that_are_not_the_texts_are_refused(places: list[int], message: str) -> None:
    """Each text is in one row, and rows are in order."""
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match=message):
        sess.run(ngrams(["a", "b"], places, ngram_widths=[2], pad_width=0))


def test_rows_without_texts() -> None:
    """They have no neighbours, and no pads either."""
    with tf.Session() as sess:
        found, places = sess.run(ngrams([], [0, 0, 0], ngram_widths=[2], pad_width=-1))
    assert ([], [0, 0, 0]) == (found.tolist(), places.tolist())


def test_numbers_are_counted() -> None:
    """Each number below the size, once or with its weight; negative numbers and other weights are refused."""
    cases: list[tuple[Any, int, Any, list[float]]] = [
        ([1, 2, 2, 9], 4, [], [0, 1, 2, 0]),
        ([[1, 2], [2, 0]], 3, [[0.5, 1], [2, 3]], [3, 0.5, 3]),
    ]
    with tf.Session() as sess:
        for numbers, size, weights, expected in cases:
            made = apply("Bincount", np.int32(numbers), np.int32(size), np.float32(weights))
            assert expected == sess.run(made).tolist()
            assert made.shape == [size]
        for numbers, weights in (([-1], []), ([1, 2], [1.0])):
            with pytest.raises(tf.errors.InvalidArgumentError, match="negative|same size"):
                sess.run(apply("Bincount", np.int32(numbers), np.int32(2), np.float32(weights)))
    with pytest.raises(ValueError, match="negative"):
        apply("Bincount", np.int32([1]), np.int32(-1), np.float32([]))


def test_a_value_may_be_there_or_not() -> None:
    """Tensors as an optional value, and an optional value without tensors."""
    there = apply("OptionalFromValue", [tf.constant([1.0, 2.0]), tf.constant(3)])
    nothing = apply("OptionalNone")
    kinds = {"output_types": ["float32", "int32"], "output_shapes": [(2,), ()]}
    with tf.Session() as sess:
        asked = [apply("OptionalHasValue", each) for each in (there, nothing)]
        assert [True, False] == [bool(each) for each in sess.run(asked)]
        values = sess.run(apply_list("OptionalGetValue", there, **kinds))
        assert ([1.0, 2.0], 3) == (values[0].tolist(), values[1])
        with pytest.raises(tf.errors.InvalidArgumentError, match="does not have a value"):
            sess.run(apply_list("OptionalGetValue", nothing, **kinds))
