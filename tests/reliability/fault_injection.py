"""Let every system call of everything that writes go wrong, and look at what is left.

``python -m tests.reliability.fault_injection [WORDS] [--trials N] [--seed S] [--verbose]``

A *trial* is ``PROGRAM:CALL:ACTION``: a program of `tests.reliability.writing_programs` runs, and its call number CALL
on the files of its folder fails with an error number, comes short, is interrupted, or kills the process. `faults.c`
does this below Python. Then another process looks at the folder, and runs the program again without faults. WORDS
choose programs by the beginnings of their names, or are trials to repeat; of the trials that they choose, N are drawn
(default 1,000; 0 for all). The table has a row for each program; each failure is shown with the trial that repeats it.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import gc
import hashlib
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
SHIM = Path(__file__).with_name("faults.c")

NOTHING, FAIL, LATE, SHORT, INTERRUPT, INTERRUPT_LATE, KILL, KILL_LATE, KILL_HALF = range(9)
"""The actions of `faults.c`."""


class Action(NamedTuple):
    """What happens to a call: an action of `faults.c`, an error number, and whether later changes fail as well."""

    what: int
    number: int = 0
    lasts: bool = False


def _failing(name: str) -> dict[str, Action]:
    number = getattr(errno, name)
    late, lasts = Action(LATE, number), Action(FAIL, number, lasts=True)
    return {name: Action(FAIL, number), f"{name}-late": late, f"{name}-lasts": lasts}


NUMBERS = ("EIO", "ENOSPC", "EDQUOT", "EACCES", "ESTALE", "EINTR")

ACTIONS = {
    **{key: action for name in NUMBERS for key, action in _failing(name).items()},
    "short": Action(SHORT),
    "ctrl-c": Action(INTERRUPT),
    "ctrl-c-late": Action(INTERRUPT_LATE),
    "kill": Action(KILL),
    "kill-late": Action(KILL_LATE),
    "kill-half": Action(KILL_HALF),
}  # fmt: skip
"""``late``: the call has done its work, or half of it, when it fails, as on a network that loses the answer."""

_ALWAYS = ("EIO", "ESTALE", "ctrl-c", "ctrl-c-late", "kill")
_CHANGE = (*_ALWAYS, "EIO-lasts", "EIO-late", "EACCES", "kill-late")
_FULL = ("ENOSPC", "ENOSPC-lasts", "EDQUOT")
_STORE = (*_FULL, "EIO", "EIO-late", "EIO-lasts", "ESTALE", "EINTR", "ctrl-c", "kill", "kill-late")

OF_CALL = {
    "open": (*_ALWAYS, "EACCES", "EINTR"),
    "create": (*_ALWAYS, "EACCES", "EINTR", "ENOSPC", "EDQUOT", "ENOSPC-lasts", "EIO-lasts", "kill-late"),
    "read": (*_ALWAYS, "EINTR", "short"),
    "write": (*_STORE, "short", "kill-half"),
    "fallocate": (*_STORE, "kill-half"),
    "truncate": _STORE,
    "fsync": _STORE,
    "close-written": ("EIO", "ENOSPC", "EDQUOT", "ESTALE", "EINTR", "ctrl-c", "ctrl-c-late", "kill", "kill-late"),
    "close": ("EIO", "EINTR", "ctrl-c-late", "kill-late"),
    "closedir": ("EIO",),
    "rename": (*_CHANGE, "ENOSPC", "EDQUOT"),
    "link": (*_CHANGE, "ENOSPC"),
    "unlink": _CHANGE,
    "rmdir": _CHANGE,
    "mkdir": (*_CHANGE, "ENOSPC"),
    "chmod": _CHANGE,
    "flock": ("EIO", "EINTR", "EACCES", "ctrl-c", "kill"),
    "opendir": ("EIO", "EACCES", "ESTALE", "ctrl-c"),
    "readdir": ("EIO", "ESTALE", "ctrl-c"),
    "dup": ("EIO", "ctrl-c-late"),
    "mmap": ("EACCES",),
}
"""The actions that suit a call; for those that ask a question see `_ASK`."""

_ASK = ("EIO", "EACCES", "ESTALE", "ctrl-c-late", "kill")


class Trial(NamedTuple):
    """A program, the number of the call that goes wrong, and how."""

    program: str
    call: int
    action: str

    def __str__(self) -> str:
        return ":".join(map(str, self))


class Expected(NamedTuple):
    """What a program does without faults.

    Attributes
    ----------
    calls : list of str
        Its calls, each with the file: ``"write .m.h5.tmp"``.
    before, after : dict of str to str
        The files and their digests; None for content that differs from run to run.
    old, new : object
        What a reader finds before and after.
    missing : list of str
        The listed checkpoints that cannot be read from the beginning.
    """

    calls: list[str]
    before: dict[str, str]
    after: dict[str, str]
    old: Any
    new: Any
    missing: list[str]


TEMPORARY = "temporary"
"""The folder of temporary files, which a killed process leaves; it is no part of what is judged."""

DRAFT = re.compile(r"(?:.*/)?\.[^/]*\.tmp")


# --- the process that runs the programs -----------------------------------------------------------------------------


class Server:
    """A process with everything imported, below which the calls go wrong; it forks a child for each run."""

    def __init__(self, shim: Path) -> None:
        environment = {
            **os.environ, "LD_PRELOAD": str(shim), "FAULTS": str(shim),
            "PYTHONWARNINGS": "ignore",
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.fault_injection", "--serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip

    def ask(self, task: str, program: str, folder: Path, **rest: Any) -> dict[str, Any]:
        """Let a child do a task; its answer, with ``signal`` where it was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"task": task, "program": program, "folder": str(folder), **rest}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def serve() -> None:
    """Answer requests; see `Server`."""
    from hdfsaver.files import positional_io
    from hdfsaver.interop.bundle import crc_io  # noqa: F401, has pieces too
    from tests.reliability.programs import Model
    from tests.reliability.writing_programs import PROGRAMS

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    # Smaller pieces, and threads for little: many calls, without writing much. The same time: the same bytes.
    for module in [module for name, module in sys.modules.items() if name.startswith("hdfsaver.")]:
        if hasattr(module, "PIECE"):
            module.PIECE = 1 << 16  # type: ignore[attr-defined]
    positional_io.PARALLEL = 1
    os.cpu_count = lambda: 2
    time.time = lambda: 1.7e9
    shim = ctypes.CDLL(os.environ["FAULTS"])
    shim.logged.restype = ctypes.c_char_p
    model = Model()
    with tempfile.TemporaryDirectory() as folder:  # what is imported on the first use
        for name, program in PROGRAMS.items():
            place = Path(folder, name.replace("/", "-"))
            place.mkdir()
            program.prepare(model, place)
            attempt(program, model, place)
            program.read(place)
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        program, place = PROGRAMS[request["program"]], Path(request["folder"])
        answer = in_child(lambda: TASKS[request["task"]](program, model, place, shim, request))  # noqa: B023
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


