"""Replacing a TensorFlow checkpoint, so that the old one or the new one is there at every moment, complete.

Readers find the data files by the number of files that the index has. So the new data files first get names of another
number, if the old index leads to the usual ones; an empty file makes up the number. Then the index is replaced, the one
step from the old checkpoint to the new one. Last the data files get their usual names as well, by hard links, the index
is replaced by the usual one, and everything that no index leads to is removed. For the graph see
`hdfsaver.interop.graphs.graph_of_checkpoint`.

`Replacement.recover` finishes or takes back what a killed program has left; the index tells which.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import EINVAL, EMLINK, ENOSYS, ENOTSUP, EOPNOTSUPP, EPERM
from pathlib import Path

import xxhash

from hdfsaver.errors import DataLossError, InvalidArgumentError, NotFoundError, OpError, from_os_error
from hdfsaver.files.atomic_write import LONG_DRAFTS, Draft, clear_stale, stem_of, sync_folder, write_atomically
from hdfsaver.files.folder_lock import folder_lock
from hdfsaver.files.opening import end_reading, is_there, open_any
from hdfsaver.files.os_errors import refused
from hdfsaver.files.positional_io import write_at
from hdfsaver.interop.bundle.shards import data_names, index_path, shard_path
from hdfsaver.interop.bundle.tensorflow_prefix import v1_files
from hdfsaver.interop.graphs.graph_of_checkpoint import index_digest, kept_names, kept_path, meta_path
from hdfsaver.interop.table.table import Table
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse

_NO_LINKS = {EINVAL, EMLINK, ENOSYS, ENOTSUP, EOPNOTSUPP, EPERM}
"""The error numbers of file systems without hard links."""


_MOST = 99_999
"""The largest number of data files whose names are looked for one by one."""


class Replacement:
    """The replacement of a checkpoint of the second format.

    Parameters
    ----------
    prefix : str
        The checkpoint.
    durable : bool
        Wait until each step is on the disk before the next.
    """

    def __init__(self, prefix: str, durable: bool) -> None:
        self._prefix = prefix
        self._durable = durable
        self._folder, self._name = os.path.split(prefix)
        self._known: set[str] = set()

    def begin(self) -> None:
        """Clear what killed programs have left, while nothing is written yet.

        Raises
        ------
        OpError
            The operating system refuses.
        """
        names = [stem_of(f"{self._name}.{ending}") for ending in ("index", "meta")]
        data = rf"{re.escape(self._name)}\.data-[0-9]{{5}}-of-[0-9]{{5}}"
        with self._locked():
            clear_stale(self._folder, "|".join([*map(re.escape, names), data, LONG_DRAFTS]))
            self.recover()

    def commit(
        self, index: Draft, data: Sequence[Draft], contents: Callable[[int], bytes], graph: Draft | None, *, whole: bool
    ) -> None:
        """Put the drafts in the place of the old checkpoint.

        Parameters
        ----------
        index : Draft
            The draft of the index, without content.
        data : sequence of Draft
            The data files, complete.
        contents : callable
            The content of the index for a number of data files.
        graph : Draft or None
            The graph, complete.
        whole : bool
            The graph is replaced too, if there is one: without a draft of it the old one is removed. Otherwise a graph
            that is there stays.

        Raises
        ------
        OpError
            The operating system refuses. Old or new checkpoint are complete.
        """
        with self._locked():
            self.recover()
            usual = len(data)
            count = self._spare(usual) if self._is_taken(usual) else usual
            content = contents(count)
            digest = xxhash.xxh3_128_hexdigest(content)
            self._known.add(kept_path(self._prefix, digest).name)
            write_at(index.fd, memoryview(content), 0)
            index.complete(self._durable)
            try:
                self._name_data(data, count)
                if whole:
                    self._set_graphs_aside(graph, digest)
                self._sync()
                index.becomes(index.target.name)
            except BaseException as error:
                if self._take_back(digest, count) and isinstance(error, OSError):
                    raise from_os_error(error, self._written()) from error
                raise
        with self._locked(is_written=True):
            if self._durable:
                sync_folder(index.target.parent)
            self.recover()
            for path in v1_files(self._prefix):
                os.unlink(path)
            if count != usual:
                self._take_usual_names(usual, count, contents(usual))

    def recover(self) -> None:
        """Give the graph of the present index its name, and remove what the index does not lead to.

        The folder is locked.
        """
        names = self._names()
        self._recover_graph([name for name in names if kept_names(self._prefix).fullmatch(name)])
        count = _count(index_path(self._prefix))
        pattern = data_names(self._name)
        found = [(name, pattern.fullmatch(name)) for name in names]
        stale = [name for name, match in found if count is not None and match is not None and int(match[1]) != count]
        for name in sorted(stale):
            _remove(Path(self._folder, name))
        if stale:
            self._sync()

    def _names(self) -> list[str]:
        """The names of the folder's files; where it may not be listed, those that this and earlier indices lead to."""
        try:
            return os.listdir(self._folder or ".")
        except FileNotFoundError:
            return []
        except PermissionError:
            data = self._paths(min(_count(index_path(self._prefix)) or 0, _MOST))
            own = kept_path(self._prefix, index_digest(self._prefix)).name
            self._known |= {own, *map(os.path.basename, data)}
            return [name for name in self._known if is_there(Path(self._folder, name))]

    def _recover_graph(self, kept: Sequence[str]) -> None:
        if not kept:
            return
        own = kept_path(self._prefix, index_digest(self._prefix))
        if own.name in kept and not is_there(meta_path(self._prefix)):
            os.replace(own, meta_path(self._prefix))
        for name in kept:
            _remove(Path(self._folder, name))
        self._sync()

    def _is_taken(self, count: int) -> bool:
        """Whether an index may lead to data files of that number."""
        return is_there(index_path(self._prefix)) and any(map(is_there, self._paths(count)))

    def _spare(self, count: int) -> int:
        """A larger number of data files, under which no file exists."""
        while any(map(is_there, self._paths(count))):
            count += 1
        return count

    def _paths(self, count: int) -> list[str]:
        return [shard_path(self._prefix, shard, count) for shard in range(count)]

    def _name_data(self, data: Sequence[Draft], count: int) -> None:
        paths = self._paths(count)
        for draft, path in zip(data, paths, strict=False):
            draft.becomes(os.path.basename(path))
        for path in paths[len(data) :]:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))

    def _set_graphs_aside(self, graph: Draft | None, digest: str) -> None:
        """Keep both graphs under the digests of their indices."""
        old, path = index_digest(self._prefix), meta_path(self._prefix)
        if graph is not None:
            graph.becomes(kept_path(self._prefix, digest).name)
        if is_there(path):
            if old == digest:  # the values are the same
                _remove(Path(path))
            else:
                os.replace(path, kept_path(self._prefix, old))

    def _take_back(self, digest: str, count: int) -> bool:
        """After an error: restore the old checkpoint, or finish if the index is the new one; return whether it is."""
        is_new = False
        with suppress(OSError, OpError):
            is_new = index_digest(self._prefix) == digest
            if not is_new:
                for path in self._paths(count):
                    _remove(Path(path))
            self.recover()
        return is_new

    def _take_usual_names(self, usual: int, count: int, content: bytes) -> None:
        """Give the data files the names that TensorFlow would give them; where that is refused, they stay."""
        try:
            for shard in range(usual):
                os.link(shard_path(self._prefix, shard, count), shard_path(self._prefix, shard, usual))
            self._sync()
            write_atomically(index_path(self._prefix), content, durable=self._durable, sweep=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        finally:
            self.recover()

    def _sync(self) -> None:
        if self._durable:
            sync_folder(self._folder)

    @contextmanager
    def _locked(self, *, is_written: bool = False) -> Iterator[None]:
        """Lock the folder, and say in every error whether the new checkpoint is written."""
        try:
            with folder_lock(self._folder):
                yield
        except OSError as error:
            if is_written:
                raise from_os_error(error, self._written()) from error
            raise refused(error, index_path(self._prefix), 0) from error
        except OpError as error:
            if is_written:
                raise type(error)(None, None, f"{self._written()}: {error.message}", error.error_code) from error
            raise

    def _written(self) -> str:
        return f"{self._prefix} is written, but not all files of the earlier checkpoint are removed"


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _count(path: str) -> int | None:
    """The number of data files that an index leads to; None without an index, or with a damaged one."""
    try:
        opened = open_any(path)
    except (NotFoundError, InvalidArgumentError):
        return None
    try:
        key, value = next(Table(opened.fd, opened.size).items(), (None, b""))
        header = parse(message_classes.BundleHeaderProto, value, "its header")
        return header.num_shards if key == b"" and header.num_shards > 0 else None
    except (DataLossError, InvalidArgumentError, EOFError):
        return None
    finally:
        end_reading(opened.fd)
