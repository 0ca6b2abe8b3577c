"""Documents, their versions, and their way into the index.

Every read takes ``matter_id`` first; only the queue's go across matters.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from core.errors import NotFound
from core.records.matters import matters, require_matter, require_no_hold
from core.records.transactions import Records, changing, metadata, now, striking, transacted
from core.types import UNDER_WAY, Document, DocumentState, Genre, Identity

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
    Column("version", Integer, nullable=False, server_default="1"),
    Column("is_superseded", sa.Boolean, nullable=False, server_default="0"),
    Column("pages_done", Integer, nullable=False, server_default="0"),
    Column("failure", String, nullable=False, server_default=""),
    sa.Index("ix_documents_matter_id_sha256", "matter_id", "sha256"),
)

_THERE = documents.c.state != DocumentState.DELETING
_UNREAD: dict[str, Any] = {
    "state": DocumentState.QUEUED,
    "reason": "",
    "remedy": "",
    "failure": "",
    "progress": 0.0,
    "pages_done": 0,
}
"""What is recorded of a document that waits to be read."""


class Original(NamedTuple):
    """A file as it came: whose it is, the SHA-256 that it is kept under, its document's name."""

    matter_id: str
    document_id: str
    sha256: str
    name: str


class Finished(NamedTuple):
    """Ids of the documents that are ready now, and of those whose place they took."""

    ready: frozenset[str]
    superseded: frozenset[str]


