"""Record the signatures of TensorFlow's checkpoint API: run with a Python that has TensorFlow.

    python tests/promises/make_tf_api.py > tests/promises/tf_api.json

A class is recorded with its public methods, but for those that a base has with the same arguments.
"""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

NAMES = """
train.Saver train.latest_checkpoint train.get_checkpoint_state train.update_checkpoint_state
train.generate_checkpoint_state_proto train.checkpoint_exists train.get_checkpoint_mtimes train.remove_checkpoint
train.checkpoints_iterator train.list_variables train.load_variable train.load_checkpoint train.NewCheckpointReader
train.init_from_checkpoint train.export_meta_graph train.import_meta_graph
import_graph_def Graph.as_graph_def train.write_graph io.write_graph graph_util.convert_variables_to_constants
graph_util.extract_sub_graph graph_util.must_run_on_cpu graph_util.remove_training_nodes
graph_util.tensor_shape_from_node_def_name
cond case while_loop TensorArray map_fn scan foldl foldr
fixed_size_partitioner variable_axis_size_partitioner min_max_variable_partitioner
train.get_global_step train.create_global_step train.get_or_create_global_step train.assert_global_step
train.global_step train.Scaffold train.MonitoredSession train.SingularMonitoredSession train.MonitoredTrainingSession
train.SessionRunHook train.SessionRunArgs train.SessionRunContext train.SessionRunValues train.SessionCreator
train.ChiefSessionCreator train.WorkerSessionCreator train.CheckpointSaverHook train.CheckpointSaverListener
train.StopAtStepHook train.LoggingTensorHook train.StepCounterHook train.NanTensorHook train.FinalOpsHook
train.FeedFnHook train.GlobalStepWaiterHook train.SecondOrStepTimer train.SessionManager train.Supervisor
train.ProfilerHook train.Coordinator train.LooperThread train.basic_train_loop IndexedSlices SparseTensor
convert_to_tensor_or_indexed_slices convert_to_tensor_or_sparse_tensor is_tensor sparse_placeholder
get_session_handle get_session_tensor delete_session_tensor gfile.GFile gfile.FastGFile gfile.Open gfile.Exists
gfile.IsDirectory gfile.ListDirectory gfile.Glob gfile.Walk gfile.Stat gfile.MkDir gfile.MakeDirs gfile.Copy
gfile.Rename gfile.Remove gfile.DeleteRecursively io.gfile.GFile io.gfile.exists io.gfile.isdir io.gfile.listdir
io.gfile.glob io.gfile.walk io.gfile.stat io.gfile.mkdir io.gfile.makedirs io.gfile.copy io.gfile.rename
io.gfile.remove io.gfile.rmtree io.gfile.join io.gfile.get_registered_schemes saved_model.load
saved_model.loader.load saved_model.loader.maybe_saved_model_directory saved_model.maybe_saved_model_directory
saved_model.contains_saved_model saved_model.simple_save saved_model.Builder saved_model.builder.SavedModelBuilder
saved_model.build_signature_def saved_model.predict_signature_def saved_model.regression_signature_def
saved_model.classification_signature_def saved_model.is_valid_signature saved_model.build_tensor_info
saved_model.get_tensor_from_tensor_info saved_model.main_op.main_op saved_model.main_op_with_restore
saved_model.main_op.main_op_with_restore name_scope op_scope init_scope device container control_dependencies
colocate_with register_tensor_conversion_function Graph.create_op Graph.gradient_override_map
train.replica_device_setter Session InteractiveSession get_default_session get_static_value ensure_shape assert_equal
assert_none_equal assert_less assert_less_equal assert_greater assert_greater_equal assert_negative assert_positive
assert_non_negative assert_non_positive assert_near assert_rank assert_rank_at_least assert_rank_in assert_integer
assert_type assert_scalar assert_proper_iterable assert_same_float_dtype debugging.assert_shapes is_numeric_tensor
is_non_decreasing is_strictly_increasing python_io.TFRecordWriter python_io.TFRecordOptions
python_io.tf_record_iterator io.TFRecordWriter io.TFRecordOptions io.tf_record_iterator unique train.Optimizer
train.GradientDescentOptimizer train.AdamOptimizer summary.scalar summary.histogram summary.image summary.audio
summary.tensor_summary summary.text summary.merge summary.merge_all summary.get_summary_description
train.MomentumOptimizer train.RMSPropOptimizer train.AdagradOptimizer train.ProximalAdagradOptimizer
train.AdagradDAOptimizer train.AdadeltaOptimizer train.FtrlOptimizer train.ProximalGradientDescentOptimizer
summary.FileWriter summary.FileWriterCache train.summary_iterator train.exponential_decay train.natural_exp_decay
train.inverse_time_decay train.polynomial_decay train.cosine_decay train.piecewise_constant
train.piecewise_constant_decay train.cosine_decay_restarts train.linear_cosine_decay train.noisy_linear_cosine_decay
train.ExponentialMovingAverage train.SummarySaverHook nest.flatten nest.pack_sequence_as nest.map_structure
nest.assert_same_structure nest.is_nested
""".split()  # noqa: SIM905, a list would be one name a line


def signature(function: Any) -> list[list[str]] | None:
    """Every parameter with its kind and default; None where Python does not know them."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[parameter.name, parameter.kind.name, default(parameter)] for parameter in parameters]


def default(parameter: inspect.Parameter) -> str:
    """The default as Python writes it; a mark of its own for an object that stands for "not given"."""
    value = parameter.default
    return "" if value is parameter.empty else "object()" if type(value) is object else repr(value)


def record(thing: Any) -> Any:
    """A function's signature; a class's signature under "" and those of its own methods under their names."""
    if not inspect.isclass(thing):
        return signature(thing)
    found: dict[str, Any] = {"": signature(thing)}
    for name in dir(thing):
        member = inspect.getattr_static(thing, name)
        if isinstance(member, property) and not name.startswith("_"):
            found[name] = "property"
        elif inspect.isroutine(getattr(thing, name)) and not name.startswith("_") and not inherited(thing, name):
            found[name] = signature(getattr(thing, name))
    return found


def inherited(kind: type, name: str) -> bool:
    """Whether a base class has a method of that name with the same arguments."""
    bases = [base for base in kind.__mro__[1:] if hasattr(base, name)]
    return any(signature(getattr(base, name)) == signature(getattr(kind, name)) for base in bases)


def main() -> None:
    """Print the record of all names."""
    # Only who records needs TensorFlow.
    import tensorflow.compat.v1 as tf  # type: ignore[import-untyped,import-not-found,unused-ignore]

    recorded = {}
    for name in NAMES:
        thing: Any = tf
        for part in name.split("."):
            thing = getattr(thing, part, None)
        recorded[name] = record(thing) if thing is not None else "missing"
    json.dump(recorded, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
