"""Conversations, their questions and answers.  Every read takes ``matter_id`` first.

Whoever may read in the matter reads them all; only its author, or an owner of the matter, adds to
a conversation, cuts it, renames or deletes it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from core.errors import NotAllowed, NotFound, PinciteError
from core.records.documents import documents
from core.records.matters import memberships, require_matter, require_no_hold
from core.records.stored import dump, load, sources, without
from core.records.transactions import (
    Records,
    changing,
    erasing,
    metadata,
    now,
    striking,
    transacted,
)
from core.types import (
    LOCAL,
    Answer,
    Conversation,
    DocumentState,
    Message,
    Person,
    Role,
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String, primary_key=True),
    Column("matter_id", ForeignKey("matters.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("title", String, nullable=False),
    Column("updated_at", String, nullable=False),
    Column("author_id", String, nullable=False, server_default=""),
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


class Conversations(Records):
    """What is recorded of conversations and messages."""

    @transacted
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

    @transacted
    def conversation(
        self, sql: sa.Connection, matter_id: str, conversation_id: str
    ) -> Conversation:
        """One conversation of the matter; raises ``NotFound``."""
        where = _conversation_in(matter_id, conversation_id)
        row = sql.execute(sa.select(conversations).where(where)).first()
        if row is None:
            raise NotFound("This conversation is not in the matter.", "Begin a new one.")
        return _conversation(row)

    @changing
    def create_conversation(
        self, sql: sa.Connection, matter_id: str, title: str, person: Person
    ) -> Conversation:
        """Begin a person's conversation; raises ``NotFound`` when the matter does not exist."""
        require_matter(sql, matter_id)
        values = {
            "id": uuid4().hex,
            "matter_id": matter_id,
            "title": title.strip(),
            "updated_at": now(),
            "author_id": person.id,
        }
        row = sql.execute(sa.insert(conversations).values(values).returning(conversations)).one()
        return _conversation(row)

    @changing
    def rename_conversation(
        self, sql: sa.Connection, matter_id: str, conversation_id: str, title: str, person: Person
    ) -> None:
        """Give a conversation another title; raises ``PinciteError`` for an empty one.

        Raises ``NotFound``, and ``NotAllowed`` where it is another's.
        """
        if not title.strip():
            raise PinciteError("A conversation needs a title.", "Type one.")
        own = _own_conversation(sql, matter_id, conversation_id, person)
        sql.execute(sa.update(conversations).where(own).values(title=title.strip()))

    @erasing
    def delete_conversation(
        self, sql: sa.Connection, matter_id: str, conversation_id: str, person: Person
    ) -> None:
        """Remove a conversation and its messages.

        Raises ``NotFound``, and ``NotAllowed`` where it is another's or the matter on hold.
        """
        own = _own_conversation(sql, matter_id, conversation_id, person)
        require_no_hold(sql, matter_id)
        sql.execute(sa.delete(conversations).where(own))

    # Messages

    @transacted
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

    @transacted
    def message(self, sql: sa.Connection, matter_id: str, message_id: str) -> Message:
        """One question of the matter with its answer; raises ``NotFound``."""
        own = messages.c.id.in_(_messages_of(matter_id, message_id))
        row = sql.execute(sa.select(messages).where(own)).first()
        if row is None:
            raise NotFound("This message is not in the matter.", "Reload the page.")
        return _message(row)

    @transacted
    def messages_before(
        self, sql: sa.Connection, matter_id: str, message_id: str
    ) -> tuple[Message, ...]:
        """What was asked and answered in a conversation before one of its messages, in order."""
        this = sa.alias(messages)
        query = (
            sa.select(messages)
            .join(this, this.c.conversation_id == messages.c.conversation_id)
            .where(this.c.id.in_(_messages_of(matter_id, message_id)))
            .where(messages.c.position < this.c.position)
            .order_by(messages.c.position)
        )
        return tuple(map(_message, sql.execute(query)))

    @changing
    def add_message(
        self,
        sql: sa.Connection,
        matter_id: str,
        conversation_id: str,
        question: str,
        person: Person,
    ) -> Message:
        """Record a question before it is answered.

        Raises ``NotFound``, and ``NotAllowed`` in another's conversation.
        """
        own = _own_conversation(sql, matter_id, conversation_id, person)
        sql.execute(sa.update(conversations).where(own).values(updated_at=now()))
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
            "created_at": now(),
        }
        return _message(sql.execute(sa.insert(messages).values(values).returning(messages)).one())

    @changing
    def finish_message(
        self, sql: sa.Connection, matter_id: str, message_id: str, answer: Answer
    ) -> None:
        """Record the answer to a question, with its statements and citations.

        Documents that were deleted while it was written leave no word in it.
        """
        there = sa.select(documents.c.id).where(
            documents.c.matter_id == matter_id, documents.c.state != DocumentState.DELETING
        )
        if gone := sources(answer) - set(sql.scalars(there)):
            answer = without(answer, gone)
        own = messages.c.id.in_(_messages_of(matter_id, message_id))
        stored = dump(Answer, answer)
        sql.execute(sa.update(messages).where(own).values(answer=stored))

    @striking
    def strike_quotes(self, sql: sa.Connection, matter_id: str, document_ids: Iterable[str]) -> int:
        """Remove the words of deleted documents from the matter's answers; return how many.

        Also those that it was written from and does not cite: see ``stored.without``.
        """
        gone = frozenset(document_ids)
        own = sa.select(messages).join(conversations).where(conversations.c.matter_id == matter_id)
        struck = 0
        for row in sql.execute(own.where(messages.c.answer.is_not(None))).all():
            answer = load(Answer, row.answer)
            left = without(answer, gone)
            if left != answer:
                struck += 1
                stored = dump(Answer, left)
                sql.execute(
                    sa.update(messages).where(messages.c.id == row.id).values(answer=stored)
                )
        return struck

    @erasing
    def delete_messages_from(
        self, sql: sa.Connection, matter_id: str, message_id: str, person: Person
    ) -> None:
        """Remove a message and all that follow it in its conversation: for edit and regenerate.

        Raises ``NotFound``, and ``NotAllowed`` in another's conversation or a matter on hold.
        """
        first = sql.execute(
            sa.select(messages).where(messages.c.id.in_(_messages_of(matter_id, message_id)))
        ).first()
        if first is None:
            raise NotFound("This message is not in the matter.", "Reload the page.")
        _own_conversation(sql, matter_id, first.conversation_id, person)
        require_no_hold(sql, matter_id)
        sql.execute(
            sa.delete(messages)
            .where(messages.c.conversation_id == first.conversation_id)
            .where(messages.c.position >= first.position)
        )


