"""How fast documents are read and embedded, and how long the rest will take."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.types import Document

_WINDOW_S = 60.0
"""Speeds are those of the last minute of work."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast documents are taken in, and what is left.

    ``waiting`` counts the matter's documents on their way, ``erasing`` those whose words are
    still being removed from the disk; ``seconds_left`` is ``None`` where it cannot be told.
    """

    pages_per_s: float = 0.0
    passages_per_s: float = 0.0
    seconds_left: float | None = None
    waiting: int = 0
    erasing: int = 0


class Speed:
    """Counts pages, passages and bytes as they are done."""

    def __init__(self) -> None:
        self._events: deque[tuple[float, int, int]] = deque()
        self._bytes = 0
        self._passages = 0

    def read(self, pages: int) -> None:
        """Count pages that were read."""
        self._count(pages, 0)

    def embedded(self, passages: int) -> None:
        """Count passages that were embedded."""
        self._count(0, passages)

    def finished(self, size_bytes: int, passages: int) -> None:
        """Learn how many passages a file of some size comes to."""
        self._bytes += size_bytes
        self._passages += passages

    def pace(
        self,
        waiting: Sequence[Document],
        left: Mapping[str, int | None],
        of_matter: int,
        erasing: int,
    ) -> Pace:
        """The pace now; ``left`` are passages still to be embedded, ``None`` where unread."""
        moment = time.monotonic()
        while self._events and self._events[0][0] < moment - _WINDOW_S:
            self._events.popleft()
        seconds = max(1.0, moment - self._events[0][0]) if self._events else 1.0
        pages_per_s = sum(pages for _, pages, _ in self._events) / seconds
        passages_per_s = sum(passages for _, _, passages in self._events) / seconds
        passages = float(sum(each for each in left.values() if each is not None))
        unread = sum(each.size_bytes for each in waiting if left.get(each.id) is None)
        is_known = passages_per_s > 0 and (not unread or self._bytes > 0)
        if unread and self._bytes:
            passages += unread * self._passages / self._bytes
        return Pace(
            round(pages_per_s, 2),
            round(passages_per_s, 2),
            passages / passages_per_s if is_known and waiting else None,
            of_matter,
            erasing,
        )

    def _count(self, pages: int, passages: int) -> None:
        self._events.append((time.monotonic(), pages, passages))
