"""Files with arrays, of every kind that is read: each format, and the detection of a file's format."""
