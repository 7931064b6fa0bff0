"""TensorFlow checkpoints: tensors by name."""
