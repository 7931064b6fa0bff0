"""The graph of a result: its Savers keep the variables under their new names, and not those that are gone.

The operations keep their names; only what the file calls the values changes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from hdfsaver.interop.graphs.collected_savers import SAVERS
from hdfsaver.interop.graphs.save_ops import saved_names
from hdfsaver.messages.names_of_savers import read_names
from hdfsaver.messages.saver_defs import collected_saver, read_saver, saver_message
from hdfsaver.schema import CollectionDef, SavedNames, SavedPart, SaverDef, Structure, VariableDef

_SAVING = ("SaveV2", "RestoreV2", "Save", "SaveSlices", "Restore", "RestoreSlice")
"""The types of operations whose second input is the names in the file."""


def with_names(structure: Structure, names: Mapping[str, str]) -> Structure:
    """A graph whose Savers keep its variables under other names.

    Parameters
    ----------
    structure : Structure
        Read from the file, and no one else's: constants of its operations that save and restore are changed.
    names : mapping of str to str
        The new name by the old one, for all arrays of the file that stay.

    Returns
    -------
    Structure
    """
    if structure.is_plain:
        return structure
    before = structure.saved_names or _of_variables(structure)
    after = _renamed(before, names)
    if after == before:
        return structure
    collections = dict(structure.collections)
    if SAVERS in collections:
        listed = collections[SAVERS]
        items = [_saver(item, structure, names) for item in listed.value]
        collections[SAVERS] = CollectionDef(listed.kind, items)
    _rename_constants(structure.digraph.nodes, names)
    saver = structure.saver or SaverDef()
    return dataclasses.replace(structure, collections=collections, saver=saver, saved_names=after)


def _renamed(saved: SavedNames, names: Mapping[str, str]) -> SavedNames:
    return {names[name]: _kept(kept, names[name]) for name, kept in saved.items() if name in names}


def _kept(kept: str | list[SavedPart], name: str) -> str | list[SavedPart]:
    if isinstance(kept, str):
        return kept
    return [part._replace(info=dataclasses.replace(part.info, full_name=name)) for part in kept]


def _of_variables(structure: Structure) -> SavedNames:
    """The names under which a Saver without names of its own keeps the variables of a graph."""
    found: SavedNames = {}
    for item in structure.collections.get("variables", CollectionDef()).value:
        if not isinstance(item, VariableDef):
            continue
        op, part = item.variable_name.removesuffix(":0"), item.save_slice_info_def
        if part is None:
            found[op] = op
            continue
        parts = found.setdefault(part.full_name, [])
        if isinstance(parts, list):
            parts.append(SavedPart(op, part))
    return found


def _saver(item: Any, structure: Structure, names: Mapping[str, str]) -> Any:
    """An item of the collection of Savers, with the new names."""
    message = collected_saver(item)
    if message is None:
        return item
    saver = read_saver(message)
    before = read_names(message) or saved_names(structure.digraph.nodes, saver)
    if not before:
        return item
    return saver_message(saver, _renamed(before, names)).SerializeToString(deterministic=True)


def _rename_constants(nodes: Mapping[str, dict[str, Any]], names: Mapping[str, str]) -> None:
    """Rename in the constants of operations of TensorFlow's Savers; names of arrays that are gone stay there."""
    for constant in set(_constants(nodes)):
        value = nodes[constant]["attrs"].get("value")
        if isinstance(value, np.ndarray) and value.dtype == np.object_:
            texts = [item.decode(errors="surrogateescape") for item in value.ravel().tolist()]
            new = [names.get(text, text).encode(errors="surrogateescape") for text in texts]
            changed = np.array([*new, None], object)[:-1].reshape(value.shape)
            nodes[constant]["attrs"] = {**nodes[constant]["attrs"], "value": changed}


def _constants(nodes: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """The constants with names, which nothing but saving and restoring takes."""
    others = {source for data in nodes.values() if data["op"] not in _SAVING for source, _ in data["inputs"]}
    for data in nodes.values():
        if data["op"] in _SAVING and len(data["inputs"]) > 1:
            source = data["inputs"][1][0]
            if source in nodes and nodes[source]["op"] == "Const" and source not in others:
                yield source
