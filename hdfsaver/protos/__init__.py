"""The definitions of graphs that TensorFlow's programs speak of (``GraphDef`` and its kin), as plain dataclasses."""
