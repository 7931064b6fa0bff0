"""``tf.contrib.learn.preprocessing``: texts as numbers of words or of bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Self

import numpy as np

from hdfsaver.errors import DataLossError, InvalidArgumentError
from hdfsaver.files.file_io import FileIO, PathLike
from hdfsaver.files.file_systems import path_text
from hdfsaver.files.whole_files import write_whole
from hdfsaver.reading.checkpoint_names import as_target
from hdfsaver.tensor_info import Array

TOKENIZER_RE = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]+(?=[A-Z])|['\w\-]+")
"""A word: capitals, the words of ``WordsLikeThis``, or letters, digits, apostrophes and hyphens."""

_FORMAT = "hdfsaver vocabulary 1"

Tokenizer = Callable[[Iterable[Any]], Iterable[Sequence[Any]]]


def tokenizer(iterator: Iterable[str]) -> Iterator[list[str]]:
    """The words of each text."""
    for text in iterator:
        yield TOKENIZER_RE.findall(text)


class CategoricalVocabulary:
    """Numbers for words or other categories, in the order in which they are met; 0 stands for unknown ones.

    Parameters
    ----------
    unknown_token : str
        What number 0 is called.
    support_reverse : bool
        Whether `reverse` is needed.
    """

    def __init__(self, unknown_token: str = "<UNK>", support_reverse: bool = True) -> None:  # noqa: S107, no secret
        self._unknown_token = unknown_token
        self._support_reverse = support_reverse
        self._mapping: dict[Any, int] = {unknown_token: 0}
        self._freq: dict[Any, int] = {}
        self._reverse_mapping: list[Any] = [unknown_token]
        self._freeze = False

    def __len__(self) -> int:
        return len(self._mapping)

    def freeze(self, freeze: bool = True) -> None:
        """From now on give new categories no numbers; False ends that."""
        self._freeze = freeze

    def get(self, category: Hashable) -> int:
        """The number of a category, a new one where it has none; 0 in a frozen vocabulary."""
        if category not in self._mapping:
            if self._freeze:
                return 0
            self._mapping[category] = len(self._mapping)
            self._reverse_mapping.append(category)
        return self._mapping[category]

    def add(self, category: Hashable, count: int = 1) -> None:
        """Count a category."""
        if self.get(category) > 0:
            self._freq[category] = self._freq.get(category, 0) + count

    def trim(self, min_frequency: int, max_frequency: int = -1) -> None:
        """Keep the categories that are frequent enough, and number them anew: frequent ones first, then by name.

        Parameters
        ----------
        min_frequency : int
            Categories that were counted as often, or less often, are left out.
        max_frequency : int
            If positive, categories that were counted as often, or more often, are left out.
        """
        counted = sorted(self._freq.items(), key=lambda item: (isinstance(item[0], str), item[0]))
        counted.sort(key=lambda item: item[1], reverse=True)
        self._freq = {
            category: count for category, count in counted if count > min_frequency and not 0 < max_frequency <= count
        }
        self._number(self._freq)

    def _number(self, categories: Iterable[Any]) -> None:
        self._reverse_mapping = [self._unknown_token, *categories]
        self._mapping = {category: number for number, category in enumerate(self._reverse_mapping)}

    def reverse(self, class_id: int) -> Any:
        """The category of a number.

        Raises
        ------
        ValueError
            The vocabulary was made without that.
        IndexError
            There is no such number.
        """
        if not self._support_reverse:
            raise ValueError("This vocabulary wasn't initialized with support_reverse to support reverse() function.")
        return self._reverse_mapping[class_id]


class ByteProcessor:
    """Texts as the numbers of their bytes in UTF-8.

    Parameters
    ----------
    max_document_length : int
        Longer texts are cut; shorter ones end in zeros.
    """

    def __init__(self, max_document_length: int) -> None:
        self.max_document_length = max_document_length

    def fit(self, x: object) -> None:
        """Nothing has to be learned."""

    def fit_transform(self, x: Iterable[str | bytes]) -> Iterator[Array]:
        """See `transform`."""
        return self.transform(x)

    def transform(self, x: Iterable[str | bytes]) -> Iterator[Array]:
        """The bytes of each text."""
        for text in x:
            data = (text.encode() if isinstance(text, str) else bytes(text))[: self.max_document_length]
            yield np.frombuffer(data.ljust(self.max_document_length, b"\0"), np.uint8).copy()

    def reverse(self, x: Iterable[Array]) -> Iterator[str]:
        """The text of each list of bytes; an empty one where they are not UTF-8."""
        for numbers in x:
            data = np.trim_zeros(np.asarray(numbers).astype(np.uint8), trim="b").tobytes()
            try:
                yield data.decode()
            except UnicodeDecodeError:
                yield ""


class VocabularyProcessor:
    """Texts as the numbers of their words.

    Parameters
    ----------
    max_document_length : int
        Further words of a text are left out; shorter texts end in zeros.
    min_frequency : int
        If positive, `fit` leaves out words that were met as often, or less often.
    vocabulary : CategoricalVocabulary, optional
        The numbers to begin with.
    tokenizer_fn : callable, optional
        Gives a list of words for each text; by default `tokenizer`.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> processor = tf.contrib.learn.preprocessing.VocabularyProcessor(4)
    >>> [list(map(int, text)) for text in processor.fit_transform(["to be or", "not to be"])]
    [[1, 2, 3, 0], [4, 1, 2, 0]]
    """

    def __init__(
        self,
        max_document_length: int,
        min_frequency: int = 0,
        vocabulary: CategoricalVocabulary | None = None,
        tokenizer_fn: Tokenizer | None = None,
    ) -> None:
        self.max_document_length = max_document_length
        self.min_frequency = min_frequency
        self.vocabulary_ = vocabulary or CategoricalVocabulary()
        self._tokenizer: Tokenizer = tokenizer_fn or tokenizer

    def fit(self, raw_documents: Iterable[str], unused_y: object = None) -> Self:
        """Number the words of the texts, and give no further numbers.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts.
        unused_y : object, optional
            Without effect, as in TensorFlow.

        Returns
        -------
        VocabularyProcessor
            This one.
        """
        for words in self._tokenizer(raw_documents):
            for word in words:
                self.vocabulary_.add(word)
        if self.min_frequency > 0:
            self.vocabulary_.trim(self.min_frequency)
        self.vocabulary_.freeze()
        return self

    def fit_transform(self, raw_documents: Iterable[str], unused_y: object = None) -> Iterator[Array]:
        """`fit`, and then `transform`.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts; an iterator has nothing left for the second step, as in TensorFlow.
        unused_y : object, optional
            Without effect, as in TensorFlow.

        Returns
        -------
        iterator of ndarray
        """
        self.fit(raw_documents)
        return self.transform(raw_documents)

    def transform(self, raw_documents: Iterable[str]) -> Iterator[Array]:
        """The numbers of the words of each text, as int64."""
        for words in self._tokenizer(raw_documents):
            numbers = np.zeros(self.max_document_length, np.int64)
            for place, word in enumerate(words[: self.max_document_length]):
                numbers[place] = self.vocabulary_.get(word)
            yield numbers

    def reverse(self, documents: Iterable[Iterable[int]]) -> Iterator[str]:
        """The words of the numbers, with spaces between them."""
        for numbers in documents:
            yield " ".join(self.vocabulary_.reverse(number) for number in numbers)

    def save(self, filename: PathLike) -> None:
        """Write the words, their counts and the settings into a file of JSON.

        TensorFlow writes a pickle, which can run any code when it is read. A tokenizer of the program is not written;
        `restore` takes it again.

        Raises
        ------
        TypeError
            A category is neither a string nor a number.
        OpError
            The file cannot be written.
        """
        vocabulary = self.vocabulary_
        said = {
            "format": _FORMAT,
            "max_document_length": self.max_document_length,
            "min_frequency": self.min_frequency,
            "own_tokenizer": self._tokenizer is not tokenizer,
            "frozen": vocabulary._freeze,
            "unknown": vocabulary._unknown_token,
            "reverse": vocabulary._support_reverse,
            "words": vocabulary._reverse_mapping[1:],
            "counts": [vocabulary._freq.get(word, 0) for word in vocabulary._reverse_mapping[1:]],
        }
        write_whole(as_target(filename), json.dumps(said).encode())

    @classmethod
    def restore(cls, filename: PathLike, *, tokenizer_fn: Tokenizer | None = None) -> Self:
        """Read what `save` has written.

        Parameters
        ----------
        filename : path
            The file.
        tokenizer_fn : callable, optional
            The tokenizer of the program, where there was one.

        Returns
        -------
        VocabularyProcessor

        Raises
        ------
        NotFoundError
            The file does not exist.
        InvalidArgumentError
            It is a pickle, as TensorFlow writes it, or was saved with a tokenizer that is not given.
        DataLossError
            It is damaged, or another file.
        """
        with FileIO(filename, "rb") as file:
            data = file.read()
        if data[:1] in (b"\x80", b"c", b"("):
            raise InvalidArgumentError(
                None,
                None,
                f"{path_text(filename)} is a pickle, which can run any code and is not read here. Call fit with the "
                "same texts again, and save.",
            )
        said = _read(data, path_text(filename))
        if said["own_tokenizer"] and tokenizer_fn is None:
            raise InvalidArgumentError(
                None,
                None,
                f"{path_text(filename)} was saved with a tokenizer of the program, which is not in the file. Give it "
                "again: restore(filename, tokenizer_fn=...).",
            )
        vocabulary = CategoricalVocabulary(said["unknown"], said["reverse"])
        vocabulary._number(said["words"])
        vocabulary._freq = {word: count for word, count in zip(said["words"], said["counts"], strict=True) if count}
        vocabulary.freeze(said["frozen"])
        return cls(said["max_document_length"], said["min_frequency"], vocabulary, tokenizer_fn)


_KINDS = {
    "max_document_length": int,
    "min_frequency": int,
    "own_tokenizer": bool,
    "frozen": bool,
    "unknown": str,
    "reverse": bool,
    "words": list,
    "counts": list,
}


def _read(data: Any, path: str) -> dict[str, Any]:
    """The object of JSON in a file, whose parts are of the right classes."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataLossError(None, None, f"{path} is not a vocabulary: {error}") from None
    if not isinstance(said, dict) or said.get("format") != _FORMAT:
        raise DataLossError(None, None, f"{path} is not a vocabulary: {_FORMAT!r} is missing.")
    wrong = [name for name, kind in _KINDS.items() if type(said.get(name)) is not kind]
    numbers = [count for count in said["counts"] if type(count) is not int] if not wrong else []
    words = [word for word in said["words"] if type(word) not in (str, int, float)] if not wrong else []
    if wrong or numbers or words or len(said["words"]) != len(said["counts"]) or said["max_document_length"] < 0:
        raise DataLossError(None, None, f"{path} is damaged: {', '.join(wrong) or 'words and counts'} cannot be read.")
    return said
