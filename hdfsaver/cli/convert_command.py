"""The command `convert`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from hdfsaver.cli import conversion_report
from hdfsaver.cli.arguments import Anything, AsJson, Group
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.cli.terminal_text import say
from hdfsaver.conversion import converting as conversion
from hdfsaver.conversion.targets import TARGET_BY_NAME


@command(
    ("Make a checkpoint of TensorFlow one of hdfsaver.", "hdfsaver convert old.ckpt new.h5"),
    ("Write the weights alone, in 16 bits.", "hdfsaver convert model.ckpt weights.safetensors --dtype bfloat16"),
    (
        "Write some of the arrays under other names.",
        "hdfsaver convert model.ckpt dense.npz --include 'dense/*' --rename dense=d",
    ),
    result=conversion_report.ConvertResult,
)
def convert(
    source: Anything,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="The file to write; its ending tells the format.")],
    to: Annotated[
        str | None, typer.Option(metavar="FORMAT", help=f"The format, for any ending: {', '.join(TARGET_BY_NAME)}.")
    ] = None,
    group: Group = "",
    include: Annotated[
        list[str], typer.Option(metavar="NAME", help="Include only arrays with names like `dense/*`.")
    ] = [],  # noqa: B006
    exclude: Annotated[list[str], typer.Option(metavar="NAME", help="Leave out arrays with names like this.")] = [],  # noqa: B006
    drop_slots: Annotated[bool, typer.Option("--drop-slots", help="Leave out the slots of optimizers.")] = False,
    rename: Annotated[list[str], typer.Option(metavar="OLD=NEW", help="Replace matches of a regular expression.")] = [],  # noqa: B006
    dtype: Annotated[str | None, typer.Option(help="Convert real numbers to this dtype.")] = None,
    layout: Annotated[str | None, typer.Option(help="Lay out weights as in this library: torch or keras.")] = None,
    compression: Annotated[
        str | None, typer.Option(metavar="CODEC", help="Compress an .h5 target: gzip, zstd, lz4, blosc2.")
    ] = None,
    outputs: Annotated[
        list[str], typer.Option(metavar="TENSOR", help="For .onnx: a tensor that is computed, or NEW=TENSOR.")
    ] = [],  # noqa: B006
    inputs: Annotated[
        list[str], typer.Option(metavar="TENSOR", help="For .onnx: a tensor that is given, or NEW=TENSOR.")
    ] = [],  # noqa: B006
    fix: Annotated[
        list[str], typer.Option(metavar="TENSOR=VALUE", help="For .onnx: a value instead of an input.")
    ] = [],  # noqa: B006
    weights_in: Annotated[
        str | None, typer.Option(metavar="FILE", help="For .onnx: the .h5 file in which the values stay.")
    ] = None,
    shape: Annotated[
        list[str], typer.Option(metavar="TENSOR=SIZES", help="For .onnx: sizes such as 1,224,224,3, with ? for any.")
    ] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Convert a file to another format.

    HDF5, TensorFlow, NumPy, safetensors, PyTorch, Keras and ONNX are the formats. A target in .h5 or .hdf5 is an
    hdfsaver checkpoint; .npz, .safetensors and .pt are these formats, and .npy is one array; .meta, .pb and .pbtxt
    are the graph alone; .weights.h5 are weights of Keras 3, and --to keras2 those of Keras 2; .onnx is what the
    graph computes, for programs that run ONNX; .ckpt, .index or no ending is the prefix of a TensorFlow checkpoint.
    Other endings need --to. The report says what was written, and what was left out and why.
    """
    with progress_bar(target) as progress:
        done = conversion.convert(
            source,
            target,
            to=to,
            group=group,
            include=include,
            exclude=exclude,
            drop_slots=drop_slots,
            rename=[_pair(text) for text in rename] or None,
            dtype=dtype,
            layout=layout,
            compression=compression,
            outputs=_names(outputs),
            inputs=_names(inputs),
            fixed=dict(_fixed(text) for text in fix) or None,
            weights_in=weights_in,
            shapes=dict(_shape(text) for text in shape) or None,
            progress=progress,
        )
    if as_json:
        say_json("convert", conversion_report.form(done))
    else:
        say(conversion_report.lines(target, done))


def _names(texts: list[str]) -> dict[str, str] | None:
    """The tensors by the names that they get."""
    pairs = [text.partition("=") for text in texts]
    full = [(tensor or new) if ":" in (tensor or new) else f"{tensor or new}:0" for new, _, tensor in pairs]
    return {new if sign else name: name for (new, sign, _), name in zip(pairs, full, strict=True)} or None


def _fixed(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value.lower() if value in ("True", "False") else value)
    except ValueError:
        raise ValueError(f"--fix needs TENSOR=VALUE, with a number, true, false or a list, not {text!r}.") from None


def _shape(text: str) -> tuple[str, list[int | None]]:
    name, sign, sizes = text.partition("=")
    parts = [part.strip() for part in sizes.strip("[]() ").split(",")] if sizes.strip("[]() ") else []
    if not sign or not all(part == "?" or part.isdecimal() for part in parts):
        raise ValueError(f"--shape needs TENSOR=SIZES, with sizes such as 1,224,224,3 or ?,10, not {text!r}.")
    return name, [None if part == "?" else int(part) for part in parts]


def _pair(text: str) -> tuple[str, str]:
    old, sign, new = text.partition("=")
    if not sign:
        raise ValueError(f"--rename needs OLD=NEW, not {text!r}.")
    return old, new
