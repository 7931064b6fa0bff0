"""``tf.gfile`` and ``tf.io.gfile``: files as TensorFlow's programs open, list, copy and remove them.

The functions that have TensorFlow 1's names of arguments come first, then those of TensorFlow 2 that differ.
"""

from __future__ import annotations

import os
import posixpath
import secrets
import zlib
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import IO, Literal, Self, overload

from hdfsaver.errors import (
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    OutOfRangeError,
    PermissionDeniedError,
)
from hdfsaver.files import file_systems
from hdfsaver.files.file_systems import FileStatistics, located, path_text, refusals
from hdfsaver.files.schemes import is_url

PathLike = str | bytes | os.PathLike[str]

_MODES = ("r", "w", "a", "r+", "w+", "a+")

_BLOCK = 16 * 1024 * 1024


class FileIO:
    """A file that is opened when it is first read or written.

    Reading and writing have positions of their own. Only the modes ``"a"`` and ``"a+"`` keep what a file has: the first
    write in any other, ``"r+"`` included, begins an empty file.

    Parameters
    ----------
    name : path
        The file: a path of this machine, or a name with a scheme that the library fsspec opens.
    mode : str
        ``"r"``, ``"w"``, ``"a"``, ``"r+"``, ``"w+"`` or ``"a+"``; with a ``"b"``, reading gives bytes.
    encoding : str
        How text is encoded.

    Raises
    ------
    InvalidArgumentError
        It is another mode.
    """

    def __init__(self, name: PathLike, mode: str, encoding: str = "utf-8") -> None:
        self._reader: IO[bytes] | None = None
        self._writer: IO[bytes] | None = None
        self._name = name
        self._mode = mode
        self._encoding = encoding
        self._is_binary = "b" in mode
        self._plain_mode = mode.replace("b", "")
        if self._plain_mode not in _MODES:
            raise InvalidArgumentError(
                None, None, f"mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+', but {mode!r}."
            )

    @property
    def name(self) -> PathLike:
        """The name of the constructor."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode of the constructor."""
        return self._mode

    def _reading(self) -> IO[bytes]:
        if self._reader is None:
            if self._plain_mode in ("w", "a"):
                raise PermissionDeniedError(None, None, "File isn't open for reading")
            self._reader = self._opened("rb", "read")
        return self._reader

    def _writing(self) -> IO[bytes]:
        if self._writer is None:
            if self._plain_mode == "r":
                raise PermissionDeniedError(None, None, "File isn't open for writing")
            self._writer = self._opened("ab" if self._plain_mode.startswith("a") else "wb", "write")
        return self._writer

    def _opened(self, mode: str, doing: str) -> IO[bytes]:
        files, path = located(self._name)
        with refusals(doing, self._name):
            return files.open(path, mode)

    def _value(self, data: bytes) -> str | bytes:
        return data if self._is_binary else data.decode(self._encoding)

    def size(self) -> int:
        """The size of the file in bytes."""
        return stat(self._name).length

    def write(self, file_content: str | bytes) -> None:
        """Write text or bytes, in text modes as in binary ones; `TypeError` for anything else."""
        data = file_content.encode(self._encoding) if isinstance(file_content, str) else file_content
        if self._plain_mode != "r" and not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"Expected binary or unicode string, got {file_content!r}")
        writer = self._writing()  # only now, since that may empty the file
        with refusals("write", self._name):
            writer.write(data)

    def read(self, n: int | None = -1) -> str | bytes:
        """Read from the present position.

        Parameters
        ----------
        n : int
            Bytes to read, also of text; -1 is all that are left.

        Raises
        ------
        InvalidArgumentError
            The number is negative.
        UnicodeDecodeError
            Text is not encoded so, or the number of bytes ends within a character.
        """
        reader = self._reading()
        if n is not None and n < -1:
            raise InvalidArgumentError(None, None, f"Can't read a negative number of bytes: {n}")
        with refusals("read", self._name):
            data = reader.read(-1 if n is None else n)
        return self._value(data)

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Choose the position to read from.

        Parameters
        ----------
        offset : int
            A number of bytes.
        whence : int
            Where they are counted from: 0 the beginning, 1 the present position, 2 the end.
        position : int
            An older name of ``offset``.

        Raises
        ------
        TypeError
            Neither or both of ``offset`` and ``position`` are given.
        InvalidArgumentError
            The position is negative, or ``whence`` is another number.
        OutOfRangeError
            The position is behind the end.
        """
        reader = self._reading()
        if offset is None and position is None:
            raise TypeError("seek(): offset argument required")
        if offset is not None and position is not None:
            raise TypeError("seek(): offset and position may not be set simultaneously.")
        place = offset if offset is not None else position
        assert place is not None
        if whence not in (0, 1, 2):
            raise InvalidArgumentError(None, None, f"Invalid whence argument: {whence}. Valid values are 0, 1, or 2.")
        if whence:
            place += self.tell() if whence == 1 else self.size()
        if place < 0:
            raise InvalidArgumentError(None, None, f"Seeking to a negative position: {place}")
        if place > self.size():
            raise OutOfRangeError(None, None, f"reached end of file: {place} is behind the end of {self._name!r}")
        with refusals("read", self._name):
            reader.seek(place)

    def readline(self) -> str | bytes:
        """Read a line with its end; nothing at the end of the file."""
        reader = self._reading()
        with refusals("read", self._name):
            data = reader.readline()
        return self._value(data if self._is_binary else data.replace(b"\r\n", b"\n"))

    def readlines(self) -> list[str | bytes]:
        """All lines that are left."""
        return list(self)

    def tell(self) -> int:
        """The position of reading; in a mode that only writes, that of writing."""
        stream = self._writing() if self._plain_mode in ("w", "a") else self._reading()
        return stream.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[str | bytes]:
        return self

    def __next__(self) -> str | bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def next(self) -> str | bytes:
        """Read the next line; `StopIteration` at the end."""
        return self.__next__()

    def flush(self) -> None:
        """Give what was written to the operating system, so that readers see it."""
        if self._writer is not None:
            with refusals("write", self._name):
                self._writer.flush()

    def close(self) -> None:
        """Close the file; using it again opens it again."""
        reader, self._reader = self._reader, None
        writer, self._writer = self._writer, None
        if reader is not None:
            reader.close()
        if writer is not None:
            with refusals("write", self._name):
                writer.close()

    def __del__(self) -> None:
        # As in TensorFlow, a file that nothing uses any more is complete: `GFile(name, "w").write(text)`.
        if getattr(self, "_reader", None) is not None or getattr(self, "_writer", None) is not None:
            self.close()

    def seekable(self) -> bool:
        """True: `seek` and `tell` can be used."""
        return True


class GFile(FileIO):
    """A file that is opened when it is first read or written; see `FileIO`."""

    def __init__(self, name: PathLike, mode: str = "r") -> None:
        super().__init__(name, mode)


class FastGFile(GFile):
    """The same as `GFile`, under an older name."""


# -- whole files --------------------------------------------------------------------------------------------------


@overload
def read_file_to_string(filename: PathLike, binary_mode: Literal[False] = ...) -> str: ...
@overload
def read_file_to_string(filename: PathLike, binary_mode: Literal[True]) -> bytes: ...
def read_file_to_string(filename: PathLike, binary_mode: bool = False) -> str | bytes:
    """The content of a file, as text or as bytes."""
    with FileIO(filename, "rb" if binary_mode else "r") as file:
        return file.read()


def write_string_to_file(filename: PathLike, file_content: str | bytes) -> None:
    """Write a file that has this content."""
    with FileIO(filename, "w") as file:
        file.write(file_content)


def atomic_write_string_to_file(filename: PathLike, contents: str | bytes, overwrite: bool = True) -> None:
    """Write a file that has its name only when its content is complete.

    Parameters
    ----------
    filename : path
    contents : str or bytes
    overwrite : bool
        Replace a file of that name.

    Raises
    ------
    AlreadyExistsError
        There is one, which is not to be replaced.
    """
    draft = f"{path_text(filename)}.tmp{secrets.token_hex(16)}"
    write_string_to_file(draft, contents)
    try:
        rename(draft, filename, overwrite)
    except OpError:
        delete_file(draft)
        raise


def filecmp(filename_a: PathLike, filename_b: PathLike) -> bool:
    """Whether two files have the same bytes."""
    with FileIO(filename_a, "rb") as first, FileIO(filename_b, "rb") as second:
        if first.size() != second.size():
            return False
        while block := first.read(_BLOCK):
            if block != second.read(_BLOCK):
                return False
    return True


def file_crc32(filename: PathLike, block_size: int = _BLOCK) -> str:
    """The CRC-32 of a file as a hexadecimal number; it is read in blocks of this many bytes, or at once for -1."""
    crc = 0
    with FileIO(filename, "rb") as file:
        while block := file.read(block_size):
            assert isinstance(block, bytes)
            crc = zlib.crc32(block, crc)
    return hex(crc)


def has_atomic_move(path: PathLike) -> bool:
    """Whether a file can get another name in one step where the path is."""
    try:
        files, _ = located(path)
    except OpError:
        return True
    return isinstance(files, file_systems.LocalFiles)


# -- with TensorFlow 1's arguments --------------------------------------------------------------------------------


def file_exists(filename: PathLike) -> bool:
    """Whether there is a file or a directory of that name; see `exists`."""
    return exists(filename)


def delete_file(filename: PathLike) -> None:
    """Remove a file; see `remove`."""
    remove(filename)


def get_matching_files(filename: PathLike | Iterable[PathLike]) -> list[str]:
    """The paths that match a pattern or several; see `glob`."""
    return glob(filename)


def create_dir(dirname: PathLike) -> None:
    """Make a directory; see `mkdir`."""
    mkdir(dirname)


def recursive_create_dir(dirname: PathLike) -> None:
    """Make a directory and its parents; see `makedirs`."""
    makedirs(dirname)


def copy_file(oldpath: PathLike, newpath: PathLike, overwrite: bool = False) -> None:
    """Copy a file; see `copy`.

    Parameters
    ----------
    oldpath, newpath : path
    overwrite : bool
        Replace a file that is there.
    """
    copy(oldpath, newpath, overwrite)


def rename_file(oldname: PathLike, newname: PathLike, overwrite: bool = False) -> None:
    """Give a file or a directory another name; see `rename`.

    Parameters
    ----------
    oldname, newname : path
    overwrite : bool
        Replace a file that is there.
    """
    rename(oldname, newname, overwrite)


def delete_recursively(dirname: PathLike) -> None:
    """Remove a directory with everything in it; see `rmtree`."""
    rmtree(dirname)


def is_directory(dirname: PathLike) -> bool:
    """Whether there is a directory of that name; see `isdir`."""
    return isdir(dirname)


def list_directory(dirname: PathLike) -> list[str]:
    """The names in a directory; see `listdir`."""
    return listdir(dirname)


def walk_directory(top: PathLike, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """All directories below one; see `walk`."""
    return walk(top, in_order)


def file_statistics(filename: PathLike) -> FileStatistics:
    """The facts about a file; see `stat`."""
    return stat(filename)


# -- with TensorFlow 2's arguments --------------------------------------------------------------------------------


def exists(path: PathLike) -> bool:
    """Whether there is a file or a directory of that name.

    Raises
    ------
    TypeError
        It is not a path.
    UnimplementedError
        It has a scheme that nothing opens.
    """
    files, inner = located(path)
    return files.exists(inner)


def isdir(path: PathLike) -> bool:
    """Whether there is a directory of that name; False also where nothing opens its scheme."""
    try:
        files, inner = located(path)
        with refusals("look at", path):
            return files.is_directory(inner)
    except OpError:
        return False


def listdir(path: PathLike) -> list[str]:
    """The names in a directory.

    Raises
    ------
    NotFoundError
        There is no such directory.
    """
    if not isdir(path):
        raise NotFoundError(None, None, f"Could not find directory {path_text(path)}")
    files, inner = located(path)
    with refusals("list", path):
        return files.names(inner)


def glob(pattern: PathLike | Iterable[PathLike]) -> list[str]:
    r"""The paths that match a pattern, or several, in sorted order for each.

    Parameters
    ----------
    pattern : path or iterable of path
        ``*`` stands for any characters of a name, ``?`` for one, ``[ab]`` for one of these, ``[^ab]`` for any other;
        a backslash takes the meaning from the character behind it.

    Returns
    -------
    list of str
    """
    patterns = [pattern] if isinstance(pattern, str | bytes | os.PathLike) else pattern
    return [path for item in patterns for path in _matching(item)]


def _matching(pattern: PathLike) -> list[str]:
    files, inner = located(pattern)
    start = path_text(pattern).removesuffix(inner)
    with refusals("list", pattern):
        return [start + path for path in files.matching(inner)]


def mkdir(path: PathLike) -> None:
    """Make a directory; an existing one stays unchanged.

    Raises
    ------
    NotFoundError
        Its parent is not there.
    AlreadyExistsError
        A file has that name.
    """
    files, inner = located(path)
    with refusals("make the directory", path):
        files.make_directory(inner)


def makedirs(path: PathLike) -> None:
    """Make a directory and its parents, if they are not there.

    Raises
    ------
    FailedPreconditionError
        A file is where a directory is to be.
    """
    files, inner = located(path)
    with refusals("make the directory", path):
        files.make_directories(inner)


def copy(src: PathLike, dst: PathLike, overwrite: bool = False) -> None:
    """Copy a file. Where that fails, an earlier file of the name of the copy is unchanged.

    Parameters
    ----------
    src, dst : path
        The file, and the name of its copy.
    overwrite : bool
        Replace a file that is there.

    Raises
    ------
    AlreadyExistsError
        There is something of that name, which is not to be replaced.
    NotFoundError
        There is no such file, or the directory of the copy is not there.
    InvalidArgumentError
        It is a directory.
    """
    source, inner = located(src)
    target, outer = located(dst)
    if isdir(src):
        raise InvalidArgumentError(None, None, f"{path_text(src)} is a directory; files are copied one by one.")
    with refusals("read", src):
        opened = source.open(inner, "rb")
    with opened, refusals("write", dst):
        _check_free(dst, overwrite)
        target.write_copy(outer, opened)


def _check_free(path: PathLike, overwrite: bool) -> None:
    files, inner = located(path)
    is_there = os.path.lexists(inner) if isinstance(files, file_systems.LocalFiles) else files.exists(inner)
    if is_there and not overwrite:
        raise AlreadyExistsError(None, None, f"file already exists: {path_text(path)}. `overwrite=True` replaces it.")


def rename(src: PathLike, dst: PathLike, overwrite: bool = False) -> None:
    """Give a file or a directory another name.

    Parameters
    ----------
    src, dst : path
        The old name and the new one.
    overwrite : bool
        Replace a file that is there, or an empty directory by a directory.

    Raises
    ------
    AlreadyExistsError
        There is something of that name, which is not to be replaced.
    NotFoundError
        There is no such file.
    UnimplementedError
        The two names are in different file systems.
    """
    files, inner = located(src)
    others, outer = located(dst)
    if type(files) is not type(others):
        raise file_systems.between(path_text(src), path_text(dst))
    if not isinstance(files, file_systems.LocalFiles) and not files.exists(inner):
        raise NotFoundError(None, None, f"Cannot rename {path_text(src)}: there is no such file.")
    with refusals("rename", src):
        if isinstance(files, file_systems.LocalFiles):
            os.lstat(inner)
        _check_free(dst, overwrite)
        files.move(inner, outer)


def remove(path: PathLike) -> None:
    """Remove a file.

    Raises
    ------
    NotFoundError
        It does not exist.
    FailedPreconditionError
        It is a directory.
    """
    files, inner = located(path)
    with refusals("remove", path):
        files.remove(inner)


def rmtree(path: PathLike) -> None:
    """Remove a directory with everything in it, or a file. The targets of links in it are not removed.

    Raises
    ------
    NotFoundError
        It does not exist.
    """
    files, inner = located(path)
    with refusals("remove", path):
        files.remove_tree(inner)


def stat(path: PathLike) -> FileStatistics:
    """The facts about a file or a directory: ``length``, ``mtime_nsec``, ``is_directory``.

    Raises
    ------
    NotFoundError
        It does not exist.
    """
    files, inner = located(path)
    with refusals("look at", path):
        return files.statistics(inner)


def walk(
    top: PathLike, topdown: bool = True, onerror: Callable[[OpError], object] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """All directories below one, and that itself, with the names of the directories and files in each.

    Parameters
    ----------
    top : path
    topdown : bool
        A directory comes before those in it; names that are removed from its list are then left out.
    onerror : callable, optional
        Is given the error where a directory cannot be listed; without it, that is passed over.

    Yields
    ------
    tuple of (str, list of str, list of str)
    """
    yield from _walk(path_text(top), topdown, onerror, ())


def _walk(
    top: str, topdown: bool, onerror: Callable[[OpError], object] | None, above: tuple[str, ...]
) -> Iterator[tuple[str, list[str], list[str]]]:
    try:
        names = sorted(listdir(top))
    except OpError as error:
        if onerror is not None:
            onerror(error)
        return
    inside = [name for name in names if isdir(join(top, name))]
    here = top, inside, [name for name in names if name not in set(inside)]
    real = top if is_url(top) else os.path.realpath(top)
    if topdown:
        yield here
    for name in inside if real not in above else ():  # a link may lead back to where it is
        yield from _walk(str(join(top, name)), topdown, onerror, (*above, real))
    if not topdown:
        yield here


@overload
def join(path: bytes, *paths: bytes) -> bytes: ...
@overload
def join(path: str | os.PathLike[str], *paths: str | os.PathLike[str]) -> str: ...
def join(path: PathLike, *paths: PathLike) -> str | bytes:
    """Join the parts of a path, with slashes where the first part has a scheme."""
    library = posixpath if "://" in path_text(path)[1:] else os.path
    parts = [os.fspath(part) for part in (path, *paths)]
    return library.join(*parts)  # type: ignore[no-any-return]


def get_registered_schemes() -> list[str]:
    """The schemes of names that can be opened; the empty one stands for names without a scheme."""
    return file_systems.schemes()
