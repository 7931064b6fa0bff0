"""Device functions: the blocks of ``tf.device``, and the device that they give to an operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeAlias

from hdfsaver.graph.device_spec import DeviceSpecV2, canonical_name, merged


class SupportsDevice(Protocol):
    """Has a device, as an operation does."""

    @property
    def device(self) -> str:
        """The name of the device."""


DeviceLike: TypeAlias = str | DeviceSpecV2 | Callable[[Any], str | DeviceSpecV2] | None
"""An argument of ``tf.device``: a name, a function from an operation to a name, or None."""


class MergeDevice:
    """A device function that adds the parts of a name to those that an operation has already."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name: Final = name

    def __call__(self, op: SupportsDevice) -> str:
        """The device of an operation with the parts that it lacks."""
        return merged(self.name, op.device)


def merge_device(spec: str | DeviceSpecV2) -> MergeDevice:
    """A device function that adds the parts of a name to those of the blocks within; `ValueError` for a wrong name."""
    return MergeDevice(canonical_name(spec))


class DeviceBlock:
    """One block of ``tf.device``. Another one of the same device is another block.

    Attributes
    ----------
    name : str or None
        The name, where the block is not a function.
    function : callable or None
        None where the block cancels the outer ones.
    """

    __slots__ = ("function", "name")

    def __init__(self, asked: DeviceLike) -> None:
        if asked is not None and not isinstance(asked, str | DeviceSpecV2) and not callable(asked):
            raise TypeError(f"A device is a name such as '/cpu:0', a function of an operation or None, not {asked!r}.")
        self.function = merge_device(asked) if isinstance(asked, str | DeviceSpecV2) else asked
        self.name = self.function.name if isinstance(self.function, MergeDevice) else None


def known_device(blocks: Sequence[DeviceBlock]) -> str | None:
    """The device that nested blocks ask for, the innermost one last; None where functions have to be called."""
    device = ""
    for block in reversed(blocks):
        if block.function is None:
            break
        if block.name is None:
            return None
        device = merged(block.name, device)
    return device


def apply_device_functions(blocks: Sequence[DeviceBlock], op: Any) -> None:
    """Set the device of an operation as nested blocks request; each function sees what the inner ones gave.

    Parameters
    ----------
    blocks : sequence of DeviceBlock
        The innermost one last.
    op : Operation

    Raises
    ------
    TypeError
        A function does not give a name.
    ValueError
        A name that a function gave cannot be merged with that of a block around it.
    """
    for block in reversed(blocks):
        if block.function is None:
            return
        if block.name == "":
            continue
        device: Any = block.function(op)
        if isinstance(device, DeviceSpecV2):
            device = device.to_string()
        if isinstance(device, bytes):
            device = device.decode()
        if not isinstance(device, str):
            raise TypeError(f"Expected binary or unicode string, got {device!r}, from the device function for {op!r}.")
        op.data["device"] = device
