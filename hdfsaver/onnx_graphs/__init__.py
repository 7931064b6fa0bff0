"""Graphs as ONNX: the nodes that compute what an operation computes, by type, and the models that are made of them."""
