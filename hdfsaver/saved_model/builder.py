"""``tf.saved_model.builder``: SavedModels that TensorFlow reads: graphs, one set of values, and further files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from hdfsaver.checkpoint.meta_graph import ExportOptions, structure_of
from hdfsaver.checkpoint.meta_info import fill_meta_info
from hdfsaver.checkpoint.saver import Saver
from hdfsaver.files import file_io
from hdfsaver.files.file_io import PathLike
from hdfsaver.files.file_systems import local_path
from hdfsaver.files.lazy_arrays import Pending
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import find
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.graphs.graph_files import warn_of_annotations
from hdfsaver.interop.graphs.message_files import write_message
from hdfsaver.interop.graphs.meta_graph_defs import message_of
from hdfsaver.messages import message_classes
from hdfsaver.messages.saver_defs import read_saver
from hdfsaver.saved_model import assets
from hdfsaver.saved_model import saved_model_constants as names
from hdfsaver.saved_model.signature_constants import DEFAULT_SERVING_SIGNATURE_DEF_KEY
from hdfsaver.saved_model.signature_def_utils import AnyTensor, op_signature_def, predict_signature_def
from hdfsaver.saved_model.tag_constants import SERVING
from hdfsaver.session import Session

__all__ = ["SavedModelBuilder"]

Signatures = Mapping[str, "message_classes.SignatureDef"]

_Collected = WeakKeyDictionary[Graph, list["message_classes.AssetFileDef"]]


class SavedModelBuilder:
    """Builds a SavedModel: the first graph comes with the values of a session, others use the same values.

    Parameters
    ----------
    export_dir : path
        The folder, which must be empty or not exist.

    Raises
    ------
    AssertionError
        There is something in the folder.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.placeholder(tf.float32, [], name="x")
    >>> y = tf.multiply(x, tf.Variable(3.0), name="y")
    >>> builder = tf.saved_model.builder.SavedModelBuilder("model")
    >>> signature = tf.saved_model.predict_signature_def({"x": x}, {"y": y})
    >>> with tf.Session() as session:
    ...     session.run(tf.global_variables_initializer())
    ...     builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
    >>> builder.save()
    b'model/saved_model.pb'
    """

    def __init__(self, export_dir: PathLike) -> None:
        self._folder = local_path(export_dir)
        if file_io.exists(self._folder):
            if file_io.listdir(self._folder):
                raise AssertionError(
                    f"Export directory {self._folder} already exists, and isn't empty. Choose another directory, or "
                    "delete everything in this one."
                )
        else:
            file_io.makedirs(self._folder)
        self._model = message_classes.SavedModel(saved_model_schema_version=names.SAVED_MODEL_SCHEMA_VERSION)
        self._has_values = False
        self._collected: _Collected = WeakKeyDictionary()

    def add_meta_graph_and_variables(
        self,
        sess: Session,
        tags: Iterable[str],
        signature_def_map: Signatures | None = None,
        assets_collection: Iterable[Tensor] | None = None,
        legacy_init_op: Operation | None = None,
        clear_devices: bool = False,
        main_op: Operation | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
        *,
        assets_list: Iterable[Tensor] | None = None,
        init_op: Operation | Tensor | None = None,
        train_op: Operation | Tensor | None = None,
    ) -> None:
        """Add the graph of a session, and write the values of its variables.

        Parameters
        ----------
        sess : Session
        tags : iterable of str
            The words by which programs choose the graph.
        signature_def_map : mapping of str to SignatureDef, optional
            Its signatures.
        assets_collection : iterable of Tensor, optional
            Constants with the paths of further files, which are copied.
        legacy_init_op : Operation, optional
            An older name of ``main_op``.
        clear_devices : bool
            Leave out the devices of operations.
        main_op : Operation, optional
            Is run when the graph is loaded, after the values are restored.
        strip_default_attrs : bool
            Leave out attributes that have the default values of their operations.
        saver : Saver, optional
            Chooses the variables and their names; all global variables where none is given.
        assets_list : iterable of Tensor, optional
            As ``assets_collection``, recorded where TensorFlow 2 has assets.
        init_op, train_op : Operation or Tensor, optional
            As ``main_op``, and an operation that trains: recorded as signatures, where TensorFlow 2 has them.

        Raises
        ------
        AssertionError
            Values are written already, or a signature has a tensor without name or dtype.
        KeyError
            The name of a signature is reserved.
        TypeError
            The ``main_op`` is not an operation, or an asset is not a constant of one string.
        ValueError
            The graph has a main operation already.
        FailedPreconditionError
            A variable has no value.
        OpError
            A file cannot be written.
        """
        if self._has_values:
            raise AssertionError(
                "Graph state including variables and assets has already been saved. Please invoke `add_meta_graph()` "
                "instead."
            )
        saver = _checked_saver(saver, sess)
        added = _Added(tags, signature_def_map, assets_collection, assets_list, clear_devices, strip_default_attrs)
        added.check_operations(sess.graph, legacy_init_op if main_op is None else main_op, init_op, train_op)
        values, _ = saver._values(sess, sess.state, own=False)
        folder = os.path.join(self._folder, names.VARIABLES_DIRECTORY)
        file_io.makedirs(folder)
        if values:
            write_bundle(os.path.join(folder, names.VARIABLES_FILENAME), _Wholes(values), saver._dtypes)
        added.put_into(self._model, sess.graph, saver, self._folder, self._collected)
        self._has_values = True

    def add_meta_graph(
        self,
        tags: Iterable[str],
        signature_def_map: Signatures | None = None,
        assets_collection: Iterable[Tensor] | None = None,
        legacy_init_op: Operation | None = None,
        clear_devices: bool = False,
        main_op: Operation | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
        *,
        assets_list: Iterable[Tensor] | None = None,
        init_op: Operation | Tensor | None = None,
        train_op: Operation | Tensor | None = None,
    ) -> None:
        """Add the default graph, which uses the values that were written with the first graph.

        Parameters
        ----------
        tags, signature_def_map, assets_collection, legacy_init_op, clear_devices, main_op : optional
            See `add_meta_graph_and_variables`.
        strip_default_attrs, saver, assets_list, init_op, train_op : optional
            See `add_meta_graph_and_variables`.

        Raises
        ------
        AssertionError
            No values have been written yet, or a signature has a tensor without name or dtype.
        KeyError, TypeError, ValueError, OpError
            See `add_meta_graph_and_variables`.
        """
        if not self._has_values:
            raise AssertionError(
                "Graph state including variables and assets has not been saved yet. Please invoke "
                "`add_meta_graph_and_variables()` first."
            )
        graph = get_default_graph()
        saver = Saver(allow_empty=True) if saver is None else saver
        added = _Added(tags, signature_def_map, assets_collection, assets_list, clear_devices, strip_default_attrs)
        added.check_operations(graph, legacy_init_op if main_op is None else main_op, init_op, train_op)
        added.put_into(self._model, graph, saver, self._folder, self._collected)

    def save(self, as_text: bool = False) -> bytes:
        """Write the graphs, which makes the folder a SavedModel.

        Parameters
        ----------
        as_text : bool
            Write ``saved_model.pbtxt`` instead of ``saved_model.pb``.

        Returns
        -------
        bytes
            The path of the file.

        Raises
        ------
        ValueError
            The graphs are larger than 2 GiB.
        OpError
            The file cannot be written.
        """
        name = names.SAVED_MODEL_FILENAME_PBTXT if as_text else names.SAVED_MODEL_FILENAME_PB
        path = os.path.join(self._folder, name)
        file_io.makedirs(self._folder)
        write_message(path, self._model)
        return os.fsencode(path)


class _Wholes(Mapping[str, Any]):
    """The values of a Saver; a partitioned variable is put together when it is asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        value = self._values[name]
        return value.array() if isinstance(value, Pending) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _checked_saver(saver: Saver | None, sess: Session) -> Saver:
    """The Saver whose variables are written; `TypeError` and `RuntimeError` are those of `Saver.save`."""
    if saver is None:
        if not isinstance(sess, Session):
            raise TypeError(f"'sess' must be a Session; {sess!r}")
        with sess.graph.as_default():
            saver = Saver(allow_empty=True)
    saver._check_built("save")
    saver._check_session(sess)
    return saver


