"""Promise: the lower bounds of the dependencies are versions that the suite runs with."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]


def versions(requirements: list[str], operator: str) -> dict[str, Version]:
    """The version behind the operator, by the name of the dependency."""
    parsed = [Requirement(text) for text in requirements]
    return {it.name: Version(clause.version) for it in parsed for clause in it.specifier if clause.operator == operator}


def test_the_lowest_environment_has_the_lower_bounds() -> None:
    """`tox -e lowest` installs exactly the lower bound of each dependency in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    pins = tox["testenv:lowest"]["deps"].split()
    extras = project["optional-dependencies"]
    dependencies = project["dependencies"] + extras["compression"] + extras["tensorflow"]
    dependencies += (
        extras["remote"]
        + extras["images"]
        + extras["plot"]
        + extras["numba"]
        + extras["sign"]
        + extras["onnx"]
        + extras["onnxruntime"][1:]
    )
    bounds = versions(dependencies, ">=")
    assert len(dependencies) == len(bounds)
    assert bounds == versions(pins, "==")
