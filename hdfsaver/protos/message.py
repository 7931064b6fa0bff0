"""What all messages share."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any


class Message:
    """A dataclass with those methods of TensorFlow's messages that programs use to put them together."""

    __slots__ = ()

    def CopyFrom(self, other: Any) -> None:
        """Become equal to another message of the same kind, sharing nothing with it.

        Raises
        ------
        TypeError
            The other one is of another kind.
        """
        if type(other) is not type(self):
            raise TypeError(f"A {type(self).__name__} cannot become a copy of a {type(other).__name__}.")
        for name in self._fields():
            setattr(self, name, copy.deepcopy(getattr(other, name)))

    def HasField(self, name: str) -> bool:
        """Whether a field says something; `ValueError` where there is no such field."""
        if name not in self._fields():
            raise ValueError(f"{type(self).__name__} has no field {name!r}; it has {', '.join(self._fields())}.")
        value = getattr(self, name)
        return value is not None and value != type(value)()

    def _fields(self) -> list[str]:
        return [field.name for field in dataclasses.fields(self)]  # type: ignore[arg-type]
