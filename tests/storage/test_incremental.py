"""Incremental saves: the bytes of a full save, of which only what has changed is written.

The file system of the tests may have no clones, so copies stand for them; `tests/benchmarks/incremental.py` looks at
real ones.
"""

from __future__ import annotations

import errno
import os
import re
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdfsaver import errors
from hdfsaver.files import positional_io
from hdfsaver.files.lazy_arrays import Joined, Piece
from hdfsaver.storage import incremental, seal, writing
from hdfsaver.storage.chunks.compression import by_name
from hdfsaver.storage.incremental import Sharing
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import Model, WriteOptions, Writer
from tests.clones import Copying

LARGE = 1 << 14
"""Elements of a large value."""


@pytest.fixture
def clones(monkeypatch):
    """Copies in the place of clones, and small files that are worth them."""
    copying = Copying()
    monkeypatch.setattr(incremental, "clone", copying)
    monkeypatch.setattr(incremental, "_SMALLEST", 0)
    return copying


@pytest.fixture
def said():
    return []


@pytest.fixture
def writer(clones, said):
    return Writer(Sharing(None, said.append))


def values(*shapes):
    """Arrays of different numbers."""
    sizes = [int(np.prod(shape)) for shape in shapes]
    return {
        f"v{place}": (np.arange(size, dtype=np.float32) + 1000 * place).reshape(shape)
        for place, (shape, size) in enumerate(zip(shapes, sizes, strict=True))
    }


def model(variables, **options):
    return {"": Model(variables, None, {}, **options)}


def in_full(path, variables, **options):
    """The bytes of a full save."""
    Writer().write(path, model(variables, **options), options=WriteOptions(durable=False))
    return path.read_bytes()


@pytest.fixture
def written(monkeypatch):
    """The ranges, ``(offset, length)``, that are written, without those of the copies."""
    ranges = []
    pwrite = positional_io._write_some

    def counted(fd, view, offset):
        ranges.append((offset, len(view)))
        return pwrite(fd, view, offset)

    monkeypatch.setattr(positional_io, "_write_some", counted)
    return ranges


def test_only_what_has_changed_is_written(tmp_path, writer, clones, written):
    """Of four values of 64 KiB one changes: its bytes are written, and the pages with digests and seal."""
    variables = values(*[(LARGE,)] * 4, (3,))
    writer.write(tmp_path / "1.h5", model(variables))
    variables["v2"][5] = -1
    written.clear()
    writer.write(tmp_path / "2.h5", model(variables))
    assert 1 == clones.count
    assert sum(length for _, length in written) <= variables["v2"].nbytes + 3 * 4096
    assert in_full(tmp_path / "full.h5", variables) == (tmp_path / "2.h5").read_bytes()
    assert (tmp_path / "1.h5").read_bytes() != (tmp_path / "2.h5").read_bytes()


def test_nothing_has_changed(tmp_path, writer, clones, written):
    """The file of the same values is a clone, to which nothing is written."""
    variables = values((LARGE,), (3,))
    writer.write(tmp_path / "1.h5", model(variables))
    written.clear()
    writer.write(tmp_path / "1.h5", model(variables))
    assert 1 == clones.count
    assert [] == written
    assert in_full(tmp_path / "full.h5", variables) == (tmp_path / "1.h5").read_bytes()


def test_everything_has_changed(tmp_path, writer, clones, said):
    """Where no large value is left, the file is written in full, so that it is in one piece on the disk."""
    variables = values((LARGE,), (LARGE + 1,), (3,))
    writer.write(tmp_path / "1.h5", model(variables))
    variables["v0"][0] = variables["v1"][0] = -1
    reserved = []
    fallocate = getattr(os, "posix_fallocate", None)
    with pytest.MonkeyPatch.context() as patch:
        if fallocate:
            patch.setattr(os, "posix_fallocate", lambda fd, *args: reserved.append(os.fstat(fd).st_size))
        writer.write(tmp_path / "2.h5", model(variables))
    assert [0] * bool(fallocate) == reserved  # the clone was emptied before
    assert [] == said
    assert in_full(tmp_path / "full.h5", variables) == (tmp_path / "2.h5").read_bytes()


