"""Passages into the index: embedded batch by batch, written when all of them are."""

from collections.abc import AsyncIterator, Sequence

from core.retrieval.embedding import Encoders
from core.retrieval.rows import searched_text
from core.retrieval.store import Store
from core.types import Document, Passage


class Indexer:
    """Writes documents into the store with the encoders' vectors."""

    def __init__(self, store: Store, encoders: Encoders) -> None:
        self._store = store
        self._encoders = encoders

    async def add(self, document: Document, passages: Sequence[Passage]) -> AsyncIterator[float]:
        """Embed and write a document's passages; yields the share embedded so far.

        The store is written only when every passage has its vector.
        """
        import numpy as np

        texts = [searched_text(passage) for passage in passages]
        rows: dict[int, np.ndarray] = {}
        async for indices, vectors in self._encoders.embed_passages(texts):
            rows.update(zip(indices, vectors, strict=True))
            yield min(1.0, len(rows) / len(texts))
        vectors = np.stack([rows[index] for index in range(len(texts))])
        await self._store.put(document, passages, vectors)

    async def delete(self, matter_id: str, document_id: str) -> None:
        """Remove a document from every search."""
        await self._store.delete(matter_id, document_id)

    async def settle(self) -> None:
        """Bring the index up to date after the last of many writes."""
        await self._store.optimize()
