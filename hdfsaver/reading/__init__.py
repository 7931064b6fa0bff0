"""A checkpoint without a graph: which one is there, and what is in it."""
