"""Runs a program as Python does, with ``tensorflow`` standing for hdfsaver.

The program finds what it finds under Python: ``sys.argv``, ``sys.path``, ``__main__`` and ``__file__``. Its errors are
shown by ``sys.excepthook``, beginning with the program's own line, and its exit status is Python's.
"""

from __future__ import annotations

import ast
import atexit
import builtins
import contextlib
import importlib.machinery
import importlib.util
import linecache
import os
import pkgutil
import signal
import sys
import traceback
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

from hdfsaver.programs import notebooks, python_2, standing_modules

_USAGE = 2
"""Python's exit status where it cannot open the program."""

_ERROR = 1
"""Python's exit status after an error that the program does not handle."""


class Program(NamedTuple):
    """A program that is about to run.

    Attributes
    ----------
    codes : iterable of code
        Run one after the other, in the same names.
    argument : str
        The first of ``sys.argv``.
    names : dict of str to object
        The names of the module ``__main__`` in the beginning.
    """

    codes: Iterable[types.CodeType]
    argument: str
    names: dict[str, Any]


def names_a_program(arguments: Sequence[str]) -> bool:
    """Whether a command line begins with a program, and not with an option of another kind."""
    return any(first == "-" or first[:2] in _MAKERS or not first.startswith("-") for first in arguments[:1])


def run(arguments: Sequence[str]) -> None:
    """Run the program that a command line names, as ``python`` takes it.

    Parameters
    ----------
    arguments : sequence of str
        A script, a notebook, a folder or an archive with ``__main__.py``, ``-m`` and a module, ``-c`` and code, or
        ``-`` for a program from the standard input; and the program's arguments.

    Raises
    ------
    SystemExit
        The program has ended by it, with an error, or cannot be opened.
    """
    first, rest = arguments[0], list(arguments[1:])
    if first[:2] in _MAKERS:
        value = first[2:] or (rest.pop(0) if rest else _fail(f"argument expected for the {first} option"))
        make = _MAKERS[first[:2]]
    else:
        value, make = first, _of_path
    standing_modules.install()
    sys.excepthook = sys.__excepthook__  # the command line has one of its own, for its own errors
    sys.argv = [first, *rest]
    interrupted = _ends_by_interrupt()
    with _showing_errors(interrupted, frames=False):
        program = make(value)
    sys.argv[0] = program.argument
    main = types.ModuleType("__main__")
    vars(main).update({"__builtins__": builtins, **program.names})
    sys.modules["__main__"] = main
    with _showing_errors(interrupted):
        _execute(program.codes, vars(main))


def _execute(codes: Iterable[types.CodeType], names: dict[str, Any]) -> None:
    for code in codes:
        exec(code, names)  # noqa: S102, it is the program that the user runs


@contextlib.contextmanager
def _showing_errors(interrupted: list[bool], *, frames: bool = True) -> Iterator[None]:
    """Show an error as Python does, without the frames of the runner, or without any frames."""
    try:
        yield
        return
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001, it is the program's, and Python would show it
        interrupted.append(isinstance(error, KeyboardInterrupt))
        advice = python_2.advice_on(error)
        if advice:
            error.add_note(f"{advice}.")
        _show(error.with_traceback(_of_program(error.__traceback__) if frames else None))
    raise SystemExit(_ERROR)


