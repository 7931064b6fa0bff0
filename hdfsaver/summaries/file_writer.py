"""The writer of summaries that programs use, and the one that each folder has."""

from __future__ import annotations

import threading
import time
import warnings
from contextlib import ExitStack
from types import TracebackType
from typing import ClassVar, Self

from hdfsaver.checkpoint.meta_graph_messages import create_meta_graph_def
from hdfsaver.files.file_io import PathLike
from hdfsaver.files.file_systems import path_text
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.messages import message_classes
from hdfsaver.messages.parsing import parse
from hdfsaver.summaries.event_files import EventFileWriter
from hdfsaver.training import tf_logging as log


class FileWriter:
    """Writes summaries, graphs and notes into an event file, which TensorBoard shows; use it in a ``with`` block.

    Parameters
    ----------
    logdir : path
        The folder, which is made where it is missing.
    graph : Graph or GraphDef, optional
        A graph to write at once.
    max_queue : int
        The greatest number of events that wait to be written; a further one waits itself.
    flush_secs : float
        Seconds from one flush of the file to the next.
    graph_def : GraphDef, optional
        An older way to give a graph.
    filename_suffix : str, optional
        The end of the file's name.
    session : Session, optional
        Accepted; the file is written without operations.

    Raises
    ------
    TypeError
        The graph is neither a Graph nor a GraphDef.
    ValueError
        Both a graph and a definition are given.
    OpError
        The folder cannot be made.

    Examples
    --------
    >>> import tempfile, os
    >>> import hdfsaver as tf
    >>> folder = tempfile.mkdtemp()
    >>> with tf.summary.FileWriter(folder) as writer:
    ...     writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="loss", simple_value=0.5)]), 10)
    >>> [(event.step, value.tag) for event in tf.train.summary_iterator(os.path.join(folder, os.listdir(folder)[0]))
    ...     for value in event.summary.value]
    [(10, 'loss')]
    """

    def __init__(
        self,
        logdir: PathLike,
        graph: Graph | message_classes.GraphDef | None = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        graph_def: message_classes.GraphDef | None = None,
        filename_suffix: str | None = None,
        session: object = None,
    ) -> None:
        self._seen_tags: set[str] = set()
        self._run_tags: set[str] = set()
        self._is_closed = False
        self.event_writer = EventFileWriter(logdir, max_queue, flush_secs, filename_suffix)
        if graph is not None or graph_def is not None:
            self.add_graph(graph, graph_def=graph_def)
            definition = graph_def or (graph.as_graph_def(add_shapes=True) if isinstance(graph, Graph) else graph)
            self.add_meta_graph(create_meta_graph_def(graph_def=definition))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get_logdir(self) -> str:
        """The folder."""
        return self.event_writer.get_logdir()

    def add_summary(self, summary: message_classes.Summary | bytes, global_step: int | None = None) -> None:
        """Write a summary.

        Parameters
        ----------
        summary : Summary or bytes
            The message, or the result of a summary operation. A message stays unchanged.
        global_step : int, optional
            The step.

        Raises
        ------
        DataLossError
            The bytes are not such a message.
        OpError
            An event before this one could not be written.
        """
        event = message_classes.Event()
        if isinstance(summary, bytes):
            summary = parse(message_classes.Summary, summary, "The summary")
        event.summary.CopyFrom(summary)
        for value in event.summary.value:
            # TensorBoard needs the metadata of a tag once.
            if value.tag in self._seen_tags:
                value.ClearField("metadata")
            self._seen_tags.add(value.tag)
        self._add(event, global_step)

    def add_session_log(self, session_log: message_classes.SessionLog, global_step: int | None = None) -> None:
        """Write that a training has begun, ended or saved a checkpoint.

        Parameters
        ----------
        session_log : SessionLog
            The message.
        global_step : int, optional
            The step.

        Raises
        ------
        OpError
            An event before this one could not be written.
        """
        self._add(message_classes.Event(session_log=session_log), global_step)

    def add_graph(
        self,
        graph: Graph | message_classes.GraphDef | None,
        global_step: int | None = None,
        graph_def: Graph | message_classes.GraphDef | None = None,
    ) -> None:
        """Write a graph, with the shapes of its tensors.

        Parameters
        ----------
        graph : Graph or GraphDef
            The graph.
        global_step : int, optional
            The step.
        graph_def : GraphDef, optional
            An older way to give the graph.

        Raises
        ------
        TypeError
            It is neither a Graph nor a GraphDef.
        ValueError
            Both are given.
        OpError
            An event before this one could not be written.
        """
        if graph is not None and graph_def is not None:
            raise ValueError("Please pass only graph, or graph_def (deprecated), but not both.")
        found = graph_def if graph is None else graph
        if isinstance(found, Graph):
            found = found.as_graph_def(add_shapes=True)
        elif isinstance(found, message_classes.GraphDef):
            log.warning("Passing a GraphDef to FileWriter is deprecated. Give a Graph instead, such as sess.graph.")
        else:
            raise TypeError(
                f"The passed graph must be an instance of Graph or the deprecated GraphDef, not {type(found).__name__}."
            )
        self._add(message_classes.Event(graph_def=found.SerializeToString()), global_step)

    def add_meta_graph(self, meta_graph_def: message_classes.MetaGraphDef, global_step: int | None = None) -> None:
        """Write a graph with its collections.

        Parameters
        ----------
        meta_graph_def : MetaGraphDef
            The message, as `export_meta_graph` gives it.
        global_step : int, optional
            The step.

        Raises
        ------
        TypeError
            It is another object.
        OpError
            An event before this one could not be written.
        """
        if not isinstance(meta_graph_def, message_classes.MetaGraphDef):
            raise TypeError(f"meta_graph_def must be type MetaGraphDef, saw type: {type(meta_graph_def)}")
        self._add(message_classes.Event(meta_graph_def=meta_graph_def.SerializeToString()), global_step)

    def add_run_metadata(
        self, run_metadata: message_classes.RunMetadata, tag: str, global_step: int | None = None
    ) -> None:
        """Write what a run has told about itself.

        Parameters
        ----------
        run_metadata : RunMetadata
            The message that ``session.run`` has filled.
        tag : str
            A name that no run before had.
        global_step : int, optional
            The step.

        Raises
        ------
        ValueError
            A run before had the name.
        OpError
            An event before this one could not be written.
        """
        if tag in self._run_tags:
            raise ValueError(f"The provided tag was already used for this event type: {tag!r}")
        self._run_tags.add(tag)
        tagged = message_classes.TaggedRunMetadata(tag=tag, run_metadata=run_metadata.SerializeToString())
        self._add(message_classes.Event(tagged_run_metadata=tagged), global_step)

    def _add(self, event: message_classes.Event, step: int | None) -> None:
        event.wall_time = time.time()
        if step is not None:
            event.step = int(step)
        self.add_event(event)

    def add_event(self, event: message_classes.Event) -> None:
        """Write an event as it is; a warning where the writer is closed.

        Raises
        ------
        OpError
            An event before this one could not be written.
        """
        self._warn()
        self.event_writer.add_event(event)

    def flush(self) -> None:
        """Wait until all events can be read from the file."""
        self._warn()
        self.event_writer.flush()

    def close(self) -> None:
        """Write all events, and close the file."""
        self.event_writer.close()
        self._is_closed = True

    def reopen(self) -> None:
        """After `close`, take events again, for a new file; nothing happens where it is open."""
        self.event_writer.reopen()
        self._is_closed = False

    def _warn(self) -> None:
        if self._is_closed:
            warnings.warn(
                "Attempting to use a closed FileWriter. The operation will be a noop unless the FileWriter is "
                "explicitly reopened.",
                stacklevel=3,
            )


class FileWriterCache:
    """The writers of folders, one for each, which hooks and programs share."""

    _lock: ClassVar[threading.RLock] = threading.RLock()
    _writers: ClassVar[dict[str, FileWriter]] = {}

    @staticmethod
    def get(logdir: PathLike) -> FileWriter:
        """The writer of a folder, which writes the default graph when it is made."""
        folder = path_text(logdir)
        with FileWriterCache._lock:
            writer = FileWriterCache._writers.get(folder)
            if writer is None:
                writer = FileWriterCache._writers[folder] = FileWriter(folder, graph=get_default_graph())
            return writer

    @staticmethod
    def clear() -> None:
        """Close and forget all writers, also where one of them cannot write any more."""
        with FileWriterCache._lock, ExitStack() as closing:
            for writer in FileWriterCache._writers.values():
                closing.callback(writer.close)
            FileWriterCache._writers.clear()
