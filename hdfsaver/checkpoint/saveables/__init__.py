"""The items that a Saver saves under a name: variables, partitioned variables and arrays."""
