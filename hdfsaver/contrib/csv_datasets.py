"""``tf.contrib.learn.datasets.base``: data sets in files with commas, as TensorFlow 1 had them."""

from __future__ import annotations

import csv
import importlib
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from hdfsaver.contrib.mnist_data import Datasets, load_mnist
from hdfsaver.errors import DataLossError, NotFoundError
from hdfsaver.files.file_io import GFile, PathLike
from hdfsaver.files.file_systems import path_text
from hdfsaver.tensor_info import Array


class Dataset(NamedTuple):
    """Rows of features, and the target of each row."""

    data: Array
    target: Array


def load_csv_with_header(
    filename: PathLike, target_dtype: npt.DTypeLike, features_dtype: npt.DTypeLike, target_column: int = -1
) -> Dataset:
    """Read a file whose first line begins with the number of rows and the number of features.

    Parameters
    ----------
    filename : path
        The file.
    target_dtype, features_dtype : dtype
        NumPy's dtypes of targets and features.
    target_column : int
        The column of the target.

    Returns
    -------
    Dataset

    Raises
    ------
    NotFoundError
        The file does not exist.
    ValueError
        A text is not of the dtype.
    DataLossError
        The numbers in the first line are not those of the rows.
    """
    rows = _rows(filename)
    try:
        count, width = map(int, next(rows, [])[:2])
    except ValueError:
        raise DataLossError(
            None, None, f"{path_text(filename)} does not begin with two numbers, those of its rows and features."
        ) from None
    found = _arrays(rows, target_dtype, features_dtype, target_column)
    if found.data.shape != (count, width) and (count, found.data.size) != (0, 0):
        raise DataLossError(
            None,
            None,
            f"{path_text(filename)} says that it has {count} rows of {width} features; it has {found.data.shape}.",
        )
    return found


def load_csv_without_header(
    filename: PathLike, target_dtype: npt.DTypeLike, features_dtype: npt.DTypeLike, target_column: int = -1
) -> Dataset:
    """Read a file of rows alone.

    Parameters
    ----------
    filename : path
        The file.
    target_dtype, features_dtype : dtype
        NumPy's dtypes of targets and features.
    target_column : int
        The column of the target.

    Returns
    -------
    Dataset

    Raises
    ------
    NotFoundError
        The file does not exist.
    ValueError
        A text is not of the dtype, or a row has another length.
    """
    return _arrays(_rows(filename), target_dtype, features_dtype, target_column)


def _rows(filename: PathLike) -> Iterator[list[str]]:
    with GFile(filename) as file:
        yield from csv.reader(cast("Iterator[str]", file))


def _arrays(
    rows: Iterator[list[str]], target_dtype: npt.DTypeLike, features_dtype: npt.DTypeLike, target_column: int
) -> Dataset:
    """The columns apart."""
    targets, features = [], []
    for row in rows:
        targets.append(row.pop(target_column))
        features.append(np.asarray(row).astype(features_dtype))
    return Dataset(np.array(features, features_dtype), np.array(targets).astype(target_dtype))


def load_iris(data_path: PathLike | None = None) -> Dataset:
    """Fisher's irises, from a file or from the library scikit-learn.

    Parameters
    ----------
    data_path : path, optional
        A file as for `load_csv_with_header`; by default scikit-learn's data are given, which TensorFlow had too.

    Returns
    -------
    Dataset

    Raises
    ------
    ImportError
        No file is given, and scikit-learn is not installed.
    """
    if data_path is not None:
        return load_csv_with_header(data_path, np.int64, np.float64)
    try:
        sets: Any = importlib.import_module("sklearn.datasets")
    except ImportError:
        raise ImportError(
            "load_iris() needs the library scikit-learn, which has the data: install it with `pip install "
            "scikit-learn`, or give the path of a file, load_iris(data_path).",
            name="sklearn",
        ) from None
    data, target = sets.load_iris(return_X_y=True)
    return Dataset(np.asarray(data, np.float64), np.asarray(target, np.int64))


def load_boston(data_path: PathLike | None = None) -> Dataset:
    """Houses of Boston, from a file.

    Parameters
    ----------
    data_path : path
        A file as for `load_csv_with_header`. TensorFlow had one, ``boston_house_prices.csv``, which is not here.

    Returns
    -------
    Dataset

    Raises
    ------
    NotFoundError
        No file is given, or it does not exist.
    """
    if data_path is None:
        raise NotFoundError(
            None,
            None,
            "The houses of Boston are not in hdfsaver. Give the path of the file boston_house_prices.csv: "
            "load_boston(data_path).",
        )
    return load_csv_with_header(data_path, np.float64, np.float64)


_LOADERS: dict[str, Callable[[], Any]] = {"boston": load_boston, "iris": load_iris, "mnist": load_mnist}


def load_dataset(name: str, size: str = "small", test_with_fake_data: bool = False) -> Dataset | Datasets:
    """A data set by its name: ``"iris"``, ``"boston"`` or ``"mnist"``.

    Parameters
    ----------
    name : str
    size, test_with_fake_data : object
        Without effect for these.

    Returns
    -------
    Dataset or Datasets

    Raises
    ------
    ValueError
        The name is another one.
    """
    if name not in _LOADERS:
        raise ValueError(f"Name of dataset is not found: {name}. There are {', '.join(_LOADERS)}.")
    found: Dataset | Datasets = _LOADERS[name]()
    return found


def maybe_download(filename: str, work_directory: str, source_url: str) -> str:
    """The path of a file that is there; nothing is downloaded here.

    Parameters
    ----------
    filename, work_directory : str
        The file and its folder.
    source_url : str
        Where it is to be had.

    Returns
    -------
    str

    Raises
    ------
    NotFoundError
        The file is missing.
    """
    path = os.path.join(work_directory, filename)
    if not os.path.exists(path):
        said = f"{path} is missing, and nothing is downloaded here. Put the file there; it is at {source_url}."
        raise NotFoundError(None, None, said)
    return path
