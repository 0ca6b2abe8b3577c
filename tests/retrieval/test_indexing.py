"""A document goes into the index wholly or not at all."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import EngineError
from core.retrieval.indexing import Indexer
from core.retrieval.store import Store
from core.types import Document, DocumentState, Genre, Identity, Passage
from tests.fakes import DIMENSIONS, FakeEncoders, embedded

TEXTS = ("Rent is due.", "The Tenant shall keep the garden in good order.", "English law governs.")


class BatchingEncoders(FakeEncoders):
    """Encodes two at a time, the longest first, as the real ones do; may die after a batch."""

    def __init__(self, dies: bool = False) -> None:
        self.dies = dies
        self.seen: list[str] = []

    async def embed_passages(
        self, texts: Sequence[str]
    ) -> AsyncIterator[tuple[Sequence[int], NDArray[np.float32]]]:
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        for at in range(0, len(order), 2):
            indices = order[at : at + 2]
            self.seen += [texts[index] for index in indices]
            yield indices, np.stack([embedded(texts[index]) for index in indices])
            if self.dies:
                raise EngineError("The embedding model stopped.")


def document(document_id: str = "d") -> Document:
    now = datetime.now(UTC)
    identity = Identity("LEASE", ("Quay Estates",), None, Genre.CONTRACT, "LEASE between")
    return Document(
        document_id, "m", "Lease.pdf", "pdf", DocumentState.EMBEDDING, now, 1, identity=identity
    )


def passages(texts: Sequence[str] = TEXTS, path: tuple[str, ...] = ()) -> list[Passage]:
    return [
        Passage(f"d:{n}", "d", "Lease.pdf", n, text, 0, len(text), 1, path)
        for n, text in enumerate(texts)
    ]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path)
    await opened.start("fake", DIMENSIONS)
    yield opened
    await opened.close()


async def add(store: Store, encoders: FakeEncoders, each: list[Passage]) -> None:
    indexer = Indexer(store, encoders)  # type: ignore[arg-type]
    rows = {}
    async for indices, vectors in indexer.embed(each):
        rows.update(zip(indices, vectors, strict=True))
    vectors = np.stack([rows[number] for number in range(len(each))])
    await indexer.write([(document(), each, vectors)], frozenset())


async def test_every_passage_gets_its_own_vector_though_the_longest_goes_first(
    store: Store,
) -> None:
    await add(store, BatchingEncoders(), passages())
    for text in TEXTS:
        (nearest,) = await store.dense("m", embedded(text), 1)
        assert nearest.passage.text == text
        assert nearest.score == pytest.approx(1.0, abs=1e-4)


async def test_a_clause_is_embedded_with_its_path_and_an_article_alone(store: Store) -> None:
    clause, article = BatchingEncoders(), BatchingEncoders()
    await add(store, clause, passages(["Rent is due."], ("4 Payment", "4.2")))
    await add(store, article, passages(["第三条 付款。"], ("第二章 合同", "第三条")))
    assert clause.seen == ["4 Payment\n4.2\nRent is due."]
    assert article.seen == ["第三条 付款。"]


async def test_a_document_is_indexed_as_it_was_identified(store: Store) -> None:
    await add(store, BatchingEncoders(), passages())
    (indexed,) = await store.documents("m")
    assert (indexed.document_id, indexed.name) == ("d", "Lease.pdf")
    assert (indexed.identity, indexed.passages) == (document().identity, 3)


async def test_a_model_that_stops_half_way_leaves_nothing_in_the_index(store: Store) -> None:
    with pytest.raises(EngineError, match="stopped"):
        await add(store, BatchingEncoders(dies=True), passages())
    assert await store.indexed() == frozenset()
    assert await store.passages("m", "d") == ()


async def test_a_model_that_stops_while_indexing_again_leaves_what_was_there(store: Store) -> None:
    await add(store, BatchingEncoders(), passages())
    with pytest.raises(EngineError, match="stopped"):
        await add(store, BatchingEncoders(dies=True), passages(["New.", "Newer.", "Newest."]))
    assert [each.text for each in await store.passages("m", "d")] == list(TEXTS)


async def test_a_deleted_document_is_found_no_more(store: Store) -> None:
    await add(store, BatchingEncoders(), passages())
    indexer = Indexer(store, FakeEncoders())  # type: ignore[arg-type]
    await indexer.delete("m", ["d"])
    await indexer.settle()
    assert await store.indexed() == frozenset()
    assert await store.documents("m") == ()
    assert await store.lexical("m", "rent garden law", 9) == ()
    assert await store.dense("m", embedded(TEXTS[0]), 9) == ()


async def test_after_a_crash_the_index_agrees_with_what_is_recorded(store: Store) -> None:
    indexer = Indexer(store, FakeEncoders())  # type: ignore[arg-type]
    vectors = np.stack([embedded(text) for text in TEXTS])
    for name in ("kept", "old", "half"):
        each = [replace(p, id=f"{name}{p.ordinal}", document_id=name) for p in passages()]
        await indexer.write([(document(name), each, vectors)], frozenset())
    await store._table("documents").delete("id = 'half'")
    assert await indexer.recover({"kept": False, "old": True}) == {"kept", "old"}
    assert await store.present() == {"kept", "old"}
    assert {each.document_id for each in await store.documents("m")} == {"kept"}
    assert await indexer.recover({"kept": True, "old": False, "lost": False}) == {"kept", "old"}
    assert {each.document_id for each in await store.documents("m")} == {"old"}
