"""What programs ask about the machine."""

from __future__ import annotations

import os

import hdfsaver as tf
from hdfsaver.programs.hardware import list_local_devices


def test_there_are_no_graphics_processors():
    """Programs that choose by it take the processor."""
    assert not tf.test.is_gpu_available(cuda_only=True)
    assert "" == tf.test.gpu_device_name()
    built = ("cuda", "gpu_support", "rocm", "xla")
    assert [False] * 4 == [getattr(tf.test, f"is_built_with_{name}")() for name in built]


def test_devices():
    """As many as the configuration asks for, under the names that TensorFlow gives them."""
    config = tf.ConfigProto(device_count={"CPU": 2})
    assert ["/device:CPU:0", "/device:CPU:1"] == [device.name for device in list_local_devices(config)]
    (device,) = list_local_devices()
    assert ("CPU", 268435456) == (device.device_type, device.memory_limit)


def test_a_folder_for_temporary_files():
    """It exists, and stays the same one."""
    assert os.path.isdir(tf.test.get_temp_dir())
    assert tf.test.get_temp_dir() == tf.test.get_temp_dir()
    os.rmdir(tf.test.get_temp_dir())
