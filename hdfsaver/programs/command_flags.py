"""``tf.flags``: absl's flags, with the names that TensorFlow 1's early releases had for their arguments.

The flags are parsed when the first of them is read, so that programs without ``tf.app.run`` find theirs.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

from hdfsaver.files.extras import library

_RENAMED = {"default_value": "default", "docstring": "help", "flag_name": "name"}
"""The names that arguments had before TensorFlow used absl."""


def flag_function(name: str) -> Any:
    """A name of ``tf.flags``: ``FLAGS``, one of the functions ``DEFINE_...`` or any other name of absl's flags."""
    if name == "FLAGS":
        return FLAGS
    value = getattr(_absl(), name)
    return _with_old_names(value) if name.startswith("DEFINE") else value


def _absl() -> Any:
    flags = library("absl.flags", "tf.flags needs")
    flags.disclaim_key_flags()  # absl takes the module that calls it for the one that has the flags; this one has not
    return flags


def _with_old_names(define: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(define)
    def renaming(*args: object, **kwargs: object) -> object:
        return define(*args, **{_RENAMED.get(name, name): value for name, value in kwargs.items()})

    return renaming


class ParsedFlags:
    """``tf.flags.FLAGS``: absl's values of all flags, parsed from the command line when the first one is read."""

    def __getattr__(self, name: str) -> Any:
        if name == "__dict__":
            return super().__getattribute__(name)
        values = self._values()
        if not values.is_parsed():
            values(sys.argv)
        return getattr(values, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._values(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._values(), name)

    def __dir__(self) -> list[str]:
        return dir(self._values())

    def __getitem__(self, name: str) -> Any:
        return self._values()[name]

    def __setitem__(self, name: str, flag: object) -> None:
        self._values()[name] = flag

    def __contains__(self, name: str) -> bool:
        return name in self._values()

    def __iter__(self) -> Iterator[str]:
        return iter(self._values())

    def __len__(self) -> int:
        return len(self._values())

    def __call__(self, argv: list[str], known_only: bool = False) -> list[str]:
        """Parse a command line; the arguments that are not flags are returned.

        Raises
        ------
        absl.flags.Error
            A flag is unknown or its value is refused.
        """
        rest: list[str] = self._values()(argv, known_only)
        return rest

    def _parse_flags(self, args: list[str] | None = None) -> None:
        """Parse the command line, which programs for the releases of TensorFlow before 1.5 do."""
        self._values()(sys.argv if args is None else [sys.argv[0], *args], known_only=True)

    @staticmethod
    def _values() -> Any:
        return _absl().FLAGS


FLAGS = ParsedFlags()
"""The flags of the program; absl is loaded when they are used."""


def run(main: Callable[[list[str]], object] | None = None, argv: list[str] | None = None) -> None:
    """Parse the flags, call the program's ``main`` with the other arguments, and end with its result.

    Flags that are not defined are given to ``main`` too.

    Parameters
    ----------
    main : callable, optional
        By default the function ``main`` of the module ``__main__``.
    argv : list of str, optional
        The command line; by default that of the program.

    Raises
    ------
    ImportError
        The library absl-py is not installed.
    """
    app = library("absl.app", "tf.app.run needs")
    app.run(main or sys.modules["__main__"].main, argv=argv, flags_parser=lambda args: FLAGS(args, known_only=True))
