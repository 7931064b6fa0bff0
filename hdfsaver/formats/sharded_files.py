"""Arrays in several files: the shards of a model with an index, and a folder with one model.

Sources: ``index.json`` of ``huggingface/transformers`` (``utils/hub.py``), ``saving_lib.py`` of Keras
(``ShardedH5IOStore``).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, TypeAlias

from hdfsaver.errors import DataLossError, InvalidArgumentError, NotFoundError, OpError
from hdfsaver.files.error_context import about
from hdfsaver.files.opening import is_there, read_regular
from hdfsaver.files.os_errors import is_refusal
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.remote.names import RemoteName, beside, folder_and_name, title_of
from hdfsaver.files.tensor_file import TensorFile, TensorSource
from hdfsaver.tensor_info import Array, Key, TensorInfo

Opener: TypeAlias = Callable[[str], TensorFile]
"""Opens one shard, a file."""

_LARGEST_INDEX = 100_000_000
_INDEX_ENDINGS = (".index.json", ".weights.json")
_KERAS_ENDING = ".weights.json"
_WEIGHT_MAP = "weight_map"

_SAFETENSORS = (".safetensors",)
_TORCH = (".bin", ".pt", ".pth")
_INDEXES = (".safetensors.index.json", ".bin.index.json", _KERAS_ENDING)
"""The endings of indexes; an index of safetensors is preferred, as other programs do."""

_NUMBERED = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<ending>\.[a-z]+)")
_MOST_SHARDS = 10_000


def is_index(path: str, head: bytes) -> bool:
    """Whether a file is an index of shards, by its name and first bytes."""
    return title_of(path).endswith(_INDEX_ENDINGS) and head.lstrip().startswith(b"{")


class ShardedSource(TensorSource):
    """The arrays of several files; `open_index`, `open_folder`.

    Parameters
    ----------
    kind : str
        The kind of file, for messages.
    shards : mapping of str to TensorFile or OpError
        The files by name, which are closed with the source; the error of one that cannot be opened.
    weight_map : mapping of str to str
        The name of the file of each array; arrays of the files that it does not have come after them.
    """

    def __init__(self, kind: str, shards: Mapping[str, TensorFile | OpError], weight_map: Mapping[str, str]) -> None:
        self.kind = kind
        self._shards = {name: shard for name, shard in shards.items() if isinstance(shard, TensorFile)}
        found = {shard.checksums for shard in self._shards.values()}
        self.checksums = found.pop() if len(found) == 1 else ""
        self._file_of: dict[str, str] = {}
        self.entries: dict[str, TensorInfo] = {}
        self.unreadable: dict[str, OpError] = {}
        self.left_out: dict[str, str] = {}
        for name, file in weight_map.items():
            self._add(name, file, shards[file])
        for file, shard in self._shards.items():
            self._add_others(file, shard, weight_map)
        in_index = set(weight_map.values())
        for file, error in shards.items():
            if isinstance(error, OpError) and file not in in_index:
                self.unreadable[file] = error

    def optimizer_names(self) -> frozenset[str] | None:
        """The arrays of optimizers in any of the files."""
        found = [shard.optimizer_names() for shard in self._shards.values()]
        known = [names for names in found if names is not None]
        return frozenset().union(*known) if known else None

    def _add(self, name: str, file: str, shard: TensorFile | OpError) -> None:
        """Find an array of the index in its file."""
        if isinstance(shard, OpError):
            self.unreadable[name] = type(shard)(None, None, f"{name!r}: {shard.message}", shard.error_code)
        elif name in shard.variables:
            self._take(name, file, shard)
        elif name in shard.unreadable:
            self.unreadable[name] = shard.unreadable[name]
        else:
            why = f"{name!r} is in {file} by the index, but that file does not have it."
            self.unreadable[name] = DataLossError(None, None, why)

    def _take(self, name: str, file: str, shard: TensorFile) -> None:
        self.entries[name] = shard.variables[name]
        self._file_of[name] = file

    def _add_others(self, file: str, shard: TensorFile, weight_map: Mapping[str, str]) -> None:
        """Take the arrays of a file that the index does not have."""
        self.left_out |= {name: what for name, what in shard.left_out.items() if name not in weight_map}
        self.unreadable |= {name: why for name, why in shard.unreadable.items() if name not in weight_map}
        for name in shard.variables:
            if name in weight_map:
                continue
            if name in self.entries:
                why = f"{name!r} is in {self._file_of[name]} and in {file}; open the file that you mean."
                self.unreadable[name] = InvalidArgumentError(None, None, why)
                del self.entries[name]
            elif name not in self.unreadable:
                self._take(name, file, shard)

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of arrays, in the order of ``names``."""
        progress = Progress(callback, sum(self.entries[name].nbytes for name in names))
        found = {}
        for name in names:
            found[name] = self._shards[self._file_of[name]].read(name)
            progress.advance(self.entries[name].nbytes)
        return found

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of an array."""
        return self._shards[self._file_of[name]].read_slice(name, key)

    def verify(self, callback: Callback | None = None) -> None:
        """Check every file; the error names all that are damaged or missing."""
        found = [error.message for error in self.unreadable.values() if not isinstance(error, InvalidArgumentError)]
        nbytes = dict.fromkeys(self._shards, 0)
        for name, entry in self.entries.items():
            nbytes[self._file_of[name]] += entry.nbytes
        progress = Progress(callback, sum(nbytes.values()))
        for file, shard in self._shards.items():
            try:
                shard.verify()
            except OpError as error:
                found.append(error.message)
            progress.advance(nbytes[file])
        if found:
            raise DataLossError(None, None, "; ".join(dict.fromkeys(found)))

    def metadata(self) -> dict[str, str]:
        """The metadata that all files have."""
        each = [shard.metadata() for shard in self._shards.values()]
        first = each[0] if each else {}
        return {key: value for key, value in first.items() if all(other.get(key) == value for other in each)}

    def close(self) -> None:
        """Close the files."""
        for shard in self._shards.values():
            shard.close()


def open_index(path: str, opener: Opener) -> TensorFile:
    """Open the shards that an index names: of safetensors, PyTorch or Keras.

    Raises
    ------
    DataLossError
        The index is damaged.
    InvalidArgumentError
        It is not an index of shards, or names a file outside its folder.
    """
    with about(path):
        weight_map = _weight_map(path)
        files = list(dict.fromkeys(file for several in weight_map.values() for file in several))
        if len(files) > _MOST_SHARDS:
            raise InvalidArgumentError(None, None, f"names {len(files)} files; at most {_MOST_SHARDS} are opened.")
        places = {file: _place(path, file) for file in files}
        with ExitStack() as closing:
            shards = _opened(places, opener, closing)
            is_keras = path.endswith(_KERAS_ENDING)
            of_arrays = _of_groups(weight_map, shards) if is_keras else _of_names(weight_map)
            kind = "Keras shards" if is_keras else f"{_kind(shards)} shards"
            source = ShardedSource(kind, shards, of_arrays)
            source.files = list(places.values())
            closing.pop_all()
    return TensorFile(path, source)


def _kind(shards: Mapping[str, TensorFile | OpError]) -> str:
    kinds = {shard.kind.removesuffix(" file") for shard in shards.values() if isinstance(shard, TensorFile)}
    return " and ".join(sorted(kinds)) or "missing"


def _weight_map(path: str) -> dict[str, list[str]]:
    """The files of each array, or of each group of Keras."""
    try:
        index = json.loads(read_regular(path, _LARGEST_INDEX), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise DataLossError(None, None, f"the index is not JSON: {error}.") from None
    found = index.get(_WEIGHT_MAP) if isinstance(index, dict) else None
    if not isinstance(found, dict):
        raise InvalidArgumentError(None, None, f"is not an index of shards: it does not have a {_WEIGHT_MAP!r}.")
    files = {name: several if isinstance(several, list) else [several] for name, several in found.items()}
    if not all(several and all(isinstance(file, str) for file in several) for several in files.values()):
        raise InvalidArgumentError(None, None, f"does not name a file for each array in its {_WEIGHT_MAP!r}.")
    return files


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("two members have the same name")
    return found


def _of_names(weight_map: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {name: several[0] for name, several in weight_map.items()}


def _of_groups(weight_map: Mapping[str, Sequence[str]], shards: Mapping[str, TensorFile | OpError]) -> dict[str, str]:
    """The file of each array of Keras, whose index has groups; a group in a missing file is named itself."""
    members: dict[tuple[str, str], list[str]] = {}
    for file, shard in shards.items():
        for name in shard if isinstance(shard, TensorFile) else ():
            members.setdefault((file, name.rpartition("/")[0]), []).append(name)
    found: dict[str, str] = {}
    for group, several in weight_map.items():
        name = group.strip("/")
        for file in several:
            found |= dict.fromkeys(members.get((file, name), [name]), file)
    return found


def _place(index: str, file: str) -> str:
    """The path of a shard, which must be in the folder of the index, also behind links.

    A cache may have links from its folders to files elsewhere; then the index is a link into the same folder as well.
    """
    parts = re.split(r"[/\\]", file)
    if any(part in ("", ".", "..") for part in parts) or "\0" in file or os.path.splitdrive(file)[0]:
        raise InvalidArgumentError(None, None, f"names {file!r}, which is not a file in its folder; it is refused.")
    if isinstance(index, RemoteName):
        if not index.may_be_prefix:
            raise InvalidArgumentError(
                None, None, "names other files, which are found only beside a path or a plain URL."
            )
        return beside(folder_and_name(index)[0], "/".join(parts))
    folder = os.path.dirname(index)
    place = os.path.join(folder, *parts)
    real = os.path.realpath(place)
    allowed = {os.path.realpath(folder), os.path.dirname(os.path.realpath(index))}
    if not any(os.path.commonpath([real, each]) == each for each in allowed):
        raise InvalidArgumentError(None, None, f"names {file!r}, a link out of its folder; it is refused.")
    return place


def _opened(places: Mapping[str, str], opener: Opener, closing: ExitStack) -> dict[str, TensorFile | OpError]:
    """Open each file, or keep the error that says what is wrong with it.

    If the operating system refuses one, such as at the limit of open files, that is an error of all.
    """
    found: dict[str, TensorFile | OpError] = {}
    for file, place in places.items():
        try:
            if place.endswith(_INDEX_ENDINGS):
                raise InvalidArgumentError(None, None, f"{file} is another index; only arrays are read.")
            if not is_there(place):
                raise NotFoundError(None, None, f"its file {file} is missing.")
            found[file] = closing.enter_context(opener(place))
        except OpError as error:
            if is_refusal(error) and not isinstance(error, NotFoundError):
                raise
            found[file] = error
    return found


def open_folder(path: str, opener: Opener) -> TensorFile | None:
    """Open the model in a folder of safetensors, PyTorch or Keras files; None if it does not have one.

    It is the one with an index, or the one file; safetensors are preferred, since programs keep the same weights in
    PyTorch's format beside them.

    Raises
    ------
    InvalidArgumentError
        There are several.
    """
    with about(path):
        names = sorted(os.listdir(path))
    for ending in _INDEXES:
        found = [name for name in names if name.endswith(ending)]
        if found:
            return open_index(os.path.join(path, _only(path, found)), opener)
    for endings in (_SAFETENSORS, _TORCH):
        found = [name for name in names if name.endswith(endings)]
        if numbered := _numbered(found):
            return _open_numbered(path, numbered, opener)
        if found:
            return opener(os.path.join(path, _only(path, found)))
    return None


def _only(path: str, names: Sequence[str]) -> str:
    if len(names) > 1:
        raise InvalidArgumentError(
            None, None, f"{path} has several models: {', '.join(names[:8])}. Open one of these files."
        )
    return names[0]


def _numbered(names: Iterable[str]) -> list[str]:
    """The names of all shards of a set, ``model-00001-of-00003.safetensors``, if there is exactly one set."""
    sets = {(match["stem"], match["count"], match["ending"]) for name in names if (match := _NUMBERED.fullmatch(name))}
    if len(sets) != 1:
        return []
    stem, count, ending = sets.pop()
    if int(count) > _MOST_SHARDS:
        return []
    return [f"{stem}-{number:05d}-of-{count}{ending}" for number in range(1, int(count) + 1)]


def _open_numbered(path: str, names: Sequence[str], opener: Opener) -> TensorFile:
    """Open shards without an index; without their index, the arrays in a missing one are unknown."""
    with ExitStack() as closing:
        shards = _opened({name: os.path.join(path, name) for name in names}, opener, closing)
        source = ShardedSource(f"{_kind(shards)} shards", shards, {})
        closing.pop_all()
    return TensorFile(path, source)