class _Added:
    """A graph that is added: everything is checked before anything is changed."""

    def __init__(
        self,
        tags: Iterable[str],
        signatures: Signatures | None,
        assets_collection: Iterable[Tensor] | None,
        assets_list: Iterable[Tensor] | None,
        clear_devices: bool,
        strip_default_attrs: bool,
    ) -> None:
        self.tags = list(tags)
        self.signatures = dict(signatures or {})
        for signature in self.signatures.values():
            for info in (*signature.inputs.values(), *signature.outputs.values()):
                _check_info(info)
        for name in (names.INIT_OP_SIGNATURE_KEY, names.TRAIN_OP_SIGNATURE_KEY):
            if name in self.signatures:
                raise KeyError(f'SignatureDef map key "{name}" is reserved. Please use a different key.')
        self.collected, first = assets.planned(assets_collection or ())
        self.listed, second = assets.planned(assets_list or ())
        self.sources = first | second
        self.options = ExportOptions(clear_devices=clear_devices, strip_default_attrs=strip_default_attrs)
        self.main_op: Operation | None = None

    def check_operations(
        self,
        graph: Graph,
        main_op: Operation | None,
        init_op: Operation | Tensor | None,
        train_op: Operation | Tensor | None,
    ) -> None:
        """Note the operations that are run later."""
        if main_op is not None:
            if not isinstance(main_op, Operation):
                raise TypeError(f"Expected {main_op} to be an Operation but got type {type(main_op)} instead.")
            for key in (names.MAIN_OP_KEY, names.LEGACY_INIT_OP_KEY):
                if graph.get_collection(key):
                    raise ValueError(f"Graph already contains one or more main ops under the collection {key}.")
        self.main_op = main_op
        for op, key in ((init_op, names.INIT_OP_SIGNATURE_KEY), (train_op, names.TRAIN_OP_SIGNATURE_KEY)):
            if op is not None:
                self.signatures[key] = op_signature_def(op, key)

    def put_into(
        self, model: message_classes.SavedModel, graph: Graph, saver: Saver, folder: str, collected: _Collected
    ) -> None:
        """Describe the graph in the message, and copy its files; those that it was added with before are still its."""
        self.collected = [*collected.get(graph, ()), *self.collected]
        if self.main_op is not None:
            graph.add_to_collection(names.MAIN_OP_KEY, self.main_op)
        try:
            message = self._described(graph, saver)
        except BaseException:
            if self.main_op is not None:
                graph.get_collection_ref(names.MAIN_OP_KEY).remove(self.main_op)
            raise
        assets.copy_to(folder, self.sources)
        collected[graph] = self.collected
        model.meta_graphs.append(message)

    def _described(self, graph: Graph, saver: Saver) -> message_classes.MetaGraphDef:
        kept = saver._saved_names()
        saver_def = saver.as_saver_def() if kept else None
        structure = structure_of(graph, None if saver_def is None else read_saver(saver_def), kept, self.options)
        message = message_of(structure, known=find)
        warn_of_annotations(structure.digraph, "A SavedModel")
        fill_meta_info(message)
        # A graph that was read from a file remembers what that file said.
        for field in ("signature_def", "asset_file_def"):
            message.ClearField(field)
        message.meta_info_def.tags.extend(self.tags)
        message.meta_info_def.stripped_default_attrs = self.options.strip_default_attrs
        for name, signature in self.signatures.items():
            message.signature_def[name].CopyFrom(signature)
        message.asset_file_def.extend(self.listed)
        if self.collected:
            listed = message.collection_def[names.ASSETS_KEY].any_list.value
            del listed[:]
            for asset in self.collected:
                listed.add().Pack(asset)
        return message


