"""The command `show`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, NamedTuple, TypedDict

import numpy as np
import typer

from hdfsaver.cli import array_text
from hdfsaver.cli.arguments import Anything, AsJson, Group
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import plain, real, say_json
from hdfsaver.cli.terminal_text import say
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.inspection.array_blocks import AT_ONCE, blocks
from hdfsaver.inspection.array_edges import edges, edges_of
from hdfsaver.inspection.array_statistics import BINS, Statistics, is_numeric, statistics
from hdfsaver.inspection.asked_arrays import Asked, asked
from hdfsaver.tensor_info import STRING, Array

_LIMIT = 1000


class StatisticsForm(TypedDict):
    """Numbers about the numbers of an array; those of complex numbers are of their absolute values.

    Attributes
    ----------
    min : int or float or str or None
    max : int or float or str or None
    mean : int or float or str or None
    std : int or float or str or None
        All four of the finite numbers; null without any.
    nan : int
    inf : int
    zeros : int
        The elements that are NaN, infinite, and 0.
    edges : list of int or float or str
        The bounds of the bins of the histogram; empty without `--histogram`.
    counts : list of int
        The finite numbers in each bin.
    """

    min: int | float | str | None
    max: int | float | str | None
    mean: int | float | str | None
    std: int | float | str | None
    nan: int
    inf: int
    zeros: int
    edges: list[int | float | str]
    counts: list[int]


class ShownForm(TypedDict):
    """An array or a part of one.

    Attributes
    ----------
    name : str
    dtype : str
    shape : list of int
        That of the part.
    nbytes : int
        Bytes of the values of the part; of strings the bytes of all strings.
    part : str
        The part behind the name, such as "[0:3]"; empty for the whole array.
    values : object
        Lists of lists, as deep as the array has dimensions: numbers, strings, true and false; "NaN", "Infinity" and
        "-Infinity"; a list of two for a complex number; an object with the key `base64` for bytes that are not UTF-8.
        Null with `--no-values`.
    statistics : StatisticsForm or None
        Null for an array of strings, and without elements.
    """

    name: str
    dtype: str
    shape: list[int]
    nbytes: int
    part: str
    values: Any
    statistics: StatisticsForm | None


class ShowResult(TypedDict):
    """The result of `show`.

    Attributes
    ----------
    arrays : list of ShownForm
    """

    arrays: list[ShownForm]


class _Found(NamedTuple):
    """An array or a part of one; one that is too large to be in memory is read block by block."""

    asked: Asked
    dtype: str
    shape: tuple[int, ...]
    nbytes: int
    value: Array | None
    blocks: Callable[[], Iterable[Array]]
    edges: Callable[[], Array]


@command(
    ("Show an array: its statistics and its values.", "hdfsaver show model.ckpt dense/kernel"),
    ("Show a part; nothing else is read.", "hdfsaver show model.ckpt 'dense/kernel[0:2, :]' 'logits/bias[-1]'"),
    ("Show the statistics of all arrays of a layer.", "hdfsaver show model.ckpt 'dense/*' --no-values"),
    ("Draw a histogram.", "hdfsaver show model.ckpt dense/kernel --no-values --histogram"),
    result=ShowResult,
)
def show(
    checkpoint: Anything,
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME", help="Names or patterns such as `dense/*`, each perhaps with a part: w[0:3, :]"),
    ],
    full: Annotated[bool, typer.Option("--full", help="Print every element.")] = False,
    limit: Annotated[
        int, typer.Option(min=0, help=f"Print at most this number of elements of an array: {_LIMIT}.")
    ] = _LIMIT,
    histogram: Annotated[bool, typer.Option("--histogram", help="Draw a histogram of the numbers.")] = False,
    no_values: Annotated[bool, typer.Option("--no-values", help="Print statistics alone.")] = False,
    group: Group = "",
    as_json: AsJson = False,
) -> None:
    """Show arrays: what they are, their statistics and their values.

    A part is written as in NumPy, with integers and slices; only its bytes are read, as far as the format allows it.
    The pattern `*` also matches slashes; a shell needs quotes around patterns and parts. The statistics are minimum,
    maximum, mean and standard deviation of the finite numbers, and how many are NaN, infinite or 0; those of complex
    numbers are of their absolute values.

    Of a large array the beginning and the end of each axis are printed. JSON has all values. The digest of an array is
    compared, but not that of a part, nor of an array of more than 256 MiB; `verify` compares all.
    """
    with open_source(checkpoint, group) as source:
        found = [_found(source, each) for each in asked(source, names)]
        if as_json:
            say_json("show", ShowResult(arrays=[_form(each, histogram, no_values) for each in found]))
            return
        for each in found:
            say(_lines(each, math.inf if full else limit, histogram, no_values))


def _found(source: TensorFile, wanted: Asked) -> _Found:
    entry = source.variables[wanted.name]
    is_text = entry.dtype == STRING
    if wanted.part is None and entry.nbytes > AT_ONCE and not is_text:
        blocks_of, edges_of_file = lambda: blocks(source, entry.name), lambda: edges(source, entry.name)
        return _Found(wanted, entry.dtype, entry.shape, entry.nbytes, None, blocks_of, edges_of_file)
    value = source.read(entry.name) if wanted.part is None else np.asarray(source.get_slice(entry.name)[wanted.part])
    if is_text and wanted.part is not None and not isinstance(value, np.ndarray):
        value = np.array(value, object)
    nbytes = sum(map(len, value.flat)) if is_text else entry.nbytes // max(1, math.prod(entry.shape)) * value.size
    return _Found(wanted, entry.dtype, value.shape, nbytes, value, lambda: [value], lambda: edges_of(value))


def _statistics(found: _Found, histogram: bool) -> Statistics | None:
    if found.dtype == STRING or 0 in found.shape or (found.value is not None and not is_numeric(found.value.dtype)):
        return None
    return statistics(found.blocks, bins=BINS if histogram else 0)


def _lines(found: _Found, limit: float, histogram: bool, no_values: bool) -> Iterator[str]:
    yield f"{found.asked.text}  {found.dtype}  {found.shape}  {found.nbytes:,} bytes"
    numbers = _statistics(found, histogram) if found.shape or histogram or no_values else None
    if numbers is not None:
        yield array_text.statistics_line(numbers)
        if histogram:
            yield from array_text.histogram_lines(numbers)
    if no_values:
        return
    is_large = math.prod(found.shape) > limit
    value = found.edges() if is_large else found.value if found.value is not None else _joined(found)
    yield from array_text.lines(value, summarized=is_large)


def _joined(found: _Found) -> Array:
    return np.concatenate([block.reshape(-1) for block in found.blocks()]).reshape(found.shape)


def _form(found: _Found, histogram: bool, no_values: bool) -> ShownForm:
    numbers = _statistics(found, histogram)
    return ShownForm(
        name=found.asked.name,
        part=found.asked.text.removeprefix(found.asked.name),
        dtype=found.dtype,
        shape=list(found.shape),
        nbytes=found.nbytes,
        values=None if no_values else plain(found.value if found.value is not None else _joined(found)),
        statistics=None if numbers is None else _statistics_form(numbers),
    )


def _statistics_form(found: Statistics) -> StatisticsForm:
    least, most, mean, std = (
        None if number is None else real(number) for number in (found.min, found.max, found.mean, found.std)
    )
    return StatisticsForm(
        min=least,
        max=most,
        mean=mean,
        std=std,
        nan=found.nan,
        inf=found.inf,
        zeros=found.zeros,
        edges=[real(edge) for edge in found.edges],
        counts=found.counts,
    )
