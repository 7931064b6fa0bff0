"""Files of records are TensorFlow's: TensorFlow 2.21 made the bytes, and gave the answers to damaged ones."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pytest

import hdfsaver as tf
from hdfsaver.interop.records.record_options import OptionsLike
from hdfsaver.interop.records.record_reading import tf_record_random_reader

TWO = bytes.fromhex("0300000000000000b099490e6f6e65014055080300000000000000b099490e74776f8990c909")
"""The records ``one`` and ``two``."""

HEAD = 12
FIRST = HEAD + 3 + 4


def written(path: Path, *records: bytes | str, options: OptionsLike = None) -> bytes:
    """The bytes of a file with records."""
    with tf.python_io.TFRecordWriter(path, options) as writer:
        for record in records:
            writer.write(record)
    return path.read_bytes()


def read(path: Path, options: OptionsLike = None) -> list[bytes]:
    """All records of a file."""
    return list(tf.python_io.tf_record_iterator(path, options))


def test_bytes(tmp_path: Path) -> None:
    """A record is its length, the data and the masked checksums of both; text is written as UTF-8."""
    assert TWO == written(tmp_path / "x", b"one", "two")
    assert [b"one", b"two"] == read(tmp_path / "x")
    assert b"" == written(tmp_path / "y")
    assert [] == read(tmp_path / "y")


@pytest.mark.parametrize("kind", ["ZLIB", "GZIP", tf.python_io.TFRecordCompressionType.ZLIB])
def test_compressed(tmp_path: Path, kind: OptionsLike) -> None:
    """The whole file is one stream of zlib, and what a program has flushed is there for readers."""
    records = [b"a" * 300_000, b"", b"b" * 7]
    options = tf.io.TFRecordOptions(kind, compression_level=9, mem_level=1, flush_mode=zlib.Z_SYNC_FLUSH)
    data = written(tmp_path / "x", *records, options=options)
    plain = gzip.decompress(data) if kind == "GZIP" else zlib.decompress(data)
    assert plain == written(tmp_path / "plain", *records)
    assert len(data) < 2000
    assert records == read(tmp_path / "x", options)
    (tmp_path / "x").write_bytes(data + data)
    assert records * 2 == read(tmp_path / "x", kind)
    writer = tf.io.TFRecordWriter(tmp_path / "open", kind)
    writer.write(b"x")
    writer.flush()
    assert [b"x"] == read(tmp_path / "open", kind)


@pytest.mark.parametrize("count", [1, HEAD - 1, HEAD, HEAD + 1, FIRST - 1])
def test_the_file_ends_within_a_record(tmp_path: Path, count: int) -> None:
    """That is an error behind the whole records, and the rest is read when it has come."""
    path = tmp_path / "x"
    path.write_bytes(TWO + TWO[:count])
    records = tf.python_io.tf_record_iterator(path)
    assert [b"one", b"two"] == [next(records), next(records)]
    for _ in range(2):
        with pytest.raises(tf.errors.DataLossError, match="truncated record at 38"):
            next(records)
    path.write_bytes(TWO + TWO)
    assert [b"one", b"two"] == list(records)


@pytest.mark.parametrize("place", range(FIRST))
def test_each_bit_is_checked(tmp_path: Path, place: int) -> None:
    """A changed length, checksum or byte of the data is damage."""
    data = bytearray(TWO)
    data[place] ^= 0x40
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(tf.errors.DataLossError, match="corrupted record at " + ("0" if place < HEAD else "12")):
        read(tmp_path / "x")


def test_damage_of_compressed_files(tmp_path: Path) -> None:
    """A stream that is another kind, damaged or cut off within a record is damage."""
    path = tmp_path / "x"
    data = written(path, b"one", options="ZLIB")
    for kind in ("", "GZIP"):
        with pytest.raises(tf.errors.DataLossError, match=r"TFRecord file|not a whole GZIP file"):
            read(path, kind)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(tf.errors.DataLossError, match="incorrect data check"):
        read(path, "ZLIB")
    path.write_bytes(data[:12])
    with pytest.raises(tf.errors.DataLossError, match="truncated record at 0"):
        read(path, "ZLIB")


def test_a_record_allocates_what_is_there(tmp_path: Path) -> None:
    """A length beyond the file, or beyond the limits of a compressed one, is refused before memory is taken."""
    from hdfsaver.interop.table import checksum

    length = (1 << 50).to_bytes(8, "little")
    head = length + checksum.masked(length).to_bytes(4, "little")
    (tmp_path / "x").write_bytes(head + b"abc")
    with pytest.raises(tf.errors.DataLossError, match="truncated"):
        read(tmp_path / "x")
    (tmp_path / "z").write_bytes(zlib.compress(head + b"abc"))
    with pytest.raises(tf.errors.ResourceExhaustedError, match="declared_bytes"):
        read(tmp_path / "z", "ZLIB")


def test_records_by_their_offsets(tmp_path: Path) -> None:
    """Forwards and backwards, compressed or not; the end is an `IndexError`."""
    (tmp_path / "x").write_bytes(TWO)
    reader = tf_record_random_reader(tmp_path / "x")
    assert ((b"two", 38), (b"one", 19)) == (reader.read(19), reader.read(0))
    with pytest.raises(IndexError, match=r"Out of range.*offset"):
        reader.read(38)
    with pytest.raises(tf.errors.DataLossError, match="corrupted record at 1 "):
        reader.read(1)
    reader.close()
    with pytest.raises(tf.errors.FailedPreconditionError, match="closed"):
        reader.read(0)


def test_what_is_refused(tmp_path: Path) -> None:
    """The classes are TensorFlow's; options that zlib does not take end the process there."""
    with pytest.raises(ValueError, match='Not a valid compression_type: "BZ2"'):
        tf.python_io.TFRecordOptions("BZ2")
    with pytest.raises(ValueError, match='Not a valid compression_type: "5"'):
        tf.python_io.TFRecordWriter(tmp_path / "x", 5)
    with pytest.raises(tf.errors.NotFoundError, match="No such file"):
        tf.python_io.tf_record_iterator(tmp_path / "nope")
    with pytest.raises(tf.errors.NotFoundError, match="No such file"):
        tf.python_io.TFRecordWriter(tmp_path / "nope" / "x")
    with pytest.raises(tf.errors.FailedPreconditionError):
        tf.python_io.tf_record_iterator(tmp_path)
    (tmp_path / "kept").write_bytes(TWO)
    with pytest.raises(tf.errors.InvalidArgumentError, match="zlib does not take"):
        tf.python_io.TFRecordWriter(tmp_path / "kept", tf.io.TFRecordOptions("ZLIB", compression_level=77))
    assert [b"one", b"two"] == read(tmp_path / "kept")
    writer = tf.python_io.TFRecordWriter(tmp_path / "x")
    with pytest.raises(TypeError, match="bytes or text, not int"):
        writer.write(3)
    writer.close()
    writer.close()
    for use in (writer.flush, lambda: writer.write(b"")):
        with pytest.raises(tf.errors.FailedPreconditionError, match="closed"):
            use()
