"""``tf.gfile`` and ``tf.io.gfile``: files as TensorFlow's programs use them."""

from __future__ import annotations

import os
import pathlib
import pickle
import sys

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import gfile
from hdfsaver.files import file_io
from tests import forks

FILES = tf.io.gfile


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def text():
    pathlib.Path("text").write_bytes("one\r\ntwo\nüß\n".encode())
    return "text"


@pytest.fixture
def tree():
    """A folder ``d`` with two files, a hidden one, and folders in folders."""
    os.makedirs("d/sub/deep")
    for name in ("d/x.txt", "d/.hidden", "d/sub/y"):
        pathlib.Path(name).write_text(name)
    return "d"


def test_names_of_both_versions():
    """Both modules have TensorFlow's names; `Open` is the class itself."""
    assert gfile.Open is gfile.GFile is FILES.GFile
    assert issubclass(gfile.FastGFile, gfile.GFile)
    assert {"Exists", "MkDir", "Walk"} < set(dir(tf.gfile))
    assert {"exists", "rmtree", "join"} < set(dir(tf.io.gfile))


def test_text_and_bytes(text):
    """A mode with `b` gives bytes; without it text, of which a number counts bytes."""
    assert "one\r\ntwo\nüß\n" == gfile.GFile(text).read()
    assert "one\r\ntwo\nüß\n".encode() == gfile.GFile(text, "rb").read()
    assert b"one" == gfile.FastGFile(text, "rb").read(3)
    assert "" == gfile.GFile(text).read(0)
    with pytest.raises(UnicodeDecodeError):
        gfile.GFile(text).read(10)
    assert "\u6771" == file_io.FileIO(_written("東".encode("cp932")), "r", encoding="cp932").read()


def _written(data):
    pathlib.Path("written").write_bytes(data)
    return "written"


def test_lines(text):
    """Lines are read one by one, all at once or in a loop; in text the end of a line is one character."""
    with gfile.GFile(text) as file:
        assert ["one\n", "t", ["wo\n", "üß\n"], ""] == [file.readline(), file.read(1), list(file), file.readline()]
    assert ["one\n", "two\n", "üß\n"] == gfile.GFile(text).readlines()
    assert [b"one\r\n", b"two\n"] == gfile.GFile(text, "rb").readlines()[:2]
    assert "one\n" == gfile.GFile(text).next()


def test_positions(text):
    """`seek` counts from the beginning, from here or from the end; `tell` and `size` are in bytes."""
    with gfile.GFile(text, "rb") as file:
        file.seek(5)
        assert b"two" == file.read(3)
        file.seek(-1, 1)
        assert (b"o", 8) == (file.read(1), file.tell())
        file.seek(-5, 2)
        assert ("üß\n".encode(), 14, 14) == (file.read(), file.tell(), file.size())
        file.seek(position=0)
        assert 0 == file.tell()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((-1,), tf.errors.InvalidArgumentError),
        ((0, 3), tf.errors.InvalidArgumentError),
        ((100,), tf.errors.OutOfRangeError),
        ((), TypeError),
        ((0, 0, 0), TypeError),
    ],
)
def test_positions_that_are_none(text, arguments, error):
    """Before the beginning, behind the end, none or two."""
    with pytest.raises(error):
        gfile.GFile(text).seek(*arguments)


def test_modes():
    """`w` begins anew and `a` goes on; what was flushed can be read with a plus. As in TensorFlow, `r+` begins anew."""
    with gfile.GFile("f", "w") as file:
        file.write("ab")
        assert 2 == file.tell()
    with gfile.GFile("f", "a+") as file:
        file.write(b"c")
        file.flush()
        assert "abc" == file.read()
    with gfile.GFile("f", "w+") as file:
        file.write("new")
        file.flush()
        assert ("ne", "w") == (file.read(2), file.read(1))
    with gfile.GFile("f", "r+") as file:
        file.write("X")
    assert "X" == gfile.GFile("f").read()


def test_opened_when_used():
    """A file that nothing is written to is not made, and a closed one is opened again."""
    with gfile.GFile("f", "w") as file:
        assert ("f", "w", True) == (file.name, file.mode, file.seekable())
    assert not os.path.exists("f")
    file.write("a")
    file.close()
    reader = gfile.GFile("f")
    assert "a" == reader.read()
    reader.close()
    assert "a" == reader.read()