_SECONDS = 60


def in_child(work: Any) -> dict[str, Any]:
    """The result of a function in a child; one that has no end is killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.write(writing, json.dumps(work()).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001, nothing may leave the child
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writing)
    text, hangs = b"", False
    while True:
        if not select.select([reading], [], [], _SECONDS)[0]:
            hangs = True
            os.kill(child, signal.SIGKILL)
        piece = os.read(reading, 1 << 16)
        if not piece:
            break
        text += piece
    os.close(reading)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {**json.loads(text or "{}"), "status": status, "hangs": hangs}


def attempt(program: Any, model: Any, folder: Path) -> dict[str, Any] | None:
    """Run a program; its error, or None."""
    try:
        program.run(model, folder)
    except BaseException as error:  # noqa: BLE001, what it raises is what is tested
        from hdfsaver.errors import OpError

        place = traceback.extract_tb(error.__traceback__)[-1]
        return {
            "type": type(error).__name__, "message": str(error), "is_ours": isinstance(error, OpError),
            "place": f"{Path(place.filename).name}:{place.lineno}",
        }  # fmt: skip
    return None


def descriptors() -> list[str]:
    """The open descriptors of this process."""
    return sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []


def _prepare(program: Any, model: Any, folder: Path, shim: Any, request: Any) -> dict[str, Any]:
    program.prepare(model, folder)
    return {}


def _run(program: Any, model: Any, folder: Path, shim: Any, request: Any) -> dict[str, Any]:
    """Run a program while a call goes wrong."""
    before = descriptors()
    action = ACTIONS.get(request.get("action"), Action(NOTHING))
    shim.arm(os.fsencode(folder), request.get("call", -1), action.what, action.number, action.lasts)
    try:
        said = attempt(program, model, folder)
    except KeyboardInterrupt:  # it came while the error was looked at
        said = {"type": "KeyboardInterrupt", "message": "", "is_ours": False, "place": ""}
    shim.disarm()
    gc.collect()
    count = shim.counted()
    numbers = range(count) if request.get("call") is None else [request["call"]]
    calls = [shim.logged(number).decode(errors="replace") for number in numbers]
    open_now = [fd for fd in descriptors() if fd not in before]
    left = [os.readlink(f"/proc/self/fd/{fd}") for fd in open_now if os.path.exists(f"/proc/self/fd/{fd}")]
    return {"said": said, "calls": calls, "count": count, "left_open": [path for path in left if str(folder) in path]}


def _look(program: Any, model: Any, folder: Path, shim: Any, request: Any) -> dict[str, Any]:
    """Say what a reader finds; with ``again``, run the program once more and say it again."""
    first = seen(program, folder)
    if not request.get("again"):
        return first
    said = attempt(program, model, folder)
    return {**first, "again": {"said": said, **seen(program, folder)}}


def seen(program: Any, folder: Path) -> dict[str, Any]:
    """The files, the value that a reader finds, and what state files list without there being such a checkpoint."""
    try:
        value = program.read(folder)
    except BaseException as error:  # noqa: BLE001, a reader must not fail
        value = f"{type(error).__name__}: {error}"
    return {"value": json.loads(json.dumps(value)), "files": digests(folder), "missing": missing(folder)}


def digests(folder: Path) -> dict[str, str]:
    """The digest of every file below a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and TEMPORARY not in path.parts]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files}


