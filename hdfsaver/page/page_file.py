"""The page as a file: the built page, with a model in the place of its mark."""

from __future__ import annotations

import base64
import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

from hdfsaver.files.atomic_write import write_atomically
from hdfsaver.files.progress import Callback
from hdfsaver.formats.open_source import open_source
from hdfsaver.page.model_differences import compared_parts
from hdfsaver.page.model_parts import ModelParts, model_parts
from hdfsaver.reading.checkpoint_names import Source

_PAGE = Path(__file__).with_name("page.html")

_MODEL = "HDFSAVER_MODEL"
"""The mark in the built page that a model replaces."""

_PLAIN_URL = re.compile(r"https?://[\w.:\[\]-]+/[\w./~%+-]+\.(?:h5|hdf5)")

_CONNECT = "connect-src 'none'"
"""The part of the policy of the built page about connections."""


def page_of(parts: Sequence[bytes], connect: str = "'none'") -> bytes:
    """The page with a model.

    Parameters
    ----------
    parts : sequence of bytes
        The parts of a model; the page opens the first one at once, and the others when they are needed.
    connect : str
        The servers that the page may ask for values, as its content security policy names them.

    Returns
    -------
    bytes
        The file. It has every string of the model in base64 alone.
    """
    encoded = " ".join(base64.b64encode(zlib.compress(part, 9)).decode() for part in parts)
    page = _PAGE.read_text(encoding="utf-8")
    return page.replace(_CONNECT, f"connect-src {connect}", 1).replace(_MODEL, encoded, 1).encode()


def write_page(
    model: Source,
    path: str | os.PathLike[str],
    *,
    before: Source | None = None,
    group: str = "",
    values: bool = True,
    progress: Callback | None = None,
) -> None:
    """Write one HTML file that shows a model: its graph and its variables. It loads nothing from anywhere.

    Parameters
    ----------
    model : path, URL or binary file
        A file, a prefix or a folder, of any kind that `open_file` reads.
    path : path
        The file to write; one that exists is replaced when the new one is complete.
    before : path, URL or binary file, optional
        Another model: the page shows how ``model`` differs from it.
    group : str
        The model, in a file that has several.
    values : bool
        Read all values, for statistics, histograms and small pictures. Without them, the page computes them for a file
        that is dropped on it.
    progress : callable, optional
        Called with the bytes that were read and their total.

    Raises
    ------
    NotFoundError
        The model does not exist.
    InvalidArgumentError
        It has an unknown format.
    DataLossError, OpError
        It is damaged, or cannot be read; or the page cannot be written.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> import numpy as np
    >>> tf.save_file({"dense/kernel": np.eye(3)}, "model.h5")
    >>> tf.write_page("model.h5", "model.html")
    """
    parts = read_parts(model, before=before, group=group, values=values, progress=progress)
    where = None if before is not None else _readable_url(model)
    if where is None:
        write_atomically(path, page_of(parts.encoded()))
        return
    parts.description["source"] = where
    write_atomically(path, page_of(parts.encoded(), "/".join(where.split("/")[:3])))


def _readable_url(model: Source) -> str | None:
    """The URL of a checkpoint whose values the page may read itself: one without a password and without a query."""
    url = model if isinstance(model, str) else ""
    return url if _PLAIN_URL.fullmatch(url) else None


def read_parts(
    model: Source,
    *,
    before: Source | None = None,
    group: str = "",
    values: bool = True,
    progress: Callback | None = None,
) -> ModelParts:
    """Open a model, or two, and describe it.

    Parameters
    ----------
    model, before, group, values, progress
        See `write_page`.

    Returns
    -------
    ModelParts
    """
    if before is None:
        with open_source(model, group) as file:
            return model_parts(file, values=values, progress=progress)
    with open_source(before, group) as first, open_source(model, group) as second:
        return compared_parts(first, second, values=values, progress=progress)
