"""Variables: what they are made of, sharing them by name, and dividing them into parts."""
