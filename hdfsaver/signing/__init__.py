"""Signatures of checkpoints: making them, checking them, and reading what they prove."""
