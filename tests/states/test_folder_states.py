"""Two programs that save into one folder, in turns or at once, beside a model; now and then one of them crashes.

See `test_saver_states` for a longer run.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

import hdfsaver as tf
from tests.states.drawn import CHANGES, FAULTS, MAYBE_FAULTS, METRICS, OPTIONS, POINTS, SEEDS, STEPS, examples
from tests.states.faults import SPARING, Fault, Meeting, attempt
from tests.states.folder import Folder, descriptors
from tests.states.model import Job, family, file_name
from tests.states.programs import Clock, Program, SaverOf

MEETINGS = st.builds(
    lambda kind, point: Meeting(kind, *point),
    st.sampled_from(["meet", "meet", "refuse", "interrupt", "kill"]),
    # The first that is opened is the folder, to be locked, and there the other one may be faster.
    st.sampled_from([point for point in POINTS if point not in (("open", 0), ("flock", 0))]),
).filter(lambda meeting: (meeting.kind, meeting.operation) != ("refuse", "close"))


class FolderStates(RuleBasedStateMachine):
    """Two programs with a Saver each, of the same names or of others, with one state file."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.clock.start()
        self.folder = Folder(self.path, self.clock)
        self.programs: list[Program] = [Program(), Program()]
        self.keys = [0, 0]
        self.prefixes = [0, 0]
        self.count = 0

    def teardown(self) -> None:
        self.clock.stop()
        shutil.rmtree(self.path)

    def savers(self) -> dict[int, SaverOf]:
        return {key: program.savers[0] for key, program in zip(self.keys, self.programs, strict=True)}

    @initialize(first=OPTIONS, second=OPTIONS, sharing=st.sampled_from(["file", "name", "folder"]))
    def begin(self, first: dict[str, Any], second: dict[str, Any], sharing: str) -> None:
        """They save into one file under groups of their own; under one name; or under two."""
        self.prefixes = [0, int(sharing == "folder")]
        for which, options in enumerate((first, second)):
            group = ("teacher", "student")[which] if sharing == "file" else options["group"]
            self.start(which, {**options, "group": group, "pad_step_number": False})

    @rule(which=st.integers(0, 1), options=OPTIONS)
    def restart(self, which: int, options: dict[str, Any]) -> None:
        self.start(which, options)

    def start(self, which: int, options: dict[str, Any]) -> None:
        """Begin a program, in the place of the one before it."""
        program = self.programs[which] = Program()
        program.initialize()
        program.add_saver(**{**options, "latest": "checkpoint"})
        self.count += 1
        self.keys[which] = self.count
        self.folder.add_saver(self.count, {**options, "latest": "checkpoint"})

    def job(
        self, which: int, changes: list[Any], step: int | None, metric: float | None
    ) -> tuple[Job, Callable[[], Any]]:
        """What a program should do, and how."""
        program, prefix = self.programs[which], self.prefixes[which]
        of = program.savers[0]
        program.train(changes, self.clock)
        job = program.job(of, of.prefix(self.path, prefix, step), metric, True, True)
        assert job is not None
        path = of.path(self.path, prefix)
        return job, lambda: of.saver.save(program.session, path, step, metric=metric, durable=False)

    @rule(which=st.integers(0, 1), changes=CHANGES, step=STEPS, metric=METRICS, fault=MAYBE_FAULTS)
    def save(self, which: int, changes: list[Any], step: int | None, metric: float | None, fault: Fault | None) -> None:
        """One of them saves."""
        fault = None if fault is None else replace(fault)
        job, action = self.job(which, changes, step, metric)
        before = descriptors()
        raised = attempt([action], fault)
        assert before == descriptors()
        self.note(which, job, raised, fault)
        self.check([job], fault)

    @rule(which=st.integers(0, 1), step=STEPS, metric=METRICS, fault=FAULTS)
    def fail(self, which: int, step: int | None, metric: float | None, fault: Fault) -> None:
        """A save in which something goes wrong."""
        self.save(which, [1800], step, metric, fault)

    @rule(
        saves=st.lists(st.tuples(st.integers(0, 1), STEPS, METRICS, SEEDS), min_size=3, max_size=6), fault=MAYBE_FAULTS
    )
    def save_in_turns(self, saves: list[tuple[int, int | None, float | None, int]], fault: Fault | None) -> None:
        """Save again and again, so that old checkpoints go, and perhaps fail in the end."""
        for place, (which, step, metric, seed) in enumerate(saves, 1):
            self.save(which, [("a", seed), ("d", seed), 1800], step, metric, fault if place == len(saves) else None)

    @rule(
        which=st.integers(0, 1),
        changes=CHANGES,
        steps=st.tuples(STEPS, STEPS),
        metrics=st.tuples(METRICS, METRICS),
        meeting=MEETINGS,
    )
    def save_at_once(self, which: int, changes: list[Any], steps: Any, metrics: Any, meeting: Meeting) -> None:
        """One of them begins while the other one is saving, and waits until that has come to its end, or has died."""
        other, action = self.job(1 - which, changes, steps[1], metrics[1])
        meeting = replace(meeting, other=action)
        job, action = self.job(which, changes, steps[0], metrics[0])
        before = descriptors()
        raised = attempt([action], meeting)
        meeting.end()
        assert before == descriptors()
        self.note(which, job, raised, meeting)
        self.note(1 - which, other, [], None)
        self.check([job, other], meeting)

    def note(self, which: int, job: Job, raised: list[BaseException], fault: Fault | None) -> None:
        """Tell the model what was done."""
        is_fired = fault is not None and fault.fired
        assert is_fired or not raised, raised
        kind, operation = (fault.kind, fault.operation) if fault is not None and is_fired else ("", "")
        self.folder.saved(
            self.keys[which], [job], bool(raised), kind == "kill", kind == "refuse" and operation in SPARING
        )
        if kind == "kill":
            self.start(which, self.programs[which].savers[0].options)

    def check(self, jobs: list[Job], fault: Fault | None) -> None:
        self.folder.check(self.savers())
        self.folder.check_drafts({"checkpoint", *(family(file_name(job.prefix)) for job in jobs)}, fault)
        # Whoever of them has saved, and however the other one has ended: what is listed is there, and whole.
        state = self.folder.world.states.get("checkpoint")
        assert state is None or all(map(self.folder.world.has, state.paths))

    @rule(which=st.integers(0, 1))
    def restore(self, which: int) -> None:
        """Restore the newest, whoever has saved it, as far as it has what is wanted."""
        program = self.programs[which]
        of = program.savers[0]
        latest = tf.train.latest_checkpoint(self.path)
        models = {} if latest is None else self.folder.world.files[file_name(latest)]
        if of.group not in models:
            return
        report = of.saver.restore(program.session, latest, strict=False)
        found = models[of.group].values
        program.seeds.update({of.names()[name]: found[name].seed for name in report.restored})
        program.check_session()


TestFolderStates = FolderStates.TestCase
TestFolderStates.settings = examples(8, 12)
