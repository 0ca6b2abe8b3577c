"""The index over a real LanceDB."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pytest

from core.errors import StoreError
from core.retrieval import store as store_module
from core.retrieval.rows import Indexed
from core.retrieval.store import Store
from core.types import Document, DocumentState, Genre, Identity, Passage

TEXTS = (
    "The Tenant shall pay the rent in advance on the first day of each month.",
    "Neither party may assign this agreement without consent.",
    "乙方应当在试用期届满前书面通知甲方解除劳动合同。",
)
UNREAD = Identity()
HOSTILE = ("m' OR 1=1 --", 'm"; DROP TABLE passages', "m\\' OR matter_id <> '", "租赁'")


def vectors(seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).normal(size=(len(TEXTS), 8)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def passages(document_id: str, texts: tuple[str, ...] = TEXTS) -> list[Passage]:
    return [
        Passage(f"{document_id}:{n}", document_id, f"{document_id}.pdf", n, text, 0, len(text), 1)
        for n, text in enumerate(texts)
    ]


def document(matter_id: str, document_id: str, identity: Identity = UNREAD) -> Document:
    now = datetime.now(UTC)
    return Document(
        document_id,
        matter_id,
        f"{document_id}.pdf",
        "pdf",
        DocumentState.INDEXING,
        now,
        1,
        identity=identity,
        blank_pages=2,
    )


async def put(store: Store, matter_id: str, document_id: str) -> None:
    await store.put(document(matter_id, document_id), passages(document_id), vectors())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path)
    await opened.start("test", 8)
    yield opened
    await opened.close()


async def test_a_passage_comes_back_as_it_was_put(store: Store) -> None:
    await put(store, "m", "d")
    assert list(await store.passages("m", "d")) == passages("d")


async def test_a_document_comes_back_with_its_identity_and_its_counts(store: Store) -> None:
    told = Identity(
        "贷款协议", ("Acme, Inc.", "借款人"), date(2020, 5, 1), Genre.CONTRACT, "本协议"
    )
    await store.put(document("m", "d", told), passages("d"), vectors())
    await store.put(document("m", "e"), passages("e"), vectors())
    found = {each.document_id: each for each in await store.documents("m")}
    assert found == {
        "d": Indexed("d", "d.pdf", told, 3, 2),
        "e": Indexed("e", "e.pdf", Identity(), 3, 2),
    }


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
        assert await store.documents(matter_id) == ()
    found = [*await store.dense(hostile, vectors()[0], 9), *await store.lexical(hostile, "rent", 9)]
    assert {each.passage.document_id for each in found} == {"e'"}
    assert await store.dense(hostile, vectors()[0], 9, ["d"]) == ()


async def test_putting_a_document_again_replaces_it(store: Store) -> None:
    await put(store, "m", "d")
    again = passages("d", ("Something else entirely.",))
    await store.put(document("m", "d", Identity("New")), again, vectors()[:1])
    assert list(await store.passages("m", "d")) == again
    assert await store.lexical("m", "tenant", 3) == ()
    (kept,) = await store.documents("m")
    assert (kept.identity.title, kept.passages) == ("New", 1)


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


async def test_the_index_keeps_up_with_what_is_written_without_taking_much_of_the_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unindexed() -> int:
        stats = await store._tables["passages"].index_stats("searched_idx")
        assert stats is not None
        return int(stats.num_unindexed_rows)

    async def written(document_id: str, number: int) -> None:
        many = passages(document_id, ("The rent is due.",) * number)
        unit = np.eye(8, dtype=np.float32)[:1].repeat(number, 0)
        await store.put(document("m", document_id), many, unit)

    await written("a", store_module._FEWEST - 1)
    assert await unindexed() == store_module._FEWEST - 1, "too few to be worth it"
    await written("b", 1)
    assert await unindexed() == 0
    monkeypatch.setattr(store_module, "_UPKEEP_SHARE", 0.0)
    await written("c", store_module._FEWEST)
    assert await unindexed() == store_module._FEWEST, "a round has just been"
    monkeypatch.setattr(store_module, "_MOST", store_module._FEWEST + 1)
    await written("d", 1)
    assert await unindexed() == 0, "no more than that are ever left out"


async def test_the_index_keeps_in_memory_no_version_that_was_replaced(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = await sizes_in_memory(store, 8, monkeypatch)
    assert sizes[-1] < 1.5 * sizes[2], sizes  # without forgetting, three times as much


async def test_the_index_keeps_no_more_in_memory_than_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = 1 << 16
    for bound in ("_INDEX_CACHE", "_METADATA_CACHE"):
        monkeypatch.setattr(store_module, bound, given)
    opened = Store(tmp_path)
    await opened.start("test", 8)
    sizes = await sizes_in_memory(opened, 4, monkeypatch)
    await opened.close()
    assert max(sizes) < 1.2 * 2 * given, sizes  # else one and a half times as much


async def sizes_in_memory(store: Store, rounds: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of the index in memory after each round of writing, upkeep and searching."""
    session = lancedb.Session
    sessions: list[lancedb.Session] = []

    def noted(*bounds: int) -> lancedb.Session:
        sessions.append(session(*bounds))
        return sessions[-1]

    monkeypatch.setattr(lancedb, "Session", noted)
    sizes = []
    for number in range(rounds):
        await put(store, "m", f"d{number}")
        await store.optimize()
        assert await store.lexical("m", "rent", 99)
        assert await store.dense("m", vectors()[0], 99)
        sizes.append(sessions[-1].size_bytes)
    return sizes


