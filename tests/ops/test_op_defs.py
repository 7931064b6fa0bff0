"""Every operation is declared as TensorFlow declares it, which `make_op_defs.py` recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import hdfsaver.checkpoint
import hdfsaver.ops  # noqa: F401, they make the operations known
from hdfsaver.graph.definition import ALL, OpDef, lookup, registered
from hdfsaver.graph.signature import Argument

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "op_defs.json").read_text(encoding="utf-8"))

# Attributes that steer what TensorFlow does inside and that no result depends on, or that came after version 1.
NOT_HERE = {"grad_a", "grad_b", "grad_x", "grad_y", "bad_indices_policy", "Truncate"}

# The kinds of attributes whose default is a list or a message: these are compared where nodes are (`programs.py`).
UNCOMPARED = {"list(float)", "list(int)", "list(shape)", "list(string)", "list(type)", "shape", "tensor"}


def written(argument: Argument) -> list[str]:
    """An argument as the record has it."""
    if argument.dtypes_attr is not None:
        return [argument.name, f"[{argument.dtypes_attr}]"]
    kind = argument.dtype or argument.dtype_attr
    kind = f"Ref({kind})" if argument.is_ref else str(kind)
    return [argument.name, f"{argument.number_attr} * {kind}" if argument.number_attr else kind]


def plain(value: Any) -> str:
    """A default as the record has it."""
    return value.decode() if isinstance(value, bytes) else str(value)


OF_LIBRARIES = {"GatherTree"}
"""Operations of ``tf.contrib``, which TensorFlow 2 has not taken over."""


def implied_attrs(definition: OpDef) -> set[str | None]:
    """The attributes that inputs imply."""
    arguments = definition.parsed.inputs
    return {name for arg in arguments for name in (arg.dtype_attr, arg.number_attr, arg.dtypes_attr)}


def test_every_operation_is_recorded() -> None:
    """The record is about exactly the operations that there are, but for those of libraries of TensorFlow 1."""
    assert sorted({*RECORDED, *OF_LIBRARIES}) == registered()


@pytest.mark.parametrize("op_type", sorted(RECORDED))
def test_inputs_and_outputs(op_type: str) -> None:
    """Inputs and outputs have TensorFlow's names, order and dtypes, which name the constants made of numbers."""
    signature = lookup(op_type).parsed
    assert RECORDED[op_type]["inputs"] == [written(argument) for argument in signature.inputs]
    assert RECORDED[op_type]["outputs"] == [written(argument) for argument in signature.outputs]


@pytest.mark.parametrize("op_type", sorted(RECORDED))
def test_attributes(op_type: str) -> None:
    """Attributes have TensorFlow's names, and defaults where it has them."""
    definition = lookup(op_type)
    attrs = {name: attr for name, attr in RECORDED[op_type]["attrs"].items() if name not in NOT_HERE}
    outputs = definition.parsed.outputs
    of_outputs = {name for arg in outputs for name in (arg.dtype_attr, arg.number_attr, arg.dtypes_attr)}
    assert (
        set(attrs)
        == {*definition.attrs, *definition.needed, *implied_attrs(definition), *of_outputs} - {None} - NOT_HERE
    )
    for name, attr in attrs.items():
        if attr["has_default"] and name not in implied_attrs(definition) and attr["kind"] not in UNCOMPARED:
            expected, found = attr["default"], definition.attrs[name]
            if attr["kind"] == "float":
                assert pytest.approx(float(expected)) == found
            else:
                assert expected == plain(found), name


@pytest.mark.parametrize("op_type", sorted(RECORDED))
def test_what_a_node_may_have(op_type: str) -> None:
    """The kinds of attributes, the values that they may have, and whether they may be left out, are TensorFlow's."""
    definition = lookup(op_type)
    for name, attr in RECORDED[op_type]["attrs"].items():
        if name in NOT_HERE - {"Truncate"}:
            continue
        found = definition.attr_defs.by_name[name]
        allowed = {item.encode() for item in attr["strings"]} or set(attr["types"]) or None
        assert (attr["kind"], attr["minimum"]) == (found.kind, found.minimum), name
        assert allowed == found.allowed or (allowed is None and found.allowed == ALL), name
        assert attr["has_default"] == (name in definition.defaults), name
        if attr["has_default"] and attr["kind"] == "type":
            assert attr["default"] == definition.defaults[name]


@pytest.mark.parametrize("op_type", sorted(RECORDED))
def test_dtypes(op_type: str) -> None:
    """An operation takes no dtype that TensorFlow's does not, and says so where TensorFlow is choosy."""
    definition = lookup(op_type)
    for name, attr in RECORDED[op_type]["attrs"].items():
        if attr["types"] and name in implied_attrs(definition):
            assert set() == set(definition.types.get(name, frozenset())) - set(attr["types"])
            assert name in definition.types, f"{name} is one of {attr['types']}"


@pytest.mark.parametrize("op_type", sorted(RECORDED))
def test_dtypes_of_plain_numbers(op_type: str) -> None:
    """Plain numbers, and empty lists, become the dtype that TensorFlow makes of them."""
    definition = lookup(op_type)
    for argument in definition.parsed.inputs:
        if argument.dtype_attr is not None:
            attr = RECORDED[op_type]["attrs"][argument.dtype_attr]
            assert (attr["default"] if attr["has_default"] else None) == definition.default_types.get(
                argument.dtype_attr
            )


@pytest.mark.parametrize("op_type", sorted(RECORDED))
def test_state(op_type: str) -> None:
    """What keeps state in TensorFlow does so here; it says the same of others that have no effect after a run."""
    is_said = op_type in {"Assert", "CheckNumerics", "GuaranteeConst"} or op_type.startswith(("TensorArray", "Stack"))
    assert RECORDED[op_type]["stateful"] <= (lookup(op_type).stateful or is_said)
