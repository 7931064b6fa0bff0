"""``tf.contrib``: the part of it that is other names of what is here; any other name is an error that names it."""

import importlib
import typing

from hdfsaver.absent_names import absent as _absent

if typing.TYPE_CHECKING:
    from hdfsaver.contrib import contrib_lookup as lookup
    from hdfsaver.contrib import contrib_losses as losses
    from hdfsaver.contrib import (
        crf,
        data,
        distributions,
        framework,
        layers,
        learn,
        legacy_seq2seq,
        rnn,
        seq2seq,
        slim,
        tensorboard,
        training,
        util,
    )
    from hdfsaver.contrib import signal_functions as signal
    from hdfsaver.contrib import streaming_metrics as metrics

__all__ = [
    "crf",
    "data",
    "distributions",
    "framework",
    "layers",
    "learn",
    "legacy_seq2seq",
    "lookup",
    "losses",
    "metrics",
    "rnn",
    "seq2seq",
    "signal",
    "slim",
    "tensorboard",
    "training",
    "util",
]

_FILES = {
    "lookup": "contrib_lookup",
    "losses": "contrib_losses",
    "metrics": "streaming_metrics",
    "signal": "signal_functions",
}


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        if name in __all__:
            return importlib.import_module(f"hdfsaver.contrib.{_FILES.get(name, name)}")
        raise _absent(__name__, name, ())
