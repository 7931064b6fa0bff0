"""The form of a command: its function, its options and its help, which is laid out as a manual page is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import typer
from typer.core import TyperArgument, TyperCommand, TyperOption

from hdfsaver.cli.exit_codes import ExitCode

DEBUG = "--debug"
"""The option that shows the traceback of an error; every command takes it."""

DAMAGED = "damaged"
"""The key under which typer's context has `Form.damaged`."""

Function = Callable[..., None]


class Example(NamedTuple):
    """A command that a user may type.

    Attributes
    ----------
    does : str
        Its purpose, as a sentence.
    command : str
        The command that is typed. It runs where the files of `tests/cli/example_files.py` are.
    """

    does: str
    command: str


class Form(NamedTuple):
    """The description of a command, beside its function.

    Attributes
    ----------
    examples : tuple of Example
    result : type or None
        The `typing.TypedDict` of what it prints with ``--json``; None where it has no such option.
    settings : mapping of str to object
        Typer's ``context_settings``.
    takes_debug : bool
        Whether ``--debug`` is an option of it; it is not where options are those of a program.
    damaged : int
        The exit status where a file is damaged.
    """

    examples: tuple[Example, ...]
    result: type | None
    settings: Mapping[str, Any]
    takes_debug: bool
    damaged: int


_FORMS: dict[Function, Form] = {}


def command(
    *examples: tuple[str, str],
    result: type | None,
    settings: Mapping[str, Any] | None = None,
    takes_debug: bool = True,
    damaged: int = ExitCode.DIFFERS,
) -> Callable[[Function], Function]:
    """Make a function a command; its docstring is the help, and its parameters are typer's.

    Parameters
    ----------
    *examples : tuple of str
        The purpose of each, and the command; see `Example`.
    result : type or None
        See `Form`.
    settings : mapping of str to object, optional
        Typer's ``context_settings``.
    takes_debug : bool
        See `Form`.
    damaged : int
        See `Form`.

    Returns
    -------
    callable
        The decorator.
    """

    def decorate(function: Function) -> Function:
        _FORMS[function] = Form(
            tuple(Example(*each) for each in examples), result, settings or {}, takes_debug, int(damaged)
        )
        return function

    return decorate


def made(name: str, function: Function) -> TyperCommand:
    """The command of a function that `command` has decorated."""
    form = _FORMS[function]
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, cls=ManualCommand, context_settings=dict(form.settings))(function)
    found = typer.main.get_command(alone)
    assert isinstance(found, ManualCommand)
    found.form = form
    return found


class ManualCommand(TyperCommand):
    """A command with help in plain text, with examples."""

    form: Form

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take `DEBUG` out of the arguments; see `command_group.CommandGroup`."""
        ctx.meta[DAMAGED] = self.form.damaged
        end = args.index("--") if "--" in args else len(args)
        if self.form.takes_debug and DEBUG in args[:end]:
            ctx.meta[DEBUG] = True
            args = [each for place, each in enumerate(args) if each != DEBUG or place >= end]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The words of the usage line behind the command, as manual pages have them."""
        return ["[OPTIONS]", *(_usage_of(each) for each in self.params if isinstance(each, TyperArgument))]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the manual page: usage, description, arguments, options and examples."""
        self.format_usage(ctx, formatter)
        write_paragraphs(formatter, self.help or "")
        arguments = [each for each in self.params if isinstance(each, TyperArgument) and not each.hidden]
        write_rows(formatter, "Arguments", [(_argument_name(each), each.help or "") for each in arguments])
        options = [each for each in self.get_params(ctx) if isinstance(each, TyperOption) and not each.hidden]
        write_rows(formatter, "Options", [(option_name(each), each.help or "") for each in options])
        if self.form.examples:
            formatter.write_paragraph()
            formatter.write_heading("Examples")
        for does, command in self.form.examples:
            with formatter.indentation():
                formatter.write_text(does)
                with formatter.indentation():
                    formatter.write(f"{'':{formatter.current_indent}}{command}\n")


def write_paragraphs(formatter: Any, text: str) -> None:
    """Write paragraphs, which blank lines separate, each wrapped."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(paragraph)


def write_rows(formatter: Any, title: str, rows: list[tuple[str, str]]) -> None:
    """Write a section with two columns, if it has rows.

    Parameters
    ----------
    formatter : object
        Typer's.
    title : str
    rows : list of tuple of str
    """
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)


def option_name(option: TyperOption) -> str:
    """The spellings of an option, the short one first, and the name of its value."""
    names = ", ".join(sorted(option.opts, key=len))
    return names if option.is_flag else f"{names} {_value_name(option)}"


def _value_name(option: TyperOption) -> str:
    if option.metavar:
        return option.metavar
    numbers = {int: "NUMBER", float: "NUMBER"}
    return numbers.get(option.type_descriptor.annotation, max(option.opts, key=len).lstrip("-").upper())


def _argument_name(argument: TyperArgument) -> str:
    return argument.display_name_raw + ("..." if argument.nargs != 1 else "")


def _usage_of(argument: TyperArgument) -> str:
    name = argument.display_name_raw if argument.required else f"[{argument.display_name_raw}]"
    return name + ("..." if argument.nargs != 1 else "")
