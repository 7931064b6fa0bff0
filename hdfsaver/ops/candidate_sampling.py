"""Classes drawn as candidates, for losses that look at some of many classes; and how often each is expected."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.ops.base import Flat, KernelState, invalid, with_rank
from hdfsaver.random_numbers import philox
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_RESERVED = 512
"""The blocks of words that TensorFlow reserves for each candidate."""

_BLOCKS = 64

Words = Iterator[int]
"""Random numbers of 32 bits."""


def _words(state: KernelState, node: Node) -> Words:
    """The words of a run, which reserves as many as TensorFlow does; it may use more of them."""
    blocks = _RESERVED * node.attrs["num_sampled"]
    stream = state.random.reserve(node.name, node.attrs["seed"], node.attrs["seed2"], blocks)
    while True:
        yield from philox.words(stream, philox.WORDS * _BLOCKS).tolist()
        stream = stream.after(_BLOCKS)


def _fraction(words: Words) -> float:
    """A number from 0 to 1 of 52 bits."""
    upper = next(words) & 0xFFFFF
    return (upper << 32 | next(words)) / 2**52


def _below(count: int, number: Callable[[], int], bits: int) -> int:
    """An integer below a count; those that would make the small ones more likely are drawn again."""
    if count & (count - 1) == 0:
        return number() & (count - 1)
    least = (2**bits - 1) % count + 1
    found = number()
    while found < least:
        found = number()
    return found % count


def _long(words: Words) -> int:
    return next(words) | next(words) << 32


class _Distribution:
    """Classes from 0 on, and how probable each is."""

    def __init__(self, count: int) -> None:
        self.count = count

    def draw(self, words: Words) -> int:
        """One of the classes."""
        return _below(self.count, lambda: _long(words), 64)

    def probabilities(self, classes: Array) -> Array:
        """Of classes, in float32."""
        return np.full(np.shape(classes), np.float32(1.0 / self.count))


class _LogUniform(_Distribution):
    """The logarithm of a class is uniform, which fits words that are sorted by their frequency."""

    def draw(self, words: Words) -> int:
        return (int(math.exp(_fraction(words) * math.log1p(self.count))) - 1) % self.count

    def probabilities(self, classes: Array) -> Array:
        return (np.log((classes + 2.0) / (classes + 1.0)) / math.log1p(self.count)).astype(np.float32)


class _Counted(_Distribution):
    """Classes by how often each was seen."""

    def __init__(self, counts: Array) -> None:
        super().__init__(len(counts))
        self.counts = counts
        self.sums = np.cumsum(counts)

    def draw(self, words: Words) -> int:
        place = _below(int(self.sums[-1]), lambda: next(words), 32)
        return int(np.searchsorted(self.sums, place, side="right"))

    def probabilities(self, classes: Array) -> Array:
        return self.counts[classes].astype(np.float32) / np.float32(self.sums[-1])


class _Weighted(_Distribution):
    """Classes by weights, drawn by two numbers: a class, and whether another one takes its place (A. Walker, 1977).

    The pairs of classes are those of TensorFlow, so that equal random numbers give equal classes.
    """

    def __init__(self, weights: Array) -> None:
        super().__init__(len(weights))
        self.weights = weights
        self.total = np.float32(0.0)
        for weight in weights:
            self.total += weight
        self.other = list(range(self.count))
        parts = (weights * np.float32(self.count)).astype(np.float64) / float(np.sum(weights, dtype=np.float64))
        scarce = [place for place, part in enumerate(parts) if part < 1.0]
        ample = [place for place, part in enumerate(parts) if part >= 1.0]
        while ample and scarce:
            low, high = scarce.pop(), ample.pop()
            self.other[low] = high
            parts[high] -= 1.0 - parts[low]
            (scarce if parts[high] < 1.0 else ample).append(high)
        for place in (*ample, *scarce):  # what is left is 1 but for rounding
            parts[place], self.other[place] = 1.0, place
        self.parts = parts.astype(np.float32)

    def draw(self, words: Words) -> int:
        fraction = (next(words) & 0x7FFFFF) / 2**23
        place = _below(self.count, lambda: next(words), 32)
        return place if fraction < self.parts[place] else self.other[place]

    def probabilities(self, classes: Array) -> Array:
        found: Array = self.weights[classes] / self.total
        return found


def _expected(probabilities: Array, count: int, tries: int) -> Array:
    """How often classes are expected among the drawn ones, which took some number of tries."""
    if tries == count:
        return probabilities * np.float32(count)
    return -np.expm1(np.float32(tries) * np.log1p(-probabilities))


class _Sampler(Flat):
    """Draw candidates."""

    signature = (
        "true_classes: int64 -> "
        "sampled_candidates: int64, true_expected_count: float32, sampled_expected_count: float32"
    )
    needed = {"num_true": "int", "num_sampled": "int", "unique": "bool"}
    attrs = {"seed": 0, "seed2": 0}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(num_sampled,), (the rows of true_classes, num_true), (num_sampled,)."""
        shape = with_rank(node.input_shapes[0], 2)
        drawn = (node.attrs["num_sampled"],)
        return [drawn, (shape[0] if shape else None, node.attrs["num_true"]), drawn]

    def kernel(self, node: Node) -> Kernel:
        count, width, unique = (node.attrs[name] for name in ("num_sampled", "num_true", "unique"))
        fixed = self.fixed(node)

        def sample(state: KernelState, classes: Array) -> tuple[Array, Array, Array]:
            if np.ndim(classes) != 2:
                raise invalid("true_classes must be a matrix")
            if classes.shape[1] != width:
                raise invalid(f"true_classes must have num_true columns, expected: {width} was: {classes.shape[1]}")
            known = self.learned(state, node) if fixed is None else fixed
            if unique and count > known.count:
                raise invalid("Sampler's range is too small.")
            for found in classes[(classes < 0) | (classes >= known.count)]:
                raise invalid(f"`true_candidate` out of range [0, {known.count}), received {found}")
            drawn, tries = _drawn(known, _words(state, node), count, unique)
            results = [_expected(known.probabilities(those), count, tries) for those in (classes, drawn)]
            if fixed is None:
                self.learn(state, node, classes)
            return drawn, results[0], results[1]

        return sample

    def fixed(self, node: Node) -> _Distribution | None:
        """The distribution, where it is the same in all runs."""
        raise NotImplementedError

    def learned(self, state: KernelState, node: Node) -> _Distribution:
        """The distribution in this run."""
        raise NotImplementedError

    def learn(self, state: KernelState, node: Node, classes: Array) -> None:
        """Take classes into account from now on."""


