"""Does a test fail when a promise is broken? ``python -m tests.mutants [--check] [NAME ...]``.

Each row of `MUTANTS` changes one line of the package, in a temporary copy, so that it no longer keeps what it promises.
The related tests run on the copy. A change that they all pass under is a *survivor*: nothing would notice it. Before
that, the same tests run on a copy without any change, since a test that fails anyway shows nothing.

With names, only those rows run; a name that ends in ``*`` stands for all that begin like it. ``--check`` only looks
whether every row's old text is in its file, once, and says where it went if it is in another file now. The result is 0
where every change was noticed, 1 where one survived, 2 where a row does not fit the package or the tests.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

COPIED = ("hdfsaver", "tests", "docs", "examples", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "tox.ini")
"""What the tests look at."""

WORKERS = 2

SECONDS = 300
"""After so long a run counts as one that does not end, which is a way to notice a change, too."""

FAILED = 1
"""What pytest returns where tests have run and some have failed."""


class Mutant(NamedTuple):
    """A change that breaks a promise.

    Attributes
    ----------
    name : str
        What it is called on the command line.
    file : str
        The file, below ``hdfsaver/``.
    old, new : str
        Part of a line, which must be there once in the file, and what takes its place.
    tests : str
        What is run, below ``tests/``, as pytest takes it; several are separated by spaces.
    promise : str
        What no longer holds.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str
    promise: str


MUTANTS = [
    Mutant(*row)
    for row in [
        # --- what once survived ----------------------------------------------------------------------------------
        (
            "threads-stop-on-an-error",
            "storage/transfer.py",
            "        halt.set()",
            "        pass",
            "reliability/test_limits.py::test_an_error_in_one_thread_stops_the_others",
            "When one thread cannot write, the others stop behind their present piece.",
        ),
        (
            "threads-look-whether-to-stop",
            "storage/transfer.py",
            "        if halt.is_set():",
            "        if False:",
            "reliability/test_limits.py::test_ctrl_c_while_threads_write",
            "Ctrl-C stops threads that write behind their present piece.",
        ),
        (
            "shape-of-a-derivative",
            "training/gradients.py",
            "                _check_shape(operation, tensor, grad)",
            "                pass",
            "training/test_gradients.py",
            "A derivative of another shape than what it is taken by is refused.",
        ),
        (
            "derivatives-through-integers",
            "training/gradients.py",
            " for position, (dtype, _) in enumerate(outputs) if _is_smooth(dtype))",
            " for position, (dtype, _) in enumerate(outputs))",
            "training/test_gradients.py",
            "No operation is made for derivatives behind a tensor of integers.",
        ),
        (
            "narrow-running-sums",
            "ops/scans.py",
            "np.float32 if name in NARROW else dtypes.numpy_dtype(name)",
            "dtypes.numpy_dtype(name)",
            "ops/test_dtypes.py",
            "Running sums of float16 and bfloat16 are rounded once, not at each step.",
        ),
        (
            "salvage-two-rows-of-one-name",
            "storage/salvage.py",
            "if label in result.values or (entry is None and seen[label] > 1):",
            "if label in result.values:",
            "storage/test_salvage.py",
            "A row that is lost does not bear the name of another row that is whole.",
        ),
        (
            "a-feed-cuts-a-cycle",
            "session/plan.py",
            "order = in_order(self.digraph, needed, place, self.known)",
            "order = in_order(self.digraph, needed, place)",
            "session/test_plan.py",
            "Operations that need each other run where a feed comes between them.",
        ),
        (
            "the-first-unknown-operation",
            "session/plan.py",
            "key=place.__getitem__, reverse=True)",
            "key=place.__getitem__)",
            "session/test_plan.py",
            "Of several operations of a type that is not known, the first is named.",
        ),
        (
            "kept-for-good-at-the-time-itself",
            "checkpoint/retention.py",
            "        if entry.time > next_preserved:",
            "        if entry.time >= next_preserved:",
            "checkpoint/test_retention.py",
            "keep_checkpoint_every_n_hours keeps what was saved later than the time, as TensorFlow does.",
        ),
        (
            "one-saver-in-several-threads",
            "checkpoint/saver.py",
            "        with self._lock:",
            "        if True:",
            "reliability/test_concurrency.py::test_one_saver_in_several_threads",
            "One Saver may be used by several threads, every file being whole.",
        ),
    ]
]


