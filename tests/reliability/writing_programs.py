"""Everything that writes, for the injector of faults: what the folder has before, the call, and what a reader finds.

Each program changes a folder that `prepare` has made, so that a reader finds the value of the present step instead of
that of step 2. A program may run again on what an earlier, interrupted run has left.
"""

from __future__ import annotations

import importlib.util
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import networkx as nx
import numpy as np
import typer

import hdfsaver as tf
from hdfsaver.cli import app
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from tests.reliability import programs
from tests.reliability.programs import SHAPES, Model

BEFORE, AFTER = 2, 3


class Program(NamedTuple):
    """A call that writes.

    Attributes
    ----------
    prepare : callable
        Makes the content of an empty folder.
    run : callable
        Writes into the folder; called with the model and the folder.
    read : callable
        What a reader finds in the folder.
    between : tuple
        Other values that a reader may find after an interruption, since the program writes several times.
    always_fails : bool
        Whether it must be refused, whatever happens.
    once : bool
        Whether it is refused where its result is there already.
    exact : bool
        Whether each file has the bytes of before or after; False where a reader takes several files for one.
    """

    prepare: Callable[[Model, Path], object]
    run: Callable[[Model, Path], object]
    read: Callable[[Path], Any]
    between: tuple[Any, ...] = ()
    always_fails: bool = False
    once: bool = False
    exact: bool = True


# --- values ---------------------------------------------------------------------------------------------------------


def arrays_of(step: int) -> dict[str, Any]:
    """Arrays with the number of a step in every element; the text makes strings of another length."""
    numbers = {name: np.full(shape, step, np.float32) for name, shape in SHAPES.items()}
    return {**numbers, "text": np.array([str(step) * 10, "é"], object)}


def numbers_of(step: int) -> dict[str, Any]:
    """The arrays that every format has."""
    return {name: array for name, array in arrays_of(step).items() if name != "text"}


def found_in(name: str, folder: Path) -> Any:
    """The step of the arrays in a file of any kind; all of them must be of one."""
    try:
        file = tf.open_file(folder / name)
    except tf.errors.NotFoundError:
        return None
    with file:
        file.verify()
        file.check_readable()
        steps = {_step(value) for value in file.read_many(list(file.variables)).values()}
    return next(iter(steps)) if len(steps) == 1 else f"a mixture: {sorted(steps)}"


def _step(value: Any) -> int:
    if value.dtype.kind in "OS":
        return int(value.reshape(-1)[0][:1])
    (found,) = set(value.reshape(-1).tolist())
    return int(found)


def graph_of(name: str, folder: Path) -> Any:
    """The step of the graph in a file: it has as many constants."""
    try:
        file = tf.open_file(folder / name)
    except tf.errors.NotFoundError:
        return None
    with file:
        structure = file.structure()
    return None if structure is None else sum(node.startswith("mark") for node in structure.digraph)


def both_of(prefix: str, folder: Path) -> Any:
    """The step of a TensorFlow checkpoint and of its graph, which is that of the file beside it, if there is one."""
    values, beside = found_in(prefix, folder), graph_of(f"{prefix}.meta", folder)
    if values is None:
        return (None, beside)
    own = graph_of(prefix, folder)
    return (values, own if beside in (None, own) else f"a mixture: {own} and {beside}")


# --- Savers ---------------------------------------------------------------------------------------------------------


def latest(folder: Path, name: str = "") -> int | None:
    """The step of the latest checkpoint."""
    return programs.saved_step(folder, name)


def replaced(folder: Path, name: str = "") -> int | None:
    """The step of the checkpoint without a step in its name."""
    path = folder / "m.h5"
    if not path.exists():
        return None
    (value,) = programs.values_of(path, name)
    return int(value)


def both_groups(folder: Path) -> tuple[Any, Any]:
    """The steps of the two models of a file."""
    return replaced(folder), replaced(folder, "teacher")


