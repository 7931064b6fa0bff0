"""The class that all layers have in common: their scopes, their variables, losses and updates."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hdfsaver import dtypes
from hdfsaver.dtypes import DType, DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.structures import leaves_of, mapped
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.layers.input_spec import InputSpec
from hdfsaver.layers.named_functions import find_initializer
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.shapes import ShapeLike, TensorShape
from hdfsaver.variables.distribution import VariableAggregation, VariableSynchronization
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.partitioned import PartitionedVariable
from hdfsaver.variables.partitioning import Partitioner
from hdfsaver.variables.variable import Variable
from hdfsaver.variables.variable_scope import (
    InitializerLike,
    Regularizer,
    Reuse,
    VariableScope,
    variable_scope,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hdfsaver.graph.operation import Operation

Weight = Variable | PartitionedVariable
"""A variable of a layer."""

# A key that is not a string keeps the names with their graph, and out of files.
_NAMES_KEY = ("__layer_names",)


class Layer:
    """A part of a network that makes its variables when it is called first, and uses them again in later calls.

    A class of one's own defines ``build(input_shape)``, which makes the variables with `add_weight`, and
    ``call(inputs, ...)``, which gives the outputs.

    Parameters
    ----------
    trainable : bool
        Whether the variables are listed in ``GraphKeys.TRAINABLE_VARIABLES``.
    name : str, optional
        The name of the scope of variables and operations; if another layer has it, a number follows. By default it is
        made of the name of the class: ``dense``, ``dense_1``.
    dtype : DType, optional
        Of the variables; by default that of the first input.
    activity_regularizer : callable, optional
        A function of the outputs; its result, divided by the size of the batch, is added to the losses.
    **kwargs : object
        ``_scope`` and ``_reuse``, which the functions of ``tf.layers`` give.

    Raises
    ------
    TypeError
        There is another keyword argument.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> class Scale(tf.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight("factor", shape=[input_shape[-1]], initializer=tf.ones_initializer())
    ...         super().build(input_shape)
    ...
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> outputs = Scale(name="scale")(tf.zeros([2, 3]))
    >>> [variable.name for variable in tf.trainable_variables()]
    ['scale/factor:0']
    """

    def __init__(
        self,
        trainable: bool = True,
        name: str | None = None,
        dtype: DTypeLike | None = None,
        activity_regularizer: Regularizer | None = None,
        **kwargs: Any,
    ) -> None:
        scope = kwargs.pop("_scope", None)
        self._reuse: Reuse | None = kwargs.pop("_reuse", None)
        if kwargs:
            raise TypeError(f"{type(self).__name__}() got an unexpected keyword argument {next(iter(kwargs))!r}.")
        self.trainable = trainable
        self.built = False
        self.input_spec: InputSpec | None = None
        self.activity_regularizer = activity_regularizer
        self._dtype = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
        self._trainable_weights: list[Weight] = []
        self._non_trainable_weights: list[Weight] = []
        self._losses: list[Tensor] = []
        self._updates: list[Operation | Tensor] = []
        self._base_name = name or _snake_case(type(self).__name__)
        self._name = name or _unique_name(self._base_name)
        self._scope: VariableScope | None = None
        if scope is not None:
            with variable_scope(scope) as captured:
                self._scope = captured

    @property
    def name(self) -> str:
        """The name that was given, or one that no other layer of the graph has; see `scope_name`."""
        return self._name

    @property
    def dtype(self) -> DType | None:
        """The dtype of the variables; None before the first call, if none was given."""
        return self._dtype

    @property
    def scope_name(self) -> str:
        """The name of the variable scope, known from the first call on."""
        if self._scope is None:
            raise ValueError(f"The layer {self._name!r} has no scope yet: it gets one when it is called.")
        return self._scope.name

    @property
    def trainable_variables(self) -> list[Weight]:
        """The variables to be trained."""
        return list(self._trainable_weights) if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Weight]:
        """The other variables, such as averages."""
        own = list(self._non_trainable_weights)
        return own if self.trainable else [*self._trainable_weights, *own]

    @property
    def variables(self) -> list[Weight]:
        """All variables, those to be trained first."""
        return [*self.trainable_variables, *self.non_trainable_variables]

    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables
    weights = variables

    @property
    def losses(self) -> list[Tensor]:
        """What the regularizers of the layer gave, and what `add_loss` was given."""
        return list(self._losses)

    @property
    def updates(self) -> list[Operation | Tensor]:
        """The operations that are to be run with each step of training; ``GraphKeys.UPDATE_OPS`` has them too."""
        return list(self._updates) if self.trainable else []

    def count_params(self) -> int:
        """The number of elements of all variables."""
        if not self.built:
            raise ValueError(f"The layer {self._name!r} has no variables yet: call it, or its method build.")
        return sum(variable.shape.num_elements() or 0 for variable in self.variables)

    def build(self, input_shape: ShapeLike) -> None:
        """Make the variables; a class of one's own does it here, for inputs of this shape.

        Parameters
        ----------
        input_shape : TensorShape
        """
        self.built = True

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs; a class of one's own computes them here.

        Parameters
        ----------
        inputs : Tensor, or a list of Tensor
            And further arguments, as they were given to the layer.

        Returns
        -------
        Tensor, or a list of Tensor
        """
        return inputs

    def compute_output_shape(self, input_shape: ShapeLike) -> TensorShape:
        """The shape of the outputs for inputs of a shape; it needs an implementation in each class."""
        raise NotImplementedError(f"{type(self).__name__} has no method compute_output_shape.")

    def __call__(self, inputs: Any, *args: Any, scope: str | VariableScope | None = None, **kwargs: Any) -> Any:
        """Call the layer: in its scopes, after its variables were made.

        Parameters
        ----------
        inputs : TensorLike, or a list of TensorLike
        *args, **kwargs : object
            Further arguments of the method ``call``.
        scope : str or VariableScope, optional
            The scope of the variables, if the layer has none yet.

        Returns
        -------
        Tensor, or a list of Tensor
            What the method ``call`` gives.
        """
        inputs = self._converted(inputs)
        self._find_scope(scope)
        assert self._scope is not None
        if "scope" in inspect.signature(self.call).parameters:
            kwargs["scope"] = self._scope
        with self._scopes():
            self._check(inputs)
            self._build_for(inputs)
            outputs = self.call(inputs, *args, **kwargs)
            self._add_activity_loss(outputs)
        _add_to_collection(GraphKeys.UPDATE_OPS, self.updates)
        return outputs

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Call the layer.

        Parameters
        ----------
        inputs : TensorLike, or a list of TensorLike
        *args, **kwargs : object
            As for the method ``call``.

        Returns
        -------
        Tensor, or a list of Tensor
        """
        return self(inputs, *args, **kwargs)

    def add_weight(
        self,
        name: str,
        shape: ShapeLike = None,
        dtype: DTypeLike | None = None,
        initializer: InitializerLike | None = None,
        regularizer: Regularizer | None = None,
        trainable: bool | None = None,
        constraint: Callable[..., Any] | None = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        partitioner: Partitioner | None = None,
    ) -> Weight:
        """A variable of the layer, made by `get_variable` in the scope of the layer.

        Parameters
        ----------
        name : str
        shape : ShapeLike
        dtype : DType, optional
            By default that of the layer, which is that of its inputs.
        initializer : Initializer, callable or str, optional
            By default that of the scope.
        regularizer : callable, optional
            If the variable is new, its result is added to the losses and to ``GraphKeys.REGULARIZATION_LOSSES``.
        trainable : bool, optional
            True by default, except for variables whose synchronization is ``ON_READ``.
        constraint, use_resource, synchronization, aggregation, partitioner : object
            As for `get_variable`.

        Returns
        -------
        Variable or PartitionedVariable

        Raises
        ------
        ValueError
            The variable is to be trained and its synchronization is ``ON_READ``; or as for `get_variable`.
        """
        if trainable is None:
            trainable = synchronization is not VariableSynchronization.ON_READ
        elif trainable and synchronization is VariableSynchronization.ON_READ:
            raise ValueError(f"The variable {name} has synchronization ON_READ, so it cannot be trainable.")
        wanted = bool(trainable and self.trainable)
        self._find_scope(None)
        assert self._scope is not None
        existing = set(get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES))
        with self._scopes():
            variable: Weight = get_variable(
                name,
                shape,
                self._dtype or dtypes.float32 if dtype is None else dtype,
                find_initializer(initializer),
                trainable=wanted,
                use_resource=use_resource,
                synchronization=synchronization,
                aggregation=aggregation,
                partitioner=partitioner,
                constraint=constraint,
            )
            if regularizer is not None and existing.isdisjoint(_parts(variable)):
                self._regularize(name, variable, regularizer)
        trained = set(get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES))
        lists = self._trainable_weights if wanted and trained.issuperset(_parts(variable)) else None
        (self._non_trainable_weights if lists is None else lists).append(variable)
        return variable

    add_variable = add_weight

    def add_loss(self, losses: TensorLike | Sequence[TensorLike], inputs: object = None) -> None:
        """Add losses to those of the layer and to ``GraphKeys.REGULARIZATION_LOSSES``.

        Parameters
        ----------
        losses : Tensor, callable, or a list of these
            Callables are called at once.
        inputs : object, optional
            Accepted for programs that give it.
        """
        given = losses if isinstance(losses, list | tuple) else [losses]
        computed = [loss() if callable(loss) else loss for loss in given]
        tensors = [convert_to_tensor(loss) for loss in computed if loss is not None]
        self._losses += tensors
        _add_to_collection(GraphKeys.REGULARIZATION_LOSSES, tensors)

    def add_update(self, updates: Operation | Tensor | Sequence[Operation | Tensor], inputs: object = None) -> None:
        """Add operations that are to be run with each step of training.

        Parameters
        ----------
        updates : Operation, Tensor, or a list of these
            Their operations are listed in ``GraphKeys.UPDATE_OPS`` when the layer has been called.
        inputs : object, optional
            Accepted for programs that give it.
        """
        given: Sequence[Any] = updates if isinstance(updates, list | tuple) else [updates]
        self._updates += [update.op if isinstance(update, Tensor) else update for update in given]

    @contextmanager
    def _scopes(self) -> Iterator[None]:
        """A block in the variable scope of the layer and the name scope that came with it."""
        assert self._scope is not None
        reuse = True if self.built else self._reuse
        with (
            variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False) as entered,
            get_default_graph().name_scope(entered.original_name_scope),
        ):
            yield

    @contextmanager
    def _without_partitioner(self) -> Iterator[None]:
        """A block whose variables are not partitioned by the scope."""
        assert self._scope is not None
        kept = self._scope.partitioner
        self._scope.set_partitioner(None)
        try:
            yield
        finally:
            self._scope.set_partitioner(kept)

    def _find_scope(self, scope: str | VariableScope | None) -> None:
        if self._scope is not None:
            return
        if self._reuse:
            with variable_scope(self._base_name if scope is None else scope) as captured:
                self._scope = captured
        else:
            with variable_scope(scope, default_name=self._base_name) as captured:
                self._scope = captured

    def _converted(self, inputs: Any) -> Any:
        return [_tensor(value) for value in inputs] if isinstance(inputs, list | tuple) else _tensor(inputs)

    def _check(self, inputs: Any) -> None:
        if self.input_spec is not None:
            for number, value in enumerate(inputs if isinstance(inputs, list) else [inputs]):
                self.input_spec.check(value, number, self._name)

    def _build_for(self, inputs: Any) -> None:
        if self.built:
            return
        if self._dtype is None:
            self._dtype = next(leaves_of(inputs)).dtype.base_dtype
        self.build(mapped(lambda value: value.shape, inputs))
        self.built = True
        self._check(inputs)

    def _regularize(self, name: str, variable: Any, regularizer: Regularizer) -> None:
        for part in _parts(variable):
            with get_default_graph().name_scope(f"{name}/Regularizer"):
                loss = regularizer(part.value())
            self.add_loss(loss)

    def _add_activity_loss(self, outputs: Any) -> None:
        if self.activity_regularizer is None:
            return
        with get_default_graph().name_scope("ActivityRegularizer"):
            for output in outputs if isinstance(outputs, list | tuple) else [outputs]:
                loss = convert_to_tensor(self.activity_regularizer(output))
                size = apply("Cast", shape_of(output)[0], DstT=loss.dtype.name)
                self.add_loss(apply("RealDiv", loss, size, name="truediv"))


def _tensor(value: Any) -> Any:
    return convert_to_tensor(value, name="inputs")


def _parts(variable: Any) -> list[Variable]:
    return list(variable) if isinstance(variable, PartitionedVariable) else [variable]


def _add_to_collection(key: str, elements: Iterable[Any]) -> None:
    graph = get_default_graph()
    listed = set(graph.get_collection(key))
    for element in elements:
        if element not in listed:
            listed.add(element)
            graph.add_to_collection(key, element)


def _snake_case(name: str) -> str:
    """``"MaxPooling2D"`` -> ``"max_pooling2d"``, as TensorFlow names layers."""
    parted = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    snake = re.sub("([a-z])([A-Z])", r"\1_\2", parted).lower()
    return f"private{snake}" if snake.startswith("_") else snake


def _unique_name(base: str) -> str:
    """The base name with the number of unnamed layers of the class so far, as TensorFlow counts them."""
    kept = get_default_graph().get_collection_ref(_NAMES_KEY)
    if not kept:
        kept.append({})
    counts: dict[str, int] = kept[0]
    counts[base] = counts.get(base, 0) + 1
    return f"{base}_{counts[base]}"