SHAPES = [(LARGE,), (LARGE + 7,), (3, LARGE), (), (5,), (40,), (2000,), (1500,), (0,), (LARGE - 1,)]


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_the_bytes_of_a_full_save(tmp_path_factory, data):
    """Any changes, one after the other, of numbers, strings, names and shapes, give the bytes of full saves."""
    folder = tmp_path_factory.mktemp("saves")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incremental, "clone", Copying())
        patch.setattr(incremental, "_SMALLEST", 0)
        said = []
        writer = Writer(Sharing(data.draw(st.sampled_from([None, 1, 2]), "most"), said.append))
        variables = values(*SHAPES)
        variables |= {"text": np.array([b"yes", b"no"], object), "flags": np.zeros(70_000, bool)}
        for step in range(4):
            path = folder / f"{data.draw(st.sampled_from([0, 1, step]))}.h5"
            writer.write(path, model(variables), options=WriteOptions(durable=False))
            assert in_full(folder / "full.h5", variables) == path.read_bytes()
            for name in data.draw(st.sets(st.sampled_from(sorted(variables)), max_size=6), "changed"):
                variables[name] = changed(variables[name], data)
            if data.draw(st.integers(0, 9)) == 0:
                variables = dict(reversed(variables.items()))
        assert [] == said or "replaced" in said[0]


def changed(value, data):
    """The value with one other element, or sometimes one of another kind."""
    kind = data.draw(st.sampled_from(["element"] * 8 + ["shape", "dtype"]), "change")
    if value.dtype == object:
        return np.array([data.draw(st.binary(max_size=5)), b"no"], object)
    if kind == "shape" and value.ndim:
        return np.concatenate([value, value[:1]]) if len(value) < 2 * LARGE else value[:-1].copy()
    if kind == "dtype":
        return value.astype(np.int32 if value.dtype != np.int32 else np.float32)
    other = value.copy()
    if other.size:
        other.flat[data.draw(st.integers(0, other.size - 1), "place")] += data.draw(st.integers(0, 1))
    return other


def test_small_values_share_pages(tmp_path, writer, written):
    """Of many small values those that have changed are written by whole pages, neighbours together."""
    variables = values((LARGE,), *[(100,)] * 500)
    writer.write(tmp_path / "1.h5", model(variables))
    for place in (10, 11, 12, 400):
        variables[f"v{place}"][0] = -1
    written.clear()
    writer.write(tmp_path / "2.h5", model(variables))
    with open_file(tmp_path / "2.h5") as file:
        begin = min(found[0] for name in variables if name != "v0" and (found := file.extent(name)))
    pages = [(offset, length) for offset, length in written if offset >= begin]
    assert 2 == len(pages)
    assert all(offset % 4096 == 0 and length % 4096 == 0 for offset, length in pages)
    assert in_full(tmp_path / "full.h5", variables) == (tmp_path / "2.h5").read_bytes()


def test_pieces_that_follow_one_another(tmp_path, writer, clones):
    """A value of pieces, such as a partitioned variable, is compared and written like others."""
    halves = [np.arange(LARGE, dtype=np.float32).reshape(-1, 4) for _ in range(2)]
    fixed = np.ones(LARGE)

    def joined():
        rows = len(halves[0])
        pieces = [Piece((slice(place * rows, (place + 1) * rows),), half) for place, half in enumerate(halves)]
        return {"joined": Joined((2 * rows, 4), pieces), "fixed": fixed}

    for step in range(3):
        writer.write(tmp_path / f"{step}.h5", model(joined()))
        assert in_full(tmp_path / "full.h5", joined()) == (tmp_path / f"{step}.h5").read_bytes()
        halves[1][step] = -1
    assert 2 == clones.count


def test_progress(tmp_path, writer):
    """What is not written counts as done, so that all bytes are."""
    calls = []
    variables = values((LARGE,), (LARGE,), (3,))
    options = WriteOptions(progress=lambda *call: calls.append(call))
    for step in range(2):
        calls.clear()
        writer.write(tmp_path / f"{step}.h5", model(variables), options=options)
        assert (8 * LARGE + 12, 8 * LARGE + 12) == calls[-1]
        variables["v0"][0] = -1


