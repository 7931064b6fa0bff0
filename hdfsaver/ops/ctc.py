"""Connectionist temporal classification: the loss of sequences whose labels have no places, and their decoders.

A. Graves, S. Fernández, F. Gomez and J. Schmidhuber, "Connectionist temporal classification: labelling unsegmented
sequence data with recurrent neural networks", 2006. The last class stands for no label ("blank").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import Grads, invalid, with_rank
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_TYPES = {"T": frozenset({"float32", "float64"})}


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(-1, keepdims=True)
    found: Array = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return found


def _check_lengths(logits: Array, lengths: Array) -> None:
    if lengths.shape != (logits.shape[1],):
        raise invalid(f"len(sequence_length) != batch_size: {lengths.shape} for inputs of shape {logits.shape}.")
    for row, length in enumerate(lengths.tolist()):
        if not 0 <= length <= logits.shape[0]:
            raise invalid(f"sequence_length({row}) <= {logits.shape[0]} is needed, and it is {length}.")


@register
class CTCLoss(OpDef):
    """The negative logarithm of the probability of each sequence of labels, and its derivative by the inputs."""

    type = "CTCLoss"
    signature = "inputs: T, labels_indices: int64, labels_values: int32, sequence_length: int32 -> loss: T, gradient: T"
    types = _TYPES
    default_types = {"T": "float32"}
    attrs = {
        "preprocess_collapse_repeated": False,
        "ctc_merge_repeated": True,
        "ignore_longer_outputs_than_inputs": False,
    }

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch,), and the shape of the inputs."""
        inputs = with_rank(node.input_shapes[0], 3)
        with_rank(node.input_shapes[1], 2)
        lengths = with_rank(node.input_shapes[3], 1)
        batch = inputs[1] if inputs is not None and inputs[1] is not None else None if lengths is None else lengths[0]
        return [(batch,), inputs or (None, None, None)]

    def kernel(self, node: Node) -> Kernel:
        collapse, merge, ignore = (node.attrs[name] for name in self.attrs)

        def loss(logits: Array, indices: Array, values: Array, lengths: Array) -> tuple[Array, Array]:
            _check_lengths(logits, lengths)
            losses, grads = np.zeros(logits.shape[1], logits.dtype), np.zeros_like(logits)
            for row, length in enumerate(lengths.tolist()):
                given = values[indices[:, 0] == row].tolist()
                labels = _labels(given, row, logits.shape[2] - 1, collapse)
                if len(given) > length and not ignore:
                    raise invalid(
                        f"Not enough time for target transition sequence (required: {len(given)}, available: {length}) "
                        f"in batch {row}: make the inputs longer, or set ignore_longer_outputs_than_inputs."
                    )
                if length == 0 or len(given) > length:
                    continue
                losses[row], grads[:length, row] = _loss_of(logits[:length, row].astype(np.float64), labels, merge)
            return losses, grads

        return loss

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        fixed = apply("PreventGradient", op.outputs[1], message=b"CTCLoss has no second derivative.")
        return [apply("Mul", apply("ExpandDims", grads[0], -1), fixed), None, None, None]


def _labels(given: list[int], row: int, blank: int, collapse: bool) -> list[int]:
    """The labels before the first that stands for none."""
    if not given:
        raise invalid(f"Labels length is zero in batch {row}.")
    found: list[int] = []
    is_over = False
    for label in given:
        if label < 0:
            raise invalid(f"All labels must be nonnegative integers, not {label}.")
        if label >= blank:
            is_over = True
        elif is_over:
            raise invalid(f"Saw a non-null label (index >= num_classes - 1) following a null label: {given}.")
        elif not (collapse and found and found[-1] == label):
            found.append(label)
    return found


def _loss_of(logits: Array, labels: list[int], merge: bool) -> tuple[float, Array]:
    """The loss of one sequence and its derivative, by the sums over all paths up to a step, and from it on."""
    blank = logits.shape[1] - 1
    path = np.full(2 * len(labels) + 1, blank)
    path[1::2] = labels
    emitted = _log_softmax(logits)
    stays = np.ones(len(path), bool) if merge else path == blank
    skips = np.zeros(len(path), bool)
    skips[2:] = (path[2:] != blank) & ((path[2:] != path[:-2]) | (not merge))
    with np.errstate(all="ignore"):
        forward = _sums(emitted[:, path], stays, skips)
        backward = _sums(emitted[::-1, path[::-1]], stays[::-1], _reversed(skips))[::-1, ::-1]
        total = np.logaddexp.reduce(forward[-1, -2:])
        grad = np.exp(emitted)
        if np.isinf(total):
            return np.inf, grad
        parts = np.exp(forward + backward - emitted[:, path] - total)
    for place, label in enumerate(path):
        grad[:, label] -= parts[:, place]
    return -float(total), grad


