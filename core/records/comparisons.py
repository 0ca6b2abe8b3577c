"""Comparisons, the votes on them, and thumbs on answers of conversations."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from core.errors import NotAllowed, NotFound, PinciteError
from core.records.conversations import conversations, messages
from core.records.documents import documents
from core.records.matters import require_matter, require_no_hold
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
from core.trials import Comparison, Fault, Feedback, Outcome, Poll, Vote
from core.types import EVERYTHING, Answer, DocumentState, Person, Scope, Variant

comparisons = Table(
    "comparisons",
    metadata,
    Column("id", String, primary_key=True),
    Column("matter_id", ForeignKey("matters.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("person_id", String, nullable=False),
    Column("question", Text, nullable=False),
    Column("variants", Text, nullable=False),
    Column("is_blind", Boolean, nullable=False),
    Column("created_at", String, nullable=False),
    Column("answers", Text),
    Column("message_id", String, nullable=False),
    Column("scope", Text, nullable=False, server_default="{}"),
)

votes = Table(
    "votes",
    metadata,
    Column("id", String, primary_key=True),
    Column(
        "comparison_id",
        ForeignKey("comparisons.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("person_id", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("winner", Integer),
    Column("faults", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", String, nullable=False),
    Column("is_withdrawn", Boolean, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("message_id", ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("is_good", Boolean, nullable=False),
    Column("faults", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", String, nullable=False),
)

MOST_SIDES = 4
"""Answers that are read side by side at most."""
_NOTE = 2000
_IS_ANSWERED = comparisons.c.answers.is_not(None)
_BESIDE_ANSWERS = [
    *(each for each in comparisons.c if each.name != "answers"),
    _IS_ANSWERED.label("is_answered"),
]
_OLDEST = (votes.c.at, votes.c.id)


class Comparisons(Records):
    """What is recorded of comparisons, votes and thumbs."""

    @changing
    def begin_comparison(
        self,
        sql: sa.Connection,
        matter_id: str,
        question: str,
        variants: Sequence[Variant],
        person: Person,
        *,
        is_blind: bool = True,
        message_id: str = "",
        scope: Scope = EVERYTHING,
    ) -> Comparison:
        """Record a comparison with its sides in the order drawn, before anything is shown.

        Raises ``NotFound`` when the matter does not exist or the message is not in it, and
        ``PinciteError`` for other than two to four different variants.
        """
        require_matter(sql, matter_id)
        if message_id:
            _require_message(sql, matter_id, message_id)
        if not 2 <= len(set(variants)) == len(variants) <= MOST_SIDES:
            raise PinciteError(
                "A comparison takes two to four different variants.", "Choose others."
            )
        values = {
            "id": uuid4().hex,
            "matter_id": matter_id,
            "person_id": person.id,
            "question": question,
            "variants": dump(tuple[Variant, ...], tuple(variants)),
            "is_blind": is_blind,
            "created_at": now(),
            "message_id": message_id,
            "scope": dump(Scope, scope),
        }
        row = sql.execute(sa.insert(comparisons).values(values).returning(comparisons)).one()
        return _comparison(row)

    @changing
    def finish_comparison(
        self, sql: sa.Connection, matter_id: str, comparison_id: str, answers: Sequence[Answer]
    ) -> None:
        """Record the answers, in the comparison's order.

        Documents that were deleted while they were written leave no word in them.
        """
        there = sa.select(documents.c.id).where(
            documents.c.matter_id == matter_id, documents.c.state != DocumentState.DELETING
        )
        living = set(sql.scalars(there))
        left = tuple(
            without(each, gone) if (gone := sources(each) - living) else each for each in answers
        )
        own = _in_matter(matter_id, comparison_id)
        sql.execute(
            sa.update(comparisons).where(own).values(answers=dump(tuple[Answer, ...], left))
        )

    @transacted
    def comparison(self, sql: sa.Connection, matter_id: str, comparison_id: str) -> Comparison:
        """One comparison of the matter; raises ``NotFound``."""
        own = _in_matter(matter_id, comparison_id)
        row = sql.execute(sa.select(comparisons).where(own)).first()
        if row is None:
            raise _no_comparison()
        return _comparison(row, row.answers)

    @transacted
    def comparisons(self, sql: sa.Connection, matter_id: str) -> tuple[Comparison, ...]:
        """The matter's comparisons without their answers, newest first."""
        own = sa.select(*_BESIDE_ANSWERS).where(comparisons.c.matter_id == matter_id)
        return tuple(map(_comparison, sql.execute(own.order_by(comparisons.c.created_at.desc()))))

    @transacted
    def models_compared(self, sql: sa.Connection, matter_id: str) -> dict[str, tuple[str, ...]]:
        """The model that wrote each side of the matter's comparisons, ``""`` for none, by their id.

        Only of those that somebody has voted on.
        """
        side = sa.func.json_each(comparisons.c.answers).table_valued("key", "value")
        model = sa.func.json_extract(side.c.value, "$.model")
        voted = sa.exists().where(votes.c.comparison_id == comparisons.c.id)
        query = (
            sa.select(comparisons.c.id, model.label("model"))
            .select_from(comparisons.join(side, sa.true()))
            .where(comparisons.c.matter_id == matter_id, _IS_ANSWERED, voted)
            .order_by(comparisons.c.id, side.c.key)
        )
        found: dict[str, tuple[str, ...]] = {}
        for row in sql.execute(query):
            found[row.id] = (*found.get(row.id, ()), row.model or "")
        return found

    @transacted
    def polls(
        self, sql: sa.Connection, matter_id: str, person: Person, limit: int
    ) -> tuple[Poll, ...]:
        """So many of the matter's comparisons, those first that wait for the person's vote.

        Of these, and of the others, the newest come first.
        """
        query = (
            sa.select(*_BESIDE_ANSWERS)
            .where(comparisons.c.matter_id == matter_id)
            .order_by(_waits(person).desc(), comparisons.c.created_at.desc())
            .limit(limit)
        )
        rows = sql.execute(query).all()
        on = votes.c.comparison_id.in_([row.id for row in rows])
        cast: dict[str, list[Vote]] = {row.id: [] for row in rows}
        for vote in map(_vote, sql.execute(sa.select(votes).where(on).order_by(*_OLDEST))):
            cast[vote.comparison_id].append(vote)
        return tuple(Poll(_comparison(row), row.is_answered, tuple(cast[row.id])) for row in rows)

    @transacted
    def polls_open(self, sql: sa.Connection, matter_id: str, person: Person) -> int:
        """How many of the matter's comparisons wait for the person's vote."""
        own = sa.select(sa.func.count()).select_from(comparisons)
        waiting = own.where(comparisons.c.matter_id == matter_id, _waits(person))
        return sql.scalar(waiting) or 0

    @erasing
    def delete_comparison(
        self,
        sql: sa.Connection,
        matter_id: str,
        comparison_id: str,
        only_of: Person | None = None,
    ) -> None:
        """Remove a comparison with its votes; ``only_of`` a person if nobody else has voted.

        Raises ``NotFound``, and ``NotAllowed`` in a matter on hold or for the votes of others.
        """
        require_no_hold(sql, matter_id)
        own = _in_matter(matter_id, comparison_id)
        if only_of is not None:
            others = (votes.c.comparison_id == comparison_id) & (votes.c.person_id != only_of.id)
            if sql.execute(sa.select(votes.c.id).join(comparisons).where(own, others)).first():
                raise NotAllowed(
                    "Others have voted on this comparison.", "An owner of the matter can delete it."
                )
        if not sql.execute(sa.delete(comparisons).where(own)).rowcount:
            raise _no_comparison()

    @changing
    def vote(
        self,
        sql: sa.Connection,
        matter_id: str,
        comparison_id: str,
        person: Person,
        outcome: Outcome,
        winner: int | None = None,
        faults: Iterable[Fault] = (),
        note: str = "",
    ) -> Vote:
        """Record a person's verdict; an earlier one of theirs on the same comparison is withdrawn.

        The verdict that stands already, said again, is that vote and no other; reasons that come
        with it take the place of those given before.

        ``winner`` is a position in the comparison's order.  Raises ``NotFound``, and
        ``PinciteError`` for a position that is none or a comparison without answers.
        """
        _require_verdict(sql, matter_id, comparison_id, outcome, winner)
        ticked, note = tuple(faults), note.strip()[:_NOTE]
        dumped = dump(tuple[Fault, ...], ticked)
        earlier = (votes.c.comparison_id == comparison_id) & (votes.c.person_id == person.id)
        stands = sql.execute(sa.select(votes).where(earlier, ~votes.c.is_withdrawn)).first()
        if stands and (stands.outcome, stands.winner) == (outcome, winner):
            reasons = {
                "faults": dumped if ticked else stands.faults,
                "note": note or stands.note,
            }
            this = sa.update(votes).where(votes.c.id == stands.id)
            return _vote(sql.execute(this.values(reasons).returning(votes)).one())
        sql.execute(sa.update(votes).where(earlier).values(is_withdrawn=True))
        values = {
            "id": uuid4().hex,
            "comparison_id": comparison_id,
            "person_id": person.id,
            "outcome": outcome,
            "winner": winner,
            "faults": dumped,
            "note": note,
            "at": now(),
            "is_withdrawn": False,
        }
        return _vote(sql.execute(sa.insert(votes).values(values).returning(votes)).one())

    @changing
    def withdraw_vote(
        self, sql: sa.Connection, matter_id: str, vote_id: str, person: Person
    ) -> None:
        """Take back one's own vote; it stays in the records, marked.  Raises ``NotFound``."""
        own = sa.select(comparisons.c.id).where(comparisons.c.matter_id == matter_id)
        theirs = (
            (votes.c.id == vote_id)
            & (votes.c.person_id == person.id)
            & votes.c.comparison_id.in_(own)
        )
        if not sql.execute(sa.update(votes).where(theirs).values(is_withdrawn=True)).rowcount:
            raise NotFound("This vote is not yours, or not in the matter.", "Reload the page.")

    @transacted
    def votes(
        self, sql: sa.Connection, matter_id: str, comparison_id: str = ""
    ) -> tuple[Vote, ...]:
        """Every vote on comparisons of the matter, or on one of them, oldest first.

        Withdrawn ones too.
        """
        query = sa.select(votes).join(comparisons).where(comparisons.c.matter_id == matter_id)
        if comparison_id:
            query = query.where(votes.c.comparison_id == comparison_id)
        return tuple(map(_vote, sql.execute(query.order_by(*_OLDEST))))

    @changing
    def rate_message(
        self,
        sql: sa.Connection,
        matter_id: str,
        message_id: str,
        person: Person,
        is_good: bool,
        faults: Iterable[Fault] = (),
        note: str = "",
    ) -> Feedback:
        """Record a thumb on an answer, in place of an earlier one; raises ``NotFound``."""
        _require_message(sql, matter_id, message_id)
        values = {
            "message_id": message_id,
            "person_id": person.id,
            "is_good": is_good,
            "faults": dump(tuple[Fault, ...], tuple(faults)),
            "note": note.strip()[:_NOTE],
            "at": now(),
        }
        sql.execute(sa.delete(feedback).where(_thumb(message_id, person)))
        return _feedback(sql.execute(sa.insert(feedback).values(values).returning(feedback)).one())

    @changing
    def unrate_message(
        self, sql: sa.Connection, matter_id: str, message_id: str, person: Person
    ) -> None:
        """Take back one's thumb.

        Raises ``NotFound`` for a message that is not in the matter, and ``NotAllowed`` in a matter
        on hold, where a thumb may be changed and is never lost.
        """
        require_no_hold(sql, matter_id)
        _require_message(sql, matter_id, message_id)
        sql.execute(sa.delete(feedback).where(_thumb(message_id, person)))

    @transacted
    def feedback(
        self, sql: sa.Connection, matter_id: str, conversation_id: str = ""
    ) -> tuple[Feedback, ...]:
        """The thumbs on answers of the matter, or of one conversation of it, oldest first."""
        own = conversations.c.matter_id == matter_id
        query = sa.select(feedback).select_from(_rated()).where(own)
        if conversation_id:
            query = query.where(conversations.c.id == conversation_id)
        return tuple(map(_feedback, sql.execute(query.order_by(feedback.c.at))))

    @transacted
    def rated_answers(
        self, sql: sa.Connection, matter_id: str
    ) -> tuple[tuple[Feedback, Answer | None], ...]:
        """The thumbs on answers of the matter with the answers, oldest first."""
        query = sa.select(feedback, messages.c.answer).select_from(_rated())
        own = query.where(conversations.c.matter_id == matter_id).order_by(feedback.c.at)
        return tuple(
            (_feedback(row), load(Answer, row.answer) if row.answer else None)
            for row in sql.execute(own)
        )

    @striking
    def strike_comparisons(
        self, sql: sa.Connection, matter_id: str, document_ids: Iterable[str]
    ) -> None:
        """Remove the words of deleted documents from the matter's comparisons."""
        gone = frozenset(document_ids)
        own = sa.select(comparisons).where(comparisons.c.matter_id == matter_id)
        for row in sql.execute(own.where(comparisons.c.answers.is_not(None))).all():
            answers = load(tuple[Answer, ...], row.answers)
            left = dump(tuple[Answer, ...], tuple(without(each, gone) for each in answers))
            if left != row.answers:
                this = comparisons.c.id == row.id
                sql.execute(sa.update(comparisons).where(this).values(answers=left))


