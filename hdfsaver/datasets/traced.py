"""Python functions of elements as functions of the graph: what map, filter and others call for each element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hdfsaver.datasets.element_structures import Leaf, as_tensors, flat, from_flat, leaf_of, mapped, to_flat
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.function_graphs import FunctionGraph, argument, define, names_of
from hdfsaver.graph.tensor import Tensor

_ATTRS = {"_tf_data_function": True}


class TracedFunction:
    """A Python function, traced for elements of a structure.

    Parameters
    ----------
    function : callable
    structure : object
        That of the argument; a tuple becomes several arguments.
    transformation : str
        The method that calls it, for the name.
    dataset : callable
        Makes a dataset of a tensor and a structure.

    Attributes
    ----------
    value : dict
        The attribute that names it.
    captured : list of Tensor
        Tensors from outside, which calls pass on.
    structure : object
        That of the result.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        structure: Any,
        transformation: str,
        dataset: Callable[[Tensor, Any], Any],
    ) -> None:
        graph = FunctionGraph(get_default_graph())
        with graph.as_default():
            arguments = [
                argument(graph, leaf.flat_dtype, leaf.flat_shape, f"args_{place}")
                for place, leaf in enumerate(flat(structure))
            ]
            element = from_flat(structure, arguments, dataset)
            results = function(*element) if type(element) is tuple else function(element)
            if isinstance(results, list):
                results = tuple(results)
            self.results = as_tensors(results)
            self.structure = mapped(leaf_of, self.results)
            packed = to_flat(self.results)
        name = f"__inference_Dataset_{transformation}_{names_of(function)}"
        self.value, self.captured = define(graph, arguments, packed, name, _ATTRS)

    def only(self, what: str, *dtypes: str) -> Leaf:
        """The only result, which must be a scalar of one of these dtypes.

        Parameters
        ----------
        what : str
            The function, for the message.
        *dtypes : str

        Returns
        -------
        Leaf

        Raises
        ------
        ValueError
            It is another one.
        """
        found = self.structure
        if not isinstance(found, Leaf) or found.dtype not in dtypes or found.shape not in ((), None):
            raise ValueError(f"`{what}` must return a scalar of {' or '.join(dtypes)}, not {found}.")
        return found
