"""Finding the file of a checkpoint of hdfsaver, for commands that work on no other kind."""

from __future__ import annotations

import shlex
from pathlib import Path

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.formats.open_source import open_source
from hdfsaver.reading import checkpoint_names


def own_file(checkpoint: str) -> Path:
    """The file of a checkpoint.

    Raises
    ------
    InvalidArgumentError
        It is a folder, or of another kind.
    NotFoundError
        There is no such file.
    """
    path = checkpoint_names.find(checkpoint_names.as_prefix(checkpoint))
    if path is not None:
        return Path(path)
    with open_source(checkpoint) as other:
        if other.sealed:
            message = f"{checkpoint} is a folder; give the checkpoint in it, {other.path}."
        else:
            command = f"`hdfsaver convert {shlex.quote(checkpoint)} NEW.h5` makes a checkpoint of its arrays."
            message = f"{other.path}: {other.kind}, not an hdfsaver checkpoint. {command}"
    raise InvalidArgumentError(None, None, message)
