"""What stands for a clone where the file system cannot make one: a copy, which programs see in the same way."""

from __future__ import annotations

import os


class Copying:
    """Stands for `hdfsaver.files.cloning.clone`; ``count`` says how often it was called."""

    def __init__(self):
        self.count = 0

    def __call__(self, source, target):
        self.count += 1
        data, done = os.pread(source, os.fstat(source).st_size, 0), 0
        while done < len(data):
            done += os.pwrite(target, data[done:], done)
