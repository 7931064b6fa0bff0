"""Saver: writes the variables of a session to a checkpoint, and restores them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

from hdfsaver.annotations import snapshot
from hdfsaver.checkpoint import meta_graph, retention
from hdfsaver.checkpoint.meta_graph_files import write_structure
from hdfsaver.checkpoint.random_state import restored, wants_places
from hdfsaver.checkpoint.renaming import Rename, renamed
from hdfsaver.checkpoint.restore_reads import load
from hdfsaver.checkpoint.restore_report import RestoreReport, match
from hdfsaver.checkpoint.rotation import Rotation
from hdfsaver.checkpoint.save_arguments import (
    check_session,
    check_values,
    located,
    make_parent,
    metric_number,
    prefix_of,
    sharing_of,
)
from hdfsaver.checkpoint.save_jobs import SaveJob
from hdfsaver.checkpoint.save_queue import Saves
from hdfsaver.checkpoint.saveables.kept_variables import kept_variables
from hdfsaver.checkpoint.saveables.partitioned_saveable import saveable_of
from hdfsaver.checkpoint.saveables.saveable import Saveable
from hdfsaver.checkpoint.saveables.var_list import all_of_graph, variables_by_name
from hdfsaver.checkpoint.scoping import saved_within
from hdfsaver.files.folder_lock import real_path
from hdfsaver.files.progress import Callback
from hdfsaver.files.remote.names import folder_and_name, sharing
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.messages import message_classes
from hdfsaver.messages.names_of_savers import read_names
from hdfsaver.messages.saver_defs import OPERATIONS, read_saver, saver_message
from hdfsaver.reading import checkpoint_names
from hdfsaver.reading.checkpoint_names import PathLike, Source, as_source, as_target, as_targets
from hdfsaver.reading.reader import open_located
from hdfsaver.schema import SavedNames, SaverDef, Structure
from hdfsaver.session import Session
from hdfsaver.session.session_state import SessionState
from hdfsaver.storage import groups
from hdfsaver.storage.chunks.compression import Choices, by_name, checked
from hdfsaver.storage.writing import Model, WriteOptions, Writer
from hdfsaver.variables.partitioned import PartitionedVariable
from hdfsaver.variables.variable import global_variables


class Saver:
    """Writes variables to checkpoints, restores them, and deletes old checkpoints.

    Parameters
    ----------
    var_list : None, list, tuple or set of Variable, or dict of str to Variable
        The variables to save and restore, by default all global variables; the keys of a dict are the names in the
        file. Partitioned variables and their parts are allowed; in a dict, a list of parts is a variable. The file has
        the whole variable under its full name; an incomplete list of parts can be restored but not saved. A dict may
        also have arrays of NumPy, PyTorch or JAX. They are restored in place, or replaced in the dict if they are
        read-only; if there are only arrays, no session is needed.
    reshape : bool
        Restore a variable from a value of another shape with the same number of elements.
    sharded : bool
        Accepted and recorded; a checkpoint is always one file.
    max_to_keep : int or None
        The number of checkpoints to keep; None or 0 keeps all.
    keep_checkpoint_every_n_hours : float
        In addition, keep one checkpoint permanently in each period of this many hours.
    name : str, optional
        Accepted and ignored; a Saver adds no operations to the graph.
    restore_sequentially : bool
        Accepted and ignored; variables are always read in parallel.
    saver_def : SaverDef, optional
        Settings that replace the other arguments. Without a ``var_list`` the variables are those that it names, or
        that the operations of the graph save which it names; all global ones where neither tells.
    builder : object
        Accepted and ignored; there are no save and restore operations.
    defer_build : bool
        Collect the variables only when `build` is called.
    allow_empty : bool
        Allow a Saver without variables; `save` then writes the graph only, and `restore` does nothing.
    write_version : object
        Accepted and ignored; there is only one format.
    pad_step_number : bool
        Write steps with eight digits, so that names sort as steps do.
    save_relative_paths : bool
        Write relative paths to the state file, so that the folder can be moved.
    filename : str, optional
        Accepted and ignored, as in TensorFlow.
    rename : callable, or dict or list of pairs of regular expressions, optional
        The names in the file: a function of the variable's name, or patterns with replacements, as in `re.sub`, applied
        one after the other. (In TensorFlow this needs a dict with every variable.)
    keep : callable, optional
        A policy for checkpoints to keep in addition to the newest: ``tf.train.keep_best(3)``, or your own function of
        the list of checkpoints; see `hdfsaver.checkpoint.retention`. (TensorFlow keeps only the newest.)
    resume_rotation : bool
        Begin with the checkpoints in the state file, so that old checkpoints are still deleted after a restart.
        (TensorFlow never deletes them, unless `recover_last_checkpoints` is called.)
    group : str
        Save the model in a group of the file, ``/teacher/graph`` and ``/teacher/variables``, and keep the models of the
        other groups, so that related models share one file. The other models are written again, so a save takes the
        time of all models. A Saver without a group replaces the whole file. A file stays as long as a Saver of any
        group keeps it.
    compression : str, Compression, or dict of str to these, optional
        Compress values of at least 64 KiB: all of them, or some by their names; see `hdfsaver.Compression`.
    incremental : bool or int
        Write only what has changed since the last save of this Saver, where the file system lets files share blocks
        (XFS, Btrfs). The file is the same as that of any other save, and complete. Values that are not written are not
        read either, so that several checkpoints have the same bytes on the disk; with a number, one save is written in
        full after that many incremental ones. Where blocks cannot be shared, and with ``compression``, every save is
        written in full, and a warning says so once. (In TensorFlow every save is.)

    Raises
    ------
    ValueError
        There are no variables, a variable occurs twice, two variables have the same name, or the group name is not
        allowed.
    TypeError
        ``var_list`` has another type.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> weights = tf.Variable([1.0, 2.0], name="weights")
    >>> saver = tf.train.Saver({"w": weights}, max_to_keep=2)
    >>> with tf.Session() as session:
    ...     session.run(tf.global_variables_initializer())
    ...     saver.save(session, "model.ckpt")
    'model.ckpt'
    >>> tf.train.list_variables("model.ckpt")
    [('w', [2])]
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: message_classes.SaverDef | SaverDef | None = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: object = 2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
        *,
        rename: Rename | None = None,
        keep: retention.Policy | None = None,
        resume_rotation: bool = False,
        group: str = "",
        compression: Choices = None,
        incremental: bool | int = False,
    ) -> None:
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. "
                "Either set defer_build=False or var_list=None."
            )
        self._var_list = var_list
        self._allow_empty = allow_empty
        self._rename = rename
        self._group = group
        self._compression = checked(compression)
        groups.link_of(group)  # raises if the name is not allowed
        self._is_built = False
        self._new_names: Mapping[str, str] = {}  # of the operations of the file, where an import has changed names
        self._saveables: dict[str, Saveable] = {}
        self._reshape = reshape
        self._pad = pad_step_number
        _check_saver_def(saver_def)
        self._given_def = saver_def or None
        self._saver_message: message_classes.SaverDef | None = None
        self._saver_def = (
            read_saver(saver_def)
            if saver_def
            else SaverDef(
                max_to_keep=max_to_keep or 0,
                sharded=sharded,
                keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            )
        )
        self._incremental = incremental
        self._writer = Writer(sharing_of(incremental))
        self._described: tuple[Hashable, Structure] | None = None
        self._saves = Saves()
        self._rotation = Rotation(
            max_to_keep=self._saver_def.max_to_keep,
            hours=self._saver_def.keep_checkpoint_every_n_hours,
            keep=keep,
            relative=save_relative_paths,
            resume=resume_rotation,
            group=group,
        )
        if not defer_build:
            self.build()

    def __repr__(self) -> str:
        what = f"{len(self._saveables):,} variables" if self._is_built else "not built"
        return f"<{type(self).__name__}: {what}>"

    def build(self) -> None:
        """Collect the variables to save; needed once after ``defer_build=True``.

        Raises
        ------
        ValueError
            There are no variables, and ``allow_empty`` is not set.
        """
        if self._is_built:
            return
        if self._var_list is None and self._given_def is not None:
            self._var_list = kept_variables(get_default_graph(), self._given_def)
        if self._var_list is None:
            self._var_list = all_of_graph()
        variables = renamed(variables_by_name(self._var_list), self._rename)
        if not variables and not self._allow_empty:
            raise ValueError("No variables to save")
        _join_collected(get_default_graph())
        self._saveables = {name: saveable_of(variable) for name, variable in variables.items()}
        self._dtypes = {name: saveable.dtype for name, saveable in self._saveables.items() if saveable.keys}
        self._compressed = by_name(self._compression, self._saveables)
        self._needs_session = bool(self._dtypes) or not self._saveables
        self._is_built = True

    def _check_built(self, doing: str) -> None:
        if not self._is_built:
            raise RuntimeError(f"`build()` should be called before {doing} if defer_build==True")

    # -- saving --------------------------------------------------------------------------------------------------

    def save(
        self,
        sess: Session | None,
        save_path: PathLike,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
        *,
        durable: bool = True,
        metric: Any = None,
        wait: bool = True,
        progress: Callback | None = None,
    ) -> str | None:
        """Write the variables' values and the graph to one file.

        Parameters
        ----------
        sess : Session
            The session with the values; None if all values are arrays.
        save_path : path
            The prefix of the checkpoint: ``model/add.ckpt`` becomes the file ``model/add.ckpt.h5``; a path that ends
            in ``.h5`` or ``.hdf5`` names the file itself. Or a URL, ``s3://bucket/run/add.ckpt``; see
            ``docs/remote.md``.
        global_step : int, Tensor, Variable or str, optional
            A number to append to the prefix.
        latest_filename : str, optional
            The name of the state file, ``"checkpoint"`` by default.
        meta_graph_suffix : str
            Accepted and ignored; the graph is in the same file.
        write_meta_graph : bool
            Whether the graph is written too.
        write_state : bool
            Whether the state file is written and old checkpoints are deleted.
        strip_default_attrs : bool
            Leave out attributes of operations with their default values.
        save_debug_info : bool
            Accepted and ignored; graphs have no debug information.
        durable : bool
            Wait until checkpoint and state file are on the disk. Otherwise a crash of the machine may lose this and
            other checkpoints; a crash of the program does not.
        metric : float or Tensor, optional
            The metric of the model, for policies such as `keep_best`; it is recorded in the state file.
        wait : bool
            With False, return immediately and save the present values in the background; variables are not copied,
            because later steps create new arrays. The saves of one Saver end in the order in which they began. An error
            is raised by the next call of `save`, `restore` or `wait`; the end of the program waits for all saves, and
            prints errors that were not raised.
        progress : callable, optional
            Called repeatedly with the bytes written and the bytes in total; an exception in it ends the save. It may
            save too: with ``wait=False`` after this save, otherwise within it.

        Returns
        -------
        str or None
            The prefix, for `restore`; None without variables, where a file without values has the graph.

        Raises
        ------
        FailedPreconditionError
            A variable has no value. Nothing is written.
        TypeError
            ``sess`` is not a session, the step is not an integer, or a program has put a value on a node or an edge of
            the graph that a file cannot hold; see `hdfsaver.schema`. Nothing is written.
        ValueError
            The folder does not exist, nor the one above it, in which it would be made; or the checkpoint would have the
            state file's name.
        RuntimeError
            The session is closed.
        OpError
            The file cannot be written: the folder is read-only, the disk is full.

        Examples
        --------
        >>> import hdfsaver as tf
        >>> step = tf.Variable(7, name="step")
        >>> with tf.Session() as session:
        ...     session.run(tf.global_variables_initializer())
        ...     tf.train.Saver().save(session, "model.ckpt", global_step=step)
        'model.ckpt-7'
        >>> tf.train.latest_checkpoint(".")
        './model.ckpt-7'
        """
        self._check_built("save")
        self._check_session(sess)
        prefix = prefix_of(sess, as_target(save_path), global_step, latest_filename, self._pad, self._saver_def.sharded)
        rating = None if metric is None else metric_number(sess, metric)
        if not self._saveables:
            if write_meta_graph and sess is not None and not self._group:
                check_values(sess.graph)
                write_structure(prefix, self._structure(sess.graph, strip_default_attrs))
            return None
        path = checkpoint_names.absolute(prefix)
        options = WriteOptions(durable, sweep=False, progress=progress)
        rotation = self._rotation if write_state else None
        job_of = partial(
            SaveJob,
            prefix,
            path,
            group=self._group,
            writer=self._writer,
            options=options,
            rotation=rotation,
            latest_filename=latest_filename,
            metric=rating,
        )

        def prepared() -> Callable[[], None]:
            model, version = self._model(sess, write_meta_graph, strip_default_attrs, own=not wait)
            make_parent(prefix)
            # The thread of the saves would wait for this one at each answer of the system.
            folder = folder_and_name(path)[0]
            return job_of(model, version, folder=folder, real=real_path(folder)).run

        self._saves.run(checkpoint_names.file_of(path), prepared, in_background=not wait)
        return str(prefix)

    def _model(
        self, sess: Session | None, has_graph: bool, strip_default_attrs: bool, *, own: bool
    ) -> tuple[Model, Hashable]:
        """The model to save, and the version of its graph; with ``own`` the model does not change later."""
        state = None if sess is None else sess.state
        values, live = self._values(sess, state, own=own)
        places = {} if state is None else state.random.snapshot()
        if sess is None or not has_graph:
            return Model(values, None, self._dtypes, self._compressed, live, places), None
        version = (sess.graph.fingerprint(), strip_default_attrs)
        structure = self._structure_at(version, sess.graph, strip_default_attrs, own=own)
        return Model(values, structure, self._dtypes, self._compressed, live, places), version

    def wait(self) -> None:
        """Wait for all saves of this Saver with ``wait=False``.

        Raises
        ------
        OpError
            A save has failed; see `save`. Each further error is raised by another call.
        RuntimeError
            The call comes from within a save for which it would have to wait, such as from its ``progress``.
        """
        self._saves.wait()

    def _values(
        self, sess: Session | None, state: SessionState | None, *, own: bool
    ) -> tuple[dict[str, Any], list[str]]:
        """The values to save, and the names of those that the program may write to; with ``own`` these are copied."""
        self._check_graph(sess)
        keys = (key for saveable in self._saveables.values() for key in saveable.keys)
        present = {} if state is None else state.snapshot(keys)
        values = {name: saveable.value(present) for name, saveable in self._saveables.items()}
        shared = [name for name, saveable in self._saveables.items() if saveable.is_shared]
        if not (own and shared):
            return values, shared
        return {**values, **{name: values[name].copy() for name in shared}}, []

    def _structure_at(self, version: Hashable, graph: Graph, strip_default_attrs: bool, *, own: bool) -> Structure:
        """The graph's description, made once for each version; with ``own`` it does not change with the graph."""
        if self._described is None or self._described[0] != version:
            check_values(graph)
            self._described = (version, self._structure(graph, strip_default_attrs=strip_default_attrs))
        structure = self._described[1]
        if own and structure.digraph is graph.data:
            structure = replace(structure, digraph=snapshot(graph.data))
            self._described = (version, structure)
        return structure

    @property
    def last_checkpoints(self) -> list[str]:
        """The prefixes of the kept checkpoints, oldest first."""
        return list(map(str, retention.prefixes(self._rotation.kept)))

    def set_last_checkpoints(self, last_checkpoints: list[PathLike]) -> None:
        """Set the list of kept checkpoints, oldest first. They leave the list later, but are never deleted.

        Raises
        ------
        AssertionError
            It is not a list, as in TensorFlow.
        """
        _check_list(last_checkpoints)
        self.set_last_checkpoints_with_time([(path, float("inf")) for path in as_targets(last_checkpoints)])

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: list[tuple[PathLike, float]]) -> None:
        """Set the list of kept checkpoints, each with its time in seconds since the epoch, oldest first.

        Raises
        ------
        AssertionError
            It is not a list, as in TensorFlow.
        """
        _check_list(last_checkpoints_with_time)
        self.wait()
        named = [(as_target(path), saved) for path, saved in last_checkpoints_with_time]
        self._rotation.set_kept(
            retention.Kept(prefix, saved, path=checkpoint_names.absolute(prefix)) for prefix, saved in named
        )

    def recover_last_checkpoints(self, checkpoint_paths: list[PathLike]) -> None:
        """Add existing checkpoints to the list after a restart, with the times of their files."""
        self.wait()
        self._rotation.recover(checkpoint_paths)

    # -- restoring -----------------------------------------------------------------------------------------------

    def restore(
        self,
        sess: Session | None,
        save_path: Source | None,
        *,
        strict: bool = True,
        cast: bool = False,
        mmap_mode: str | None = None,
        progress: Callback | None = None,
        random_state: bool = True,
    ) -> RestoreReport:
        """Set the variables to the values of a checkpoint. No initializer needs to run before.

        Either all selected variables get their values or, after an error, none. A save of this checkpoint in the
        background, also one of another Saver, is waited for.

        Parameters
        ----------
        sess : Session
            The session to restore into; None if all values are arrays.
        save_path : path
            A prefix from `save`, the file itself, or the prefix of a TensorFlow checkpoint.
        strict : bool
            With False, variables that are missing in the file or do not match keep their values, instead of causing an
            error. This initializes a larger model from a smaller one.
        cast : bool
            Convert values of another dtype to that of the variable: integers to other integers and to real numbers,
            real numbers to those of another size and to complex ones. Real numbers never become integers, nor complex
            ones real.
        mmap_mode : str, optional
            ``"r"`` or ``"c"``: map large values into memory instead of reading them; they are loaded when they are
            used, and their digests are not checked. The file must not be changed in place while they are used.
        progress : callable, optional
            Called repeatedly with the bytes read and the bytes in total; an exception in it ends the restore.
        random_state : bool
            Let the random operations of the session go on where those of the saved session had come to, if the file
            says it. With False they are not touched, as in TensorFlow.

        Returns
        -------
        RestoreReport
            The names that were restored, and those that were not. (TensorFlow returns None.)

        Raises
        ------
        ValueError
            The checkpoint does not exist.
        NotFoundError
            A name is missing in the file. The message lists the missing names, the names in the file and similar names.
        InvalidArgumentError
            A variable's shape or dtype differs. With ``cast``, numbers are beyond the range of the variable's dtype.
        DataLossError
            The file is damaged or was changed by another program.
        RuntimeError
            The session is closed.

        Examples
        --------
        >>> import numpy as np
        >>> import hdfsaver as tf
        >>> tf.save_file({"weights": np.array([1.0, 2.0], np.float32)}, "model.h5")
        >>> weights = tf.Variable(tf.zeros([2]), name="weights")
        >>> with tf.Session() as session:
        ...     report = tf.train.Saver().restore(session, "model.h5")
        ...     session.run(weights)
        array([1., 2.], dtype=float32)
        >>> report.restored
        ('weights',)
        """
        self._check_built("restore")
        self._check_session(sess)
        source = None if save_path is None else as_source(save_path)
        self._saves.wait(() if source is None else tuple(checkpoint_names.candidates(source)))
        if not self._saveables:  # TensorFlow looks for no file then
            return RestoreReport("" if source is None else source)
        with sharing():
            found = located(source)
            self._check_graph(sess)
            opened = open_located(found, self._group)
        with opened as file:
            report = match(file, self._saveables, self._reshape, strict, cast)
            wanted = {name: self._saveables[name] for name in report.restored}
            for saveable in wanted.values():
                saveable.check_takes()
            loaded = load(file, wanted, self._reshape, mmap_mode, progress, report.cast)
            places = (
                file.random_places() if random_state and sess is not None and wants_places(sess.graph, file) else {}
            )
        if sess is not None:
            sess.state.assign(loaded)
            if places:
                random = sess.state.random
                random.replace(restored(sess.graph, places, random.snapshot(), self._new_names))
        return report

    def _check_session(self, sess: Any) -> None:
        if sess is not None or self._needs_session:
            check_session(sess)

    def _check_graph(self, sess: Session | None) -> None:
        graph = None if sess is None else sess.graph
        for saveable in self._saveables.values():
            if saveable.graph is not graph and saveable.graph is not None:
                if graph is not None and not graph.data:
                    raise RuntimeError(f"The Session graph is empty. The {saveable.label} is of another graph.")
                raise ValueError(f"The {saveable.label} is not an element of the graph of this session.")

    # -- copies --------------------------------------------------------------------------------------------------

    def __copy__(self) -> Saver:
        """A Saver of the same variables; its list of checkpoints, which begins with the same ones, is its own."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made._saver_message = None
        made._writer, made._saves = Writer(sharing_of(self._incremental)), Saves()
        made._rotation = copy.copy(self._rotation)
        return made

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError(_NOT_COPIED.format(what="deep-copied"))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(_NOT_COPIED.format(what="pickled"))

    # -- describing ----------------------------------------------------------------------------------------------

    @property
    def saver_def(self) -> message_classes.SaverDef | None:
        """The Saver's settings, the same message each time; None before `build`, and without variables."""
        return self.as_saver_def()

    def as_saver_def(self) -> message_classes.SaverDef | None:
        """The Saver's settings, the same message each time; None before `build`, and without variables."""
        if self._saver_message is None and self._plain_def() is not None:
            self._saver_message = saver_message(self._saver_def, self._saved_names())
        return self._saver_message

    def to_proto(self, export_scope: str | None = None) -> message_classes.SaverDef | None:
        """A copy of the Saver's settings; None where `saver_def` is, or if something is outside ``export_scope``.

        In a field ``saved_names``, which TensorFlow keeps as an unknown one, it has the variables by their names in
        the file.
        """
        prefix = f"{export_scope.rstrip('/')}/" if export_scope else ""
        given = {field: name for field in OPERATIONS if (name := getattr(self._saver_def, field))}
        names = self._saved_names()
        within = saved_within(names, prefix)
        # The operations that save and restore tell where a Saver is; without any, the variables do.
        is_inside = (
            all(name.startswith(prefix) for name in given.values())
            if given
            else _number_of_parts(within) == _number_of_parts(names)
        )
        if self._plain_def() is None or not is_inside:
            return None
        inner = {field: name.removeprefix(prefix) for field, name in given.items()}
        return saver_message(replace(self._saver_def, **inner), within)

    @staticmethod
    def from_proto(saver_def: message_classes.SaverDef | None, import_scope: str | None = None) -> Saver:
        """Make a Saver with the settings, for the variables that it was for.

        Parameters
        ----------
        saver_def : SaverDef
            From `to_proto`, or of a graph that TensorFlow has written; None for a Saver of everything.
        import_scope : str, optional
            The scope that the variables were imported into.

        Returns
        -------
        Saver
            If the settings do not tell the variables: for all global ones, or for those in the scope by their names
            in it.

        Raises
        ------
        KeyError
            A variable is not in the default graph.
        ValueError
            It is not a ``SaverDef``.
        """
        _check_saver_def(saver_def)
        if saver_def is None:
            return Saver(name=import_scope)
        prefix = f"{import_scope.rstrip('/')}/" if import_scope else ""
        outer = {field: prefix + name for field in OPERATIONS if (name := getattr(saver_def, field))}
        settings = replace(read_saver(saver_def), **outer)
        message = saver_message(settings, read_names(saver_def))
        found = kept_variables(get_default_graph(), message, prefix)
        if found is None and prefix:
            named = variables_by_name(global_variables()).items()
            found = {name.removeprefix(prefix): variable for name, variable in named if name.startswith(prefix)}
        return Saver(found, saver_def=settings, name=import_scope)

    def _plain_def(self) -> SaverDef | None:
        """The settings; None where TensorFlow's Saver has none: before `build`, and without variables."""
        is_empty = self._is_built and not self._saveables
        return None if self._given_def is None and (is_empty or not self._is_built) else self._saver_def

    def _structure(self, graph: Graph, strip_default_attrs: bool = False) -> Structure:
        options = meta_graph.ExportOptions(strip_default_attrs=strip_default_attrs)
        return meta_graph.structure_of(graph, self._plain_def(), self._saved_names(), options)

    def _saved_names(self) -> SavedNames:
        return {name: saveable.saved_name for name, saveable in self._saveables.items() if saveable.saved_name}

    def export_meta_graph(
        self,
        filename: PathLike | None = None,
        collection_list: Iterable[str] | None = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> message_classes.MetaGraphDef:
        """Describe the default graph and this Saver's settings, and write the description to a file without values.

        Parameters
        ----------
        filename : path, optional
            ``x`` is written to ``x.h5``; by default no file is written.
        collection_list : iterable of str, optional
            The collections to include, by default all.
        as_text : bool
            Accepted and ignored; an HDF5 file has one form, and ``h5dump`` shows it as text.
        export_scope : str, optional
            Describe only the operations in this name scope, by their names in it.
        clear_devices : bool
            Leave out the devices of the operations.
        clear_extraneous_savers : bool
            Leave out the save and restore operations of other Savers, which graphs from TensorFlow have.
        strip_default_attrs : bool
            Leave out attributes of operations with their default values.
        save_debug_info : bool
            Accepted and ignored; graphs have no debug information.

        Returns
        -------
        MetaGraphDef

        Raises
        ------
        ValueError, TypeError, OpError
            See ``tf.train.export_meta_graph``.
        """
        return meta_graph.export_scoped_meta_graph(
            filename,
            export_scope=export_scope,
            as_text=as_text,
            clear_devices=clear_devices,
            saver_def=self._plain_def(),
            clear_extraneous_savers=clear_extraneous_savers,
            strip_default_attrs=strip_default_attrs,
            save_debug_info=save_debug_info,
            collection_list=collection_list,
            saved_names=self._saved_names(),
        )[0]


_NOT_COPIED = (
    "A Saver cannot be {what}: it saves the variables or arrays of this program. Make another one there: pickle the "
    "settings, `saver.to_proto()`, and pass them to Saver with the other variables: `Saver(variables, "
    "saver_def=settings)`."
)


def _check_saver_def(saver_def: object) -> None:
    if saver_def and not isinstance(saver_def, SaverDef | message_classes.SaverDef):
        raise ValueError(f"saver_def must be a SaverDef: {saver_def!r}.")


def _join_collected(graph: Graph) -> None:
    """Join the partitioned variables in collections, as TensorFlow does: an export lists the operations that do it."""
    # Those of all variables list the parts. They are long, and an import makes a Saver too.
    keys = set(graph.get_all_collection_keys()) - {GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES}
    for key in sorted(keys) if not graph.finalized else ():
        for item in graph.get_collection(key):
            if isinstance(item, PartitionedVariable) and item.name not in graph.data:
                item.as_tensor()


def _number_of_parts(names: SavedNames) -> int:
    return sum(1 if isinstance(saved, str) else len(saved) for saved in names.values())


def _check_list(value: object) -> None:
    if not isinstance(value, list):
        raise AssertionError(f"The last checkpoints must be a list, not {type(value).__name__}.")
