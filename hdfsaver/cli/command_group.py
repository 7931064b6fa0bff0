"""All commands together: each is imported when it is used, and its errors are reported here."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from hdfsaver.cli import exit_codes
from hdfsaver.cli.command_form import DAMAGED, DEBUG, made, option_name, write_paragraphs, write_rows
from hdfsaver.cli.exit_codes import ExitCode
from hdfsaver.cli.terminal_text import complain, printable_lines


class Entry(NamedTuple):
    """A command before it is imported.

    Attributes
    ----------
    name : str
        The command, and its function.
    module : str
        The file that has the function, in `hdfsaver.cli`.
    title : str
        The title over the commands of its kind.
    summary : str
        Its purpose in a line: the first sentence of its help.
    """

    name: str
    module: str
    title: str
    summary: str

    def load(self) -> TyperCommand:
        """The command itself."""
        module = importlib.import_module(f"{__package__}.{self.module}")
        return made(self.name, getattr(module, self.name))


class CommandGroup(TyperGroup):
    """Finds the command that a line names, and turns its errors into a sentence and an exit status."""

    entries: ClassVar[Mapping[str, Entry]]
    """All commands by their names; a subclass has them."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        # Until a command is used, what stands for it has a name and a summary alone.
        self.commands = {name: TyperCommand(name=name, help=each.summary) for name, each in self.entries.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find and import the command that arguments name."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, found and self.entries[found.name or ""].load(), rest

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the options before the command."""
        with _printable_messages():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that a line names.

        Raises
        ------
        typer.Exit
            With the status of an error that was reported.
        """
        try:
            with _printable_messages():
                result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            exit_codes.leave_broken_pipe()
        except Exception as error:
            if exit_codes.is_of_typer(error):
                raise
            shows_trace = bool(ctx.meta.get(DEBUG) or ctx.params.get("debug"))
            if shows_trace:
                traceback.print_exception(error)
            else:
                complain(exit_codes.sentence(error))
            status = int(exit_codes.status_of(error))
            raise typer.Exit(ctx.meta.get(DAMAGED, status) if status == ExitCode.DIFFERS else status) from None
        return result

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the manual page of all commands."""
        self.format_usage(ctx, formatter)
        write_paragraphs(formatter, self.help or "")
        titled: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for each in self.entries.values():
            titled[each.title].append((each.name, each.summary))
        for title, rows in titled.items():
            write_rows(formatter, title, rows)
        options = [each for each in self.get_params(ctx) if isinstance(each, TyperOption) and not each.hidden]
        write_rows(formatter, "Options", [(option_name(each), each.help or "") for each in options])
        write_rows(formatter, "Exit status", [(str(each.value), each.meaning) for each in exit_codes.ExitCode])
        formatter.write_paragraph()
        formatter.write_text("`hdfsaver COMMAND --help` describes a command, with examples.")


@contextmanager
def _printable_messages() -> Iterator[None]:
    """Escape what typer says about arguments, which may be names of files."""
    try:
        yield
    except Exception as error:
        message = getattr(error, "message", None)
        if exit_codes.is_of_typer(error) and isinstance(message, str):
            vars(error)["message"] = printable_lines(message)
        raise
