"""Interop: files of other programs, to and from named arrays, without those programs."""
