"""The command `info`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from hdfsaver.cli.arguments import Anything, AsJson
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.terminal_text import count_of, say
from hdfsaver.errors import without_secrets
from hdfsaver.inspection.file_facts import Amount, FileFacts, GraphFacts, ModelFacts, file_facts

_SHOWN = 10
_LABEL = 12
"""Columns of a label."""


class AmountForm(TypedDict):
    """A number of arrays, and their bytes.

    Attributes
    ----------
    arrays : int
    nbytes : int
    """

    arrays: int
    nbytes: int


class GraphFactsForm(TypedDict):
    """The facts about a graph.

    Attributes
    ----------
    operations : int
    inputs : list of str
    outputs : list of str
        The operations that a program feeds, and those whose values are results.
    error : str
        Why the graph cannot be read; empty if it can.
    """

    operations: int
    inputs: list[str]
    outputs: list[str]
    error: str


class ModelFactsForm(TypedDict):
    """The facts about a model of a file.

    Attributes
    ----------
    group : str
    total : AmountForm
    parameters : int
        The number of numbers.
    dtypes : dict of str to AmountForm
    compression : dict of str to AmountForm
        By the filters of compressed arrays.
    unreadable : int
        The number of elements that cannot be read.
    graph : GraphFactsForm or None
    """

    group: str
    total: AmountForm
    parameters: int
    dtypes: dict[str, AmountForm]
    compression: dict[str, AmountForm]
    unreadable: int
    graph: GraphFactsForm | None


class InfoResult(TypedDict):
    """The result of `info`.

    Attributes
    ----------
    file : str
    kind : str
    format : str
        The version of the format; empty if the file does not tell.
    writer : str
        The program that has written the file; empty if the file does not tell.
    files : dict of str to int
        The length of each file, by its path.
    step : int or None
    metadata : dict of str to str
    digests : str
        The algorithm of digests or checksums; empty without them.
    models : list of ModelFactsForm
    others : list of str
        The content that nothing here reads.
    """

    file: str
    kind: str
    format: str
    writer: str
    files: dict[str, int]
    step: int | None
    metadata: dict[str, str]
    digests: str
    models: list[ModelFactsForm]
    others: list[str]


@command(
    ("Describe a checkpoint.", "hdfsaver info model.ckpt"),
    ("Describe a checkpoint of TensorFlow.", "hdfsaver info old.ckpt"),
    result=InfoResult,
)
def info(checkpoint: Anything, as_json: AsJson = False) -> None:
    """Describe a file: kind, sizes, graph, digests, and what has made it.

    The step is the number at the end of the name, or else the value of the variable global_step. Dtypes and filters of
    compressed arrays are listed with the bytes of their values.
    """
    found = file_facts(checkpoint)
    if as_json:
        say_json("info", _form(found))
    else:
        say(_lines(found))


def _lines(found: FileFacts) -> Iterator[str]:
    yield from _labelled("file", without_secrets(found.path))
    yield from _labelled("kind", found.kind)
    yield from _labelled("format", found.format)
    yield from _labelled("written by", found.writer)
    if found.files:
        total = count_of(sum(found.files.values()), "byte")
        yield from _labelled("size", total if len(found.files) == 1 else f"{total} in {len(found.files):,} files")
    if len(found.files) > 1:
        for path, nbytes in list(found.files.items())[:_SHOWN]:
            yield from _labelled("", f"{path}: {count_of(nbytes, 'byte')}")
        if len(found.files) > _SHOWN:
            yield from _labelled("", f"and {len(found.files) - _SHOWN:,} more")
    yield from _labelled("step", "" if found.step is None else str(found.step))
    yield from _labelled("digests", found.digests or "none")
    for number, (key, value) in enumerate(found.metadata.items()):
        yield from _labelled("" if number else "metadata", f"{key}: {value}")
    for model in found.models:
        yield from _model_lines(model)
    yield from _labelled("other", ", ".join(found.others))


def _model_lines(model: ModelFacts) -> Iterator[str]:
    yield from _labelled("group", model.group)
    parameters = count_of(model.parameters, "parameter")
    yield from _labelled("arrays", f"{model.total.arrays:,}, {parameters}, {count_of(model.total.nbytes, 'byte')}")
    yield from _amounts("dtypes", model.dtypes)
    yield from _amounts("compressed", model.compression)
    yield from _labelled("unreadable", count_of(model.unreadable, "element") if model.unreadable else "")
    graph = model.graph
    if graph is None:
        yield from _labelled("graph", "none")
    elif graph.error:
        yield from _labelled("graph", f"cannot be read: {graph.error}")
    else:
        yield from _labelled("graph", count_of(graph.operations, "operation"))
        yield from _labelled("inputs", _names(graph.inputs))
        yield from _labelled("outputs", _names(graph.outputs))


def _amounts(label: str, found: dict[str, Amount]) -> Iterator[str]:
    for number, (name, amount) in enumerate(found.items()):
        sizes = f"{count_of(amount.arrays, 'array')}, {count_of(amount.nbytes, 'byte')}"
        yield from _labelled("" if number else label, f"{name}: {sizes}")


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more or "none"


def _labelled(label: str, text: str) -> Iterator[str]:
    if text:
        yield f"{label:<{_LABEL}}{text}"


def _form(found: FileFacts) -> InfoResult:
    return InfoResult(
        file=without_secrets(found.path),
        kind=found.kind,
        format=found.format,
        writer=found.writer,
        files=found.files,
        step=found.step,
        metadata=found.metadata,
        digests=found.digests,
        models=[_model_form(model) for model in found.models],
        others=found.others,
    )


def _model_form(model: ModelFacts) -> ModelFactsForm:
    return ModelFactsForm(
        group=model.group,
        total=_amount_form(model.total),
        parameters=model.parameters,
        dtypes={name: _amount_form(amount) for name, amount in model.dtypes.items()},
        compression={name: _amount_form(amount) for name, amount in model.compression.items()},
        unreadable=model.unreadable,
        graph=None if model.graph is None else _graph_form(model.graph),
    )


def _amount_form(found: Amount) -> AmountForm:
    return AmountForm(arrays=found.arrays, nbytes=found.nbytes)


def _graph_form(found: GraphFacts) -> GraphFactsForm:
    return GraphFactsForm(
        operations=found.operations, inputs=list(found.inputs), outputs=list(found.outputs), error=found.error
    )
