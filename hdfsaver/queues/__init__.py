"""Queues, the threads that fill them, readers of files, and batches made of what they give."""
