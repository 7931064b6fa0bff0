"""Files behind HTTP: what is asked for, and what is done with answers that are wrong."""

from __future__ import annotations

import base64
import os
import socket
import threading

import pytest
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver import limits
from hdfsaver.cli import app
from hdfsaver.files.remote.http_exchange import Pool
from hdfsaver.files.remote.http_files import WHOLE, HttpFile
from hdfsaver.files.remote.range_file import BLOCK

CONTENT = os.urandom(3 * BLOCK)


def opened(server, path="/f"):
    return HttpFile(server.url + path, Pool())


def safetensors_of_nothing():
    """A file of safetensors without arrays."""
    return (2).to_bytes(8, "little") + b"{}"


def read(file, offset, nbytes):
    data = bytearray(nbytes)
    file.read_into(memoryview(data), offset)
    return bytes(data)


def test_ranges(serve):
    """The first request gives the length and the first bytes; each further one has the tag of the file."""
    server = serve({"/f": CONTENT})
    file = opened(server)
    assert file.size == len(CONTENT)
    assert read(file, 5, 10) == CONTENT[5:15]
    assert read(file, BLOCK, BLOCK) == CONTENT[BLOCK : 2 * BLOCK]
    assert [asked for _, asked in server.requests] == ["bytes=0-65535", "bytes=65536-131071"]
    assert server.headers[1]["If-Match"].startswith('"')
    assert {headers["Accept-Encoding"] for headers in server.headers} == {"identity"}
    file.close()


@pytest.mark.parametrize("content", [b"", b"x", CONTENT[:BLOCK]])
def test_short_files(serve, content):
    """A file that is not longer than the first range, also an empty one, takes one request."""
    server = serve({"/f": content})
    file = opened(server)
    assert (file.size, read(file, 0, len(content))) == (len(content), content)
    assert len(server.requests) == 1


def test_a_server_without_ranges(serve):
    """A short file is read as a whole; a long one is not, and the error says what to do."""
    server = serve({"/f": CONTENT, "/long": bytes(WHOLE + 1)}, ranges=False)
    assert read(opened(server), BLOCK, 5) == CONTENT[BLOCK : BLOCK + 5]
    with pytest.raises(
        tf.errors.UnimplementedError, match=r"/long cannot be read in parts: .* Download it first \(`curl"
    ):
        opened(server, "/long")
    with pytest.raises(tf.errors.UnimplementedError, match="/long cannot be read in parts"):
        tf.load_file(server.url + "/long")


def test_a_file_that_changes(serve):
    """It is noticed by its tag, with and without a server that compares it, and by its length."""
    for faults in ({}, {"ignores_match": True}, {"tag": 'W/"{}"'}, {"tag": ""}):
        server = serve({"/f": CONTENT}, **faults)
        file = opened(server)
        server.files["/f"] = CONTENT[:-1] + b"?" * (2 if faults == {"tag": ""} else 1)
        with pytest.raises(
            tf.errors.FailedPreconditionError, match=r"/f was replaced by another file .*; open it again"
        ):
            read(file, BLOCK, BLOCK)
        with pytest.raises(tf.errors.FailedPreconditionError, match="was replaced"):
            file.check_current()
        server.files["/f"] = b""
        with pytest.raises(tf.errors.FailedPreconditionError, match="was replaced"):
            read(file, BLOCK, BLOCK)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, tf.errors.PermissionDeniedError),
        (403, tf.errors.PermissionDeniedError),
        (404, tf.errors.NotFoundError),
        (410, tf.errors.NotFoundError),
        (400, tf.errors.InvalidArgumentError),
        (412, tf.errors.InvalidArgumentError),
        (500, tf.errors.UnavailableError),
        (503, tf.errors.UnavailableError),
        (504, tf.errors.DeadlineExceededError),
        (204, tf.errors.InvalidArgumentError),
    ],
)
def test_errors_of_a_server(serve, status, kind):
    """Each status is an error of its class, which names the URL; a busy server is asked again."""
    server = serve({"/f": CONTENT}, status=status)
    with pytest.raises(kind, match=f"{server.url}/f"):
        opened(server)
    assert len(server.requests) == (3 if status == 503 else 1)


