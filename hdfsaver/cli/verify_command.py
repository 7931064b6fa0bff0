"""The command `verify`."""

from __future__ import annotations

from typing import TypedDict

from hdfsaver.cli.arguments import Anything, AsJson
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.cli.terminal_text import count_of, say
from hdfsaver.errors import without_secrets
from hdfsaver.formats.open_source import open_source


class VerifyResult(TypedDict):
    """The result of `verify` for a file in which nothing is damaged.

    Attributes
    ----------
    file : str
    kind : str
        The kind of file.
    arrays : int
        The number of arrays that were read.
    checksums : str
        Name of the compared values, such as "digests"; empty where the file has nothing to compare.
    not_checked : dict of str to str
        The reason for each element that cannot be read.
    """

    file: str
    kind: str
    arrays: int
    checksums: str
    not_checked: dict[str, str]


@command(("Check a checkpoint.", "hdfsaver verify model.ckpt"), result=VerifyResult)
def verify(checkpoint: Anything, as_json: AsJson = False) -> None:
    """Read everything and compare it with the digests of the file.

    The digests or checksums are those that the format has. The exit status is 1 if anything differs.
    """
    with open_source(checkpoint) as file, progress_bar(checkpoint) as progress:
        file.verify(progress=progress)
        result = VerifyResult(
            file=without_secrets(file.path),
            kind=file.kind,
            arrays=len(file.variables),
            checksums=file.checksums,
            not_checked={name: error.message for name, error in file.unreadable.items()},
        )
    if as_json:
        say_json("verify", result)
        return
    found = f"all {file.checksums} match" if file.checksums else "no digests to compare; all values can be read"
    say([f"{result['file']}: {file.kind}, {count_of(result['arrays'], 'array')}, {found}."])
    say(f"{name} is not checked: {why}" for name, why in result["not_checked"].items())
