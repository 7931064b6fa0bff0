"""Arrays that a loop reads and writes one element at a time: `tf.TensorArray`, and the lists of TensorFlow 2.

In a model such an array is one value, with the elements along its first axis. A loop that writes the element of each
iteration at the number of the iteration gives them as ONNX's scan output; another one carries the whole value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from hdfsaver import dtypes
from hdfsaver.onnx_graphs.emitter import LARGEST, Emitter, NoTwinError, onnx_type
from hdfsaver.onnx_graphs.frames import MISSING, Elements, Frame, Output, Value
from hdfsaver.onnx_graphs.missing import Missing
from hdfsaver.onnx_graphs.onnx_nodes import Signature
from hdfsaver.shapes import Shape, merge


class NeedsWholeError(Exception):
    """A loop must carry an array as a whole, since it does more than write an element in each iteration.

    Parameters
    ----------
    owner : object
        Tells which array of which loop.
    shape : tuple or None
        Of an element that it writes.
    """

    def __init__(self, owner: object, shape: Shape = None) -> None:
        super().__init__(owner, shape)
        self.owner = owner
        self.shape = shape


class Walker(Protocol):
    """The functions of a walk that arrays need; see `hdfsaver.onnx_graphs.walking.Walk`."""

    missing: Missing

    def inputs(self, frame: Frame, name: str) -> list[Value]:
        """The values of the inputs of an operation."""

    def name_of(self, frame: Frame, source: Output) -> str:
        """The name of a tensor's value."""

    def shape_of(self, frame: Frame, output: Output) -> Shape:
        """The static shape of a tensor."""


@dataclass
class Access:
    """An operation on an array.

    Attributes
    ----------
    walk : Walker
    frame : Frame
    attrs : mapping
    sources : sequence of tuple
    values : sequence of Value
        Those of its inputs.
    """

    walk: Walker
    frame: Frame
    attrs: Mapping[str, Any]
    sources: Sequence[Output]
    values: Sequence[Value]

    @property
    def to(self) -> Emitter:
        """Where nodes go."""
        return self.frame.emitter

    def name(self, place: int) -> str:
        """The name of the value of an input."""
        return self.walk.name_of(self.frame, self.sources[place])

    def dtype(self, place: int) -> str:
        """The dtype of an input."""
        source, output = self.sources[place]
        return dtypes.base_name(self.frame.digraph.nodes[source]["outputs"][output][0])

    def shape(self, place: int) -> Shape:
        """The static shape of an input."""
        return self.walk.shape_of(self.frame, self.sources[place])

    def index(self, place: int) -> str:
        """Numbers, as int64."""
        return self.to.cast(self.name(place), self.dtype(place), "int64")

    def elements(self, place: int) -> Elements:
        """What is known of an array.

        Raises
        ------
        NoTwinError
            The input is none that was made in the graph.
        """
        found = self.values[place].elements
        if found is None:
            raise NoTwinError("its array is not made in the graph")
        return found

    def is_range(self, place: int) -> bool:
        """Whether an input is the numbers from 0 on."""
        value = self.values[place].known
        if value is not None:
            return value.ndim == 1 and bool((value == np.arange(len(value))).all())
        data = self.frame.digraph.nodes[self.sources[place][0]]
        if data["op"] != "Range":
            return False
        begin, _, step = (self.frame.find(source) or MISSING for source in data["inputs"])
        return begin.known is not None and step.known is not None and (int(begin.known), int(step.known)) == (0, 1)


def whole(access: Access, place: int, element: Shape = None) -> str:
    """The name of an array's value; of one that nothing was written into, zeros.

    Parameters
    ----------
    access : Access
    place : int
        The input that is the array.
    element : tuple or None
        A shape of its elements that is known from elsewhere.

    Returns
    -------
    str

    Raises
    ------
    NoTwinError
        It grows.
    NeedsWholeError
        A loop around is to carry it.
    """
    value, found = access.values[place], access.elements(place)
    return whole_of(access.to, value._replace(elements=found._replace(shape=merged(found.shape, element))))


