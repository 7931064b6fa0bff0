"""Arrays without a graph: a dict of them as a file, and a file as a dict of them."""
