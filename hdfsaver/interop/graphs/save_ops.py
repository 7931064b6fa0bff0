"""The operations that save and restore: TensorFlow's Saver runs them, hdfsaver's does not need them.

Source: ``tensorflow/python/training/saver.py`` (``BaseSaverBuilder``) and ``saveable_object_util.py``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.schema import DiGraph, SavedNames, SavedPart, SaverDef, SaveSliceInfoDef, Structure

NodeData = dict[str, Any]

_HANDLE = "VarHandleOp"

_VARIABLES = ("VariableV2", "Variable", _HANDLE)

_PASSING = ("Identity", "ReadVariableOp")
"""The operations between a variable and the one that saves it."""

_ASSIGN = {"use_locking": True, "validate_shape": True}


def needs_operations(structure: Structure) -> bool:
    """Whether a structure has a Saver that keeps something, and whose operations are not in the graph.

    Operations of these names may belong to another Saver, which keeps other variables; they do not count then.
    """
    saver, names = structure.saver, structure.saved_names
    if saver is None:
        return False
    if saver.restore_op_name in structure.digraph:
        return bool(names) and _by_places(saved_names(structure.digraph.nodes, saver)) != _by_places(names)
    return next(_kept(structure), None) is not None


def _by_places(names: SavedNames) -> dict[str, Any]:
    """Names in a form that does not depend on the order of parts, nor on the name of a partitioned variable."""
    return {name: saved if isinstance(saved, str) else set(map(_place, saved)) for name, saved in names.items()}


def _place(part: SavedPart) -> tuple[Any, ...]:
    return part.op_name, tuple(part.info.full_shape), tuple(part.info.var_offset), tuple(part.info.var_shape)


def save_operations(structure: Structure, taken: Iterable[str] = ()) -> tuple[SaverDef, dict[str, NodeData]]:
    """The operations that a Saver needs in TensorFlow, and the Saver that names them.

    Parameters
    ----------
    structure : Structure
        With the Saver.
    taken : iterable of str
        More names of operations, beside those of the graph.

    Returns
    -------
    saver : SaverDef
    nodes : dict of str to dict
        Names and data, as `hdfsaver.schema` describes them.

    Raises
    ------
    ValueError
        The Saver keeps something that is not a variable of the graph.
    """
    scope = _free_scope([*structure.digraph, *taken])
    kept = list(_kept(structure))
    maker = _Maker(scope, kept, structure.digraph)
    saver = dataclasses.replace(
        structure.saver or SaverDef(),
        filename_tensor_name=f"{scope}/Const:0",
        save_tensor_name=f"{scope}/control_dependency:0",
        restore_op_name=f"{scope}/restore_all",
        sharded=False,
        version=SaverDef.V2,
    )
    return saver, maker.nodes()


def _free_scope(names: Iterable[str]) -> str:
    taken = {name.partition("/")[0] for name in names}
    scope, number = "save", 0
    while scope in taken:
        number += 1
        scope = f"save_{number}"
    return scope


def _kept(structure: Structure) -> Iterator[tuple[str, str, str]]:
    """Name in the file, operation and slice for everything that is saved, in the order of names."""
    names = structure.saved_names or _all_variables(structure)
    for name in sorted(names):
        saved = names[name]
        if isinstance(saved, str):
            yield name, saved, ""
        else:
            yield from ((name, part.op_name, _slice_text(name, part.info)) for part in saved)


def _all_variables(structure: Structure) -> SavedNames:
    listed = structure.collections.get("variables")
    names = [] if listed is None or listed.kind != "variable_list" else [item.variable_name for item in listed.value]
    return {name.removesuffix(":0"): name.removesuffix(":0") for name in names}


def _slice_text(name: str, info: SaveSliceInfoDef) -> str:
    if not len(info.full_shape) == len(info.var_offset) == len(info.var_shape):
        raise ValueError(
            f"The Saver keeps a part of {name!r} whose shapes have different numbers of dimensions: {info}."
        )
    whole = " ".join(str(size) for size in info.full_shape)
    part = ":".join(f"{start},{size}" for start, size in zip(info.var_offset, info.var_shape, strict=True))
    return f"{whole} {part}"


class _Maker:
    def __init__(self, scope: str, kept: list[tuple[str, str, str]], digraph: DiGraph) -> None:
        self.scope = scope
        self.kept = kept
        self.outputs = [self._output(digraph, op) for _, op, _ in kept]
        self.dtypes = [digraph.nodes[op]["attrs"]["dtype"] for _, op, _ in kept]
        self.has_handle = [dtype == "resource" for dtype, _ in self.outputs]
        self.shapes = [digraph.nodes[op]["attrs"].get("shape") for _, op, _ in kept]

    def _output(self, digraph: DiGraph, op: str) -> Any:
        data: Mapping[str, Any] = digraph.nodes[op] if op in digraph else {"op": "", "attrs": {}}
        dtype = data["attrs"].get("dtype")
        if data["op"] not in _VARIABLES or not isinstance(dtype, str):
            raise ValueError(f"The Saver keeps {op!r}, which is not a variable of the graph.")
        if data["op"] == _HANDLE:
            return "resource", ()
        return dtype + dtypes.REF_SUFFIX, data["attrs"].get("shape")

    def nodes(self) -> dict[str, NodeData]:
        """All operations."""
        scope = self.scope
        texts = {"tensor_names": [name for name, _, _ in self.kept], "shape_and_slices": [s for _, _, s in self.kept]}
        found = {f"{scope}/filename/input": _constant(np.array(b"model", object))}
        found[f"{scope}/filename"] = _node(
            "PlaceholderWithDefault",
            [f"{scope}/filename/input"],
            {"dtype": "string", "shape": ()},
            outputs=(("string", ()),),
        )
        found[f"{scope}/Const"] = _node(
            "PlaceholderWithDefault", [f"{scope}/filename"], {"dtype": "string", "shape": ()}, outputs=(("string", ()),)
        )
        for op in ("SaveV2", "RestoreV2"):
            for key, values in texts.items():
                found[f"{scope}/{op}/{key}"] = _constant(np.array([value.encode() for value in values], object))
        found |= self._saving() | self._restoring()
        return found

    def _saving(self) -> dict[str, NodeData]:
        scope = self.scope
        save = f"{scope}/SaveV2"
        reads = self._reads()
        values = [reads.get(place, (op, {}))[0] for place, (_, op, _) in enumerate(self.kept)]
        inputs = [f"{scope}/Const", f"{save}/tensor_names", f"{save}/shape_and_slices", *values]
        identity = {"T": "string", "_class": [f"loc:@{scope}/Const".encode()]}
        return {
            **dict(reads.values()),
            save: _node("SaveV2", inputs, {"dtypes": self.dtypes}),
            f"{scope}/control_dependency": _node("Identity", [f"{scope}/Const"], identity, (save,), (("string", ()),)),
        }

    def _reads(self) -> dict[int, tuple[str, NodeData]]:
        """The operations that read variables behind handles, by the places of these among the saved ones."""
        found: dict[int, tuple[str, NodeData]] = {}
        for place, (_, op, _) in enumerate(self.kept):
            if self.has_handle[place]:
                dtype = self.dtypes[place]
                read = _node("ReadVariableOp", [op], {"dtype": dtype}, outputs=((dtype, self.shapes[place]),))
                found[place] = (_numbered(f"{self.scope}/Read", len(found)) + "/ReadVariableOp", read)
        return found

    def _restoring(self) -> dict[str, NodeData]:
        scope = self.scope
        restore = f"{scope}/RestoreV2"
        inputs = [f"{scope}/Const", f"{restore}/tensor_names", f"{restore}/shape_and_slices"]
        unknown = tuple((dtype, None) for dtype in self.dtypes)
        found = {restore: _node("RestoreV2", inputs, {"dtypes": self.dtypes}, outputs=unknown)}
        for place, (_, op, _) in enumerate(self.kept):
            if self.has_handle[place]:
                found |= self._handle_assigned(place, op, (restore, place))
                continue
            attrs = {"T": self.dtypes[place], "_class": [f"loc:@{op}".encode()], **_ASSIGN}
            assign = _numbered(f"{scope}/Assign", place)
            found[assign] = _node("Assign", [op, (restore, place)], attrs, outputs=(self.outputs[place],))
        assigns = tuple(name for name, data in found.items() if data["op"] in ("Assign", "AssignVariableOp"))
        return {**found, f"{scope}/restore_all": _node("NoOp", [], {}, assigns)}

    def _handle_assigned(self, place: int, op: str, value: tuple[str, int]) -> dict[str, NodeData]:
        identity, dtype = _numbered(f"{self.scope}/Identity", place), self.dtypes[place]
        attrs = {"dtype": dtype, "validate_shape": False}
        return {
            identity: _node("Identity", [value], {"T": dtype}, outputs=((dtype, None),)),
            _numbered(f"{self.scope}/AssignVariableOp", place): _node("AssignVariableOp", [op, identity], attrs),
        }


def _numbered(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name


def _constant(value: Any) -> NodeData:
    return _node("Const", [], {"dtype": "string", "value": value}, outputs=(("string", value.shape),))


def _node(
    op: str,
    inputs: list[Any],
    attrs: dict[str, Any],
    control_inputs: tuple[str, ...] = (),
    outputs: tuple[Any, ...] = (),
) -> NodeData:
    wires = tuple(item if isinstance(item, tuple) else (item, 0) for item in inputs)
    return {
        "op": op,
        "device": "",
        "attrs": attrs,
        "inputs": wires,
        "control_inputs": control_inputs,
        "outputs": outputs,
    }


def saved_names(nodes: Mapping[str, Mapping[str, Any]], saver: SaverDef | None) -> SavedNames:
    """The variable that a TensorFlow Saver keeps under each name, according to its operations.

    Returns
    -------
    dict
        Nothing where the operations are not as TensorFlow's Savers make them.
    """
    start = "" if saver is None else saver.save_tensor_name.partition(":")[0]
    try:
        return _joined(item for name in _saves_behind(nodes, start) for item in _saved_by(nodes, name))
    except (IndexError, KeyError, ValueError):
        return {}


def _joined(saved: Iterable[tuple[str, str, str]]) -> SavedNames:
    found: dict[str, Any] = {}
    for key, text, op in saved:
        part = _part(key, text, op)
        known = found.setdefault(key, op if part is None else [])
        if part is not None and isinstance(known, list):
            known.append(part)
        elif part is not None or known != op:
            raise ValueError(f"{key!r} is kept twice")
    return found


def _saves_behind(nodes: Mapping[str, Mapping[str, Any]], start: str) -> list[str]:
    """The saving operations that must run before one does."""
    found, waiting, seen = [], [start], {start}
    while waiting:
        name = waiting.pop()
        data: Mapping[str, Any] = nodes.get(name, {"op": "", "inputs": ()})
        if data["op"] in ("SaveV2", "SaveSlices", "Save"):
            found.append(name)
            continue
        sources = [source for source, _ in data["inputs"]] + list(data.get("control_inputs", ()))
        waiting += [source for source in sources if source not in seen]
        seen.update(sources)
    return sorted(found)


def _saved_by(nodes: Mapping[str, Mapping[str, Any]], name: str) -> Iterator[tuple[str, str, str]]:
    data = nodes[name]
    first = 2 if data["op"] == "Save" else 3
    texts = [_texts(nodes, source) for source, _ in data["inputs"][1:first]]
    if len(texts) != first - 1:
        return
    names, *slices = texts
    ops = [_variable(nodes, source) for source, _ in data["inputs"][first:]]
    specs = slices[0] if slices else [""] * len(names)
    if len(names) == len(specs) == len(ops):
        # Tables are saved here too, which are nothing that can be run.
        yield from ((name, spec, op) for name, spec, op in zip(names, specs, ops, strict=True) if op is not None)


def _texts(nodes: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    value = nodes[name]["attrs"].get("value")
    if not isinstance(value, np.ndarray) or value.dtype != np.object_:
        return []
    return [item.decode(errors="surrogateescape") for item in value.ravel().tolist()]


def _variable(nodes: Mapping[str, Mapping[str, Any]], name: str) -> str | None:
    seen = set()
    while name not in seen and nodes[name]["op"] in _PASSING and nodes[name]["inputs"]:
        seen.add(name)
        name = nodes[name]["inputs"][0][0]
    return name if nodes[name]["op"] in _VARIABLES else None


def _part(key: str, text: str, op: str) -> SavedPart | None:
    """Which part of a tensor is meant by ``"4 2 0,2:0,2"``: its shape, then start and length for each dimension."""
    if not text:
        return None
    *sizes, part = text.split(" ")
    bounds = [["0", size] if it == "-" else it.split(",") for it, size in zip(part.split(":"), sizes, strict=True)]
    offset, shape = (tuple(int(bound[place]) for bound in bounds) for place in (0, 1))
    return SavedPart(op, SaveSliceInfoDef(key, tuple(map(int, sizes)), offset, shape))
