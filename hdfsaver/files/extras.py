"""Libraries that only the files of other programs need: installed with an extra, imported when first used."""

from __future__ import annotations

import importlib
from typing import Any

_EXTRA = "tensorflow"


def library(name: str) -> Any:
    """A library of the extra.

    Raises
    ------
    ImportError
        It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"TensorFlow's files need the library {error.name or name!r}, which is not installed. "
            f"Install it with `pip install 'hdfsaver[{_EXTRA}]'`.",
            name=error.name,
        ) from error
