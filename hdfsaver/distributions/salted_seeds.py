"""Seeds of the second random operation of a distribution, made of the seed of the first one."""

from __future__ import annotations

import hashlib


def salted_seed(seed: int | None, salt: str) -> int | None:
    """Another seed, the one that TensorFlow makes of a seed and a word; None of None."""
    if seed is None:
        return None
    digest = hashlib.md5(f"{seed}{salt}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) & 0x7FFFFFFF
