"""Messages as bytes that may be damaged, and fields that are not declared here."""

from __future__ import annotations

from typing import Any, TypeVar

from hdfsaver.errors import DataLossError
from hdfsaver.messages import message_classes

_Message = TypeVar("_Message", bound="message_classes.Message")


def parse(kind: type[_Message], data: bytes | memoryview, what: str) -> _Message:
    """Read a message.

    Parameters
    ----------
    kind : type
        A class of `hdfsaver.messages.message_classes`.
    data : bytes-like
    what : str
        A description of the data, for errors.

    Returns
    -------
    Message
        A new message of the class.

    Raises
    ------
    DataLossError
        The bytes are not such a message.
    """
    try:
        return kind.FromString(data if type(data) is bytes else bytes(data))
    except message_classes.DecodeError:
        name: Any = kind.DESCRIPTOR.name
        raise DataLossError(None, None, f"{what} is not a {name}: its bytes cannot be parsed.") from None


def has_unknown(message: message_classes.Message) -> bool:
    """Whether a message, or one within it, has fields that are not declared here."""
    known = type(message)()
    known.CopyFrom(message)
    known.DiscardUnknownFields()
    return known.ByteSize() != message.ByteSize()