def missing(folder: Path) -> list[str]:
    """The checkpoints that a state file lists and that cannot be read."""
    from hdfsaver.reading import state_file
    from hdfsaver.reading.checkpoint_names import find
    from hdfsaver.storage.reading import open_file

    found = []
    state = state_file.read(folder) if (folder / "checkpoint").exists() else None
    listed = [] if state is None else [state.model_checkpoint_path, *state.all_model_checkpoint_paths]
    for prefix in dict.fromkeys(listed):
        path = find(prefix)
        try:
            if path is None:
                raise FileNotFoundError(prefix)
            with open_file(path) as file:
                file.verify()
        except Exception:  # noqa: BLE001, whatever it is, it cannot be read
            found.append(os.path.basename(prefix))
    return found


TASKS = {"prepare": _prepare, "run": _run, "look": _look}


# --- the judgement --------------------------------------------------------------------------------------------------


class Injector:
    """Prepares programs, runs trials, and judges them."""

    def __init__(self, shim: Path, work: Path) -> None:
        self._server = Server(shim)
        self._work = work
        self._expected: dict[str, Expected] = {}

    def close(self) -> None:
        """End the process that runs the programs."""
        self._server.close()

    def expected(self, name: str) -> Expected:
        """What a program does without faults."""
        if name not in self._expected:
            self._expected[name] = self._measure(name)
        return self._expected[name]

    def _measure(self, name: str) -> Expected:
        before = self._before(name)
        before.mkdir(parents=True)
        _check(self._server.ask("prepare", name, before))
        old = _check(self._server.ask("look", name, before))
        runs = []
        for _ in range(2):
            folder = self._fresh(name)
            run = _check(self._server.ask("run", name, folder))
            runs.append((run, _check(self._server.ask("look", name, folder))))
        (run, new), (_, same) = runs
        varying = {path for path in new["files"] if new["files"][path] != same["files"].get(path)}
        after = {path: "" if path in varying else digest for path, digest in new["files"].items()}
        return Expected(run["calls"], old["files"], after, old["value"], new["value"], old["missing"])

    def _before(self, name: str) -> Path:
        return self._work / "before" / name.replace("/", "-")

    def _fresh(self, name: str) -> Path:
        folder = self._work / "folder"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._before(name), folder)
        return folder

    def trials(self, name: str) -> Iterator[Trial]:
        """All trials of a program."""
        for number, call in enumerate(self.expected(name).calls):
            for action in OF_CALL.get(call.partition(" ")[0], _ASK):
                yield Trial(name, number, action)

    def run(self, trial: Trial) -> Outcome:
        """Run a trial."""
        expected, folder = self.expected(trial.program), self._fresh(trial.program)
        run = self._server.ask("run", trial.program, folder, call=trial.call, action=trial.action)
        look = self._server.ask("look", trial.program, folder, again=True)
        return judged(trial, expected, run, look, folder)


