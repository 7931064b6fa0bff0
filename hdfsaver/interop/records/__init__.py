"""Files of records (``.tfrecord``), each with its length and checksums: data sets and events."""