def save(model: Model, folder: Path, **options: Any) -> None:
    """Save a checkpoint of its own name."""
    model.save(folder / "m", AFTER, AFTER, **options)


def save_again(model: Model, folder: Path, **options: Any) -> None:
    """Save under the name that is there."""
    model.save(folder / "m", AFTER, **options)


def saver_of(model: Model) -> tf.train.Saver:
    """A Saver as of a program that was just started, with the present step as the values."""
    with model.graph.as_default():
        saver = tf.train.Saver(max_to_keep=programs.KEPT, resume_rotation=True, save_relative_paths=True)
    model.session.run(model.assign, {model.step: float(AFTER)})
    return saver


def save_at_once(model: Model, folder: Path) -> None:
    """Save in the background, and wait."""
    saver = saver_of(model)
    try:
        saver.save(model.session, folder / "m", global_step=AFTER, wait=False)
        saver.wait()
    except KeyboardInterrupt:
        saver.wait()  # as a program does that ends in order
        raise


def save_scratch(model: Model, folder: Path) -> None:
    """Save without a state file, and without waiting for the disk."""
    saver_of(model).save(model.session, folder / "m", write_state=False, durable=False)


def save_recovered(model: Model, folder: Path) -> None:
    """Save with a Saver that was told of the earlier checkpoints."""
    saver = saver_of(model)
    saver.recover_last_checkpoints([folder / "m-1", folder / "m-2"])
    saver.save(model.session, folder / "m", global_step=AFTER)


def save_arrays(model: Model, folder: Path) -> None:
    """Save a dict of arrays, with texts, without a session."""
    saver = tf.train.Saver(arrays_of(AFTER), resume_rotation=True, max_to_keep=2, save_relative_paths=True)
    saver.save(None, folder / "a", global_step=AFTER)


def prepare_arrays(model: Model, folder: Path) -> None:
    """Two checkpoints of arrays."""
    for step in (1, BEFORE):
        saver = tf.train.Saver(arrays_of(step), resume_rotation=True, max_to_keep=2, save_relative_paths=True)
        saver.save(None, folder / "a", global_step=step, durable=False)


def latest_arrays(folder: Path) -> Any:
    """The step of the latest checkpoint of arrays."""
    prefix = tf.train.latest_checkpoint(folder)
    return None if prefix is None else found_in(Path(prefix).name + ".h5", folder)


def prepare_foreign(model: Model, folder: Path) -> None:
    """A file of another program under the name of the checkpoint."""
    with h5py.File(folder / "m.h5", "w") as file:
        file["mine"] = np.arange(1000)


def foreign(folder: Path) -> Any:
    """What the other program finds."""
    with h5py.File(folder / "m.h5") as file:
        return int(file["mine"][-1])


# --- files of arrays ------------------------------------------------------------------------------------------------


def put(name: str, make: Callable[[int], Any], model: Model, folder: Path, **options: Any) -> None:
    """Write a dict of arrays."""
    tf.save_file(make(BEFORE), folder / name, durable=False, **options)


def store(name: str, model: Model, folder: Path, **options: Any) -> None:
    """Write a dict of arrays in place of an earlier one."""
    tf.save_file(arrays_of(AFTER), folder / name, **options)


def prepare_damaged(model: Model, folder: Path) -> None:
    """A file of which one value is damaged."""
    tf.save_file(numbers_of(AFTER), folder / "damaged.h5", durable=False)
    content = bytearray((folder / "damaged.h5").read_bytes())
    content[content.rfind(np.full(3, AFTER, np.float32).tobytes())] ^= 1
    (folder / "damaged.h5").write_bytes(content)


def salvaged(folder: Path) -> Any:
    """The step of what was salvaged."""
    return found_in("out.h5", folder)


