"""Summaries: values as messages for event files, which TensorBoard shows."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from hdfsaver.errors import DataLossError
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default_graph_functions import add_to_collection, get_collection, name_scope
from hdfsaver.graph.definition import FLOATS, INTEGERS, Kernel, Node, as_value, register
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.messages import message_classes
from hdfsaver.messages.histograms import histogram as histogram_of
from hdfsaver.messages.parsing import parse
from hdfsaver.messages.png import png_bytes
from hdfsaver.messages.tensor_protos import write_content
from hdfsaver.ops.base import Flat, invalid
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import STRING, Array

_MERGE_KEY: Hashable = GraphKeys.SUMMARIES

Collections = Iterable[Hashable] | None
"""The keys of the collections that a summary is added to; None for ``GraphKeys.SUMMARIES``."""


def _bytes(message: message_classes.Summary) -> Array:
    """A message as a value of the graph."""
    value = np.empty((), object)
    value[()] = message.SerializeToString()
    return value


def _text(tag: Any) -> str:
    data: bytes = np.asarray(tag).item()
    return data.decode("utf-8", "replace")


def _one_tag(tag: Array, name: str = "tag") -> str:
    if np.ndim(tag):
        raise invalid(f"{name} must be a scalar, not of shape {list(np.shape(tag))}.")
    return _text(tag)


class Summary(Flat):
    """A class of operations that make a message of values."""

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A scalar."""
        return [()]


@register
class ScalarSummary(Summary):
    """A summary with a number for each tag."""

    type = "ScalarSummary"
    signature = "tags: string, values: T -> summary: string"
    types = {"T": FLOATS | INTEGERS}

    def kernel(self, node: Node) -> Kernel:
        def summarize(tags: Array, values: Array) -> Array:
            tag_shape, shape = list(np.shape(tags)), list(np.shape(values))
            if tag_shape != shape:
                shown = f" (tag '{_text(tags)}')" if not tag_shape else ""
                raise invalid(f"tags and values are not the same shape: {tag_shape} != {shape}{shown}")
            message = message_classes.Summary()
            for tag, value in zip(np.ravel(tags).tolist(), np.ravel(values), strict=True):
                message.value.add(tag=tag.decode("utf-8", "replace"), simple_value=_float32(value))
            return _bytes(message)

        return summarize


def _float32(value: Any) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


@register
class HistogramSummary(Summary):
    """A summary with the histogram of finite numbers."""

    type = "HistogramSummary"
    signature = "tag: string, values: T -> summary: string"
    types = {"T": FLOATS | INTEGERS}
    default_types = {"T": "float32"}

    def kernel(self, node: Node) -> Kernel:
        def summarize(tag: Array, values: Array) -> Array:
            name = _one_tag(tag)
            flat = np.ravel(values)
            bad = np.extract(~np.isfinite(flat), flat)[:1].tolist()
            if bad:
                kind = "Nan" if np.isnan(bad[0]) else "Infinity"
                raise invalid(f"{kind} in summary histogram for: {node.name}")
            message = message_classes.Summary()
            message.value.add(tag=name, histo=histogram_of(values))
            return _bytes(message)

        return summarize


@register
class ImageSummary(Summary):
    """A summary with images, each as PNG."""

    type = "ImageSummary"
    signature = "tag: string, tensor: T -> summary: string"
    types = {"T": frozenset({"uint8", "float16", "float32", "float64"})}
    default_types = {"T": "float32"}
    attrs = {"max_images": 3, "bad_color": as_value(np.array([255, 0, 0, 255], np.uint8))}
    minimums = {"max_images": 1}
    differs = "Rows of a PNG are not filtered, so that its bytes differ; the pixels are the same."

    def kernel(self, node: Node) -> Kernel:
        most = node.attrs["max_images"]
        bad_color = node.attrs["bad_color"]

        def summarize(tag: Array, tensor: Array) -> Array:
            name = _one_tag(tag, "Tags")
            shape = list(np.shape(tensor))
            if len(shape) != 4 or shape[3] not in (1, 3, 4):
                raise invalid(f"Tensor must be 4-D with last dim 1, 3, or 4, not {shape}")
            if not shape[1] * shape[2]:
                raise invalid(f"input tensor must have non-zero dims. Found: {shape}.")
            message = message_classes.Summary()
            for index, image in enumerate(tensor[:most]):
                value = message.value.add(tag=_numbered(f"{name}/image", index, most))
                pixels = image if image.dtype == np.uint8 else _pixels(image, bad_color)
                value.image.height, value.image.width, value.image.colorspace = image.shape
                value.image.encoded_image_string = png_bytes(pixels)
            return _bytes(message)

        return summarize


