"""Reading checkpoints without a graph: finding them, and reading their tensors."""