def _reversed(skips: Array) -> Array:
    """Which places may be reached past one other, seen from the end."""
    found = np.zeros_like(skips)
    found[2:] = skips[2:][::-1]
    return found


def _sums(emitted: Array, stays: Array, skips: Array) -> Array:
    """For each step and place of a path the logarithm of the sum over all ways to it."""
    found = np.full(emitted.shape, -np.inf)
    found[0, :2] = emitted[0, :2]
    for step in range(1, len(emitted)):
        before = found[step - 1]
        ways = np.where(stays, before, -np.inf)
        ways[1:] = np.logaddexp(ways[1:], before[:-1])
        ways[2:] = np.logaddexp(ways[2:], np.where(skips[2:], before[:-2], -np.inf))
        found[step] = ways + emitted[step]
    return found


def _sparse(sequences: Sequence[Sequence[int]]) -> tuple[Array, Array, Array]:
    """The indices, values and shape of rows of different lengths."""
    longest = max(map(len, sequences), default=0)
    places = [(row, place) for row, sequence in enumerate(sequences) for place in range(len(sequence))]
    values = [label for sequence in sequences for label in sequence]
    shape = np.array([len(sequences), longest], np.int64)
    return np.array(places, np.int64).reshape(-1, 2), np.array(values, np.int64), shape