def test_a_busy_server(serve):
    """An answer that comes at the second attempt is as good."""
    server = serve({"/f": CONTENT})
    busy = [503, 429]
    server.faults["edit"] = lambda status, headers, body: (busy.pop(), {}, b"") if busy else (status, headers, body)
    assert read(opened(server), 0, 5) == CONTENT[:5]


LIES = {
    "another range": lambda status, headers, body: (
        206,
        {"Content-Range": f"bytes 1-{len(body)}/{len(CONTENT)}"},
        body,
    ),
    "no range": lambda status, headers, body: (206, {}, body),
    "a wrong range": lambda status, headers, body: (206, {"Content-Range": "bytes 9-3/5"}, body),
    "an unknown length": lambda status, headers, body: (206, {"Content-Range": f"bytes 0-{len(body) - 1}/*"}, body),
    "a longer body": lambda status, headers, body: (status, headers, body + b"more"),
    "a shorter body": lambda status, headers, body: (status, headers, body[:-3]),
    "several ranges": lambda status, headers, body: (206, {"Content-Type": "multipart/byteranges; boundary=x"}, body),
    "a range that is absurdly long": lambda status, headers, body: (
        206,
        {"Content-Range": f"bytes 0-{2**62}/{2**63}"},
        body,
    ),
    "no first byte": lambda status, headers, body: (416, {"Content-Range": "bytes */10"}, b""),
}


@pytest.mark.parametrize("lie", LIES)
def test_answers_that_contradict_themselves(serve, lie):
    """Nothing of them is used, at the first request and later."""
    server = serve({"/f": CONTENT}, edit=LIES[lie])
    with pytest.raises(tf.errors.DataLossError, match="the answer is not used"):
        opened(server)
    del server.faults["edit"]
    file = opened(server)
    server.faults["edit"] = LIES[lie]
    with pytest.raises((tf.errors.DataLossError, tf.errors.FailedPreconditionError)):
        read(file, BLOCK, BLOCK)


def test_other_answers(serve):
    """A compressed body, and a whole file after a range, are refused; a body that breaks off is asked for again."""
    server = serve(
        {"/f": CONTENT}, edit=lambda status, headers, body: (status, headers | {"Content-Encoding": "gzip"}, body)
    )
    with pytest.raises(tf.errors.UnimplementedError, match="gives it as 'gzip'"):
        opened(server)
    del server.faults["edit"]
    file = opened(server)
    server.faults["ranges"] = False
    with pytest.raises(tf.errors.UnimplementedError, match="a range first, and then the whole file"):
        read(file, BLOCK, BLOCK)
    del server.faults["ranges"]
    server.forget()
    server.faults["edit"] = lambda status, headers, body: (
        (status, headers | {"Content-Length": str(len(body)), "Connection": "close"}, body[:-1])
    )
    with pytest.raises(tf.errors.UnavailableError, match=f"the connection ended after {BLOCK - 1} of {BLOCK} bytes"):
        read(file, BLOCK, BLOCK)
    assert len(server.requests) == 3


def test_redirects(serve):
    """They are followed, and later requests go where the first one led; a password goes to its own server alone."""
    target = serve({"/g": CONTENT})
    server = serve(
        {}, redirect={"/f": "/f2", "/f2": target.url + "/g?signed=1", "/ring": "/ring", "/local": "file:///etc/passwd"}
    )
    file = HttpFile(server.url.replace("//", "//user:pass%20word@") + "/f", Pool())
    assert read(file, BLOCK, BLOCK) == CONTENT[BLOCK : 2 * BLOCK]
    assert [path for path, _ in server.requests] == ["/f", "/f2"]
    assert [path for path, _ in target.requests] == ["/g?signed=1"] * 2
    basic = "Basic " + base64.b64encode(b"user:pass word").decode()
    assert [headers.get("Authorization") for headers in server.headers] == [basic] * 2
    assert not any("Authorization" in headers for headers in target.headers)
    del target.files["/g"]  # a place that is valid for a short time: the first server tells the new one
    server.files["/f"], server.faults["redirect"] = CONTENT, {}
    assert read(file, 0, 2 * BLOCK) == CONTENT[: 2 * BLOCK]
    server.faults["redirect"] = {"/ring": "/ring", "/local": "file:///etc/passwd"}
    with pytest.raises(tf.errors.UnavailableError, match="redirects more than 10 times"):
        opened(server, "/ring")
    with pytest.raises(tf.errors.PermissionDeniedError, match="redirects to file:///etc/passwd, which is not followed"):
        opened(server, "/local")


