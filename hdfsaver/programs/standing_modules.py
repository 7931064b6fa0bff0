"""Modules named ``tensorflow`` and ``tensorflow.*`` that stand for hdfsaver's, in a program that imports TensorFlow.

A real TensorFlow is not imported, even where it is installed. A module has the names that hdfsaver has; another name
is an `AttributeError`, and an `ImportError` in an import, that says so.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Sequence
from typing import Any, NamedTuple

from hdfsaver import absent_names
from hdfsaver.files.extras import library
from hdfsaver.messages import message_classes
from hdfsaver.programs.module_table import INNER, MESSAGE_MODULES, MESSAGES, PLACES, PROGRAMS, RENAMED, TOOLS

ROOT = "tensorflow"

_SAME = ("compat.v1", "_api.v1")
"""Modules below `ROOT` that have all its names."""


class Submodule(NamedTuple):
    """A module below `ROOT`; the path of `ROOT` itself is empty."""

    path: str


def install() -> None:
    """From now on, let imports of TensorFlow give modules that stand for hdfsaver's.

    Raises
    ------
    ImportError
        Another module of that name has been imported already.
    """
    loaded = sys.modules.get(ROOT)
    if loaded is not None and not isinstance(loaded, StandIn):
        raise ImportError("TensorFlow has been imported already, so that hdfsaver cannot take its place.", name=ROOT)
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())


def below_root(name: str) -> str:
    """The path of a module below ``tensorflow``, where ``tensorflow.compat.v1.nn`` is ``nn``."""
    path = name.partition(".")[2]
    for same in _SAME:
        while path == same or path.startswith(f"{same}."):
            path = path[len(same) + 1 :]
    return path


def is_module(path: str) -> bool:
    """Whether there is a module at a path below `ROOT`."""
    if path in PLACES or path == "" or _is_of_messages(path):
        return True
    parent, _, name = path.rpartition(".")
    return is_module(parent) and isinstance(_found(parent, name), Submodule)


def lookup(path: str, name: str) -> Any:
    """A name in the module at a path below `ROOT`; a `Submodule` where it is a module.

    Raises
    ------
    AttributeError
        hdfsaver has no such name.
    """
    found = None if name.startswith("__") else _found(path, name)
    if found is None:
        raise AttributeError(_missing(path, name), name=name, obj=None)
    return found[0] if isinstance(found, tuple) and not isinstance(found, Submodule) else found


def has(dotted: str) -> bool:
    """Whether hdfsaver has a name below `ROOT`, with what follows it: ``"train.Saver.save"``."""
    path = ""
    parts = dotted.split(".")
    for count, part in enumerate(parts, start=1):
        if part.startswith("__"):
            return True  # Python's, as `__version__` and `__name__`
        try:
            found = lookup(path, part)
        except AttributeError:
            return False
        except ImportError:
            return True  # only the library is missing that it needs
        if not isinstance(found, Submodule):
            return _has_attributes(found, parts[count:])
        path = found.path
    return True


def _has_attributes(value: object, names: Sequence[str]) -> bool:
    """Whether a class has an attribute; of other values nothing is known before the program runs."""
    return not names or not isinstance(value, type) or hasattr(value, names[0])


def _found(path: str, name: str) -> Submodule | tuple[Any] | None:
    """The value as the only element of a tuple, a module, or nothing."""
    full = f"{path}.{name}".lstrip(".")
    if full in PLACES or _is_of_messages(full):
        return Submodule(full)
    if full in _SAME:
        return Submodule("")
    if path not in PLACES and not _is_of_messages(path):
        return _member(path, name, modules=True)
    if full in INNER:
        module = importlib.import_module(f"{__package__.partition('.')[0]}.{INNER[full]}")
        return (getattr(module, name),)
    if full in RENAMED:
        place, _, name = RENAMED[full].rpartition(".")
        return _member(place, name)
    places = (MESSAGES, "") if _is_of_messages(path) else PLACES[path]
    found = (_message(name) if place == MESSAGES else _member(place, name) for place in places)
    return next((value for value in found if value is not None), None)


def _member(path: str, name: str, *, modules: bool = False) -> Submodule | tuple[Any] | None:
    """A name of one of hdfsaver's public modules."""
    module = _public(path)
    if not modules and name not in getattr(module, "__dict__", ()) and name not in getattr(module, "__all__", ()):
        return None  # most names are in another place, and the error of this one would look for names like it
    try:
        value = getattr(module, name)
    except AttributeError:
        return None
    if not isinstance(value, types.ModuleType):
        return (value,)
    is_public = modules and name in getattr(module, "__all__", ())
    return Submodule(f"{path}.{name}".lstrip(".")) if is_public else None


