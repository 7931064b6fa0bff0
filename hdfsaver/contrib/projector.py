"""``tf.contrib.tensorboard.plugins.projector``: which embeddings TensorBoard's projector shows."""

from __future__ import annotations

import os
import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.files.remote.names import RemoteName, beside
from hdfsaver.files.whole_files import write_whole
from hdfsaver.messages import message_classes
from hdfsaver.reading.checkpoint_names import as_target
from hdfsaver.summaries.file_writer import FileWriter

if typing.TYPE_CHECKING:
    from hdfsaver.files.file_io import PathLike
    from hdfsaver.messages.message_classes import EmbeddingInfo, ProjectorConfig, SpriteMetadata

__all__ = ["EmbeddingInfo", "ProjectorConfig", "SpriteMetadata", "visualize_embeddings"]

_FILE = "projector_config.pbtxt"


def visualize_embeddings(summary_writer: FileWriter | PathLike, config: message_classes.ProjectorConfig) -> None:
    """Write the settings of the projector beside the event files, where TensorBoard looks for them.

    Parameters
    ----------
    summary_writer : FileWriter or path
        The writer of the folder, or the folder.
    config : ProjectorConfig
        The embeddings. Without ``model_checkpoint_path`` the newest checkpoint of the folder is shown. TensorBoard
        reads checkpoints of TensorFlow, which ``hdfsaver convert`` makes.

    Raises
    ------
    TypeError
        The settings are another object.
    ValueError
        The writer has no folder.
    OpError
        The file cannot be written.
    """
    if not isinstance(config, message_classes.ProjectorConfig):
        raise TypeError(f"config must be a ProjectorConfig, not {type(config).__name__}.")
    get_logdir = getattr(summary_writer, "get_logdir", None)
    folder = get_logdir() if get_logdir is not None else summary_writer
    if folder is None:
        raise ValueError("Summary writer must have a logdir")
    folder = as_target(typing.cast("str", folder))
    if not isinstance(folder, RemoteName):
        os.makedirs(folder, exist_ok=True)
    write_whole(beside(folder, _FILE), message_classes.message_to_string(config).encode())


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        if name in __all__:  # messages, for which protobuf has to be loaded
            return getattr(message_classes, name)
        raise _absent(__name__, name, __all__)
