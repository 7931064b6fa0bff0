"""Bytes in files of any format: opening, reading, writing, locking. No HDF5 and no TensorFlow."""
