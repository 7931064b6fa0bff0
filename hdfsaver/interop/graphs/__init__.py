"""TensorFlow's graphs in files."""
