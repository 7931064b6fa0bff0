"""tf.data: datasets, their elements one after the other, and iterators whose state may be saved.

Importing the package registers the operations.
"""

from hdfsaver.datasets import dataset_ops, iterator_ops

__all__ = [
    "dataset_ops",
    "iterator_ops",
]
