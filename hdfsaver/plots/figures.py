"""Axes to draw on: the user's, or those of a new figure without pyplot, which keeps figures open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hdfsaver.files.extras import library

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def axes_on(axes: Axes | None, width: float = 6.4, height: float = 4.0) -> Axes:
    """The given axes, or new ones.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
    width, height : float
        The size of a new figure, in inches.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    figures = library("matplotlib.figure", "A plot needs", "plot")
    if axes is not None:
        return axes
    made: Axes = figures.Figure(figsize=(width, height), layout="constrained").add_subplot()
    return made


def literal(text: str) -> str:
    """A text in which matplotlib finds no formula."""
    return text.replace("$", r"\$")