def _drawn(known: _Distribution, words: Words, count: int, unique: bool) -> tuple[Array, int]:
    """Classes, and how many were drawn to have them."""
    found: dict[int, None] = {}
    if not unique:
        return np.array([known.draw(words) for _ in range(count)], np.int64), count
    tries = 0
    while len(found) < count:
        tries += 1
        found[known.draw(words)] = None
    return np.array(list(found), np.int64), tries


class _RangeSampler(_Sampler):
    """Draw candidates from a range of classes."""

    needed = {**_Sampler.needed, "range_max": "int"}
    minimums = {"num_true": 1, "num_sampled": 1, "range_max": 1}


@register
class UniformCandidateSampler(_RangeSampler):
    """Draw classes that are all equally probable, and tell how often these and the true ones are expected."""

    type = "UniformCandidateSampler"

    def fixed(self, node: Node) -> _Distribution:
        return _Distribution(node.attrs["range_max"])


@register
class LogUniformCandidateSampler(_RangeSampler):
    """As `UniformCandidateSampler`, where the logarithms of the classes are uniform: small ones are more probable."""

    type = "LogUniformCandidateSampler"

    def fixed(self, node: Node) -> _Distribution:
        return _LogUniform(node.attrs["range_max"])


@register
class LearnedUnigramCandidateSampler(_RangeSampler):
    """As `UniformCandidateSampler`, by how often each class was among the true ones in earlier runs of the session."""

    type = "LearnedUnigramCandidateSampler"

    def fixed(self, node: Node) -> _Distribution | None:
        return None

    def learned(self, state: KernelState, node: Node) -> _Distribution:
        return _Counted(self._counts(state, node))

    def learn(self, state: KernelState, node: Node, classes: Array) -> None:
        counts = self._counts(state, node).copy()
        np.add.at(counts, classes.ravel(), 1)
        state.variables[_key(node)] = counts

    @staticmethod
    def _counts(state: KernelState, node: Node) -> Array:
        found = state.variables.get(_key(node))
        return np.ones(node.attrs["range_max"], np.int64) if found is None else found


