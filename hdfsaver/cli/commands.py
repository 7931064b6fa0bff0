"""The commands, a function each."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from hdfsaver.cli import conversion_report, listing, rendering, run_command
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.conversion import converting as conversion
from hdfsaver.conversion.targets import TARGET_BY_NAME
from hdfsaver.errors import OpError, without_secrets
from hdfsaver.formats.open_source import open_source
from hdfsaver.programs import name_check, running
from hdfsaver.reading import checkpoint_names
from hdfsaver.storage.resealing import reseal as reseal_file
from hdfsaver.storage.salvaged_file import salvage_into
from hdfsaver.tensor_info import Array, TensorInfo, counted

app = typer.Typer(
    name="hdfsaver",
    help="HDF5 checkpoints of computation graphs and their variables.",
    no_args_is_help=True,
    add_completion=False,
)

Anything = Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A prefix, a file or a folder of any known kind.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Checkpoint = Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A prefix such as model/add.ckpt, or the file.")]


@app.callback()
def main() -> None:
    """HDF5 checkpoints of computation graphs and their variables."""


@app.command("ls")
def list_variables(checkpoint: Anything, as_json: AsJson = False) -> None:
    """List the arrays: name, dtype, shape and bytes, and their totals; elements that cannot be read, with the reason.

    Several models in one file are listed by group. The bytes of an array of strings are those of its strings.
    """
    with _reporting():
        models = list(_models(checkpoint))
    if as_json:
        typer.echo(rendering.as_json([row for model in models for row in model.rows()]))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        typer.echo("\n".join(line for model in models for line in model.lines(width)))


def _models(path: str) -> Iterator[listing.Model]:
    """The list of each model in a file."""
    with open_source(path) as source:
        groups = source.groups()
        if groups in ([], [""]):
            yield listing.Model.of(source)
            return
        for group in groups:
            with source.model(group) as model:
                yield listing.Model.of(model)


@app.command()
def show(
    checkpoint: Anything,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="The arrays to show.")],
    as_json: AsJson = False,
) -> None:
    """Show arrays: name, dtype, shape, bytes and values; only JSON shows all values of a large array."""
    found = []
    with _reporting(), open_source(checkpoint) as source:
        for name in names:
            value = source.read(name)
            if as_json:
                entry = counted(source.variables[name], value)
                found.append({**rendering.described(entry), "values": rendering.plain(value)})
            else:
                _show(source.variables[name], value)
    if as_json:
        typer.echo(rendering.as_json(found))


def _show(entry: TensorInfo, value: Array) -> None:
    nbytes = counted(entry, value).nbytes
    heading = f"{rendering.printable(entry.name)}  {entry.dtype}  {entry.shape}  {nbytes:,} bytes"
    Console().print(escape(heading), rendering.shown(value), sep="\n", soft_wrap=True, markup=False, highlight=False)


@app.command()
def convert(
    source: Anything,
    target: Annotated[str, typer.Argument(help="The file to write; its ending tells the format.")],
    to: Annotated[str | None, typer.Option(help=f"The format, for any ending: {', '.join(TARGET_BY_NAME)}.")] = None,
    group: Annotated[str, typer.Option(help="The model to convert, in a file that has several.")] = "",
    include: Annotated[list[str], typer.Option(help="Include only arrays with names like this: `dense/*`.")] = [],  # noqa: B006
    exclude: Annotated[list[str], typer.Option(help="Leave out arrays with names like this.")] = [],  # noqa: B006
    drop_slots: Annotated[bool, typer.Option("--drop-slots", help="Leave out the slots of optimizers.")] = False,
    rename: Annotated[list[str], typer.Option(help="OLD=NEW: replace matches of a regular expression.")] = [],  # noqa: B006
    dtype: Annotated[str | None, typer.Option(help="Convert real numbers to this dtype.")] = None,
    layout: Annotated[str | None, typer.Option(help="Lay out weights as in this library: torch or keras.")] = None,
    compression: Annotated[str | None, typer.Option(help="Compress an .h5 target: gzip, zstd, lz4, blosc2.")] = None,
    outputs: Annotated[list[str], typer.Option(help="For .onnx: a tensor that is computed, or NEW=TENSOR.")] = [],  # noqa: B006
    inputs: Annotated[list[str], typer.Option(help="For .onnx: a tensor that is given, or NEW=TENSOR.")] = [],  # noqa: B006
    fix: Annotated[list[str], typer.Option(help="For .onnx: TENSOR=VALUE instead of an input.")] = [],  # noqa: B006
    weights_in: Annotated[str | None, typer.Option(help="For .onnx: the .h5 file in which the values stay.")] = None,
    shape: Annotated[list[str], typer.Option(help="For .onnx: TENSOR=1,224,224,3, with ? for any size.")] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Convert a file to another format: HDF5, TensorFlow, NumPy, safetensors, PyTorch, Keras, ONNX.

    A target in .h5 or .hdf5 is an hdfsaver checkpoint; .npz, .safetensors and .pt are these formats, and .npy is one
    array; .meta, .pb and .pbtxt are the graph alone; .weights.h5 are weights of Keras 3, and --to keras2 those of
    Keras 2; .onnx is what the graph computes, for programs that run ONNX; .ckpt, .index or no ending is the prefix of a
    TensorFlow checkpoint. Other endings need --to. The report says what was written, and what was left out and why.
    """
    with _reporting(), progress_bar(target) as progress:
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
        typer.echo(rendering.as_json(done._asdict()))
        return
    for line in conversion_report.lines(target, done):
        Console().print(escape(rendering.printable(line)), soft_wrap=True, highlight=False)


