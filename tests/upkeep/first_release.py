"""A data folder as the first release wrote it.

Revision 0001 of the schema, an answer and an extracted text without the fields that came later, and
an index of its own layout in ``index/<model>``.
"""

import hashlib
import json
from pathlib import Path

import lancedb
import pyarrow as pa
import sqlalchemy as sa

from core.database import _scripts, schema_of
from tests.upkeep.folder import MODEL

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


async def make_first_release(folder: Path) -> None:
    """Two matters with a document each and a conversation."""
    (folder / "documents").mkdir(parents=True)
    _first_schema(folder / "pincite.db")
    _first_records(folder / "pincite.db")
    for document_id, (matter_id, _, content) in FILES.items():
        _first_files(folder / "documents" / matter_id / document_id, content)
    await _first_index(folder / "index" / MODEL.replace("/", "_"))
    (folder / "samples.added").touch()


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