def test_written_without_close():
    """A file that nothing uses any more is complete, without a warning."""
    gfile.GFile("f", "w").write("complete")
    assert "complete" == gfile.GFile("f").read()


@pytest.mark.parametrize("mode", ["x", "rt", "U", ""])
def test_unknown_modes(mode):
    """They are refused when the object is made."""
    with pytest.raises(tf.errors.InvalidArgumentError, match="mode is not 'r' or 'w'"):
        gfile.GFile("f", mode)


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda: gfile.GFile("text", "r").write("x"), tf.errors.PermissionDeniedError),
        (lambda: gfile.GFile("f", "w").read(), tf.errors.PermissionDeniedError),
        (lambda: gfile.GFile("f", "a").seek(0), tf.errors.PermissionDeniedError),
        (lambda: gfile.GFile("f", "w").write(3), TypeError),
        (lambda: gfile.GFile("text").read(-2), tf.errors.InvalidArgumentError),
        (lambda: gfile.GFile("none").read(), tf.errors.NotFoundError),
        (lambda: gfile.GFile("none").size(), tf.errors.NotFoundError),
        (lambda: gfile.GFile("no/f", "w").write("x"), tf.errors.NotFoundError),
        (lambda: gfile.GFile("d").read(), tf.errors.FailedPreconditionError),
        (lambda: gfile.GFile("d", "w").write("x"), tf.errors.FailedPreconditionError),
        (lambda: gfile.GFile("").read(), tf.errors.NotFoundError),
        (lambda: gfile.GFile("a\0b").read(), tf.errors.InvalidArgumentError),
        (lambda: gfile.ListDirectory("text"), tf.errors.NotFoundError),
        (lambda: gfile.ListDirectory("none"), tf.errors.NotFoundError),
        (lambda: gfile.Stat("none"), tf.errors.NotFoundError),
        (lambda: gfile.MkDir("m/n"), tf.errors.NotFoundError),
        (lambda: gfile.MakeDirs("text"), tf.errors.FailedPreconditionError),
        (lambda: gfile.MakeDirs("text/x"), tf.errors.FailedPreconditionError),
        (lambda: gfile.Copy("none", "f"), tf.errors.NotFoundError),
        (lambda: gfile.Copy("d", "f"), tf.errors.InvalidArgumentError),
        (lambda: gfile.Copy("text", "d"), tf.errors.AlreadyExistsError),
        (lambda: gfile.Copy("text", "d", overwrite=True), tf.errors.FailedPreconditionError),
        (lambda: gfile.Copy("text", "no/f"), tf.errors.NotFoundError),
        (lambda: gfile.Rename("none", "f"), tf.errors.NotFoundError),
        (lambda: gfile.Rename("text", "text"), tf.errors.AlreadyExistsError),
        (lambda: gfile.Rename("text", "d", overwrite=True), tf.errors.FailedPreconditionError),
        (lambda: gfile.Remove("none"), tf.errors.NotFoundError),
        (lambda: gfile.Remove("d"), tf.errors.FailedPreconditionError),
        (lambda: gfile.DeleteRecursively("none"), tf.errors.NotFoundError),
        (lambda: gfile.Exists(3), TypeError),
        (lambda: gfile.Exists(None), TypeError),
    ],
)
def test_errors(text, tree, use, error):
    """Each has the class that TensorFlow raises, and nothing that was there has changed."""
    with pytest.raises(error):
        use()
    assert [b"one\r\n", ["text", "d"]] == [gfile.GFile(text, "rb").readline(), sorted(os.listdir(), reverse=True)]
    assert [".hidden", "sub", "x.txt"] == sorted(os.listdir(tree))


def test_exists(text, tree):
    """Files and folders, by any kind of path; the empty path is none."""
    paths = (text, b"text", pathlib.Path("text"), f"file://{os.getcwd()}/text", tree, "none", "", "text/x")
    assert [True] * 5 + [False] * 3 == [gfile.Exists(path) for path in paths]
    assert [False, True, False] == [gfile.IsDirectory(path) for path in (text, tree, "")]


