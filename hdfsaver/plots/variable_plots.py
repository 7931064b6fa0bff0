"""The numbers of a variable: a histogram, and how they change from checkpoint to checkpoint."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hdfsaver.errors import InvalidArgumentError, NotFoundError
from hdfsaver.escaping import printable
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.inspection.array_statistics import Statistics, is_numeric, statistics
from hdfsaver.inspection.checkpoint_history import SavedCheckpoint, history
from hdfsaver.plots.figures import axes_on, literal
from hdfsaver.reading.checkpoint_names import PathLike, as_source
from hdfsaver.tensor_info import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_COLOR = "#1f77b4"

Shown = Literal["quantiles", "mean", "norm"]


def histogram(values: Any, name: str = "", *, bins: int = 50, ax: Axes | None = None) -> Axes:
    """Draw a histogram of the numbers of a variable.

    Parameters
    ----------
    values : array, TensorFile or path
        The numbers, or the file with the variable, of any format that is read; a file is read piece by piece.
    name : str
        The variable in the file; of an array, what it is called.
    bins : int
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure, ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        Of complex numbers, the absolute values are drawn. What is not finite is left out, and counted below.

    Raises
    ------
    NotFoundError
        There is no such file, or no such variable in it.
    InvalidArgumentError
        The variable has no numbers.
    ImportError
        matplotlib is not installed.
    """
    if bins < 1:
        raise ValueError(f"A histogram has at least 1 bin, not {bins}.")
    if isinstance(values, str | os.PathLike):
        with open_source(values) as file:
            return histogram(file, name, bins=bins, ax=ax)
    found = _of_file(values, name, bins) if isinstance(values, TensorFile) else _of_array(values, bins)
    if not found.counts:
        raise InvalidArgumentError(None, None, f"{name or 'The array'} has no finite numbers to draw.")
    axes = axes_on(ax)
    axes.stairs(found.counts, found.edges, fill=True, color=_COLOR)
    axes.set_title(literal(printable(name)))
    axes.set_ylabel("elements")
    axes.set_xlabel(f"mean {found.mean:.4g}, deviation {found.std:.4g}{_left_out(found)}")
    return axes


def _left_out(found: Statistics) -> str:
    counted = [f"{count:,} {what}" for count, what in ((found.nan, "NaN"), (found.inf, "infinite")) if count]
    return f"; without {' and '.join(counted)}" if counted else ""


def _of_array(values: Any, bins: int) -> Statistics:
    array = np.asarray(values)
    _check_numbers(array.dtype, "The array")
    return statistics(lambda: [array.reshape(-1)], bins=bins)


def _of_file(file: TensorFile, name: str, bins: int) -> Statistics:
    pieces = file.pieces(name)  # the error of an unknown name comes with the first piece
    first = next(pieces, None)
    if first is not None:
        _check_numbers(first.dtype, f"{name!r} of {file.path}")
    return statistics(lambda: file.pieces(name), bins=bins)


def _check_numbers(dtype: np.dtype[Any], what: str) -> None:
    if not is_numeric(dtype):
        raise InvalidArgumentError(None, None, f"{what} has dtype {dtype}, of which there is no histogram.")


def over_checkpoints(
    folder: PathLike, name: str, *, show: Shown = "quantiles", group: str = "", ax: Axes | None = None
) -> Axes:
    """Draw how a variable changes over the checkpoints of a folder.

    Parameters
    ----------
    folder : path or URL
        As for `hdfsaver.history`. Of checkpoints with several names, those of the last name are drawn.
    name : str
        The variable. Checkpoints without it are left out.
    show : str
        ``"quantiles"``: the median, and what lies between the quartiles and between the quantiles 0.05 and 0.95;
        ``"mean"``: the mean, with the standard deviation around it; ``"norm"``: the Euclidean norm.
    group : str
        The model, in files that have several.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure, ``ax.figure``.

    Returns
    -------
    matplotlib.axes.Axes
        Over the steps, or over the numbers of the checkpoints where their names have none.

    Raises
    ------
    NotFoundError
        There is no such folder, no checkpoint in it, or none with the variable.
    InvalidArgumentError
        The variable has no numbers.
    ValueError
        ``show`` is something else.
    ImportError
        matplotlib is not installed.
    """
    if show not in _SUMMARIES:
        raise ValueError(f"show must be one of {', '.join(map(repr, _SUMMARIES))}, not {show!r}.")
    summary = _SUMMARIES[show]
    values = _values(_of_last_name(history(folder, group=group)), name, group)
    found = [(step, *summary(value)) for step, value in values]
    if not found:
        raise NotFoundError(None, None, f"No checkpoint in {as_source(folder)} has a variable {name!r}.")
    axes = axes_on(ax)
    _draw(axes, show, *np.array(found, np.float64).T)
    axes.set_title(literal(printable(name)))
    axes.set_xlabel("step")
    axes.set_ylabel("norm" if show == "norm" else "value")
    if show != "norm":
        axes.legend()
    return axes


def _of_last_name(saved: list[SavedCheckpoint]) -> list[SavedCheckpoint]:
    last = _base(saved[-1])
    return [each for each in saved if _base(each) == last]


def _base(saved: SavedCheckpoint) -> str:
    return saved.path if saved.step is None else saved.path.rpartition("-")[0]


def _values(saved: list[SavedCheckpoint], name: str, group: str) -> Iterator[tuple[int, Array]]:
    """The finite numbers of the variable, by steps; one checkpoint is read at a time."""
    for number, each in enumerate(saved):
        with open_source(each.path, group) as file:
            if name not in file.variables:
                continue
            value = file.read(name)
        _check_numbers(value.dtype, f"{name!r} of {each.path}")
        numbers = (np.abs(value) if value.dtype.kind == "c" else value).astype(np.float64).reshape(-1)
        numbers = numbers[np.isfinite(numbers)]
        if numbers.size:
            yield number if each.step is None else each.step, numbers


def _draw(axes: Any, show: str, steps: Array, *lines: Array) -> None:
    if show == "quantiles":
        least, low, middle, high, most = lines
        axes.fill_between(steps, least, most, color=_COLOR, alpha=0.2, linewidth=0, label="0.05 to 0.95")
        axes.fill_between(steps, low, high, color=_COLOR, alpha=0.35, linewidth=0, label="0.25 to 0.75")
    elif show == "mean":
        middle, deviation = lines
        around = (middle - deviation, middle + deviation)
        axes.fill_between(steps, *around, color=_COLOR, alpha=0.25, linewidth=0, label="standard deviation")
    else:
        (middle,) = lines
    label = "median" if show == "quantiles" else show
    axes.plot(steps, middle, color=_COLOR, marker="o", markersize=3, label=label)


_SUMMARIES: dict[str, Callable[[Array], Iterable[float]]] = {
    "quantiles": lambda value: np.quantile(value, _QUANTILES).tolist(),
    "mean": lambda value: (float(value.mean()), float(value.std())),
    "norm": lambda value: (float(np.linalg.norm(value)),),
}
"""The numbers of a checkpoint that are drawn."""
