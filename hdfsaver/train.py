"""``tf.train``: checkpoints."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.checkpoint.checkpoint_management import (
    generate_checkpoint_state_proto,
    remove_checkpoint,
    update_checkpoint_state,
)
from hdfsaver.checkpoint.importing import (
    import_meta_graph,
    import_scoped_meta_graph,
    import_scoped_meta_graph_with_return_elements,
)
from hdfsaver.checkpoint.initialization import init_from_checkpoint
from hdfsaver.checkpoint.meta_graph import export_meta_graph, export_scoped_meta_graph
from hdfsaver.checkpoint.meta_graph_files import write_graph
from hdfsaver.checkpoint.restore_report import RestoreReport
from hdfsaver.checkpoint.retention import keep_any, keep_best, keep_latest
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.messages import message_classes
from hdfsaver.monitoring.basic_loops import basic_train_loop
from hdfsaver.monitoring.checkpoint_saver_hook import CheckpointSaverHook, CheckpointSaverListener
from hdfsaver.monitoring.coordinator import Coordinator, LooperThread
from hdfsaver.monitoring.logging_hooks import LoggingTensorHook, StepCounterHook
from hdfsaver.monitoring.monitored_session import MonitoredSession, SingularMonitoredSession
from hdfsaver.monitoring.profiler_hook import ProfilerHook
from hdfsaver.monitoring.scaffold import Scaffold
from hdfsaver.monitoring.session_creators import ChiefSessionCreator, SessionCreator, WorkerSessionCreator
from hdfsaver.monitoring.session_manager import SessionManager
from hdfsaver.monitoring.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from hdfsaver.monitoring.step_timer import SecondOrStepTimer
from hdfsaver.monitoring.stop_hooks import (
    FeedFnHook,
    FinalOpsHook,
    GlobalStepWaiterHook,
    NanLossDuringTrainingError,
    NanTensorHook,
    StopAtStepHook,
)
from hdfsaver.monitoring.summary_hook import SummarySaverHook
from hdfsaver.monitoring.supervisor import Supervisor
from hdfsaver.monitoring.training_session import MonitoredTrainingSession
from hdfsaver.optimizers.adadelta import AdadeltaOptimizer
from hdfsaver.optimizers.adagrad import AdagradDAOptimizer, AdagradOptimizer, ProximalAdagradOptimizer
from hdfsaver.optimizers.adam import AdamOptimizer
from hdfsaver.optimizers.decays import (
    cosine_decay,
    cosine_decay_restarts,
    exponential_decay,
    inverse_time_decay,
    linear_cosine_decay,
    natural_exp_decay,
    noisy_linear_cosine_decay,
    piecewise_constant,
    polynomial_decay,
)
from hdfsaver.optimizers.decays import piecewise_constant as piecewise_constant_decay
from hdfsaver.optimizers.ftrl import FtrlOptimizer
from hdfsaver.optimizers.gradient_descent import GradientDescentOptimizer
from hdfsaver.optimizers.momentum import MomentumOptimizer
from hdfsaver.optimizers.moving_averages import ExponentialMovingAverage
from hdfsaver.optimizers.optimizer import Optimizer
from hdfsaver.optimizers.proximal_gradient_descent import ProximalGradientDescentOptimizer
from hdfsaver.optimizers.rmsprop import RMSPropOptimizer
from hdfsaver.queues.batching import (
    batch,
    batch_join,
    maybe_batch,
    maybe_batch_join,
    maybe_shuffle_batch,
    maybe_shuffle_batch_join,
    shuffle_batch,
    shuffle_batch_join,
)
from hdfsaver.queues.input_producers import (
    input_producer,
    limit_epochs,
    match_filenames_once,
    range_input_producer,
    slice_input_producer,
    string_input_producer,
)
from hdfsaver.queues.queue_runner import QueueRunner, add_queue_runner, start_queue_runners
from hdfsaver.reading.find_checkpoint import (
    checkpoint_exists,
    get_checkpoint_mtimes,
    get_checkpoint_state,
    latest_checkpoint,
)
from hdfsaver.reading.inspect_checkpoint import list_variables, load_variable
from hdfsaver.reading.iterator import checkpoints_iterator, wait_for_new_checkpoint
from hdfsaver.reading.reader import CheckpointReader, NewCheckpointReader, load_checkpoint
from hdfsaver.reading.state_file import CheckpointState
from hdfsaver.summaries.event_files import summary_iterator
from hdfsaver.summaries.file_writer import FileWriter as SummaryWriter
from hdfsaver.summaries.file_writer import FileWriterCache as SummaryWriterCache
from hdfsaver.training.device_setter import ClusterSpec, replica_device_setter
from hdfsaver.training.global_step import (
    assert_global_step,
    create_global_step,
    get_global_step,
    get_or_create_global_step,
    global_step,
)

if typing.TYPE_CHECKING:
    from hdfsaver.messages.message_classes import (
        BytesList,
        ClusterDef,
        Example,
        Feature,
        FeatureList,
        FeatureLists,
        Features,
        FloatList,
        Int64List,
        JobDef,
        SaverDef,
        SequenceExample,
    )

__all__ = [
    "AdadeltaOptimizer",
    "AdagradDAOptimizer",
    "AdagradOptimizer",
    "AdamOptimizer",
    "BytesList",
    "CheckpointReader",
    "CheckpointSaverHook",
    "CheckpointSaverListener",
    "CheckpointState",
    "ChiefSessionCreator",
    "ClusterDef",
    "ClusterSpec",
    "Coordinator",
    "Example",
    "ExponentialMovingAverage",
    "Feature",
    "FeatureList",
    "FeatureLists",
    "Features",
    "FeedFnHook",
    "FinalOpsHook",
    "FloatList",
    "FtrlOptimizer",
    "GlobalStepWaiterHook",
    "GradientDescentOptimizer",
    "Int64List",
    "JobDef",
    "LoggingTensorHook",
    "LooperThread",
    "MomentumOptimizer",
    "MonitoredSession",
    "MonitoredTrainingSession",
    "NanLossDuringTrainingError",
    "NanTensorHook",
    "NewCheckpointReader",
    "Optimizer",
    "ProfilerHook",
    "ProximalAdagradOptimizer",
    "ProximalGradientDescentOptimizer",
    "QueueRunner",
    "RMSPropOptimizer",
    "RestoreReport",
    "Saver",
    "SaverDef",
    "Scaffold",
    "SecondOrStepTimer",
    "SequenceExample",
    "SessionCreator",
    "SessionManager",
    "SessionRunArgs",
    "SessionRunContext",
    "SessionRunHook",
    "SessionRunValues",
    "SingularMonitoredSession",
    "StepCounterHook",
    "StopAtStepHook",
    "SummarySaverHook",
    "SummaryWriter",
    "SummaryWriterCache",
    "Supervisor",
    "WorkerSessionCreator",
    "add_queue_runner",
    "assert_global_step",
    "basic_train_loop",
    "batch",
    "batch_join",
    "checkpoint_exists",
    "checkpoints_iterator",
    "cosine_decay",
    "cosine_decay_restarts",
    "create_global_step",
    "exponential_decay",
    "export_meta_graph",
    "export_scoped_meta_graph",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "get_global_step",
    "get_or_create_global_step",
    "global_step",
    "import_meta_graph",
    "import_scoped_meta_graph",
    "import_scoped_meta_graph_with_return_elements",
    "init_from_checkpoint",
    "input_producer",
    "inverse_time_decay",
    "keep_any",
    "keep_best",
    "keep_latest",
    "latest_checkpoint",
    "limit_epochs",
    "linear_cosine_decay",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "match_filenames_once",
    "maybe_batch",
    "maybe_batch_join",
    "maybe_shuffle_batch",
    "maybe_shuffle_batch_join",
    "natural_exp_decay",
    "noisy_linear_cosine_decay",
    "piecewise_constant",
    "piecewise_constant_decay",
    "polynomial_decay",
    "range_input_producer",
    "remove_checkpoint",
    "replica_device_setter",
    "shuffle_batch",
    "shuffle_batch_join",
    "slice_input_producer",
    "start_queue_runners",
    "string_input_producer",
    "summary_iterator",
    "update_checkpoint_state",
    "wait_for_new_checkpoint",
    "write_graph",
]

_MESSAGES = (
    *("BytesList", "ClusterDef", "Example", "Feature", "FeatureList", "FeatureLists", "Features", "FloatList"),
    *("Int64List", "JobDef", "SaverDef", "SequenceExample"),
)
"""Names for which protobuf has to be loaded."""


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> typing.Any:
        if name in _MESSAGES:
            return getattr(message_classes, name)
        raise _absent(__name__, name, __all__)
