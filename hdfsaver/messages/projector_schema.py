"""The messages of TensorBoard's projector, in the notation of `hdfsaver.messages.descriptor_pool`.

Source: ``tensorboard/plugins/projector/projector_config.proto``.
"""

from __future__ import annotations

PROJECTOR_SCHEMA = """
SpriteMetadata
1 image_path string
2 single_image_dim uint32*

EmbeddingInfo
1 tensor_name string
2 metadata_path string
3 bookmarks_path string
4 tensor_shape uint32*
5 sprite SpriteMetadata
6 tensor_path string

ProjectorConfig
1 model_checkpoint_path string
2 embeddings EmbeddingInfo*
3 model_checkpoint_dir string
"""