def test_folders(tree):
    """They are made, listed and measured; one that is there already is left as it is."""
    gfile.MkDir(tree)
    gfile.MkDir("m")
    gfile.MakeDirs("m/n/o")
    gfile.MakeDirs("m/n/o")
    assert ["n"] == FILES.listdir("m")
    assert [".hidden", "sub", "x.txt"] == sorted(gfile.ListDirectory(tree + "/"))
    found = gfile.Stat("d/x.txt")
    assert (7, False, os.stat("d/x.txt").st_mtime_ns) == (found.length, found.is_directory, found.mtime_nsec)
    assert gfile.Stat(tree).is_directory


def test_copies(text):
    """The bytes are copied; a file that is there is replaced only if that is asked for."""
    gfile.Copy(text, "other")
    pathlib.Path(text).write_text("changed")
    with pytest.raises(tf.errors.AlreadyExistsError):
        gfile.Copy(text, "other")
    assert "one\n" == gfile.GFile("other").readline()
    FILES.copy(src=text, dst="other", overwrite=True)
    assert "changed" == gfile.GFile("other").read()


def test_copy_onto_itself(text):
    """The file keeps its content, which TensorFlow loses."""
    gfile.Copy(text, text, overwrite=True)
    assert "one\n" == gfile.GFile(text).readline()


def test_renames(text, tree):
    """A file or a folder gets another name; what is there is replaced only if that is asked for."""
    gfile.Rename(text, "other")
    pathlib.Path(text).write_text("new")
    with pytest.raises(tf.errors.AlreadyExistsError):
        gfile.Rename(text, "other")
    gfile.Rename(oldname=text, newname="other", overwrite=True)
    assert ("new", False) == (gfile.GFile("other").read(), gfile.Exists(text))
    gfile.Rename(tree, "e")
    assert gfile.Exists("e/sub/deep")


def test_removal_stops_at_links(tree, text):
    """What is outside of a removed folder stays, also where a link in it leads there; TensorFlow removes it."""
    os.makedirs("outside")
    pathlib.Path("outside/kept").write_text("kept")
    os.symlink("../outside", "d/link")
    gfile.DeleteRecursively(tree)
    gfile.DeleteRecursively(text)
    assert ["outside"] == os.listdir()
    assert ["kept"] == os.listdir("outside")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("d/*", ["d/.hidden", "d/a[1]", "d/sub", "d/x.txt"]),
        ("d/?.txt", ["d/x.txt"]),
        ("d/[xy].txt", ["d/x.txt"]),
        ("d/[^y].txt", ["d/x.txt"]),
        ("d/[^x].txt", []),
        (r"d/\x.txt", ["d/x.txt"]),
        (r"d/a\[1]", ["d/a[1]"]),
        ("d/**", ["d/.hidden", "d/a[1]", "d/sub", "d/x.txt"]),
        ("d/**/y", ["d/sub/y"]),
        ("*/*/y", ["./d/sub/y"]),
        ("d/x.txt", ["d/x.txt"]),
        ("none/*", []),
        (["d/x*", "d/s*"], ["d/x.txt", "d/sub"]),
        ((), []),
    ],
)
def test_patterns(tree, pattern, expected):
    """A star stays within a name and finds hidden ones; a backslash takes the meaning from a character."""
    pathlib.Path("d/a[1]").write_text("")
    assert expected == gfile.Glob(pattern)


def test_walks(tree):
    """A folder comes before or after those in it; a name taken from the list is left out, and a link back is no way."""
    os.symlink("..", "d/sub/back")
    found = [("d", ["sub"], [".hidden", "x.txt"]), ("d/sub", ["back", "deep"], ["y"])]
    assert found == list(gfile.Walk(tree))[:2]
    assert "d" == [top for top, _, _ in gfile.Walk(tree, in_order=False)][-1]
    assert "d/sub/deep" in [top for top, _, _ in FILES.walk(tree)]
    for top, inside, _ in FILES.walk(tree):
        assert "d" == top
        inside.clear()
    errors = []
    assert [] == list(FILES.walk("none", onerror=errors.append))
    assert [tf.errors.NotFoundError] == [type(error) for error in errors]


def test_joins():
    """Slashes where there is a scheme, and what the system has otherwise."""
    assert os.path.join("a", "b") == FILES.join("a", "b")
    assert "gs://a/b/c" == FILES.join("gs://a", "b", "c")
    assert b"a/b" == FILES.join(b"a", b"b")


