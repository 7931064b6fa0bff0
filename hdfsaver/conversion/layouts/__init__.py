"""The weights of a graph as PyTorch and Keras keep them: a file for each family of rules."""