def whole_of(to: Emitter, value: Value) -> str:
    """The name of an array's value; see `whole`."""
    found = value.elements
    assert found is not None, "it is an array"
    if value.name:
        return value.name
    if found.owner is not None:
        raise NeedsWholeError(found.owner, found.shape)
    return zeros(to, found)


def zeros(to: Emitter, found: Elements) -> str:
    """The value of an array that nothing was written into; its elements are empty where their shape is not known.

    Raises
    ------
    NoTwinError
        It grows.
    """
    if found.is_growing:
        raise NoTwinError("it grows by writes in any order")
    sizes = [0] if found.shape is None else [int(size or 0) for size in found.shape]
    shape = to.add("Concat", _size(to, found), to.constant(sizes), axis=0) if sizes else _size(to, found)
    return to.add("Expand", to.constant(np.zeros((), dtypes.numpy_dtype(found.dtype))), shape)


def with_elements(to: Emitter, rows: str, found: Elements, shape: str) -> str:
    """The value of an array into which elements of a shape can be written: the first one tells what zeros it has.

    Parameters
    ----------
    to : Emitter
    rows : str
        The value.
    found : Elements
    shape : str
        The shape of an element, as a vector of int64.

    Returns
    -------
    str
    """
    if found.shape is not None and None not in found.shape:
        return rows
    is_empty = to.add("Equal", to.add("Size", rows), to.constant(np.asarray(0, np.int64)))
    graphs = []
    for is_then in (True, False):
        inner = to.inner()
        inner.origin = to.origin
        if is_then:
            sizes = inner.add("Concat", inner.add("Shape", rows, start=0, end=1), shape, axis=0)
            value = inner.add("Expand", inner.constant(np.zeros((), dtypes.numpy_dtype(found.dtype))), sizes)
        else:
            value = inner.add("Identity", rows)
        inner.graph.outputs.append(Signature(value, found.dtype, None))
        graphs.append(inner.graph)
    return to.add("If", is_empty, then_branch=graphs[0], else_branch=graphs[1])


def padded(to: Emitter, rows: str, found: Elements) -> str:
    """The rows that a loop has given, and zeros up to the size of the array."""
    if found.is_growing:
        return rows
    count = to.add("Shape", rows, start=0, end=1)
    further = to.add("Max", to.add("Sub", _size(to, found), count), to.constant([0]))
    pads = to.add("Concat", to.constant([0]), further, axis=0)
    zero = to.constant(np.zeros((), dtypes.numpy_dtype(found.dtype)))
    return to.add("Pad", rows, pads, zero, to.constant([0]))


def _size(to: Emitter, found: Elements) -> str:
    """The number of elements, as a vector of int64."""
    if found.size.known is not None:
        return to.constant(np.asarray(found.size.known, np.int64).reshape(1))
    return to.reshape(to.add("Cast", found.size.name, to=onnx_type("int64")), [1])


def common(first: Shape, second: Shape) -> Shape:
    """What two shapes have in common."""
    if first is None or second is None or len(first) != len(second):
        return None
    return tuple(size if size == other else None for size, other in zip(first, second, strict=True))


def merged(first: Shape, second: Shape) -> Shape:
    """What two shapes say together."""
    try:
        return merge(first, second)
    except ValueError:  # the run reports the error
        return first


# -- operations --------------------------------------------------------------------------------------------------


def _made(access: Access) -> list[Value]:
    """`TensorArrayV3`: the handle, and the state of the array, which operations hand on as a number."""
    shape = _shape_of(access.attrs.get("element_shape"))
    dtype = dtypes.base_name(access.attrs["dtype"])
    found = Elements(dtype, shape, access.values[0], bool(access.attrs.get("dynamic_size")))
    return [Value(elements=found), Value(elements=found)]


def _shape_of(value: Any) -> Shape:
    return None if value is None else tuple(None if size is None or size < 0 else int(size) for size in value)


