"""``tf.gfile``: files, with TensorFlow 1's names."""

from __future__ import annotations

from hdfsaver.files.file_io import FastGFile, GFile
from hdfsaver.files.file_io import GFile as Open
from hdfsaver.files.file_io import copy_file as Copy
from hdfsaver.files.file_io import create_dir as MkDir
from hdfsaver.files.file_io import delete_file as Remove
from hdfsaver.files.file_io import delete_recursively as DeleteRecursively
from hdfsaver.files.file_io import file_exists as Exists
from hdfsaver.files.file_io import file_statistics as Stat
from hdfsaver.files.file_io import get_matching_files as Glob
from hdfsaver.files.file_io import is_directory as IsDirectory
from hdfsaver.files.file_io import list_directory as ListDirectory
from hdfsaver.files.file_io import recursive_create_dir as MakeDirs
from hdfsaver.files.file_io import rename_file as Rename
from hdfsaver.files.file_io import walk_directory as Walk

__all__ = [
    "Copy",
    "DeleteRecursively",
    "Exists",
    "FastGFile",
    "GFile",
    "Glob",
    "IsDirectory",
    "ListDirectory",
    "MakeDirs",
    "MkDir",
    "Open",
    "Remove",
    "Rename",
    "Stat",
    "Walk",
]


def __dir__() -> list[str]:
    return __all__