def frozen(variables):
    """Values as a session has them."""
    for array in variables.values():
        array.flags.writeable = False
    return variables


def test_the_very_array_is_not_read(tmp_path, writer, monkeypatch):
    """A read-only array that was saved before is known; one that could have been written to is read."""
    read = []

    def noted(views):
        read.append(len(views))
        return positional_io.digest_views(views)

    monkeypatch.setattr(incremental, "digest_views", noted)
    variables = frozen({f"v{place}": np.full(LARGE, place, np.float32) for place in range(4)})
    writer.write(tmp_path / "1.h5", model(variables, live=()))
    variables["v1"] = variables["v1"].copy()  # equal, but another one
    variables["v2"].flags.writeable = True
    variables["v2"][0] = -1
    variables["v3"] = variables["v0"][:]  # a view, whose memory another array has
    writer.write(tmp_path / "2.h5", model(variables, live=()))
    assert [3] == read
    assert in_full(tmp_path / "full.h5", variables) == (tmp_path / "2.h5").read_bytes()
    variables["v2"].flags.writeable = False
    writer.write(tmp_path / "3.h5", model(variables))  # the program may write to all of them
    assert [3, 4] == read


def test_every_few_files_one_is_in_full(tmp_path, clones, said):
    """With a number, a file is written in full after so many that share blocks."""
    writer, variables = Writer(Sharing(2, said.append)), values((LARGE,), (3,))
    counts = []
    for step in range(7):
        writer.write(tmp_path / f"{step}.h5", model(variables))
        counts.append(clones.count)
    assert [0, 1, 2, 2, 3, 4, 4] == counts
    assert [] == said


# -- a last file that is no beginning -------------------------------------------------------------------------------


def gone(path, variables, clones):
    path.unlink()
    return "cannot be opened: No such file"


def replaced(path, variables, clones):
    other = path.with_name("other.h5")
    Writer().write(other, model({name: value + 1 for name, value in variables.items()}))
    other.replace(path)
    return "another program has changed or replaced"


def written_to(path, variables, clones):
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(-10, os.SEEK_END)
        file.write(b"?")
    if path.stat().st_mtime_ns == before.st_mtime_ns:  # within one tick of the clock of the file system
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    return "another program has changed or replaced"


def a_link_in_its_place(path, variables, clones):
    path.rename(path.with_name("moved.h5"))
    path.symlink_to(os.devnull)
    return "another program has changed or replaced"


def replaced_meanwhile(path, variables, clones):
    """Between the opening of the last file and the clone another program writes to it."""
    copying = clones.__class__.__call__

    def late(self, source, target):
        written_to(path, variables, clones)
        copying(self, source, target)

    clones.__class__ = type("Late", (clones.__class__,), {"__call__": late})
    return "another program has changed or replaced"


def another_clone(change):
    """The clone is not what was written: its bytes are changed where no time and no inode tells."""

    def changing(path, variables, clones):
        copying = clones.__class__.__call__

        def damaged(self, source, target):
            copying(self, source, target)
            change(target)

        clones.__class__ = type("Damaged", (clones.__class__,), {"__call__": damaged})
        return "is damaged"

    changing.__name__ = change.__name__
    return changing


def its_seal(target):
    place = os.pread(target, 65536, 0).index(b"hdf-SEAL")
    os.pwrite(target, b"?", place + 100)


def its_index(target):
    head = os.pread(target, 65536, 0)
    os.pwrite(target, b"?", seal.find(head).extents_offset + 3)


def its_structure(target):
    os.pwrite(target, b"?", 700)


def its_end(target):
    os.ftruncate(target, os.fstat(target).st_size - 1)


def nothing_left(target):
    os.ftruncate(target, 0)


