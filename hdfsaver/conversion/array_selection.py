"""The selection of arrays for a conversion, with their new names and dtypes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from hdfsaver import dtypes
from hdfsaver.checkpoint.renaming import Rename, renamed
from hdfsaver.conversion.layouts.found import Part
from hdfsaver.conversion.layouts.keras_layers import Layer, layers_of, paths_of
from hdfsaver.conversion.layouts.laying_out import OPTIMIZERS, Laid, laid_out, part_entry, structure_for_layout
from hdfsaver.conversion.report import listed
from hdfsaver.conversion.slot_names import named_slots
from hdfsaver.errors import DataLossError, InvalidArgumentError, NotFoundError, OpError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.interop.bundle.object_graph import OBJECT_GRAPH, slot_keys
from hdfsaver.tensor_info import STRING, TensorInfo, nbytes_of


class Chosen(NamedTuple):
    """The arrays of a conversion.

    Attributes
    ----------
    arrays : dict of str to TensorInfo
        The array of the source for each name in the target.
    left_out : dict of str to str
        By name, the reason for each array or other element that is left out.
    changes : list of str
        The differences to the source on account of which its graph does not match the arrays.
    remarks : list of str
        Sentences about options without an effect.
    laid : Laid or None
        How arrays are made in another layout, by their names in the target.
    layers : tuple of Layer
        The layers of Keras that they belong to, for a target that has arrays by layers.
    """

    arrays: dict[str, TensorInfo]
    left_out: dict[str, str]
    changes: list[str]
    remarks: list[str]
    laid: Laid | None = None
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Selection:
    """The requested arrays; see `hdfsaver.convert`."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    drop_slots: bool = False
    rename: Rename | None = None
    dtype: str | None = None
    layout: str | None = None
    layers: Literal["", "names", "classes"] = ""
    """For a file of Keras: how it finds layers."""

    @property
    def options(self) -> list[str]:
        """The names of the arguments that choose or change arrays."""
        given = {
            "include": self.include,
            "exclude": self.exclude,
            "drop_slots": self.drop_slots,
            "rename": self.rename is not None,
            "dtype": self.dtype,
            "layout": self.layout,
        }
        return [name for name, value in given.items() if value]

    def of(self, source: TensorFile, has_objects: bool) -> Chosen:
        """The selected arrays of a file.

        Parameters
        ----------
        source : TensorFile
        has_objects : bool
            Whether the target can have the graph of objects of TensorFlow 2.

        Raises
        ------
        NotFoundError
            A pattern of ``include`` matches no array.
        OpError
            A pattern of ``include`` matches only elements that cannot be read.
        DataLossError
            An element is damaged, and no pattern leaves it out.
        ValueError
            Two arrays would get the same name.
        """
        entries = source.variables
        self._check_patterns(source)
        slots, remarks = self._slots(source) if self.drop_slots else (frozenset[str](), [])
        reasons = {name: self._reason(name, slots) for name in entries}
        left_out = {name: reason for name, reason in reasons.items() if reason}
        for name, fault in source.unreadable.items():
            left_out[name] = self._reason(name, slots) or _unreadable(source, name, fault)
        left_out |= {name: self._reason(name, slots) or f"not read: {it}" for name, it in source.left_out.items()}
        kept = {name: entry for name, entry in entries.items() if name not in left_out}
        if self.layout is not None:
            return self._laid_out(source, kept, left_out, remarks)
        arrays = renamed(kept, self.rename)
        changes = self._changes(source, arrays, left_out)
        objects = entries.get(OBJECT_GRAPH)
        if objects in arrays.values() and objects is not None and OBJECT_GRAPH not in self.include:
            why = _no_objects(objects, has_objects, changes)
            if why:
                left_out[OBJECT_GRAPH] = why
                arrays = renamed({name: entry for name, entry in kept.items() if name != OBJECT_GRAPH}, self.rename)
        elements = [*entries, *source.unreadable, *source.left_out]
        return Chosen(arrays, left_out, changes, [*remarks, *self._without_effect(elements, arrays)])

    def _laid_out(
        self, source: TensorFile, kept: Mapping[str, TensorInfo], left_out: dict[str, str], remarks: list[str]
    ) -> Chosen:
        """The arrays in another layout, whose names are changed behind those of the layout."""
        laid = laid_out(kept, structure_for_layout(source), self.layout or "")
        before = {name: part_entry(part, kept) for name, part in laid.parts.items()}
        arrays, parts = renamed(before, self.rename), renamed(laid.parts, self.rename)
        elements = [*source.variables, *source.unreadable, *source.left_out]
        said = [*remarks, *laid.remarks, *self._without_effect(elements, arrays, before)]
        chosen = Chosen(arrays, left_out, ["the layout is changed"], said, laid._replace(parts=parts))
        return self._in_layers(chosen, laid._replace(parts=parts)) if self.layers else chosen

    def _in_layers(self, chosen: Chosen, laid: Laid) -> Chosen:
        """The arrays that belong to a layer of Keras, under their paths in its file; the others are left out."""
        by_class = self.layers == "classes"
        layers = tuple(layers_of(laid.parts, by_class=by_class))
        paths = paths_of(layers, by_class=by_class)
        if chosen.arrays and not paths:
            raise _no_layers(laid, chosen.arrays)
        left_out = dict(chosen.left_out)
        for name, entry in chosen.arrays.items():
            if name not in paths:
                left_out[entry.name] = _without_layer(laid, entry.name, laid.parts[name])
        arrays = {path: chosen.arrays[name] for name, path in paths.items()}
        names = {weight.array: layer.name for layer in layers for weight in layer.weights}
        parts = {path: _of_layer(laid.parts[name], names[name]) for name, path in paths.items()}
        return chosen._replace(arrays=arrays, left_out=left_out, laid=Laid(parts, {}, laid.remarks), layers=layers)

    def _check_patterns(self, source: TensorFile) -> None:
        for pattern in self.include:
            if any(fnmatchcase(name, pattern) for name in source.variables):
                continue
            for name in source.unreadable:
                if fnmatchcase(name, pattern):
                    source.read(name)  # raises the error that says why it cannot be read
            raise NotFoundError(
                None, None, f"No array matches {pattern!r}. The arrays are {listed(list(source.variables))}."
            )

    def _slots(self, source: TensorFile) -> tuple[frozenset[str], list[str]]:
        """The arrays that belong to an optimizer, and remarks on how they are known."""
        return slots_in(source, "drop_slots left nothing out")

    def _reason(self, name: str, slots: frozenset[str]) -> str:
        """The reason for which an array is left out; empty if it is taken."""
        if self.include and not any(fnmatchcase(name, pattern) for pattern in self.include):
            return "no pattern of include matches"
        for pattern in self.exclude:
            if fnmatchcase(name, pattern):
                return f"the pattern {pattern!r} of exclude matches"
        return "an optimizer's" if name in slots else ""

    def _changes(self, source: TensorFile, arrays: Mapping[str, TensorInfo], left_out: Mapping[str, str]) -> list[str]:
        by_choice = [name for name in left_out if name in source.variables and name != OBJECT_GRAPH]
        found = {
            "not all arrays are converted": bool(by_choice),
            "not all elements can be read": bool(source.unreadable),
            "names are changed": any(
                name != entry.name for name, entry in arrays.items() if entry.name != OBJECT_GRAPH
            ),
            "dtypes are changed": any(self.dtype_of(entry) != entry.dtype for entry in arrays.values()),
        }
        return [change for change, is_so in found.items() if is_so]

    def _without_effect(
        self, elements: Iterable[str], arrays: Mapping[str, TensorInfo], before: Iterable[str] | None = None
    ) -> list[str]:
        found = [
            f"The pattern {pattern!r} of exclude matches no array."
            for pattern in self.exclude
            if not any(fnmatchcase(name, pattern) for name in elements)
        ]
        names = [entry.name for entry in arrays.values()] if before is None else list(before)
        if self.rename is not None and list(arrays) == names:
            found.append("rename changed no name.")
        if self.dtype and all(self.dtype_of(entry) == entry.dtype for entry in arrays.values()):
            found.append(f"No array was converted to {self.dtype}: that is done with real numbers of another dtype.")
        return found

    def entry(self, name: str, entry: TensorInfo) -> TensorInfo:
        """The description of an array in the target."""
        dtype = self.dtype_of(entry)
        return TensorInfo(name, dtype, entry.shape, entry.nbytes if dtype == STRING else nbytes_of(dtype, entry.shape))

    def dtype_of(self, entry: TensorInfo) -> str:
        """The dtype of an array in the target."""
        is_real = entry.dtype != STRING and dtypes.as_dtype(entry.dtype).is_floating
        return self.dtype if self.dtype and is_real else entry.dtype


