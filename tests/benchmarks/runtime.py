"""Runs of graphs in the time of TensorFlow's: ``python tests/benchmarks/runtime.py [--oracle PYTHON] [--model PB]``.

With ``--oracle`` the same programs run in a Python that has TensorFlow, and each line has the ratio. ``--model`` is a
frozen MobileNet v1 with an input of 224 x 224 pixels, such as ``retrained_graph.pb`` of the package nudity. Times are
those of the processor, in microseconds, the median of several rounds, and both sides have one thread. The last lines
compare the most memory that a run has asked for with its largest set of values that are needed at once.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

SIDES = ("hdfsaver", "tensorflow")
ROUNDS = 9
BEFORE = 40
"""Runs before the first that counts: a run that is repeated becomes Python code."""

ENGINES = {
    "ONNX Runtime": ("onnxruntime", ("forward", "LSTM, 100 steps", "MobileNet v1")),
    "Numba": ("numba", ("as a formula", "ApplyAdam", "forward", "Adam step", "MobileNet v1")),
}
"""The names of other engines, and the ends of the names of programs that are measured with them as well."""

ELEMENTS = 65_536
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def microseconds(run: Callable[[], object], times: int) -> float:
    """The processor's time for a call."""
    for _ in range(BEFORE):
        run()
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(times):
            run()
        found.append((time.process_time() - start) / times)
    return statistics.median(found) * 1e6


class Programs:
    """The programs that are measured; each builds a graph and gives its fetches and feeds.

    Parameters
    ----------
    tf : module
        That of the side.
    model : str, optional
        The path of a frozen MobileNet.
    """

    def __init__(self, tf: Any, model: str | None) -> None:
        import numpy as np

        self.tf, self.np, self.model = tf, np, model
        self.random = np.random.RandomState(0)

    def array(self, *shape: int) -> Any:
        """Some numbers from 0 to 1."""
        return self.random.rand(*shape).astype("f")

    def chain(self, length: int) -> tuple[Any, dict[Any, Any]]:
        """Small operations one after the other."""
        x = self.tf.placeholder(self.tf.float32, [4])
        y = x
        for number in range(length):
            y = y + 1.0 if number % 2 else y * 0.5
        return y, {x: self.array(4)}

    def adam_formula(self) -> tuple[Any, dict[Any, Any]]:
        """A step of Adam as a program writes it."""
        tf = self.tf
        w, m, v = (tf.Variable(self.array(ELEMENTS)) for _ in range(3))
        g = tf.placeholder(tf.float32, [ELEMENTS])
        mean = tf.assign(m, m * 0.9 + g * 0.1)
        square = tf.assign(v, v * 0.999 + tf.square(g) * 0.001)
        return tf.assign_sub(w, 0.001 * mean / (tf.sqrt(square) + 1e-8)).op, {g: self.array(ELEMENTS)}

    def adam_by_hand(self) -> Callable[[], None]:
        """The formula in NumPy, all of it in place: what no run can be faster than."""
        np = self.np
        w, m, v, g = (self.array(ELEMENTS) for _ in range(4))
        a, b = np.empty_like(w), np.empty_like(w)
        numbers = (np.array(number, "f") for number in (0.9, 0.1, 0.999, 0.001, 1e-8))
        decay, rest, slow_decay, small, epsilon = numbers

        def step() -> None:
            np.add(np.multiply(m, decay, out=m), np.multiply(g, rest, out=a), out=m)
            np.add(np.multiply(v, slow_decay, out=v), np.multiply(np.square(g, out=a), small, out=a), out=v)
            np.add(np.sqrt(v, out=b), epsilon, out=b)
            np.subtract(w, np.divide(np.multiply(m, small, out=a), b, out=a), out=w)

        return step

    def branch(self) -> tuple[Any, dict[Any, Any]]:
        """One of two branches with small operations, and constants to work out."""
        tf = self.tf
        x, chosen = tf.placeholder(tf.float32, [4]), tf.placeholder(tf.bool, [])

        def chain(factor: float) -> Any:
            y = x
            for _ in range(20):
                y = tf.identity(y * tf.sqrt(tf.constant(factor)))
            return y

        return tf.cond(chosen, lambda: chain(1.5), lambda: chain(0.5)), {x: self.array(4), chosen: True}

    def adam(self) -> tuple[Any, dict[Any, Any]]:
        """The same as one operation."""
        tf = self.tf
        g = tf.placeholder(tf.float32, [ELEMENTS])
        w = tf.Variable(self.array(ELEMENTS))
        return tf.train.AdamOptimizer().apply_gradients([(g, w)]), {g: self.array(ELEMENTS)}

    def network(self, trained: bool) -> tuple[Any, dict[Any, Any]]:
        """Four layers of 256 units, with 64 examples."""
        tf = self.tf
        x, y = tf.placeholder(tf.float32, [None, 256]), tf.placeholder(tf.int32, [None])
        h = x
        for number in range(4):
            w = tf.get_variable(f"w{number}", [256, 256])
            h = tf.nn.relu(tf.matmul(h, w) + tf.get_variable(f"b{number}", initializer=self.np.zeros(256, "f")))
        if not trained:
            return h, {x: self.array(64, 256)}
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=h))
        labels = self.random.randint(0, 256, 64).astype("i")
        return tf.train.AdamOptimizer().minimize(loss), {x: self.array(64, 256), y: labels}

    def lstm(self) -> tuple[Any, dict[Any, Any]]:
        """A cell of 128 units over 100 steps of 32 sequences, with all its outputs."""
        tf = self.tf
        x = tf.placeholder(tf.float32, [32, 100, 64])
        kernel = tf.get_variable("kernel", [192, 512])
        bias = tf.get_variable("bias", initializer=self.np.zeros(512, "f"))
        inputs = tf.TensorArray(tf.float32, 100).unstack(tf.transpose(x, [1, 0, 2]))

        def step(i: Any, outputs: Any, c: Any, h: Any) -> tuple[Any, Any, Any, Any]:
            gates = tf.nn.bias_add(tf.matmul(tf.concat([inputs.read(i), h], 1), kernel), bias)
            taken, new, kept, out = tf.split(gates, 4, 1)
            c = c * tf.sigmoid(kept + 1.0) + tf.sigmoid(taken) * tf.tanh(new)
            h = tf.tanh(c) * tf.sigmoid(out)
            return i + 1, outputs.write(i, h), c, h

        start = (0, tf.TensorArray(tf.float32, 100), tf.zeros([32, 128]), tf.zeros([32, 128]))
        outputs = tf.while_loop(lambda i, *_: i < 100, step, start)[1]
        return outputs.stack(), {x: self.array(32, 100, 64)}

    def mobilenet(self) -> tuple[Any, dict[Any, Any]]:
        """The classes of an image."""
        definition = self.tf.GraphDef()
        definition.ParseFromString(Path(str(self.model)).read_bytes())
        self.tf.import_graph_def(definition, name="")
        graph = self.tf.get_default_graph()
        image = graph.get_tensor_by_name("input:0")
        return graph.get_tensor_by_name("final_result:0"), {image: self.array(1, 224, 224, 3) * 2 - 1}

    def run(
        self,
        build: Callable[[], tuple[Any, dict[Any, Any]]],
        measure: Callable[..., Any],
        times: int = 1,
        **engine: str,
    ) -> Any:
        """Build a program in a graph of its own, and measure its repeated run; ``engine`` is for hdfsaver alone."""
        tf = self.tf
        with tf.Graph().as_default():
            fetches, feeds = build()
            config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
            with tf.Session(config=config, **engine) as session:
                session.run(tf.global_variables_initializer())
                call = session.make_callable(fetches, list(feeds))
                values = list(feeds.values())
                return measure(lambda: call(*values), times)