def _public(path: str) -> Any:
    """The module of hdfsaver at a path; None where it does not exist. Those for programs are imported when used."""
    module: Any = sys.modules[__package__.partition(".")[0]]
    if path.startswith(PROGRAMS):
        return importlib.import_module(f"{module.__name__}.{path}")
    for part in path.split(".") if path else ():
        module = getattr(module, part, None)
    return module


def _names_in(path: str) -> list[str]:
    """The names that ``from ... import *`` brings."""
    if _is_of_messages(path):
        library("google.protobuf")
        return sorted(importlib.import_module("hdfsaver.messages.descriptor_pool").CLASSES)
    modules = [_public(place) for place in PLACES.get(path, (path,)) if place != MESSAGES]
    names = {name for module in modules for name in getattr(module, "__all__", ()) if not name.startswith("_")}
    return sorted(name for name in names if _found(path, name) is not None)


def _is_of_messages(path: str) -> bool:
    return path.startswith(MESSAGE_MODULES) and path.endswith("_pb2") and path.count(".") == 2


def _message(name: str) -> tuple[Any] | None:
    """A class of messages, an enum, or the number of a dtype such as ``DT_FLOAT``."""
    enums = message_classes.GraphDef.DESCRIPTOR.file.enum_types_by_name
    if name in enums:
        return (library("google.protobuf.internal.enum_type_wrapper").EnumTypeWrapper(enums[name]),)
    if name in enums["DataType"].values_by_name:
        return (enums["DataType"].values_by_name[name].number,)
    value = getattr(message_classes, name, None)
    return None if value is None else (value,)


def _missing(path: str, name: str) -> str:
    """The message about a name that hdfsaver lacks."""
    full = f"{path}.{name}".lstrip(".")
    if name.startswith("_"):
        return f"module {f'{ROOT}.{path}'.rstrip('.')!r} has no attribute {name!r}"
    if path in PLACES or _is_of_messages(path):
        return absent_names.not_here(f"{ROOT}.{full}") + absent_names.proposal(name)
    return str(absent_names.absent(f"hdfsaver.{path}".rstrip("."), name, getattr(_public(path), "__all__", ())))


def _import_error(fullname: str, path: str) -> ImportError:
    """The error for a module that hdfsaver lacks."""
    parent, _, name = path.rpartition(".")
    if name.startswith("__"):
        return ModuleNotFoundError(f"No module named {fullname!r}")
    if has(path):
        above = fullname.rpartition(".")[0]
        return ModuleNotFoundError(f"No module named {fullname!r}; write `from {above} import {name}`.")
    is_name = (bool(PLACES.get(parent)) and parent != "python") or not absent_names.is_module(path)
    return (ImportError if is_name else ModuleNotFoundError)(_missing(parent, name))


class StandIn(types.ModuleType):
    """A module of TensorFlow's name with the names of hdfsaver."""

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return _names_in(below_root(self.__name__))
        found = lookup(below_root(self.__name__), name)
        if isinstance(found, Submodule):
            found = importlib.import_module(f"{ROOT}.{found.path}".rstrip("."))
        self.__dict__[name] = found
        return found

    def __dir__(self) -> list[str]:
        return [*self.__dict__, *dir(_public(below_root(self.__name__)))]


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and makes the modules; there are no files."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The specification of a module that stands for one of TensorFlow.

        Parameters
        ----------
        fullname : str
            The name of the module.
        path, target : object, optional
            As for every finder; without effect.

        Returns
        -------
        ModuleSpec or None
            None for a module that is not TensorFlow's.

        Raises
        ------
        ImportError
            hdfsaver lacks that module of TensorFlow. The error does not name a module as `name`, or else
            ``from tensorflow import keras`` would replace its message.
        """
        if fullname.partition(".")[0] != ROOT:
            return None
        below = below_root(fullname)
        if not is_module(below):
            raise _import_error(fullname, below)
        is_tool = any(place.startswith(TOOLS) for place in PLACES.get(below, ()))
        return importlib.machinery.ModuleSpec(fullname, self, is_package=not is_tool)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """A module without names; they are looked up when they are used."""
        return StandIn(spec.name)

    def get_code(self, fullname: str) -> types.CodeType | None:
        """The code that runs a module as a program; None for a module that is not one."""
        for place in PLACES.get(below_root(fullname), ()):
            if place.startswith(TOOLS) and hasattr(_public(place), "main"):
                return compile(f"from hdfsaver.{place} import main; main()", f"<{fullname}>", "exec")
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        """Give the module TensorFlow's version; let the names of one module give one module."""
        canonical = f"{ROOT}.{below_root(module.__name__)}".rstrip(".")
        if canonical != module.__name__:
            sys.modules[module.__name__] = importlib.import_module(canonical)
        elif canonical == ROOT:
            version = _public("compat.v1")
            names = ("version", "git_version", "compiler_version", "cxx11_abi_flag", "monolithic_build")
            vars(module).update({f"__{name}__": getattr(version, f"__{name}__") for name in names})