def slots_in(source: TensorFile, without: str) -> tuple[frozenset[str], list[str]]:
    """The arrays of a file that belong to an optimizer, and remarks on how they are known.

    Parameters
    ----------
    source : TensorFile
    without : str
        The beginning of the remark on a file without any.
    """
    known = source.optimizer_names()
    if known is None and OBJECT_GRAPH in source.variables:
        known = _of_objects(source)
    if known is not None:
        return known, [] if known else [f"{without}: {source.path} has no array of an optimizer."]
    found = named_slots(source.variables)
    unsaid = f"{source.path} does not say which arrays are an optimizer's"
    if not found:
        return found, [f"{without}: {unsaid}, and no array has the name of a slot."]
    return found, [f"{unsaid}: {len(found)} of {len(source.variables)} were recognized by their names."]


def _of_layer(part: Part, layer: str) -> Part:
    return part._replace(what=f"{part.what}; in the layer {layer}")


def _no_layers(laid: Laid, arrays: Mapping[str, TensorInfo]) -> InvalidArgumentError:
    """The error for a file that would have no layer."""
    name, entry = next(iter(arrays.items()))
    return InvalidArgumentError(
        None,
        None,
        f"None of the arrays ({len(arrays):,}) is a weight of a layer of Keras that is known. {name!r}: "
        f"{_without_layer(laid, entry.name, laid.parts[name])}. Write an .npz or .safetensors file.",
    )


