"""A server of S3 on loopback: what is asked for, a file that is replaced, and what is written."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np
import pytest

import hdfsaver as tf

pytest.importorskip("s3fs", reason="s3fs is not installed; it is no dependency")
moto = pytest.importorskip("moto.server", reason="moto[server] is not installed; it is no dependency")


class Server(NamedTuple):
    """A server with a bucket: a client of it, and the requests that fsspec has made."""

    client: Any
    asked: list[tuple[str, str]]


@pytest.fixture
def server(monkeypatch):
    """A server of S3 on loopback, whose requests are recorded."""
    running = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{running.get_host_and_port()[1]}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    client: Any = importlib.import_module("boto3").client("s3", region_name="us-east-1")
    asked: list[tuple[str, str]] = []
    kind = importlib.import_module("aiobotocore.client").AioBaseClient
    call = kind._make_api_call

    def counted(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        asked.append((operation, parameters.get("Range", "")))
        return call(self, operation, parameters)

    monkeypatch.setattr(kind, "_make_api_call", counted)
    importlib.import_module("fsspec").filesystem("s3").clear_instance_cache()
    client.create_bucket(Bucket="bucket")
    try:
        yield Server(client, asked)
    finally:
        running.stop()


@pytest.mark.slow  # the libraries alone take seconds
def test_reading(tmp_path, server):
    """Opening takes two requests, a value one, a part of a long one each connection; a file that changes is noticed."""
    client, asked = server
    values = {"large": np.arange(3_000_000, dtype=np.float32), "after": np.ones(20_000)}
    tf.save_file(values, tmp_path / "m-1.h5")
    client.upload_file(str(tmp_path / "m-1.h5"), "bucket", "run/m-1.h5")
    client.put_object(Bucket="bucket", Key="run/checkpoint", Body=b'model_checkpoint_path: "m-1"\n')
    with tf.open_file("s3://bucket/run/m-1.h5") as file:
        assert asked == [("HeadObject", ""), ("GetObject", "bytes=0-65535")]
        asked.clear()
        assert (file["after"] == 1).all()
        assert len(asked) == 1
        assert (file["large"] == values["large"]).all()
        assert len(asked) == 1 + 8
        client.put_object(Bucket="bucket", Key="run/m-1.h5", Body=b"another")
        with pytest.raises(tf.errors.FailedPreconditionError, match=r"s3://bucket/run/m-1\.h5 was replaced"):
            file.read("after")
    client.upload_file(str(tmp_path / "m-1.h5"), "bucket", "run/m-1.h5")
    assert tf.train.latest_checkpoint("s3://bucket/run") == "s3://bucket/run/m-1"
    for missing in ("s3://bucket/none.h5", "s3://none/a.h5"):
        with pytest.raises(tf.errors.NotFoundError, match=missing):
            tf.load_file(missing)


@pytest.mark.slow
def test_writing(tmp_path, server):
    """A long file is an upload of several parts, a short one a request; of a save that fails nothing stays."""
    client, asked = server
    values = {"large": np.arange(5_000_000, dtype=np.float32), "after": np.ones(20_000)}
    tf.save_file(values, "s3://bucket/a.h5")
    parts = ["CreateMultipartUpload", "UploadPart", "UploadPart", "UploadPart", "CompleteMultipartUpload", "HeadObject"]
    assert [name for name, _ in asked] == parts
    asked.clear()
    tf.save_file(values, tmp_path / "a.h5")
    assert client.get_object(Bucket="bucket", Key="a.h5")["Body"].read() == (tmp_path / "a.h5").read_bytes()
    tf.save_file({"w": np.ones(3)}, "s3://bucket/b.h5")
    assert [name for name, _ in asked] == ["PutObject", "HeadObject"]

    def interrupted(done: int, total: int) -> None:
        if done > 9_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tf.save_file({"w": np.asarray(values["large"]) + 1}, "s3://bucket/a.h5", progress=interrupted)
    assert "Uploads" not in client.list_multipart_uploads(Bucket="bucket")
    assert (tf.load_file("s3://bucket/a.h5")["large"] == values["large"]).all()
    for data in (values, {"w": np.ones(3)}):
        with pytest.raises(tf.errors.NotFoundError, match="there is no such bucket or folder"):
            tf.save_file(data, "s3://none/a.h5")
        with pytest.raises(tf.errors.InvalidArgumentError, match="Cannot write s3://bucket"):
            tf.save_file(data, "s3://bucket")


@pytest.mark.slow
def test_a_saver(server):
    """Its old checkpoints are removed; the newest is found and restored."""
    variable = tf.Variable(np.ones(30_000), name="v")
    saver = tf.train.Saver(max_to_keep=2)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for step in range(3):
            server.asked.clear()
            saver.save(session, "s3://bucket/saver/m", step, wait=step == 2)
            saver.wait()
        assert len(server.asked) <= 16
        session.run(variable.assign(np.zeros(30_000)))
        saver.restore(session, tf.train.latest_checkpoint("s3://bucket/saver"))
        assert session.run(variable).tolist() == [1] * 30_000
    listed = server.client.list_objects_v2(Bucket="bucket", Prefix="saver/")["Contents"]
    assert [each["Key"] for each in listed] == ["saver/checkpoint", "saver/m-1.h5", "saver/m-2.h5"]
    modified = server.client.head_object(Bucket="bucket", Key="saver/m-1.h5")["LastModified"].timestamp()
    assert modified == tf.train.get_checkpoint_mtimes(saver.last_checkpoints)[0]
