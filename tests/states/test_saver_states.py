"""A Saver beside a model, step by step: whatever is done in whatever order, and whatever fails, both agree.

The run by default is short, and the same each time. ``HDFSAVER_STATES=500 pytest tests/states`` tries 500 other
sequences of each machine, twice as long.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import hdfsaver as tf
from tests.states.drawn import CHANGES, DRAFTS, FAULTS, MAYBE_FAULTS, METRICS, OPTIONS, SEEDS, SHAPES, STEPS, examples
from tests.states.faults import SPARING, Fault, StoppedError, attempt
from tests.states.folder import Folder, descriptors
from tests.states.model import Content, Job, Listed, Rotation, World, family, file_name
from tests.states.programs import Clock, Program, SaverOf


class SaverStates(RuleBasedStateMachine):
    """Programs, one after the other, with a few Savers each, in one folder."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.clock.start()
        self.folder = Folder(self.path, self.clock)
        self.count = 0
        self.start()

    def start(self, is_initialized: bool = True) -> None:
        """Begin a program, which knows nothing of the one before it."""
        self.program = Program()
        if is_initialized:
            self.program.initialize()
        self.keys: list[int] = []
        self.pending: list[Job] = []
        self.pending_key = -1
        self.gate = threading.Event()

    def teardown(self) -> None:
        try:
            self.settle(None)
        finally:
            self.clock.stop()
            shutil.rmtree(self.path)

    def savers(self) -> dict[int, SaverOf]:
        return dict(zip(self.keys, self.program.savers, strict=True))

    # -- what a program does without its folder ---------------------------------------------------------------------

    @rule(changes=CHANGES)
    def train(self, changes: list[Any]) -> None:
        self.program.train(changes, self.clock)

    @precondition(lambda self: len(self.keys) < 3)
    @rule(options=OPTIONS)
    def make_saver(self, options: dict[str, Any]) -> None:
        self.settle(None)
        self.program.add_saver(**options)
        self.count += 1
        self.keys.append(self.count)
        self.folder.add_saver(self.count, options)

    # -- saving -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.keys)
    @rule(
        which=st.integers(0, 2),
        prefix=st.integers(0, 1),
        step=STEPS,
        metric=METRICS,
        has_graph=st.booleans(),
        has_state=st.sampled_from([True, True, True, False]),
        durable=st.booleans(),
        fault=st.one_of(MAYBE_FAULTS, MAYBE_FAULTS, st.just(Fault("stop", "", 0))),
        changes=CHANGES,
    )
    def save(
        self,
        changes: list[Any],
        which: int,
        prefix: int,
        step: int | None,
        metric: float | None,
        has_graph: bool,
        has_state: bool,
        durable: bool,
        fault: Fault | None,
    ) -> None:
        self.program.train(changes, self.clock)
        fault = None if fault is None else replace(fault)
        key = self.keys[which % len(self.keys)]
        of = self.savers()[key]
        if fault is not None or key != self.pending_key:
            self.settle(None)
        job = self.program.job(of, of.prefix(self.path, prefix, step), metric, has_graph, has_state)
        options: dict[str, Any] = {"write_meta_graph": has_graph, "write_state": has_state, "metric": metric}

        def stop(done: int, total: int) -> None:
            assert fault is not None
            fault.fired = True
            raise StoppedError

        if fault is not None and fault.kind == "stop":
            options["progress"] = stop
        save_path = of.path(self.path, prefix)
        self.run(
            key,
            [] if job is None else [job],
            lambda: of.saver.save(self.program.session, save_path, step, of.latest, durable=durable, **options),
            fault,
        )

    @precondition(lambda self: self.keys)
    @rule(which=st.integers(0, 2), step=STEPS, again=STEPS, metric=METRICS, fault=FAULTS)
    def fail(self, which: int, step: int | None, again: int | None, metric: float | None, fault: Fault) -> None:
        """A save in which something goes wrong, while it has something to remove perhaps, and the next one."""
        self.save([1800], which, 0, step, metric, has_graph=True, has_state=True, durable=True, fault=fault)
        self.save([("n", 5)], which, 0, again, metric, has_graph=True, has_state=True, durable=False, fault=None)

    @precondition(lambda self: self.keys)
    @rule(
        which=st.integers(0, 2),
        saves=st.lists(st.tuples(STEPS, METRICS, SEEDS), min_size=4, max_size=6),
        fault=MAYBE_FAULTS,
    )
    def save_several(self, which: int, saves: list[tuple[int | None, float | None, int]], fault: Fault | None) -> None:
        """Save again and again, so that old checkpoints go, and perhaps fail in the end."""
        for place, (step, metric, seed) in enumerate(saves, 1):
            changes = [("a", seed), ("n", seed), ("d", seed), 1800]
            last = fault if place == len(saves) else None
            self.save(changes, which, 0, step, metric, has_graph=seed > 5, has_state=True, durable=False, fault=last)

    @precondition(lambda self: self.keys)
    @rule(which=st.integers(0, 2), prefix=st.integers(0, 1), step=STEPS, metric=METRICS, has_graph=st.booleans())
    def save_in_background(
        self, which: int, prefix: int, step: int | None, metric: float | None, has_graph: bool
    ) -> None:
        key = self.keys[which % len(self.keys)]
        of = self.savers()[key]
        if key != self.pending_key:
            self.settle(None)
        job = self.program.job(of, of.prefix(self.path, prefix, step), metric, has_graph, True)
        if job is None:
            return
        if not self.pending:
            self.gate, self.reached, self.open_files = threading.Event(), threading.Event(), descriptors()
        gate, reached = self.gate, self.reached

        def wait(done: int, total: int) -> None:
            reached.set()
            assert gate.wait(60)

        save_path = of.path(self.path, prefix)
        saved = of.saver.save(
            self.program.session,
            save_path,
            step,
            of.latest,
            metric=metric,
            write_meta_graph=has_graph,
            wait=False,
            progress=wait,
        )
        assert job.prefix == saved
        assert reached.wait(60)
        self.pending.append(job)
        self.pending_key = key

    @precondition(lambda self: self.pending)
    @rule(fault=MAYBE_FAULTS)
    def end_in_background(self, fault: Fault | None) -> None:
        self.settle(fault)

    def settle(self, fault: Fault | None) -> None:
        """Wait for what goes on in the background."""
        if self.pending:
            of = self.savers()[self.pending_key]
            self.run(self.pending_key, [], of.saver.wait, None if fault is None else replace(fault))

    def run(self, key: int, jobs: list[Job], action: Callable[[], Any], fault: Fault | None) -> None:
        """Save, and compare what the folder is then; without jobs the action should fail, unless others are pending."""
        of = self.savers()[key]
        before = self.open_files if self.pending else descriptors()
        jobs, expects_error = [*self.pending, *jobs], not jobs and not self.pending
        self.pending, self.pending_key = [], -1
        raised = attempt([self.gate.set, action, *[of.saver.wait] * (len(jobs) + 1)], fault)
        # What is mapped into memory has a descriptor as long as it lives.
        assert descriptors() <= before or action.__name__ == "restore_mapped"
        if expects_error:
            assert isinstance(raised[0], tf.errors.FailedPreconditionError | StoppedError)
            return
        is_fired = fault is not None and fault.fired
        assert is_fired or not raised, raised
        is_dead = is_fired and fault is not None and fault.kind == "kill"
        spares = is_fired and fault is not None and fault.kind == "refuse" and fault.operation in SPARING
        self.folder.saved(key, jobs, bool(raised), is_dead, spares)
        if is_dead:  # and started again, as it was
            options = of.options
            self.start()
            self.make_saver(options)
        self.folder.check(self.savers())
        states = {of.latest for job in jobs if job.writes_state}
        self.folder.check_drafts({family(file_name(job.prefix)) for job in jobs} | states, fault)
        if not raised and states:
            world = self.folder.world
            assert all(world.has(path) for path in world.states[of.latest].paths)

    # -- restoring --------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.keys)
    @rule(which=st.integers(0, 2), file=st.integers(0, 9), strict=st.booleans(), mmap_mode=st.sampled_from([None, "c"]))
    def restore(self, which: int, file: int, strict: bool, mmap_mode: str | None) -> None:
        key = self.keys[which % len(self.keys)]
        of = self.savers()[key]
        if key != self.pending_key:
            self.settle(None)
        files = sorted({*self.folder.world.files, *(file_name(job.prefix) for job in self.pending)})
        name = files[file] if file < len(files) else "gone-1.h5"
        report: Any = None
        caught: list[Exception] = []

        def restore_mapped() -> None:
            nonlocal report
            try:
                report = of.saver.restore(self.program.session, self.path / name, strict=strict, mmap_mode=mmap_mode)
            except (ValueError, tf.errors.NotFoundError, tf.errors.InvalidArgumentError) as error:
                caught.append(error)

        if self.pending:
            self.run(key, [], restore_mapped, None)
        else:
            restore_mapped()
        models = self.folder.world.files.get(name)
        if models is None:
            assert isinstance(caught[0], ValueError)
            return
        self.check_restored(of, models.get(of.group), strict, report, caught)

    def check_restored(
        self, of: SaverOf, content: Content | None, strict: bool, report: Any, caught: list[Exception]
    ) -> None:
        wanted = of.names()
        present = {} if content is None else {name: content.values[name] for name in wanted if name in content.values}
        fitting = {name: value for name, value in present.items() if value[:2] == SHAPES[wanted[name]]}
        if strict and len(present) < len(wanted):
            assert isinstance(caught[0], tf.errors.NotFoundError)
        elif strict and len(fitting) < len(wanted):
            assert isinstance(caught[0], tf.errors.InvalidArgumentError)
        elif content is None and of.group:
            assert isinstance(caught[0], tf.errors.NotFoundError)
        else:
            assert not caught
            assert set(fitting) == set(report.restored)
            assert set(wanted) - set(present) == set(report.missing)
            assert set(present) - set(fitting) == set(report.mismatched)
            self.program.seeds.update({wanted[name]: value.seed for name, value in fitting.items()})
        self.program.check_session()

    # -- what else happens to a folder ------------------------------------------------------------------------------

    @initialize(options=OPTIONS)
    def begin(self, options: dict[str, Any]) -> None:
        self.make_saver(options)

    @rule(options=OPTIONS, is_initialized=st.sampled_from([True, True, True, False]))
    def restart(self, options: dict[str, Any], is_initialized: bool) -> None:
        """End the program and begin another."""
        self.settle(None)
        self.start(is_initialized)
        self.make_saver(options)

    @precondition(lambda self: self.keys)
    @rule(which=st.integers(0, 2))
    def recover(self, which: int) -> None:
        """Take up the checkpoints that the state file lists."""
        self.settle(None)
        key = self.keys[which % len(self.keys)]
        of = self.savers()[key]
        state = self.folder.world.states.get(of.latest)
        paths = () if state is None else state.paths
        of.saver.recover_last_checkpoints(list(paths))

        def recovered(world: World, rotations: dict[int, Rotation]) -> Any:
            kept = tuple(Listed(path, world.times[file_name(path)], None) for path in paths if world.has(path))
            return [(world, {**rotations, key: replace(rotations[key], kept=kept, is_to_resume=False)})]

        self.folder.update(recovered)
        self.folder.check(self.savers())

    @rule(file=st.integers(0, 9), draft=DRAFTS)
    def meddle(self, file: int, draft: str) -> None:
        """Remove a checkpoint; or leave the draft of a program that was killed."""
        self.settle(None)
        files = sorted(self.folder.world.files)
        if file < len(files):
            tf.train.remove_checkpoint(self.path / files[file].removesuffix(".h5"))
            self.folder.update(lambda world, rotations: [(world.without(files[file]), rotations)])
            self.folder.check(self.savers())
        else:
            (self.path / draft).touch()
            self.folder.drafts.add(draft)


TestSaverStates = SaverStates.TestCase
TestSaverStates.settings = examples(20, 16)