def _check(answer: dict[str, Any]) -> dict[str, Any]:
    if answer["status"]:
        raise RuntimeError("a program cannot begin; its traceback is above")
    return answer


class Outcome(NamedTuple):
    """The result of a trial: ``kind`` for the table, the call that went wrong, and what is not as it should be."""

    kind: str
    call: str
    faults: list[str]


_NOTED_LATER = {"write", "fallocate", "truncate", "fsync", "close-written", "rename"}
"""Calls whose errors mean that bytes or a name may be missing: a success must not be reported."""

_HAS_ITS_CLASS = {*_NOTED_LATER, "read", "open", "create"}
"""Calls whose errors are raised with the class that fits their numbers."""

_IS_INTERRUPTED = {INTERRUPT, INTERRUPT_LATE}


def judged(trial: Trial, expected: Expected, run: Mapping[str, Any], look: Mapping[str, Any], folder: Path) -> Outcome:
    """Compare what a trial has left with what may be left."""
    from tests.reliability.writing_programs import PROGRAMS

    program, action = PROGRAMS[trial.program], ACTIONS[trial.action]
    killed = run["status"] == -signal.SIGKILL and not run["hangs"]
    call = expected.calls[trial.call] if killed else (run.get("calls") or [""])[0]
    said = run.get("said")
    if killed:
        kind = "killed"
    elif run["hangs"] or "count" not in run:
        kind = "hangs" if run["hangs"] else "dies"
        return Outcome(kind, call, [f"the program {kind}"])
    elif run["count"] <= trial.call:
        kind = "not reached"
    else:
        kind = "success" if said is None else said["type"]
    faults: list[str] = []
    if look["status"]:
        return Outcome(kind, call, ["the folder cannot be looked at"])
    faults += _of_content(program, expected, look, is_over=not killed and said is None)
    if not killed:
        faults += _of_report(trial, action, call, run, folder, program.always_fails)
    drafts = [path for path in look["files"] if DRAFT.fullmatch(path)]
    may_leave = killed or action.lasts or call.split(" ")[0] in {"unlink", "opendir", "readdir", "rmdir"}
    if drafts and not may_leave:
        faults.append(f"drafts are left: {drafts}")
    faults += _of_next(program, expected, look["again"])
    return Outcome(kind, call, faults)