def _check_info(info: message_classes.TensorInfo) -> None:
    if info.WhichOneof("encoding") is None:
        raise AssertionError(
            f"Invalid `tensor_info`: {info}. All TensorInfo protos used in the SignatureDefs must have one of the "
            "'encoding' fields (e.g., name or coo_sparse) set."
        )
    if not info.dtype:
        raise AssertionError(
            f"Invalid `tensor_info`: {info}. All TensorInfo protos used in the SignatureDefs must have the dtype field "
            "set."
        )


def simple_save(
    session: Session,
    export_dir: PathLike,
    inputs: Mapping[str, AnyTensor],
    outputs: Mapping[str, AnyTensor],
    legacy_init_op: Operation | None = None,
) -> None:
    """Write a SavedModel for a server: one graph of the tag ``serve``, with one signature ``serving_default``.

    Parameters
    ----------
    session : Session
    export_dir : path
        The folder, which must be empty or not exist.
    inputs, outputs : mapping of str to Tensor
        The tensors of the signature.
    legacy_init_op : Operation, optional
        Is run when the graph is loaded, after the values are restored.

    Raises
    ------
    AssertionError
        There is something in the folder.
    ValueError
        There are no inputs or no outputs.
    TypeError, FailedPreconditionError, OpError
        See `SavedModelBuilder.add_meta_graph_and_variables`.
    """
    signatures = {DEFAULT_SERVING_SIGNATURE_DEF_KEY: predict_signature_def(inputs, outputs)}
    builder = SavedModelBuilder(export_dir)
    builder.add_meta_graph_and_variables(
        session,
        [SERVING],
        signatures,
        session.graph.get_collection(GraphKeys.ASSET_FILEPATHS),
        clear_devices=True,
        main_op=legacy_init_op,
    )
    builder.save()


def __dir__() -> list[str]:
    return __all__