def _key(node: Node) -> str:
    """The key of counts in a session's state, which no variable can have."""
    return f"{node.name}\0counts"


@register
class FixedUnigramCandidateSampler(_RangeSampler):
    """As `UniformCandidateSampler`, by a weight for each class, to the power of distortion."""

    type = "FixedUnigramCandidateSampler"
    attrs = {
        "vocab_file": b"",
        "distortion": 1.0,
        "num_reserved_ids": 0,
        "num_shards": 1,
        "shard": 0,
        "unigrams": [],
        "seed": 0,
        "seed2": 0,
    }
    needed = {**_RangeSampler.needed, "unigrams": "list(float)"}  # its kind: the default does not tell it
    minimums = {**_RangeSampler.minimums, "num_shards": 1, "shard": 0}
    differs = "Weights of a vocab_file are not read, since a graph may come from elsewhere: give them as unigrams."

    def fixed(self, node: Node) -> _Distribution:
        attrs = node.attrs
        if attrs["vocab_file"] and attrs["unigrams"]:
            raise invalid("Must only provide one of vocab_file and unigrams.")
        if attrs["vocab_file"]:
            raise UnimplementedError(
                None, None, "The weights of candidates are not read from a file here: give them as unigrams."
            )
        if not attrs["unigrams"]:
            raise invalid("Must provide either vocab_file or unigrams.")
        given = np.array(attrs["unigrams"], np.float32)
        reserved = np.zeros(attrs["num_reserved_ids"], np.float32)
        shards, shard = attrs["num_shards"], attrs["shard"]
        own = np.concatenate(
            [reserved[shard::shards], given[_own_part(len(reserved[shard::shards]), len(given), attrs)]]
        )
        if attrs["range_max"] != len(own):
            raise invalid(f"range is {attrs['range_max']} must be equal to weights size  {len(own)}")
        own[len(reserved[shard::shards]) :] **= np.float32(attrs["distortion"])
        return _Weighted(own)


def _own_part(first: int, count: int, attrs: Any) -> Array:
    """Where the weights of a shard are; the numbers of the classes go on from the reserved ones that it has."""
    numbers = np.arange(first, first + count)
    found: Array = np.flatnonzero(numbers % attrs["num_shards"] == attrs["shard"])
    return found


@register
class AllCandidateSampler(_Sampler):
    """All classes are candidates, as often as expected."""

    type = "AllCandidateSampler"
    minimums = {"num_true": 1, "num_sampled": 1}

    def kernel(self, node: Node) -> Kernel:
        count, width = node.attrs["num_sampled"], node.attrs["num_true"]

        def sample(state: KernelState, classes: Array) -> tuple[Array, Array, Array]:
            if np.ndim(classes) != 2:
                raise invalid("true_classes must be a matrix")
            if classes.shape[1] != width:
                raise invalid(f"true_classes must have num_true columns, expected: {width} was: {classes.shape[1]}")
            return np.arange(count), np.ones(np.shape(classes), np.float32), np.ones(count, np.float32)

        return sample


@register
class ComputeAccidentalHits(Flat):
    """Where true classes are among the candidates: rows, places among the candidates, and the least float32 each."""

    type = "ComputeAccidentalHits"
    signature = "true_classes: int64, sampled_candidates: int64 -> indices: int32, ids: int64, weights: float32"
    needed = {"num_true": "int"}
    attrs = {"seed": 0, "seed2": 0}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Vectors of one unknown length."""
        with_rank(node.input_shapes[0], 2)
        with_rank(node.input_shapes[1], 1)
        return [(None,), (None,), (None,)]

    def kernel(self, node: Node) -> Kernel:
        width = node.attrs["num_true"]

        def hits(classes: Array, candidates: Array) -> tuple[Array, Array, Array]:
            if np.ndim(classes) != 2 or classes.shape[1] != width:
                raise invalid("true_candidates must be a batch_size * num_true matrix")
            if np.ndim(candidates) != 1:
                raise invalid("sampled_candidates must be a vector, which is typically an output from CandidateSampler")
            places = {candidate: place for place, candidate in enumerate(candidates.tolist())}
            found = [
                (row, places[those])
                for row, listed in enumerate(classes.tolist())
                for those in listed
                if those in places
            ]
            rows = np.array([row for row, _ in found], np.int32)
            ids = np.array([place for _, place in found], np.int64)
            return rows, ids, np.full(len(found), -np.finfo(np.float32).max)

        return hits
