"""Storage: a graph's structure and named arrays to one HDF5 file and back."""
