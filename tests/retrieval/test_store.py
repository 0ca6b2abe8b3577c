"""The index over a real LanceDB."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import StoreError
from core.retrieval.store import Identity, Store
from core.types import Passage

TEXTS = (
    "The Tenant shall pay the rent in advance on the first day of each month.",
    "Neither party may assign this agreement without consent.",
    "乙方应当在试用期届满前书面通知甲方解除劳动合同。",
)
HOSTILE = ("m' OR 1=1 --", 'm"; DROP TABLE passages', "m\\' OR matter_id <> '", "租赁'")


def vectors(seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).normal(size=(len(TEXTS), 8)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def passages(document_id: str, texts: tuple[str, ...] = TEXTS) -> list[Passage]:
    return [
        Passage(f"{document_id}:{n}", document_id, f"{document_id}.pdf", n, text, 0, len(text), 1)
        for n, text in enumerate(texts)
    ]


async def put(store: Store, matter_id: str, document_id: str) -> None:
    identity = Identity(document_id, f"{document_id}.pdf", "An agreement")
    await store.put(matter_id, identity, passages(document_id), vectors())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path)
    await opened.start("test", 8)
    yield opened
    await opened.close()


async def test_a_passage_comes_back_as_it_was_put(store: Store) -> None:
    await put(store, "m", "d")
    assert list(await store.passages("m", "d")) == passages("d")


async def test_the_nearest_vector_is_found_first_with_its_cosine(store: Store) -> None:
    await put(store, "m", "d")
    first = (await store.dense("m", vectors()[1], 3))[0]
    assert (first.passage.text, round(first.score, 3)) == (TEXTS[1], 1.0)


@pytest.mark.parametrize(
    ("words", "text"), [("renting", TEXTS[0]), ("assigned", TEXTS[1]), ("试用期", TEXTS[2])]
)
async def test_words_of_both_languages_are_found_by_their_stems(
    store: Store, words: str, text: str
) -> None:
    await put(store, "m", "d")
    assert (await store.lexical("m", words, 3))[0].passage.text == text


async def test_a_search_that_finds_nothing_is_empty(store: Store) -> None:
    assert await store.lexical("m", "rent", 3) == ()
    assert await store.dense("m", vectors()[0], 3) == ()
    await put(store, "m", "d")
    assert await store.lexical("m", "zebra", 3) == ()
    assert await store.dense("m", vectors()[0], 3, []) == ()


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_a_question_in_one_matter_never_sees_another(store: Store, hostile: str) -> None:
    await put(store, "secret", "d")
    await put(store, hostile, "e'")
    for matter_id in ("empty", f"{hostile} "):
        assert await store.dense(matter_id, vectors()[0], 9) == ()
        assert await store.lexical(matter_id, "rent", 9) == ()
        assert await store.passages(matter_id, "d") == ()
        assert await store.identities(matter_id) == ()
    found = [*await store.dense(hostile, vectors()[0], 9), *await store.lexical(hostile, "rent", 9)]
    assert {each.passage.document_id for each in found} == {"e'"}
    assert await store.dense(hostile, vectors()[0], 9, ["d"]) == ()


async def test_putting_a_document_again_replaces_it(store: Store) -> None:
    await put(store, "m", "d")
    again = passages("d", ("Something else entirely.",))
    await store.put("m", Identity("d", "d.pdf", "New"), again, vectors()[:1])
    assert list(await store.passages("m", "d")) == again
    assert await store.lexical("m", "tenant", 3) == ()
    assert [each.text for each in await store.identities("m")] == ["New"]


async def test_deleting_a_document_leaves_the_others(store: Store) -> None:
    await put(store, "m", "d")
    await put(store, "m", "e")
    await put(store, "n", "d2")
    await store.delete("m", "d")
    await store.delete("n", "e")
    assert await store.indexed() == {"e", "d2"}
    found = await store.lexical("m", "tenant", 9)
    assert {each.passage.document_id for each in found} == {"e"}


async def test_upkeep_changes_no_result(store: Store) -> None:
    for number in range(25):
        await put(store, "m", f"d{number}")
    before = {each.passage.id for each in await store.lexical("m", "rent", 99)}
    await store.optimize()
    assert {each.passage.id for each in await store.lexical("m", "rent", 99)} == before


async def test_a_store_that_is_not_open_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not open yet"):
        await Store(tmp_path).lexical("m", "rent", 3)


async def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "test").write_text("in the way")
    with pytest.raises(StoreError, match=str(tmp_path / "test")):
        await Store(tmp_path).start("test", 8)