def main(arguments: Sequence[str]) -> int:
    """Run the rows that are named, or all."""
    names = [argument for argument in arguments if argument != "--check"]
    rows = [row for row in MUTANTS if not names or any(fnmatchcase(row.name, name) for name in names)]
    if not rows:
        print(f"No row is called {' or '.join(names)}.")
        return 2
    wrong = [problem for row in rows for problem in problems(row)]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if wrong or "--check" in arguments:
        print(f"{len(wrong)} of {len(rows)} rows do not fit the package.")
        return 2 if wrong else 0
    if not pass_without_change(rows):
        return 2
    with ThreadPoolExecutor(WORKERS) as pool:
        verdicts = dict(zip(rows, pool.map(judge, rows), strict=True))
    survivors = [row for row, verdict in verdicts.items() if verdict == "survives"]
    invalid = [row for row, verdict in verdicts.items() if verdict == "is no test"]
    for row in survivors:
        print(f"\nsurvives: {row.name} ({row.file})\n  - {row.old}\n  + {row.new}\n  {row.promise}\n  ran {row.tests}")
    print(f"\n{len(survivors)} of {len(rows)} changes survive.")
    return 2 if invalid else int(bool(survivors))


def problems(row: Mutant) -> Iterator[str]:
    """Why a row cannot be used."""
    path = ROOT / "hdfsaver" / row.file
    count = path.read_text(encoding="utf-8").count(row.old) if path.is_file() else 0
    if count != 1:
        found = [other for other in sorted((ROOT / "hdfsaver").rglob("*.py")) if row.old in other.read_text("utf-8")]
        places = ", ".join(str(other.relative_to(ROOT / "hdfsaver")) for other in found) or "no file"
        yield f"{row.name}: {row.old.strip()!r} is {count} times in {row.file}; it is in {places}."
    for test in row.tests.split():
        if not (ROOT / "tests" / test.partition("::")[0]).exists():
            yield f"{row.name}: there is no tests/{test.partition('::')[0]}."


def pass_without_change(rows: Sequence[Mutant]) -> bool:
    """Whether the tests of all rows pass on a copy that nothing was changed in."""
    tests = sorted({test for row in rows for test in row.tests.split()})
    whole = {test for test in tests if "::" not in test}
    with copied() as copy:
        code, said = run(copy, [test for test in tests if test in whole or test.partition("::")[0] not in whole], 3600)
    if code:
        print(said, "\nThe tests do not pass without any change: nothing can be said.")
    return code == 0


def judge(row: Mutant) -> str:
    """What the tests say of one change; a line is printed about it."""
    began = time.monotonic()
    with copied() as copy:
        path = copy / "hdfsaver" / row.file
        path.write_text(path.read_text(encoding="utf-8").replace(row.old, row.new), encoding="utf-8")
        code, said = run(copy, row.tests.split(), SECONDS)
    verdict = {0: "survives", FAILED: "is noticed", None: "is noticed (without an end)"}.get(code, "is no test")
    print(f"{row.name} {verdict}, {time.monotonic() - began:.0f} s", flush=True)
    if verdict == "is no test":
        print(said)
    return verdict


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the project, in a folder that is removed in the end."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        for part in COPIED:
            source, target = ROOT / part, Path(name, part)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, target)
        yield Path(name)


def run(copy: Path, tests: Sequence[str], seconds: float) -> tuple[int | None, str]:
    """What pytest returns and says about tests of a copy; None where it does not end in time."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header"]
    command += [f"tests/{test}" for test in tests]
    # With CI set, the random examples are the same in every run.
    environment = {**os.environ, "PYTHONPATH": os.fspath(copy), "CI": "1"}
    process = subprocess.Popen(
        command,
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with whatever the tests have started
        process.communicate()
        return None, ""
    return process.returncode, said


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
