"""The rule for the seeds of random operations.

Two numbers seed each operation: one of the graph (`set_random_seed`) and one of its own. The same program gives the
same numbers again if at least one of them is set.
"""

from __future__ import annotations

from typing import Any

from hdfsaver.graph.default import get_default_graph

DEFAULT_GRAPH_SEED = 87654321
"""The graph's seed where only an operation has one, as in TensorFlow."""

_SEEDS = 2**31 - 1

_RULES = ("2.21", "1.15")
_rule = _RULES[0]


def set_random_seed(seed: int | None) -> None:
    """Set the seed of the default graph, for operations that are made later.

    Parameters
    ----------
    seed : int or None
        With None, operations without a seed of their own give other numbers in each session.
    """
    get_default_graph().seed = seed


def seed_rule(version: str) -> None:
    """Say by which TensorFlow's rule operations get a seed of their own, from now on and in all graphs.

    The rule is for operations that are not given a seed, in a graph that has one. By the rule of 2.21 it is the number
    of such operations that were made before. By that of 1.15 it is the number of all operations in the graph, which is
    TensorFlow's where the graph is: TensorFlow's Savers, for example, add operations.

    Parameters
    ----------
    version : {"2.21", "1.15"}
        The first one is the default.

    Raises
    ------
    ValueError
        The version is another.
    """
    global _rule  # noqa: PLW0603 - one rule for the whole program, as TensorFlow has one
    if version not in _RULES:
        raise ValueError(f"Argument `version` must be one of {', '.join(map(repr, _RULES))}, not {version!r}.")
    _rule = version


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The two seeds of an operation made now, by TensorFlow's rule; None and None where neither is set.

    Parameters
    ----------
    op_seed : int or None
        The seed that the operation is given. Without one, in a graph with a seed, a call counts as an operation made.

    Returns
    -------
    tuple of int or None
        The seed of the graph and that of the operation, from 0 up to, but without, 2**31 - 1; not both are 0.

    Raises
    ------
    TypeError
        A seed is not a number.
    """
    graph = get_default_graph()
    if graph.seed is None and op_seed is None:
        return None, None
    if graph.seed is None:
        graph_seed, own_seed = DEFAULT_GRAPH_SEED, op_seed
    elif op_seed is None:
        graph_seed, own_seed = graph.seed, graph.next_seed() if _rule == "2.21" else len(graph.data)
    else:
        graph_seed, own_seed = graph.seed, op_seed
    seeds = _reduced(graph_seed), _reduced(own_seed)
    return (0, _SEEDS) if seeds == (0, 0) else seeds  # two zeros would stand for no seed at all


def _reduced(seed: Any) -> int:
    if isinstance(seed, str | bytes):  # Python would take the remainder for formatting
        raise TypeError(f"A seed must be a number, not {seed!r}.")
    return int(seed % _SEEDS)


def seed_attrs(op_seed: int | None) -> dict[str, Any]:
    """The attributes that seed a random operation made now; zeros for numbers that differ from session to session."""
    seed, seed2 = get_seed(op_seed)
    return {"seed": seed or 0, "seed2": seed2 or 0}
