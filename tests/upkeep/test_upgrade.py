"""A data folder of the first release, opened by this one: nothing is lost, all is found again."""

from datetime import datetime
from pathlib import Path

import pytest

from core.database import Database, _scripts, schema_of, schemas
from core.deeds import Deed
from core.retrieval.store import Store
from core.settings import ROOT
from core.types import LOCAL, AnswerKind, Citation, Genre, Matter, Role, Searched, Verdict
from core.upkeep.doctor import Doctor, Finding
from tests.upkeep.first_release import ADDED, FILES, LEASE, RENT, make_first_release
from tests.upkeep.folder import MODEL, add, started


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    await make_first_release(folder)
    return folder


async def test_matters_documents_and_conversations_are_all_there(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(data, monkeypatch) as services:
        matters = await services.database.matters()
        assert [(each.id, each.name) for each in matters] == [
            ("m1", "Harbour Lane"),
            ("m2", "租赁"),
        ]
        for document_id, (matter_id, name, content) in FILES.items():
            (document,) = await services.database.documents(matter_id)
            assert (document.id, document.name, document.state) == (document_id, name, "ready")
            assert document.added_at.isoformat() == ADDED
            assert await services.library.text(matter_id, document_id) == content
        (conversation,) = await services.database.conversations("m1")
        assert (conversation.id, conversation.title) == ("c", "Rent")
        answered, open_question = await services.database.messages("m1", "c")
        assert (open_question.question, open_question.answer) == ("And who pays it?", None)
        answer = answered.answer
        assert answer is not None
        assert (answer.kind, answer.verdict) == (AnswerKind.QUOTES, Verdict.SUPPORTED)
        assert (answer.searched, answer.timings["total"]) == (Searched(), 0.5)
        (citation,) = answer.statements[0].citations
        assert isinstance(citation, Citation)
        view = await services.library.view("m1", "d1", None, citation.start, citation.end)
        assert RENT in str(view)
    assert schema_of(data / "pincite.db") == schemas()[0]


async def test_the_documents_are_indexed_again_with_what_is_known_of_them_now(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(data, monkeypatch) as services:
        found = await services.search.find("m1", "When is the rent due each month?")
        assert any(RENT in hit.passage.text for hit in found.hits)
        assert {hit.passage.document_id for hit in found.hits} == {"d1"}
        found = await services.search.find("m2", "租赁期限最长多少年？")
        assert any("不得超过二十年" in hit.passage.text for hit in found.hits)
        lease, law = [
            (await services.database.documents(matter_id))[0] for matter_id in ("m1", "m2")
        ]
        assert "Quay Estates Ltd" in lease.identity.parties
        assert (lease.identity.genre, law.identity.genre) == (Genre.CONTRACT, Genre.STATUTE)
    assert not (data / "index" / MODEL.replace("/", "_")).exists()


async def test_every_document_is_the_first_version_of_its_name_and_a_changed_file_the_second(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(data, monkeypatch) as services:
        (first,) = await services.database.documents("m1")
        assert (first.version, first.is_superseded, first.failure) == (1, False, "")
        second = await add(services, "m1", first.name, LEASE.replace("first day", "third day"))
        assert [
            (each.id, each.version, each.is_superseded)
            for each in await services.library.versions("m1", first.id)
        ] == [(second.id, 2, False), (first.id, 1, True)]
        found = await services.search.find("m1", "When is the rent due each month?")
        assert {hit.passage.document_id for hit in found.hits} == {second.id}
        assert await services.library.text("m1", first.id) == LEASE
    assert await _examined(data) == ()


async def test_what_was_there_belongs_to_whoever_sits_at_the_machine_and_then_to_the_first_account(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(data, monkeypatch) as services:
        database = services.database
        (matter, _) = await database.matters()
        assert matter == Matter("m1", "Harbour Lane", datetime.fromisoformat(ADDED))
        assert await database.role("m1", LOCAL) is Role.OWNER
        first = await database.add_person("Avery", "", is_admin=True, is_external=False)
        other = await database.add_person("Blake", "", is_admin=False, is_external=False)
        assert [each.id for each in await database.matters(first)] == ["m1", "m2"]
        assert await database.role("m1", first) is Role.OWNER
        assert await database.matters(other) == ()
        await database.record(first, Deed.DOCUMENT_OPENED, "m1", "d1")
        assert (await database.verify_audit()).trouble == ""


async def test_a_conversation_goes_on_where_it_stood(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(data, monkeypatch) as services:
        await services.database.add_message("m1", "c", "And how much is it?", LOCAL)
        asked = [each.question for each in await services.database.messages("m1", "c")]
    assert asked == ["When is rent due?", "And who pays it?", "And how much is it?"]


async def test_the_doctor_is_silent_after_the_upgrade_and_the_first_start_changes_no_file(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = _originals(data)
    for _ in range(2):
        async with started(data, monkeypatch):
            pass
        assert await _examined(data) == ()
    assert _originals(data) == originals
    assert sorted(originals.values()) == sorted(each[2].encode() for each in FILES.values())


async def _examined(data: Path) -> tuple[Finding, ...]:
    database, store = Database(data / "pincite.db"), Store(data / "index")
    try:
        return await Doctor(data, database, store, MODEL).examine()
    finally:
        await store.close()
        await database.close()


def _originals(data: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in data.glob("documents/*/*/*") if not path.suffix}


def test_every_migration_stands_in_one_line_after_the_first() -> None:
    """Two branches that each add a migration meet here and not on a user's machine."""
    revisions = schemas()
    assert revisions == ("0008", "0007", "0006", "0005", "0004", "0003", "0002", "0001")
    assert len(revisions) == len(list((ROOT / "core" / "migrations").glob("[0-9]*.py")))
    assert len(_scripts().get_heads()) == 1
