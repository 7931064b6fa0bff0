"""A server of S3 on loopback: what is asked for, and a file that is replaced."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf

pytest.importorskip("s3fs", reason="s3fs is not installed; it is no dependency")
moto = pytest.importorskip("moto.server", reason="moto[server] is not installed; it is no dependency")


@pytest.mark.slow  # the libraries alone take seconds
def test_s3(tmp_path, monkeypatch):
    """Opening takes two requests, a value one, a part of a long one each connection; a file that changes is noticed."""
    server = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.get_host_and_port()[1]}")
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
    try:
        client.create_bucket(Bucket="bucket")
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
    finally:
        server.stop()