def _in_matter(matter_id: str, comparison_id: str) -> sa.ColumnElement[bool]:
    return (comparisons.c.matter_id == matter_id) & (comparisons.c.id == comparison_id)


def _waits(person: Person) -> sa.ColumnElement[bool]:
    """Whether a comparison has its answers and no vote of the person's that counts."""
    own = sa.exists().where(
        votes.c.comparison_id == comparisons.c.id,
        votes.c.person_id == person.id,
        ~votes.c.is_withdrawn,
    )
    return _IS_ANSWERED & ~own


def _no_comparison() -> NotFound:
    return NotFound("This comparison is not in the matter.", "Reload the page.")


def _require_verdict(
    sql: sa.Connection, matter_id: str, comparison_id: str, outcome: Outcome, winner: int | None
) -> None:
    """Raise unless the comparison is in the matter, has its answers and the side that is named."""
    own = _in_matter(matter_id, comparison_id)
    row = sql.execute(sa.select(*_BESIDE_ANSWERS).where(own)).first()
    if row is None:
        raise _no_comparison()
    if not row.is_answered:
        raise PinciteError("The answers are not all there yet.", "Vote when they are.")
    sides = range(len(load(tuple[Variant, ...], row.variants)))
    names_one = winner in sides if outcome is Outcome.WIN else winner is None
    if not names_one:
        raise PinciteError("This vote names no side of the comparison.", "Reload the page.")