CASES = [
    gone, replaced, written_to, replaced_meanwhile, a_link_in_its_place,
    *map(another_clone, (its_seal, its_index, its_structure, its_end, nothing_left)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_last_file_that_is_no_beginning(tmp_path, writer, clones, said, case):
    """A last file that is gone, changed, replaced or damaged is never the beginning of a file, which is said once."""
    variables = values((LARGE,), (LARGE,), (3,))
    writer.write(tmp_path / "1.h5", model(variables))
    expected = case(tmp_path / "1.h5", variables, clones)
    variables["v0"][0] = -1
    writer.write(tmp_path / "2.h5", model(variables))
    full = in_full(tmp_path / "full.h5", variables)
    assert full == (tmp_path / "2.h5").read_bytes()
    assert re.fullmatch(f"{tmp_path}/2.h5 is written in full: .*{expected}.*", said[0])
    clones.__class__ = Copying
    count = clones.count
    for path in (tmp_path / "3.h5", tmp_path / "4.h5"):
        writer.write(path, model(variables))
        assert full == path.read_bytes()
    assert count + 2 == clones.count
    assert 1 == len(said)


def test_damage_of_a_shared_value(tmp_path, clones, said):
    """A value that is not written is not read: damage is in all files that share it, and each of them tells."""
    writer, variables = Writer(Sharing(1, said.append)), values((LARGE,), (LARGE,), (3,))
    writer.write(tmp_path / "1.h5", model(variables))
    before = (tmp_path / "1.h5").stat()
    with open_file(tmp_path / "1.h5") as file:
        place = (file.extent("v1") or (0, 0))[0]
    with (tmp_path / "1.h5").open("r+b") as damaged:
        damaged.seek(place + 5)
        damaged.write(b"?")
    os.utime(tmp_path / "1.h5", ns=(before.st_atime_ns, before.st_mtime_ns))  # a disk leaves no trace
    variables["v0"][0] = -1
    writer.write(tmp_path / "2.h5", model(variables))
    for path in (tmp_path / "1.h5", tmp_path / "2.h5"):
        with open_file(path) as file:
            assert np.array_equal(file.read("v2"), variables["v2"])
            with pytest.raises(errors.DataLossError, match="'v1'"):
                file.read("v1")
            with pytest.raises(errors.DataLossError, match="'v1'"):
                file.verify()
    writer.write(tmp_path / "3.h5", model(variables))  # written in full
    assert in_full(tmp_path / "full.h5", variables) == (tmp_path / "3.h5").read_bytes()
    assert [] == said


REFUSALS = ["EOPNOTSUPP", "EXDEV", "EINVAL", "ENOTTY", "EPERM", "EIO", "ENOSPC", "EBADF", "ETXTBSY"]


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("is_partial", [False, True])
def test_no_clone(tmp_path, writer, monkeypatch, said, name, is_partial):
    """Where blocks cannot be shared, also if only a part was, every file is written in full, which is said once."""

    def refuse(source, target):
        if is_partial:
            os.pwrite(target, b"?" * 300_000, 0)
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))

    monkeypatch.setattr(incremental, "clone", refuse)
    variables = values((LARGE,), (3,))
    for step in range(3):
        variables["v1"][0] = step
        writer.write(tmp_path / f"{step}.h5", model(variables))
        assert in_full(tmp_path / "full.h5", variables) == (tmp_path / f"{step}.h5").read_bytes()
    (line,) = said
    assert re.fullmatch(f"{tmp_path}/1.h5 is written in full: .*/0.h5: {os.strerror(getattr(errno, name))}.", line)


def test_the_file_system_that_there_is(tmp_path, monkeypatch, said):
    """With the system's own call: blocks are shared, or it is said that they are not."""
    monkeypatch.setattr(incremental, "_SMALLEST", 0)
    writer, variables = Writer(Sharing(None, said.append)), values((LARGE,), (LARGE,))
    for step in range(3):
        writer.write(tmp_path / f"{step}.h5", model(variables))
        assert in_full(tmp_path / "full.h5", variables) == (tmp_path / f"{step}.h5").read_bytes()
        variables["v0"][step] = -1
    assert len(said) <= 1


