"""``tf.compat.v1``: the names of `hdfsaver` itself, with TensorFlow's version; ``import hdfsaver.compat.v1 as tf``.

The types are in ``v1.pyi``. The package is taken from the loaded modules: it imports this one.
"""

from __future__ import annotations

import sys

from hdfsaver import version as _version

__all__ = sys.modules["hdfsaver"].__all__

__version__ = _version.VERSION
__git_version__ = _version.GIT_VERSION
__compiler_version__ = _version.COMPILER_VERSION
__cxx11_abi_flag__ = _version.CXX11_ABI_FLAG
__monolithic_build__ = _version.MONOLITHIC_BUILD


def __getattr__(name: str) -> object:
    return getattr(sys.modules["hdfsaver"], name)


def __dir__() -> list[str]:
    return __all__
