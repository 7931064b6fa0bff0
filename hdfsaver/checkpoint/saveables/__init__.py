"""What a Saver keeps under a name: variables, partitioned variables and arrays."""
