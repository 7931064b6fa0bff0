"""TensorFlow 1's graphs and checkpoints on HDF5, without TensorFlow: ``import hdfsaver as tf``."""

__version__ = "0.1.0"
