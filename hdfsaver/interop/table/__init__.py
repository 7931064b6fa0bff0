"""Sorted tables of keys and values, as LevelDB writes them."""
