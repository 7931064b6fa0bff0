"""The layers of Keras that a file of weights is for: which arrays each has, and in which order.

Keras finds the weights of a layer by their places in it, and the layer by its name (in files of Keras 2) or by its
class and its place among the layers of that class (in files of Keras 3).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hdfsaver.conversion.layouts.found import Part, Place

_KINDS = {
    "convolution": "conv{}d",
    "transposed convolution": "conv{}d_transpose",
    "depthwise convolution": "depthwise_conv{}d",
    "dense layer": "dense",
    "embedding": "embedding",
    "LSTM": "lstm",
    "GRU": "gru",
    "RNN": "simple_rnn",
}
"""The classes of layers in the way of Keras's files, by rule; with the number of axes of a convolution."""

_NORMALIZATION = ("weight", "bias", "running_mean", "running_var")
_RECURRENT = ("kernel", "recurrent_kernel", "bias")
_CELL = re.compile(r"(?:(?:basic_)?(?:lstm|gru|rnn)|simple_rnn)_cell(?:_\d+)?|cell")
"""The names that a cell has in the scope of its layer."""
_DIRECTION = re.compile(r"(?P<first>fw|forward(?:_\w+)?)|bw|backward(?:_\w+)?")


class Weight(NamedTuple):
    """An array of a layer: its name in the layer, and the name under which it is known."""

    name: str
    array: str


class Layer(NamedTuple):
    """A layer of Keras.

    Attributes
    ----------
    name : str
        Its name, without slashes, which Keras 3 refuses.
    kind : str
        Its class, in the way of Keras's files: ``"conv2d"``.
    parts : tuple of (str, tuple of Weight)
        By path below the layer (``"cell"``), the weights in Keras's order.
    """

    name: str
    kind: str
    parts: tuple[tuple[str, tuple[Weight, ...]], ...]

    @property
    def weights(self) -> list[Weight]:
        """All weights."""
        return [weight for _, weights in self.parts for weight in weights]


class _Member(NamedTuple):
    """An array whose layer is looked for."""

    name: str
    part: Part
    place: Place

    @property
    def scope(self) -> str:
        return self.name.rpartition("/")[0]

    @property
    def last(self) -> str:
        return self.name.rpartition("/")[2]


def layers_of(parts: Mapping[str, Part], *, by_class: bool) -> list[Layer]:
    """The layers that arrays in Keras's layout belong to, in the order of the graph; not all arrays have one.

    Parameters
    ----------
    parts : mapping of str to Part
        The arrays, by name.
    by_class : bool
        Whether layers may have the same name, since Keras does not look at it.

    Returns
    -------
    list of Layer
    """
    members = [_Member(name, part, part.place) for name, part in parts.items() if part.place is not None]
    members.sort(key=lambda member: member.place.order)
    scopes: dict[str, list[_Member]] = {}
    for member in members:
        scopes.setdefault(member.scope, []).append(member)
    found: list[Layer] = []
    for scope, group in scopes.items():
        layer = _layer(scope, group) if scope else None
        found += [layer] if layer is not None else _separate(group)
    order = {member.name: place for place, member in enumerate(members)}
    joined = _both_directions(found)
    named = joined if by_class else _named_apart(joined)
    return sorted(named, key=lambda layer: min(order[weight.array] for weight in layer.weights))


def paths_of(layers: Sequence[Layer], *, by_class: bool) -> dict[str, str]:
    """The path in the file of each array, by its name.

    Parameters
    ----------
    layers : sequence of Layer
    by_class : bool
        Whether the file is one of Keras 3, which counts the layers of a class.
    """
    counts: Counter[str] = Counter()
    found: dict[str, str] = {}
    for layer in layers:
        number = counts[layer.kind]
        counts[layer.kind] += 1
        base = f"layers/{layer.kind}_{number}" if number else f"layers/{layer.kind}"
        for inner, weights in layer.parts:
            for place, weight in enumerate(weights):
                named = "/".join(filter(None, (layer.name, _inner_name(inner), weight.name)))
                of_class = "/".join(filter(None, (base, inner, "vars", str(place))))
                found[weight.array] = of_class if by_class else named
    return found


def _inner_name(inner: str) -> str:
    return "" if inner == "cell" else inner.removesuffix("/cell")