@register
class CTCGreedyDecoder(OpDef):
    """The labels of the best class of each step, as a sparse tensor, and the negative sum of its logits."""

    type = "CTCGreedyDecoder"
    signature = (
        "inputs: T, sequence_length: int32 -> decoded_indices: int64, decoded_values: int64, decoded_shape: int64, "
        "log_probability: T"
    )
    types = _TYPES
    default_types = {"T": "float32"}
    attrs = {"merge_repeated": False, "blank_index": -1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(labels, 2), (labels,), (2,) and (batch, 1)."""
        inputs = with_rank(node.input_shapes[0], 3)
        return [(None, 2), (None,), (2,), (None if inputs is None else inputs[1], 1)]

    def kernel(self, node: Node) -> Kernel:
        merge, blank = node.attrs["merge_repeated"], node.attrs["blank_index"]

        def decode(logits: Array, lengths: Array) -> tuple[Array, Array, Array, Array]:
            _check_lengths(logits, lengths)
            classes = logits.shape[2]
            if not -classes <= blank < classes:
                raise invalid(f"blank_index must be in [{-classes}, {classes}), not {blank}.")
            best = logits.argmax(-1)
            sums = np.zeros((logits.shape[1], 1), logits.dtype)
            found = []
            for row, length in enumerate(lengths.tolist()):
                sums[row, 0] = -logits[:length, row].max(-1, initial=-np.inf).sum() if length else 0
                labels = best[:length, row].tolist()
                kept = [
                    label
                    for place, label in enumerate(labels)
                    if label != blank % classes and not (merge and place and labels[place - 1] == label)
                ]
                found.append(kept)
            return (*_sparse(found), sums)

        return decode


@register
class CTCBeamSearchDecoder(OpDef):
    """The most probable sequences of labels among those that a search with a limited number of beams finds."""

    type = "CTCBeamSearchDecoder"
    signature = (
        "inputs: T, sequence_length: int32 -> decoded_indices: top_paths * int64, decoded_values: top_paths * int64, "
        "decoded_shape: top_paths * int64, log_probability: T"
    )
    types = _TYPES
    default_types = {"T": "float32"}
    needed = {"beam_width": "int"}
    minimums = {"beam_width": 1, "top_paths": 1}
    attrs = {"merge_repeated": True}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """For each path (labels, 2), (labels,) and (2,); and (batch, paths)."""
        inputs, paths = with_rank(node.input_shapes[0], 3), node.attrs["top_paths"]
        batch = None if inputs is None else inputs[1]
        return [*[(None, 2)] * paths, *[(None,)] * paths, *[(2,)] * paths, (batch, paths)]

    def kernel(self, node: Node) -> Kernel:
        width, paths, merge = (node.attrs[name] for name in ("beam_width", "top_paths", "merge_repeated"))

        def decode(logits: Array, lengths: Array) -> tuple[Array, ...]:
            _check_lengths(logits, lengths)
            if paths > width:
                raise invalid(f"top_paths, {paths}, is more than beam_width, {width}.")
            scores = np.zeros((logits.shape[1], paths), logits.dtype)
            found: list[list[Sequence[int]]] = [[] for _ in range(paths)]
            for row, length in enumerate(lengths.tolist()):
                beams = _searched(logits[:length, row].astype(np.float64), width)[:paths]
                if len(beams) < paths:
                    raise invalid("Less leaves in the beam search than requested.")
                for path, (labels, score) in enumerate(beams):
                    scores[row, path] = score
                    found[path].append(_merged(labels) if merge else labels)
            parts = [_sparse(sequences) for sequences in found]
            return (*(part[kind] for kind in range(3) for part in parts), scores)

        return decode


def _merged(labels: Sequence[int]) -> list[int]:
    return [label for place, label in enumerate(labels) if not (place and labels[place - 1] == label)]


def _searched(logits: Array, width: int) -> list[tuple[tuple[int, ...], float]]:
    """The sequences that are left at the end, the most probable first, with the logarithms of their probabilities."""
    blank = logits.shape[1] - 1
    none = -np.inf
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, none)}
    for emitted in _log_softmax(logits).tolist() if len(logits) else []:
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        for labels, (with_blank, with_label) in beams.items():
            whole = np.logaddexp(with_blank, with_label)
            kept, repeated = grown.get(labels, (none, none))
            again = with_label + emitted[labels[-1]] if labels else none
            grown[labels] = np.logaddexp(kept, whole + emitted[blank]), np.logaddexp(repeated, again)
            for label in range(blank):
                longer = (*labels, label)
                before = with_blank if labels and labels[-1] == label else whole
                kept, repeated = grown.get(longer, (none, none))
                grown[longer] = kept, np.logaddexp(repeated, before + emitted[label])
        ranked = sorted(grown.items(), key=lambda item: -np.logaddexp(*item[1]))
        beams = dict(ranked[:width])
    return [(labels, float(np.logaddexp(*parts))) for labels, parts in beams.items()]


@register
class EditDistance(OpDef):
    """How many labels must be inserted, deleted or replaced to make each row of one sparse tensor that of another."""

    type = "EditDistance"
    signature = (
        "hypothesis_indices: int64, hypothesis_values: T, hypothesis_shape: int64, truth_indices: int64, "
        "truth_values: T, truth_shape: int64 -> output: float32"
    )
    attrs = {"normalize": True}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The greater of both shapes, without the last axis."""
        first, second = node.constant(2), node.constant(5)
        if first is None or second is None or len(first) != len(second):
            return [None]
        return [tuple(np.maximum(first, second)[:-1].tolist())]

    def kernel(self, node: Node) -> Kernel:
        normalize = node.attrs["normalize"]

        def distances(*parts: Array) -> Array:
            given, true = parts[:3], parts[3:]
            if len(given[2]) != len(true[2]) or len(given[2]) < 2:
                raise invalid(
                    f"Expected hypothesis and truth of the same rank of 2 or more, not {len(given[2])}, {len(true[2])}."
                )
            rows, wanted = _rows(given[0], given[1]), _rows(true[0], true[1])
            found = np.zeros(np.maximum(given[2], true[2])[:-1], np.float32)
            for place in rows.keys() | wanted.keys():
                found[place] = _distance(rows.get(place, []), wanted.get(place, []), normalize)
            return found

        return distances


def _rows(indices: Array, values: Array) -> dict[tuple[int, ...], list[object]]:
    found: dict[tuple[int, ...], list[object]] = {}
    for place, value in zip(indices.tolist(), values.tolist(), strict=True):
        found.setdefault(tuple(place[:-1]), []).append(value)
    return found


def _distance(given: list[object], true: list[object], normalize: bool) -> float:
    """V. I. Levenshtein's distance, divided by the length of the truth if that is wanted."""
    if normalize and not true:
        return np.inf if given else 0.0
    line = list(range(len(true) + 1))
    for count, label in enumerate(given, 1):
        corner, line[0] = line[0], count
        for place, other in enumerate(true, 1):
            corner, line[place] = line[place], min(line[place] + 1, line[place - 1] + 1, corner + (label != other))
    return line[-1] / len(true) if normalize else float(line[-1])


def ctc_loss(
    labels: SparseTensor,
    inputs: TensorLike | None = None,
    sequence_length: TensorLike | None = None,
    preprocess_collapse_repeated: bool = False,
    ctc_merge_repeated: bool = True,
    ignore_longer_outputs_than_inputs: bool = False,
    time_major: bool = True,
    logits: TensorLike | None = None,
) -> Tensor:
    """The negative logarithms of the probabilities of sequences of labels, which may be at any places.

    Parameters
    ----------
    labels : SparseTensor
        int32: a row of numbers of classes for each sequence.
    inputs, logits : TensorLike
        Shape (steps, batch, classes); float32 or float64. The last class stands for no label. Either name may be used.
    sequence_length : TensorLike
        int32: how many steps of each sequence count.
    preprocess_collapse_repeated : bool
        Whether equal labels that follow each other are one label.
    ctc_merge_repeated : bool
        Whether a label may last several steps.
    ignore_longer_outputs_than_inputs : bool
        Whether sequences with more labels than steps have no loss, instead of being an error.
    time_major : bool
        With False the inputs have the batch first.

    Returns
    -------
    Tensor
        A number for each sequence.

    Raises
    ------
    TypeError
        The labels are not a sparse tensor.
    InvalidArgumentError
        When run: a sequence has more labels than steps, or a label is out of range.
    """
    if not isinstance(labels, SparseTensor):
        raise TypeError(f"Expected argument `labels` to be a SparseTensor. Received {labels!r}.")
    tensor = convert_to_tensor(inputs if logits is None else logits, name="logits")
    steps = tensor if time_major else apply("Transpose", tensor, [1, 0, 2])
    return apply_list(
        "CTCLoss",
        steps,
        labels.indices,
        labels.values,
        sequence_length,
        preprocess_collapse_repeated=preprocess_collapse_repeated,
        ctc_merge_repeated=ctc_merge_repeated,
        ignore_longer_outputs_than_inputs=ignore_longer_outputs_than_inputs,
    )[0]


def ctc_greedy_decoder(
    inputs: TensorLike,
    sequence_length: TensorLike,
    merge_repeated: bool = True,
    blank_index: int | None = None,
) -> tuple[list[SparseTensor], Tensor]:
    """The labels of the best class of each step.

    Parameters
    ----------
    inputs : TensorLike
        Shape (steps, batch, classes); float32 or float64.
    sequence_length : TensorLike
        int32: how many steps of each sequence count.
    merge_repeated : bool
        Whether equal classes that follow each other are one label.
    blank_index : int, optional
        The class that stands for no label, the last one by default.

    Returns
    -------
    decoded : list of SparseTensor
        One, with a row of labels for each sequence.
    neg_sum_logits : Tensor
        Shape (batch, 1): the negative sums of the greatest numbers.

    Raises
    ------
    ValueError
        The rank is not 3.
    """
    *parts, sums = apply_list(
        "CTCGreedyDecoder",
        inputs,
        sequence_length,
        merge_repeated=merge_repeated,
        blank_index=-1 if blank_index is None else blank_index,
    )
    return [SparseTensor(*parts)], sums


def ctc_beam_search_decoder(
    inputs: TensorLike,
    sequence_length: TensorLike,
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
) -> tuple[list[SparseTensor], Tensor]:
    """The most probable sequences of labels, by a search that keeps a number of sequences at each step.

    Parameters
    ----------
    inputs : TensorLike
        Shape (steps, batch, classes); float32 or float64. The last class stands for no label.
    sequence_length : TensorLike
        int32: how many steps of each sequence count.
    beam_width : int
        How many sequences are kept.
    top_paths : int
        How many are given.
    merge_repeated : bool
        Whether equal labels that follow each other are one in the result.

    Returns
    -------
    decoded : list of SparseTensor
        For each path a row of labels for each sequence.
    log_probability : Tensor
        Shape (batch, top_paths).

    Raises
    ------
    ValueError
        The rank is not 3.
    InvalidArgumentError
        When run: there are fewer sequences than paths.
    """
    found = apply_list(
        "CTCBeamSearchDecoder",
        inputs,
        sequence_length,
        beam_width=beam_width,
        top_paths=top_paths,
        merge_repeated=merge_repeated,
    )
    kinds = (found[place : place + top_paths] for place in range(0, 3 * top_paths, top_paths))
    return [SparseTensor(*parts) for parts in zip(*kinds, strict=True)], found[-1]


def edit_distance(
    hypothesis: SparseTensor, truth: SparseTensor, normalize: bool = True, name: str = "edit_distance"
) -> Tensor:
    """How many elements must be inserted, deleted or replaced to make each row of one sparse tensor that of another.

    Parameters
    ----------
    hypothesis, truth : SparseTensor
        Of the same dtype and rank.
    normalize : bool
        Whether the numbers are divided by the lengths of the rows of ``truth``.
    name : str

    Returns
    -------
    Tensor
        float32, of the rank less 1.

    Raises
    ------
    TypeError
        An argument is not a sparse tensor.
    """
    for argument, value in (("Hypothesis", hypothesis), ("Truth", truth)):
        if not isinstance(value, SparseTensor):
            raise TypeError(f"{argument} must be a SparseTensor, not {value!r}.")
    parts = (part for one in (hypothesis, truth) for part in (one.indices, one.values, one.dense_shape))
    return apply("EditDistance", *parts, name=name, normalize=normalize)