def times(tf: Any, model: str | None) -> dict[str, float]:
    """The times of a side."""
    programs = Programs(tf, model)
    smallest = programs.run(lambda: programs.chain(1), microseconds, 2000)
    longer = programs.run(lambda: programs.chain(201), microseconds, 200)
    found = {"smallest run": smallest, "each further small operation": (longer - smallest) / 200}
    rows: dict[str, tuple[Callable[[], tuple[Any, dict[Any, Any]]], int]] = {
        "Adam, 65,536 floats, as a formula": (programs.adam_formula, 100),
        "Adam, 65,536 floats, ApplyAdam": (programs.adam, 100),
        "one of two branches, 20 operations": (programs.branch, 200),
        "4 x 256 network, forward": (lambda: programs.network(False), 50),
        "4 x 256 network, Adam step": (lambda: programs.network(True), 20),
        "LSTM, 100 steps": (programs.lstm, 3),
    }
    if model is not None:
        rows["MobileNet v1"] = (programs.mobilenet, 3)
    found["Adam, 65,536 floats, NumPy by hand"] = microseconds(programs.adam_by_hand(), 100)
    found |= {name: programs.run(build, microseconds, count) for name, (build, count) in rows.items()}
    for title, (engine, ends) in ENGINES.items():
        found |= by_engine(programs, {name: rows[name] for name in rows if name.endswith(ends)}, title, engine)
    return found


