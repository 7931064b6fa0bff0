"""TensorFlow's checkpoints: tensors by name."""