def _numbered(tag: str, index: int, most: int) -> str:
    """The tag of one of several values; the greatest number of them decides whether they are numbered."""
    return f"{tag}/{index}" if most > 1 else tag


def _pixels(image: Array, bad_color: Array) -> Array:
    """Numbers as bytes: 0 to the greatest becomes 0 to 255; with negative ones, 0 becomes 128."""
    depth = image.shape[2]
    if np.ndim(bad_color) != 1 or len(bad_color) < depth:
        raise invalid(f"expected depth <= bad_color.size, got depth = {depth}, bad_color.size = {np.size(bad_color)}")
    finite = np.isfinite(image).all(axis=2)
    values = image[finite].astype(np.float32)
    least, greatest = (float(values.min()), float(values.max())) if values.size else (np.inf, -np.inf)
    kind = image.dtype.type
    negative = least < 0
    reach, top, offset = (max(-least, abs(greatest)), 127, 128) if negative else (greatest, 255, 0)
    scale = kind(0 if reach < _BLACK else np.float32(top) / np.float32(reach))
    with np.errstate(all="ignore"):
        found = np.where(np.expand_dims(finite, 2), image * scale + kind(offset), 0).astype(np.uint8)
    found[~finite] = bad_color[:depth]
    return found


_BLACK = 1e-6
"""Where no number of an image is greater, all become 0."""


@register
class AudioSummaryV2(Summary):
    """A summary with sounds, each as WAV of 16 bits."""

    type = "AudioSummaryV2"
    signature = "tag: string, tensor: float32, sample_rate: float32 -> summary: string"
    attrs = {"max_outputs": 3}
    minimums = {"max_outputs": 1}

    def kernel(self, node: Node) -> Kernel:
        most = node.attrs["max_outputs"]

        def summarize(tag: Array, tensor: Array, sample_rate: Array) -> Array:
            name = _one_tag(tag)
            if np.ndim(tensor) not in (2, 3):
                raise invalid(f"Tensor must be 3-D or 2-D, got: {list(np.shape(tensor))}")
            if np.size(sample_rate) != 1:
                raise invalid("sample_rate must be rank-0 or contain a single value")
            rate = float(np.asarray(sample_rate).item())
            if not 0 < rate < 2**31:
                raise invalid(f"sample_rate must be > 0 and less than 2**31, not {rate}.")
            sounds = tensor if np.ndim(tensor) == 3 else tensor[:, :, None]
            message = message_classes.Summary()
            for index, sound in enumerate(sounds[:most]):
                audio = message.value.add(tag=_numbered(f"{name}/audio", index, most)).audio
                audio.sample_rate = rate
                audio.length_frames, audio.num_channels = sound.shape
                audio.encoded_audio_string = _wav(sound, rate)
                audio.content_type = "audio/wav"
            return _bytes(message)

        return summarize


_REACH = 32768
"""The size of the least number of 16 bits, which -1 becomes."""


def _wav(sound: Array, rate: float) -> bytes:
    """Numbers between -1 and 1, frame by frame, as a WAV file."""
    if not sound.size:
        raise invalid(f"A sound needs frames and channels, but its shape is {list(sound.shape)}.")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((sound.shape[1], 2, max(round(rate), 1), 0, "NONE", ""))
        scaled = np.clip(np.nan_to_num(sound) * np.float32(_REACH), -_REACH, _REACH - 1)
        writer.writeframes(scaled.astype("<i2").tobytes())
    return file.getvalue()