def _conversation(row: sa.Row[Any]) -> Conversation:
    updated_at = datetime.fromisoformat(row.updated_at)
    return Conversation(row.id, row.matter_id, row.title, updated_at, row.author_id)


def _message(row: sa.Row[Any]) -> Message:
    answer = None if row.answer is None else load(Answer, row.answer)
    return Message(
        row.id, row.conversation_id, row.question, answer, datetime.fromisoformat(row.created_at)
    )


def _conversation_in(matter_id: str, conversation_id: str) -> sa.ColumnElement[bool]:
    return (conversations.c.matter_id == matter_id) & (conversations.c.id == conversation_id)


def _own_conversation(
    sql: sa.Connection, matter_id: str, conversation_id: str, person: Person
) -> sa.ColumnElement[bool]:
    """The one conversation, where the person may change it.

    Raises ``NotFound`` where it is not in the matter, and ``NotAllowed`` where it is another's.
    """
    where = _conversation_in(matter_id, conversation_id)
    if sql.execute(sa.select(conversations.c.id).where(where)).first() is None:
        raise NotFound("This conversation is not in the matter.", "Begin a new one.")
    own = where & _changed_by(person)
    if sql.execute(sa.select(conversations.c.id).where(own)).first() is None:
        raise NotAllowed(
            "This conversation is another person's.",
            "Begin one of your own, or ask an owner of the matter.",
        )
    return own


def _changed_by(person: Person) -> sa.ColumnElement[bool]:
    """What a person may change: their own in matters that are theirs, and all that they own."""
    if person == LOCAL:
        return sa.true()
    member = sa.select(memberships.c.matter_id).where(memberships.c.person_id == person.id)
    owned = conversations.c.matter_id.in_(member.where(memberships.c.role == Role.OWNER))
    written = conversations.c.author_id == person.id
    return owned | (written & conversations.c.matter_id.in_(member))


def _messages_of(matter_id: str, message_id: str) -> sa.Select[tuple[str]]:
    """The id of the message if it is in the matter, else nothing."""
    return (
        sa.select(messages.c.id)
        .join(conversations)
        .where(conversations.c.matter_id == matter_id)
        .where(messages.c.id == message_id)
    )
