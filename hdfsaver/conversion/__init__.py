"""Conversion between file formats for arrays."""
