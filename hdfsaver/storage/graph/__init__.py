"""A DiGraph in the group ``/graph`` of a file, and back."""
