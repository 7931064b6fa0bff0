"""Variable: a value that lasts from run to run, and the operations that it is made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.default_stack import SupportsRun, default_sessions
from hdfsaver.graph.definition import Node, lookup
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Reference, Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import as_array, convert_to_tensor, graph_of
from hdfsaver.html_tables import html_of
from hdfsaver.messages import message_classes
from hdfsaver.messages.variable_messages import read_variable, variable_message
from hdfsaver.ops import constants, state_ops
from hdfsaver.ops.base import variable_key
from hdfsaver.ops.selection import boolean_mask
from hdfsaver.schema import AttrValue, VariableDef
from hdfsaver.shapes import ShapeLike, TensorShape
from hdfsaver.variables import partitioning, resource_use
from hdfsaver.variables.distribution import VariableAggregation, VariableSynchronization, checked
from hdfsaver.variables.initial_values import check_outside, guarded
from hdfsaver.variables.row_updates import RowUpdates
from hdfsaver.variables.variable_creators import call_creators, current_creators
from hdfsaver.variables.variable_slice import VariableSlice, as_variable_slice

InitialValue: TypeAlias = "TensorLike | Callable[[], TensorLike]"
"""The initial value of a variable: a value, or a function that makes one."""


_VARIABLE_DEF, _USE_RESOURCE = 6, 11
"""The places of two arguments of `Variable`."""


class _MadeByCreators(type):
    """The type of `Variable`, whose calls go through the creators of `variable_creator_scope`."""

    if not TYPE_CHECKING:  # type checkers take the arguments from `Variable.__init__`

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            """Call the innermost creator, or make the variable where no creator holds."""
            creators = current_creators()
            if not creators:
                return cls._of_kind(*args, **kwargs)
            bound = inspect.signature(vars(cls)["__init__"]).bind(None, *args, **kwargs)
            bound.apply_defaults()
            arguments = {name: value for name, value in bound.arguments.items() if name != "self"}
            return call_creators(cls._of_kind, creators, arguments)

        def _of_kind(cls, *args: Any, **kwargs: Any) -> Any:
            """Make a variable, of the class of resources where such a one is wanted."""
            wanted = args[_USE_RESOURCE] if len(args) > _USE_RESOURCE else kwargs.get("use_resource")
            is_new = kwargs.get("variable_def") is None and len(args) <= _VARIABLE_DEF
            kind = cls._behind_handles if cls is Variable and is_new and resource_use.is_wanted(wanted) else cls
            return type.__call__(kind, *args, **kwargs)


class Variable(RowUpdates, metaclass=_MadeByCreators):
    """A value that lasts from run to run.

    It consists of operations: ``a`` (VariableV2) holds the value, ``a/Assign`` gives it the initial one, ``a/read``
    (Identity) is what other operations take. The value itself belongs to a session.

    Parameters
    ----------
    initial_value : Tensor, array_like or callable
        The value that the initializer assigns; a callable is called without arguments, inside the name scope of the
        variable.
    trainable : bool, optional
        Whether it is listed in ``GraphKeys.TRAINABLE_VARIABLES``; by default it is, except with ``ON_READ``.
    collections : list of str, optional
        The collections that list it; ``GraphKeys.GLOBAL_VARIABLES`` where none are given.
    validate_shape : bool
        With False the variable may take values of any shape.
    caching_device : str, optional
        The device of the operation that reads the value; the variable's own by default.
    expected_shape : object
        Accepted for programs that give it.
    name : str
        ``"Variable"`` by default; made unique.
    variable_def : VariableDef, optional
        Find the variable's operations in the graph instead of making them.
    dtype : DType, optional
        The initial value is converted to it.
    import_scope : str, optional
        With ``variable_def``: where in the graph the operations were imported.
    constraint : callable, optional
        Kept for optimizers to apply after an update.
    use_resource : bool, optional
        Whether it is a resource: behind a handle (VarHandleOp), and read by an operation of its own (ReadVariableOp)
        wherever it is used. By default as the variable scope says, else as `enable_resource_variables` has set it.
    synchronization : VariableSynchronization
        Kept; there is one copy of a variable.
    aggregation : VariableAggregation
        Kept; there is one copy of a variable.
    shape : TensorShape, optional
        The static shape, where it is to be less definite than the initial value's.

    Raises
    ------
    ValueError
        There is no initial value, or its shape is not fully known though ``validate_shape`` asks for that; or the
        constraint is not callable.
    """

    SaveSliceInfo = partitioning.SaveSliceInfo

    _save_slice_info: partitioning.SaveSliceInfo | None = None

    _behind_handles: ClassVar[type[Variable]]
    """The class of resource variables."""

    def __init__(
        self,
        initial_value: InitialValue | None = None,
        trainable: bool | None = None,
        collections: Iterable[str] | None = None,
        validate_shape: bool = True,
        caching_device: object = None,
        name: str | None = None,
        variable_def: message_classes.VariableDef | VariableDef | None = None,
        dtype: DTypeLike | None = None,
        expected_shape: object = None,
        import_scope: str | None = None,
        constraint: Callable[..., Any] | None = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization | None = VariableSynchronization.AUTO,
        aggregation: VariableAggregation | None = VariableAggregation.NONE,
        shape: ShapeLike = None,
    ) -> None:
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        self._constraint = constraint
        self._synchronization, self._aggregation, self._trainable = checked(
            synchronization, aggregation, trainable, name
        )
        if variable_def is not None:
            if initial_value is not None:
                raise ValueError("variable_def and initial_value are mutually exclusive.")
            self._find(variable_def, import_scope)
            return
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        if collections is not None and not isinstance(collections, list | tuple | set):
            raise ValueError(
                "collections argument to Variable constructor must be a list, tuple, or set. "
                f"Got {collections!r} of type {type(collections)}."
            )
        static = None if shape is None else TensorShape(shape)
        self._make(initial_value, validate_shape, name, dtype, static, caching_device, collections)

    def _find(self, variable_def: message_classes.VariableDef | VariableDef, import_scope: str | None) -> None:
        definition, graph = _plain(variable_def), get_default_graph()
        prefix = f"{import_scope.rstrip('/')}/" if import_scope else ""
        self._variable = graph.get_tensor_by_name(prefix + definition.variable_name)
        self._snapshot = graph.get_tensor_by_name(prefix + definition.snapshot_name)
        self._initializer = graph.get_operation_by_name(prefix + definition.initializer_name)
        self._trainable = definition.trainable
        self._synchronization, self._aggregation = _settings(definition)
        self._initial_value: Tensor | None = None
        if definition.save_slice_info_def is not None:
            self._save_slice_info = partitioning.SaveSliceInfo(
                save_slice_info_def=definition.save_slice_info_def, import_scope=import_scope
            )
        if definition.initial_value_name:
            self._initial_value = graph.get_tensor_by_name(prefix + definition.initial_value_name)

    def _make(
        self,
        initial_value: InitialValue,
        validate_shape: bool,
        name: str | None,
        dtype: DTypeLike | None,
        shape: TensorShape | None,
        caching_device: Any,
        collections: Iterable[str] | None,
    ) -> None:
        """Add the operations and list the variable, or do nothing; what a function for the initial value made stays."""
        graph = get_default_graph()
        with graph.control_dependencies(None), graph.name_scope(name or "Variable") as scope:
            group: dict[str, AttrValue] = {}
            if callable(initial_value):
                # Operations made by the call belong to the device of the variable, which does not exist yet.
                group = {"_class": [b"loc:@" + scope.removesuffix("/").encode()]}
                with graph.colocation_group(group["_class"][0]), graph.name_scope("Initializer"), graph.device(None):
                    initial_value = convert_to_tensor(initial_value(), dtype, name="initial_value")
            with graph.or_nothing():
                value = convert_to_tensor(initial_value, dtype, name="initial_value")
                check_outside(value, scope[:-1])
                if validate_shape and not value.shape.is_fully_defined():
                    raise ValueError(f"initial_value must have a shape specified: {value!r} (variable {scope[:-1]!r}).")
                plain = shape.plain if shape is not None else value.shape.plain if validate_shape else None
                kind = value.dtype.base_dtype.name
                self._initial_value = value
                self._variable = added(graph, "VariableV2", [], {"dtype": kind, "shape": plain, **group}, scope)
                self._make_uses(graph, value, validate_shape, caching_device)
                self._list_in(collections)

    def _make_uses(self, graph: Graph, value: Tensor, validate_shape: bool, caching_device: Any) -> None:
        """Add the operations that initialize and read."""
        variable, name = self._variable, self._variable.op.name
        # The initializer may run before those of the variables that the value is computed of.
        inputs = [variable, guarded(value, name, initialized_value_of)]
        graph_of(inputs)  # raises where they are of different graphs
        kind: dict[str, AttrValue] = {"T": variable.dtype.base_dtype.name}
        attrs = {"validate_shape": validate_shape is not False, **kind}
        self._initializer = added(graph, "Assign", inputs, attrs, "Assign", [variable.op]).op
        if caching_device is None:
            self._snapshot = added(graph, "Identity", [variable], kind, "read", [variable.op])
            return
        with graph.device(caching_device):
            self._snapshot = added(graph, "Identity", [variable], kind, "read")

    def _list_in(self, collections: Iterable[str] | None) -> None:
        names = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(collections)
        if self._trainable and GraphKeys.TRAINABLE_VARIABLES not in names:
            names.append(GraphKeys.TRAINABLE_VARIABLES)
        self.graph.add_to_collections(names, self)

    # -- properties ----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of the tensor that refers to it: ``"a:0"``."""
        return self._variable.name

    @property
    def op(self) -> Operation:
        """The operation that holds it."""
        return self._variable.op

    @property
    def key(self) -> str:
        """The key under which a session keeps the value."""
        return variable_key(Node.of(self.graph.data, self.op.name))

    @property
    def graph(self) -> Graph:
        """The graph that it belongs to."""
        return self._variable.graph

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype, as a reference: ``float32_ref``."""
        return self._variable.dtype

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        return self._variable.shape

    def get_shape(self) -> TensorShape:
        """The static shape."""
        return self.shape

    def set_shape(self, shape: ShapeLike) -> None:
        """Add dimensions to the static shape; `ValueError` where they contradict it."""
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    @property
    def device(self) -> str:
        """Where it was asked to be."""
        return self._variable.device

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it by default."""
        return self._trainable

    @property
    def synchronization(self) -> VariableSynchronization:
        """When copies of it would be brought together."""
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """How copies of it would be brought together."""
        return self._aggregation

    @property
    def _shared_name(self) -> str:
        return self.name.partition(":")[0]

    @property
    def constraint(self) -> Callable[..., Any] | None:
        """The function that an optimizer applies after an update."""
        return self._constraint

    @property
    def initializer(self) -> Operation:
        """The operation that assigns the initial value."""
        return self._initializer

    @property
    def initial_value(self) -> Tensor | None:
        """The tensor that the initializer assigns."""
        return self._initial_value

    def replace_initializer(self, initial_value: Tensor, initializer: Operation) -> None:
        """From now on let another operation, already made, assign another initial value."""
        self._initial_value = initial_value
        self._initializer = initializer

    # -- reading and writing -------------------------------------------------------------------------------------

    def value(self) -> Tensor:
        """The tensor that other operations take: the value when they run."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """A new tensor with the value at the time when it runs."""
        return apply("Identity", self._variable, name="read")

    def initialized_value(self) -> Tensor:
        """The value if there is one, otherwise the initial value."""
        graph = self.graph
        with graph.as_default(), graph.control_dependencies(None):
            has_value = state_ops.is_variable_initialized(self._variable)
            with graph.name_scope("cond"):
                no, yes = apply_list("Switch", has_value, has_value)
                apply("Identity", yes, name="switch_t")
                apply("Identity", no, name="switch_f")
                choice = apply("Identity", has_value, name="pred_id")
                _, present = apply_list("RefSwitch", self._variable, choice, name="read/Switch")
                kept = apply("Identity", present, name="read")
                skipped, _ = apply_list("Switch", self._initial_value, choice)
                return apply_list("Merge", [skipped, kept])[0]

    def eval(self, session: SupportsRun | None = None) -> Any:
        """The value in a session, the default one if none is given, as `Session.run` gives it."""
        return self._snapshot.eval(session=session)

    def load(self, value: npt.ArrayLike, session: SupportsRun | None = None) -> None:
        """Give the variable a value in a session, the default one if none is given.

        Parameters
        ----------
        value : array_like
            Of the variable's shape, and converted to its dtype.
        session : Session, optional

        Raises
        ------
        ValueError
            There is no session, or the value is of another shape.
        """
        session = session or default_sessions.current()
        if session is None:
            raise ValueError("Either session argument should be provided or default session should be established.")
        array, _ = as_array(value, self.dtype.base_dtype.name, copy=False)  # the assignment copies what is fed
        if not shapes.compatible(self.shape.plain, array.shape):
            raise ValueError(f"Variable {self.name!r} has shape {self.shape}, the value {shapes.text(array.shape)}.")
        session.run(self._initializer, {self._initializer.inputs[1]: array})

    @overload
    def assign(
        self, value: TensorLike, use_locking: bool = False, name: str | None = None, read_value: Literal[True] = True
    ) -> Tensor: ...

    @overload
    def assign(
        self, value: TensorLike, use_locking: bool = False, name: str | None = None, *, read_value: Literal[False]
    ) -> Operation: ...

    @overload
    def assign(
        self, value: TensorLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Tensor | Operation: ...

    def assign(
        self, value: TensorLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Tensor | Operation:
        """Replace the value.

        Parameters
        ----------
        value : Tensor or array_like
            The new value, of the variable's dtype and, unless that is not checked, its shape.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional
        read_value : bool
            With False give the operation.

        Returns
        -------
        Tensor or Operation
            A reference to the variable after the assignment; or the operation.

        Raises
        ------
        TypeError
            The value is of another dtype.
        ValueError
            The shapes do not fit each other.
        """
        return self._result(state_ops.assign(self._variable, value, use_locking=use_locking, name=name), read_value)

    @overload
    def assign_add(
        self, delta: TensorLike, use_locking: bool = False, name: str | None = None, read_value: Literal[True] = True
    ) -> Tensor: ...

    @overload
    def assign_add(
        self, delta: TensorLike, use_locking: bool = False, name: str | None = None, *, read_value: Literal[False]
    ) -> Operation: ...

    @overload
    def assign_add(
        self, delta: TensorLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Tensor | Operation: ...

    def assign_add(
        self, delta: TensorLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Tensor | Operation:
        """Add to the value.

        Parameters
        ----------
        delta : Tensor or array_like
            Of the variable's dtype and shape.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional
        read_value : bool
            With False give the operation.

        Returns
        -------
        Tensor or Operation
            A reference to the variable after the assignment; or the operation.

        Raises
        ------
        TypeError
            The value is of another dtype.
        ValueError
            The shapes do not fit each other.
        """
        return self._result(state_ops.assign_add(self._variable, delta, use_locking, name), read_value)

    @overload
    def assign_sub(
        self, delta: TensorLike, use_locking: bool = False, name: str | None = None, read_value: Literal[True] = True
    ) -> Tensor: ...

    @overload
    def assign_sub(
        self, delta: TensorLike, use_locking: bool = False, name: str | None = None, *, read_value: Literal[False]
    ) -> Operation: ...

    @overload
    def assign_sub(
        self, delta: TensorLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Tensor | Operation: ...

    def assign_sub(
        self, delta: TensorLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Tensor | Operation:
        """Subtract from the value.

        Parameters
        ----------
        delta : Tensor or array_like
            Of the variable's dtype and shape.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional
        read_value : bool
            With False give the operation.

        Returns
        -------
        Tensor or Operation
            A reference to the variable after the assignment; or the operation.

        Raises
        ------
        TypeError
            The value is of another dtype.
        ValueError
            The shapes do not fit each other.
        """
        return self._result(state_ops.assign_sub(self._variable, delta, use_locking, name), read_value)

    @staticmethod
    def _result(reference: Tensor, read_value: bool) -> Tensor | Operation:
        return reference if read_value else reference.op

    # -- standing for a tensor -----------------------------------------------------------------------------------

    def _as_tensor(self) -> Tensor:
        return self._snapshot

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def _ref(self) -> Tensor:
        return self._variable

    def _set_save_slice_info(self, save_slice_info: partitioning.SaveSliceInfo | None) -> None:
        self._save_slice_info = save_slice_info

    def _get_save_slice_info(self) -> partitioning.SaveSliceInfo | None:
        return self._save_slice_info

    def to_proto(self, export_scope: str | None = None) -> message_classes.VariableDef | None:
        """How the variable is made of operations, as a message; None if it is outside of ``export_scope``."""
        found = self._definition(export_scope)
        return None if found is None else variable_message(found)

    def _definition(self, export_scope: str | None = None) -> VariableDef | None:
        """How the variable is made of operations; None if it is outside of ``export_scope``."""
        prefix = f"{export_scope.rstrip('/')}/" if export_scope else ""
        if not self.name.startswith(prefix):
            return None
        initial = "" if self._initial_value is None else self._initial_value.name
        info = self._save_slice_info
        return VariableDef(
            variable_name=self.name.removeprefix(prefix),
            initial_value_name=initial.removeprefix(prefix),
            initializer_name=self._initializer.name.removeprefix(prefix),
            snapshot_name=self._snapshot.name.removeprefix(prefix),
            trainable=self._trainable,
            synchronization=self._synchronization.value,
            aggregation=self._aggregation.value,
            save_slice_info_def=None if info is None else info.definition(export_scope),
        )

    @staticmethod
    def from_proto(
        variable_def: message_classes.VariableDef | VariableDef, import_scope: str | None = None
    ) -> Variable:
        """The variable whose operations are in the default graph already; `KeyError` if one of them is not."""
        kind = Variable._behind_handles if _plain(variable_def).is_resource else Variable
        found: Variable = type.__call__(kind, variable_def=variable_def, import_scope=import_scope)
        return found

    def ref(self) -> Reference[Variable]:
        """An object that can be a key of a dict; ``deref()`` gives the variable."""
        return Reference(self)

    def experimental_ref(self) -> Reference[Variable]:
        """The older name of `ref`."""
        return self.ref()

    def __getitem__(self, key: Any) -> VariableSlice:
        return as_variable_slice(super().__getitem__(key))

    def __iter__(self) -> NoReturn:
        raise TypeError("'Variable' object is not iterable: iterating over it is not allowed in Graph mode.")

    def __repr__(self) -> str:
        return f"<tf.Variable {self.name!r} shape={self.shape} dtype={self.dtype.name}>"

    def _repr_html_(self) -> str:
        facts = {"dtype": self.dtype.name, "shape": self.shape, "operation": f"{self.op.name} ({self.op.type})"}
        return html_of(f"Variable {self.name!r}", {**facts, "trainable": "yes" if self.trainable else "no"})


def added(
    graph: Graph,
    op_type: str,
    inputs: Sequence[Tensor],
    attrs: dict[str, AttrValue],
    name: str,
    variables: Sequence[Operation] = (),
) -> Tensor:
    """The output of a new operation whose inputs and attributes are known to be right, so that nothing is looked at.

    Parameters
    ----------
    graph : Graph
    op_type : str
    inputs : sequence of Tensor
    attrs : dict
        Those without a default.
    name : str
    variables : sequence of Operation
        The operations on whose device it must be.

    Returns
    -------
    Tensor
    """
    definition = lookup(op_type)
    complete = {**definition.attrs, **attrs}
    return graph.create_named(definition, inputs, complete, graph.new_name(name), variables).outputs[0]


def _plain(variable_def: message_classes.VariableDef | VariableDef) -> VariableDef:
    if isinstance(variable_def, VariableDef):
        return variable_def
    if not isinstance(variable_def, message_classes.VariableDef):
        raise AssertionError(f"variable_def must be a VariableDef, not {variable_def!r}.")
    return read_variable(variable_def)


def _settings(definition: VariableDef) -> tuple[VariableSynchronization, VariableAggregation]:
    try:
        return VariableSynchronization(definition.synchronization), VariableAggregation(definition.aggregation)
    except ValueError as error:
        raise ValueError(f"The definition of variable {definition.variable_name!r} is not valid: {error}.") from None


def initialized_value_of(operation: Operation) -> Tensor | None:
    """The value that a variable has, or is going to have; None where no Variable belongs to the operation."""
    graph = operation.graph
    for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
        for variable in graph.get_collection(key):
            if isinstance(variable, Variable) and variable.op is operation:
                return variable.initialized_value()
    return None


def global_variables(scope: str | None = None) -> list[Variable]:
    """The variables of the default graph that checkpoints hold."""
    return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def all_variables() -> list[Variable]:
    """The older name of `global_variables`."""
    return global_variables()


def local_variables(scope: str | None = None) -> list[Variable]:
    """The variables of the default graph that no checkpoint holds."""
    return get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Variable]:
    """The variables in the collection ``model_variables``."""
    return get_default_graph().get_collection(GraphKeys.MODEL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Variable]:
    """The variables of the default graph that optimizers change."""
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Variable]:
    """The variables in the collection ``moving_average_variables``, of which averages are kept."""
    return get_default_graph().get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def variables_initializer(var_list: Sequence[Variable], name: str = "init") -> Operation:
    """One operation that gives the variables their initial values."""
    if not var_list:
        return apply_op("NoOp", name=name)
    initializer: Operation = constants.group(*[variable.initializer for variable in var_list], name=name)
    return initializer


def global_variables_initializer() -> Operation:
    """One operation that gives all global variables their initial values."""
    return variables_initializer(global_variables())


def initialize_variables(var_list: Sequence[Variable], name: str = "init") -> Operation:
    """The older name of `variables_initializer`."""
    return variables_initializer(var_list, name)


def initialize_all_variables() -> Operation:
    """The older name of `global_variables_initializer`."""
    return global_variables_initializer()


def local_variables_initializer() -> Operation:
    """One operation that gives all local variables their initial values."""
    return variables_initializer(local_variables())


def initialize_local_variables() -> Operation:
    """The older name of `local_variables_initializer`."""
    return local_variables_initializer()


def tables_initializer(name: str = "init_all_tables") -> Operation:
    """One operation that runs those of the collection ``TABLE_INITIALIZERS``, to which a program may add its own."""
    initializers = get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS)
    made: Operation = constants.group(*initializers, name=name) if initializers else constants.no_op(name=name)
    return made


def is_variable_initialized(variable: Variable) -> Tensor:
    """Whether the variable has a value: a scalar of bool."""
    return state_ops.is_variable_initialized(variable)


def assert_variables_initialized(var_list: Sequence[Variable] | None = None) -> Tensor | None:
    """An operation that fails where a variable has no value; `report_uninitialized_variables` names them instead.

    Parameters
    ----------
    var_list : list of Variable, optional
        All global and local variables where none are given.

    Returns
    -------
    Tensor or None
        None where there are no variables. In a run: `FailedPreconditionError` where one has no value.
    """
    variables = [*global_variables(), *local_variables()] if var_list is None else list(var_list)
    if not variables:
        return None
    ranks = []
    for variable in variables:
        with get_default_graph().colocate_with(variable.op):
            ranks.append(apply("Rank", variable.op.outputs[0]))
    return ranks[0] if len(ranks) == 1 else apply("Pack", ranks, name="stack")


def report_uninitialized_variables(
    var_list: Sequence[Variable] | None = None, name: str = "report_uninitialized_variables"
) -> Tensor:
    """The names of the variables that have no value.

    Parameters
    ----------
    var_list : list of Variable, optional
        All global and local variables where none are given.
    name : str
        The name scope of the new operations.

    Returns
    -------
    Tensor
        Shape (n,), string; empty when all have one.
    """
    variables = [*global_variables(), *local_variables()] if var_list is None else list(var_list)
    with get_default_graph().name_scope(name):
        if not variables:
            return convert_to_tensor(np.empty([0], object), dtypes.string, name="Const")
        has_value = apply("Pack", [is_variable_initialized(variable) for variable in variables], name="stack")
        missing = apply("LogicalNot", has_value)
        names = convert_to_tensor([variable.op.name for variable in variables], dtypes.string, name="Const")
        masked: Tensor = boolean_mask(names, missing)
        return masked
