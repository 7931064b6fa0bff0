"""Monitored sessions: what their hooks are called for, how they end, and how they recover."""

from __future__ import annotations

import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.monitoring import wrapped_sessions


class Spy(tf.train.SessionRunHook):
    """Notes what it is called for."""

    def __init__(self, name, calls):
        self.name, self.calls = name, calls

    def begin(self):
        self.calls.append((self.name, "begin", tf.get_default_graph().finalized))

    def after_create_session(self, session, coord):
        self.calls.append((self.name, "created", tf.get_default_graph().finalized))

    def before_run(self, run_context):
        self.calls.append((self.name, "before", run_context.original_args.fetches))
        return tf.train.SessionRunArgs("w:0")

    def after_run(self, run_context, run_values):
        self.calls.append((self.name, "after", float(run_values.results)))

    def end(self, session):
        self.calls.append((self.name, "end", float(session.run("w:0"))))


def test_hooks_are_called_in_order(model):
    """Each is called when it begins, around each run with its own values, and at the end; in the order of the list."""
    calls: list[tuple[str, str, object]] = []
    with tf.train.MonitoredSession(hooks=[Spy("a", calls), Spy("b", calls)]) as sess:
        assert 1.0 == sess.run(model.weight)
    assert [
        ("a", "begin", False),
        ("b", "begin", False),
        ("a", "created", True),
        ("b", "created", True),
        ("a", "before", model.weight),
        ("b", "before", model.weight),
        ("a", "after", 1.0),
        ("b", "after", 1.0),
        ("a", "end", 1.0),
        ("b", "end", 1.0),
    ] == calls
    assert not tf.get_default_graph().finalized


def test_after_an_exception_hooks_do_not_end(model):
    """An exception passes, and hooks are not asked to end; the session is closed all the same."""
    calls: list[tuple[str, str, object]] = []
    with pytest.raises(KeyError), tf.train.MonitoredSession(hooks=[Spy("a", calls)]) as sess:
        raise KeyError
    assert "end" not in [call[1] for call in calls]
    with pytest.raises(RuntimeError, match="already closed"):
        sess.run(model.weight)
    assert sess.should_stop()


@pytest.mark.parametrize("error", [StopIteration(), errors.OutOfRangeError(None, None, "the end")])
def test_the_end_of_the_input_is_no_error(model, error):
    """Two exceptions only end a training, and hooks end as always."""
    calls: list[tuple[str, str, object]] = []
    with tf.train.MonitoredSession(hooks=[Spy("a", calls)]):
        raise error
    assert "end" == calls[-1][1]


def test_it_recovers_from_what_passes(model, tmp_path):
    """After an aborted run there is a new session, restored from the last checkpoint, and the run is done again."""
    runs, values = [], []

    class Abort(tf.train.SessionRunHook):
        def after_create_session(self, session, coord):
            values.append(float(session.run(model.weight)))

        def after_run(self, run_context, run_values):
            runs.append(1)
            if len(runs) in (2, 3):
                raise errors.AbortedError(None, None, "gone")

    with tf.train.MonitoredTrainingSession(
        checkpoint_dir=tmp_path, hooks=[Abort(), tf.train.StopAtStepHook(last_step=3)], save_checkpoint_steps=1
    ) as sess:
        while not sess.should_stop():
            sess.run(model.step)
    assert ([1.0, 3.0, 4.0], 4) == (values, len(runs))


def test_a_singular_session_does_not_recover(model):
    """Every error goes to the program, and the plain session can be had."""

    class Abort(tf.train.SessionRunHook):
        def after_run(self, run_context, run_values):
            raise errors.AbortedError(None, None, "gone")

    with tf.train.SingularMonitoredSession(hooks=[Abort()]) as sess:
        assert isinstance(sess.raw_session(), tf.Session)
        with pytest.raises(errors.AbortedError):
            sess.run(model.step)
    assert sess.raw_session() is None


def test_hooks_feed(model):
    """What hooks feed is fed, but nobody feeds what somebody else does."""
    x = tf.placeholder(tf.float32, name="x")
    feed = tf.train.FeedFnHook(lambda: {x: 3.0})
    with tf.train.MonitoredSession(hooks=[feed]) as sess:
        assert 3.0 == sess.run(x)
        with pytest.raises(RuntimeError, match="fed by a SessionRunHook and user"):
            sess.run(x, {x: 1.0})
    with tf.train.MonitoredSession(hooks=[feed, feed]) as sess, pytest.raises(RuntimeError, match="by two hooks"):
        sess.run(x)


def test_no_run_after_a_stop_was_asked_for(model):
    """A hook's wish to stop is fulfilled after its run, and no other run is let through."""
    with tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(num_steps=2)]) as sess:
        count = 0
        while not sess.should_stop():
            sess.run(model.step)
            count += 1
        with pytest.raises(RuntimeError, match="even after should_stop requested"):
            sess.run(model.step)
    assert 2 == count


def test_step_functions(model):
    """A function runs things with hooks and without, and can end the block; others are refused."""
    calls: list[tuple[str, str, object]] = []

    def step(step_context):
        step_context.session.run(model.step)
        return step_context.run_with_hooks(model.weight)

    def stop(step_context):
        step_context.request_stop()

    with tf.train.MonitoredSession(hooks=[Spy("a", calls)]) as sess:
        assert 2.0 == sess.run_step_fn(step)
        with pytest.raises(ValueError, match="`step_fn` may either have one `step_context` argument"):
            sess.run_step_fn(lambda session: 1)
        sess.run_step_fn(stop)
        pytest.fail("the block has ended")
    assert 1 == [call[1] for call in calls].count("before")
    assert "end" == calls[-1][1]