def by_engine(programs: Programs, rows: dict[str, Any], title: str, engine: str) -> dict[str, float]:
    """The times of a session with an engine, if it is installed; on the side of TensorFlow of a usual one."""
    is_ours = hasattr(programs.tf, "graph_io")
    if is_ours and find_spec(engine) is None:
        return {}
    given = {"engine": engine} if is_ours else {}
    return {
        f"{name} ({title})": programs.run(build, microseconds, count, **given) for name, (build, count) in rows.items()
    }


def memory(tf: Any, model: str | None) -> dict[str, tuple[float, float]]:
    """For some programs the most bytes that a repeated run has asked for, and its largest set of live values."""
    programs = Programs(tf, model)
    rows: dict[str, Callable[[], tuple[Any, dict[Any, Any]]]] = {
        "4 x 256 network, forward": lambda: programs.network(False),
        "4 x 256 network, Adam step": lambda: programs.network(True),
        "Adam as a formula": programs.adam_formula,
    }
    if model is not None:
        rows["MobileNet v1"] = programs.mobilenet
    return {name: (programs.run(build, _asked_for), programs.run(build, _live)) for name, build in rows.items()}


def _asked_for(run: Callable[[], object], _: int) -> float:
    for _ in range(BEFORE):
        run()
    tracemalloc.start()
    run()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - before


def _live(run: Callable[[], object], _: int) -> float:
    """The bytes of the inputs, results and waiting values of the operation with most of them.

    What a run begins with (constants, variables, what is fed) does not count, but new values of variables do.
    """
    import numpy as np

    from hdfsaver.session import calls, generated_code

    largest = 0

    def owners(values: list[Any]) -> dict[int, int]:
        found = {}
        for value in values:
            owner = value
            while isinstance(getattr(owner, "base", None), np.ndarray):
                owner = owner.base
            if isinstance(owner, np.ndarray):
                found[id(owner)] = owner.nbytes
        return found

    def each(some: Any, values: list[Any]) -> None:
        nonlocal largest
        states = [c.function.args[0] for c in some if hasattr(c.function, "args") and c.function.args]
        states += [c.function for c in some if isinstance(c.function, calls.VariableRead)]
        kept = [value for state in states[:1] for value in state.variables.values()]  # alive until the run ends
        first = owners([*values, *kept])
        for call in some:
            keys = [values[slot] for slot in call.inputs]
            results = call.function(*keys)
            given = list(results) if isinstance(call.output, tuple) else [results]
            for slot, value in zip(
                call.output if isinstance(call.output, tuple) else [call.output], given, strict=True
            ):
                values[slot] = value
            new = [state.variables[key] for state in states[:1] for key in keys if isinstance(key, str)]
            now = owners([*values, *given, *new])
            largest = max(largest, sum(size for key, size in now.items() if key not in first))
            for slot in call.frees:
                values[slot] = None

    with mock.patch.object(generated_code, "run_calls", each):
        run()
    return largest


def measured(python: str, side: str, model: str | None) -> dict[str, Any]:
    """What a side finds in a process of its own."""
    command = [python, __file__, "--side", side, *(["--model", model] if model is not None else [])]
    environment = {**os.environ, **ONE_THREAD, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def module_of(side: str) -> Any:
    """TensorFlow's functions as a side has them."""
    if side == "hdfsaver":
        sys.path.insert(0, str(Path(__file__).parents[2]))
        import hdfsaver

        return hdfsaver
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.disable_resource_variables()
    return tf


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--oracle", help="a Python with TensorFlow")
    parser.add_argument("--model", help="the frozen graph of a MobileNet v1")
    parser.add_argument("--side", choices=SIDES, help="measure one side, and print its numbers as JSON")
    options = parser.parse_args()
    if options.side is not None:
        tf = module_of(options.side)
        found: dict[str, Any] = {"times": times(tf, options.model)}
        if options.side == "hdfsaver":
            found["memory"] = memory(tf, options.model)
        sys.stdout.write("\n" + json.dumps(found) + "\n")
        return
    ours = measured(sys.executable, "hdfsaver", options.model)
    theirs = measured(options.oracle, "tensorflow", options.model)["times"] if options.oracle else {}
    sys.stdout.write(f"{'microseconds':44}{'hdfsaver':>11}{'TensorFlow':>12}{'ratio':>8}\n")
    for name, mine in ours["times"].items():
        other = f"{theirs[name]:12.2f}{mine / theirs[name]:8.2f}" if name in theirs else ""
        sys.stdout.write(f"{name:44}{mine:11.2f}{other}\n")
    sys.stdout.write(f"\n{'KiB of a repeated run':36}{'asked for':>11}{'live':>12}{'ratio':>8}\n")
    for name, (asked, live) in ours["memory"].items():
        sys.stdout.write(f"{name:36}{asked / 1024:11.0f}{live / 1024:12.0f}{asked / live:8.2f}\n")


if __name__ == "__main__":
    main()
