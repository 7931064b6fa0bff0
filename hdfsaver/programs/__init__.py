"""Programs written for TensorFlow 1, run unchanged: what they import, how they start, which names they use."""
