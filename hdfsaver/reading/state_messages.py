"""The methods of TensorFlow's ``CheckpointState`` message, for the state of a folder.

That state is not a message: it has metrics and groups, and paths whose bytes are not UTF-8, which no message can hold.
"""

from __future__ import annotations

from typing import Any, Self

from hdfsaver.messages import message_classes

_PATHS, _TIMES = "all_model_checkpoint_paths", "all_model_checkpoint_timestamps"
_FIELDS = ("model_checkpoint_path", _PATHS, _TIMES, "last_preserved_timestamp")


class MessageMethods:
    """Protobuf's methods, for the four fields that TensorFlow's message has."""

    def as_message(self) -> message_classes.CheckpointState:
        """The message with these fields; `ValueError` where a path is not UTF-8."""
        return message_classes.CheckpointState(**{name: getattr(self, name) for name in _FIELDS})

    @property
    def DESCRIPTOR(self) -> object:
        """The fields, as ``google.protobuf.text_format`` asks for them."""
        return message_classes.CheckpointState.DESCRIPTOR

    def ListFields(self) -> list[tuple[Any, Any]]:
        """The fields that are not empty, with their values."""
        return self.as_message().ListFields()

    def HasField(self, field_name: str) -> bool:
        """Whether a field is set; `ValueError`, since no field of this message tells that."""
        return self.as_message().HasField(field_name)

    def ByteSize(self) -> int:
        """The number of bytes of the message."""
        return self.as_message().ByteSize()

    def SerializeToString(self, *, deterministic: bool = False) -> bytes:
        """The bytes of the message."""
        return self.as_message().SerializeToString(deterministic=deterministic)

    @classmethod
    def FromString(cls, data: bytes) -> Self:
        """The state for the bytes of a message."""
        made = cls()
        made.MergeFromString(data)
        return made

    def ParseFromString(self, data: bytes) -> int:
        """Replace the fields by those of a message in bytes; gives the number of bytes."""
        self.CopyFrom(type(self).FromString(data))
        return len(data)

    def MergeFromString(self, data: bytes) -> int:
        """Add the fields of a message in bytes; gives the number of bytes."""
        self.MergeFrom(message_classes.CheckpointState.FromString(data))
        return len(data)

    def Clear(self) -> None:
        """Empty all fields."""
        for name, value in vars(type(self)()).items():
            setattr(self, name, value)

    def ClearField(self, field_name: str) -> None:
        """Empty a field; `ValueError` for an unknown one."""
        empty = vars(type(self)())
        if field_name not in empty:
            raise ValueError(f'Protocol message CheckpointState has no "{field_name}" field.')
        setattr(self, field_name, empty[field_name])

    def CopyFrom(self, other: MessageMethods | message_classes.CheckpointState) -> None:
        """Replace the fields by copies of another's."""
        if other is not self:
            self.Clear()
            self.MergeFrom(other)

    def MergeFrom(self, other: MessageMethods | message_classes.CheckpointState) -> None:
        """Add the items of another's lists, and take over its other fields that are not empty."""
        for name in vars(self):
            value = getattr(other, name, None)
            if isinstance(getattr(self, name), list):
                setattr(self, name, [*getattr(self, name), *(value or ())])
            elif value:
                setattr(self, name, {**getattr(self, name), **value} if isinstance(value, dict) else value)

    def __str__(self) -> str:
        return str(self.as_message())