def _written(access: Access, array: int, index: int, item: int) -> list[Value]:
    value, found = access.values[array], access.elements(array)
    element = merged(found.shape, access.shape(item))
    if not value.name and found.owner is not None and not found.element:
        name = access.name(index)
        return [Value(elements=found._replace(element=access.name(item), place=name, shape=element))]
    before = whole(access, array, access.shape(item))
    known = found._replace(shape=element) if not value.name else found
    before = with_elements(access.to, before, known, access.to.add("Shape", access.name(item)))
    place = access.to.reshape(access.index(index), [1, 1])
    row = access.to.unsqueeze(access.name(item), [0])
    name = access.to.add("ScatterND", before, place, row)
    return [Value(name, elements=plain(found, element))]


def plain(found: Elements, shape: Shape) -> Elements:
    """An array whose value is there."""
    return found._replace(shape=shape, owner=None, element="", place="")


def _write(access: Access) -> list[Value]:
    return _written(access, _flow(access, 3), 1, 2)


def _flow(access: Access, place: int) -> int:
    """The input with the state of the array."""
    if access.values[place].elements is None:
        raise NoTwinError("its array is not made in the graph")
    return place


def _taken(access: Access, array: int, index: int, element: Shape = None) -> list[Value]:
    known, places = merged(access.elements(array).shape, element), access.shape(index)
    shape = None if known is None or places is None else (*places, *known)
    return [Value(access.to.add("Gather", whole(access, array, element), access.index(index), axis=0), shape=shape)]


def _read(access: Access) -> list[Value]:
    return _taken(access, _flow(access, 2), 1)


def _gathered(access: Access) -> list[Value]:
    return _taken(access, _flow(access, 2), 1, _shape_of(access.attrs.get("element_shape")))


def _scattered(access: Access) -> list[Value]:
    array = _flow(access, 3)
    found, value = access.elements(array), access.shape(2)
    element = merged(found.shape, None if value is None else value[1:])
    if access.is_range(1) and not access.values[array].name:
        return [Value(access.name(2), elements=plain(found, element))]
    places = access.to.unsqueeze(access.index(1), [-1])
    known = found._replace(shape=element) if not access.values[array].name else found
    before = whole(access, array, element)
    before = with_elements(access.to, before, known, access.to.add("Shape", access.name(2), start=1))
    name = access.to.add("ScatterND", before, places, access.name(2))
    return [Value(name, elements=plain(found, element))]


def _split(access: Access) -> list[Value]:
    array, lengths = _flow(access, 3), access.values[2].known
    if lengths is None or len(set(lengths.tolist())) != 1:
        raise NoTwinError("its parts may have different lengths")
    found, shape = access.elements(array), access.shape(1)
    first = access.to.constant([len(lengths), int(lengths[0])])
    rest = access.to.add("Shape", access.name(1), start=1)
    name = access.to.add("Reshape", access.name(1), access.to.add("Concat", first, rest, axis=0), allowzero=1)
    element = None if shape is None else (int(lengths[0]), *shape[1:])
    return [Value(name, elements=plain(found, element))]


def _concatenated(access: Access) -> list[Value]:
    return _joined(access, _flow(access, 1))


def _joined(access: Access, array: int) -> list[Value]:
    to, value = access.to, whole(access, array)
    sizes = to.add("Shape", value)
    count, length = (to.add("Slice", sizes, to.constant([at]), to.constant([at + 1])) for at in (0, 1))
    rest = to.add("Slice", sizes, to.constant([2]), to.constant([LARGEST]))
    shape = to.add("Concat", to.add("Mul", count, length), rest, axis=0)
    element = access.elements(array).shape
    joined = None if not element else (None, *element[1:])
    return [Value(to.add("Reshape", value, shape, allowzero=1), shape=joined), Value(to.add("Expand", length, count))]


def _counted(access: Access, array: int) -> list[Value]:
    found = access.elements(array)
    if not found.is_growing:
        return [found.size]
    name = whole(access, array)
    count = access.to.squeeze(access.to.add("Shape", name, start=0, end=1), [0])
    return [Value(access.to.cast(count, "int64", "int32"))]


