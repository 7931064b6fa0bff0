"""Names with a scheme (``gs://...``), and the library fsspec, which opens them."""

from __future__ import annotations

import importlib
import re
from types import ModuleType
from typing import Any

from hdfsaver.errors import UnimplementedError

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9.+-]*)://")

OF_FSSPEC = {"ram": "memory"}
"""TensorFlow's schemes for which fsspec has another name."""


def is_url(path: str) -> bool:
    """Whether a path begins with a scheme."""
    return SCHEME.match(path) is not None


def remote_file_system(url: str) -> tuple[Any, str]:
    """The file system of fsspec that a URL is in, and the file's path there.

    Raises
    ------
    UnimplementedError
        fsspec, or its library for the scheme, is not installed.
    """
    scheme = url.partition("://")[0]
    files = file_system(scheme, url)
    return files, path_within(files, scheme, url)


def path_within(files: Any, scheme: str, url: str) -> str:
    """The path of a URL in a file system of fsspec.

    Parameters
    ----------
    files : AbstractFileSystem
    scheme : str
        The scheme of the URL.
    url : str

    Returns
    -------
    str
    """
    return str(files._strip_protocol(OF_FSSPEC.get(scheme, scheme) + url[len(scheme) :]))


def fsspec_library() -> ModuleType | None:
    """The library, or None if it is not installed."""
    try:
        return importlib.import_module("fsspec")
    except ModuleNotFoundError:
        return None


def file_system(scheme: str, url: str) -> Any:
    """A file system of fsspec; `UnimplementedError` where it, or its library for the scheme, is not installed."""
    library = fsspec_library()
    if library is None:
        raise UnimplementedError(
            None,
            None,
            f"File system scheme {scheme!r} not implemented (file: {url!r}): names with a scheme need the library "
            "'fsspec', which is not installed. Install it with `pip install 'hdfsaver[remote]'`.",
        )
    try:
        return library.filesystem(OF_FSSPEC.get(scheme, scheme))
    except (ImportError, ValueError) as error:  # its libraries for some schemes are packages of their own
        raise UnimplementedError(
            None, None, f"File system scheme {scheme!r} not implemented (file: {url!r}): {error}"
        ) from error
