"""Every SQL statement and every migration: matters, documents, conversations and messages.

SQLite has one writer, so all of it runs on one thread of its own and nothing blocks the loop.
Every read below the matters takes ``matter_id`` first; there is no query across matters except
the queue's, which resumes unfinished documents after a restart.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from core.errors import NotFound, PinciteError
from core.settings import ROOT
from core.types import (
    Answer,
    Conversation,
    Document,
    DocumentState,
    Genre,
    Identity,
    Matter,
    Message,
)

P = ParamSpec("P")
R = TypeVar("R")

metadata = sa.MetaData()

matters = Table(
    "matters",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("created_at", String, nullable=False),
    Column("is_sample", sa.Boolean, nullable=False),
)

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

conversations = Table(
    "conversations",
    metadata,
    Column("id", String, primary_key=True),
    Column("matter_id", ForeignKey("matters.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("title", String, nullable=False),
    Column("updated_at", String, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String, primary_key=True),
    Column(
        "conversation_id",
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("position", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text),
    Column("created_at", String, nullable=False),
)


@cache
def _answers() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Answer)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _matter(row: sa.Row[Any]) -> Matter:
    return Matter(row.id, row.name, datetime.fromisoformat(row.created_at), row.is_sample)


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


def _conversation(row: sa.Row[Any]) -> Conversation:
    return Conversation(row.id, row.matter_id, row.title, datetime.fromisoformat(row.updated_at))


def _message(row: sa.Row[Any]) -> Message:
    answer = None if row.answer is None else cast(Answer, _answers().validate_json(row.answer))
    return Message(
        row.id, row.conversation_id, row.question, answer, datetime.fromisoformat(row.created_at)
    )


def _on_thread(
    method: Callable[Concatenate["Database", sa.Connection, P], R],
) -> Callable[Concatenate["Database", P], Coroutine[Any, Any, R]]:
    """Run ``method`` in one transaction on the database's thread, awaitable from the loop."""

    async def call(self: "Database", /, *args: P.args, **kwargs: P.kwargs) -> R:
        def transact() -> R:
            with self._engine.begin() as connection:
                return method(self, connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, transact)

    call.__doc__ = method.__doc__
    return call


