"""Values in compressed chunks."""
