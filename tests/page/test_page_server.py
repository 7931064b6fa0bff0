"""The server of a page: what it gives, to whom, and how little of a large file it reads."""

from __future__ import annotations

import http.client
import http.server
import json
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver.cli import app, view_command
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.page.page_server import PageServer
from hdfsaver.page.served_model import ServedModel, covering
from hdfsaver.storage.writing import write_file
from tests.page import models


@contextmanager
def running(server: http.server.ThreadingHTTPServer) -> Iterator[None]:
    """A server in a thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def served(path: Path | str) -> Iterator[PageServer]:
    """The server of a file."""
    with open_source(path) as file:
        server = PageServer(ServedModel(file))
        with running(server):
            yield server


def get(server: PageServer, name: str, **fields: str) -> tuple[int, bytes, dict[str, str]]:
    """The status, the body and the fields of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request("GET", name, headers=fields)
    answer = connection.getresponse()
    found = answer.status, answer.read(), {key.lower(): value for key, value in answer.getheaders()}
    connection.close()
    return found


def own(server: PageServer, name: str, **fields: str) -> tuple[int, bytes, dict[str, str]]:
    return get(server, f"/{server.token}/{name}", **fields)


@pytest.fixture
def arrays(tmp_path: Path) -> dict[str, Any]:
    values = {
        "cube": np.arange(24, dtype=">i4").reshape(2, 3, 4),
        "small": np.arange(-4, 4).astype(ml_dtypes.int4),
        "words": np.array([b"yes"], object),
        "zeros": np.zeros(40_000),
        "scalar": np.float16(2),
    }
    tf.save_file(values, tmp_path / "a.h5", compression="gzip")
    return values


def test_values_are_ranges(tmp_path: Path, arrays: dict[str, Any]) -> None:
    """The bytes of a value in row-major and little-endian order, also of a compressed one."""
    expected = [arrays["cube"].astype("<i4"), arrays["small"].astype(np.int8), None, arrays["zeros"], arrays["scalar"]]
    with served(tmp_path / "a.h5") as server:
        for number, value in enumerate(expected):
            if value is None:
                continue
            data = value.tobytes()
            for start, stop in [(0, len(data)), (1, len(data) // 2 + 1), (len(data) - 1, len(data))]:
                status, body, fields = own(server, f"values/{number}", Range=f"bytes={start}-{stop - 1}")
                assert (status, body) == (206, data[start:stop])
                assert fields["content-range"] == f"bytes {start}-{stop - 1}/*"


@pytest.mark.parametrize(
    ("name", "span"),
    [
        ("values/0", ""),
        ("values/0", "bytes=5-"),
        ("values/0", "bytes=0-96"),
        ("values/0", "bytes=9-3"),
        ("values/2", "bytes=0-1"),
        ("values/9", "bytes=0-1"),
        ("values/0", f"bytes=0-{10**18}"),
    ],
)
def test_wrong_ranges(tmp_path: Path, arrays: dict[str, Any], name: str, span: str) -> None:
    """No range, one that is not in the value, of strings, and of an array that does not exist."""
    with served(tmp_path / "a.h5") as server:
        assert own(server, name, Range=span)[0] == 416


def test_only_the_page_is_served(tmp_path: Path, arrays: dict[str, Any]) -> None:
    """Nothing without the token, nothing for another name of this machine, and no other file."""
    with served(tmp_path / "a.h5") as server:
        assert server.server_address[0] == "127.0.0.1"
        assert len(server.token) >= 32
        status, body, fields = own(server, "")
        assert status == 200
        assert b"connect-src 'self'" in body
        assert fields["content-security-policy"] == "frame-ancestors 'none'"
        assert "access-control-allow-origin" not in fields
        for name in ("/", "/graph", "/values/0", f"/{server.token[:-1]}x/", f"/{server.token}/a.h5", "/%2e%2e/a.h5"):
            assert get(server, name)[0] == 404
        for name in ("..", "values/..", "values/0/../0", "attributes/1"):
            assert own(server, name)[0] == 404
        assert own(server, "", Host="example.org")[0] == 403
        assert own(server, "", Host=f"localhost:{server.server_port}")[0] == 200


def test_graph_and_attributes(tmp_path: Path) -> None:
    """They are given when they are asked for, with the operations of the arrays."""
    with tf.Graph().as_default():
        models.lstm(2)
        models.saved(tmp_path / "m.ckpt")
    with served(tmp_path / "m.ckpt") as server:
        found = json.loads(zlib.decompress(own(server, "graph")[1]))
        names = found["graph"]["names"]
        assert [names[op] for op in found["ops"]] == server.model.names
        attributes = json.loads(zlib.decompress(own(server, "attributes")[1]))
        assert len(attributes["nodes"]) == len(names)


def test_damage_is_said(tmp_path: Path) -> None:
    """The error of a graph that cannot be read is the answer."""
    with tf.Graph().as_default():
        models.loops()
        path = models.saved(tmp_path / "m.ckpt")
    data = bytearray(path.with_suffix(".ckpt.h5").read_bytes())
    data[data.rindex(b"NextIteration")] ^= 1
    path.with_suffix(".ckpt.h5").write_bytes(data)
    with pytest.raises(tf.errors.DataLossError), served(tmp_path / "m.ckpt"):
        pass


def test_covering_blocks() -> None:
    """The smallest block of whole rows around a range of bytes."""
    assert covering((4, 5), 2, 12, 18) == ((slice(1, 2), slice(1, 4)), 12)
    assert covering((4, 5), 2, 12, 22) == ((slice(1, 3), slice(0, 5)), 10)
    assert covering((), 8, 0, 8) == ((), 0)


class Ranges(http.server.SimpleHTTPRequestHandler):
    """A server of ranges that counts the bytes that it gives."""

    given = 0
    path_of: Path

    def do_GET(self) -> None:
        size = self.path_of.stat().st_size
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        assert asked is not None
        start, stop = int(asked[1]), min(size, int(asked[2] or size) + 1)
        with self.path_of.open("rb") as file:
            file.seek(start)
            data = file.read(stop - start)
        Ranges.given += len(data)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_request(self, *args: object) -> None:
        pass


@pytest.mark.slow
def test_a_large_remote_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its table needs less than 1 MB, the index, and not the graph; so does a slice of one of its 1,000 arrays."""
    path = tmp_path / "large.h5"
    arrays = {f"block{number}/w": np.zeros((16, 256), np.float32) for number in range(1000)}
    write_file(path, variables=arrays, structure=models.generated(20_000))
    Ranges.path_of, Ranges.given = path, 0
    found: list[bytes] = []

    def show(file: TensorFile) -> None:
        model = ServedModel(file)
        found.extend((model.page(), model.value(999, 1024, 2048)))

    monkeypatch.setattr(view_command, "_serve", show)
    remote = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    with running(remote):
        done = CliRunner().invoke(app, ["view", f"http://127.0.0.1:{remote.server_port}/large.h5"])
    assert done.exit_code == 0, done.output
    assert b"HDFSAVER_MODEL" not in found[0]
    assert found[1] == bytes(1024)
    assert Ranges.given < 1_000_000 < path.stat().st_size
