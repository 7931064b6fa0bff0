"""NumPy does not warn in a run: as in TensorFlow, infinities and NaN are values like others.

NumPy keeps the settings of ``np.errstate`` in a context variable, which is set here at once: ``with np.errstate`` makes
them from its arguments each time, and takes as long as two small operations.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar, copy_context
from typing import Any

import numpy as np


class _Settings:
    """The settings by NumPy's own functions, where they are not in one context variable."""

    def get(self) -> Any:
        """The settings of this thread."""
        return np.geterr()

    def set(self, value: Any) -> object:
        """Change them."""
        return np.seterr(**value)


def _found() -> tuple[ContextVar[Any] | _Settings, Any]:
    """The place of the settings, and those with which nothing warns."""
    with np.errstate(all="raise"):
        other = copy_context()
    with np.errstate(all="ignore"):
        inside = copy_context()
    changed = [(variable, value) for variable, value in inside.items() if other.get(variable) is not value]
    if len(changed) == 1:
        with suppress(LookupError):  # NumPy's variable has a default
            changed[0][0].get()
            return changed[0]
    return _Settings(), dict.fromkeys(("divide", "over", "under", "invalid"), "ignore")


warning_settings, NO_WARNINGS = _found()
"""The settings of this thread, to get and to set, and the ones without warnings."""