@app.command()
def graph(
    model: Anything,
    io: Annotated[bool, typer.Option("--io", help="List inputs, outputs and signatures alone.")] = False,
    group: Annotated[str, typer.Option(help="The model, in a file that has several.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the inputs and outputs of a graph, its operations by type, and those that hdfsaver cannot run.

    Of a SavedModel all signatures are listed, each with its inputs and outputs.
    """
    from hdfsaver.cli import graph_listing  # other commands need no session and no Saver
    from hdfsaver.conversion.graph_io import graph_io

    with _reporting():
        found = graph_io(model, group=group, io=io)
    if as_json:
        said = graph_listing.as_dict(found)
        kept = {key: said[key] for key in said if not io or key not in ("operations", "obstacles")}
        typer.echo(rendering.as_json(kept))
        return
    for line in graph_listing.lines(found):
        Console().print(escape(rendering.printable(line)), soft_wrap=True, highlight=False)


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


@app.command()
def verify(checkpoint: Anything) -> None:
    """Read everything and compare it with the digests or checksums of the file; exit status 1 if anything differs."""
    with _reporting(), open_source(checkpoint) as file, progress_bar(checkpoint) as progress:
        file.verify(progress=progress)
        found = f"all {file.checksums} match" if file.checksums else "no digests to compare; all values can be read"
        lines = [
            f"{without_secrets(file.path)}: {file.kind}, {rendering.count_of(len(file.variables), 'array')}, {found}."
        ]
        lines += [f"{name} is not checked: {error.message}" for name, error in file.unreadable.items()]
    typer.echo("\n".join(map(rendering.printable, lines)))


@app.command()
def reseal(checkpoint: Checkpoint) -> None:
    """Accept the changes of another program to a checkpoint: write the file again with a new index and seal.

    Its additions are kept: attributes, datasets, groups, named datatypes and links. If something cannot be kept, the
    error names it. After an error the file is unchanged. A file that is not a checkpoint of hdfsaver is refused;
    `convert` makes a checkpoint of its arrays.
    """
    path = _found(checkpoint)
    with _reporting():
        done = reseal_file(path)
    graphs = ["", ", and the graph"][done.graphs] if done.graphs < 2 else f", and {done.graphs} graphs"
    said = [f"{path} is accepted and sealed again: {rendering.count_of(done.variables, 'variable')}{graphs}."]
    if done.kept:
        shown = ", ".join(done.kept[:_SHOWN]) + (f" and {len(done.kept) - _SHOWN} more" * (len(done.kept) > _SHOWN))
        said.append(f"Kept unchanged from other programs: {shown}.")
    Console().print(*(escape(rendering.printable(line)) for line in said), sep="\n", soft_wrap=True, highlight=False)


_SHOWN = 20
"""The largest number of kept elements that `reseal` lists."""


@app.command()
def salvage(
    checkpoint: Checkpoint, out: Annotated[Path, typer.Argument(help="The new file; it must not exist yet.")]
) -> None:
    """Write the intact part of a damaged checkpoint to a new file; exit status 1 if any variables are lost.

    Graphs, metadata and groups are kept if the damage is only in values; otherwise the output says what is left out.
    """
    path = _found(checkpoint)
    if os.path.lexists(out):
        _fail(f"{out} exists already; nothing is overwritten.")
    with _reporting():
        saved, graphs, left_out = salvage_into(path, out)
    said = [*saved.remarks, *(f"{name}: {why}" for name, why in saved.lost.items()), left_out]
    counts = f"{rendering.count_of(len(saved.values), 'variable')} intact, {len(saved.lost)} lost."
    said.append(f"{counts} Kept: {rendering.count_of(graphs, 'graph')}." if graphs else counts)
    Console().print(*(escape(rendering.printable(line)) for line in said if line), sep="\n", soft_wrap=True)
    if saved.lost:
        raise typer.Exit(1)


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def run(
    program: Annotated[list[str], typer.Argument(metavar="SCRIPT", help="The program, then its arguments.")],
    check: Annotated[bool, typer.Option("--check", help="Run nothing; list the names that hdfsaver lacks.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: print JSON.")] = False,
) -> None:
    """Run a program written for TensorFlow 1, unchanged: `tensorflow` stands for hdfsaver.

    As for Python itself, the program is a script, `-m` and a module, `-c` and code, or `-` for the standard input; a
    notebook (.ipynb) is run cell by cell. With --check, the files and folders are only read: each name of TensorFlow
    that they use and hdfsaver lacks is listed with its place; exit status 1 if there are any.
    """
    if check:
        as_json = as_json or "--json" in program
        options = [name for name in program if name.startswith("-") and name != "--json" and not os.path.exists(name)]
        if options:
            raise typer.BadParameter(f"--check reads files, notebooks and folders; {options[0]} is not one of them.")
        report = name_check.check(name for name in program if name != "--json")
        said = [rendering.as_json(run_command.as_dict(report))] if as_json else run_command.lines(report)
        typer.echo("\n".join(said if as_json else map(rendering.printable, said)))
        if report.missing or report.unread:
            raise typer.Exit(1)
        return
    if as_json or not running.names_a_program(program):
        option = "--json without --check" if as_json else program[0]
        python = f" Python's come before: `python {option} -m hdfsaver run SCRIPT`." if option[1:2].isalpha() else ""
        raise typer.BadParameter(f"There is no option {option}; options of the program come after it.{python}")
    running.run(program)


def _found(checkpoint: str) -> Path:
    path = checkpoint_names.find(checkpoint)
    if path is None:
        with _reporting(), open_source(checkpoint) as other:
            if other.sealed:
                _fail(f"{checkpoint} is a folder; give the checkpoint in it, {other.path}.")
            what = f"{other.path}: {other.kind}, not an hdfsaver checkpoint."
        _fail(f"{what} `hdfsaver convert {shlex.quote(checkpoint)} NEW.h5` makes a checkpoint of its arrays.")
    return path


@contextmanager
def _reporting() -> Iterator[None]:
    """Print errors in one sentence, and set the exit status."""
    try:
        yield
    except OpError as error:
        _fail(error.message)
    except (ImportError, TypeError, ValueError) as error:
        _fail(without_secrets(str(error)))


def _fail(message: str) -> NoReturn:
    Console(stderr=True).print(escape(rendering.printable(message)), soft_wrap=True)
    raise typer.Exit(1)