async def test_questions_are_answered_while_the_index_is_renewed(store: Store) -> None:
    for number in range(5):
        await put(store, "m", f"d{number}")

    async def ask() -> int:
        return len(await store.lexical("m", "rent", 99))

    async def renew() -> int:
        await store.optimize()
        return 5

    assert await asyncio.gather(*(renew() if n % 5 == 2 else ask() for n in range(20))) == [5] * 20


async def test_what_another_process_wrote_is_seen_once_it_is_asked_for(
    store: Store, tmp_path: Path
) -> None:
    await put(store, "m", "d")
    beside = Store(tmp_path)
    await beside.start("test", 8)
    assert len(await beside.documents("m")) == 1
    await put(store, "m", "e")
    await beside.refresh()
    assert {each.document_id for each in await beside.documents("m")} == {"d", "e"}
    assert {each.passage.document_id for each in await beside.dense("m", vectors()[0], 9)} == {
        "d",
        "e",
    }
    await beside.close()


async def test_a_store_that_is_not_open_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not open yet"):
        await Store(tmp_path).lexical("m", "rent", 3)


async def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "test-2").write_text("in the way")
    with pytest.raises(StoreError, match=str(tmp_path / "test-2")):
        await Store(tmp_path).start("test", 8)


async def test_what_was_indexed_is_there_after_a_restart(tmp_path: Path) -> None:
    for indexed in ([], ["d"]):
        opened = Store(tmp_path)
        await opened.start("owner/test", 8)
        assert sorted(await opened.indexed()) == indexed
        if not indexed:
            await put(opened, "m", "d")
        await opened.close()


async def test_the_tables_of_an_older_version_are_removed_and_hold_no_document(
    tmp_path: Path,
) -> None:
    for folder in ("owner_test", "another"):
        (tmp_path / folder / "passages.lance").mkdir(parents=True)
        (tmp_path / folder / "passages.lance" / "old").write_text("old text")
    opened = Store(tmp_path)
    await opened.start("owner/test", 8)
    assert await opened.indexed() == frozenset()
    await opened.close()
    assert not (tmp_path / "owner_test").exists()
    assert (tmp_path / "another" / "passages.lance" / "old").exists()


async def test_a_passage_is_found_by_its_clauses_heading_but_an_article_not_by_its_chapter(
    store: Store,
) -> None:
    clause = Passage("d:0", "d", "d.pdf", 0, "It is due monthly.", 0, 18, 1, ("4 Payment", "4.2"))
    article = Passage(
        "d:1", "d", "d.pdf", 1, "第三条 按月支付。", 0, 9, 1, ("第二章 租赁", "第三条")
    )
    await store.put(document("m", "d"), [clause, article], vectors()[:2])
    assert [each.passage.id for each in await store.lexical("m", "payment", 9)] == ["d:0"]
    assert [each.passage.id for each in await store.lexical("m", "支付", 9)] == ["d:1"]
    assert await store.lexical("m", "租赁", 9) == ()


async def test_only_the_documents_that_are_named_are_searched(store: Store) -> None:
    for document_id in ("d", "e", 'it\'s "f"'):
        await put(store, "m", document_id)
    for wanted in (["d"], ["d", 'it\'s "f"'], []):
        dense = await store.dense("m", vectors()[0], 99, wanted)
        lexical = await store.lexical("m", "rent", 99, wanted)
        assert {each.passage.document_id for each in dense} == set(wanted)
        assert {each.passage.document_id for each in lexical} == set(wanted)


async def test_a_matter_is_removed_with_all_that_was_indexed_of_it(store: Store) -> None:
    await put(store, "m", "d")
    await put(store, "n", "e")
    await store.delete_matter("m")
    assert await store.indexed() == {"e"}
    assert await store.documents("m") == ()
    assert await store.lexical("m", "rent", 9) == ()


