"""Run the code blocks of a Markdown page, in order: ``python run_page.py PAGE``.

The kind of a block is the first word behind its opening fence:

``python``
    Runs; all Python blocks of a page share their names. Warnings are errors.
``output``
    Is what the Python block before it prints.
``console``
    Each line that begins with ``$`` is a command, run by the shell (a backslash at its end goes on in the next line).
    Lines below a command are what it prints; where there are none, the command must succeed, whatever it prints.

Other kinds are for reading only. In expected lines ``...`` stands for any text. A block that cannot run where tests run
says why, behind its kind: ``console no-run: needs a network``. Commands and blocks run in the current folder, which is
best an empty one; what one block leaves there, the next one finds.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import textwrap
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).parents[2]))  # behind the installed package, which is what is tested

from tests import forks

RUNNABLE = ("python", "output", "console")
FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<info>[^`]*)$")
TIMEOUT = 120.0  # seconds for one command


class Block(NamedTuple):
    """A fenced block: its kind, the line of its first line in the page (from 1), and its text."""

    kind: str
    line: int
    text: str


class PageError(Exception):
    """A page does not do what it says."""


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page that are to run.

    Raises
    ------
    PageError
        If a fence is never closed, or there is more behind a kind than ``no-run: REASON``.
    """
    lines = iter(enumerate(page.splitlines(), start=1))
    for number, line in lines:
        if fence := FENCE.match(line):
            body = list(_until_closed(lines, fence, number))
            if _runs(fence["info"].strip(), number):
                yield Block(fence["info"].strip(), number + 1, textwrap.dedent("".join(f"{text}\n" for text in body)))


def _until_closed(lines: Iterator[tuple[int, str]], fence: re.Match[str], opened: int) -> Iterator[str]:
    for _, line in lines:
        closing = FENCE.match(line)
        if closing and not closing["info"].strip() and len(closing["ticks"]) >= len(fence["ticks"]):
            return
        yield line
    raise PageError(f"line {opened}: this fence is never closed")


def _runs(info: str, line: int) -> bool:
    kind, _, rest = info.partition(" ")
    if kind not in RUNNABLE or re.fullmatch(r"no-run: \S.*", rest):
        return False
    if rest:
        raise PageError(f"line {line}: behind {kind!r} stands {rest!r}; only 'no-run: REASON' may")
    return True


def agrees(expected: str, printed: str) -> bool:
    """Whether printed text is the expected one, blanks at line ends aside, ``...`` standing for anything."""
    pattern = re.escape(_stripped(expected)).replace(re.escape("..."), ".*?")
    return re.fullmatch(pattern, _stripped(printed), re.DOTALL) is not None


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def _compare(line: int, expected: str, printed: str) -> None:
    if not agrees(expected, printed):
        raise PageError(f"line {line}: expected\n{expected}\nbut it printed\n{printed}")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, with the text that stands below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, below = re.fullmatch(r"((?:.*\\\n)*.*)\n?((?s:.*))", part).groups()
        yield command, below


def run_console(block: Block) -> None:
    """Run the commands of a block and compare what they print.

    Raises
    ------
    PageError
        If a command prints something else than the page says, or fails where the page does not show what it prints.
    """
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": scripts + os.pathsep + os.environ["PATH"]}
    for command, expected in commands(block.text):
        status, printed = _of_the_package(command) or _of_the_shell(command, environment)
        if expected.strip():
            _compare(block.line, f"$ {command}\n{expected}", f"$ {command}\n{printed}")
        elif status:
            raise PageError(f"line {block.line}: `{command}` ended with {status}:\n{printed}")


def _of_the_shell(command: str, environment: dict[str, str]) -> tuple[int, str]:
    """The status of a command, and what it prints."""
    done = subprocess.run(
        command, shell=True, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def _of_the_package(command: str) -> tuple[int, str] | None:
    """The same for the package's own command, without the time that it takes to start; None for another one."""
    if not command.startswith("hdfsaver ") or re.search(r"[|&;<>$`(){}]", command):
        return None
    done = forks.run(
        "-m",
        *shlex.split(command.replace("\\\n", " ")),
        check=False,
        loaded=f"{forks.MODELS} hdfsaver.cli",
        timeout=TIMEOUT,
    )
    return done.returncode, done.stdout + done.stderr


def run_python(block: Block, names: dict[str, object], page: Path) -> str:
    """Run a Python block; gives what it printed. Tracebacks show the lines of the page."""
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec", dont_inherit=True)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return printed.getvalue()


def run(page: Path) -> int:
    """Run a page; gives the number of blocks that ran."""
    main = sys.modules["__main__"] = types.ModuleType("__main__")  # what pickles and dataclasses look their names up in
    printed, count = "", 0
    for block in blocks(page.read_text(encoding="utf-8")):
        count += 1
        if block.kind == "python":
            printed = run_python(block, vars(main), page)
        elif block.kind == "output":
            _compare(block.line, block.text, printed)
        else:
            run_console(block)
    return count


if __name__ == "__main__":
    warnings.simplefilter("error")
    try:
        sys.stdout.write(f"{run(Path(sys.argv[1]))} blocks ran\n")
    except PageError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