def _of_content(program: Any, expected: Expected, look: Mapping[str, Any], *, is_over: bool) -> list[str]:
    """What a reader must not find."""
    faults = [f"listed but not readable: {missing}" for missing in look["missing"] if missing not in expected.missing]
    legal = [expected.new] if is_over else [expected.old, *map(_plain, program.between), expected.new]
    if look["value"] not in legal:
        faults.append(f"a reader finds {look['value']!r} instead of {legal}")
    for path in {*expected.before, *expected.after}:
        digest, old, new = look["files"].get(path), expected.before.get(path), expected.after.get(path)
        if program.exact and digest not in (old, new) and (new or digest is None) and not program.between:
            faults.append(f"{path} is {'missing' if digest is None else 'neither the old one nor the new one'}")
    if is_over:
        lost = sorted(set(expected.after) - set(look["files"]))
        faults += [f"a success, but {path} is missing" for path in lost]
    return faults


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _of_report(
    trial: Trial, action: Action, call: str, run: Mapping[str, Any], folder: Path, always_fails: bool
) -> list[str]:
    """What must not be said, or left open."""
    from hdfsaver import errors

    said, faults = run["said"], []
    # A signal may come between the opening of a file and its first line: `docs/reliability.md` says so.
    is_moment = action.what in _IS_INTERRUPTED and call.partition(" ")[0] in {"open", "create", "dup", "opendir"}
    if run["left_open"] and not is_moment:
        faults.append(f"left open: {run['left_open']}")
    name = call.partition(" ")[0]
    if said is None:
        is_refused = action.what in (FAIL, LATE) and action.number != errno.EINTR and name in _NOTED_LATER
        if is_refused or always_fails or (name == "close-written" and action.what in (FAIL, LATE)):
            faults.append("a success is reported")
        return faults
    if action.what == SHORT and not always_fails:
        faults.append("a short call is an error")
    if said["type"] == "KeyboardInterrupt" and action.what in _IS_INTERRUPTED:
        return faults
    shown = f"{said['type']} at {said['place']}: {said['message']}"
    if not said["is_ours"] and said["type"] != "CommandError":
        faults.append(f"a raw error: {shown}")
    elif str(folder) not in said["message"]:
        faults.append(f"no file is named: {shown}")
    elif said["is_ours"] and action.what in (FAIL, LATE) and not always_fails and name in _HAS_ITS_CLASS:
        expected = type(errors.from_os_error(OSError(action.number, ""), "")).__name__
        if said["type"] != expected:
            faults.append(f"instead of {expected}: {shown}")
    return faults


def _of_next(program: Any, expected: Expected, again: Mapping[str, Any]) -> list[str]:
    """What the next run must not leave."""
    new = [missing for missing in again["missing"] if missing not in expected.missing]
    faults = [f"listed but not readable after the next run: {missing}" for missing in new]
    is_refused = again["said"] is not None
    if is_refused and not (program.always_fails or program.once):
        faults.append(f"the next run fails: {again['said']['type']}: {again['said']['message']}")
    elif again["value"] != expected.new:
        faults.append(f"after the next run a reader finds {again['value']!r} instead of {expected.new!r}")
    unknown = sorted(set(again["files"]) - set(expected.before) - set(expected.after))
    if unknown and not program.once:
        faults.append(f"the next run leaves {unknown}")
    return faults


# --- the command ----------------------------------------------------------------------------------------------------


