"""Assignment maps from tensors of a checkpoint to variables."""

from __future__ import annotations

import bisect
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from hdfsaver.checkpoint.saveables.partitioned_saveable import checked_parts
from hdfsaver.errors import OpError
from hdfsaver.tensor_info import TensorInfo
from hdfsaver.variables.partitioned import PartitionedVariable
from hdfsaver.variables.variable import Variable

_FORM = "An assignment map is a dict, or a list of pairs, from names in the checkpoint to variables or their names"


class Loading(NamedTuple):
    """One variable and the source of its initial value.

    Attributes
    ----------
    variable : Variable
    tensor_name : str
        The name in the checkpoint.
    spec : str
        The part of the tensor; see `hdfsaver.checkpoint.slice_specs`.
    """

    variable: Variable
    tensor_name: str
    spec: str = ""


class Shared:
    """The variables that can be found by name, and the partitioned variables that they are parts of."""

    def __init__(self, variables: Mapping[str, Variable]) -> None:
        self.variables = variables
        self._sorted = sorted(variables)
        self._parts: dict[str, list[Variable]] = {}
        for variable in variables.values():
            full_name = _full_name(variable)
            if full_name is not None:
                self._parts.setdefault(full_name, []).append(variable)

    def find(self, name: str) -> Variable | list[Variable] | None:
        """The variable of that name, or the parts of a partitioned variable, or None."""
        return self.variables.get(name) or self._parts.get(name)

    def within(self, prefix: str) -> list[str]:
        """The names that begin with a prefix, sorted; a partitioned variable occurs once."""
        # Sorted names with the same prefix are adjacent, so a map with a scope per layer searches only that layer.
        keys = self._sorted
        start = bisect.bisect_left(keys, prefix)
        stop = next((place for place in range(start, len(keys)) if not keys[place].startswith(prefix)), len(keys))
        found = keys[start:stop]
        return sorted({_full_name(self.variables[key]) or key for key in found})


class Checkpoint(NamedTuple):
    """The checkpoint of an assignment map: its name, for messages, its tensors, and those that cannot be read."""

    name: str
    entries: Mapping[str, TensorInfo]
    unreadable: Mapping[str, OpError]

    def check_has(self, tensor_name: Any, wanted_for: str) -> None:
        """Raise `ValueError` unless the checkpoint has the tensor; for one that cannot be read, its own error."""
        if tensor_name in self.unreadable:
            why = self.unreadable[tensor_name]
            raise type(why)(None, None, f"{self.name} ({wanted_for}): {why.message}", why.error_code)
        if tensor_name not in self.entries:
            known = sorted(self.entries)
            listed = ", ".join(map(repr, known[:20])) + (f" and {len(known) - 20} more" if len(known) > 20 else "")
            raise ValueError(
                f"Tensor {tensor_name} ({wanted_for}) is not found in {self.name} checkpoint, which has {listed}."
            )


def loadings_of(assignment_map: Any, checkpoint: Checkpoint, shared: Shared) -> list[Loading]:
    """Resolve an assignment map; see `hdfsaver.checkpoint.initialization.init_from_checkpoint`.

    Parameters
    ----------
    assignment_map : mapping or iterable of pairs
    checkpoint : Checkpoint
    shared : Shared
        The variables that can be found by name.

    Returns
    -------
    list of Loading
        In the order of the names in the checkpoint; for a variable that occurs twice, the last entry counts.

    Raises
    ------
    ValueError, TypeError
        An entry of the map is missing, does not match, or is malformed.
    """
    pairs = sorted(_pairs(assignment_map), key=lambda pair: pair[0])
    loadings: list[Loading] = []
    for name, target in pairs:
        loadings += _loadings(name, target, checkpoint, shared)
    return loadings


def _pairs(assignment_map: Any) -> Iterator[tuple[Any, Any]]:
    for pair in assignment_map.items() if isinstance(assignment_map, Mapping) else assignment_map:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ValueError(f"{_FORM}; {pair!r} is not a pair.")
        yield pair[0], pair[1]


def _loadings(name: Any, target: Any, checkpoint: Checkpoint, shared: Shared) -> Iterable[Loading]:
    found = shared.find(target) if isinstance(target, str) else target
    if isinstance(found, PartitionedVariable):
        found = found._get_variable_list()
    if isinstance(found, Variable):
        checkpoint.check_has(name, f"for variable {found.name}")
        return [_whole(found, name, checkpoint.entries[name])]
    if isinstance(found, list) and all(isinstance(part, Variable) for part in found):
        checkpoint.check_has(name, "for a list of variables")
        return _parts(found, name)
    if not isinstance(target, str):
        raise TypeError(f"{_FORM}; {target!r} is neither.")
    return list(_in_scope(name, target, checkpoint, shared))


def _full_name(variable: Variable) -> str | None:
    """The name of the partitioned variable of a part, or None."""
    info = variable._get_save_slice_info()
    return None if info is None else info.full_name


def _whole(variable: Variable, name: str, entry: TensorInfo) -> Loading:
    if not variable.shape.is_compatible_with(entry.shape):
        raise ValueError(
            f"Shape of variable {variable.name} ({variable.shape}) doesn't match with shape of tensor {name} "
            f"({list(entry.shape)}) from checkpoint reader."
        )
    return Loading(variable, name)


def _parts(variables: list[Variable], name: str) -> list[Loading]:
    return [Loading(part.variable, name, part.info.spec) for part in checked_parts(name, variables)]


def _in_scope(name: Any, scope: str, checkpoint: Checkpoint, shared: Shared) -> Iterator[Loading]:
    """Assign to every variable in a scope the tensor of the same name in a scope of the checkpoint."""
    if not (isinstance(name, str) and name.endswith("/") and scope.endswith("/")):
        raise ValueError(
            f"Assignment map with scope only name {scope} should map to scope only {name}. "
            "Should be 'scope/': 'other_scope/'. Only variables of get_variable are found by their names; "
            "pass other variables themselves."
        )
    prefix, tensor_prefix = ("" if text == "/" else text for text in (scope, name))
    names = shared.within(prefix)
    if not names:
        warnings.warn(f"No variable of get_variable is in scope {scope!r}: nothing is loaded.", stacklevel=5)
    for variable_name in names:
        tensor_name = tensor_prefix + variable_name.removeprefix(prefix)
        checkpoint.check_has(tensor_name, f"{variable_name} in {name}")
        found = shared.find(variable_name)
        assert found is not None
        yield from _parts(found, tensor_name) if isinstance(found, list) else [Loading(found, tensor_name)]