def command(*arguments: str) -> None:
    """Run a command as the shell does; its message is the error."""
    out, said = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(said), suppress(SystemExit):
        typer.main.get_command(app).main(list(arguments), "hdfsaver")
    if said.getvalue():
        raise CommandError(said.getvalue())


class CommandError(Exception):
    """A command has ended with an error message."""


def write_graph_of(step: int, folder: Path, name: str, **options: Any) -> None:
    """Write a graph with as many constants as the step says into a folder."""
    with marked(step).as_default() as graph:
        tf.io.write_graph(graph, folder, name, **options)


def write_made(name: str, model: Model, folder: Path, **options: Any) -> None:
    """Write a graph into a folder that is not there yet."""
    write_graph_of(AFTER, folder / "made", name, **options)


def marked(step: int) -> tf.Graph:
    """A graph that has a constant for each step."""
    graph = tf.Graph()
    with graph.as_default():
        for number in range(step):
            tf.constant(float(number), name=f"mark{number}")
    return graph


def export_of(step: int, path: Path) -> None:
    """Write a graph with its collections, without values."""
    with marked(step).as_default():
        tf.train.export_meta_graph(path)


def digraph_of(step: int, path: Path) -> None:
    """Write a digraph."""
    tf.write_digraph(nx.path_graph(step, nx.DiGraph), path)


def digraph_in(path: str, folder: Path) -> Any:
    """The step of a digraph."""
    return len(tf.read_digraph(folder / path)) if (folder / path).exists() else None


# --- conversions ----------------------------------------------------------------------------------------------------


def source_of(step: int, folder: Path, name: str = "source.h5", *, has_graph: bool = False) -> None:
    """Write the source of a conversion."""
    if not has_graph:
        tf.save_file(numbers_of(step), folder / name, durable=False)
        return
    graph = marked(step)
    with graph.as_default():
        for variable, array in numbers_of(step).items():
            tf.Variable(array, name=variable)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            tf.train.Saver().save(session, folder / name, write_state=False, durable=False)


def prepare_conversion(target: str | None, has_graph: bool, model: Model, folder: Path, **options: Any) -> None:
    """A source, and an earlier target that was made of an earlier source."""
    if target is not None:
        source_of(BEFORE, folder, has_graph=has_graph)
        tf.convert(folder / "source.h5", folder / target, durable=False, **options)
    source_of(AFTER, folder, has_graph=has_graph)


def convert_to(target: str, model: Model, folder: Path, **options: Any) -> None:
    """Convert the source."""
    tf.convert(folder / "source.h5", folder / target, **options)


def prepare_from(name: str, model: Model, folder: Path) -> None:
    """A source in another format, an earlier target, and a place for temporary folders."""
    (folder / "temporary").mkdir()
    tf.save_file(numbers_of(BEFORE), folder / "target.h5", durable=False)
    if name == "source.keras":
        with zipfile.ZipFile(folder / name, "w") as archive:
            content = io.BytesIO()
            with h5py.File(content, "w") as file:
                for variable, array in numbers_of(AFTER).items():
                    file[variable] = array
            archive.writestr("model.weights.h5", content.getvalue())
            archive.writestr("config.json", "{}")
            archive.writestr("metadata.json", "{}")
        return
    if name == "shards":
        (folder / name).mkdir()
        weights = {}
        for number, (variable, array) in enumerate(numbers_of(AFTER).items()):
            tf.save_file({variable: array}, folder / "shard.h5", durable=False)
            tf.convert(folder / "shard.h5", folder / name / f"model-{number}.safetensors", durable=False)
            weights[variable] = f"model-{number}.safetensors"
        (folder / "shard.h5").unlink()
        (folder / name / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weights}))
        return
    source_of(AFTER, folder)
    tf.convert(folder / "source.h5", folder / name, durable=False)
    (folder / "source.h5").unlink()


def convert_from(name: str, model: Model, folder: Path) -> None:
    """Convert a source of another format."""
    with temporary_in(folder):
        tf.convert(folder / name, folder / "target.h5")


