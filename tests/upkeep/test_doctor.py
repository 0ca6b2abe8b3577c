"""The doctor sees each thing that does not agree, mends it, and is silent where all is well."""

import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from core.database import Database
from core.retrieval.store import Store
from core.types import Document, DocumentState
from core.upkeep.doctor import Doctor, Finding
from tests.fakes import DIMENSIONS
from tests.upkeep.folder import LEASE, MODEL, add, filled, started

HOUR_S = 3600.0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@asynccontextmanager
async def doctor_of(data: Path) -> AsyncIterator[Doctor]:
    database, store = Database(data / "pincite.db"), Store(data / "index")
    try:
        yield Doctor(data, database, store, MODEL)
    finally:
        await store.close()
        await database.close()


async def examined(data: Path, *, running: bool = False) -> tuple[Finding, ...]:
    async with doctor_of(data) as doctor:
        return await doctor.examine(running=running)


async def repaired(data: Path) -> tuple[str, ...]:
    """What is still found after everything that can be mended was."""
    async with doctor_of(data) as doctor:
        for finding in await doctor.examine():
            if finding.repair is not None:
                await finding.repair()
        return tuple(each.sentence for each in await doctor.examine())


async def state_of(data: Path, document: Document) -> DocumentState:
    database = Database(data / "pincite.db")
    try:
        return (await database.document(document.matter_id, document.id)).state
    finally:
        await database.close()


@asynccontextmanager
async def store_of(data: Path) -> AsyncIterator[Store]:
    store = Store(data / "index")
    await store.start(MODEL, DIMENSIONS)
    try:
        yield store
    finally:
        await store.close()