@register
class MergeSummary(Summary):
    """A summary with the values of all inputs, whose tags differ."""

    type = "MergeSummary"
    signature = "inputs: N * string -> summary: string"
    minimums = {"N": 1}

    def kernel(self, node: Node) -> Kernel:
        def merge(*inputs: Array) -> Array:
            merged = message_classes.Summary()
            seen: set[str] = set()
            for data in (data for value in inputs for data in np.ravel(value).tolist()):
                try:
                    message = parse(message_classes.Summary, data, "An input")
                except DataLossError:
                    raise invalid("Could not parse one of the summary inputs") from None
                for value in message.value:
                    # Several values without a tag are of old programs, and are kept.
                    if value.tag and value.tag in seen:
                        raise invalid(f"Duplicate tag {value.tag} found in summary inputs")
                    seen.add(value.tag)
                merged.MergeFrom(message)
            return _bytes(merged)

        return merge


@register
class TensorSummaryV2(Summary):
    """A summary with a whole tensor, and the metadata that say how to show it."""

    type = "TensorSummaryV2"
    signature = "tag: string, tensor: T, serialized_summary_metadata: string -> summary: string"

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["T"]

        def summarize(tag: Array, tensor: Array, metadata: Array) -> Array:
            message = message_classes.Summary()
            value = message.value.add(tag=_one_tag(tag))
            write_content(value.tensor, np.asarray(tensor), dtype)
            try:
                found = parse(message_classes.SummaryMetadata, np.asarray(metadata).item(), "The metadata")
            except DataLossError:
                raise invalid("Could not parse serialized_summary_metadata") from None
            value.metadata.CopyFrom(found)
            return _bytes(message)

        return summarize


# -- functions ---------------------------------------------------------------------------------------------------------


def _clean_tag(name: str | None) -> str | None:
    """A name that graphs take: other characters become ``_``, and slashes before it are left out."""
    return None if name is None else re.sub(r"[^-/\w.]", "_", name).lstrip("/")


@contextmanager
def _summary_scope(
    name: str | None, family: str | None = None, default_name: str | None = None, values: Sequence[Any] | None = None
) -> Iterator[tuple[str, str]]:
    """A scope for one summary, which makes its tag unique.

    Parameters
    ----------
    name : str or None
        The name of the operation.
    family : str, optional
        The first part of the tag, by which TensorBoard groups summaries.
    default_name : str, optional
        The name where none is given.
    values : list, optional
        The tensors whose graph is meant.

    Yields
    ------
    tuple of str
        The tag, and the name of the operation.

    Raises
    ------
    ValueError
        There is no name, or it is not a legal one.
    """
    name, family = _clean_tag(name), _clean_tag(family)
    with name_scope(name if family is None else f"{family}/{name}", default_name, values) as scope:
        tag = scope.rstrip("/")
        yield tag if family is None else f"{family}/{tag}", scope


def _collected(summary: Tensor, collections: Collections, default: Collections = (_MERGE_KEY,)) -> Tensor:
    for key in default or () if collections is None else collections:
        add_to_collection(key, summary)
    return summary


def _check_most(attr: str, op_type: str, most: int) -> None:
    if most < 1:
        raise ValueError(f"Attr {attr!r} of {op_type!r} Op passed {most} less than minimum 1.")


def scalar(name: str, tensor: TensorLike, collections: Collections = None, family: str | None = None) -> Tensor:
    """A summary with a number.

    Parameters
    ----------
    name : str
        The name of the operation, which is the tag.
    tensor : Tensor or array_like
        A real number.
    collections : list, optional
        Keys of the collections that it is added to; ``[GraphKeys.SUMMARIES]`` by default.
    family : str, optional
        The first part of the tag, by which TensorBoard groups summaries.

    Returns
    -------
    Tensor
        A string: a ``Summary``.

    Raises
    ------
    TypeError
        The dtype is not one of real numbers.
    InvalidArgumentError
        When run: there are several numbers.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> data = tf.Session().run(tf.summary.scalar("loss", 0.5))
    >>> tf.Summary.FromString(data).value[0].simple_value
    0.5
    """
    with _summary_scope(name, family, values=[tensor]) as (tag, scope):
        return _collected(apply("ScalarSummary", tag, tensor, name=scope), collections)


