"""Event files: summaries, graphs and notes about a training, which TensorBoard shows."""
