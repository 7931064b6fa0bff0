"""Forks a child for every request, so that the slow imports are paid once. A request and its answer are lines of JSON.

A request has ``program``, ``folder``, ``step``, ``durable`` and ``stop_at``: the point where the child kills itself.
The answer has ``signal``, and for a child that came to its end ``points`` and ``log``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

from hdfsaver.files import positional_io
from hdfsaver.storage import incremental

sys.path.append(str(Path(__file__).parents[2]))  # behind the installed package, which is what is tested

from tests.clones import Copying
from tests.reliability.operations import die, observed
from tests.reliability.programs import PREPARATIONS, PROGRAMS, Model


def answer(model, request):
    """Run a request in a child."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, json.dumps(run(model, request)).encode())
        except BaseException:  # noqa: BLE001, nothing may leave the child
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with open(reading) as pipe:
        text = pipe.read()
    return {"signal": -os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), **json.loads(text or "{}")}


def run(model, request):
    """Do what is asked for in this process."""
    program, folder = request["program"], Path(request["folder"])
    if request.get("prepare"):
        PREPARATIONS[program](model, folder)
        return {}
    with observed(request["stop_at"], die) as operations:
        PROGRAMS[program](model, folder, request["step"], durable=request["durable"])
    return {"points": operations.points, "log": operations.log}


def warm_up(model):
    """Save once here: what is loaded on the first use need not be loaded by every child."""
    with tempfile.TemporaryDirectory() as folder:
        for program, prepare in PREPARATIONS.items():
            (Path(folder) / program).mkdir()
            prepare(model, Path(folder) / program)
            PROGRAMS[program](model, Path(folder) / program, durable=False)


def main():
    # Smaller pieces, and threads for little: many points to die at, without writing much.
    positional_io.PIECE, positional_io.PARALLEL = 1 << 16, 1
    os.cpu_count = lambda: 2
    # Copies, as the file system may have no clones.
    vars(incremental).update(clone=Copying(), _SMALLEST=0)
    model = Model()
    warm_up(model)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(model, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
