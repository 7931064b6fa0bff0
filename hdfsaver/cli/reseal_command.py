"""The command `reseal`."""

from __future__ import annotations

from typing import TypedDict

from hdfsaver.cli.arguments import AsJson, Checkpoint
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.own_files import own_file
from hdfsaver.cli.terminal_text import count_of, say
from hdfsaver.storage.resealing import reseal as reseal_file

_SHOWN = 20
"""The largest number of kept elements that are listed."""


class ResealResult(TypedDict):
    """The result of `reseal`.

    Attributes
    ----------
    file : str
    variables : int
        The number of variables in it.
    graphs : int
        The number of graphs in it.
    kept : list of str
        The elements of other programs that were kept.
    """

    file: str
    variables: int
    graphs: int
    kept: list[str]


@command(
    ("Accept what another program has changed.", "hdfsaver reseal changed.h5"),
    result=ResealResult,
)
def reseal(checkpoint: Checkpoint, as_json: AsJson = False) -> None:
    """Accept the changes of another program to a checkpoint.

    The file is written again with a new index and seal. The additions of the program are kept: attributes, datasets,
    groups, named datatypes and links. If something cannot be kept, the error names it. After an error the file is
    unchanged. A file that is not a checkpoint of hdfsaver is refused; `convert` makes a checkpoint of its arrays.
    """
    path = own_file(checkpoint)
    done = reseal_file(path)
    if as_json:
        result = ResealResult(file=str(path), variables=done.variables, graphs=done.graphs, kept=list(done.kept))
        say_json("reseal", result)
        return
    graphs = ["", ", and the graph"][done.graphs] if done.graphs < 2 else f", and {done.graphs} graphs"
    said = [f"{path} is accepted and sealed again: {count_of(done.variables, 'variable')}{graphs}."]
    if done.kept:
        shown = ", ".join(done.kept[:_SHOWN]) + (f" and {len(done.kept) - _SHOWN} more" * (len(done.kept) > _SHOWN))
        said.append(f"Kept unchanged from other programs: {shown}.")
    say(said)