def _layer(name: str, group: Sequence[_Member]) -> Layer | None:
    """The layer with just these weights; None if such a layer is missing."""
    rules = {member.place.rule for member in group if member.place.rule != "bias"}
    if len(rules) == 1 and rules <= {"LSTM", "GRU", "RNN"}:
        return _recurrent(name, group, rules.pop())
    if rules == {"normalization"}:
        return _normalization(name, group)
    kernels = [member for member in group if member.place.rule != "bias"]
    biases = [member for member in group if member.place.rule == "bias"]
    if len(biases) > 1 or not kernels or not rules <= _KINDS.keys():
        return None
    axes = len(kernels[0].part.shape) - 2
    weights = [Weight("bias", bias.name) for bias in biases]
    if len(kernels) == 1:
        if rules == {"embedding"} and not biases:
            return _plain(name, "embedding", [Weight("embeddings", kernels[0].name)])
        kernel = Weight("depthwise_kernel" if "depthwise convolution" in rules else "kernel", kernels[0].name)
        kind = _KINDS[rules.pop()].format(axes)
        return None if kind == "embedding" else _plain(name, kind, [kernel, *weights])
    if len(kernels) == 2 and rules == {"depthwise convolution", "convolution"}:
        first, second = sorted(kernels, key=lambda member: member.place.rule == "convolution")
        if set(second.part.shape[:-2]) == {1}:
            both = [Weight("depthwise_kernel", first.name), Weight("pointwise_kernel", second.name)]
            return _plain(name, f"separable_conv{axes}d", [*both, *weights])
    return None


def _plain(name: str, kind: str, weights: Sequence[Weight]) -> Layer:
    return Layer(name.replace("/", "_"), kind, (("", tuple(weights)),))


def _normalization(name: str, group: Sequence[_Member]) -> Layer | None:
    roles = {member.place.role: member for member in group}
    names = dict(zip(_NORMALIZATION, ("gamma", "beta", "moving_mean", "moving_variance"), strict=True))
    moving = [role for role in _NORMALIZATION[2:] if role in roles]
    if len(roles) != len(group) or len(moving) == 1:
        return None
    weights = [Weight(names[role], roles[role].name) for role in _NORMALIZATION if role in roles]
    return _plain(name, "batch_normalization" if moving else "layer_normalization", weights)


def _recurrent(name: str, group: Sequence[_Member], rule: str) -> Layer | None:
    by_name = {member.last: member.name for member in group}
    if not {"kernel", "recurrent_kernel"} <= by_name.keys() <= set(_RECURRENT):
        return None
    scope, _, last = name.rpartition("/")
    scope = scope if scope and _CELL.fullmatch(last) else name
    weights = tuple(Weight(last, by_name[last]) for last in _RECURRENT if last in by_name)
    return Layer(scope, _KINDS[rule], (("cell", weights),))  # its name is changed with that of both directions


def _separate(group: Sequence[_Member]) -> Iterator[Layer]:
    """Layers of one kernel each, with the bias that is added to its result, under the names of their variables."""
    biases = [member for member in group if member.place.rule == "bias"]
    for member in group:
        if member.place.rule in ("bias", "normalization", "LSTM", "GRU", "RNN"):
            continue
        own = [bias for bias in biases if bias.place.of and bias.place.of == member.place.op]
        layer = _layer(member.name, [member, *own])
        if layer is not None:
            yield layer


def _both_directions(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, with those of two directions joined into one."""
    pairs: dict[tuple[str, str], dict[bool, Layer]] = {}
    for layer in layers:
        scope, _, last = layer.name.rpartition("/")
        direction = _DIRECTION.fullmatch(last)
        if scope and direction and layer.parts[0][0] == "cell":
            pairs.setdefault((scope, layer.kind), {})[bool(direction["first"])] = layer
    found: list[Layer] = []
    for layer in layers:
        pair = next((it for it in pairs.values() if len(it) == 2 and layer in it.values()), None)
        if pair is None:
            found.append(layer._replace(name=layer.name.replace("/", "_")))
        elif layer is pair[True]:
            scope = layer.name.rpartition("/")[0]
            both = [(f"{part}_layer/cell", pair[part == "forward"].parts[0][1]) for part in ("forward", "backward")]
            found.append(Layer(scope.replace("/", "_"), "bidirectional", tuple(both)))
    return found


def _named_apart(layers: Sequence[Layer]) -> Iterator[Layer]:
    """The layers without those that would share a name."""
    counts = Counter(layer.name for layer in layers)
    return (layer for layer in layers if counts[layer.name] == 1)
