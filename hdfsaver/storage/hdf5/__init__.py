"""The objects of an HDF5 file, independent of checkpoints."""
