"""From one kind of file with arrays to another, of this project or others."""
