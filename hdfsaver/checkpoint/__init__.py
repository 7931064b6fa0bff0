"""Checkpoints: the Saver and the rooms that it introduces to one another."""
