"""One HTML file that shows a model: its graph, and its variables."""
