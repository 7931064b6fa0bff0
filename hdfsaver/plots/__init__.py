"""Pictures of graphs and variables, drawn by matplotlib."""
