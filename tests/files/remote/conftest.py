"""Servers and files of the tests of remote files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from hdfsaver.files.remote import http_files
from tests.files.remote.server import Server, serving


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """A function that starts a server of files; clients do not pause between attempts, and use no proxy."""
    monkeypatch.setattr(http_files, "PAUSES", (0, 0))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ExitStack() as servers:
        yield lambda files, **faults: servers.enter_context(serving(files, **faults))