def _without_layer(laid: Laid, name: str, part: Part) -> str:
    """The reason for which an array is not in a file of Keras."""
    if name in laid.unchanged and laid.unchanged[name] != OPTIMIZERS:
        return f"not a weight of a known layer of Keras: {laid.unchanged[name]}"
    if part.place is None:
        return "an optimizer's or a moving average, which layers of Keras do not have"
    return f"no layer of Keras is whole with it and alone under its name: {part.what}"


def _of_objects(source: TensorFile) -> frozenset[str] | None:
    """The arrays of optimizers according to the graph of objects of TensorFlow 2, in a file of any format."""
    values = source.read(OBJECT_GRAPH).reshape(-1).tolist()
    if len(values) != 1 or not isinstance(values[0], bytes):
        return None
    return frozenset(slot_keys(values[0]) & source.variables.keys())


def _unreadable(source: TensorFile, name: str, fault: OpError) -> str:
    """The reason for an element that cannot be read; damage is an error, as that of a value is."""
    if isinstance(fault, DataLossError):
        advice = f"Leave it out with exclude={name!r} (--exclude), or use another copy of the file."
        raise DataLossError(None, None, f"{source.path}: {name}: {fault.message} {advice}")
    return fault.message


def _no_objects(entry: TensorInfo, has_objects: bool, changes: list[str]) -> str:
    """The reason for which the graph of objects is left out; empty if it is taken."""
    if entry.dtype != STRING or entry.shape != ():
        return ""
    if not has_objects:
        return "the objects of TensorFlow 2, which only TensorFlow reads"
    return f"the objects of TensorFlow 2, which do not match the arrays: {' and '.join(changes)}" if changes else ""


def checked_patterns(patterns: Iterable[str]) -> tuple[str, ...]:
    """Patterns as a tuple; `TypeError` for a str, which would be read letter by letter."""
    if isinstance(patterns, str):
        raise TypeError("include and exclude must be lists of patterns, not a str.")
    return tuple(patterns)


def checked_dtype(name: str) -> str:
    """Check that a name is a dtype of real numbers, and return it; `ValueError` otherwise."""
    try:
        found = dtypes.as_dtype(name)
    except TypeError:
        raise ValueError(f"Unknown dtype {name!r}.") from None
    if not found.is_floating:
        raise ValueError(f"Real numbers are converted to another dtype of real numbers, not to {name!r}.")
    return found.name
