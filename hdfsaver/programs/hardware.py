"""Answers about the machine: hdfsaver computes on processors, and on nothing else."""

from __future__ import annotations

import functools
import tempfile

from hdfsaver.messages import message_classes
from hdfsaver.session.session_options import devices_of


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: tuple[int, int] | None = None) -> bool:
    """Whether operations can run on a graphics processor: never."""
    return False


def gpu_device_name() -> str:
    """The name of a graphics processor: empty, since none is used."""
    return ""


def is_built_with_cuda() -> bool:
    """Whether this is built for CUDA: no."""
    return False


def is_built_with_gpu_support() -> bool:
    """Whether this is built for graphics processors: no."""
    return False


def is_built_with_rocm() -> bool:
    """Whether this is built for ROCm: no."""
    return False


def is_built_with_xla() -> bool:
    """Whether this is built with the compiler XLA: no."""
    return False


@functools.cache
def get_temp_dir() -> str:
    """A new folder for temporary files, the same one for the whole process."""
    return tempfile.mkdtemp(prefix="hdfsaver-")


def list_local_devices(
    session_config: message_classes.ConfigProto | None = None,
) -> list[message_classes.DeviceAttributes]:
    """The devices of a session: processors, each with ``name``, ``device_type`` and ``memory_limit``."""
    return [
        message_classes.DeviceAttributes(
            name="/" + device.name.rpartition("/")[2],
            device_type=device.device_type,
            memory_limit=device.memory_limit_bytes,
            incarnation=device.incarnation,
        )
        for device in devices_of(session_config)
    ]
