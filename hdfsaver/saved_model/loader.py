"""``tf.saved_model.loader``: a SavedModel's graph and its values, brought into a session."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hdfsaver.checkpoint.importing import import_with_saver
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.errors import NotFoundError, OpError, ResourceExhaustedError, UnimplementedError
from hdfsaver.files import file_io
from hdfsaver.files.file_io import PathLike
from hdfsaver.files.file_systems import local_path
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.op_def_messages import set_default_attrs
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.interop.graphs.graph_files import saved_model_message
from hdfsaver.messages import message_classes
from hdfsaver.saved_model import assets
from hdfsaver.saved_model import saved_model_constants as names
from hdfsaver.saved_model.signature_def_utils import load_op_from_signature_def
from hdfsaver.saved_model.tensor_infos import scoped
from hdfsaver.session import Session
from hdfsaver.training import tf_logging
from hdfsaver.variables.variable import global_variables

__all__ = ["load", "maybe_saved_model_directory"]


def parse_saved_model(export_dir: PathLike) -> message_classes.SavedModel:
    """Read the message of a SavedModel.

    Raises
    ------
    OSError
        It does not exist, or is damaged.
    ResourceExhaustedError
        It is larger than the limits allow.
    """
    folder = local_path(export_dir)
    try:
        return saved_model_message(folder)
    except ResourceExhaustedError:
        raise
    except NotFoundError as error:
        files = f"{{{names.SAVED_MODEL_FILENAME_PBTXT}|{names.SAVED_MODEL_FILENAME_PB}}}"
        raise OSError(f"SavedModel file does not exist at: {folder}{os.path.sep}{files}") from error
    except OpError as error:
        raise OSError(f"Cannot parse file of the SavedModel in {folder}: {error.message}") from error


def maybe_saved_model_directory(export_dir: PathLike) -> bool:
    """Whether a folder has the file of a SavedModel; whether that can be read, `load` tells."""
    files = (names.SAVED_MODEL_FILENAME_PBTXT, names.SAVED_MODEL_FILENAME_PB)
    folder = os.fspath(export_dir)
    if isinstance(folder, bytes):
        folder = os.fsdecode(folder)
    return any(file_io.exists(file_io.join(folder, name)) for name in files)


def load(
    sess: Session, tags: Iterable[str], export_dir: PathLike, import_scope: str | None = None, **saver_kwargs: Any
) -> message_classes.MetaGraphDef:
    """Bring a graph of a SavedModel into the graph of a session, and its values into the session.

    Parameters
    ----------
    sess : Session
    tags : iterable of str
        The tags of the graph, all of them.
    export_dir : path
        The SavedModel's folder.
    import_scope : str, optional
        A name that is put before those of all operations.
    **saver_kwargs
        Options of `import_meta_graph`: ``clear_devices``, ``input_map``, ``restore_collections_predicate``.

    Returns
    -------
    MetaGraphDef
        The graph as the file has it, with its signatures.

    Raises
    ------
    OSError
        There is no SavedModel, or it is damaged.
    RuntimeError
        It has no graph of these tags.
    ValueError, NotFoundError, InvalidArgumentError, DataLossError
        The graph cannot be imported, or the values do not fit it; see `import_meta_graph` and `Saver.restore`.

    Warns
    -----
    UserWarning
        The operation that is to run when the graph is loaded needs a type of operation that is not known here, such as
        a table. Everything that does not depend on it can be run.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.placeholder(tf.float32, [], name="x")
    >>> y = tf.multiply(x, tf.Variable(3.0), name="y")
    >>> with tf.Session() as session:
    ...     session.run(tf.global_variables_initializer())
    ...     tf.saved_model.simple_save(session, "model", {"x": x}, {"y": y})
    >>> with tf.Session(graph=tf.Graph()) as session:
    ...     graph = tf.saved_model.loader.load(session, [tf.saved_model.SERVING], "model")
    ...     signature = graph.signature_def["serving_default"]
    ...     session.run(signature.outputs["y"].name, {signature.inputs["x"].name: 2.0})
    np.float32(6.0)
    """
    return SavedModelLoader(export_dir).load(sess, tags, import_scope, **saver_kwargs)


class SavedModelLoader:
    """Reads a SavedModel once, and brings it into sessions, as a whole or step by step.

    Parameters
    ----------
    export_dir : path
        Its folder.

    Raises
    ------
    OSError
        There is no SavedModel, or it is damaged.
    """

    def __init__(self, export_dir: PathLike) -> None:
        self._export_dir = export_dir
        self._folder = local_path(export_dir)
        self._saved_model = parse_saved_model(export_dir)

    @property
    def export_dir(self) -> PathLike:
        """The folder of the constructor."""
        return self._export_dir

    @property
    def variables_path(self) -> str:
        """The prefix of the checkpoint with the values."""
        return os.path.join(self._folder, names.VARIABLES_DIRECTORY, names.VARIABLES_FILENAME)

    @property
    def saved_model(self) -> message_classes.SavedModel:
        """The message that was read."""
        return self._saved_model

    def get_meta_graph_def_from_tags(self, tags: Iterable[str]) -> message_classes.MetaGraphDef:
        """The graph of exactly these tags; `RuntimeError` without one."""
        wanted = {tags} if isinstance(tags, str) else set(tags)
        available = [set(found.meta_info_def.tags) for found in self._saved_model.meta_graphs]
        if wanted not in available:
            listed = ", ".join(str(sorted(found)) for found in available) or "none"
            raise RuntimeError(
                f"MetaGraphDef associated with tags {sorted(wanted)} could not be found in SavedModel, with available "
                f"tags {listed}."
            )
        return self._saved_model.meta_graphs[available.index(wanted)]

    def load_graph(
        self,
        graph: Graph,
        tags: Iterable[str],
        import_scope: str | None = None,
        *,
        clear_devices: bool = False,
        input_map: Mapping[str, Any] | None = None,
        unbound_inputs_col_name: str | None = "unbound_inputs",
        restore_collections_predicate: Callable[[str], bool] = lambda key: True,
        return_elements: Iterable[str] | None = None,
    ) -> tuple[Saver | None, list[Tensor | Operation] | None]:
        """Bring a graph of the SavedModel into a graph, without values.

        Parameters
        ----------
        graph : Graph
        tags : iterable of str
        import_scope : str, optional
            A name that is put before those of all operations.
        clear_devices, input_map, unbound_inputs_col_name, restore_collections_predicate : optional
            See `import_meta_graph`.
        return_elements : iterable of str, optional
            Names of operations and tensors of the SavedModel.

        Returns
        -------
        saver : Saver or None
            A Saver for the variables; None without variables.
        elements : list of Operation or Tensor, or None
            The elements of ``return_elements``; None without them.

        Raises
        ------
        RuntimeError
            There is no graph of these tags.
        ValueError, InvalidArgumentError
            See `import_meta_graph`.
        """
        meta_graph = self.get_meta_graph_def_from_tags(tags)
        imported = import_with_saver(
            meta_graph,
            graph,
            clear_devices=clear_devices,
            import_scope=import_scope,
            input_map=input_map,
            unbound_inputs_col_name=unbound_inputs_col_name,
            restore_collections_predicate=restore_collections_predicate,
            return_elements=return_elements,
        )
        set_default_attrs(meta_graph.graph_def)
        return imported

    def restore_variables(self, sess: Session, saver: Saver | None, import_scope: str | None = None) -> None:
        """Bring the values into a session.

        Parameters
        ----------
        sess : Session
        saver : Saver or None
            That of `load_graph`; None without variables.
        import_scope : str, optional
            The scope that the graph was imported into.

        Raises
        ------
        ValueError
            There are variables, and no Saver.
        """
        with sess.graph.as_default():
            has_variables = bool(global_variables(import_scope))
        if saver is None and not has_variables:
            tf_logging.info("The specified SavedModel has no variables; no checkpoints were restored.")
        elif isinstance(saver, Saver) and (settings := _settings_of_function(sess.graph, saver)) is not None:
            sess.run(settings.restore_op_name, {settings.filename_tensor_name: self.variables_path})
        elif isinstance(saver, Saver):
            saver.restore(sess, self.variables_path)
        else:
            raise ValueError(
                "No tf.train.Saver object was passed to `SavedModelLoader.restore_variables`. There are variables in "
                "the graph, which need one."
            )

    def run_init_ops(self, sess: Session, tags: Iterable[str], import_scope: str | None = None) -> None:
        """Run the operation that is to run when the graph is loaded, with the paths of assets where they are now.

        Parameters
        ----------
        sess : Session
        tags : iterable of str
        import_scope : str, optional
            The scope that the graph was imported into.

        Raises
        ------
        RuntimeError
            There is no graph of these tags, or it has several such operations.
        """
        meta_graph = self.get_meta_graph_def_from_tags(tags)
        paths = assets.paths_by_tensor(self._folder, meta_graph, import_scope)
        with sess.graph.as_default():
            op = get_init_op(meta_graph, import_scope)
            if op is None:
                return
            try:
                sess.run([op], {sess.graph.get_tensor_by_name(name): path for name, path in paths.items()})
            except UnimplementedError as error:
                warnings.warn(
                    f"The operation {op.name!r}, which is to run when the SavedModel is loaded, was not run: "
                    f"{error.message} Operations that depend on it cannot be run either.",
                    stacklevel=4,
                )

    def load(
        self, sess: Session, tags: Iterable[str], import_scope: str | None = None, **saver_kwargs: Any
    ) -> message_classes.MetaGraphDef:
        """Bring graph and values into a session; see `hdfsaver.saved_model.loader.load`.

        Parameters
        ----------
        sess : Session
        tags : iterable of str
        import_scope : str, optional
            A name that is put before those of all operations.
        **saver_kwargs
            See `load_graph`.

        Returns
        -------
        MetaGraphDef
        """
        tags = [tags] if isinstance(tags, str) else list(tags)
        with sess.graph.as_default():
            saver, _ = self.load_graph(sess.graph, tags, import_scope, **saver_kwargs)
            self.restore_variables(sess, saver, import_scope)
            self.run_init_ops(sess, tags, import_scope)
        return self.get_meta_graph_def_from_tags(tags)


def _settings_of_function(graph: Graph, saver: Saver) -> message_classes.SaverDef | None:
    """The settings of a Saver of TensorFlow 2, whose variables only a function of the graph names; None for others."""
    settings = saver.as_saver_def()
    nodes = graph.data.nodes
    if settings is None or nodes.get(settings.restore_op_name, {}).get("op") not in _FUNCTION_CALLS:
        return None
    return settings


_FUNCTION_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def get_init_op(
    meta_graph_def: message_classes.MetaGraphDef, import_scope: str | None = None
) -> Tensor | Operation | None:
    """The operation of the default graph that is to run when the graph is loaded.

    Parameters
    ----------
    meta_graph_def : MetaGraphDef
        The graph that was loaded.
    import_scope : str, optional
        The scope that it was imported into.

    Returns
    -------
    Operation, Tensor or None

    Raises
    ------
    RuntimeError
        There are several.
    """
    found = _signed(meta_graph_def, names.INIT_OP_SIGNATURE_KEY, import_scope)
    for key in (names.MAIN_OP_KEY, names.LEGACY_INIT_OP_KEY):
        found = found if found is not None else _collected(meta_graph_def, key, import_scope)
    return found


def get_train_op(
    meta_graph_def: message_classes.MetaGraphDef, import_scope: str | None = None
) -> Tensor | Operation | None:
    """The operation of the default graph that trains; see `get_init_op`.

    Parameters
    ----------
    meta_graph_def : MetaGraphDef
        The graph that was loaded.
    import_scope : str, optional
        The scope that it was imported into.

    Returns
    -------
    Operation, Tensor or None
    """
    found = _signed(meta_graph_def, names.TRAIN_OP_SIGNATURE_KEY, import_scope)
    return found if found is not None else _collected(meta_graph_def, names.TRAIN_OP_KEY, import_scope)


def _signed(
    meta_graph_def: message_classes.MetaGraphDef, key: str, import_scope: str | None
) -> Tensor | Operation | None:
    if key not in meta_graph_def.signature_def:
        return None
    return load_op_from_signature_def(meta_graph_def.signature_def[key], key, import_scope)


def _collected(
    meta_graph_def: message_classes.MetaGraphDef, key: str, import_scope: str | None
) -> Tensor | Operation | None:
    if key not in meta_graph_def.collection_def:
        return None
    listed = meta_graph_def.collection_def[key].node_list.value
    if len(listed) != 1:
        raise RuntimeError(f"Expected exactly one SavedModel init op. Found {len(listed)}: {list(listed)}.")
    graph = get_default_graph()
    name = scoped(listed[0], import_scope)
    # Without the scope that the graph was imported into, the collection tells the name.
    return graph.as_graph_element(name) if name in graph.data else graph.get_collection(key)[0]


def __dir__() -> list[str]:
    return __all__