class Database:
    """The one SQLite file. Construction is cheap; ``start`` opens it and migrates it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "database")
        self._engine = sa.create_engine(f"sqlite:///{path}")
        sa.event.listen(self._engine, "connect", _configure)

    async def start(self) -> None:
        """Create the file if need be and bring its schema to the newest version."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.get_running_loop().run_in_executor(self._thread, _migrate, self._engine)

    async def close(self) -> None:
        """Close every connection; idempotent."""
        self._thread.shutdown(wait=True)
        self._engine.dispose()

    # Matters

    @_on_thread
    def matters(self, sql: sa.Connection) -> tuple[Matter, ...]:
        """Every matter, by name."""
        return tuple(map(_matter, sql.execute(sa.select(matters).order_by(matters.c.name))))

    @_on_thread
    def matter(self, sql: sa.Connection, matter_id: str) -> Matter:
        """One matter; raises ``NotFound``."""
        row = sql.execute(sa.select(matters).where(matters.c.id == matter_id)).first()
        if row is None:
            raise NotFound("This matter does not exist.", "It may have been deleted.")
        return _matter(row)

    @_on_thread
    def create_matter(self, sql: sa.Connection, name: str, is_sample: bool = False) -> Matter:
        """Add a matter; raises ``PinciteError`` for an empty or a taken name."""
        values = {
            "id": uuid4().hex,
            "name": _checked_name(sql, name),
            "created_at": _now(),
            "is_sample": is_sample,
        }
        sql.execute(sa.insert(matters).values(values))
        return _matter(sql.execute(sa.select(matters).where(matters.c.id == values["id"])).one())

    @_on_thread
    def rename_matter(self, sql: sa.Connection, matter_id: str, name: str) -> None:
        """Give a matter another name; raises ``PinciteError`` for an empty or a taken one."""
        new = _checked_name(sql, name, but=matter_id)
        sql.execute(sa.update(matters).where(matters.c.id == matter_id).values(name=new))

    @_on_thread
    def delete_matter(self, sql: sa.Connection, matter_id: str) -> None:
        """Remove a matter with its documents' records and its conversations."""
        sql.execute(sa.delete(matters).where(matters.c.id == matter_id))

    # Documents

    @_on_thread
    def documents(self, sql: sa.Connection, matter_id: str) -> tuple[Document, ...]:
        """The matter's documents, by name."""
        query = sa.select(documents).where(documents.c.matter_id == matter_id)
        return tuple(map(_document, sql.execute(query.order_by(documents.c.name))))

    @_on_thread
    def document(self, sql: sa.Connection, matter_id: str, document_id: str) -> Document:
        """One document of the matter; raises ``NotFound``."""
        row = sql.execute(sa.select(documents).where(_in_matter(matter_id, document_id))).first()
        if row is None:
            raise NotFound("This document is not in the matter.", "It may have been deleted.")
        return _document(row)

    @_on_thread
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
            "added_at": _now(),
        }
        if row:
            sql.execute(sa.update(documents).where(named).values(values))
        else:
            own = {"id": uuid4().hex, "matter_id": matter_id, "name": name}
            sql.execute(sa.insert(documents).values(own | values))
        return _document(sql.execute(sa.select(documents).where(named)).one()), True

    @_on_thread
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

    @_on_thread
    def delete_document(self, sql: sa.Connection, matter_id: str, document_id: str) -> None:
        """Remove a document's record."""
        sql.execute(sa.delete(documents).where(_in_matter(matter_id, document_id)))

    @_on_thread
    def unfinished_documents(self, sql: sa.Connection) -> tuple[Document, ...]:
        """Documents of every matter that are neither ready nor failed: the queue, oldest first."""
        done = (DocumentState.READY, DocumentState.FAILED)
        query = sa.select(documents).where(documents.c.state.not_in(done))
        return tuple(map(_document, sql.execute(query.order_by(documents.c.added_at))))

    @_on_thread
    def reindex(self, sql: sa.Connection, indexed: frozenset[str]) -> int:
        """Queue the ready documents that are not in the index; return how many there were."""
        lost = (documents.c.state == DocumentState.READY) & documents.c.id.not_in(indexed)
        return sql.execute(
            sa.update(documents).where(lost).values(state=DocumentState.QUEUED, progress=0.0)
        ).rowcount

    # Conversations

    @_on_thread
    def conversations(
        self, sql: sa.Connection, matter_id: str, search: str = ""
    ) -> tuple[Conversation, ...]:
        """The matter's conversations whose title or questions hold ``search``, newest first."""
        query = sa.select(conversations).where(conversations.c.matter_id == matter_id)
        if search.strip():
            asked = sa.select(messages.c.conversation_id).where(
                messages.c.question.icontains(search.strip(), autoescape=True)
            )
            query = query.where(
                conversations.c.title.icontains(search.strip(), autoescape=True)
                | conversations.c.id.in_(asked)
            )
        newest = query.order_by(conversations.c.updated_at.desc())
        return tuple(map(_conversation, sql.execute(newest)))

    @_on_thread
    def create_conversation(self, sql: sa.Connection, matter_id: str, title: str) -> Conversation:
        """Begin a conversation."""
        values = {
            "id": uuid4().hex,
            "matter_id": matter_id,
            "title": title.strip(),
            "updated_at": _now(),
        }
        row = sql.execute(sa.insert(conversations).values(values).returning(conversations)).one()
        return _conversation(row)

    @_on_thread
    def rename_conversation(
        self, sql: sa.Connection, matter_id: str, conversation_id: str, title: str
    ) -> None:
        """Give a conversation another title; raises ``PinciteError`` for an empty one."""
        if not title.strip():
            raise PinciteError("A conversation needs a title.", "Type one.")
        where = _conversation_in(matter_id, conversation_id)
        sql.execute(sa.update(conversations).where(where).values(title=title.strip()))

    @_on_thread
    def delete_conversation(self, sql: sa.Connection, matter_id: str, conversation_id: str) -> None:
        """Remove a conversation and its messages."""
        sql.execute(sa.delete(conversations).where(_conversation_in(matter_id, conversation_id)))

    # Messages

    @_on_thread
    def messages(
        self, sql: sa.Connection, matter_id: str, conversation_id: str
    ) -> tuple[Message, ...]:
        """The questions and answers of one conversation, in order."""
        query = (
            sa.select(messages)
            .join(conversations)
            .where(_conversation_in(matter_id, conversation_id))
            .order_by(messages.c.position)
        )
        return tuple(map(_message, sql.execute(query)))

    @_on_thread
    def add_message(
        self, sql: sa.Connection, matter_id: str, conversation_id: str, question: str
    ) -> Message:
        """Record a question before it is answered; raises ``NotFound``."""
        where = _conversation_in(matter_id, conversation_id)
        touched = sql.execute(sa.update(conversations).where(where).values(updated_at=_now()))
        if touched.rowcount == 0:
            raise NotFound("This conversation is not in the matter.", "Begin a new one.")
        last = sql.scalar(
            sa.select(sa.func.max(messages.c.position)).where(
                messages.c.conversation_id == conversation_id
            )
        )
        values = {
            "id": uuid4().hex,
            "conversation_id": conversation_id,
            "position": 0 if last is None else last + 1,
            "question": question,
            "created_at": _now(),
        }
        return _message(sql.execute(sa.insert(messages).values(values).returning(messages)).one())

    @_on_thread
    def finish_message(
        self, sql: sa.Connection, matter_id: str, message_id: str, answer: Answer
    ) -> None:
        """Record the answer to a question, with its statements and citations."""
        own = messages.c.id.in_(_messages_of(matter_id, message_id))
        stored = _answers().dump_json(answer).decode()
        sql.execute(sa.update(messages).where(own).values(answer=stored))

    @_on_thread
    def delete_messages_from(self, sql: sa.Connection, matter_id: str, message_id: str) -> None:
        """Remove a message and all that follow it in its conversation: for edit and regenerate."""
        first = sql.execute(
            sa.select(messages).where(messages.c.id.in_(_messages_of(matter_id, message_id)))
        ).first()
        if first is None:
            raise NotFound("This message is not in the matter.", "Reload the page.")
        sql.execute(
            sa.delete(messages)
            .where(messages.c.conversation_id == first.conversation_id)
            .where(messages.c.position >= first.position)
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


def _conversation_in(matter_id: str, conversation_id: str) -> sa.ColumnElement[bool]:
    return (conversations.c.matter_id == matter_id) & (conversations.c.id == conversation_id)


def _messages_of(matter_id: str, message_id: str) -> sa.Select[tuple[str]]:
    """The id of the message if it is in the matter, else nothing."""
    return (
        sa.select(messages.c.id)
        .join(conversations)
        .where(conversations.c.matter_id == matter_id)
        .where(messages.c.id == message_id)
    )


def _checked_name(sql: sa.Connection, name: str, but: str = "") -> str:
    """A matter's name without outer spaces; raises ``PinciteError`` if empty, long or taken."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise PinciteError("A matter's name has 1 to 120 characters.", "Choose another name.")
    taken = (matters.c.name == name) & (matters.c.id != but)
    if sql.execute(sa.select(matters.c.id).where(taken)).first():
        raise PinciteError(f"A matter named “{name}” exists already.", "Choose another name.")
    return name


def _configure(connection: Any, _: object) -> None:
    """Readers go on while one writer writes; commits reach the disk; what is deleted is gone."""
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _migrate(engine: sa.Engine) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    folder = str(ROOT / "core" / "migrations")
    scripts = ScriptDirectory(folder, version_locations=[folder])

    def upgrade(revision: Any, _: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    with (
        engine.connect() as connection,
        EnvironmentContext(Config(), scripts, fn=upgrade) as environment,
    ):
        environment.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        with environment.begin_transaction():
            environment.run_migrations()
