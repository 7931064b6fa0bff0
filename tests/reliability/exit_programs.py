"""Programs that end with saves in the background, for `test_background.py`: each is a fork that ends by itself.

``python exit_programs.py FOLDER`` runs all of them, each in a folder of its own with its stderr in ``FOLDER/NAME.err``,
and writes their exit statuses to stdout as JSON.
"""

from __future__ import annotations

import atexit
import gc
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from pathlib import Path


def before_the_import():
    """A handler that is called behind those of hdfsaver, when no thread is waited for any more."""
    for each in LAST:
        each.save(None, "m", wait=False, durable=False)


LAST = []
"""The Savers that save at the very end."""

if __name__ == "__main__":
    atexit.register(before_the_import)

import numpy as np  # noqa: E402

import hdfsaver as tf  # noqa: E402

LARGE = 1 << 20
"""Elements of an array of which two are written by several threads."""


def saver(value, size=1000, **options):
    """A Saver of two arrays."""
    return tf.train.Saver({name: np.full(size, value, np.float32) for name in ("a", "b")}, **options)


def last_statement():
    """Nothing follows."""
    saver(1.0, LARGE).save(None, "m", wait=False)


def sys_exit():
    """The program leaves in the middle."""
    saver(2.0).save(None, "m", wait=False, durable=False)
    sys.exit(3)


def unhandled():
    """The program fails."""
    saver(3.0).save(None, "m", wait=False, durable=False)
    raise KeyError("of the program")


def another_thread():
    """A thread saves when the main thread has ended."""

    def work():
        threading.main_thread().join()
        saver(4.0).save(None, "m", wait=False, durable=False)

    threading.Thread(target=work).start()


def handler_before_the_import():
    """See `before_the_import`."""
    LAST.append(saver(5.0))


def exit_handler():
    """A handler saves when the threads have ended."""
    each = saver(6.0)
    atexit.register(lambda: each.save(None, "m", wait=False, durable=False))


def several():
    """Several Savers, one of them with compression, have more than one save each."""
    savers = [saver(float(number), 100_000, compression="gzip" if number == 1 else None) for number in range(3)]
    for step in range(2):
        for number, each in enumerate(savers):
            each.save(None, f"m{number}", step, wait=False, durable=False)


def collected():
    """The Saver is collected before its save fails, and another one is not asked."""
    os.mkdir("m.h5")
    os.mkdir("n.h5")
    saver(7.0).save(None, "m", wait=False)
    kept = saver(7.0)
    kept.save(None, "n", wait=False)
    atexit.register(kept.as_saver_def)


def asked_at_the_end():
    """A handler takes the error, so that it is not printed again."""
    os.mkdir("m.h5")
    each = saver(8.0)
    each.save(None, "m", wait=False)

    def ask():
        try:
            each.wait()
        except tf.errors.OpError:
            sys.stderr.write("taken\n")

    atexit.register(ask)


def interrupted_once():
    """Ctrl-C comes while the end of the program waits."""
    called = threading.Event()

    def interrupt():
        threading.main_thread().join()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    def hold(done, total):
        called.wait(30)
        time.sleep(0.1)  # an interpreter that does not wait any more has ended by then

    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt, daemon=True).start()
    atexit.register(called.set)
    saver(9.0).save(None, "m", wait=False, durable=False, progress=hold)


def worker_process():
    """A process of `multiprocessing`, which calls no exit handlers, saves."""

    def work():
        saver(10.0).save(None, "m", wait=False, durable=False, progress=lambda done, total: time.sleep(0.1))

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()


PROGRAMS = (
    last_statement,
    sys_exit,
    unhandled,
    another_thread,
    handler_before_the_import,
    exit_handler,
    several,
    collected,
    asked_at_the_end,
    interrupted_once,
    worker_process,
)


def start(program, folder):
    """Fork; the child ends as any program does, and not as a fork."""
    child = os.fork()
    if child:
        return child
    signal.alarm(60)
    path = folder / program.__name__
    path.mkdir()
    os.chdir(path)
    os.dup2(os.open(f"{path}.err", os.O_WRONLY | os.O_CREAT), 2)
    program()
    return 0


def main():
    statuses = {}
    # Everything is imported before the first fork, and a child frees less at its end.
    saver(0.0, compression="gzip").save(None, f"{sys.argv[1]}/first", durable=False)
    gc.freeze()
    for program in PROGRAMS:
        child = start(program, Path(sys.argv[1]))
        if not child:
            return
        statuses[program.__name__] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.stdout.write(json.dumps(statuses))


if __name__ == "__main__":
    main()
