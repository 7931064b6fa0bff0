"""Errors for names that a module of the package lacks: whether TensorFlow 1 has such a name, and names like it."""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import sys
from collections.abc import Iterator, Sequence

_OPEN = ("contrib", "raw_ops", "python", "core", "examples")
"""Modules of TensorFlow whose names are not listed: any name in them counts as TensorFlow's."""

_SPACES = ("", "nn", "math", "train", "io", "random", "graph_util", "initializers", "saved_model", "gfile", "logging")
"""Where names like a missing one are looked for; empty for the package itself."""

_CLOSE = 0.75
"""How much of a name must be the same: `difflib` counts 1 for equal names."""


def absent(module: str, name: str, listed: Sequence[str]) -> AttributeError:
    """The error for a name that a module lacks.

    Parameters
    ----------
    module : str
        The full name of the module, such as ``"hdfsaver.nn"``.
    name : str
        The missing name.
    listed : sequence of str
        The names that the module has.

    Returns
    -------
    AttributeError
        It says whether the name is one of TensorFlow 1, and has names like it. It refers to no object, so that Python
        adds no proposals of its own.
    """
    if name.startswith("_"):
        return AttributeError(f"module {module!r} has no attribute {name!r}", name=name, obj=None)
    space = module.partition(".")[2]
    dotted = f"{space}.{name}".lstrip(".")
    if in_tensorflow(dotted):
        said = not_here(f"tf.{dotted}")
    else:
        said = f"module {module!r} has no attribute {name!r}, which is not a name of TensorFlow 1 either."
    return AttributeError(said + proposal(dotted, listed), name=name, obj=None)


def not_here(dotted: str) -> str:
    """A sentence about a name of TensorFlow, such as ``"tf.train.AdamOptimizer"``, that hdfsaver lacks."""
    page = "docs/tensorflow.md" if dotted.startswith("tf.train.") else "docs/operations.md"
    return f"{dotted} is not in hdfsaver; {page} lists what is."


def proposal(dotted: str, listed: Sequence[str] = ()) -> str:
    """A sentence with the names like a missing one, after a space; empty where there is no such name."""
    found = nearest(dotted, listed)
    return f" Names like it: {', '.join(found)}." if found else ""


def nearest(dotted: str, listed: Sequence[str] = ()) -> list[str]:
    """Up to three names like a missing one: first from its own module, whose names are given, then from others."""
    space, _, name = dotted.rpartition(".")
    own_names = listed or dict(_public_names()).get(space, ())
    own = [_full(space, other) for other in difflib.get_close_matches(name, own_names, cutoff=_CLOSE)]
    others = [
        _full(other, close)
        for other, names in _public_names()
        if other != space
        for close in difflib.get_close_matches(name, names, n=1, cutoff=_CLOSE)
    ]
    others.sort(key=lambda other: other.rpartition(".")[2] != name)  # the same name in another module comes first
    return list(dict.fromkeys([*own, *others]))[:3]


def _full(space: str, name: str) -> str:
    return ".".join(part for part in ("tf", space, name) if part)


def _public_names() -> Iterator[tuple[str, list[str]]]:
    """The names of the modules that are loaded; nothing is loaded for an error."""
    for space in _SPACES:
        module = sys.modules.get(f"hdfsaver.{space}".rstrip("."))
        if module is not None:
            yield space, list(getattr(module, "__all__", ()))


def in_tensorflow(dotted: str) -> bool:
    """Whether TensorFlow 1 has a public name: ``"train.AdamOptimizer"``, without the ``tf``."""
    space, _, name = dotted.rpartition(".")
    return dotted.partition(".")[0] in _OPEN or is_module(dotted) or name in _recorded().get(space, ())


def is_module(dotted: str) -> bool:
    """Whether TensorFlow 1 has a module of that name; a name in a module that is not recorded counts as one."""
    return dotted.partition(".")[0] in _OPEN or dotted in _recorded()


def known_part(dotted: str) -> str:
    """A name of TensorFlow with what follows it, such as attributes of a class, without the latter."""
    parts = dotted.split(".")
    for count in range(1, len(parts)):
        part = ".".join(parts[:count])
        if not is_module(part):
            return part
    return dotted


@functools.cache
def _recorded() -> dict[str, frozenset[str]]:
    text = importlib.resources.files(__package__).joinpath("tensorflow_names.txt").read_text(encoding="utf-8")
    lines = (line.partition(":") for line in text.splitlines())
    return {module: frozenset(names.split()) for module, _, names in lines}
