"""Libraries that only the files of other programs need, imported when first used; the error names the package."""

from __future__ import annotations

import importlib
from typing import Any

_EXTRA = "tensorflow"

_PACKAGES = {"absl": "absl-py", "google": "protobuf"}
"""The packages of modules that have another name."""


def library(name: str, needed_by: str = "TensorFlow's files and graphs need", extra: str = _EXTRA) -> Any:
    """A module that files, graphs and programs of other libraries need.

    Parameters
    ----------
    name : str
        Its full name.
    needed_by : str, optional
        The beginning of the sentence that says what the library is needed for.
    extra : str, optional
        The extra that installs it.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        It is not installed, or cannot be imported; the message names the package and the extra that installs it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        top = name.partition(".")[0]
        is_missing = isinstance(error, ModuleNotFoundError) and (error.name or name).partition(".")[0] == top
        why = "which is not installed" if is_missing else f"which cannot be imported ({error})"
        raise ImportError(
            f"{needed_by} the library {_PACKAGES.get(top, top)!r}, {why}. "
            f"Install it with `pip install 'hdfsaver[{extra}]'`.",
            name=error.name,
        ) from error
