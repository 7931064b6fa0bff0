"""Texts as numbers, with the words, orders and files of `tf.contrib.learn.preprocessing`."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import hdfsaver as tf

TEXTS = ["a rose is a rose", "is it? HTTPServer's NewWords-too", "it is"]


def numbers(processor: tf.contrib.learn.preprocessing.VocabularyProcessor, texts: list[str]) -> list[list[int]]:
    """The rows of numbers as lists."""
    return [row.tolist() for row in processor.transform(texts)]


def test_words_are_numbered_in_their_order() -> None:
    """Zeros stand for the end and for words that `fit` did not meet."""
    processor = tf.contrib.learn.preprocessing.VocabularyProcessor(5)
    rows = [row.tolist() for row in processor.fit_transform(TEXTS)]
    assert [[1, 2, 3, 1, 2], [3, 4, 5, 6, 7], [4, 3, 0, 0, 0]] == rows
    assert ["HTTP", "Server's", "New", "Words-too"] == next(
        tf.contrib.learn.preprocessing.tokenizer(["HTTPServer's NewWords-too"])
    )
    assert [[0, 1, 0, 0, 0]] == numbers(processor, ["other a"])
    assert ["a rose <UNK>"] == list(processor.reverse([[1, 2, 0]]))


def test_rare_words_are_left_out_and_others_ordered() -> None:
    """Frequent words come first, equally frequent ones by name."""
    processor = tf.contrib.learn.preprocessing.VocabularyProcessor(5, min_frequency=1).fit(TEXTS)
    assert {"<UNK>": 0, "is": 1, "a": 2, "it": 3, "rose": 4} == processor.vocabulary_._mapping
    vocabulary = tf.contrib.learn.preprocessing.CategoricalVocabulary()
    for word, count in (("x", 5), ("y", 3), ("z", 1)):
        vocabulary.add(word, count)
    vocabulary.trim(0, 5)
    assert [0, 1, 2] == [vocabulary.get(word) for word in ("<UNK>", "y", "z")]
    assert 3 == vocabulary.get("new")
    vocabulary.freeze()
    assert 0 == vocabulary.get("newer")
    with pytest.raises(ValueError, match="support_reverse"):
        tf.contrib.learn.preprocessing.CategoricalVocabulary(support_reverse=False).reverse(0)


def test_a_saved_vocabulary_is_the_same(tmp_path: Path) -> None:
    """A file of JSON; a tokenizer of the program is given again."""
    made = tf.contrib.learn.preprocessing.VocabularyProcessor(4, 1, tokenizer_fn=lambda texts: map(str.split, texts))
    made.fit(TEXTS)
    path = tmp_path / "vocab"
    made.save(path)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"restore\(filename, tokenizer_fn"):
        made.restore(path)
    read = made.restore(path, tokenizer_fn=lambda texts: map(str.split, texts))
    assert numbers(made, TEXTS) == numbers(read, TEXTS)
    assert made.vocabulary_._freq == read.vocabulary_._freq
    assert (4, 1) == (read.max_document_length, read.min_frequency)


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    """A pickle is never loaded, and a damaged file is told."""
    path = tmp_path / "vocab"
    path.write_bytes(pickle.dumps({"a": 1}))
    restore = tf.contrib.learn.preprocessing.VocabularyProcessor.restore
    with pytest.raises(tf.errors.InvalidArgumentError, match="is a pickle"):
        restore(path)
    tf.contrib.learn.preprocessing.VocabularyProcessor(4).fit(TEXTS).save(path)
    text = path.read_text(encoding="utf-8")
    changes = [text.replace('"a"', "[1]"), text.replace("[2,", "["), text.replace("4", "null", 1)]
    for damaged in (text[:-3], "{}", *changes):
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(tf.errors.DataLossError, match="vocab is"):
            restore(path)
    with pytest.raises(tf.errors.NotFoundError):
        restore(tmp_path / "none")


def test_bytes_of_texts() -> None:
    """Cut or filled up with zeros, and put together again."""
    processor = tf.contrib.learn.preprocessing.ByteProcessor(4)
    rows = list(processor.fit_transform(["aé", b"abcdef"]))
    assert [[97, 195, 169, 0], [97, 98, 99, 100]] == [row.tolist() for row in rows]
    assert ["aé", "abcd"] == list(processor.reverse(rows))
