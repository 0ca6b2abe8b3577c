"""What taking documents in asks of the search index, which stands in a higher layer."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from core.types import Document, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Index(Protocol):
    """The search index, as ``Library`` and ``Queue`` see it."""

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

    async def mark_current(self, document_ids: Iterable[str]) -> None:
        """Mark documents as the newest versions again."""

    def hide(self, document_ids: Iterable[str]) -> None:
        """Leave documents out of every search from now on."""

    async def delete(self, matter_id: str, document_ids: Sequence[str]) -> None:
        """Remove documents from every search."""

    async def delete_matter(self, matter_id: str) -> None:
        """Remove everything of a matter from every search."""

    async def recover(self, ready: dict[str, bool]) -> frozenset[str]:
        """Make the index agree with what is recorded; return what is wholly in it."""

    @property
    def has_remains(self) -> bool:
        """Whether words of deleted documents may still be on the disk."""

    async def erase(self) -> None:
        """Remove from the disk every word of what was deleted."""

    async def settle(self) -> None:
        """Bring the index up to date after the last of many writes."""