async def test_an_older_version_is_searched_only_when_it_is_asked_for(store: Store) -> None:
    await put(store, "m", "old")
    await put(store, "m", "new")
    await store.supersede(["old"])
    for asked, found in ((False, {"new"}), (True, {"old", "new"})):
        dense = await store.dense("m", vectors()[0], 99, None, asked)
        lexical = await store.lexical("m", "rent", 99, None, asked)
        documents = await store.documents("m", asked)
        assert {each.passage.document_id for each in dense} == found
        assert {each.passage.document_id for each in lexical} == found
        assert {each.document_id for each in documents} == found
    await store.supersede(["old"], superseded=False)
    assert len(await store.documents("m")) == 2


async def test_documents_written_together_may_be_older_versions(store: Store) -> None:
    group = [(document("m", name), passages(name), vectors()) for name in ("old", "new")]
    await store.put_all(group, frozenset({"old"}))
    assert [each.document_id for each in await store.documents("m")] == ["new"]
    found = {each.passage.document_id for each in await store.lexical("m", "rent", 99)}
    assert found == {"new"}


async def test_what_is_hidden_is_found_by_no_search_before_it_is_deleted(store: Store) -> None:
    await put(store, "m", "d")
    await put(store, "m", "e")
    store.hide(["d"])
    found = [*await store.lexical("m", "rent", 99), *await store.dense("m", vectors()[0], 99)]
    assert {each.passage.document_id for each in found} == {"e"}
    assert [each.document_id for each in await store.documents("m")] == ["e"]
    await store.delete("m", "d")
    assert await store.present() == {"e"}


async def test_no_word_of_what_was_deleted_is_left_on_the_disk(
    store: Store, tmp_path: Path
) -> None:
    secret = [f"The vault of number {n} opens to zebrafinch{n}." for n in range(3)]
    for number in range(12):
        await put(store, "m", f"d{number}")
    await store.put(document("m", "gone"), passages("gone", tuple(secret)), vectors())
    await store.optimize()  # all rows are in one file now, and in the index of words
    await store.delete("m", "gone")
    assert store.has_remains
    await store.erase()
    assert not store.has_remains
    kept = await store._table("passages").query().with_row_id().to_list()
    assert len(kept) == 36
    assert store._with_deletions("passages") == []
    files = [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240
    assert [path for path in files if b"zebrafinch" in path.read_bytes()] == []
    assert len(await store.lexical("m", "rent", 99)) == 12
    assert await store.lexical("m", "zebrafinch1", 9) == ()


async def test_what_a_crash_left_to_erase_is_known_after_the_restart(tmp_path: Path) -> None:
    opened = Store(tmp_path)
    await opened.start("test", 8)
    await put(opened, "m", "d")
    await opened.delete("m", "d")
    await opened.close()
    again = Store(tmp_path)
    await again.start("test", 8)
    assert again.has_remains
    await again.erase()
    assert not again.has_remains
    await again.close()


async def test_a_reader_beside_reads_again_after_the_files_it_had_open_are_erased(
    store: Store, tmp_path: Path
) -> None:
    await put(store, "m", "d")
    await put(store, "m", "e")
    beside = Store(tmp_path)
    await beside.start("test", 8)
    assert len(await beside.lexical("m", "rent", 9)) == 2
    await store.delete("m", "d")
    await store.erase()
    assert {each.passage.document_id for each in await beside.lexical("m", "rent", 9)} <= {"d", "e"}
    assert {each.passage.document_id for each in await beside.dense("m", vectors()[0], 9)}
    assert len(await beside.passages("m", "e")) == 3
    await beside.close()


async def test_tables_without_versions_are_opened_and_hold_the_newest(tmp_path: Path) -> None:
    opened = Store(tmp_path)
    await opened.start("test", 8)
    await put(opened, "m", "d")
    for table in opened._tables.values():
        await table.drop_columns(["is_superseded"])
    await opened.close()
    again = Store(tmp_path)
    await again.start("test", 8)
    await put(again, "m", "e")
    assert {each.document_id for each in await again.documents("m")} == {"d", "e"}
    assert len(await again.lexical("m", "rent", 9)) == 2
    await again.close()


async def test_a_document_whose_writing_fails_is_not_searched_until_it_is_written_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(store, "m", "other")
    table = store._table("documents")

    async def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(type(table), "add", _failing_for(type(table).add, table.name, full))
        with pytest.raises(OSError, match="No space left"):
            await put(store, "m", "d")
    found = await store.dense("m", vectors()[0], 10)
    assert {each.passage.document_id for each in found} == {"other"}
    await put(store, "m", "d")
    found = await store.dense("m", vectors()[0], 10)
    assert {each.passage.document_id for each in found} == {"other", "d"}


def _failing_for(add: Any, name: str, fail: Any) -> Any:
    """``AsyncTable.add``, failing for the table of one name."""

    async def adding(self: Any, *args: Any, **named: Any) -> Any:
        return await (fail() if self.name == name else add(self, *args, **named))

    return adding