def histogram(name: str, values: TensorLike, collections: Collections = None, family: str | None = None) -> Tensor:
    """A summary with the histogram of numbers.

    Parameters
    ----------
    name : str
        The name of the operation, which is the tag.
    values : Tensor or array_like
        Real numbers of any shape, all finite.
    collections : list, optional
        Keys of the collections that it is added to; ``[GraphKeys.SUMMARIES]`` by default.
    family : str, optional
        The first part of the tag, by which TensorBoard groups summaries.

    Returns
    -------
    Tensor
        A string: a ``Summary``.

    Raises
    ------
    TypeError
        The dtype is not one of real numbers.
    InvalidArgumentError
        When run: a number is not finite.
    """
    with _summary_scope(name, family, "HistogramSummary", [values]) as (tag, scope):
        return _collected(apply("HistogramSummary", tag, values, name=scope), collections)


def image(
    name: str, tensor: TensorLike, max_outputs: int = 3, collections: Collections = None, family: str | None = None
) -> Tensor:
    """A summary with images.

    Parameters
    ----------
    name : str
        The name of the operation; the tags are ``NAME/image/0`` and so on, or ``NAME/image`` for one.
    tensor : Tensor or array_like
        Images of uint8, or of floats, which are scaled: the number of images, height, width, and 1, 3 or 4 channels.
    max_outputs : int
        The greatest number of images that are kept.
    collections : list, optional
        Keys of the collections that it is added to; ``[GraphKeys.SUMMARIES]`` by default.
    family : str, optional
        The first part of the tags, by which TensorBoard groups summaries.

    Returns
    -------
    Tensor
        A string: a ``Summary``.

    Raises
    ------
    TypeError
        The dtype is another one.
    ValueError
        ``max_outputs`` is less than 1.
    InvalidArgumentError
        When run: the shape is another one.
    """
    _check_most("max_images", "ImageSummary", max_outputs)
    with _summary_scope(name, family, values=[tensor]) as (tag, scope):
        return _collected(apply("ImageSummary", tag, tensor, name=scope, max_images=max_outputs), collections)


def audio(
    name: str,
    tensor: TensorLike,
    sample_rate: TensorLike,
    max_outputs: int = 3,
    collections: Collections = None,
    family: str | None = None,
) -> Tensor:
    """A summary with sounds.

    Parameters
    ----------
    name : str
        The name of the operation; the tags are ``NAME/audio/0`` and so on, or ``NAME/audio`` for one.
    tensor : Tensor or array_like
        Numbers from -1 to 1: the number of sounds, frames, and channels, which may be left out.
    sample_rate : Tensor or float
        Frames per second.
    max_outputs : int
        The greatest number of sounds that are kept.
    collections : list, optional
        Keys of the collections that it is added to; ``[GraphKeys.SUMMARIES]`` by default.
    family : str, optional
        The first part of the tags, by which TensorBoard groups summaries.

    Returns
    -------
    Tensor
        A string: a ``Summary``.

    Raises
    ------
    TypeError
        The dtype is not float32.
    ValueError
        ``max_outputs`` is less than 1.
    InvalidArgumentError
        When run: the shape is another one.
    """
    _check_most("max_outputs", "AudioSummaryV2", max_outputs)
    with _summary_scope(name, family, values=[tensor]) as (tag, scope):
        rate = convert_to_tensor(sample_rate, "float32", name="sample_rate")
        made = apply("AudioSummaryV2", tag, tensor, rate, name=scope, max_outputs=max_outputs)
        return _collected(made, collections)


