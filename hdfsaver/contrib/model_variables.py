"""Variables of models by name, collection and suffix, and what assigns values to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver.checkpoint.saver import Saver
from hdfsaver.contrib.arg_scopes import add_arg_scope
from hdfsaver.dtypes import DTypeLike
from hdfsaver.files.file_io import PathLike
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.ops.constants import group, placeholder
from hdfsaver.reading.reader import NewCheckpointReader
from hdfsaver.shapes import ShapeLike
from hdfsaver.training.global_step import assert_global_step, get_global_step
from hdfsaver.training.tf_logging import warning
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.partitioned import PartitionedVariable
from hdfsaver.variables.variable import Variable
from hdfsaver.variables.variable_scope import InitializerLike, Regularizer, VariableScope

VarList = Sequence[Any] | Mapping[str, Any]
"""Variables, or a dict of names in a checkpoint and variables."""


@add_arg_scope
def variable(
    name: str,
    shape: ShapeLike = None,
    dtype: DTypeLike | None = None,
    initializer: InitializerLike | None = None,
    regularizer: Regularizer | None = None,
    trainable: bool = True,
    collections: Iterable[str] | None = None,
    caching_device: object = None,
    device: str | None = None,
    partitioner: Callable[..., Any] | None = None,
    custom_getter: Callable[..., Any] | None = None,
    use_resource: bool | None = None,
) -> Variable | PartitionedVariable:
    """The variable of that name in the current scope, as by `get_variable`.

    Parameters
    ----------
    name, shape, dtype, initializer, regularizer, trainable : object
        As for `get_variable`.
    collections : list of str, optional
        ``GraphKeys.GLOBAL_VARIABLES`` by default.
    caching_device, partitioner, custom_getter, use_resource : object
        As for `get_variable`.
    device : str, optional
        The device of the operations.

    Returns
    -------
    Variable or PartitionedVariable

    Raises
    ------
    ValueError
        As for `get_variable`.
    """
    listed = dict.fromkeys([GraphKeys.GLOBAL_VARIABLES] if collections is None else collections)
    with get_default_graph().device(device or ""):
        return get_variable(
            name,
            shape,
            dtype,
            initializer,
            regularizer,
            trainable,
            list(listed),
            caching_device,
            partitioner=partitioner,
            custom_getter=custom_getter,
            use_resource=use_resource,
        )


@add_arg_scope
def model_variable(
    name: str,
    shape: ShapeLike = None,
    dtype: DTypeLike | None = None,
    initializer: InitializerLike | None = None,
    regularizer: Regularizer | None = None,
    trainable: bool = True,
    collections: Iterable[str] | None = None,
    caching_device: object = None,
    device: str | None = None,
    partitioner: Callable[..., Any] | None = None,
    custom_getter: Callable[..., Any] | None = None,
    use_resource: bool | None = None,
) -> Variable | PartitionedVariable:
    """A `variable` that ``GraphKeys.MODEL_VARIABLES`` lists too.

    Parameters
    ----------
    name, shape, dtype, initializer, regularizer, trainable, collections, caching_device : object
        As for `variable`.
    device, partitioner, custom_getter, use_resource : object
        As for `variable`.

    Returns
    -------
    Variable or PartitionedVariable

    Raises
    ------
    ValueError
        As for `get_variable`.
    """
    listed = [*(collections or ()), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]
    return variable(
        name,
        shape,
        dtype,
        initializer,
        regularizer,
        trainable,
        listed,
        caching_device,
        device,
        partitioner,
        custom_getter,
        use_resource,
    )


def local_variable(
    initial_value: Any, validate_shape: bool = True, name: str | None = None, use_resource: bool | None = None
) -> Variable:
    """A variable that is not saved and not trained, listed in ``GraphKeys.LOCAL_VARIABLES``.

    Parameters
    ----------
    initial_value : TensorLike, or callable
    validate_shape : bool
    name : str, optional
    use_resource : bool, optional

    Returns
    -------
    Variable
    """
    return _untrained(initial_value, GraphKeys.LOCAL_VARIABLES, validate_shape, name, use_resource)


def global_variable(
    initial_value: Any, validate_shape: bool = True, name: str | None = None, use_resource: bool | None = None
) -> Variable:
    """A variable that is not trained, listed in ``GraphKeys.GLOBAL_VARIABLES``.

    Parameters
    ----------
    initial_value : TensorLike, or callable
    validate_shape : bool
    name : str, optional
    use_resource : bool, optional

    Returns
    -------
    Variable
    """
    return _untrained(initial_value, GraphKeys.GLOBAL_VARIABLES, validate_shape, name, use_resource)


def _untrained(value: Any, key: str, validate_shape: bool, name: str | None, use_resource: bool | None) -> Variable:
    return Variable(
        value,
        trainable=False,
        collections=[key],
        validate_shape=validate_shape,
        name=name,
        use_resource=bool(use_resource),
    )


def add_model_variable(var: Variable) -> None:
    """List a variable as one of the model."""
    if var not in get_default_graph().get_collection_ref(GraphKeys.MODEL_VARIABLES):
        get_default_graph().add_to_collection(GraphKeys.MODEL_VARIABLES, var)


def get_variables(
    scope: str | VariableScope | None = None,
    suffix: str | None = None,
    collection: str = GraphKeys.GLOBAL_VARIABLES,
) -> list[Any]:
    """The variables of a collection in a scope, whose names end in a suffix.

    Parameters
    ----------
    scope : str or VariableScope, optional
        As for `get_collection`.
    suffix : str, optional
        A last part of the name, such as ``"weights"``.
    collection : str

    Returns
    -------
    list of Variable
    """
    within = scope.name if isinstance(scope, VariableScope) else scope
    if suffix is not None:
        suffix = suffix if ":" in suffix else f"{suffix}:"
        within = f"{within or ''}.*{suffix}"
    return get_default_graph().get_collection(collection, within)


def get_model_variables(scope: str | VariableScope | None = None, suffix: str | None = None) -> list[Any]:
    """The variables of the model; see `get_variables`."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


