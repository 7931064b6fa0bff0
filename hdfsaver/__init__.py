"""TensorFlow 1's graphs and checkpoints on HDF5, without TensorFlow: ``import hdfsaver as tf``.

`hdfsaver.public_names` says where each name is; it is imported when it is first used.
"""

import importlib
import importlib.util

from hdfsaver import public_names as _names

newaxis = None

__all__ = _names.ALL  # noqa: PLE0605 - a list, made of the tables


def __getattr__(name: str) -> object:
    if name in _names.MODULES:
        return importlib.import_module(f"hdfsaver.{name}")
    if name in _names.PLACES:
        module, there = _names.PLACES[name]
        value = globals()[name] = getattr(importlib.import_module(module), there)
        return value
    # `from hdfsaver import schema` asks for the name first, and imports the module then.
    if not name.startswith("_") and importlib.util.find_spec(f"hdfsaver.{name}"):
        raise AttributeError(f"module 'hdfsaver' has no attribute {name!r} until `import hdfsaver.{name}`")
    from hdfsaver.absent_names import absent

    raise absent("hdfsaver", name, __all__)


def __dir__() -> list[str]:
    return __all__