def _of_program(trace: types.TracebackType | None) -> types.TracebackType | None:
    """The lines of a trace without those of the runner before them, and of the modules that stand in behind them."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    last = frame = trace
    while frame is not None:
        if frame.tb_frame.f_code.co_filename != standing_modules.__file__:
            last = frame
        frame = frame.tb_next
    if last is not None:
        last.tb_next = None
    return trace


def _show(error: BaseException) -> None:
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    vars(sys)["last_exc"] = error  # since Python 3.12
    if sys.excepthook is sys.__excepthook__:
        traceback.print_exception(error)  # with the lines of a notebook, for which Python would look in a file
    else:
        sys.excepthook(type(error), error, error.__traceback__)


def _ends_by_interrupt() -> list[bool]:
    """Let the process end by the signal, as Python does, where the list has a true element in the end."""
    interrupted: list[bool] = []

    def end() -> None:
        if any(interrupted) and os.name == "posix":
            sys.stdout.flush()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)

    atexit.register(end)  # the first that is registered is the last that is called
    return interrupted


def _of_path(path: str) -> Program:
    """A script, a notebook, or a folder or an archive with a module ``__main__``."""
    if path == "-":
        return _of_code(sys.stdin.read(), "<stdin>", "-")
    absolute = os.path.join(os.getcwd(), path) if os.name == "posix" else os.path.abspath(path)  # as Python does
    importer = pkgutil.get_importer(absolute)
    if importer is not None:
        return _of_importer(importer, path, absolute)
    try:
        with open(absolute, "rb") as file:
            source = file.read()
    except OSError as error:
        _fail(f"can't open file {absolute!r}: [Errno {error.errno}] {error.strerror}")
    _let_import_from(os.path.dirname(os.path.realpath(path)))
    codes = _cells(source, absolute) if path.endswith(".ipynb") else [compile(source, absolute, "exec", 0, True)]
    loader = importlib.machinery.SourceFileLoader("__main__", absolute)
    names = {"__file__": absolute, "__cached__": None, "__loader__": loader}
    return Program(codes, path, names)


def _of_importer(importer: Any, path: str, absolute: str) -> Program:
    """The module ``__main__`` of a folder or an archive."""
    _let_import_from(absolute)
    spec = importer.find_spec("__main__")
    if spec is None:
        _fail(f"can't find '__main__' module in {absolute!r}", _ERROR)
    return Program([spec.loader.get_code("__main__")], path, _names_of(spec))


def _of_module(name: str) -> Program:
    """A module that is found by its name; of a package its module ``__main__``."""
    sys.argv[0] = "-m"
    _let_import_from(os.getcwd())
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (AttributeError, ImportError, ValueError) as error:
        _fail(f"Error while finding module specification for {name!r} ({type(error).__name__}: {error})", _ERROR)
    if spec is None or spec.loader is None:
        _fail(f"No module named {name}", _ERROR)
    code = getattr(spec.loader, "get_code", lambda _: None)(spec.name)
    if code is None:
        _fail(f"No code object available for {name}", _ERROR)
    return Program([code], spec.origin or name, _names_of(spec))


def _names_of(spec: importlib.machinery.ModuleSpec) -> dict[str, Any]:
    names = {"__file__": spec.origin, "__cached__": spec.cached, "__loader__": spec.loader}
    return {**names, "__package__": spec.parent, "__spec__": spec}


def _of_code(source: str, filename: str = "<string>", argument: str = "-c") -> Program:
    """Code from the command line or the standard input."""
    _let_import_from("")
    return Program([compile(source, filename, "exec", 0, True)], argument, {})


_MAKERS: dict[str, Callable[[str], Program]] = {"-c": _of_code, "-m": _of_module}
"""The function that makes a program of the value of an option of Python."""


def _let_import_from(folder: str) -> None:
    """Look for modules in a folder first, as Python does for a program, unless it was told not to."""
    if not sys.flags.safe_path:
        sys.path[:1] = [folder]


def _cells(source: bytes, path: str) -> Iterator[types.CodeType]:
    """The cells of a notebook, each of which shows the value of its last line."""
    for number, code in notebooks.cells_of(source.decode()):
        filename = f"{path}, cell {number}"
        linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
        # It is ast.parse, which would itself be in the trace of an error.
        tree: Any = compile(code, filename, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
        last = [tree.body.pop()] if tree.body and isinstance(tree.body[-1], ast.Expr) else []
        yield compile(tree, filename, "exec", 0, True)
        yield compile(ast.Interactive(last), filename, "single", 0, True)


def _fail(message: str, status: int = _USAGE) -> NoReturn:
    """End as Python does where there is no program to run."""
    sys.stderr.write(f"hdfsaver run: {message}\n")
    raise SystemExit(status)