def _thumb(message_id: str, person: Person) -> sa.ColumnElement[bool]:
    return (feedback.c.message_id == message_id) & (feedback.c.person_id == person.id)


def _require_message(sql: sa.Connection, matter_id: str, message_id: str) -> None:
    there = (
        sa.select(messages.c.id)
        .join(conversations)
        .where(conversations.c.matter_id == matter_id)
        .where(messages.c.id == message_id)
    )
    if sql.execute(there).first() is None:
        raise NotFound("This message is not in the matter.", "Reload the page.")


def _comparison(row: sa.Row[Any], answers: str | None = None) -> Comparison:
    return Comparison(
        id=row.id,
        matter_id=row.matter_id,
        person_id=row.person_id,
        question=row.question,
        variants=load(tuple[Variant, ...], row.variants),
        is_blind=row.is_blind,
        created_at=datetime.fromisoformat(row.created_at),
        answers=() if answers is None else load(tuple[Answer, ...], answers),
        message_id=row.message_id,
        scope=load(Scope, row.scope),
    )


def _vote(row: sa.Row[Any]) -> Vote:
    return Vote(
        id=row.id,
        comparison_id=row.comparison_id,
        person_id=row.person_id,
        outcome=Outcome(row.outcome),
        winner=row.winner,
        faults=load(tuple[Fault, ...], row.faults),
        note=row.note,
        at=datetime.fromisoformat(row.at),
        is_withdrawn=row.is_withdrawn,
    )


def _rated() -> sa.Join:
    """The thumbs with the conversations, and so the matters, that they are in."""
    return feedback.join(messages).join(
        conversations, conversations.c.id == messages.c.conversation_id
    )


def _feedback(row: sa.Row[Any]) -> Feedback:
    return Feedback(
        message_id=row.message_id,
        person_id=row.person_id,
        is_good=row.is_good,
        faults=load(tuple[Fault, ...], row.faults),
        note=row.note,
        at=datetime.fromisoformat(row.at),
    )
