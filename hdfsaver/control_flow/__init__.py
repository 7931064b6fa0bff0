"""Branches and loops as programs build them."""