class Documents(Records):
    """What is recorded of documents."""

    @transacted
    def documents(self, sql: sa.Connection, matter_id: str) -> tuple[Document, ...]:
        """The matter's documents with all their versions, by name, the newest version first."""
        query = sa.select(documents).where(documents.c.matter_id == matter_id, _THERE)
        ordered = query.order_by(documents.c.name, documents.c.version.desc())
        return tuple(map(_document, sql.execute(ordered)))

    @transacted
    def document(self, sql: sa.Connection, matter_id: str, document_id: str) -> Document:
        """One document of the matter; raises ``NotFound``."""
        return _one(sql, matter_id, document_id)

    @transacted
    def versions(
        self, sql: sa.Connection, matter_id: str, document_id: str
    ) -> tuple[Document, ...]:
        """Every version of a document, itself among them, newest first; raises ``NotFound``."""
        name = _one(sql, matter_id, document_id).name
        query = sa.select(documents).where(_named(matter_id, name))
        return tuple(map(_document, sql.execute(query.order_by(documents.c.version.desc()))))

    @changing
    def put_document(
        self,
        sql: sa.Connection,
        matter_id: str,
        name: str,
        sha256: str,
        size_bytes: int,
        document_id: str = "",
    ) -> tuple[Document, bool]:
        """Record a file under its name; return the document and whether it has to be read.

        The same bytes are the same document, whatever they are called.  Other bytes under a name
        that is taken are its next version, and so are an older version's that come back, which
        itself stays as it is.  A failed document is read again.  Raises ``NotFound`` when the
        matter does not exist.
        """
        require_matter(sql, matter_id)
        versions = sa.select(sa.func.max(documents.c.version)).where(_named(matter_id, name))
        newest = sql.scalar(versions) or 0
        alike = (documents.c.matter_id == matter_id) & (documents.c.sha256 == sha256) & _THERE
        same = sql.execute(
            sa.select(documents).where(alike).order_by(documents.c.version.desc())
        ).all()
        row = next((each for each in same if each.name == name), None) or next(
            # An older version is not searched: under a name of its own its bytes are wanted.
            (each for each in same if not each.is_superseded),
            None,
        )
        returns = row is not None and row.name == name and row.version < newest
        if row is None or returns:
            values = {
                "id": document_id or uuid4().hex,
                "matter_id": matter_id,
                "name": name,
                "sha256": sha256,
                "size_bytes": size_bytes,
                "kind": "",
                "passages": 0,
                "characters": 0,
                "added_at": now(),
                "version": newest + 1,
            }
            sql.execute(sa.insert(documents).values(_UNREAD | values))
            return _one(sql, matter_id, str(values["id"])), True
        if row.state != DocumentState.FAILED:
            return _document(row), False
        own = _in_matter(matter_id, row.id)
        sql.execute(sa.update(documents).where(own).values(_UNREAD | {"added_at": now()}))
        return _one(sql, matter_id, row.id), True

    @changing
    def update_document(
        self,
        sql: sa.Connection,
        matter_id: str,
        document_id: str,
        fields: Mapping[str, object],
        among: Sequence[DocumentState] = (),
    ) -> bool:
        """Set columns of one document; return whether it is still there.

        With ``among`` it must also be in one of these states.
        """
        where = _in_matter(matter_id, document_id)
        if among:
            where &= documents.c.state.in_(among)
        return sql.execute(sa.update(documents).where(where).values(dict(fields))).rowcount > 0

    @changing
    def retry_documents(
        self, sql: sa.Connection, matter_id: str, ids: Iterable[str] | None = None
    ) -> int:
        """Queue the matter's failed documents again, or those of these ids; return how many.

        What was cancelled is no failure: it is queued by its id only.
        """
        failed = (documents.c.matter_id == matter_id) & (documents.c.state == DocumentState.FAILED)
        if ids is None:
            failed &= documents.c.failure != "cancelled"
        else:
            failed &= documents.c.id.in_(tuple(ids))
        return sql.execute(sa.update(documents).where(failed).values(_UNREAD)).rowcount

    # The queue

    @changing
    def requeue(self, sql: sa.Connection, indexed: frozenset[str]) -> int:
        """After a start: queue what was under way, and what is ready but not in the index.

        Returns how many were ready and are not in the index.
        """
        under_way = documents.c.state.in_(UNDER_WAY)
        sql.execute(sa.update(documents).where(under_way).values(_UNREAD))
        lost = (documents.c.state == DocumentState.READY) & documents.c.id.not_in(indexed)
        return sql.execute(sa.update(documents).where(lost).values(_UNREAD)).rowcount

    @changing
    def claim_document(self, sql: sa.Connection, but: Iterable[str] = ()) -> Document | None:
        """Take the document that has waited longest, of any matter, and mark it as being read."""
        waiting = (documents.c.state == DocumentState.QUEUED) & documents.c.id.not_in(tuple(but))
        query = sa.select(documents).where(waiting).order_by(documents.c.added_at).limit(1)
        row = sql.execute(query).first()
        if row is None:
            return None
        own = _in_matter(row.matter_id, row.id)
        sql.execute(sa.update(documents).where(own).values(state=DocumentState.READING))
        return _one(sql, row.matter_id, row.id)

    @transacted
    def unfinished_documents(self, sql: sa.Connection) -> tuple[Document, ...]:
        """The documents of every matter that are queued or under way, oldest first."""
        query = sa.select(documents).where(
            documents.c.state.in_((DocumentState.QUEUED, *UNDER_WAY))
        )
        return tuple(map(_document, sql.execute(query.order_by(documents.c.added_at))))

    @transacted
    def standing(self, sql: sa.Connection) -> tuple[Document, ...]:
        """Every document of every matter, also those being deleted: to put things in order by."""
        return tuple(map(_document, sql.execute(sa.select(documents))))

    @transacted
    def superseded_by(self, sql: sa.Connection, arriving: Iterable[str]) -> frozenset[str]:
        """Which documents are older versions once those of these ids are ready.

        They are ready ones of the same names, or among ``arriving`` themselves.
        """
        return _superseded(sql, arriving)

    @changing
    def finish_documents(self, sql: sa.Connection, arrived: Sequence[str]) -> Finished:
        """Mark as ready what is in the index, and as superseded what a newer version replaces.

        A document deleted or cancelled meanwhile is not ready, and takes no other's place.
        """
        written = documents.c.id.in_(arrived) & (documents.c.state == DocumentState.INDEXING)
        ready = frozenset(sql.scalars(sa.select(documents.c.id).where(written)))
        done = {"state": DocumentState.READY, "progress": 1.0, "is_superseded": False}
        sql.execute(sa.update(documents).where(documents.c.id.in_(tuple(ready))).values(done))
        old = _superseded(sql, ready)
        sql.execute(sa.update(documents).where(documents.c.id.in_(old)).values(is_superseded=True))
        return Finished(ready, old)

    @transacted
    def current_among(self, sql: sa.Connection, ids: Iterable[str]) -> frozenset[str]:
        """Which of the documents are ready and superseded by none."""
        chosen = documents.c.id.in_(tuple(ids)) & (documents.c.state == DocumentState.READY)
        query = sa.select(documents.c.id).where(chosen, ~documents.c.is_superseded)
        return frozenset(sql.scalars(query))

    # Deleting

    @changing
    def begin_deletion(
        self, sql: sa.Connection, matter_id: str, document_id: str
    ) -> tuple[str, ...]:
        """Mark a document for deletion; return the ids of all that go.

        The version that is searched takes the older ones along; every other goes alone.  Raises
        ``NotFound``, and ``NotAllowed`` in a matter on legal hold.
        """
        document = _one(sql, matter_id, document_id)
        is_current = document.state is DocumentState.READY and not document.is_superseded
        older = documents.c.is_superseded & (documents.c.name == document.name)
        chosen = (documents.c.id == document_id) | (older if is_current else sa.false())
        return _marked_for_deletion(sql, matter_id, chosen)

    @changing
    def begin_matter_deletion(self, sql: sa.Connection, matter_id: str) -> tuple[str, ...]:
        """Mark a matter and all its documents for deletion; return the documents' ids.

        From then on there is no such matter for anybody.  Raises ``NotFound``, and ``NotAllowed``
        for one on legal hold.
        """
        require_matter(sql, matter_id)
        ids = _marked_for_deletion(sql, matter_id, sa.true())
        own = matters.c.id == matter_id
        sql.execute(sa.update(matters).where(own).values(is_deleting=True))
        return ids

    @transacted
    def deleting_documents(self, sql: sa.Connection, matter_id: str = "") -> tuple[Document, ...]:
        """The documents whose deletion was begun, of one matter or of all."""
        query = sa.select(documents).where(documents.c.state == DocumentState.DELETING)
        if matter_id:
            query = query.where(documents.c.matter_id == matter_id)
        return tuple(map(_document, sql.execute(query)))

    @striking
    def delete_document(self, sql: sa.Connection, matter_id: str, document_id: str) -> None:
        """Remove a document's record."""
        sql.execute(sa.delete(documents).where(_in_matter(matter_id, document_id)))

    @transacted
    def originals(self, sql: sa.Connection, *, also_deleting: bool = False) -> tuple[Original, ...]:
        """Every file that a record names, over all matters: for upkeep, not for reading.

        Those of documents being deleted may be gone already: they come with ``also_deleting``.
        Asks only for columns that the first schema had: older data are backed up too.
        """
        named = documents.c
        query = sa.select(named.matter_id, named.id, named.sha256, named.name)
        query = query if also_deleting else query.where(_THERE)
        return tuple(
            Original(*row) for row in sql.execute(query.order_by(named.matter_id, named.id))
        )