@contextmanager
def temporary_in(folder: Path) -> Iterator[None]:
    """Let temporary folders be made in a folder, where their calls go wrong too."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder / "temporary")
    try:
        yield
    finally:
        tempfile.tempdir = before


def prepare_bundle(model: Model, folder: Path) -> None:
    """A TensorFlow checkpoint."""
    write_bundle(folder / "b", numbers_of(BEFORE), durable=False)


def write_shards(model: Model, folder: Path) -> None:
    """Write a TensorFlow checkpoint of several data files."""
    write_bundle(folder / "b", numbers_of(AFTER), shard_bytes=1 << 17)


# --- training -------------------------------------------------------------------------------------------------------


def train(model: Model, folder: Path, steps: int = 2) -> None:
    """Train to a step, with a checkpoint for each, from the latest one on."""
    with tf.Graph().as_default():
        step = tf.train.get_or_create_global_step()
        tf.Variable(tf.zeros(SHAPES["large"]), name="large")
        advance = tf.assign_add(step, 1)
        with tf.train.MonitoredTrainingSession(
            checkpoint_dir=str(folder), save_checkpoint_steps=1, save_checkpoint_secs=None, log_step_count_steps=None,
            save_summaries_steps=None, save_summaries_secs=None,
        ) as session:  # fmt: skip
            while session.run(step) < steps:
                session.run(advance)


def trained(folder: Path) -> Any:
    """The global step of the latest checkpoint."""
    prefix = tf.train.latest_checkpoint(folder)
    if prefix is None:
        return None
    with tf.open_file(prefix + ".h5") as file:
        file.verify()
        return int(file["global_step"])


def list_state(model: Model, folder: Path) -> None:
    """List two checkpoints, the older one as the latest."""
    tf.train.update_checkpoint_state(str(folder), str(folder / "m-1"), [str(folder / "m-2"), str(folder / "m-1")])


def remove(model: Model, folder: Path) -> None:
    """Remove a checkpoint that is not listed."""
    tf.train.remove_checkpoint(folder / "m-9")


def prepare_removal(model: Model, folder: Path) -> None:
    """Two checkpoints that are listed, and one that is not."""
    programs.prepare_rotation(model, folder)
    saver_of(model).save(model.session, folder / "m", global_step=9, write_state=False)


def is_there(name: str, folder: Path) -> bool:
    """Whether a file is there."""
    return (folder / name).exists()


# --- all of them ----------------------------------------------------------------------------------------------------


def nothing(model: Model, folder: Path) -> None:
    """An empty folder."""


def _programs() -> dict[str, Program]:
    rotation = programs.prepare_rotation
    found = {
        "save/first": Program(nothing, save, latest),
        "save/rotation": Program(rotation, save, latest),
        "save/not-durable": Program(rotation, partial(save, durable=False), latest),
        "save/compressed": Program(rotation, partial(save, compression="gzip"), latest),
        "save/replacement": Program(programs.prepare_replacement, save_again, replaced),
        "save/group": Program(programs.prepare_group, partial(save_again, group="teacher"), both_groups),
        "save/background": Program(rotation, save_at_once, latest),
        "save/scratch": Program(programs.prepare_replacement, save_scratch, replaced),
        "save/recovered": Program(rotation, save_recovered, latest),
        "save/arrays": Program(prepare_arrays, save_arrays, latest_arrays),
        "save/foreign": Program(prepare_foreign, save_again, foreign, always_fails=True),
        "state/update": Program(rotation, list_state, latest),
        "state/remove": Program(prepare_removal, remove, partial(is_there, "m-9.h5")),
        "file/new": Program(nothing, partial(store, "a.h5"), partial(found_in, "a.h5")),
        "file/replace": Program(partial(put, "a.h5", arrays_of), partial(store, "a.h5"), partial(found_in, "a.h5")),
        "file/compressed": Program(
            partial(put, "a.h5", arrays_of), partial(store, "a.h5", compression="gzip"), partial(found_in, "a.h5")
        ),
        "file/not-durable": Program(
            partial(put, "a.h5", arrays_of), partial(store, "a.h5", durable=False), partial(found_in, "a.h5")
        ),
        "reseal": Program(
            programs.prepare_resealing,
            lambda _, folder: tf.reseal(folder / "m.h5"),
            lambda folder: programs.is_resealed(folder / "m.h5"),
        ),
        "command/reseal": Program(
            programs.prepare_resealing,
            lambda _, folder: command("reseal", str(folder / "m.h5")),
            lambda folder: programs.is_resealed(folder / "m.h5"),
        ),
        "command/salvage": Program(
            prepare_damaged,
            lambda _, folder: command("salvage", str(folder / "damaged.h5"), str(folder / "out.h5")),
            salvaged,
            once=True,
        ),
        "graph/export": Program(
            lambda _, folder: export_of(BEFORE, folder / "g.h5"),
            lambda _, folder: export_of(AFTER, folder / "g.h5"),
            partial(graph_of, "g.h5"),
        ),
        "graph/onto-values": Program(
            partial(put, "g.h5", arrays_of),
            lambda _, folder: export_of(AFTER, folder / "g.h5"),
            partial(found_in, "g.h5"),
            always_fails=True,
        ),
        "graph/digraph": Program(
            lambda _, folder: digraph_of(BEFORE, folder / "g.h5"),
            lambda _, folder: digraph_of(AFTER, folder / "g.h5"),
            partial(digraph_in, "g.h5"),
        ),
        "bundle/shards": Program(prepare_bundle, write_shards, partial(found_in, "b"), exact=False),
        "monitored/first": Program(nothing, train, trained, between=(0, 1)),
        "monitored/again": Program(train, partial(train, steps=4), trained, between=(3,)),
    }
    for name, options in {"g.pbtxt": {}, "g.pb": {"as_text": False}, "g.h5": {"as_text": False}}.items():
        run = partial(write_made, name, **options)
        found[f"graph/write-{name}"] = Program(nothing, run, partial(graph_of, f"made/{name}"))
    for name in ("t.h5", "t.npz", "t.npy", "t.safetensors", "t.pt", "t.ckpt"):
        include = {"include": ["large"]} if name == "t.npy" else {}
        read = partial(found_in, name)
        run = partial(convert_to, name, **include)
        exact = name != "t.ckpt"
        found[f"convert/new-{name}"] = Program(partial(prepare_conversion, None, False), run, read, exact=exact)
        prepare = partial(prepare_conversion, name, False, **include)
        found[f"convert/old-{name}"] = Program(prepare, run, read, exact=exact)
    for name in ("t.meta", "t.pb", "t.pbtxt"):
        read, run = partial(graph_of, name), partial(convert_to, name)
        found[f"convert/new-{name}"] = Program(partial(prepare_conversion, None, True), run, read)
        found[f"convert/old-{name}"] = Program(partial(prepare_conversion, name, True), run, read)
    for name, earlier in {"convert/new-graph": None, "convert/old-graph": "t.ckpt"}.items():
        prepare = partial(prepare_conversion, earlier, True)
        found[name] = Program(prepare, partial(convert_to, "t.ckpt"), partial(both_of, "t.ckpt"), exact=False)
    for name in ("source.npz", "source.safetensors", "source.pt", "source.ckpt", "source.keras", "shards"):
        found[f"from/{name.removeprefix('source.')}"] = Program(
            partial(prepare_from, name), partial(convert_from, name), partial(found_in, "target.h5")
        )
    if importlib.util.find_spec("torch") is None:
        found = {name: program for name, program in found.items() if not name.endswith((".pt", "/pt"))}
    return found


PROGRAMS = _programs()
