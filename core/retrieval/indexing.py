"""Passages into the index: embedded in filled batches, written in groups."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING

from core.retrieval.embedding import Encoders
from core.retrieval.rows import searched_text
from core.retrieval.store import Store
from core.types import Document, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Indexer:
    """What ingestion sees of the store and the encoders."""

    def __init__(self, store: Store, encoders: Encoders) -> None:
        self._store = store
        self._encoders = encoders

    def embed(
        self, passages: Sequence[Passage]
    ) -> "AsyncIterator[tuple[Sequence[int], NDArray[np.float32]]]":
        """Yield ``(indices, vectors)`` of passages of any documents, batch by batch."""
        return self._encoders.embed_passages([searched_text(each) for each in passages])

    async def write(
        self,
        documents: "Sequence[tuple[Document, Sequence[Passage], NDArray[np.float32]]]",
        superseded: frozenset[str],
    ) -> None:
        """Write documents whose every passage has its vector, and mark the older versions."""
        await self._store.put_all(documents, superseded)
        arrived = {document.id for document, _, _ in documents}
        await self._store.supersede(superseded - arrived)

    async def mark_current(self, document_ids: Iterable[str]) -> None:
        """Mark documents as the newest versions again."""
        await self._store.supersede(document_ids, False)

    def hide(self, document_ids: Iterable[str]) -> None:
        """Leave documents out of every search from now on."""
        self._store.hide(document_ids)

    async def delete(self, matter_id: str, document_ids: Sequence[str]) -> None:
        """Remove documents from every search."""
        await self._store.delete_all(document_ids, matter_id)

    async def delete_matter(self, matter_id: str) -> None:
        """Remove everything of a matter from every search."""
        await self._store.delete_matter(matter_id)

    async def recover(self, ready: dict[str, bool]) -> frozenset[str]:
        """Make the index agree with what is recorded; return what is wholly in it.

        ``ready`` are the ids of the documents that are ready, and whether each is superseded:
        whatever else there is of any document was left half done, and goes.
        """
        strays = await self._store.present() - ready.keys()
        if strays:
            await self._store.delete_all(sorted(strays))
        written = await self._store.written()
        for superseded in (False, True):
            wrong = {
                each for each, is_old in ready.items()
                if is_old == superseded and written.get(each, superseded) != superseded
            }  # fmt: skip
            await self._store.supersede(wrong, superseded)
        return frozenset(written)

    @property
    def has_remains(self) -> bool:
        """Whether words of deleted documents may still be on the disk."""
        return self._store.has_remains

    async def erase(self) -> None:
        """Remove from the disk every word of what was deleted."""
        await self._store.erase()

    async def settle(self) -> None:
        """Bring the index up to date after the last of many writes."""
        await self._store.optimize()
