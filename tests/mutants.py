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

SECONDS = 100
"""Of the processor's time, which no test needs: a run that takes more has no end, and so notices the change."""

WAITING = 1800
"""Seconds after which a run waits for what never comes."""

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
        Part of a line, or of two, which must be there once in the file, and what takes its place.
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
            "files/positional_io.py",
            "        halt.set()",
            "        pass",
            "reliability/test_limits.py::test_an_error_in_one_thread_stops_the_others",
            "When one thread cannot write, the others stop behind their present piece.",
        ),
        (
            "threads-look-whether-to-stop",
            "files/positional_io.py",
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
            " for position, (dtype, _) in enumerate(outputs) if _is_smooth(dtype)}",
            " for position, (dtype, _) in enumerate(outputs)}",
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
            "order = execution_order(self.digraph, needed, place, self.known)",
            "order = execution_order(self.digraph, needed, place)",
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
        # --- docs/reliability.md ------------------------------------------------------------------------------------
        (
            "removal-after-the-list",
            "checkpoint/rotation.py",
            "        listed = [entry for entry in self._state.kept if _is_there(entry, new)]",
            (
                "        checkpoint_management.remove_superseded([old.prefix for old in self._state.retired], [])\n"
                "        listed = [entry for entry in self._state.kept if _is_there(entry, new)]"
            ),
            "reliability/test_crash.py::test_a_save_can_be_killed_at_any_point[rotation-False]",
            "A killed save leaves the state before it or the one after it.",
        ),
        (
            "drafts-have-names-of-their-own",
            "files/atomic_write.py",
            'draft.path = target.with_name(f".{_stem(target.name)}.{os.getpid()}.{secrets.token_hex(4)}.tmp")',
            'draft.path = target.with_name(f"{_stem(target.name)}.{secrets.token_hex(4)}.h5")',
            "reliability/test_crash.py::test_a_save_can_be_killed_at_any_point[first-True]",
            "Nothing half-made has a checkpoint's name.",
        ),
        (
            "stale-drafts-of-any-step",
            "checkpoint/save_jobs.py",
            "            clear_stale(folder, _draft_names(*_without_step(path.name), self.latest_filename))",
            "            pass",
            "reliability/test_crash.py::test_a_save_can_be_killed_at_any_point[rotation-False]",
            "What a killed save left is removed by the next of its prefix, whatever its step.",
        ),
        (
            "save-returns-when-it-is-there",
            "checkpoint/saver.py",
            "                job.run()",
            "                self._background.submit(job.run)",
            "reliability/test_crash.py::test_a_program_can_be_killed_at_any_moment",
            "What save has returned is there.",
        ),
        (
            "bytes-are-synced",
            "files/atomic_write.py",
            "        os.fsync(draft.fd)",
            "        pass",
            "reliability/test_crash.py::test_the_order_of_a_save",
            "The bytes are on the disk before the name.",
        ),
        (
            "the-folder-is-synced",
            "files/atomic_write.py",
            "        _sync_folder(draft.target, path)",
            "        pass",
            "reliability/test_crash.py::test_the_order_of_the_system_calls",
            "The name is on the disk before the list.",
        ),
        (
            "not-durable-waits-for-nothing",
            "reading/state_file.py",
            "format_text(state), durable=durable, sweep=sweep)",
            "format_text(state), sweep=sweep)",
            "reliability/test_crash.py::test_the_order_of_a_save",
            "durable=False leaves out all syncs.",
        ),
        (
            "the-list-is-synced",
            "reading/state_file.py",
            "format_text(state), durable=durable, sweep=sweep)",
            "format_text(state), durable=False, sweep=sweep)",
            "reliability/test_crash.py::test_the_order_of_a_save",
            "The list is on the disk before anything is removed.",
        ),
        (
            "a-full-disk-has-numbers",
            "files/os_errors.py",
            "    ENOSPC: _no_space,",
            "",
            "reliability/test_limits.py::test_a_full_disk",
            "A full disk is an error with the bytes needed and free.",
        ),
        (
            "room-is-reserved",
            "files/atomic_write.py",
            "                os.posix_fallocate(self.fd, 0, size)",
            "                pass",
            "files/test_atomic_write.py",
            "A full disk is noticed before anything is written.",
        ),
        (
            "inodes",
            "files/os_errors.py",
            "    if not inodes:",
            "    if False:",
            "reliability/test_limits.py::test_a_disk_without_inodes",
            "A disk that takes no more files is told apart from a full one.",
        ),
        (
            "quota",
            "files/os_errors.py",
            "    if 0 < needed <= free:",
            "    if False:",
            "reliability/test_limits.py::test_a_quota",
            "A quota is not called a full disk.",
        ),
        (
            "room-cannot-be-reserved",
            "files/atomic_write.py",
            "_CANNOT_RESERVE = {EINVAL, ENODEV, ENOSYS, ENOTSUP, EOPNOTSUPP}",
            "_CANNOT_RESERVE = {EINVAL}",
            "reliability/test_limits.py::test_a_file_system_that_cannot_reserve",
            "Where room cannot be reserved, files are written all the same.",
        ),
        (
            "file-size-limit",
            "files/os_errors.py",
            "    EFBIG: _size,",
            "",
            "reliability/test_limits.py::test_a_limit_on_the_size_of_files",
            "A limit on the size of files is named with both numbers.",
        ),
        (
            "open-files-limit",
            "files/os_errors.py",
            "    EMFILE: _files,",
            "",
            "reliability/test_limits.py::test_a_limit_on_open_files",
            "A limit on open files is named.",
        ),
        (
            "folder-not-writable",
            "files/os_errors.py",
            "    EACCES: _denied,",
            "",
            "reliability/test_limits.py::test_a_folder_of_another_user",
            "A folder that this user may not write says so.",
        ),
        (
            "read-only",
            "errors.py",
            "    errno.EROFS: PermissionDeniedError,",
            "",
            "reliability/test_limits.py::test_a_file_system_that_is_read_only",
            "A read-only file system is a PermissionDeniedError.",
        ),
        (
            "folder-removed",
            "files/os_errors.py",
            "    ENOENT: _gone,",
            "",
            "reliability/test_limits.py::test_a_folder_that_is_removed_meanwhile",
            "A folder that is removed during a save is named.",
        ),
        (
            "a-refused-save-leaves-nothing",
            "files/atomic_write.py",
            "        _discard(draft)",
            "        pass",
            "reliability/test_limits.py::test_whatever_is_refused",
            "After a refusal nothing stays open or lies about.",
        ),
        (
            "the-lock-is-freed-after-a-refusal",
            "files/folder_lock.py",
            "        if fd >= 0:",
            "        if False:",
            "reliability/test_limits.py::test_whatever_is_refused",
            "After a refusal nothing stays open.",
        ),
        (
            "ctrl-c-leaves-no-draft",
            "files/atomic_write.py",
            "    except BaseException as error:",
            "    except Exception as error:",
            "reliability/test_limits.py::test_ctrl_c_at_any_operation",
            "Ctrl-C leaves no draft and no open file.",
        ),
        (
            "no-file-is-closed-under-a-thread",
            "files/positional_io.py",
            "        pool.shutdown(wait=True, cancel_futures=True)",
            "        pool.shutdown(wait=False, cancel_futures=True)",
            "reliability/test_limits.py::test_ctrl_c_while_threads_write",
            "No file is closed under a thread that writes.",
        ),
        (
            "ctrl-c-twice",
            "files/positional_io.py",
            "        end(pool, halt)\n        raise",
            "        raise",
            "reliability/test_limits.py::test_ctrl_c_while_threads_write",
            "A second Ctrl-C waits for the threads too.",
        ),
        (
            "a-file-is-replaced-at-once",
            "files/atomic_write.py",
            "    os.replace(draft.path, draft.target)",
            "    draft.target.unlink(missing_ok=True); os.replace(draft.path, draft.target)",
            "reliability/test_concurrency.py::test_readers_see_the_old_file_or_the_new_one",
            "A reader beside a saver finds the old file or the new one.",
        ),
        (
            "a-file-is-not-changed-in-place",
            "files/atomic_write.py",
            "    os.replace(draft.path, draft.target)",
            "    draft.target.write_bytes(draft.path.read_bytes()); draft.path.unlink()",
            "reliability/test_concurrency.py::test_a_reader_keeps_the_file_that_it_opened",
            "A reader keeps the file that it has opened.",
        ),
        (
            "one-saver-changes-a-folder",
            "checkpoint/save_jobs.py",
            "        with folder_lock(folder):",
            "        if True:",
            "checkpoint/test_side_by_side.py",
            "Two savers of one folder leave a state file that tells the truth.",
        ),
        (
            "what-another-saver-removed",
            "checkpoint/rotation.py",
            "listed = [entry for entry in self._state.kept if _is_there(entry, new)]",
            "listed = list(self._state.kept)",
            "checkpoint/test_side_by_side.py",
            "What another saver has removed is not listed.",
        ),
        (
            "folders-are-locked-for-processes",
            "files/folder_lock.py",
            "            fcntl.flock(fd, fcntl.LOCK_EX)",
            "            pass",
            "files/test_folder_lock.py",
            "Processes take turns in a folder.",
        ),
        (
            "folders-are-locked-for-threads",
            "files/folder_lock.py",
            "    with _thread_lock(folder), nullcontext()",
            "    with nullcontext(), nullcontext()",
            "files/test_folder_lock.py",
            "Threads take turns in a folder, also where it cannot be locked.",
        ),
        (
            "defaults-of-a-thread",
            "graph/default_stack.py",
            "class DefaultStack(threading.local, Generic[_Item]):",
            "class DefaultStack(Generic[_Item]):",
            "reliability/test_concurrency.py::test_threads_with_sessions_of_their_own",
            "Threads with graphs and sessions of their own do not meet.",
        ),
        (
            "a-snapshot-of-a-session",
            "session/session_state.py",
            "        present = self.variables.copy()",
            "        present = self.variables",
            "session/test_session_state.py",
            "What one restore gives a session is saved as a whole or not at all.",
        ),
        (
            "a-restore-is-one-step",
            "session/session_state.py",
            "        self.variables.update(values)",
            "        for key, value in values.items(): self.variables[key] = value",
            "session/test_session_state.py",
            "What one restore gives a session is there as a whole or not at all.",
        ),
        (
            "locks-after-a-fork",
            "files/folder_lock.py",
            "    os.register_at_fork(after_in_child=_locks.clear)",
            "    pass",
            "reliability/test_concurrency.py::test_a_fork_while_a_thread_saves",
            "A fork in the middle of a save stops neither side.",
        ),
        (
            "a-fork-keeps-no-folder",
            "files/folder_lock.py",
            "            fcntl.flock(fd, fcntl.LOCK_UN)",
            "            pass",
            "reliability/test_concurrency.py::test_a_fork_while_a_thread_saves",
            "A child forked in the middle of a save does not keep the folder.",
        ),
        (
            "a-fork-keeps-no-file",
            "files/atomic_write.py",
            "            fcntl.flock(draft.fd, fcntl.LOCK_UN)",
            "            pass",
            "reliability/test_concurrency.py::test_a_forked_child_keeps_no_lock_on_the_file",
            "A forked child keeps no lock on a finished checkpoint.",
        ),
        (
            "drafts-are-locked-together",
            "files/atomic_write.py",
            "        fcntl.flock(draft.fd, fcntl.LOCK_SH)",
            "        fcntl.flock(draft.fd, fcntl.LOCK_EX)",
            "reliability/test_concurrency.py::test_a_new_file_can_be_opened_with_locks_at_once",
            "A new file can be opened with locks at once.",
        ),
        (
            "no-lock-of-hdf5",
            "storage/hdf5/hdf5_file.py",
            "    properties.set_fileobj_driver(h5fd.fileobj_driver, _View(opened))",
            (
                "    return_ = h5f.open(os.fsencode(os.readlink(f'/proc/self/fd/{opened.fd}')),"
                " h5f.ACC_RDONLY).close(); properties.set_fileobj_driver(h5fd.fileobj_driver, _View(opened))"
            ),
            "reliability/test_concurrency.py::test_file_locks_are_never_in_the_way",
            "File locks are never in the way.",
        ),
        # --- docs/security.md ---------------------------------------------------------------------------------------
        (
            "the-seal-is-checked",
            "storage/seal.py",
            "    if _structure_digest(fd, starts, stops) != seal.structure_xxh3_64:",
            "    if False:",
            "hostile/test_sweep.py",
            "A changed byte of the structure is an error.",
        ),
        (
            "the-record-of-the-seal-is-checked",
            "storage/seal.py",
            ' or int(record["seal_xxh3_64"]) != _digest_of(data):',
            ":",
            "storage/test_seal.py hostile/test_sweep.py",
            "A changed byte of the seal is an error.",
        ),
        (
            "small-values-are-checked",
            "storage/sealed_source.py",
            "            if xxhash.xxh3_64_intdigest(data) != rows[index][1]:",
            "            if False:",
            "storage/test_damage.py",
            "A changed byte of a small value is an error.",
        ),
        (
            "large-values-are-checked",
            "storage/sealed_source.py",
            "        changed = [name for name, digest in digests.items() if digest != self._rows[name][1]]",
            "        changed = []",
            "storage/test_damage.py hostile/test_hostile.py::test_a_file_that_is_changed_while_it_is_read",
            "A changed byte of a large value is an error.",
        ),
        (
            "chunks-are-checked",
            "storage/chunks/chunk_reading.py",
            "    if xxhash.xxh3_64_intdigest(data) != digest:",
            "    if False:",
            "storage/chunks/test_compression.py hostile/test_sweep.py",
            "A changed byte of a chunk never reaches a decoder.",
        ),
        (
            "the-length-is-checked",
            "storage/seal.py",
            "    if seal.file_size != size:",
            "    if False:",
            "storage/test_seal.py hostile/test_sweep.py",
            "A file that was cut short is an error.",
        ),
        (
            "the-length-in-the-header",
            "storage/hdf5/superblock.py",
            "    if (end := block.end - block.base) != size:",
            "    if False:",
            "storage/hdf5/test_superblock.py",
            "A file that was cut short is an error, also without a seal.",
        ),
        (
            "errors-of-the-library",
            "storage/hdf5/objects.py",
            "    except _H5PY_ERRORS as error:",
            "    except OSError as error:",
            "storage/test_damage.py hostile/test_sweep.py",
            "Whatever h5py raises on a damaged file is a clean error.",
        ),
        (
            "bomb-in-a-plain-file",
            "storage/plain_source.py",
            "            limits.check_declared(dataset.part, declared, self._opened.size)",
            "            pass",
            "storage/test_limits.py",
            "Datasets that inflate to far more than the file are refused.",
        ),
        (
            "bomb-in-a-sealed-file",
            "storage/sealed_source.py",
            '            limits.check_declared(f"variable {entry.name!r}", declared, self._opened.size)',
            "            pass",
            "storage/chunks/test_compression.py",
            "Compressed values that become far more than the file are refused.",
        ),
        (
            "gzip-decodes-no-further",
            "storage/chunks/chunk_codecs.py",
            "        found = inflater.decompress(data, size + 1)",
            "        found = inflater.decompress(data)",
            "storage/chunks/test_chunk_codecs.py",
            "A chunk that becomes more than it may is decoded no further.",
        ),
        (
            "zstd-decodes-no-further",
            "storage/chunks/chunk_codecs.py",
            ".decompress(data, max_length=size + 1)",
            ".decompress(data)",
            "storage/chunks/test_chunk_codecs.py",
            "A chunk that becomes more than it may is decoded no further.",
        ),
        (
            "zstd-takes-no-window",
            "storage/chunks/chunk_codecs.py",
            "min(30, max(10, size.bit_length()))",
            "30",
            "storage/chunks/test_chunk_codecs.py",
            "No window larger than the content is made for a frame.",
        ),
        (
            "lz4-believes-nothing",
            "storage/chunks/chunk_codecs.py",
            "    if declared != size or not 0 < most <= _LZ4_LARGEST:",
            "    if not 0 < most <= _LZ4_LARGEST:",
            "storage/chunks/test_chunk_codecs.py",
            "An LZ4 chunk that declares another size is refused.",
        ),
        (
            "blosc2-is-asked-first",
            "storage/chunks/chunk_codecs.py",
            "    if head is None or not _fits(head, size, chunk):",
            "    if head is None:",
            "storage/chunks/test_chunk_codecs.py storage/chunks/test_blosc2_frames.py",
            "A Blosc2 frame that becomes too large, or has another shape, is refused.",
        ),
        (
            "blosc2-blocks-are-put-in-order",
            "storage/chunks/chunk_codecs.py",
            "blosc2_frames.array_bytes(head, found.decompress_chunk).data if head.shape else found[:]",
            "found[:]",
            "storage/chunks/test_blosc2_frames.py storage/chunks/test_foreign_chunks.py",
            "The blocks of a Blosc2 array are put in order.",
        ),
        (
            "blosc2-padding-is-bounded",
            "storage/chunks/blosc2_frames.py",
            " == count * chunk_bytes <= most",
            " == count * chunk_bytes",
            "storage/chunks/test_blosc2_frames.py",
            "A Blosc2 frame of little more than padding is refused.",
        ),
        (
            "blosc2-shapes-of-the-filter",
            "storage/chunks/chunk_codecs.py",
            " if 1 < len(chunk) <= _BLOSC2_MAX_RANK else ()",
            "",
            "storage/chunks/test_compression.py",
            "The plugins read what is written with blosc2 in one dimension.",
        ),
        (
            "lzf-decodes-no-further",
            "storage/chunks/foreign_codecs.py",
            " and len(found) <= size:",
            ":",
            "storage/chunks/test_foreign_codecs.py",
            "An lzf chunk that becomes more than it may is decoded no further.",
        ),
        (
            "blosc-is-asked-first",
            "storage/chunks/foreign_codecs.py",
            "(nbytes, length) != (size, len(source))",
            "length != len(source)",
            "storage/chunks/test_foreign_codecs.py",
            "A Blosc chunk that declares another size is refused.",
        ),
        (
            "fletcher32-is-checked",
            "storage/chunks/fletcher32.py",
            "    return content if stored in (right, swapped) else None",
            "    return content",
            "storage/chunks/test_fletcher32.py",
            "A chunk that differs from its checksum is refused.",
        ),
        (
            "unfiltered-edges",
            "storage/chunks/foreign_chunks.py",
            "    return at_an_edge and not edge_chunks",
            "    return False and not edge_chunks",
            "storage/chunks/test_edge_chunks.py",
            "Chunks at an edge that were stored without filters are read.",
        ),
        (
            "blosc2-loads-nothing",
            "storage/chunks/chunk_codecs.py",
            "        _check_usual(blosc2, found.cparams)",
            "        pass",
            "storage/chunks/test_chunk_codecs.py",
            "A Blosc2 frame that wants codecs from elsewhere is refused.",
        ),
        (
            "a-chunk-of-the-right-length",
            "storage/chunks/chunk_reading.py",
            "    if len(found) != size:",
            "    if False:",
            "storage/chunks/test_compression.py hostile/test_hostile.py",
            "A chunk that is shorter than it should be gives no memory of the process.",
        ),
        (
            "a-plain-chunk-of-the-right-length",
            "storage/chunks/foreign_chunks.py",
            "    if len(found) != grid.nbytes:",
            "    if False:",
            "storage/test_plain_source.py hostile/test_hostile.py",
            "A chunk that is shorter than it should be is a clean error.",
        ),
        (
            "a-chunk-counts-whole",
            "storage/plain_dataset.py",
            "        return inflated_size(self.id, self.itemsize) if self.layout == h5d.CHUNKED else self.nbytes",
            "        return self.nbytes",
            "storage/test_limits.py",
            "A chunk larger than its dataset counts whole.",
        ),
        (
            "many-chunks",
            "storage/chunks/foreign_chunks.py",
            "    if count > limits.get().chunks:",
            "    if False:",
            "storage/test_limits.py",
            "Too many chunks are refused.",
        ),
        (
            "unwritten-values",
            "storage/chunks/fill_values.py",
            "    if may_use_heap(datatype) or properties.fill_value_defined() != h5d.FILL_VALUE_USER_DEFINED:",
            "    if True:",
            "storage/chunks/test_fill_values.py",
            "What was never written is the fill value.",
        ),
        (
            "many-links",
            "storage/hdf5/objects.py",
            "        return True if len(found) > most else None",
            "        return None",
            "storage/hdf5/test_objects.py storage/test_limits.py hostile/test_hostile.py",
            "A walk over links ends at the limit.",
        ),
        (
            "links-have-room",
            "storage/hdf5/objects.py",
            "        self._left -= len(names)",
            "        pass",
            "storage/hdf5/test_objects.py storage/test_limits.py",
            "The links of all groups together are limited.",
        ),
        (
            "deep-groups",
            "storage/hdf5/objects.py",
            "    if depth > limits.get().depth:",
            "    if False:",
            "storage/test_limits.py",
            "Groups within groups are limited.",
        ),
        (
            "long-attributes",
            "storage/hdf5/objects.py",
            "        if datatype.get_size() > limits.get().attribute_bytes:",
            "        if False:",
            "storage/test_limits.py",
            "Long attributes are refused.",
        ),
        (
            "deep-json",
            "storage/graph/attr_json.py",
            " > most and _depth(text) > most:",
            " > 10**9:",
            "storage/test_limits.py",
            "The depth of JSON is limited.",
        ),
        (
            "members-of-one-name",
            "storage/graph/attr_json.py",
            "    if len(members) != len(pairs):",
            "    if False:",
            "storage/test_limits.py",
            "Two members of one name in JSON are refused.",
        ),
        (
            "numbers-beyond-doubles",
            "storage/graph/attr_json.py",
            "    if plain is None or (isinstance(plain, float) and not math.isfinite(plain)):",
            "    if plain is None:",
            "storage/test_limits.py",
            "A number beyond the doubles is refused.",
        ),
        (
            "escapes-without-end",
            "storage/graph/attr_json.py",
            '(?:[^"\\\\]|\\\\.?)*+"?|',
            '(?:[^"\\\\]|\\\\.?)*"|',
            "storage/test_limits.py",
            "Endless escapes take no time.",
        ),
        (
            "a-long-text-once",
            "storage/hdf5/tables.py",
            "        self._taken.add(index)",
            "        pass",
            "storage/test_limits.py",
            "Cells that share one long text are refused.",
        ),
        (
            "a-collection-once",
            "storage/graph/collection_tables.py",
            "objects.walk(group, once=True)",
            "objects.walk(group)",
            "storage/test_limits.py",
            "A collection under two links is refused.",
        ),
        (
            "hard-links-alone",
            "storage/hdf5/objects.py",
            "        if parent.links.get_info(name).type != h5l.TYPE_HARD:",
            "        if False:",
            "storage/test_plain_source.py",
            "Soft and external links are never followed.",
        ),
        (
            "no-external-storage",
            "storage/plain_dataset.py",
            " or properties.get_external_count():",
            ":",
            "storage/test_plain_source.py",
            "External storage is refused.",
        ),
        (
            "no-virtual-datasets",
            "storage/plain_dataset.py",
            "        if kind not in (h5d.CONTIGUOUS, h5d.COMPACT, h5d.CHUNKED) or",
            "        if",
            "storage/test_plain_source.py",
            "Virtual datasets are refused.",
        ),
        (
            "no-other-filters",
            "storage/chunks/foreign_filters.py",
            "        if code not in NAMES_BY_CODE:",
            "        if False:",
            "storage/chunks/test_foreign_filters.py",
            "Filters that are not known are refused.",
        ),
        (
            "no-filters-with-many-parameters",
            "storage/chunks/foreign_filters.py",
            " and all(_is_short(properties, code) for code in present)",
            "",
            "storage/chunks/test_foreign_filters.py",
            "Filters with many parameters are refused where h5py has no place for them.",
        ),
        (
            "no-rings",
            "storage/hdf5/objects.py",
            "    if address in seen:",
            "    if False:",
            "storage/test_plain_source.py",
            "Rings of groups are refused.",
        ),
        (
            "later-versions",
            "storage/sealed_source.py",
            "        if found.major != layout.MAJOR:",
            "        if False:",
            "format/test_golden.py",
            "A sealed file of a later major version is refused.",
        ),
        (
            "later-versions-without-a-seal",
            "storage/plain_source.py",
            '    if version.partition(".")[0] != str(layout.MAJOR):',
            "    if False:",
            "format/test_golden.py storage/test_plain_source.py",
            "A file of a later major version is refused, also without a seal.",
        ),
        (
            "a-child-that-crashes",
            "storage/child_probe.py",
            "    if child.returncode:",
            "    if False:",
            "storage/test_child_probe.py",
            "A file that a child crashes on is refused.",
        ),
        (
            "a-child-that-hangs",
            "storage/child_probe.py",
            "    except subprocess.TimeoutExpired:",
            "    except ValueError:",
            "storage/test_child_probe.py",
            "A file that a child hangs on is refused.",
        ),
        (
            "a-sealed-file-that-lost-its-seal",
            "storage/plain_source.py",
            "            if not accept and has_index(root):",
            "            if False:",
            "storage/test_damage.py hostile/test_hostile.py",
            "A file whose seal was taken away is not read as a plain one.",
        ),
        (
            "pipes-are-not-waited-for",
            "files/opening.py",
            ' | getattr(os, "O_NONBLOCK", 0)',
            "",
            "storage/hdf5/test_superblock.py",
            "A pipe does not hold the program up.",
        ),
        (
            "regular-files-alone",
            "files/opening.py",
            "    if not stat.S_ISREG(status.st_mode):",
            "    if False:",
            "storage/hdf5/test_superblock.py",
            "Devices and pipes are refused.",
        ),
        (
            "no-superblock-extension",
            "storage/hdf5/superblock.py",
            "    if block.extension != _UNDEFINED:",
            "    if False:",
            "storage/hdf5/test_superblock.py",
            "Superblock extensions are refused.",
        ),
        (
            "user-blocks-are-counted",
            "storage/hdf5/global_heap.py",
            "    place = opened.base + address",
            "    place = address",
            "storage/hdf5/test_global_heap.py",
            "Addresses in a file with a user block count from its end.",
        ),
        (
            "texts-are-counted",
            "storage/hdf5/global_heap.py",
            'declared + int(elements["length"].sum(dtype=np.uint64))',
            "declared",
            "storage/hdf5/test_global_heap.py",
            "Texts that share bytes of the heap are counted before they are read.",
        ),
        (
            "texts-end-with-their-object",
            "storage/hdf5/global_heap.py",
            " or (stops[index] - starts[index] != length).any():",
            ":",
            "storage/hdf5/test_global_heap.py",
            "No bytes beyond an object of the heap are handed out.",
        ),
        (
            "collections-do-not-overlap",
            "storage/hdf5/global_heap.py",
            "        if address < end:",
            "        if False:",
            "storage/hdf5/test_global_heap.py",
            "The collections of a heap are read once.",
        ),
        (
            "collections-end-with-the-file",
            "storage/hdf5/global_heap.py",
            "    if nbytes > left:",
            "    if False:",
            "storage/hdf5/test_global_heap.py",
            "Nothing is allocated for a collection that the file cannot hold.",
        ),
        (
            "fill-values-are-checked",
            "storage/plain_dataset.py",
            "        check_fill_value(opened, dataset, part)",
            "        pass",
            "storage/hdf5/test_heap_fill.py",
            "The library does not read a damaged heap to tell the fill value of a dataset.",
        ),
        (
            "no-seal-in-a-user-block",
            "storage/reading.py",
            "None if opened.base else seal.find(opened.head)",
            "seal.find(opened.head)",
            "storage/hdf5/test_superblock.py",
            "A seal in a user block does not vouch for the HDF5 data behind it.",
        ),
        (
            "files-open-for-writing",
            "storage/hdf5/superblock.py",
            "    if block.flags:",
            "    if False:",
            "storage/hdf5/test_superblock.py",
            "A file that another program is writing is refused.",
        ),
        (
            "extents-overlap",
            "storage/seal.py",
            "    if (ends[:-1] > begins[1:]).any():",
            "    if False:",
            "storage/test_seal.py hostile/test_hostile.py",
            "Extents that overlap are refused.",
        ),
        (
            "extents-within-the-file",
            "storage/seal.py",
            "    if (sizes > limit).any() or (offsets > limit - sizes).any():",
            "    if False:",
            "storage/test_seal.py hostile/test_hostile.py",
            "Extents beyond the end are refused.",
        ),
        (
            "extents-that-overflow",
            "storage/seal.py",
            "(offsets > limit - sizes).any()",
            "(offsets + sizes > limit).any()",
            "storage/test_seal.py hostile/test_hostile.py",
            "Extents whose sum overflows are refused.",
        ),
        (
            "the-table-of-extents-is-structure",
            "storage/seal.py",
            "    if nbytes and not inside.any():",
            "    if False:",
            "storage/test_seal.py hostile/test_hostile.py",
            "An extent over the table of extents is refused.",
        ),
        (
            "declared-and-stored",
            "storage/plain_dataset.py",
            "    if stored != dataset.nbytes:",
            "    if False:",
            "storage/test_plain_source.py hostile/test_hostile.py",
            "What is declared and not stored is refused.",
        ),
        (
            "truth-values",
            "storage/hdf5/elements.py",
            "    if values.size and (values.min() < 0 or values.max() > 1):",
            "    if False:",
            "storage/test_plain_source.py",
            "A truth value is 0 or 1.",
        ),
        (
            "two-links-one-name",
            "storage/plain_source.py",
            "            if name in self.entries or name in self.unreadable:",
            "            if False:",
            "storage/test_plain_source.py hostile/test_hostile.py",
            "Two links that name one variable are refused.",
        ),
        (
            "two-rows-one-name",
            "storage/index.py",
            "    if len(index.entries) != len(rows):",
            "    if False:",
            "storage/test_index.py storage/test_reading.py hostile/test_hostile.py",
            "Two rows that name one variable are refused.",
        ),
        (
            "salvage-believes-digests",
            "storage/salvage.py",
            "    if xxhash.xxh3_64_intdigest(data) != digest:",
            "    if False:",
            "storage/test_salvage.py",
            "Salvage gives no value that is not what was saved.",
        ),
        (
            "salvage-believes-links",
            "storage/salvage.py",
            "            if remarks:",
            "            if False:",
            "storage/test_salvage.py",
            "Salvage gives no value under a name that the links contradict.",
        ),
        (
            "only-in-the-folder-of-a-model",
            "interop/graphs/graph_files.py",
            '    if ".." in windows.parts or',
            "    if",
            "interop/graphs/test_graph_files.py interop/test_graph_damage.py",
            "A SavedModel names no asset outside of its folder.",
        ),
        # --- ground files -------------------------------------------------------------------------------------------
        (
            "references-keep-their-dtype",
            "dtypes.py",
            "        return self._row.enum + REF_OFFSET * self._is_ref",
            "        return self._row.enum",
            "ground/test_dtypes.py",
            "The number of a reference's dtype is TensorFlow's.",
        ),
        (
            "dimensions-that-contradict",
            "shapes.py",
            "        a is not None and b is not None and a != b for a, b in zip(first, second, strict=True)",
            "        a is not None and b is not None and a > b for a, b in zip(first, second, strict=True)",
            "ground/test_shapes.py",
            "Shapes that contradict each other are not merged.",
        ),
        (
            "broadcasting-an-unknown-size",
            "shapes.py",
            "    return b if a is None else a",
            "    return None",
            "ground/test_shapes.py",
            "A known size of at least 2 decides when two shapes are broadcast.",
        ),
        (
            "elements-of-an-unknown-shape",
            "shapes.py",
            "        return math.prod(known) if len(known) == len(self.plain) else None",
            "        return math.prod(known)",
            "ground/test_shapes.py",
            "The number of elements is unknown where a size is.",
        ),
        (
            "limits-end-with-their-block",
            "limits.py",
            "        _current.reset(token)",
            "        pass",
            "ground/test_limits.py",
            "Other limits hold within their block alone.",
        ),
        (
            "limits-of-a-ratio",
            "limits.py",
            "    if declared > max(allowed.declared_bytes, allowed.declared_ratio * size):",
            "    if declared > allowed.declared_bytes:",
            "ground/test_limits.py storage/test_limits.py",
            "A large file may declare more, in proportion to its length.",
        ),
        (
            "errors-have-their-code",
            "errors.py",
            "    errno.ENOTDIR: FailedPreconditionError,",
            "",
            "ground/test_errors.py",
            "What the operating system reports becomes the error that TensorFlow has for it.",
        ),
        # --- graph --------------------------------------------------------------------------------------------------
        (
            "names-ignore-case",
            "graph/op_names.py",
            "        key = name.lower()",
            "        key = name",
            "graph/test_op_names.py",
            "Names that differ in case alone are one.",
        ),
        (
            "names-that-were-given-away",
            "graph/op_names.py",
            '            self._count_by_key[f"{key}_{count}"] = 1',
            "            pass",
            "graph/test_op_names.py",
            "A name that was given away is not given again.",
        ),
        (
            "inputs-of-one-dtype",
            "graph/apply.py",
            "        if wanted is not None and found != wanted:",
            "        if False:",
            "graph/test_apply.py ops/test_arguments.py",
            "Inputs of an operation have the dtypes that it takes.",
        ),
        (
            "inputs-of-one-graph",
            "graph/tensor_conversion.py",
            "        elif tensor.graph is not graph:",
            "        elif False:",
            "graph/test_apply.py training/test_gradients.py",
            "Inputs of an operation are of one graph.",
        ),
        (
            "unknown-attributes",
            "graph/apply.py",
            "        unknown = [key for key in complete if key not in known]",
            "        unknown = []",
            "graph/test_apply.py",
            "An attribute that an operation does not have is refused.",
        ),
        (
            "numbers-beyond-their-dtype",
            "graph/tensor_conversion.py",
            "    if found != wanted and dtypes.as_dtype(wanted).is_integer and not np.array_equal(result, array):",
            "    if False:",
            "graph/test_tensor_conversion.py",
            "A number beyond the range of its dtype is refused.",
        ),
        (
            "large-integers",
            "graph/tensor_conversion.py",
            '        return "int32" if fits else "int64"',
            '        return "int32"',
            "graph/test_tensor_conversion.py",
            "Integers that do not fit into 32 bits become int64.",
        ),
        (
            "nul-at-the-end-of-text",
            "graph/tensor_conversion.py",
            "    if _holds_text(value):",
            "    if False:",
            "graph/test_tensor_conversion.py session/test_session.py",
            "Text keeps the NULs at its end.",
        ),
        (
            "a-failed-import-changes-nothing",
            "graph/insert_nodes.py",
            "            digraph.remove_nodes_from([new for name, new in self.names.items() if new in digraph])",
            "            pass",
            "graph/test_graph_defs.py",
            "A graph is what it was after an import that failed.",
        ),
        (
            "an-import-renames-scopes-too",
            "graph/insert_nodes.py",
            '_{count}") in added or new in own or new in taken:',
            '_{count}") in added or new in taken:',
            "graph/test_graph_defs.py",
            "A name that an import gives is not one that it brings.",
        ),
        (
            "imported-inputs-are-checked",
            "graph/insert_nodes.py",
            "            if given is not None and (output >= len(given) or given[output][0] != wanted):",
            "            if False:",
            "graph/test_graph_defs.py",
            "Inputs of imported nodes have the dtypes that they take.",
        ),
        (
            "the-order-of-making",
            "graph/walks.py",
            "    heapq.heapify(ready)",
            "    ready.sort(reverse=True)",
            "graph/test_walks.py",
            "Operations are sorted as they were made where nothing else decides.",
        ),
        (
            "what-is-fed-needs-nothing",
            "graph/walks.py",
            ' for source, output in data["inputs"] if (source, output) not in known)\n        waiting.extend',
            ' for source, output in data["inputs"])\n        waiting.extend',
            "graph/test_walks.py session/test_plan.py",
            "What only a fed tensor needs does not run.",
        ),
        (
            "a-finalized-graph",
            "graph/graph.py",
            "        self.check_not_finalized()\n        self._collections.add(name, value)",
            "        self._collections.add(name, value)",
            "graph/test_graph.py",
            "Nothing is added to a finalized graph.",
        ),
        # --- ops and training ---------------------------------------------------------------------------------------
        (
            "a-mean-of-integers",
            "ops/reduction.py",
            "np.asarray(np.sign(total) * (np.absolute(total) // max(count, 1)))",
            "np.asarray(total // max(count, 1))",
            "ops/test_programs.py ops/test_arguments.py ops/test_dtypes.py",
            "The mean of integers is rounded towards zero.",
        ),
        (
            "sums-of-narrow-floats",
            "ops/reduction.py",
            "        wide = np.dtype(np.float32) if name in NARROW else dtype",
            "        wide = dtype",
            "ops",
            "Sums of float16 and bfloat16 are rounded once.",
        ),
        (
            "the-greatest-share",
            "ops/reduction.py",
            '_spread(op, apply("RealDiv", grads[0], count))), None]',
            "_spread(op, grads[0])), None]",
            "ops/test_derivatives.py",
            "Those that are equally great share the derivative.",
        ),
        (
            "derivatives-of-broadcasting",
            "ops/base.py",
            "    if x.shape.is_fully_defined() and x.shape == y.shape:",
            "    if True:",
            "ops/test_derivatives.py",
            "Derivatives are summed over what broadcasting repeated.",
        ),
        (
            "axes-named-twice",
            "ops/base.py",
            "    if len(set(found)) < len(found):",
            "    if False:",
            "ops/test_arguments.py ops/test_run_errors.py ops/test_shapes.py",
            "An axis that is named twice is refused.",
        ),
        (
            "truncated-numbers",
            "ops/random_ops.py",
            "        while (beyond := np.abs(drawn) > 2).any():",
            "        while (beyond := np.abs(drawn) > 3).any():",
            "ops/test_random_ops.py",
            "Truncated normal numbers lie within two standard deviations.",
        ),
        (
            "nan-is-never-the-greatest",
            "ops/scans.py",
            '    if values.dtype.kind in "iub" or not np.isnan(values).any():',
            "    if True:",
            "ops",
            "NaN is never the greatest.",
        ),
        (
            "segments-beyond-their-number",
            "ops/indexing.py",
            "    if ids.size and ids.max() >= integer(number):",
            "    if False:",
            "ops/test_run_errors.py",
            "A segment beyond their number is named.",
        ),
        (
            "channels-that-differ",
            "ops/convolutions.py",
            "    if images.shape[3] != filters.shape[2]:",
            "    if False:",
            "ops/test_run_errors.py",
            "Images and filters of different channels are named.",
        ),
        (
            "negative-multiples",
            "ops/broadcasting.py",
            "    if (np.asarray(multiples) < 0).any():",
            "    if False:",
            "ops/test_run_errors.py",
            "Negative multiples are named.",
        ),
        (
            "contributions-add-up",
            "training/gradients.py",
            "            self.contributions.setdefault(output, []).append(grad)",
            "            self.contributions[output] = [grad]",
            "training/test_gradients.py",
            "What a tensor does on several ways is added.",
        ),
        (
            "constants-for-a-derivative",
            "training/gradients.py",
            "        if output not in self.constants:",
            "        if True:",
            "training/test_gradients.py",
            "stop_gradients are taken as constant.",
        ),
        (
            "a-global-step-of-integers",
            "training/global_step.py",
            "    if not global_step_tensor.dtype.base_dtype.is_integer:",
            "    if False:",
            "training/test_global_step.py",
            "A global step is an integer.",
        ),
        (
            "one-global-step",
            "training/global_step.py",
            "    if get_global_step(graph) is not None:",
            "    if False:",
            "training/test_global_step.py",
            "A graph has one global step.",
        ),
        # --- session ------------------------------------------------------------------------------------------------
        (
            "fed-values-are-not-kept",
            "session/session.py",
            "    view.flags.writeable = False",
            "    pass",
            "session ops/test_dtypes.py",
            "What was fed is not written on, nor kept where the caller may write on it.",
        ),
        (
            "a-changed-graph-is-planned-anew",
            "session/session.py",
            "            self._prepared.clear()\n            self._version",
            "            self._version",
            "session/test_session.py",
            "A plan that was made before the graph changed is not run.",
        ),
        (
            "values-are-given-away",
            "session/session_state.py",
            "            return value.copy()",
            "            return value",
            "session",
            "What a run gives can be written on, and the variable stays as it is.",
        ),
        (
            "variables-are-read-in-time",
            "session/numpy_engine.py",
            "            if slot is not None and is_variable:",
            "            if False:",
            "session",
            "A fetched variable has its value of the end of the run.",
        ),
        (
            "branches-that-are-not-taken",
            "session/numpy_engine.py",
            "            dead = any(values[slot] is DEAD for slot in controls)",
            "            dead = False",
            "session variables ops",
            "What waits for a branch that is not taken does not run.",
        ),
        (
            "the-last-use-of-a-slot",
            "session/plan.py",
            "    for step in reversed(steps):",
            "    for step in steps:",
            "session/test_plan.py session/test_session.py",
            "A value is forgotten after its last use, not before.",
        ),
        (
            "kept-open-until-the-run-ends",
            "session/numpy_engine.py",
            "                    self.state.release()",
            "                    pass",
            "session interop/test_graph_import.py",
            "A file that a run has opened is closed at its end.",
        ),
        (
            "frozen-variables-alone",
            "session/freezing.py",
            (
                "    names = [name for name in names if variable_names_blacklist is None or name not in"
                " variable_names_blacklist]"
            ),
            "",
            "graph/test_graph_util.py session",
            "A variable on the blacklist is not frozen.",
        ),
        # --- storage ------------------------------------------------------------------------------------------------
        (
            "a-reseal-keeps-what-it-does-not-know",
            "storage/resealing.py",
            "        has_foreign = foreign.copy_into(root)",
            "        has_foreign = False",
            "storage/test_resealing.py",
            "A reseal keeps the content of other programs.",
        ),
        (
            "a-reseal-of-checkpoints-alone",
            "storage/resealing.py",
            "            check_own(root, opened, path)",
            "            pass",
            "storage/test_resealing.py cli/test_commands.py",
            "A file that is not a checkpoint is not resealed.",
        ),
        (
            "a-reseal-of-an-unchanged-file",
            "storage/resealing.py",
            "        _check_unchanged(before, path)",
            "        pass",
            "storage/test_resealing.py",
            "A file that was replaced during a reseal is not replaced again.",
        ),
        (
            "a-save-of-one-model-keeps-the-rest",
            "checkpoint/save_jobs.py",
            "                beside=None if rest.foreign is None else rest.foreign.copy_into,",
            "                beside=None,",
            "storage/test_resealing.py",
            "A save of one model keeps the content of other programs.",
        ),
        (
            "a-save-replaces-no-file-of-others",
            "checkpoint/save_jobs.py",
            "                check_replaceable(path)",
            "                pass",
            "storage/test_resealing.py",
            "A save does not replace an HDF5 file of another program.",
        ),
        (
            "a-new-file-replaces-nothing",
            "files/atomic_write.py",
            "    if not (draft.is_new and _is_linked(draft)):",
            "    if True:",
            "files/test_atomic_write.py",
            "A file that appears during the writing of a new one is not replaced.",
        ),
        (
            "a-layout-of-the-same-graph",
            "storage/writing.py",
            "        if last is not None and key == last[0]:",
            "        if last is not None:",
            "storage/test_writing.py",
            "A layout is used again for the same variables and the same graph alone.",
        ),
        (
            "a-seal-at-its-place",
            "storage/seal.py",
            (
                '        if int.from_bytes(head[position + _OWN_OFFSET : position + _OWN_OFFSET + 8], "little")'
                " == position:"
            ),
            "        if True:",
            "storage/test_seal.py",
            "A copy of a seal among the values is not taken for it.",
        ),
        (
            "short-writes-go-on",
            "files/positional_io.py",
            "        done += _write_some(fd, view[done:], offset + done)",
            "        done += len(view); _write_some(fd, view, offset)",
            "files/test_positional_io.py",
            "A write that the system does in part is continued.",
        ),
        (
            "reading-beyond-the-end",
            "files/positional_io.py",
            "            raise EOFError(",
            "            return print(",
            "files/test_positional_io.py",
            "Reading beyond the end of a file is an error.",
        ),
        (
            "signed-zeros-and-nans",
            "storage/graph/value_json.py",
            "    if math.isfinite(value):\n        return repr(value)",
            "    if not math.isinf(value):\n        return repr(value)",
            "storage/graph/test_value_json.py arrays/test_digraphs.py",
            "NaN comes back with its bits.",
        ),
        (
            "lone-surrogates",
            "storage/graph/value_json.py",
            "    if value.isascii() or _is_encodable(value):",
            "    if True:",
            "storage/graph/test_value_json.py arrays/test_digraphs.py",
            "Text with lone surrogates comes back.",
        ),
        (
            "equal-keys-of-a-dict",
            "storage/graph/value_json.py",
            "    if len(made) != len(items):",
            "    if False:",
            "storage/graph/test_value_json.py",
            "Two equal keys of a dict are refused.",
        ),
        (
            "layout-of-a-row",
            "storage/hdf5/foreign_types.py",
            "        growth += _growth(member)",
            "        growth += 0",
            "storage/test_plain_columns.py storage/hdf5/test_foreign_types.py",
            "Columns after a string of variable length are read from their place in the file.",
        ),
        (
            "place-of-a-column",
            "storage/plain_columns.py",
            '        path, offset = f"{above}{member.name}", start + member.offset',
            '        path, offset = f"{above}{member.name}", member.offset',
            "storage/test_plain_columns.py",
            "A column of a nested compound is read from its place.",
        ),
        (
            "labels-of-other-programs",
            "storage/plain_dataset.py",
            "    return None if meaning.is_own else element",
            "    return None",
            "storage/test_plain_attributes.py",
            "Another program's attribute of the name of a label does not matter.",
        ),
        (
            "stand-ins-of-netcdf",
            "storage/plain_attributes.py",
            '    if kind == "DIMENSION_SCALE" and (',
            "    if False and (",
            "storage/test_plain_attributes.py storage/test_plain_programs.py",
            "A dimension of netCDF without a variable is not an array.",
        ),
        (
            "empty-arrays-of-matlab",
            "storage/plain_dataset.py",
            "    if 0 not in shape or",
            "    if",
            "storage/test_plain_programs.py",
            "Only dimensions with a zero stand for an empty array.",
        ),
        (
            "padding-of-text",
            "storage/hdf5/elements.py",
            '        return item.rstrip(b" \\0")',
            '        return item.rstrip(b" ")',
            "storage/hdf5/test_elements.py",
            "Text padded with spaces and NULs ends before both.",
        ),
        (
            "reason-of-the-unreadable",
            "checkpoint/restore_report.py",
            "    if unreadable and strict:",
            "    if False:",
            "checkpoint/test_unreadable_elements.py",
            "A variable whose value cannot be read is not passed over in a restore.",
        ),
        (
            "groups-of-other-programs",
            "storage/groups.py",
            '    is_model = "/" not in name and name not in _TAKEN and link_of(name).encode() == link',
            "    is_model = True",
            "storage/test_plain_walk.py",
            "A group whose name no model can have is not taken for one.",
        ),
        (
            "big-endian-values",
            "storage/hdf5/elements.py",
            "    return (lambda rows: viewed(rows[:, ::-1])) if swapped else viewed",
            "    return viewed",
            "storage/test_plain_source.py",
            "Values of the other byte order are read.",
        ),
        (
            "masked-filters",
            "storage/chunks/foreign_chunks.py",
            " if not info.filter_mask & (1 << position))",
            ")",
            "storage/test_plain_source.py storage/chunks/test_compression.py",
            "A chunk that was stored without a filter is read.",
        ),
        (
            "shuffled-bytes",
            "storage/chunks/filters.py",
            "        found[place:whole:itemsize] = plane",
            "        found[place * len(plane) : (place + 1) * len(plane)] = plane",
            "storage/chunks/test_compression.py",
            "Shuffled bytes are put in order again.",
        ),
        # --- interop ------------------------------------------------------------------------------------------------
        (
            "blocks-are-checked",
            "interop/table/table.py",
            "        if found != stored:",
            "        if False:",
            "interop/test_damage.py interop/table/test_table.py",
            "A changed byte of an index is an error.",
        ),
        (
            "tensors-are-checked",
            "interop/bundle/bundle_reading.py",
            " if place.crc != crc]",
            " if False]",
            "interop/test_damage.py interop/bundle/test_bundle_reading.py",
            "A changed byte of a tensor is an error.",
        ),
        (
            "no-bytes-of-two-tensors",
            "interop/bundle/bundle_index.py",
            "        if shard == last and offset < end:",
            "        if False:",
            "interop/bundle/test_bundle_reading.py",
            "No byte belongs to two tensors.",
        ),
        (
            "keys-without-bounds",
            "interop/table/table.py",
            "        if allowed < 0:",
            "        if False:",
            "interop/table/test_table.py interop/test_damage.py",
            "A small block cannot claim keys without bounds.",
        ),
        (
            "snappy-without-bounds",
            "interop/table/table.py",
            "    if claimed > _SNAPPY_RATIO * len(content):",
            "    if False:",
            "interop/table/test_table.py interop/test_damage.py",
            "A small block cannot become a large one.",
        ),
        (
            "keys-in-order",
            "interop/table/table.py",
            "            if last is not None and key <= last:",
            "            if False:",
            "interop/table/test_table.py interop/test_damage.py",
            "Keys are in order, so that none comes twice.",
        ),
        (
            "data-files-that-are-too-short",
            "interop/bundle/shards.py",
            "            if place.offset + place.nbytes > found.size:",
            "            if False:",
            "interop/bundle/test_bundle_reading.py interop/test_damage.py",
            "A data file that was cut short is named.",
        ),
        (
            "slices-that-leave-a-gap",
            "interop/bundle/bundle_slices.py",
            "    if not boxes or _corners(boxes, axes) != _corners([target], axes):",
            "    if not boxes:",
            "interop/bundle/test_bundle_slices.py interop/test_damage.py",
            "Slices that do not cover a tensor are an error.",
        ),
        (
            "too-many-slices",
            "interop/bundle/bundle_slices.py",
            "    if (len(boxes) + 1) << len(axes) > _MOST_CORNERS:",
            "    if False:",
            "interop/bundle/test_bundle_slices.py interop/test_damage.py",
            "Slices along many dimensions take no time.",
        ),
        (
            "a-bundle-of-the-other-byte-order",
            "interop/bundle/bundle_reading.py",
            '            half = array.real.dtype.itemsize if array.dtype.kind == "c" else array.itemsize',
            "            half = array.itemsize",
            "interop/bundle/test_bundle_reading.py",
            "Complex numbers of the other byte order are read.",
        ),
        (
            "no-index-of-other-data",
            "interop/bundle/bundle_writing.py",
            "        os.unlink(index.target)",
            "        pass",
            "interop/bundle/test_bundle_writing.py",
            "An old index never describes new data.",
        ),
        (
            "a-bundle-is-synced",
            "interop/bundle/bundle_writing.py",
            "        for draft in [index, *writer.drafts]:",
            "        for draft in [index]:",
            "interop/bundle/test_bundle_writing.py",
            "All files of a bundle are on the disk before one has its name.",
        ),
        (
            "a-v1-slice-of-its-tensor",
            "interop/bundle/v1_checkpoints.py",
            "            if saved.name != name:",
            "            if False:",
            "interop/bundle/test_v1_checkpoints.py interop/test_damage.py",
            "The value of one tensor is not read for another.",
        ),
        (
            "two-nodes-of-one-name",
            "messages/node_defs.py",
            "        if name in nodes:\n            raise DataLossError",
            "        if False:\n            raise DataLossError",
            "interop/test_graph_damage.py interop/graphs/test_graph_files.py",
            "Two nodes of one name are refused.",
        ),
        (
            "values-that-are-too-many",
            "messages/tensor_protos.py",
            "    if flat.size != count:",
            "    if flat.size < count:",
            "interop/test_graph_damage.py interop/bundle/test_v1_checkpoints.py interop/graphs/test_graph_files.py",
            "A constant has as many values as its shape.",
        ),
        # --- conversion and arrays ----------------------------------------------------------------------------------
        (
            "source-and-target-differ",
            "conversion/converting.py",
            "        if real in (own, *parts) or is_inside or _is_same(real, own):",
            "        if False:",
            "conversion/test_converting.py conversion/test_targets.py",
            "A file is not converted into itself.",
        ),
        (
            "a-second-name-of-the-source",
            "conversion/converting.py",
            "or is_inside or _is_same(real, own):",
            "or is_inside:",
            "conversion/test_targets.py",
            "A file is not converted into itself under a second name.",
        ),
        (
            "a-graph-of-all-arrays",
            "conversion/converting.py",
            "    if kind.most_arrays != 0 and chosen.changes:",
            "    if False:",
            "conversion/test_converting.py conversion/test_reports.py",
            "A graph is converted only with all arrays, unchanged.",
        ),
        (
            "patterns-that-fit-nothing",
            "conversion/array_selection.py",
            "            raise NotFoundError(",
            "            NotFoundError(",
            "conversion/test_converting.py",
            "A pattern that fits nothing is an error.",
        ),
        (
            "unreadable-but-asked-for",
            "conversion/array_selection.py",
            "                if fnmatchcase(name, pattern):\n                    source.read(name)",
            "                if False:\n                    source.read(name)",
            "conversion/test_reports.py",
            "An element that cannot be read is an error where it is asked for.",
        ),
        (
            "unreadable-and-left-out",
            "conversion/array_selection.py",
            "        left_out |= {name: self._reason(name, slots) or why.message",
            "        {name: self._reason(name, slots) or why.message",
            "conversion/test_reports.py",
            "The result names the elements that cannot be read.",
        ),
        (
            "slots-of-the-graph",
            "conversion/array_selection.py",
            "        known = source.optimizer_names()",
            "        known = None",
            "conversion/test_reports.py formats/test_sources.py",
            "The graph says which arrays are an optimizer's, not their names.",
        ),
        (
            "slots-have-the-shape-of-their-variables",
            "conversion/slot_names.py",
            "owner is not None and owner[1:3] == entry[1:3]",
            "owner is not None",
            "conversion/test_slot_names.py",
            "An array of another shape or dtype is not a slot, whatever its name is.",
        ),
        (
            "a-trained-variable-is-a-weight",
            "optimizer_slots.py",
            "if op is not None} - trained",
            "if op is not None}",
            "ground/test_optimizer_slots.py",
            "A variable that is trained is not an optimizer's.",
        ),
        (
            "slots-by-their-placement",
            "optimizer_slots.py",
            "        if of_another or (others and POWER.fullmatch(name)):",
            "        if False:",
            "ground/test_optimizer_slots.py",
            "The slots of sparse variables are found by their placement.",
        ),
        (
            "unknown-endings",
            "conversion/targets.py",
            "    if not ending or _STEP.fullmatch(ending):",
            "    if True:",
            "conversion/test_targets.py",
            "A name with an unknown ending is refused.",
        ),
        (
            "endings-of-other-kinds",
            "conversion/targets.py",
            "    if other is not None:",
            "    if False:",
            "conversion/test_targets.py",
            "A name with the ending of another kind of file is refused.",
        ),
        (
            "nothing-to-write",
            "conversion/converting.py",
            '    elif not arrays and (structure is None or kind.name != "hdf5"):',
            "    elif False:",
            "conversion/test_targets.py",
            "A conversion that writes nothing is an error.",
        ),
        (
            "numbers-beyond-a-dtype",
            "conversion/converted_arrays.py",
            "            if lost:",
            "            if False:",
            "conversion/test_reports.py",
            "The result counts the numbers that are not in the dtype of the target.",
        ),
        (
            "metadata-that-are-left-out",
            "conversion/converting.py",
            "    with suppress(OpError):  # they are not asked for\n        found = source.metadata()",
            "    with suppress(OpError):  # they are not asked for\n        pass",
            "conversion/test_reports.py conversion/test_matrix.py",
            "The result names metadata that the target does not have.",
        ),
        (
            "objects-that-match-nothing",
            "conversion/array_selection.py",
            "    if not has_objects:",
            "    if False:",
            "conversion/test_reports.py conversion/test_matrix.py",
            "The objects of TensorFlow 2 are left out of other formats, and the result says so.",
        ),
        (
            "constants-written-twice",
            "conversion/converting.py",
            "    if count and has_graph and source.are_constants",
            "    if False and has_graph and source.are_constants",
            "conversion/test_reports.py",
            "Constants of a graph are not written a second time beside it.",
        ),
        (
            "a-graph-after-its-values",
            "conversion/target_writing.py",
            "        elif os.path.exists(meta):",
            "        elif False:",
            "conversion/test_targets.py",
            "A checkpoint is not written beside the graph of another.",
        ),
        (
            "numbers-beyond-the-range",
            "checkpoint/restore_casts.py",
            "        beyond += _beyond(value, cast, target)",
            "        pass",
            "checkpoint/test_restore_casts.py",
            "A restore that converts values gives no number another value without an error.",
        ),
        (
            "kinds-of-numbers",
            "checkpoint/restore_casts.py",
            "    return -1 < _kind(source) <= _kind(target) and _kind(target) > 0",
            "    return -1 < _kind(source)",
            "checkpoint/test_restore_casts.py",
            "Real numbers never become integers, nor complex ones real.",
        ),
        (
            "order-of-data",
            "conversion/target_writing.py",
            "        sort = has_saver and OBJECT_GRAPH not in job.arrays",
            "        sort = True",
            "conversion/test_order_of_data.py",
            "A checkpoint of TensorFlow 2 comes back byte for byte.",
        ),
        (
            "savers-sort",
            "conversion/target_writing.py",
            "        sort = has_saver and OBJECT_GRAPH not in job.arrays",
            "        sort = False",
            "conversion/test_order_of_data.py",
            "The checkpoint of a Saver is written in the order of TensorFlow's Saver.",
        ),
        (
            "moved-folders",
            "reading/find_checkpoint.py",
            "    if within != path and not ntpath.isabs(within):  # it moves with the folder",
            "    if False:",
            "reading/test_find_checkpoint.py",
            "A relative path in a state file is never replaced.",
        ),
        (
            "values-change-without-a-word",
            "graph/graph.py",
            "        values = object() if self._watch.is_annotated(self.digraph, self._version) else None",
            "        values = None",
            "checkpoint/test_annotations.py",
            "A later save has the values that a program has put on the graph since.",
        ),
        (
            "values-on-nodes-of-the-moment",
            "annotations.py",
            "    found = copy.deepcopy(annotations_of(digraph))",
            "    found = annotations_of(digraph)",
            "checkpoint/test_annotations.py",
            "A save in the background has the values of its moment.",
        ),
        (
            "values-are-tried-first",
            "checkpoint/saver.py",
            "            _check_values(graph)",
            "            pass",
            "checkpoint/test_annotations.py",
            "A value that no file can hold is refused in the call of save.",
        ),
        (
            "values-of-edges-below-a-scope",
            "checkpoint/importing.py",
            "    annotate(graph.digraph, described.annotations, new_names)",
            "    pass",
            "checkpoint/test_annotations.py",
            "An import keeps the values on edges under new names.",
        ),
        (
            "values-of-the-graph-itself",
            "storage/graph/annotation_tables.py",
            "    taken = [key for key in values if key in there]",
            "    taken: list[str] = []",
            "storage/graph/test_annotation_tables.py",
            "A file cannot give a node another type among the values of a program.",
        ),
        (
            "no-objects-in-archives",
            "formats/npy.py",
            "    if not isinstance(items, list) or not all(isinstance(item, str | bytes) for item in items):",
            "    if not isinstance(items, list):",
            "formats/test_numpy_files.py formats/test_sources.py",
            "Python objects in an archive are refused, unless they are strings.",
        ),
        (
            "bombs-in-archives",
            "formats/archives.py",
            "            limits.check_declared(info.filename, declared, size)",
            "            pass",
            "formats/test_sources.py",
            "An archive that becomes far more than the file is refused.",
        ),
        (
            "checksums-of-archives",
            "formats/archives.py",
            "            while member.read(_PIECE):",
            "            while False:",
            "formats/test_pytorch_files.py formats/test_numpy_files.py",
            "verify compares every member of an archive with its checksum.",
        ),
        (
            "members-that-meet",
            "formats/npz.py",
            "            self._columns.pop(each, None)",
            "            pass",
            "formats/test_numpy_files.py",
            "Two members of an archive with one name are refused, not mixed up.",
        ),
        (
            "native-byte-order",
            "tensor_info.py",
            "    if array.flags.c_contiguous and array.dtype.isnative:",
            "    if array.flags.c_contiguous:",
            "formats/test_numpy_files.py formats/test_byte_order.py",
            "Every source gives arrays in this machine's byte order.",
        ),
        (
            "row-major-order",
            "tensor_info.py",
            "    if array.flags.c_contiguous and array.dtype.isnative:",
            "    if array.dtype.isnative:",
            "formats/test_numpy_files.py formats/test_byte_order.py",
            "Every source gives arrays in row-major order.",
        ),
        (
            "pickles-that-repeat",
            "formats/flattening.py",
            "        if self._budget < 0:",
            "        if False:",
            "formats/test_pickles.py::test_values_that_repeat_each_other",
            "Lists that share each other without end are refused.",
        ),
        (
            "tensors-in-lists",
            "formats/torch_values.py",
            "    return Members(list(enumerate(raw)))",
            '    return NotAnArray("a list")',
            "formats/test_pytorch_files.py",
            "Tensors within lists are read.",
        ),
        (
            "names-that-meet-in-pytorch",
            "formats/flattening.py",
            "        while free in self._taken:",
            "        while False:",
            "formats/test_pytorch_files.py",
            "Two values of one name both have a name.",
        ),
        (
            "tensors-beyond-their-storage",
            "formats/pytorch.py",
            "        if found is None or found < needed:",
            "        if found is None:",
            "formats/test_pytorch_files.py",
            "A tensor whose storage is too short is damage.",
        ),
        (
            "byte-order-of-pytorch",
            "formats/pytorch.py",
            "        if self._records.big_endian:",
            "        if False:",
            "formats/test_pytorch_files.py",
            "The byte order of a PyTorch file is followed.",
        ),
        (
            "safetensors-without-gaps",
            "formats/safetensors.py",
            "        if start != end or stop < start:",
            "        if stop < start:",
            "formats/test_sources.py",
            "Arrays of safetensors neither overlap nor leave gaps.",
        ),
        (
            "safetensors-to-the-end",
            "formats/safetensors.py",
            "    if end < size:",
            "    if False:",
            "formats/test_sources.py",
            "A safetensors file has nothing behind its arrays.",
        ),
        (
            "damage-is-said-of-damage-alone",
            "files/file_kinds.py",
            "    error = DataLossError if kind.is_damage else InvalidArgumentError",
            "    error = DataLossError",
            "formats/test_unexpected_kinds.py",
            "A whole file of another kind is not called damaged.",
        ),
        (
            "messages-of-unknown-fields",
            "interop/graphs/graph_files.py",
            '    if not message.HasField("graph_def") or not (graph_def.node or graph_def.ListFields()):',
            "    if False:",
            "formats/test_graph_source.py",
            "Bytes that happen to be a message are not listed as an empty graph.",
        ),
        (
            "constants-within-the-limits",
            "formats/graph_source.py",
            "            limits.check_declared(name, declared, self._size)",
            "            pass",
            "formats/test_graph_source.py",
            "A constant whose element is repeated does not fill the memory.",
        ),
        (
            "weights-that-a-keras-optimizer-lists",
            "interop/bundle/object_graph.py",
            "    owned = _reachable(graph, optimizers, frozenset(), {_WEIGHTS})",
            "    owned = _reachable(graph, optimizers, frozenset(), set())",
            "interop/bundle/test_object_graph.py",
            "A model's weights are not its optimizer's.",
        ),
        (
            "objects-that-an-optimizer-shares",
            "interop/bundle/object_graph.py",
            "    found = slots | (owned - used)",
            "    found = slots | owned",
            "interop/bundle/test_object_graph.py",
            "A variable that the program has beside its optimizer is the program's.",
        ),
        (
            "keras-names-that-meet",
            "formats/checkpoint_sources.py",
            "    found = {name if taken[name] == 1 else path: path for path, name in named.items()}",
            "    found = {name: path for path, name in named.items()}",
            "formats/test_sources.py",
            "Two weights of one short name keep their long ones.",
        ),
        (
            "keras-optimizers",
            "formats/checkpoint_sources.py",
            "    if path.startswith(_OPTIMIZER_2):",
            "    if False:",
            "formats/test_sources.py",
            "The slots in a file of Keras 2 keep the group that tells them from weights.",
        ),
        (
            "shards-in-their-folder",
            "formats/sharded_files.py",
            '    if any(part in ("", ".", "..") for part in parts) or "\\0" in file or os.path.splitdrive(file)[0]:',
            '    if "\\0" in file:',
            "formats/test_sharded_files.py",
            "An index of shards names only files in its folder.",
        ),
        (
            "links-of-shards",
            "formats/sharded_files.py",
            "    if not any(os.path.commonpath([real, each]) == each for each in allowed):",
            "    if False:",
            "formats/test_sharded_files.py",
            "A link of a shard does not lead out of its folder.",
        ),
        (
            "backward-slices",
            "files/basic_indexing.py",
            "    first, last = min(positions[0], positions[-1]), max(positions[0], positions[-1])",
            "    first, last = positions[0], positions[-1]",
            "files/test_basic_indexing.py arrays/test_array_files.py",
            "Slices backwards are read.",
        ),
        (
            "a-part-of-its-own",
            "files/tensor_file.py",
            "        return found.copy() if isinstance(found, np.ndarray) and found.base is not None else found",
            "        return found",
            "arrays/test_array_files.py",
            "A part of an array holds no more memory than it needs.",
        ),
        (
            "metadata-is-text",
            "arrays/array_files.py",
            "        if not (isinstance(key, str) and isinstance(value, str)):",
            "        if False:",
            "arrays/test_array_files.py",
            "Metadata that is no text is refused in words.",
        ),
        (
            "a-digraph-is-directed",
            "arrays/digraphs.py",
            "    if not graph.is_directed():",
            "    if False:",
            "arrays/test_digraphs.py",
            "An undirected graph is refused.",
        ),
        # --- reading ------------------------------------------------------------------------------------------------
        (
            "a-listed-file-that-is-gone",
            "reading/find_checkpoint.py",
            "    if state is None or not checkpoint_exists(state.model_checkpoint_path):",
            "    if state is None:",
            "reading/test_find_checkpoint.py",
            "A checkpoint that is gone is not the latest.",
        ),
        (
            "a-state-file-of-any-size",
            "reading/state_file.py",
            "read_regular(path, limits.get().state_bytes)",
            "read_regular(path, 2**40)",
            "reading/test_state_file.py",
            "A state file that is too large is not read.",
        ),
        (
            "relative-paths-of-a-state-file",
            "reading/state_file.py",
            (
                "    state.all_model_checkpoint_paths = [os.path.join(folder, path) for path in"
                " state.all_model_checkpoint_paths]"
            ),
            "",
            "reading",
            "Paths in a state file begin at its folder.",
        ),
        (
            "a-checkpoint-is-given-once",
            "reading/iterator.py",
            "        if latest is not None and latest != last:",
            "        if latest is not None:",
            "reading/test_iterator.py",
            "The iterator gives each checkpoint once.",
        ),
        (
            "no-look-after-the-time",
            "reading/iterator.py",
            "        if stop is not None and time.monotonic() + POLL_SECONDS > stop:",
            "        if stop is not None and time.monotonic() > stop:",
            "reading/test_iterator.py",
            "A look that would come after the time is up is not waited for.",
        ),
        (
            "comments-are-no-backtracking",
            "reading/text_format.py",
            '_GAP = r"(?:\\s++|#[^\\n]*+)*+"',
            '_GAP = r"(?:\\s+|#[^\\n]*)*"',
            "reading/test_text_format.py",
            "A state file of any content is read in proportion to its length.",
        ),
        # --- checkpoint ---------------------------------------------------------------------------------------------
        (
            "all-or-nothing-is-restored",
            "checkpoint/saver.py",
            "            report = match(file, self._saveables, self._reshape, strict, cast)",
            "            report = match(file, self._saveables, self._reshape, False)",
            "checkpoint/test_saver.py checkpoint/test_restore_report.py",
            "A restore without all variables is an error, and restores none.",
        ),
        (
            "dtypes-are-compared",
            "checkpoint/restore_report.py",
            "    if entry.dtype != saveable.dtype:",
            "    if False:",
            "checkpoint/test_saver.py checkpoint/test_restore_report.py",
            "A variable of another dtype is an error.",
        ),
        (
            "as-many-elements",
            "checkpoint/restore_report.py",
            "saveable.shape.num_elements() == math.prod(entry.shape)",
            "True",
            "checkpoint/test_restore_report.py checkpoint/test_saver.py",
            "Reshaping takes as many elements as there are.",
        ),
        (
            "only-one-is-retired-at-once",
            "checkpoint/retention.py",
            "    going = dict.fromkeys(surplus if keep else surplus[:1])",
            "    going = dict.fromkeys(surplus)",
            "checkpoint",
            "As in TensorFlow, a list that was too long stays too long.",
        ),
        (
            "a-name-used-again",
            "checkpoint/retention.py",
            "    retired = tuple(entry for entry in rotation.retired if entry.prefix != new.prefix)",
            "    retired = rotation.retired",
            "checkpoint/test_retention.py",
            "A name that is used again does not take the new checkpoint with it.",
        ),
        (
            "nan-is-never-best",
            "checkpoint/retention.py",
            " if entry.metric is not None and not math.isnan(entry.metric)]",
            " if entry.metric is not None]",
            "checkpoint/test_retention.py",
            "A checkpoint with NaN for a metric is never among the best.",
        ),
        (
            "a-kept-file-under-another-name",
            "checkpoint/checkpoint_management.py",
            "        if path is None or _identity(path) in staying:",
            "        if path is None:",
            "checkpoint/test_checkpoint_management.py checkpoint/test_removal.py checkpoint/test_rotation.py",
            "A kept checkpoint is not removed under another name of its.",
        ),
        (
            "errors-of-the-background",
            "checkpoint/save_jobs.py",
            "        job.result()",
            "        pass",
            "checkpoint/test_save_jobs.py",
            "An error of a save in the background is raised.",
        ),
        (
            "the-end-of-the-program-waits",
            "checkpoint/save_jobs.py",
            "                atexit.register(self.wait)",
            "                pass",
            "checkpoint/test_save_jobs.py",
            "An error of the last save in the background is printed at the end.",
        ),
        (
            "values-of-the-moment",
            "checkpoint/saver.py",
            " if own and saveable.is_shared]",
            " if False]",
            "checkpoint/test_save_jobs.py checkpoint/saveables/test_array_saveable.py",
            "What is saved in the background are the values of the moment of the call.",
        ),
        (
            "parts-of-the-whole",
            "checkpoint/saveables/partitioned_saveable.py",
            "        if not self._is_whole:",
            "        if False:",
            "checkpoint/saveables/test_partitioned_saveable.py",
            "Parts that do not make up a whole are not saved.",
        ),
        (
            "groups-of-a-file-stay",
            "checkpoint/save_jobs.py",
            "            {**rest.models, self.group: self.model},",
            "            {self.group: self.model},",
            "checkpoint/test_groups.py",
            "Saving one model of a file keeps the others.",
        ),
        # --- variables ----------------------------------------------------------------------------------------------
        (
            "a-variable-is-made-once",
            "variables/get_variable.py",
            "        elif reuse is False:",
            "        elif False:",
            "variables/test_variable_scope.py",
            "A variable that exists is not taken without reuse.",
        ),
        (
            "shared-shapes",
            "variables/get_variable.py",
            "        if not shapes.compatible(self.shape, found.shape.plain):",
            "        if False:",
            "variables/test_get_variable.py",
            "A shared variable is of the shape that is asked for.",
        ),
        (
            "reuse-is-inherited",
            "variables/variable_scope.py",
            '        reuse = given.pop("reuse", False) or self.reuse',
            '        reuse = given.pop("reuse", False)',
            "variables/test_variable_scope.py",
            "An inner scope reuses where the outer one does.",
        ),
        (
            "a-loaded-value-fits",
            "variables/variable.py",
            "        if not shapes.compatible(self.shape.plain, array.shape):",
            "        if False:",
            "variables/test_variable.py",
            "A value of another shape is not loaded into a variable.",
        ),
        (
            "parts-in-their-order",
            "variables/partitioned.py",
            "        self._variable_list = sorted(variable_list, key=lambda variable: _info(variable).var_offset)",
            "        self._variable_list = list(variable_list)",
            "variables/test_partitioned.py",
            "The parts of a variable are joined in their order.",
        ),
        # --- monitoring ---------------------------------------------------------------------------------------------
        (
            "the-first-error-counts",
            "monitoring/coordinator.py",
            "            if self._stop.is_set():\n                return",
            "            if False:\n                return",
            "monitoring/test_coordinator.py",
            "Of several errors the first is raised.",
        ),
        (
            "threads-that-go-on",
            "monitoring/coordinator.py",
            "        if running and not ignore_live_threads:",
            "        if False:",
            "monitoring/test_coordinator.py",
            "A thread that does not stop is named.",
        ),
        (
            "a-tensor-fed-twice",
            "monitoring/monitored_session.py",
            "                if key in of_hooks:",
            "                if False:",
            "monitoring",
            "A tensor that two hooks feed is an error.",
        ),
        (
            "sessions-recover",
            "monitoring/monitored_session.py",
            "                self._hooked = None\n            except",
            "            except",
            "monitoring/test_monitored_session.py",
            "After an error that passes, a new session is made.",
        ),
        (
            "the-last-state-is-saved-once",
            "monitoring/checkpoint_saver_hook.py",
            "        if step != self._timer.last_triggered_step():",
            "        if True:",
            "monitoring/test_hooks.py",
            "The last state is not saved twice.",
        ),
        (
            "steps-between-two-times",
            "monitoring/step_timer.py",
            "step >= self._last_step + self._every_steps",
            "step > self._last_step + self._every_steps",
            "monitoring/test_hooks.py",
            "Something is due after exactly so many steps.",
        ),
        (
            "stopping-at-a-step",
            "monitoring/stop_hooks.py",
            "        if run_values.results + 1 >= last and",
            "        if run_values.results >= last and",
            "monitoring/test_hooks.py",
            "Training stops at its last step, not one behind it.",
        ),
        (
            "models-that-are-not-ready",
            "monitoring/session_manager.py",
            (
                "        problem = _not_ready(self._ready_op, sess)\n        if problem:\n            raise"
                ' RuntimeError(\n                f"Init operations did not make model ready. '
            ),
            (
                '        if False:\n            raise RuntimeError(\n                f"Init operations did not'
                " make model ready. "
            ),
            "monitoring/test_session_manager.py",
            "A model with variables without values is not ready.",
        ),
        # --- the command line, testing ------------------------------------------------------------------------------
        (
            "names-for-a-terminal",
            "cli/rendering.py",
            "character if character.isprintable() else ascii(character)[1:-1] for character in text",
            "text",
            "cli",
            "A name does nothing to a terminal.",
        ),
        (
            "json-for-every-parser",
            "cli/rendering.py",
            "    return number if math.isfinite(number) else",
            "    return number if True else",
            "cli",
            "JSON has no infinities.",
        ),
        (
            "a-wrong-derivative",
            "testing/derivatives.py",
            "    assert abs(forward - backward) <= tolerance * size, (",
            "    assert size, (",
            "ops/test_derivatives.py",
            "A wrong derivative is found.",
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
        file, _, function = test.partition("::")
        if not (ROOT / "tests" / file).exists():
            yield f"{row.name}: there is no tests/{file}."
        elif function and f"def {function.partition('[')[0]}(" not in (ROOT / "tests" / file).read_text("utf-8"):
            yield f"{row.name}: there is no {function} in tests/{file}."


def pass_without_change(rows: Sequence[Mutant]) -> bool:
    """Whether the tests of all rows pass on a copy that nothing was changed in."""
    tests = sorted({test for row in rows for test in row.tests.split()})
    whole = {test for test in tests if "::" not in test}
    with copied() as copy:
        code, said = run(copy, [test for test in tests if test in whole or test.partition("::")[0] not in whole], 3600)
    if code != 0:
        print(said, "\nThe tests do not pass without any change: nothing can be said.")
    return code == 0


def judge(row: Mutant) -> str:
    """What the tests say of one change; a line is printed about it."""
    began = time.monotonic()
    with copied() as copy:
        path = copy / "hdfsaver" / row.file
        path.write_text(path.read_text(encoding="utf-8").replace(row.old, row.new), encoding="utf-8")
        code, said = run(copy, row.tests.split())
    verdicts = {0: "survives", FAILED: "is noticed", None: "is noticed (the tests came to no end)"}
    verdict = verdicts.get(code, "is no test")
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


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), int(sys.argv[1]) + 5))
import pytest
sys.exit(pytest.main(sys.argv[2:]))
"""


def run(copy: Path, tests: Sequence[str], seconds: int = SECONDS) -> tuple[int | None, str]:
    """What pytest returns and says about tests of a copy; None where it does not come to its end."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", *(f"tests/{test}" for test in tests)]
    # With CI set, the random examples are the same in every run.
    environment = {**os.environ, "PYTHONPATH": os.fspath(copy), "CI": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", LIMITED, str(seconds), *options],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=max(WAITING, seconds))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with whatever the tests have started
        process.communicate()
        return None, ""
    return None if process.returncode < 0 else process.returncode, said  # ended by a signal: no time left, or a crash


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
