"""The command `run`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from hdfsaver.cli import missing_names
from hdfsaver.cli.command_form import command
from hdfsaver.cli.exit_codes import ExitCode
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.terminal_text import say
from hdfsaver.programs import name_check, running


@command(
    ("Run a program.", "hdfsaver run program.py"),
    ("List the names that hdfsaver lacks, without running anything.", "hdfsaver run --check program.py"),
    result=missing_names.RunResult,
    settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    takes_debug=False,
)
def run(
    program: Annotated[list[str], typer.Argument(metavar="SCRIPT", help="The program, then its arguments.")],
    check: Annotated[bool, typer.Option("--check", help="Run nothing; list the names that hdfsaver lacks.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: print JSON.")] = False,
) -> None:
    """Run a program written for TensorFlow 1, unchanged.

    `tensorflow` stands for hdfsaver in it. As for Python itself, the program is a script, `-m` and a module, `-c`
    and code, or `-` for the standard input; a notebook (.ipynb) is run cell by cell. With --check, the files and
    folders are only read: each name of TensorFlow that they use and hdfsaver lacks is listed with its place; exit
    status 1 if there are any.
    """
    if check:
        as_json = as_json or "--json" in program
        options = [name for name in program if name.startswith("-") and name != "--json" and not os.path.exists(name)]
        if options:
            raise typer.BadParameter(f"--check reads files, notebooks and folders; {options[0]} is not one of them.")
        report = name_check.check(name for name in program if name != "--json")
        if as_json:
            say_json("run", missing_names.form(report))
        else:
            say(missing_names.lines(report))
        if report.missing or report.unread:
            raise typer.Exit(ExitCode.DIFFERS)
        return
    if as_json or not running.names_a_program(program):
        option = "--json without --check" if as_json else program[0]
        python = f" Python's come before: `python {option} -m hdfsaver run SCRIPT`." if option[1:2].isalpha() else ""
        raise typer.BadParameter(f"There is no option {option}; options of the program come after it.{python}")
    running.run(program)