def test_secrets_are_not_shown(serve):
    """Neither a password nor a query is in an error or in what a file shows of itself."""
    server = serve({"/f": CONTENT}, status=403)
    url = server.url.replace("//", "//me:hush@") + "/f?X-Signature=hush"
    with pytest.raises(tf.errors.PermissionDeniedError, match=r"/f\?\.\.\.: the server answered 403") as caught:
        tf.load_file(url)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    server.faults.clear()
    with pytest.raises(tf.errors.OpError) as other:
        tf.load_file(url)  # not a file of arrays
    assert "hush" not in str(other.value)
    server.files["/f"] = safetensors_of_nothing()
    file = tf.open_file(url)
    with pytest.raises(KeyError) as unknown:
        file["w"]
    for said in (unknown.value, repr(file), CliRunner().invoke(app, ["verify", url]).output):
        assert ("hush" in str(said), "/f?..." in str(said)) == (False, True)
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.Saver([tf.Variable(0.0)])
        with pytest.raises(ValueError, match="not a valid") as invalid:
            saver.restore(session, url.replace("/f?", "/none?"))
    assert "hush" not in str(invalid.value)


def test_a_slow_server():
    """An answer that drips does not stop the program: it must be there in time as a whole."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        halt = threading.Event()

        def drip():
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 206 Partial Content\r\nContent-Length: 65536\r\n")
                while not halt.wait(0.01):
                    try:
                        connection.sendall(b"X")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/f"
        with limits.use(remote_seconds=0), pytest.MonkeyPatch.context() as patch:
            patch.setattr("hdfsaver.files.remote.http_files.SLOWEST", BLOCK * 20)
            patch.setenv("no_proxy", "127.0.0.1")
            with pytest.raises(
                tf.errors.DeadlineExceededError, match=r"/f: the server did not answer within .*remote_seconds"
            ):
                HttpFile(url, Pool())
        halt.set()
        thread.join()


@pytest.mark.parametrize(
    "url", ["http://", "http:///f", "http://a b/f", "http://127.0.0.1:99999/f", "http://[::1/f", "http://h/\x00"]
)
def test_urls_that_are_none(url):
    """A URL without a server, or with parts that are wrong, is an argument that is invalid or cannot be reached."""
    with pytest.raises((tf.errors.InvalidArgumentError, tf.errors.UnavailableError)):
        HttpFile(url, Pool())


def test_no_server():
    """A server that does not listen is unavailable, and is not asked again and again."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(tf.errors.UnavailableError, match=f"http://127.0.0.1:{port} cannot be reached"):
        HttpFile(f"http://127.0.0.1:{port}/f", Pool())


def test_connections_are_used_again(serve):
    """Requests after each other have one connection; one that the server has closed meanwhile is made again."""
    server = serve({"/f": CONTENT})
    pool = Pool()
    file = HttpFile(server.url + "/f", pool)
    read(file, BLOCK, BLOCK)
    ((connection,),) = pool._idle.values()
    read(file, BLOCK, BLOCK)
    assert pool._idle == {("http", "127.0.0.1", int(server.url.rpartition(":")[2])): [connection]}
    connection.plain.shutdown(socket.SHUT_RDWR)
    assert read(file, BLOCK, BLOCK) == CONTENT[BLOCK : 2 * BLOCK]
    file.close()
    pool.close()
    assert not pool._idle


def test_a_proxy(serve, monkeypatch):
    """The environment names it; it is asked for the whole URL, and gets its own password."""
    proxy = serve({"http://nowhere.invalid/f": CONTENT})
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//me:hush@"))
    file = HttpFile("http://nowhere.invalid/f", Pool())
    assert file.size == len(CONTENT)
    assert proxy.headers[0]["Proxy-Authorization"] == "Basic " + base64.b64encode(b"me:hush").decode()
    assert proxy.headers[0]["Host"] == "nowhere.invalid"
