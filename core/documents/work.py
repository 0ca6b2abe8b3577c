"""What the queue works on: a document on its way, and the index that it is to reach."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from core.documents.intake import Intake
from core.types import Document, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Index(Protocol):
    """What the queue asks of the search index."""

    def embed(
        self, passages: Sequence[Passage]
    ) -> "AsyncIterator[tuple[Sequence[int], NDArray[np.float32]]]":
        """Yield ``(indices, vectors)`` of passages of any documents, batch by batch."""

    async def write(
        self,
        documents: "Sequence[tuple[Document, Sequence[Passage], NDArray[np.float32]]]",
        superseded: frozenset[str],
    ) -> None:
        """Write documents whose every passage has its vector, and mark the older versions."""

    def hide(self, document_ids: Iterable[str]) -> None:
        """Leave documents out of every search from now on."""

    async def delete(self, matter_id: str, document_ids: Sequence[str]) -> None:
        """Remove documents from every search."""

    async def recover(self, ready: dict[str, bool]) -> frozenset[str]:
        """Make the index agree with what is recorded; return what is wholly in it."""

    @property
    def has_remains(self) -> bool:
        """Whether words of deleted documents may still be on the disk."""

    async def erase(self) -> None:
        """Remove from the disk every word of what was deleted."""

    async def settle(self) -> None:
        """Bring the index up to date after the last of many writes."""


@dataclass(eq=False)
class Job:
    """A document on its way, and what there is of it so far."""

    document: Document
    intake: Intake | None = None
    vectors: "list[NDArray[np.float32] | None]" = field(default_factory=list)
    embedded: int = 0
    pages: tuple[int, int] = (0, 0)
    told_at: float = 0.0
    is_dropped: bool = False
    reading: "asyncio.Task[Intake] | None" = None
    has_ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The document's passages; none until it has been read."""
        return self.intake.passages if self.intake else ()