def compiled(folder: Path) -> Path | None:
    """Compile `faults.c`; None where there is no compiler, or the system does not preload libraries."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    library = folder / f"faults{sysconfig.get_config_var('SHLIB_SUFFIX') or '.so'}"
    command = [compiler, "-O1", "-shared", "-fPIC", "-w", "-o", str(library), str(SHIM), "-ldl"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{SHIM} cannot be compiled:\n{done.stderr}")
    return library


def chosen(injector: Injector, words: Sequence[str], trials: int, seed: int) -> list[Trial]:
    """The trials that words choose; of all of a program's, or of all programs', as many as are asked for."""
    from tests.reliability.writing_programs import PROGRAMS

    given = [word for word in words if ":" in word]
    found = [Trial(*_parts(word)) for word in given]
    beginnings = tuple(word for word in words if ":" not in word)
    names = [name for name in PROGRAMS if name.startswith(beginnings)] if beginnings else list(PROGRAMS)
    if given and not beginnings:
        return found
    if not names:
        raise SystemExit(f"No program begins like that; there are {', '.join(PROGRAMS)}.")
    every = [list(injector.trials(name)) for name in names]
    generator = random.Random(seed)  # noqa: S311, no secrets here
    if not trials or trials >= sum(map(len, every)):
        return [*found, *(trial for of_one in every for trial in of_one)]
    # As many of each program, so that a short one is not left out.
    for of_one in every:
        generator.shuffle(of_one)
    order = [trial for turn in range(max(map(len, every))) for of_one in every for trial in of_one[turn : turn + 1]]
    return [*found, *sorted(order[:trials])]


def _parts(word: str) -> tuple[str, int, str]:
    program, call, action = word.split(":")
    return program, int(call), action


def table(outcomes: Sequence[tuple[Trial, Outcome]]) -> Iterator[str]:
    """A row for each program: the number of trials, of their results, and of failures."""
    programs = list(dict.fromkeys(trial.program for trial, _ in outcomes))
    yield f"{'program':28} {'trials':>6} {'success':>8} {'error':>6} {'ctrl-c':>6} {'killed':>6} {'failures':>8}"
    total: Counter[str] = Counter()
    for name in [*programs, "total"]:
        counts = total if name == "total" else Counter[str]()
        for trial, outcome in outcomes if name != "total" else ():
            if trial.program == name:
                counts.update(["trials", _column(outcome.kind), *["failures"] * bool(outcome.faults)])
        if name != "total":
            total.update(counts)
        row = "".join(f" {counts[column]:>{width}}" for column, width in _COLUMNS.items())
        yield f"{name:28}{row}"


_COLUMNS = {"trials": 6, "success": 8, "error": 6, "ctrl-c": 6, "killed": 6, "failures": 8}


def _column(kind: str) -> str:
    return {"success": "success", "killed": "killed", "KeyboardInterrupt": "ctrl-c", "not reached": "success"}.get(
        kind, "error"
    )


def inject(words: Sequence[str], trials: int, seed: int, progress: Any = None) -> list[tuple[Trial, Outcome]]:
    """Run the chosen trials."""
    # In memory where the system has such a place: the trials do not wait for a disk.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108, a folder of its own is made in it
    with tempfile.TemporaryDirectory(prefix="faults-", dir=place) as work:
        shim = compiled(Path(work))
        if shim is None:
            raise SystemExit("Faults are injected on Linux, with a C compiler (cc), which was not found.")
        injector = Injector(shim, Path(work))
        try:
            found = []
            for trial in chosen(injector, words, trials, seed):
                outcome = injector.run(trial)
                found.append((trial, outcome))
                if progress is not None:
                    progress(trial, outcome)
            return found
        finally:
            injector.close()


def main() -> int:
    """Run the command; 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="beginnings of the names of programs, or trials")
    parser.add_argument("--trials", type=int, default=1000, help="how many are drawn; 0 for all (default 1000)")
    parser.add_argument("--seed", type=int, default=0, help="which are drawn")
    parser.add_argument("--verbose", action="store_true", help="show every trial")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
        return 0

    def show(trial: Trial, outcome: Outcome) -> None:
        if outcome.faults or given.verbose:
            print(f"{trial}  ({outcome.call}) {outcome.kind}: {'; '.join(outcome.faults)}", flush=True)

    found = inject(given.words, given.trials, given.seed, show)
    print("\n".join(table(found)))
    failed = [trial for trial, outcome in found if outcome.faults]
    print(f"{len(found)} trials, {len(failed)} failures, seed {given.seed}.")
    if failed:
        print(f"To repeat the first: python -m tests.reliability.fault_injection {failed[0]} --verbose")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