def test_other_libraries_read_them():
    """NumPy, pickle and the like take such a file for one of Python's."""
    np.savez("a.npz", a=[1, 2])
    assert [1, 2] == np.load(gfile.GFile("a.npz", "rb"))["a"].tolist()
    with gfile.GFile("p", "wb") as file:
        pickle.dump([b"\r\n", 1], file)
    assert [b"\r\n", 1] == pickle.load(gfile.GFile("p", "rb"))


def test_whole_files(text):
    """What TensorFlow's module for files has beside its public names."""
    file_io.atomic_write_string_to_file("f", "a")
    with pytest.raises(tf.errors.AlreadyExistsError):
        file_io.atomic_write_string_to_file("f", "b", overwrite=False)
    assert ("a", b"a") == (file_io.read_file_to_string("f"), file_io.read_file_to_string("f", binary_mode=True))
    assert ["f", "text"] == sorted(os.listdir())
    file_io.write_string_to_file("g", b"b")
    assert [False, True] == [file_io.filecmp("f", other) for other in ("g", "f")]
    assert "0xe8b7be43" == file_io.file_crc32("f", block_size=1) == file_io.file_crc32("f", block_size=-1)
    assert file_io.has_atomic_move("f")


def test_without_the_library_for_schemes(monkeypatch):
    """A name with a scheme says which package is missing; nothing else needs it."""
    monkeypatch.setitem(sys.modules, "fsspec", None)
    for use in (gfile.Exists, gfile.Stat, gfile.Glob, lambda name: gfile.GFile(name).read()):
        with pytest.raises(tf.errors.UnimplementedError, match=r"'s3' not implemented .*hdfsaver\[remote\]"):
            use("s3://bucket/x")
    assert not gfile.IsDirectory("s3://bucket")
    assert ["", "file"] == FILES.get_registered_schemes()
    with pytest.raises(tf.errors.UnimplementedError):
        gfile.Rename(__file__, "s3://bucket/x")


def test_names_with_a_scheme():
    """The library fsspec opens them; between two file systems a file is copied, not renamed."""
    pytest.importorskip("fsspec", reason="fsspec is not installed; it is an extra")
    gfile.MakeDirs("ram://top/sub")
    with gfile.GFile("ram://top/sub/f", "w") as file:
        file.write("in memory\n")
    assert ["in memory\n"] == gfile.GFile("ram://top/sub/f").readlines()
    assert [True, False] == [gfile.Exists(name) for name in ("ram://top/sub/f", "ram://top/none")]
    assert (["sub"], ["f"]) == (gfile.ListDirectory("ram://top"), gfile.ListDirectory("ram://top/sub/"))
    assert ["ram://top/sub/f"] == gfile.Glob("ram://top/*/[^a]")
    assert [("ram://top", ["sub"], []), ("ram://top/sub", [], ["f"])] == list(gfile.Walk("ram://top"))
    assert (10, False) == gfile.Stat("ram://top/sub/f")[::2]
    gfile.Copy("ram://top/sub/f", "here")
    gfile.Copy("here", "ram://top/g")
    with pytest.raises(tf.errors.AlreadyExistsError):
        gfile.Copy("here", "ram://top/g")
    gfile.Rename("ram://top/g", "ram://top/h")
    assert "in memory\n" == gfile.GFile("ram://top/h").read()
    for use, error in (
        (lambda: gfile.Rename("here", "ram://top/h", overwrite=True), tf.errors.UnimplementedError),
        (lambda: gfile.Rename("ram://top/none", "ram://top/x"), tf.errors.NotFoundError),
        (lambda: gfile.GFile("ram://top/none").read(), tf.errors.NotFoundError),
        (lambda: gfile.Remove("ram://top"), tf.errors.FailedPreconditionError),
        (lambda: gfile.Exists("nosuchscheme://x"), tf.errors.UnimplementedError),
    ):
        with pytest.raises(error):
            use()
    gfile.Remove("ram://top/h")
    gfile.DeleteRecursively("ram://top")
    assert not gfile.Exists("ram://top/sub/f")
    assert {"", "file", "ram"} <= set(FILES.get_registered_schemes())


def test_as_packages():
    """The modules can be imported in each way that programs use."""
    code = "import hdfsaver.gfile; from hdfsaver.io import gfile; gfile.exists('x')"
    forks.run("-c", code)
