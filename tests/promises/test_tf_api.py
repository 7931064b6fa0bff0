"""What TensorFlow's checkpoint API has, in the order in which it takes it; ``make_tf_api.py`` recorded it.

The table in ``docs/tensorflow.md`` says the same in words, and is compared with the record and with the code.
"""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

import hdfsaver

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "tf_api.json").read_text(encoding="utf-8"))
PAGE = (Path(__file__).parents[2] / "docs" / "tensorflow.md").read_text(encoding="utf-8")

HERE = ("same", "more", "accepted", "differs", "absent")
"""What the table may say: the same as there; that and more; taken without effect; not the same; not here."""


def callables() -> dict[str, list[list[str]] | None]:
    """Every recorded function, class and method, with its parameters."""
    found = {}
    for name, record in RECORDED.items():
        members = record if isinstance(record, dict) else {"": record}
        found.update({f"{name}.{member}".rstrip("."): value for member, value in members.items()})
    return {name: parameters for name, parameters in found.items() if parameters != "property"}


def lookup(name: str) -> Any:
    """What hdfsaver has under a name of TensorFlow's."""
    thing: Any = hdfsaver
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing


def rows() -> dict[tuple[str, str], tuple[str, str]]:
    """The tables of the page: for every function and option what is here, and why it differs.

    The first row of a function is about the function as well.
    """
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if len(cells) == 4 and cells[2] in HERE:
            function = cells[0].strip("`")
            for option in ([""] if (function, "") not in found else []) + [cells[1]] * bool(cells[1]):
                found.update({(function, name.strip(" `")): (cells[2], cells[3]) for name in option.split(",")})
    return found


ROWS = rows()


def options() -> list[tuple[str, str]]:
    """Every function, and every one of its options."""
    named = [(name, parameter[0]) for name, parameters in callables().items() for parameter in parameters or ()]
    return [(name, "") for name in callables()] + [(name, option) for name, option in named if option != "self"]


def test_the_table_has_every_function_and_option() -> None:
    """No function and no option is without a row, and no row is about something else."""
    covered = {(function, option) for function, option in ROWS}
    assert set() == covered - set(options())
    assert set() == set(options()) - covered


@pytest.mark.parametrize("row", sorted(ROWS), ids=" ".join)
def test_differences_have_reasons(row: tuple[str, str]) -> None:
    """What is the same needs no words, and everything else has some."""
    here, why = ROWS[row]
    assert (here == "same") == (not why)


@pytest.mark.parametrize("name", sorted(callables()))
def test_arguments_are_tensorflows(name: str) -> None:
    """The same arguments in the same order, with the same defaults; those of our own come behind, by keyword only."""
    if ROWS[name, ""][0] == "absent":
        with pytest.raises(AttributeError):
            lookup(name)
        return
    expected = [parameter for parameter in callables()[name] or () if parameter[1] != "VAR_KEYWORD"]
    expected = [parameter for parameter in expected if ROWS.get((name, parameter[0]), ("",))[0] != "absent"]
    found = list(inspect.signature(lookup(name)).parameters.values())
    assert [parameter[0] for parameter in expected] == [parameter.name for parameter in found[: len(expected)]]
    for parameter, ours in zip(expected, found, strict=False):
        default = (
            "" if ours.default is ours.empty else "object()" if type(ours.default) is object else repr(ours.default)
        )
        assert parameter[2] == default or ROWS[name, ours.name][0] == "differs", ours.name
    for ours in found[len(expected) :]:
        assert ours.kind in (ours.KEYWORD_ONLY, ours.VAR_KEYWORD), ours.name