def test_a_small_file(tmp_path, monkeypatch, said):
    """A file that one call writes is not worth a clone."""
    copying = Copying()
    monkeypatch.setattr(incremental, "clone", copying)
    writer = Writer(Sharing(None, said.append))
    for step in range(2):
        writer.write(tmp_path / f"{step}.h5", model(values((LARGE,))))
    assert 0 == copying.count
    assert [] == said


@pytest.mark.parametrize("order", [1, -1])
def test_other_names(tmp_path, writer, clones, said, written, monkeypatch, order):
    """Values of the same bytes in the same places, but of other names or in another order, are another file."""
    monkeypatch.setattr(writing, "_JOINED", 0)
    variables = values((LARGE,), (LARGE,), (3,))
    writer.write(tmp_path / "1.h5", model(variables))
    changed = {f"w{name[1:]}" if order > 0 else name: value for name, value in list(variables.items())[::order]}
    written.clear()
    writer.write(tmp_path / "2.h5", model(changed))
    assert 8 * LARGE <= sum(length for _, length in written)
    assert [] == said
    assert in_full(tmp_path / "full.h5", changed) == (tmp_path / "2.h5").read_bytes()


@pytest.mark.parametrize("compressed", [{"v0": "gzip"}, {}])
def test_what_has_other_places_each_time(tmp_path, writer, clones, said, compressed):
    """The places of compressed values depend on their bytes: the file is written in full, which is said once."""
    variables = values((LARGE,), (LARGE,))
    for step in range(3):
        writer.write(tmp_path / f"{step}.h5", model(variables, compression=by_name(compressed, variables)))
    assert (0 if compressed else 2) == clones.count
    assert bool(compressed) == len(said)
    assert [] == [line for line in said if "with compressed values" not in line]
    writer.write(tmp_path / "3.h5", model(variables))
    writer.write(tmp_path / "4.h5", model(variables))
    assert in_full(tmp_path / "full.h5", variables) == (tmp_path / "4.h5").read_bytes()


def test_no_file_is_remembered_after_an_error(tmp_path, writer, monkeypatch, clones):
    """A file that could not be written is no beginning; the one before still is."""
    variables = values((LARGE,), (LARGE,))
    writer.write(tmp_path / "1.h5", model(variables))
    variables["v0"][0] = -1
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *args: refuse(errno.EIO))
        with pytest.raises(Exception, match=r"2\.h5"):
            writer.write(tmp_path / "2.h5", model(variables))
    assert ["1.h5"] == os.listdir(tmp_path)
    writer.write(tmp_path / "2.h5", model(variables))
    assert 2 == clones.count
    assert in_full(tmp_path / "full.h5", variables) == (tmp_path / "2.h5").read_bytes()


def test_it_is_a_writer_that_writes_in_full(tmp_path, clones):
    """Without `Sharing` nothing is cloned."""
    writer = writing.Writer()
    for step in range(2):
        writer.write(tmp_path / f"{step}.h5", model(values((LARGE,))))
    assert 0 == clones.count


def test_a_full_disk(tmp_path, writer, clones, monkeypatch):
    """The error says how much was needed, which is less than the file; the last file stays, and is the beginning."""
    variables = values((LARGE,), (LARGE,))
    writer.write(tmp_path / "1.h5", model(variables))
    variables["v0"][0] = -1
    with monkeypatch.context() as patch:
        patch.setattr(positional_io, "_write_some", lambda *args: refuse(errno.ENOSPC))
        patch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**6, 10**6, 1000))
        with pytest.raises(errors.ResourceExhaustedError, match=r"2\.h5.*and 1,000 bytes are free") as caught:
            writer.write(tmp_path / "2.h5", model(variables))
    (number,) = re.findall(r"([\d,]+) bytes were needed", str(caught.value))
    needed = int(number.replace(",", ""))
    assert 4 * LARGE < needed < 5 * LARGE
    assert ["1.h5"] == os.listdir(tmp_path)
    writer.write(tmp_path / "2.h5", model(variables))
    assert 2 == clones.count
    assert in_full(tmp_path / "full.h5", variables) == (tmp_path / "2.h5").read_bytes()


def refuse(number):
    raise OSError(number, os.strerror(number))
