"""Recurrent networks: cells, and functions that apply a cell to the steps of a sequence."""
