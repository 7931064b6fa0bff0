"""Checkpoints made of other checkpoints: parts left out, names and dtypes changed, several merged or averaged."""
