"""Passages into the index: embedded batch by batch, written when all of them are."""

import re
from collections.abc import AsyncIterator, Sequence

from core.retrieval.embedding import Encoders
from core.retrieval.store import Identity, Store
from core.types import Document, Passage

_ARTICLE = re.compile(r"第[\d零〇一二三四五六七八九十百千]+条")
_OPENING_CHARACTERS = 1500
"""How much of a document's beginning tells which document it is: title, parties, date."""


class Indexer:
    """Writes documents into the store with the encoders' vectors."""

    def __init__(self, store: Store, encoders: Encoders) -> None:
        self._store = store
        self._encoders = encoders

    async def add(
        self, document: Document, opening: str, passages: Sequence[Passage]
    ) -> AsyncIterator[float]:
        """Embed and write a document's passages; yields the share embedded so far.

        The store is written only when every passage has its vector.
        """
        import numpy as np

        texts = [embedded_text(passage) for passage in passages]
        rows: dict[int, np.ndarray] = {}
        async for indices, vectors in self._encoders.embed_passages(texts):
            rows.update(zip(indices, vectors, strict=True))
            yield min(1.0, len(rows) / len(texts))
        vectors = np.stack([rows[index] for index in range(len(texts))])
        identity = Identity(document.id, document.name, opening[:_OPENING_CHARACTERS])
        await self._store.put(document.matter_id, identity, passages, vectors)

    async def delete(self, matter_id: str, document_id: str) -> None:
        """Remove a document from every search."""
        await self._store.delete(matter_id, document_id)

    async def settle(self) -> None:
        """Bring the index up to date after the last of many writes."""
        await self._store.optimize()


def embedded_text(passage: Passage) -> str:
    """What the embedder sees of a passage.

    A clause is embedded with its path, which says what it is about; a statute's article says so
    itself, and its chapter's name only blurs it (measured on both development sets).
    """
    if passage.path and _ARTICLE.match(passage.path[-1]):
        return passage.text
    return "\n".join([*passage.path, passage.text])
