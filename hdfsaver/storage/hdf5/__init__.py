"""The objects of an HDF5 file, and nothing that only a checkpoint has."""
