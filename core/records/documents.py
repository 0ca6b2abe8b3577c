"""Documents and their way into the index.

Every read takes ``matter_id`` first; only the queue's, which resumes unfinished documents after a
restart, goes across matters.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import count
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from core.errors import NotFound
from core.records.transactions import Records, metadata, now, transacted
from core.types import Document, DocumentState, Genre, Identity

documents = Table(
    "documents",
    metadata,
    Column("id", String, primary_key=True),
    Column("matter_id", ForeignKey("matters.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("pages", Integer),
    Column("passages", Integer, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("progress", sa.Float, nullable=False),
    Column("added_at", String, nullable=False),
    Column("title", Text, nullable=False, server_default=""),
    Column("parties", sa.JSON, nullable=False, server_default="[]"),
    Column("dated", sa.Date),
    Column("genre", String, nullable=False, server_default="other"),
    Column("blank_pages", Integer, nullable=False, server_default="0"),
    Column("warnings", sa.JSON, nullable=False, server_default="[]"),
    sa.UniqueConstraint("matter_id", "name"),
)


class Original(NamedTuple):
    """A file as it came: whose it is, the SHA-256 that it is kept under, its document's name."""

    matter_id: str
    document_id: str
    sha256: str
    name: str


class Documents(Records):
    """What is recorded of documents."""

    @transacted
    def documents(self, sql: sa.Connection, matter_id: str) -> tuple[Document, ...]:
        """The matter's documents, by name."""
        query = sa.select(documents).where(documents.c.matter_id == matter_id)
        return tuple(map(_document, sql.execute(query.order_by(documents.c.name))))

    @transacted
    def document(self, sql: sa.Connection, matter_id: str, document_id: str) -> Document:
        """One document of the matter; raises ``NotFound``."""
        row = sql.execute(sa.select(documents).where(_in_matter(matter_id, document_id))).first()
        if row is None:
            raise NotFound("This document is not in the matter.", "It may have been deleted.")
        return _document(row)

    @transacted
    def put_document(
        self,
        sql: sa.Connection,
        matter_id: str,
        name: str,
        sha256: str,
        size_bytes: int,
        replace: bool,
    ) -> tuple[Document, bool]:
        """Record a file under its name; return the document and whether it has to be read.

        The same bytes under the same name are the same document.  Other bytes take its place and
        keep its identity with ``replace``, and otherwise get a name of their own.  A failed
        document is always read again.
        """
        named = (documents.c.matter_id == matter_id) & (documents.c.name == name)
        row = sql.execute(sa.select(documents).where(named)).first()
        if row and row.sha256 != sha256 and not replace:
            name = _free_name(sql, matter_id, name, sha256)
            named = (documents.c.matter_id == matter_id) & (documents.c.name == name)
            row = sql.execute(sa.select(documents).where(named)).first()
        if row and row.sha256 == sha256 and row.state != DocumentState.FAILED:
            return _document(row), False
        values: dict[str, Any] = {
            "sha256": sha256,
            "size_bytes": size_bytes,
            "kind": "",
            "state": DocumentState.QUEUED,
            "reason": "",
            "remedy": "",
            "pages": None,
            "passages": 0,
            "characters": 0,
            "progress": 0.0,
            "added_at": now(),
        }
        if row:
            sql.execute(sa.update(documents).where(named).values(values))
        else:
            own = {"id": uuid4().hex, "matter_id": matter_id, "name": name}
            sql.execute(sa.insert(documents).values(own | values))
        return _document(sql.execute(sa.select(documents).where(named)).one()), True

    @transacted
    def update_document(
        self,
        sql: sa.Connection,
        matter_id: str,
        document_id: str,
        fields: Mapping[str, object],
        added_at: datetime | None = None,
    ) -> bool:
        """Set columns of one document; return whether it is still there.

        With ``added_at`` it must also hold the content that was added then.
        """
        where = _in_matter(matter_id, document_id)
        if added_at is not None:
            where &= documents.c.added_at == added_at.isoformat()
        return sql.execute(sa.update(documents).where(where).values(dict(fields))).rowcount > 0

    @transacted
    def delete_document(self, sql: sa.Connection, matter_id: str, document_id: str) -> None:
        """Remove a document's record."""
        sql.execute(sa.delete(documents).where(_in_matter(matter_id, document_id)))

    @transacted
    def unfinished_documents(self, sql: sa.Connection) -> tuple[Document, ...]:
        """Documents of every matter that are neither ready nor failed: the queue, oldest first."""
        done = (DocumentState.READY, DocumentState.FAILED)
        query = sa.select(documents).where(documents.c.state.not_in(done))
        return tuple(map(_document, sql.execute(query.order_by(documents.c.added_at))))

    @transacted
    def reindex(self, sql: sa.Connection, indexed: frozenset[str]) -> int:
        """Queue the ready documents that are not in the index; return how many there were."""
        lost = (documents.c.state == DocumentState.READY) & documents.c.id.not_in(indexed)
        return sql.execute(
            sa.update(documents).where(lost).values(state=DocumentState.QUEUED, progress=0.0)
        ).rowcount

    @transacted
    def originals(self, sql: sa.Connection) -> tuple[Original, ...]:
        """Every file that a record names, over all matters: for upkeep, not for reading.

        Asks only for columns that the first schema had: older data are backed up too.
        """
        named = documents.c
        query = sa.select(named.matter_id, named.id, named.sha256, named.name)
        return tuple(
            Original(*row) for row in sql.execute(query.order_by(named.matter_id, named.id))
        )


def _document(row: sa.Row[Any]) -> Document:
    return Document(
        id=row.id,
        matter_id=row.matter_id,
        name=row.name,
        kind=row.kind,
        state=DocumentState(row.state),
        added_at=datetime.fromisoformat(row.added_at),
        size_bytes=row.size_bytes,
        reason=row.reason,
        remedy=row.remedy,
        pages=row.pages,
        passages=row.passages,
        characters=row.characters,
        progress=row.progress,
        sha256=row.sha256,
        identity=Identity(row.title, tuple(row.parties), row.dated, Genre(row.genre)),
        blank_pages=row.blank_pages,
        warnings=tuple(row.warnings),
    )


def _in_matter(matter_id: str, document_id: str) -> sa.ColumnElement[bool]:
    return (documents.c.matter_id == matter_id) & (documents.c.id == document_id)


def _free_name(sql: sa.Connection, matter_id: str, name: str, sha256: str) -> str:
    """``Lease (2).pdf`` for a second ``Lease.pdf``, or the number that these bytes have already."""
    rows = sql.execute(
        sa.select(documents.c.name, documents.c.sha256).where(documents.c.matter_id == matter_id)
    )
    taken = {row.name: row.sha256 for row in rows}
    path = PurePosixPath(name)
    numbered = (str(path.with_name(f"{path.stem} ({n}){path.suffix}")) for n in count(2))
    return next(each for each in numbered if taken.get(each, sha256) == sha256)