def _size_of(access: Access) -> list[Value]:
    return _counted(access, _flow(access, 1))


# -- the lists of TensorFlow 2 -----------------------------------------------------------------------------------


def _list_shape(access: Access, place: int) -> Shape:
    value = access.values[place].known
    return _shape_of(value.tolist()) if value is not None and value.ndim == 1 else None


def _reserved(access: Access) -> list[Value]:
    dtype = dtypes.base_name(access.attrs["element_dtype"])
    return [Value(elements=Elements(dtype, _list_shape(access, 0), access.values[1], is_growing=False))]


def _empty(access: Access) -> list[Value]:
    dtype = dtypes.base_name(access.attrs["element_dtype"])
    none = Value(known=np.asarray(0, np.int32))
    return [Value(elements=Elements(dtype, _list_shape(access, 0), none, is_growing=True))]


def _from_tensor(access: Access) -> list[Value]:
    shape = access.shape(0)
    size = access.to.squeeze(access.to.add("Shape", access.name(0), start=0, end=1), [0])
    count = Value(access.to.cast(size, "int64", "int32"))
    element = None if shape is None else shape[1:]
    return [Value(access.name(0), elements=Elements(access.dtype(0), element, count, is_growing=False))]


def _item(access: Access) -> list[Value]:
    return _taken(access, 0, 1, _list_shape(access, 2))


def _set_item(access: Access) -> list[Value]:
    return _written(access, 0, 1, 2)


def _stacked(access: Access) -> list[Value]:
    name, element = whole(access, 0, _list_shape(access, 1)), access.elements(0).shape
    return [Value(name, shape=None if element is None else (None, *element))]


def _pushed(access: Access) -> list[Value]:
    value, found = access.values[0], access.elements(0)
    element = merged(found.shape, access.shape(1))
    if not value.name and found.owner is not None and not found.element:
        return [Value(elements=found._replace(element=access.name(1), place="", shape=element))]
    row = access.to.unsqueeze(access.name(1), [0])
    if not value.name and found.owner is None:
        return [Value(row, elements=plain(found, element))]
    return [Value(access.to.add("Concat", whole(access, 0), row, axis=0), elements=plain(found, element))]


def _length(access: Access) -> list[Value]:
    return _counted(access, 0)


def _list_gathered(access: Access) -> list[Value]:
    return _taken(access, 0, 1, _list_shape(access, 2))


def _list_joined(access: Access) -> list[Value]:
    return _joined(access, 0)


ACCESSES: Mapping[str, Callable[[Access], list[Value]]] = {
    "EmptyTensorList": _empty,
    "TensorArrayConcatV3": _concatenated,
    "TensorArrayGatherV3": _gathered,
    "TensorArrayReadV3": _read,
    "TensorArrayScatterV3": _scattered,
    "TensorArraySizeV3": _size_of,
    "TensorArraySplitV3": _split,
    "TensorArrayV3": _made,
    "TensorArrayWriteV3": _write,
    "TensorListConcatV2": _list_joined,
    "TensorListFromTensor": _from_tensor,
    "TensorListGather": _list_gathered,
    "TensorListGetItem": _item,
    "TensorListLength": _length,
    "TensorListPushBack": _pushed,
    "TensorListReserve": _reserved,
    "TensorListSetItem": _set_item,
    "TensorListStack": _stacked,
}
"""By the types of operations what gives their values."""


def accessed(walk: Walker, frame: Frame, name: str) -> list[Value]:
    """The values of an operation on an array."""
    data = frame.digraph.nodes[name]
    values = walk.inputs(frame, name)
    if any(value.is_missing for value in values):
        walk.missing.ends(frame, data["inputs"])
        return [MISSING] * len(data["outputs"])
    found = ACCESSES[data["op"]](Access(walk, frame, data["attrs"], data["inputs"], values))
    return found + [MISSING] * (len(data["outputs"]) - len(found))
