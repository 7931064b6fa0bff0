"""Arrays without a graph: saving a dict of arrays to a file, and loading it."""
