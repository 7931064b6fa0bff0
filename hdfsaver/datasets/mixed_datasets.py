"""Elements of several datasets, chosen one after the other: by chance, or by another dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver.datasets import element_structures as structure
from hdfsaver.datasets.dataset import Dataset, made_dataset, seeds_of
from hdfsaver.datasets.element_structures import Leaf
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor


class RandomDataset(Dataset):
    """Random numbers of 32 bits, as int64, without end.

    Parameters
    ----------
    seed : int, optional
        See ``tf.set_random_seed``.
    """

    def __init__(self, seed: int | None = None) -> None:
        made = made_dataset("RandomDataset", Leaf("int64", ()), *seeds_of(seed))
        super().__init__(made._variant_tensor, made._structure)


def _directed(selector: Dataset, datasets: Sequence[Dataset], stops: bool) -> Dataset:
    leaves = datasets[0]._structure
    for dataset in datasets[1:]:
        leaves = structure.most_general(leaves, dataset._structure)
    given = (selector._variant_tensor, [dataset._variant_tensor for dataset in datasets])
    return made_dataset("DirectedInterleaveDataset", leaves, *given, stop_on_empty_dataset=stops)


def choose_from_datasets(
    datasets: Sequence[Dataset], choice_dataset: Dataset, stop_on_empty_dataset: bool = False
) -> Dataset:
    """The next element of the dataset whose number another dataset gives.

    Parameters
    ----------
    datasets : list of Dataset
        Their elements have the same structure.
    choice_dataset : Dataset
        Numbers of int64, from 0 on.
    stop_on_empty_dataset : bool
        Whether it ends where one ends; otherwise that one is left out.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        There are no datasets.
    TypeError
        The numbers are of another dtype, or the elements of other types.
    """
    if not datasets:
        raise ValueError("Invalid `datasets`. `datasets` should not be empty.")
    if choice_dataset._structure != Leaf("int64", ()):
        raise TypeError("Invalid `choice_dataset`. Elements of `choice_dataset` must be scalar `tf.int64` tensors.")
    return _directed(choice_dataset, datasets, stop_on_empty_dataset)


def sample_from_datasets(
    datasets: Sequence[Dataset], weights: Any = None, seed: int | None = None, stop_on_empty_dataset: bool = False
) -> Dataset:
    """The next element of a dataset that is drawn by chance.

    Parameters
    ----------
    datasets : list of Dataset
        Their elements have the same structure.
    weights : list of float, Tensor or Dataset, optional
        How often each is drawn, in proportion; a dataset gives new ones for each element.
    seed : int, optional
        See ``tf.set_random_seed``.
    stop_on_empty_dataset : bool
        Whether it ends where one ends; otherwise that one is left out.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        There are no datasets, or another number of weights.
    TypeError
        The weights are not of floats, or the elements of other types.
    """
    if not datasets:
        raise ValueError("Invalid `datasets`. `datasets` should not be empty.")
    seeds = RandomDataset(seed)
    if isinstance(weights, Dataset):
        logits = weights.map(lambda *given: apply("Log", given[0] if len(given) == 1 else apply("Pack", [*given])))
        drawn = Dataset.zip((logits, seeds.batch(2))).map(
            lambda each, pair: _number(apply("ExpandDims", each, 0), pair)
        )
        return _directed(drawn, datasets, stop_on_empty_dataset)
    if weights is None:
        table: Any = [[1.0] * len(datasets)]
    else:
        datasets, found = _weighted(datasets, weights)
        table = apply("ExpandDims", apply("Log", found, name="logits"), 0)
    if len(datasets) == 1:
        return datasets[0]
    return _directed(seeds.batch(2).map(lambda pair: _number(table, pair)), datasets, stop_on_empty_dataset)


def _weighted(datasets: Sequence[Dataset], weights: Any) -> tuple[Sequence[Dataset], Tensor]:
    """The datasets that may be drawn, and their weights."""
    if not is_tensor(weights):
        if len(weights) != len(datasets):
            raise ValueError(
                "Invalid `weights`. `weights` should have the same length as `datasets` but got "
                f"`len(weights)={len(weights)}` vs. `len(datasets)={len(datasets)}`."
            )
        kept = [(dataset, weight) for dataset, weight in zip(datasets, weights, strict=True) if weight > 0]
        datasets = [dataset for dataset, _ in kept] or [datasets[0].take(0)]
        weights = [weight for _, weight in kept] or [1.0]
    elif weights.shape.plain not in (None, (None,), (len(datasets),)):
        raise ValueError(
            "Invalid `weights`. The shape of `weights` should be compatible with `[len(datasets)]` but is "
            f"{weights.shape}."
        )
    found = convert_to_tensor(weights, name="weights")
    if found.dtype.base_dtype.name not in ("float32", "float64"):
        raise TypeError(
            f"Invalid `weights`. `weights` type must be either `tf.float32` or `tf.float64` but is {found.dtype!r}."
        )
    return datasets, found


def _number(logits: Any, seed: Tensor) -> Tensor:
    drawn = apply("StatelessMultinomial", convert_to_tensor(logits), np.int32(1), seed, output_dtype="int64")
    return apply("Squeeze", drawn, squeeze_dims=[0, 1])
