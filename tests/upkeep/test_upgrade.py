"""A data folder of the first release, opened by this one: nothing is lost and all is found again.

The folder is made as that release wrote it: revision 0001 of the schema, an answer and an extracted
text without the fields that came later, and an index of its own layout in ``index/<model>``.
"""

import hashlib
import json
from pathlib import Path

import lancedb
import pyarrow as pa
import pytest
import sqlalchemy as sa

from core.database import Database, _scripts, schema_of, schemas
from core.retrieval.store import Store
from core.settings import ROOT
from core.types import AnswerKind, Citation, Genre, Searched, Verdict
from core.upkeep.doctor import Doctor
from tests.upkeep.folder import MODEL, started

LEASE = (
    "LEASE AGREEMENT\n\nThis Lease is made on 1 May 2020 between Quay Estates Ltd and Northgate "
    "Trading Ltd.\n\n1. Rent\n\nThe Tenant shall pay the rent on the first day of each month.\n"
)
LAW = (
    "中华人民共和国租赁法\n\n第一条　租赁期限不得超过二十年。\n\n第二条　承租人应当按时支付租金。\n"
)
RENT = "The Tenant shall pay the rent on the first day of each month."
ADDED = "2026-01-02T09:00:00+00:00"
FILES = {"d1": ("m1", "Lease.txt", LEASE), "d2": ("m2", "租赁法.txt", LAW)}
ANSWER = {
    "question": "When is rent due?",
    "kind": "quotes",
    "verdict": "supported",
    "statements": [
        {
            "text": RENT,
            "verdict": "supported",
            "citations": [
                {
                    "marker": 1,
                    "document_id": "d1",
                    "document_name": "Lease.txt",
                    "page": None,
                    "path": ["1. Rent"],
                    "start": LEASE.index(RENT),
                    "end": LEASE.index(RENT) + len(RENT),
                    "quote": RENT,
                }
            ],
            "reason": "verbatim",
        }
    ],
    "notice": "quotes_chosen",
    "draft": "",
    "model": "",
    "searched_documents": 1,
    "timings": {"retrieve": 0.1, "total": 0.5},
}


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    _first_schema(folder / "pincite.db")
    _first_records(folder / "pincite.db")
    for document_id, (matter_id, _, content) in FILES.items():
        _first_files(folder / "documents" / matter_id / document_id, content)
    await _first_index(folder / "index" / MODEL.replace("/", "_"))
    (folder / "samples.added").touch()
    return folder


def _first_schema(path: Path) -> None:
    """Every migration up to 0001, run by Alembic itself."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    engine = sa.create_engine(f"sqlite:///{path}")
    with (
        engine.connect() as connection,
        EnvironmentContext(
            Config(), _scripts(), fn=lambda now, _: _scripts()._upgrade_revs("0001", now)
        ) as environment,
    ):
        environment.configure(connection=connection)
        with environment.begin_transaction():
            environment.run_migrations()
    engine.dispose()
    assert schema_of(path) == "0001"


def _first_records(path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as sql:
        for matter in (("m1", "Harbour Lane"), ("m2", "租赁")):
            sql.exec_driver_sql("INSERT INTO matters VALUES (?, ?, ?, 0)", (*matter, ADDED))
        for document_id, (matter_id, name, content) in FILES.items():
            digest = hashlib.sha256(content.encode()).hexdigest()
            sql.exec_driver_sql(
                "INSERT INTO documents VALUES "
                "(?, ?, ?, 'txt', ?, ?, 'ready', '', '', NULL, 1, ?, 1.0, ?)",
                (document_id, matter_id, name, digest, len(content.encode()), len(content), ADDED),
            )
        sql.exec_driver_sql("INSERT INTO conversations VALUES ('c', 'm1', 'Rent', ?)", (ADDED,))
        sql.exec_driver_sql(
            "INSERT INTO messages VALUES ('q', 'c', 0, 'When is rent due?', ?, ?)",
            (json.dumps(ANSWER), ADDED),
        )
        sql.exec_driver_sql(
            "INSERT INTO messages VALUES ('r', 'c', 1, 'And who pays it?', NULL, ?)", (ADDED,)
        )
    engine.dispose()


def _first_files(folder: Path, content: str) -> None:
    folder.mkdir(parents=True)
    (folder / hashlib.sha256(content.encode()).hexdigest()).write_bytes(content.encode())
    text = {"text": content, "pages": [], "headings": [], "title": ""}
    (folder / "text.json").write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")


async def _first_index(folder: Path) -> None:
    """Tables of the first layout; a document's row had ``text`` in place of its identity."""
    text = [
        pa.field(name, pa.string(), nullable=False)
        for name in ("id", "matter_id", "document_id", "document_name", "text", "searched")
    ]
    places = [pa.field(name, pa.int32(), nullable=False) for name in ("ordinal", "start", "end")]
    rest = [
        pa.field("page", pa.int32()),
        pa.field("path", pa.list_(pa.string())),
        pa.field("vector", pa.list_(pa.float32(), 8), nullable=False),
    ]
    connection = await lancedb.connect_async(folder)
    passages = await connection.create_table("passages", schema=pa.schema(text + places + rest))
    documents = await connection.create_table(
        "documents",
        schema=pa.schema(
            [pa.field(n, pa.string(), nullable=False) for n in ("id", "matter_id", "name", "text")]
        ),
    )
    for document_id, (matter_id, name, content) in FILES.items():
        await passages.add(
            [
                {
                    "id": f"{document_id}:0", "matter_id": matter_id, "document_id": document_id,
                    "document_name": name, "text": content, "searched": content, "ordinal": 0,
                    "start": 0, "end": len(content), "page": None, "path": [], "vector": [1.0] * 8,
                }
            ]
        )  # fmt: skip
        await documents.add(
            [{"id": document_id, "matter_id": matter_id, "name": name, "text": content}]
        )
    passages.close()
    documents.close()
    connection.close()


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


async def test_a_conversation_goes_on_where_it_stood(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(data, monkeypatch) as services:
        await services.database.add_message("m1", "c", "And how much is it?")
        asked = [each.question for each in await services.database.messages("m1", "c")]
    assert asked == ["When is rent due?", "And who pays it?", "And how much is it?"]


async def test_the_doctor_is_silent_after_the_upgrade_and_the_first_start_changes_no_file(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = _originals(data)
    for _ in range(2):
        async with started(data, monkeypatch):
            pass
        database, store = Database(data / "pincite.db"), Store(data / "index")
        try:
            assert await Doctor(data, database, store, MODEL).examine() == ()
        finally:
            await store.close()
            await database.close()
    assert _originals(data) == originals
    assert sorted(originals.values()) == sorted(each[2].encode() for each in FILES.values())


def _originals(data: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in data.glob("documents/*/*/*") if not path.suffix}


def test_every_migration_stands_in_one_line_after_the_first() -> None:
    """Two branches that each add a migration meet here and not on a user's machine."""
    revisions = schemas()
    assert revisions[-1] == "0001"
    assert len(revisions) == len(list((ROOT / "core" / "migrations").glob("[0-9]*.py")))
    assert len(_scripts().get_heads()) == 1
