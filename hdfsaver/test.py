"""TensorFlow's ``tf.test``, for tests, derivatives and the machine."""

from __future__ import annotations

from unittest import mock

from hdfsaver.programs.hardware import (
    get_temp_dir,
    gpu_device_name,
    is_built_with_cuda,
    is_built_with_gpu_support,
    is_built_with_rocm,
    is_built_with_xla,
    is_gpu_available,
)
from hdfsaver.testing.benchmarks import Benchmark, assert_equal_graph_def
from hdfsaver.testing.gradient_checker import compute_gradient, compute_gradient_error
from hdfsaver.testing.test_case import TestCase, main

__all__ = [
    "Benchmark",
    "TestCase",
    "assert_equal_graph_def",
    "compute_gradient",
    "compute_gradient_error",
    "get_temp_dir",
    "gpu_device_name",
    "is_built_with_cuda",
    "is_built_with_gpu_support",
    "is_built_with_rocm",
    "is_built_with_xla",
    "is_gpu_available",
    "main",
    "mock",
]


def __dir__() -> list[str]:
    return __all__
