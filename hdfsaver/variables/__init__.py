"""Variables: their operations, sharing them by name, and dividing them into parts."""
