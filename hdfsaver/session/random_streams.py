"""Where the random operations of a session have come to: each has a stream, which goes on from run to run."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from hdfsaver.random_numbers.philox import Stream, seeded


class RandomStreams:
    """The streams of the operations that have drawn numbers, by their names."""

    def __init__(self) -> None:
        self._next: dict[str, Stream] = {}
        self._lock = threading.Lock()

    def reserve(self, node: str, seed: int, seed2: int, blocks: int) -> Stream:
        """The place where an operation draws now; the next call is given the place after these blocks.

        Runs at once never get the same blocks.

        Parameters
        ----------
        node : str
            The operation's name.
        seed, seed2 : int
            Its attributes; with two zeros the stream is one that no operation has had before.
        blocks : int

        Returns
        -------
        Stream
        """
        with self._lock:
            place = self._next.get(node)
            if place is None:
                place = seeded(seed, seed2)
            self._next[node] = place.after(blocks)
            return place

    def snapshot(self) -> dict[str, Stream]:
        """Where each operation would draw next."""
        with self._lock:
            return self._next.copy()

    def replace(self, places: Mapping[str, Stream]) -> None:
        """Go on from other places; operations that are not among them begin again."""
        with self._lock:
            self._next = dict(places)
