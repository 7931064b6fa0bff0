"""``tf.contrib.legacy_seq2seq``: networks over lists of steps, and their losses."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.contrib.embedded_networks import (
    attention_decoder,
    embedding_attention_decoder,
    embedding_attention_seq2seq,
    embedding_rnn_decoder,
    embedding_rnn_seq2seq,
)
from hdfsaver.contrib.legacy_networks import basic_rnn_seq2seq, model_with_buckets, rnn_decoder, tied_rnn_seq2seq
from hdfsaver.contrib.sequence_losses import sequence_loss_by_example
from hdfsaver.contrib.sequence_losses import sequence_loss_of_lists as sequence_loss

__all__ = [
    "attention_decoder",
    "basic_rnn_seq2seq",
    "embedding_attention_decoder",
    "embedding_attention_seq2seq",
    "embedding_rnn_decoder",
    "embedding_rnn_seq2seq",
    "model_with_buckets",
    "rnn_decoder",
    "sequence_loss",
    "sequence_loss_by_example",
    "tied_rnn_seq2seq",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)
