"""Names of devices: their parts, how they are written, and how the names of nested blocks are merged."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, Self

_TYPES = frozenset({"CPU", "GPU", "TPU", "CUSTOM", "EPU"})
"""The types that a name may give without ``device:``."""


class _Parts(NamedTuple):
    """The parts of a name in the order in which they are written, None where a part is not named."""

    job: str | None = None
    replica: int | None = None
    task: int | None = None
    device_type: str | None = None
    device_index: int | None = None

    def over(self, outer: _Parts) -> _Parts:
        """These parts, and those of an outer block where these have none."""
        return outer._replace(**{name: value for name, value in self._asdict().items() if value is not None})

    def text(self) -> str:
        """The name: ``/job:ps/replica:0/task:1/device:CPU:0``."""
        written = [
            f"/{key}:{value}" for key, value in zip(self._fields[:3], self[:3], strict=True) if value is not None
        ]
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            written.append(f"/device:{self.device_type}:{index}")
        return "".join(written)


@lru_cache(maxsize=1024)
def _parse(spec: str) -> _Parts:
    """The parts of a name; `ValueError` where it is not one."""
    found: dict[str, str | int] = {}
    for item in filter(None, spec.split("/")):
        key, *values = item.split(":")
        match key, values:
            case "job", [job]:
                found["job"] = job
            case "replica" | "task", [number]:
                found[key] = int(number)
            case "device", [device_type, index]:
                found |= _device(spec, found, device_type, index)
            case _ if key.upper() in _TYPES and len(values) < 2:
                found |= _device(spec, found, key.upper(), values[0] if values else "*")
            case _ if key:
                raise ValueError(
                    f"Unknown attribute {key!r} is encountered while parsing the device spec: {spec!r}. A device is "
                    "named like '/job:ps/replica:0/task:1/device:CPU:0'; every part may be left out."
                )
    return _Parts(**found)  # type: ignore[arg-type]  # each part has its type


def _device(spec: str, found: dict[str, str | int], device_type: str, index: str) -> dict[str, str | int]:
    if "device_type" in found:
        raise ValueError(f"Multiple device types are not allowed while parsing the device spec: {spec!r}.")
    named: dict[str, str | int] = {"device_type": _as_type(device_type) or ""}
    return named if index == "*" else {**named, "device_index": int(index)}


class DeviceSpecV2:
    """The name of a device, or the part of a name that is known; it does not change.

    Parameters
    ----------
    job : str, optional
    replica, task : int, optional
    device_type : str, optional
        Such as ``"CPU"``.
    device_index : int, optional
        Any device of the type where it is not given.

    Raises
    ------
    ValueError
        A number is not one.
    """

    __slots__ = ("_parts",)

    def __init__(
        self,
        job: str | None = None,
        replica: int | None = None,
        task: int | None = None,
        device_type: str | None = None,
        device_index: int | None = None,
    ) -> None:
        self._parts = _Parts(
            _as_text(job), _as_number(replica), _as_number(task), _as_type(device_type), _as_number(device_index)
        )

    @property
    def job(self) -> str | None:
        """The name of the job."""
        return self._parts.job

    @property
    def replica(self) -> int | None:
        """The number of the replica."""
        return self._parts.replica

    @property
    def task(self) -> int | None:
        """The number of the task."""
        return self._parts.task

    @property
    def device_type(self) -> str | None:
        """The type, such as ``"CPU"``."""
        return self._parts.device_type

    @property
    def device_index(self) -> int | None:
        """The number among the devices of the type."""
        return self._parts.device_index

    @classmethod
    def from_string(cls, spec: str | None) -> Self:
        """Read a name such as ``"/job:ps/task:1/cpu:0"``; `ValueError` where it is not one."""
        return cls(*_parse(spec or ""))

    def parse_from_string(self, spec: str) -> Self:
        """Read another name; `ValueError` where it is not one."""
        return self.from_string(spec)

    def to_string(self) -> str:
        """The name in full: ``/job:ps/replica:0/task:1/device:CPU:0``, without the parts that are not known."""
        return self._parts.text()

    def make_merged_spec(self, dev: DeviceSpecV2) -> Self:
        """The name with the parts of another one in their places."""
        return type(self)(*dev._parts.over(self._parts))

    def replace(self, **kwargs: str | int | None) -> Self:
        """The name with other parts; those that are None are left out."""
        return type(self)(**{**self._parts._asdict(), **kwargs})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.to_string() == other.to_string()

    def __hash__(self) -> int:
        return hash(self.to_string())

    def __repr__(self) -> str:
        parts = ", ".join(f"{key}={value}" for key, value in self._parts._asdict().items())
        return f"<DeviceSpec({parts})>"


class DeviceSpec(DeviceSpecV2):
    """The name of a device, or the part of a name that is known; its parts can be set, as in TensorFlow 1.

    Parameters
    ----------
    job : str, optional
    replica, task : int, optional
    device_type : str, optional
        Such as ``"CPU"``.
    device_index : int, optional
        Any device of the type where it is not given.

    Raises
    ------
    ValueError
        A number is not one.
    """

    __slots__ = ()

    @DeviceSpecV2.job.setter  # type: ignore[attr-defined, untyped-decorator]  # mypy knows no setter of a base's property
    def job(self, job: str | None) -> None:
        """Set the name of the job."""
        self._parts = self._parts._replace(job=_as_text(job))

    @DeviceSpecV2.replica.setter  # type: ignore[attr-defined, untyped-decorator]
    def replica(self, replica: int | None) -> None:
        """Set the number of the replica."""
        self._parts = self._parts._replace(replica=_as_number(replica))

    @DeviceSpecV2.task.setter  # type: ignore[attr-defined, untyped-decorator]
    def task(self, task: int | None) -> None:
        """Set the number of the task."""
        self._parts = self._parts._replace(task=_as_number(task))

    @DeviceSpecV2.device_type.setter  # type: ignore[attr-defined, untyped-decorator]
    def device_type(self, device_type: str | None) -> None:
        """Set the type."""
        self._parts = self._parts._replace(device_type=_as_type(device_type))

    @DeviceSpecV2.device_index.setter  # type: ignore[attr-defined, untyped-decorator]
    def device_index(self, device_index: int | None) -> None:
        """Set the number among the devices of the type."""
        self._parts = self._parts._replace(device_index=_as_number(device_index))

    def parse_from_string(self, spec: str) -> Self:
        """Become another name; `ValueError` where it is not one."""
        self._parts = _parse(spec)
        return self

    def merge_from(self, dev: DeviceSpecV2) -> None:
        """Take over the parts that another name has."""
        self._parts = dev._parts.over(self._parts)


def canonical_name(device: DeviceSpecV2 | str | None) -> str:
    """The name of a device in full; `ValueError` where it is not one."""
    return device.to_string() if isinstance(device, DeviceSpecV2) else _parse(device or "").text()


@lru_cache(maxsize=1024)
def merged(outer: str, inner: str) -> str:
    """The name that two nested blocks give together, whose parts come from the inner one first."""
    return _parse(inner).over(_parse(outer)).text()


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)


def _as_number(value: str | int | None) -> int | None:
    return None if value is None else int(value)


def _as_type(value: str | None) -> str | None:
    return value.upper() if value in ("cpu", "gpu") else _as_text(value)