def tensor_summary(
    name: str,
    tensor: TensorLike,
    summary_description: str | None = None,
    collections: Collections = None,
    summary_metadata: message_classes.SummaryMetadata | None = None,
    family: str | None = None,
    display_name: str | None = None,
) -> Tensor:
    """A summary with a whole tensor.

    Parameters
    ----------
    name : str
        The name of the operation, which is the tag.
    tensor : Tensor or array_like
        Of any dtype and shape.
    summary_description : str, optional
        A description, for the metadata.
    collections : list, optional
        Keys of the collections that it is added to; ``[GraphKeys.SUMMARIES]`` by default.
    summary_metadata : SummaryMetadata, optional
        Says which plugin of TensorBoard shows the tensor.
    family : str, optional
        The first part of the tag, by which TensorBoard groups summaries.
    display_name : str, optional
        A name to show, for the metadata.

    Returns
    -------
    Tensor
        A string: a ``Summary``.

    Raises
    ------
    TypeError
        No tensor can be made of the value.
    """
    metadata = message_classes.SummaryMetadata()
    if summary_metadata is not None:
        metadata.CopyFrom(summary_metadata)
    if summary_description is not None:
        metadata.summary_description = summary_description
    if display_name is not None:
        metadata.display_name = display_name
    with _summary_scope(name, family, values=[tensor]) as (tag, scope):
        made = apply("TensorSummaryV2", tag, tensor, metadata.SerializeToString(), name=scope)
        return _collected(made, collections)


def text(name: str, tensor: TensorLike, collections: Collections = None) -> Tensor:
    """A summary with strings, which TensorBoard shows as Markdown.

    Parameters
    ----------
    name : str
        The name of the operation, which is the tag.
    tensor : Tensor or array_like
        Strings of any shape.
    collections : list, optional
        Keys of the collections that it is added to; ``[GraphKeys.SUMMARIES]`` by default.

    Returns
    -------
    Tensor
        A string: a ``Summary``.

    Raises
    ------
    ValueError
        The tensor is not one of strings.
    """
    values = convert_to_tensor(tensor)
    if values.dtype.name != STRING:
        raise ValueError(f"Expected tensor {values.name} to have dtype string, got {values.dtype!r}")
    plugin = message_classes.SummaryMetadata.PluginData(plugin_name="text")
    metadata = message_classes.SummaryMetadata(plugin_data=plugin)
    return tensor_summary(name, values, collections=collections, summary_metadata=metadata)


def merge(inputs: Sequence[Tensor], collections: Collections = None, name: str | None = None) -> Tensor:
    """One summary of several.

    Parameters
    ----------
    inputs : list of Tensor
        Summaries, whose tags differ.
    collections : list, optional
        Keys of the collections that it is added to; none by default.
    name : str, optional
        The name of its scope and of the operation.

    Returns
    -------
    Tensor
        A string: a ``Summary``.

    Raises
    ------
    TypeError
        ``inputs`` is not a list.
    ValueError
        The list is empty.
    InvalidArgumentError
        When run: two values have the same tag, or an input is not a summary.
    """
    if not isinstance(inputs, list | tuple):
        raise TypeError(f"Expected list for 'inputs' argument to 'merge_summary' Op, not {inputs!r}.")
    if not inputs:
        raise ValueError("List argument 'inputs' to 'MergeSummary' Op with length 0 shorter than minimum length 1.")
    name = _clean_tag(name)
    with name_scope(name, "Merge", inputs):
        return _collected(apply("MergeSummary", list(inputs), name=name), collections, ())


def merge_all(key: Hashable = _MERGE_KEY, scope: str | None = None, name: str | None = None) -> Tensor | None:
    """One summary of all in a collection.

    Parameters
    ----------
    key : hashable
        The key of the collection.
    scope : str, optional
        A pattern with which their names begin.
    name : str, optional
        The name of its scope and of the operation.

    Returns
    -------
    Tensor or None
        A string: a ``Summary``; None where the collection is empty.

    Raises
    ------
    InvalidArgumentError
        When run: two values have the same tag.
    """
    found = get_collection(key, scope)
    return merge(found, name=name) if found else None


def get_summary_description(node_def: message_classes.NodeDef) -> message_classes.SummaryDescription:
    """The description in the definition of an operation ``TensorSummary``.

    Parameters
    ----------
    node_def : NodeDef
        The definition.

    Returns
    -------
    SummaryDescription
        The message that the attribute ``description`` has as JSON.

    Raises
    ------
    ValueError
        It is the definition of another operation, or the attribute is not such JSON.
    """
    if node_def.op != "TensorSummary":
        raise ValueError(f"Can't get_summary_description on {node_def.op}")
    data = node_def.attr["description"].s
    found = message_classes.SummaryDescription()
    return message_classes.parse_json(data, found) if data else found
