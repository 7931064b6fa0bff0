"""Neighbours in rows of strings, joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.definition import INDICES, Kernel, Node, register
from hdfsaver.ops.base import Flat, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


@register
class StringNGrams(Flat):
    """The strings of each row joined with their neighbours, for each width; rows are given by where they begin."""

    type = "StringNGrams"
    signature = "data: string, data_splits: Tsplits -> ngrams: string, ngrams_splits: Tsplits"
    types = {"Tsplits": INDICES}
    default_types = {"Tsplits": "int64"}
    minimums = {"ngram_widths": 0}
    needed = {
        "separator": "string",
        "ngram_widths": "list(int)",
        "left_pad": "string",
        "right_pad": "string",
        "pad_width": "int",
        "preserve_short_sequences": "bool",
    }

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown,), and that of data_splits."""
        with_rank(node.input_shapes[0], 1)
        shape = with_rank(node.input_shapes[1], 1)
        return [(None,), (None,) if shape is None else shape]

    def kernel(self, node: Node) -> Kernel:
        attrs, dtype = dict(node.attrs), dtypes.numpy_dtype(node.attrs["Tsplits"])

        def joined(data: Any, splits: Array) -> tuple[Array, Array]:
            if any(width <= 0 for width in attrs["ngram_widths"]):
                raise invalid("ngram_widths must contain positive values")
            places = [int(place) for place in splits]
            _check_splits(places, len(data))
            if not places:
                return _array([b""] * len(data)), np.zeros(0, dtype)  # as TensorFlow gives
            items = data.tolist()
            pairs = list(pairwise(places)) if items else []  # without strings no pads either
            rows = [list(_row(items[first:last], attrs)) for first, last in pairs]
            ends = np.zeros(len(places), dtype)
            if rows:
                ends[1:] = np.cumsum([len(row) for row in rows])
            return _array([item for row in rows for item in row]), ends

        return joined


def _array(items: list[bytes]) -> Array:
    found = np.empty(len(items), object)
    found[:] = items
    return found


def _check_splits(places: list[int], count: int) -> None:
    """Refuse rows that are not the given strings, each in one row."""
    if not places:
        return
    if places[0] != 0:
        raise invalid(f"First split value must be 0, got {places[0]}")
    for before, place in pairwise(places):
        if not before <= place <= count:
            raise invalid(f"Invalid split value {place}, must be in [{before}, {count}]")
    if places[-1] != count:
        raise invalid(f"Last split value must be data size. Expected {count}, got {places[-1]}")


def _row(items: list[bytes], attrs: dict[str, Any]) -> Iterator[bytes]:
    """The joined strings of one row."""
    found = False
    for width in attrs["ngram_widths"]:
        pads = width - 1 if attrs["pad_width"] < 0 else min(attrs["pad_width"], width - 1)
        padded = [attrs["left_pad"]] * pads + items + [attrs["right_pad"]] * pads
        for first in range(len(padded) - width + 1):
            found = True
            yield attrs["separator"].join(padded[first : first + width])
    if attrs["preserve_short_sequences"] and items and not found:
        pads = attrs["pad_width"]
        if pads < 0:
            raise invalid(
                "Pad width should be >= 0 when preserve_short_sequences is True and ngram_widths are not provided, "
                f"got {pads}"
            )
        yield attrs["separator"].join([attrs["left_pad"]] * pads + items + [attrs["right_pad"]] * pads)