def test_the_error_of_a_run_is_raised_before_that_of_a_thread(model):
    """Where a thread has failed for good, a run raises its own error; at the end that of the thread is raised."""

    class Failing(tf.train.SessionRunHook):
        def after_create_session(self, session, coord):
            self.coord = coord

        def after_run(self, run_context, run_values):
            self.coord.request_stop(ValueError("from the thread"))
            raise KeyError("from the run")

    sess = tf.train.MonitoredSession(hooks=[Failing()])
    with pytest.raises(KeyError, match="from the run"):
        sess.run(model.step)
    with pytest.raises(ValueError, match="from the thread"):
        sess.close()


class ReportsOnce(tf.train.SessionRunHook):
    """Reports an error to the Coordinator of the first session when a run ends."""

    def __init__(self, error):
        self.error = error

    def after_create_session(self, session, coord):
        self.coord = coord

    def after_run(self, run_context, run_values):
        error, self.error = self.error, None
        if error is not None:
            self.coord.request_stop(error)


@pytest.mark.parametrize("with_hooks", [True, False])
def test_it_recovers_from_what_a_thread_reports(model, with_hooks):
    """A temporary error that arrives through the Coordinator gives a new session, whose values are initialized."""

    def step(step_context):
        return step_context.run_with_hooks(model.weight)

    with tf.train.MonitoredSession(hooks=[ReportsOnce(errors.UnavailableError(None, None, "gone"))]) as sess:
        first = sess.run(model.step) if with_hooks else sess.run_step_fn(step)
        raw = sess._tf_sess()
        assert not sess.should_stop()
        assert raw is not sess._tf_sess()
        assert (1.0, first is None) == (sess.run(model.weight), with_hooks)


def test_a_lasting_error_of_a_thread_stops_the_session(model):
    """Any other error of a thread asks the session to stop, and is raised at its end."""
    sess = tf.train.MonitoredSession(hooks=[ReportsOnce(KeyError("broken"))])
    while not sess.should_stop():
        sess.run(model.step)
    with pytest.raises(KeyError, match="broken"):
        sess.close()


def test_a_temporary_error_of_a_thread_replaces_that_of_a_run(model):
    """A run that fails because a thread has met a temporary error is done again in a new session."""
    calls = []

    class Failing(ReportsOnce):
        def after_run(self, run_context, run_values):
            calls.append(1)
            if self.error is not None:
                super().after_run(run_context, run_values)
                raise errors.CancelledError(None, None, "because of it")

    with tf.train.MonitoredSession(hooks=[Failing(errors.AbortedError(None, None, "gone"))]) as sess:
        assert 1.0 == sess.run(model.weight)
    assert 2 == len(calls)


def test_the_layers_are_those_of_programs(model):
    """Programs that look for the plain session in ``_sess`` of each layer find it."""
    with tf.train.MonitoredSession() as sess:
        found: object = sess
        while not isinstance(found, tf.Session):
            found = found._sess  # type: ignore[attr-defined]
        assert found is sess._tf_sess()


class Asking(tf.train.SessionRunHook):
    """Asks for options, and keeps what it is given."""

    def __init__(self, options=None):
        self.options = options
        self.given = []

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(None, options=self.options)

    def after_run(self, run_context, run_values):
        self.given.append(run_values)


def test_hooks_ask_for_traces(model):
    """The options of hooks and of the program are joined; each hook is given them, and the metadata of the run."""
    quiet = Asking()
    eager = Asking(tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE, timeout_in_ms=10_000))
    graph = Asking(tf.RunOptions(output_partition_graphs=True, timeout_in_ms=5_000))
    mine, metadata = tf.RunOptions(trace_level=tf.RunOptions.SOFTWARE_TRACE, timeout_in_ms=60_000), tf.RunMetadata()
    with tf.train.MonitoredSession(hooks=[quiet]) as sess:
        sess.run(model.step)
    assert [(None, tf.RunOptions(), tf.RunMetadata())] == quiet.given
    with tf.train.MonitoredSession(hooks=[quiet, eager, graph]) as sess:
        sess.run(model.step, options=mine, run_metadata=metadata)
        sess.run(model.step)
    for hook in (quiet, eager, graph):
        assert [60_000, 10_000] == [given.options.timeout_in_ms for given in hook.given[-2:]]
        for given in hook.given[-2:]:
            assert tf.RunOptions.FULL_TRACE == given.options.trace_level
            assert (1, 1) == (len(given.run_metadata.step_stats.dev_stats), len(given.run_metadata.partition_graphs))
    assert quiet.given[-2].run_metadata is metadata
    assert (
        tf.RunOptions(trace_level=tf.RunOptions.SOFTWARE_TRACE, timeout_in_ms=60_000) == mine
    )  # TensorFlow joins here
    with (
        pytest.raises(TypeError, match="`options` must be a tf.RunOptions"),
        tf.train.MonitoredSession(hooks=[Asking(3)]) as sess,
    ):
        sess.run(model.step)


def test_the_target_is_seen_through_all_layers(model):
    """As that of the session below them."""
    hooked = wrapped_sessions.HookedSession(tf.Session("grpc://localhost:2222"), [])
    assert wrapped_sessions.CoordinatedSession(hooked, tf.train.Coordinator()).sess_str == b"grpc://localhost:2222"


def test_initializers_of_tables(model):
    """They run with the initializers of local variables, and by themselves."""
    assert ("init_all_tables", "NoOp", []) == (
        (none := tf.tables_initializer()).name,
        none.type,
        none.control_inputs,
    )
    table = tf.Variable(7.0, collections=[], trainable=False)
    tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, table.initializer)
    assert [table.initializer] == tf.tables_initializer("mine").control_inputs
    with tf.train.MonitoredSession() as sess:
        assert 7.0 == sess.run(table)