def get_local_variables(scope: str | VariableScope | None = None, suffix: str | None = None) -> list[Any]:
    """The local variables; see `get_variables`."""
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


def get_trainable_variables(scope: str | VariableScope | None = None, suffix: str | None = None) -> list[Any]:
    """The variables that are trained; see `get_variables`."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


def get_variables_by_suffix(suffix: str, scope: str | VariableScope | None = None) -> list[Any]:
    """The variables whose names end in a suffix; see `get_variables`."""
    return get_variables(scope, suffix)


def get_variables_by_name(given_name: str, scope: str | VariableScope | None = None) -> list[Any]:
    """The variables with this name, or whose names end in it after a slash."""
    return get_variables(scope, f"/{given_name}:|^{given_name}:")


def get_unique_variable(var_op_name: str) -> Any:
    """The variable of this name.

    Raises
    ------
    ValueError
        There is none, or more than one whose name begins so.
    """
    found = get_variables(var_op_name)
    exact = [one for one in found if one.op.name == var_op_name] or found
    if len(exact) != 1:
        state = "is no variable" if not exact else f"are {len(exact)} variables"
        raise ValueError(f"There {state} whose name begins with {var_op_name!r}, and one is needed.")
    return exact[0]


def get_variables_to_restore(include: Sequence[str] | None = None, exclude: Sequence[str] | None = None) -> list[Any]:
    """The variables in some scopes, without those in others.

    Parameters
    ----------
    include : list of str, optional
        Scopes; all variables by default.
    exclude : list of str, optional
        Scopes whose variables are left out.

    Returns
    -------
    list of Variable

    Raises
    ------
    TypeError
        One of them is not a list.
    """
    for argument, scopes in (("include", include), ("exclude", exclude)):
        if scopes is not None and not isinstance(scopes, list | tuple):
            raise TypeError(f"The argument {argument} must be a list of scopes, not {scopes!r}.")
    chosen = get_variables() if include is None else [one for scope in include for one in get_variables(scope)]
    left_out = {one for scope in exclude or () for one in get_variables(scope)}
    return [one for one in chosen if one not in left_out]


def filter_variables(
    var_list: Sequence[Any],
    include_patterns: Sequence[str] | None = None,
    exclude_patterns: Sequence[str] | None = None,
    reg_search: bool = True,
) -> list[Any]:
    """The variables of a list whose names match patterns, without those that match others.

    Parameters
    ----------
    var_list : list of Variable
    include_patterns, exclude_patterns : list of str, optional
        Regular expressions.
    reg_search : bool
        Whether they may match anywhere in a name rather than at its beginning.

    Returns
    -------
    list of Variable
    """
    match = re.search if reg_search else re.match

    def is_one(one: Any, patterns: Sequence[str]) -> bool:
        return any(match(pattern, one.op.name) for pattern in patterns)

    chosen = [one for one in var_list if include_patterns is None or is_one(one, include_patterns)]
    return [one for one in chosen if not is_one(one, exclude_patterns or ())]


def get_variable_full_name(var: Any) -> str:
    """The name of a variable, or of the partitioned variable that it is a part of."""
    info = getattr(var, "_save_slice_info", None)
    name: str = info.full_name if info is not None else var.op.name
    return name


def _in_order(var_list: VarList) -> dict[str, list[Any]]:
    """The variables for each name in a checkpoint."""
    found: dict[str, list[Any]] = {}
    if isinstance(var_list, Mapping):
        for name, value in var_list.items():
            found[name] = list(value) if isinstance(value, list | tuple | PartitionedVariable) else [value]
    else:
        for one in var_list:
            found.setdefault(get_variable_full_name(one), []).append(one)
    return found


def assign_from_values(var_names_to_values: Mapping[str, Any]) -> tuple[Operation, dict[Any, Any]]:
    """An operation that assigns arrays to variables of these names, and what it is fed with.

    Parameters
    ----------
    var_names_to_values : dict
        Names of variables and arrays.

    Returns
    -------
    assign_op : Operation
    feed_dict : dict

    Raises
    ------
    ValueError
        There is no variable of a name, or an array has another number of elements.
    """
    feeds: dict[Any, Any] = {}
    assigned = []
    for name, value in var_names_to_values.items():
        own, array = get_unique_variable(name), np.asarray(value)
        if own.shape.num_elements() != array.size:
            raise ValueError(f"An array of shape {array.shape} does not fit the variable {name} of {own.shape}.")
        assigned.append(_assigned(own, array.reshape(own.shape.as_list()), feeds))
    return group(*assigned), feeds


def _assigned(own: Any, array: Any, feeds: dict[Any, Any]) -> Any:
    fed = placeholder(own.dtype.base_dtype, own.shape, name=f"placeholder/{own.op.name}")
    feeds[fed] = array
    return own.assign(fed)


def assign_from_values_fn(var_names_to_values: Mapping[str, Any]) -> Callable[[Any], None]:
    """A function of a session that assigns arrays to variables; see `assign_from_values`."""
    operation, feeds = assign_from_values(var_names_to_values)
    return lambda session: session.run(operation, feeds)


def assign_from_checkpoint(
    model_path: PathLike, var_list: VarList, ignore_missing_vars: bool = False
) -> tuple[Operation, dict[Any, Any]]:
    """An operation that assigns the values of a checkpoint, and what it is fed with.

    Parameters
    ----------
    model_path : path
        A checkpoint.
    var_list : list of Variable, or dict
        Of a dict the keys are names in the checkpoint; a value may be a list of the parts of a partitioned variable.
    ignore_missing_vars : bool
        Whether a variable that the checkpoint lacks is a warning instead of an error.

    Returns
    -------
    assign_op : Operation
    feed_dict : dict

    Raises
    ------
    ValueError
        The checkpoint lacks a variable, or has it in another shape.
    """
    feeds: dict[Any, Any] = {}
    assigned = []
    with NewCheckpointReader(model_path) as reader:
        for name, variables in _in_order(var_list).items():
            if not reader.has_tensor(name):
                if not ignore_missing_vars:
                    raise ValueError(f"Checkpoint is missing variable [{name}]: {model_path!r}.")
                warning("Checkpoint is missing variable [%s]", name)
                continue
            value = reader.get_tensor(name)
            assigned += [_assigned(own, _part(own, name, value), feeds) for own in variables]
    return group(*assigned), feeds


def _part(own: Any, name: str, value: Any) -> Any:
    """What of a value is that of a variable: all, or the slice that the variable is of."""
    info = getattr(own, "_save_slice_info", None)
    if info is not None:
        places = zip(info.var_offset, info.var_shape, strict=True)
        return value[tuple(slice(start, start + size) for start, size in places)]
    if list(value.shape) != own.shape.as_list():
        raise ValueError(
            f"Total size of new array must be unchanged for {name}: the checkpoint has shape {list(value.shape)}, "
            f"the variable {own.shape}."
        )
    return value


def assign_from_checkpoint_fn(
    model_path: PathLike,
    var_list: VarList,
    ignore_missing_vars: bool = False,
    reshape_variables: bool = False,
) -> Callable[[Any], None] | None:
    """A function of a session that restores variables from a checkpoint.

    Parameters
    ----------
    model_path : path
    var_list : list of Variable, or dict
        Of a dict the keys are names in the checkpoint.
    ignore_missing_vars : bool
        Whether variables that the checkpoint lacks are left out, with a warning.
    reshape_variables : bool
        Whether a value may have another shape with as many elements.

    Returns
    -------
    callable or None
        None, with a warning, if no variable is left.

    Raises
    ------
    ValueError
        The list is empty.
    """
    if not var_list:
        raise ValueError("var_list cannot be empty")
    chosen: dict[str, Any] | VarList = var_list
    if ignore_missing_vars:
        by_name = dict(var_list) if isinstance(var_list, Mapping) else {one.op.name: one for one in var_list}
        with NewCheckpointReader(model_path) as reader:
            missing = [name for name in by_name if not reader.has_tensor(name)]
        for name in missing:
            warning("Variable %s missing in checkpoint %s", name, model_path)
            del by_name[name]
        chosen = by_name
    if not chosen:
        warning("No Variables to restore")
        return None
    saver = Saver(chosen, reshape=reshape_variables)

    def restore(session: Any) -> None:
        saver.restore(session, model_path)

    return restore


def assert_or_get_global_step(graph: Graph | None = None, global_step_tensor: Any = None) -> Any:
    """The global step that is given, after a check, or that of the graph."""
    if global_step_tensor is None:
        return get_global_step(graph)
    assert_global_step(global_step_tensor)
    return global_step_tensor
