"""Files that are not on this machine, and open file objects: read by ranges, with a bounded cache."""
