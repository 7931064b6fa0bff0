"""``tf.compat``: helpers for text, bytes and dimensions; ``tf.compat.v1`` has all names of TensorFlow 1."""

import importlib
import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.programs.compat_functions import (
    as_bytes,
    as_str,
    as_str_any,
    as_text,
    bytes_or_text_types,
    complex_types,
    dimension_at_index,
    dimension_value,
    forward_compatibility_horizon,
    forward_compatible,
    integral_types,
    path_to_str,
    real_types,
)

if typing.TYPE_CHECKING:
    from hdfsaver.compat import v1

__all__ = [
    "as_bytes",
    "as_str",
    "as_str_any",
    "as_text",
    "bytes_or_text_types",
    "complex_types",
    "dimension_at_index",
    "dimension_value",
    "forward_compatibility_horizon",
    "forward_compatible",
    "integral_types",
    "path_to_str",
    "real_types",
    "v1",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        if name == "v1":
            return importlib.import_module(f"{__name__}.{name}")
        raise _absent(__name__, name, __all__)