def _marked_for_deletion(
    sql: sa.Connection, matter_id: str, chosen: sa.ColumnElement[bool]
) -> tuple[str, ...]:
    """The one way to delete a document: nobody comes past a legal hold."""
    require_no_hold(sql, matter_id)
    own = (documents.c.matter_id == matter_id) & _THERE & chosen
    ids = tuple(sql.scalars(sa.select(documents.c.id).where(own)))
    gone = sa.update(documents).where(documents.c.id.in_(ids))
    sql.execute(gone.values(state=DocumentState.DELETING))
    return ids


def _superseded(sql: sa.Connection, arriving: Iterable[str]) -> frozenset[str]:
    """All but the newest of the versions that are ready or among ``arriving``, of their names."""
    ids = tuple(arriving)
    names = sa.select(documents.c.matter_id, documents.c.name).where(documents.c.id.in_(ids))
    there = documents.c.id.in_(ids) | (documents.c.state == DocumentState.READY)
    query = sa.select(documents).where(
        there, sa.tuple_(documents.c.matter_id, documents.c.name).in_(names)
    )
    newest: dict[tuple[str, str], tuple[int, str]] = {}
    rows = sql.execute(query).all()
    for row in rows:
        key = row.matter_id, row.name
        newest[key] = max(newest.get(key, (0, "")), (row.version, row.id))
    return frozenset(row.id for row in rows) - {each for _, each in newest.values()}


def _one(sql: sa.Connection, matter_id: str, document_id: str) -> Document:
    query = sa.select(documents).where(_in_matter(matter_id, document_id), _THERE)
    row = sql.execute(query).first()
    if row is None:
        raise NotFound("This document is not in the matter.", "It may have been deleted.")
    return _document(row)


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
        version=row.version,
        is_superseded=row.is_superseded,
        pages_done=row.pages_done,
        failure=row.failure,
    )


def _in_matter(matter_id: str, document_id: str) -> sa.ColumnElement[bool]:
    return (documents.c.matter_id == matter_id) & (documents.c.id == document_id)


def _named(matter_id: str, name: str) -> sa.ColumnElement[bool]:
    return (documents.c.matter_id == matter_id) & (documents.c.name == name) & _THERE
