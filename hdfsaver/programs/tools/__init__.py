"""TensorFlow's programs for checkpoints and graphs that other programs import: ``tensorflow.python.tools``."""
