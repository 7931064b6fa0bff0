"""The operations: one family a file. A family is imported when a function or a type of it is first used."""
