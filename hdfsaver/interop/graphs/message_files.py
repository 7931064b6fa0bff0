"""Messages about graphs as files: protobuf's binary format and its text format, told apart by content."""

from __future__ import annotations

import os
import re
import warnings
from typing import Any

from hdfsaver.errors import DataLossError
from hdfsaver.files import file_kinds, kind_detection
from hdfsaver.files.file_kinds import FileKind
from hdfsaver.files.opening import read_regular
from hdfsaver.files.whole_files import write_whole
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import has_unknown, parse

TEXT_SUFFIXES = (".pbtxt", ".txt")
"""The endings of the names of files that are written as text."""

LARGEST = 2**31
"""Bytes that a message may have."""

KINDS = {
    "GraphDef": file_kinds.GRAPH_DEF,
    "MetaGraphDef": file_kinds.META_GRAPH,
    "SavedModel": file_kinds.SAVED_MODEL,
}
"""The kinds of files that hold a message, by its name."""

# Every message has bytes such as 0x12, the mark of its second field; text does not have them.
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_LONGEST = 500
"""Characters of the parser's message that are shown; it may repeat a line of megabytes."""

_HEAD = 65536


def read_message(path: str | os.PathLike[str], kind: Any) -> Any:
    """Read a message, binary or text.

    Parameters
    ----------
    path : path-like
    kind : type
        One of the classes of `messages`.

    Raises
    ------
    NotFoundError
        There is no such file.
    DataLossError
        It does not hold such a message.
    InvalidArgumentError
        It is a file of another kind, or holds another message.
    """
    data = read_regular(path, LARGEST)
    found = kind_of_message(path, data)
    if found is not None and found != KINDS[kind.DESCRIPTOR.name]:
        raise file_kinds.refusal_of(found, path, f"a {kind.DESCRIPTOR.name}")
    return parse_message(path, data, kind)


def kind_of_message(path: str | os.PathLike[str], data: bytes) -> FileKind | None:
    """The kind of the file with these bytes; None for a message that cannot be told from others."""
    return kind_detection.identify(data[:_HEAD], data[-kind_detection.TAIL :], len(data), path)


def parse_message(path: str | os.PathLike[str], data: bytes, kind: Any) -> Any:
    """Read a message from the bytes of a file, binary or text.

    Parameters
    ----------
    path : path-like
        The file, for errors.
    data : bytes
        Its content.
    kind : type
        One of the classes of `messages`.

    Returns
    -------
    Message

    Raises
    ------
    DataLossError
        The file does not hold such a message.
    """
    if _BINARY.search(data[:_HEAD]):
        return parse(kind, data, os.fspath(path))
    return _parsed_text(path, data, kind)


def _parsed_text(path: str | os.PathLike[str], data: bytes, kind: Any) -> Any:
    name = kind.DESCRIPTOR.name
    try:
        with warnings.catch_warnings():
            # The parser leaves escapes to Python, which warns of those that it does not know.
            warnings.simplefilter("ignore")
            return message_classes.parse_text(data.decode(), kind())
    except UnicodeDecodeError:
        raise DataLossError(
            None, None, f"{os.fspath(path)} is not a {name}: its bytes are neither such a message nor text."
        ) from None
    except (message_classes.ParseError, ValueError) as error:
        raise DataLossError(
            None, None, f"{os.fspath(path)} is not a {name} as text: {str(error)[:_LONGEST]}."
        ) from None
    except RecursionError:
        raise DataLossError(None, None, f"{os.fspath(path)} is not a {name}: it is nested too deep.") from None


def write_message(path: str | os.PathLike[str], message: Any, *, durable: bool = True) -> None:
    """Write a message, as text where the name ends in ``.pbtxt`` or ``.txt``; the same one gives the same bytes.

    Parameters
    ----------
    path : path-like
    message : Message
    durable : bool
        Return only when the file is on the disk.

    Raises
    ------
    ValueError
        It is larger than a message may be, or is to be text and has fields without known names.
    OpError
        The operating system reports an error, which names the file; a file that was there before is unchanged.
    """
    write_whole(path, bytes_of_message(path, message), durable=durable)


def bytes_of_message(path: str | os.PathLike[str], message: Any) -> bytes:
    """The content of a file with a message; see `write_message`."""
    if os.fspath(path).lower().endswith(TEXT_SUFFIXES):
        return text_of(message, path).encode()
    try:
        data = bytes(message.SerializeToString(deterministic=True))
    except (message_classes.EncodeError, ValueError) as error:
        raise ValueError(f"The graph for {os.fspath(path)} cannot be a message: {error}.") from None
    if len(data) >= LARGEST:
        raise ValueError(f"The graph for {os.fspath(path)} has {len(data)} bytes; a message has at most 2 GiB.")
    return data


def text_of(message: Any, path: str | os.PathLike[str]) -> str:
    """A message in protobuf's text format; `ValueError`, which names the file, where fields have no known names."""
    if has_unknown(message):
        raise ValueError(
            f"The graph for {os.fspath(path)} has fields whose names are not known here, which text cannot do "
            "without. Write it as binary, under a name that does not end in .pbtxt or .txt."
        )
    return str(message_classes.message_to_string(message))