def files_of(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def folder_of(data: Path, document: Document) -> Path:
    return data / "documents" / document.matter_id / document.id


def write(path: Path, content: str = "words") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def sql(data: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(data / "pincite.db")) as connection:
        connection.execute(statement, values)
        connection.commit()


async def test_the_doctor_is_silent_over_data_that_agree_and_changes_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    before = files_of(data / "documents") | files_of(data / "index")
    assert await examined(data) == ()
    assert files_of(data / "documents") | files_of(data / "index") == before


async def test_the_doctor_is_silent_while_pincite_runs(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    async with started(data, monkeypatch):
        assert await examined(data, running=True) == ()


async def test_a_missing_file_is_told_and_left_to_a_person(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, _ = await filled(data, monkeypatch)
    os.unlink(folder_of(data, lease) / lease.sha256)
    (finding,) = await examined(data)
    assert finding.sentence.startswith("The file of “Lease.txt” is not there (")
    assert "Restore a backup" in finding.remedy
    assert await repaired(data) == (finding.sentence,)
    assert await state_of(data, lease) == "ready"


async def test_a_changed_file_is_told_and_never_indexed_as_what_was_added(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, _ = await filled(data, monkeypatch)
    write(folder_of(data, lease) / lease.sha256, "The Tenant owes nothing.")
    write(folder_of(data, lease) / "text.json", "{")
    (finding,) = await examined(data)
    assert finding.sentence.startswith("The file of “Lease.txt” is not what was added (")
    assert await repaired(data) == (finding.sentence,)
    assert await state_of(data, lease) == "ready"


@pytest.mark.parametrize("content", ["{", "[]", '{"text": 3}', None])
async def test_a_text_that_cannot_be_read_is_read_again_from_its_file(
    data: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    lease, notes = await filled(data, monkeypatch)
    text = folder_of(data, lease) / "text.json"
    text.unlink() if content is None else write(text, content)
    (finding,) = await examined(data)
    assert finding.sentence.startswith("The text of “Lease.txt” cannot be read (")
    assert await repaired(data) == ()
    assert (await state_of(data, lease), await state_of(data, notes)) == ("queued", "ready")
    async with started(data, monkeypatch) as services:
        assert "rent" in await services.library.text(lease.matter_id, lease.id)
    assert await examined(data) == ()


async def lose(store: Store, lease: Document) -> None:
    await store.delete(lease.matter_id, lease.id)


async def double(store: Store, lease: Document) -> None:
    rows = await store._table("passages").query().to_arrow()
    await store._table("passages").add(rows)


async def lose_the_last_row(store: Store, lease: Document) -> None:
    await store._table("documents").delete(f"id = '{lease.id}'")


async def change_words(store: Store, lease: Document) -> None:
    where = f"document_id = '{lease.id}'"
    await store._table("passages").update({"text": "no rent at all"}, where=where)


async def shift(store: Store, lease: Document) -> None:
    where = f"document_id = '{lease.id}'"
    await store._table("passages").update(updates_sql={"start": "start + 1"}, where=where)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lose, "has 0 passages in the search index, not 1."),
        (double, "has 2 passages in the search index, not 1."),
        (lose_the_last_row, "is not wholly in the search index."),
        (change_words, "has other words in the search index than in its text."),
        (shift, "has other words in the search index than in its text."),
    ],
)
async def test_an_index_that_departs_from_the_document_is_made_again(
    data: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[..., object], told: str
) -> None:
    lease, _ = await filled(data, monkeypatch)
    async with store_of(data) as store:
        await harm(store, lease)  # type: ignore[misc]
    found = {each.sentence for each in await examined(data)}
    assert f"“Lease.txt” in “Harbour Lane” {told}" in found
    assert await repaired(data) == ()
    assert await state_of(data, lease) == "queued"
    async with started(data, monkeypatch) as services:
        found_now = await services.search.find(lease.matter_id, "When is the rent due?")
        assert "rent" in found_now.hits[0].passage.text
    assert await examined(data) == ()


async def test_rows_of_nothing_are_taken_out_of_the_index(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, notes = await filled(data, monkeypatch)
    async with store_of(data) as store:
        for name, column in (("passages", "document_id"), ("documents", "id")):
            table = store._table(name)
            (row,) = await table.query().where(f"{column} = '{lease.id}'").to_list()
            await table.add([row | {column: "gone"}, row | {"matter_id": "away"}])
    rows = "The search index has 2 rows of a"
    assert {each.sentence for each in await examined(data)} == {
        f"{rows} document that is not there ({lease.matter_id}/gone).",
        f"{rows} matter that is not there (away/{lease.id}).",
    }
    assert await repaired(data) == ()
    async with store_of(data) as store:
        assert set(await store.held()) == {(d.matter_id, d.id) for d in (lease, notes)}
        assert store.has_remains
    async with started(data, monkeypatch) as services:
        assert not services.store.has_remains


async def versions(data: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Document, Document]:
    """A document's older version and its newest, and Pincite ended."""
    async with started(data, monkeypatch) as services:
        matter = await services.database.create_matter("Harbour Lane")
        old = await add(services, matter.id, "Lease.txt", LEASE)
        new = await add(services, matter.id, "Lease.txt", LEASE.replace("first", "third"))
    return old, new


async def test_an_older_version_belongs_there_and_its_file_is_missed_too(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = await versions(data, monkeypatch)
    assert await examined(data) == ()
    os.unlink(folder_of(data, old) / old.sha256)
    os.unlink(folder_of(data, new) / new.sha256)
    told = [each.sentence.split(" is not there")[0] for each in await examined(data)]
    assert told == ["The file of “Lease.txt”", "The file of “Lease.txt” (version 2)"]


@pytest.mark.parametrize(
    ("which", "told"),
    [
        (0, "“Lease.txt” in “Harbour Lane” is an older version"),
        (1, "“Lease.txt” (version 2) in “Harbour Lane” is the newest version"),
    ],
)
async def test_a_version_that_is_marked_as_another_is_marked_as_what_it_is(
    data: Path, monkeypatch: pytest.MonkeyPatch, which: int, told: str
) -> None:
    both = await versions(data, monkeypatch)
    async with store_of(data) as store:
        await store.supersede([both[which].id], superseded=which == 1)
    (finding,) = await examined(data)
    assert finding.sentence == f"{told} and is searched as if it were not."
    assert await repaired(data) == ()
    async with store_of(data) as store:
        assert await store.written() == {both[0].id: True, both[1].id: False}


async def test_an_index_made_before_there_were_versions_agrees(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    async with store_of(data) as store:
        for name in ("passages", "documents"):
            await store._table(name).drop_columns(["is_superseded"])
    assert await examined(data) == ()


@pytest.mark.parametrize("left", ["all", "rows", "files", "nothing"])
async def test_a_deletion_that_broke_off_is_left_to_the_next_start(
    data: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    lease, notes = await filled(data, monkeypatch)
    sql(data, "UPDATE documents SET state = 'deleting' WHERE id = ?", lease.id)
    if left in ("files", "nothing"):
        async with store_of(data) as store:
            await store.delete(lease.matter_id, lease.id)
    if left in ("rows", "nothing"):
        shutil.rmtree(folder_of(data, lease))
    assert await examined(data) == ()
    async with started(data, monkeypatch):
        pass
    assert await examined(data) == ()
    assert not folder_of(data, lease).exists()
    async with store_of(data) as store:
        assert (set(await store.written()), store.has_remains) == ({notes.id}, False)


async def test_an_index_set_aside_with_words_of_deleted_documents_says_so(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, _ = await filled(data, monkeypatch)
    async with store_of(data) as store:
        await store.delete(lease.matter_id, lease.id)
    sql(data, "DELETE FROM documents WHERE id = ?", lease.id)
    shutil.rmtree(folder_of(data, lease))
    assert await examined(data) == ()
    for path in files_under(data / "index", "documents.lance/_versions/*"):
        write(path, "broken")
    (finding,) = await examined(data)
    assert finding.remedy.endswith("It still holds words of deleted documents: delete it there.")


async def test_a_failed_document_is_not_to_be_found(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, _ = await filled(data, monkeypatch)
    sql(data, "UPDATE documents SET state = 'failed' WHERE id = ?", lease.id)
    (finding,) = await examined(data)
    assert finding.sentence == "“Lease.txt” has failed and is in the search index all the same."
    assert await repaired(data) == ()


async def test_files_of_nothing_are_moved_and_keep_their_words(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, _ = await filled(data, monkeypatch)
    matter = f"documents/{lease.matter_id}"
    strange = {
        f"{matter}/gone/abc": "of a document that is gone",
        "documents/away/doc/abc": "of a matter that is gone",
        "documents/notes.txt": "a person's own",
        f"{matter}/{lease.id}/old": "beside a document",
        f"{matter}/incoming-12": "half an upload",
        f"{matter}/{lease.id}/text.partial": "half a text",
    }
    for name, content in strange.items():
        write(data / name, content)
    findings = await examined(data)
    told = {each.sentence.removeprefix(f"The file {data}/") for each in findings}
    assert told == {
        f"{name} " + ("was left half-made." if "half" in content else "belongs to no document.")
        for name, content in strange.items()
    }
    write(data / "lost+found" / "documents" / "notes.txt", "an earlier one")
    assert await repaired(data) == ()
    for name, content in strange.items():
        kept = data / "lost+found" / name
        if name == "documents/notes.txt":
            assert kept.read_text() == "an earlier one"
            kept = kept.with_name("notes.txt (2)")
        assert kept.read_text() == content
    assert (folder_of(data, lease) / lease.sha256).is_file()


async def test_an_upload_under_way_is_no_leftover_while_pincite_runs(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, _ = await filled(data, monkeypatch)
    coming = write(data / "documents" / lease.matter_id / "incoming-12")
    assert await examined(data, running=True) == ()
    assert len(await examined(data)) == 1
    old = coming.stat().st_mtime - 2 * HOUR_S
    os.utime(coming, (old, old))
    assert len(await examined(data, running=True)) == 1


async def test_an_absent_index_is_made_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lease, _ = await filled(data, monkeypatch)
    shutil.rmtree(data / "index")
    (finding,) = await examined(data)
    assert finding.sentence == "There is no search index yet for 2 documents that are ready."
    assert not (data / "index").exists()
    assert await repaired(data) == ()
    assert await state_of(data, lease) == "queued"


@pytest.mark.parametrize("pattern", ["passages.lance/data/*", "documents.lance/_versions/*"])
async def test_an_index_that_cannot_be_read_is_set_aside_and_made_again(
    data: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    await filled(data, monkeypatch)
    for path in files_under(data / "index", pattern):
        write(path, "broken")
    (finding,) = await examined(data)
    assert finding.sentence.startswith("The search index")
    left = await repaired(data)
    assert left == ("There is no search index yet for 2 documents that are ready.",)
    assert (data / "lost+found" / "index").is_dir()
    async with started(data, monkeypatch):
        pass
    assert await examined(data) == ()


def files_under(folder: Path, pattern: str) -> list[Path]:
    found = [path for path in folder.glob(f"*/{pattern}") if path.is_file()]
    assert found
    return found


async def test_a_damaged_database_is_all_that_is_told(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    database = data / "pincite.db"
    content = bytearray(database.read_bytes())
    content[4096 : 4096 * 3] = b"\xff" * 8192
    database.write_bytes(content)
    findings = await examined(data)
    assert findings
    assert all(each.sentence.startswith("The database is damaged: ") for each in findings)
    assert all(each.repair is None for each in findings)


async def test_a_row_that_refers_to_nothing_is_told(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    sql(data, "INSERT INTO conversations VALUES ('c', 'gone', 'Rent', '2026-01-01T00:00:00', '')")
    (finding,) = await examined(data)
    assert finding.sentence.startswith("A row of the table conversations refers to something")


async def test_a_matter_whose_deletion_was_broken_off_is_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, _ = await filled(tmp_path / "data", monkeypatch)
    database = Database(tmp_path / "data" / "pincite.db")
    await database.begin_matter_deletion(lease.matter_id)
    store = Store(tmp_path / "data" / "index")
    try:
        assert await Doctor(tmp_path / "data", database, store, MODEL).examine() == ()
    finally:
        await store.close()
        await database.close()
    async with started(tmp_path / "data", monkeypatch) as services:
        assert await services.database.deleting_matters() == ()
        assert await services.store.held() == {}
    assert list((tmp_path / "data" / "documents").rglob("*")) == []
