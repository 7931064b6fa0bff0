"""The control inputs and devices that a ``with`` block adds to the operations made inside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_PART = re.compile(r"(?:/?(job|replica|task):(\w+))|(?:/?(?:device:)?(cpu|gpu|tpu|\w+):(\d+|\*))", re.IGNORECASE)


class ControlDependencies:
    """The operations that one ``with control_dependencies`` makes others wait for."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._made_inside: set[str] = set()

    def add_inside(self, name: str) -> None:
        """Note an operation that was made in the block."""
        self._made_inside.add(name)

    def covers(self, sources: Iterable[str]) -> bool:
        """Whether one of the sources was made in the block."""
        return not self._made_inside.isdisjoint(sources)


def merge_device(name: str) -> str:
    """Write a device in TensorFlow's full form: ``"/cpu:0"`` is ``"/device:CPU:0"``; other text stays unchanged."""
    parts = list(_PART.finditer(name))
    if "".join(match.group(0) for match in parts) != name:
        return name
    fields = {match[1].lower(): match[2] for match in parts if match[1]}
    devices = [f"device:{match[3].upper()}:{match[4]}" for match in parts if match[3]]
    ordered = [f"{key}:{fields[key]}" for key in ("job", "replica", "task") if key in fields] + devices
    return "".join("/" + part for part in ordered)


def device_of(stack: Sequence[str | None]) -> str:
    """The device that a stack of blocks requests: each part from the innermost block, None cancels the outer ones."""
    parts: dict[str, str] = {}
    for name in stack:
        if name is None:
            parts.clear()
            continue
        for part in name.strip("/").split("/"):
            parts[part.split(":")[0]] = part
    order = sorted(parts, key=lambda key: ("job", "replica", "task", "device", key).index(key))
    return "".join("/" + parts[key] for key in order if parts[key])


def locations(data: Mapping[str, Any], name: str) -> list[str]:
    """The other operations whose device a node shares."""
    groups = [item.decode() for item in data["attrs"].get("_class", ()) if item.startswith(b"loc:@")]
    return [other for other in (group.removeprefix("loc:@") for group in groups) if other != name]
