"""Question sets and their versions.

A question is never changed in place: the new one stands from the next version on, and the old one
is read with the versions before, so that a run can always be repeated on what it was run on.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from core.errors import NotFound, PinciteError
from core.records.documents import documents
from core.records.matters import require_matter, require_no_hold
from core.records.stored import dump, load
from core.records.transactions import (
    Records,
    changing,
    erasing,
    metadata,
    now,
    striking,
    transacted,
)
from core.trials import Gold, QuestionSet, SetQuestion, legible
from core.types import DocumentState

question_sets = Table(
    "question_sets",
    metadata,
    Column("id", String, primary_key=True),
    Column("matter_id", ForeignKey("matters.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("description", Text, nullable=False),
    Column("is_held_out", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", String, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    Column("row", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column(
        "set_id", ForeignKey("question_sets.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("since", Integer, nullable=False),
    Column("until", Integer),
    Column("position", Integer, nullable=False),
    Column("is_draft", Boolean, nullable=False),
    Column("question", Text, nullable=False),
)


class QuestionSets(Records):
    """What is recorded of question sets."""

    @changing
    def create_question_set(
        self,
        sql: sa.Connection,
        matter_id: str,
        name: str,
        description: str = "",
        is_held_out: bool = False,
        asked: Sequence[SetQuestion] = (),
    ) -> QuestionSet:
        """Make a set with its first version; a question without an id of its own gets one.

        Raises ``NotFound`` when the matter does not exist, and ``PinciteError`` for an empty or a
        taken name.
        """
        require_matter(sql, matter_id)
        values = {
            "id": uuid4().hex,
            "matter_id": matter_id,
            "name": _checked_name(sql, matter_id, name),
            "description": description.strip(),
            "is_held_out": is_held_out,
            "version": 1,
            "created_at": now(),
        }
        sql.execute(sa.insert(question_sets).values(values))
        _insert(sql, str(values["id"]), 1, _own_ids(asked, ()), 0)
        return _one(sql, matter_id, str(values["id"]))

    @transacted
    def question_sets(self, sql: sa.Connection, matter_id: str) -> tuple[QuestionSet, ...]:
        """The matter's question sets, by name."""
        own = sa.select(question_sets).where(question_sets.c.matter_id == matter_id)
        rows = sql.execute(own.order_by(question_sets.c.name, question_sets.c.id)).all()
        return tuple(_question_set(sql, row) for row in rows)

    @transacted
    def question_set(self, sql: sa.Connection, matter_id: str, set_id: str) -> QuestionSet:
        """One question set of the matter; raises ``NotFound``."""
        return _one(sql, matter_id, set_id)

    @transacted
    def questions(
        self, sql: sa.Connection, matter_id: str, set_id: str, version: int = 0
    ) -> tuple[SetQuestion, ...]:
        """The questions of a version in order, drafts too; of the newest with 0.

        Raises ``NotFound``.
        """
        held = _one(sql, matter_id, set_id)
        stands = _stands(set_id, version or held.version)
        rows = sql.execute(sa.select(questions).where(stands).order_by(questions.c.position))
        return tuple(load(SetQuestion, row.question) for row in rows)

    @changing
    def describe_question_set(
        self,
        sql: sa.Connection,
        matter_id: str,
        set_id: str,
        name: str,
        description: str,
        is_held_out: bool,
    ) -> None:
        """Name and describe a set anew.

        Raises ``NotFound``, and ``PinciteError`` for an empty or a taken name.
        """
        _one(sql, matter_id, set_id)
        values = {
            "name": _checked_name(sql, matter_id, name, but=set_id),
            "description": description.strip(),
            "is_held_out": is_held_out,
        }
        sql.execute(sa.update(question_sets).where(question_sets.c.id == set_id).values(values))

    @changing
    def add_questions(
        self,
        sql: sa.Connection,
        matter_id: str,
        set_id: str,
        asked: Sequence[SetQuestion],
        corrects: Mapping[str, Collection[str]] | None = None,
    ) -> tuple[QuestionSet, int]:
        """Append questions as a new version of the set; raises ``NotFound``.

        What the newest version asks already is left out, unless it ``corrects``, which has the
        fields that a file tells of each question, by its id there: then what they say otherwise
        takes the place of what stands (see ``_corrected``).  Drafts ask nothing yet, except of
        other drafts.  Returns the set and how many were left out; where all were there
        is no new version.  A new question whose id any version of the set has known gets another:
        results are kept by it.
        """
        held = _one(sql, matter_id, set_id)
        there = _asked_in(sql, set_id, held.version)
        accepted = {key: each for key, each in there.items() if not each.is_draft}
        new: dict[str, SetQuestion] = {}
        corrected: list[SetQuestion] = []
        for each in asked:
            before = (there if each.is_draft else accepted).get(each.asks)
            if before is None:
                new.setdefault(each.asks, each)
            elif corrects and (now := _corrected(before, each, corrects[each.id])) != before:
                corrected.append(now)
        if new or corrected:
            version = _next_version(sql, matter_id, set_id)
            for each in corrected:
                _replace(sql, set_id, version, each)
            this = questions.c.set_id == set_id
            known = sql.scalars(sa.select(questions.c.id).where(this)).all()
            last = sql.scalar(sa.select(sa.func.max(questions.c.position)).where(this)) or 0
            _insert(sql, set_id, version, _own_ids(tuple(new.values()), known), last + 1)
        left_out = len(asked) - len(new) - len(corrected)
        return _one(sql, matter_id, set_id), left_out

    @changing
    def change_question(
        self, sql: sa.Connection, matter_id: str, set_id: str, asked: SetQuestion
    ) -> QuestionSet:
        """Put a question in the place of the one with its id, as a new version of the set.

        Raises ``NotFound`` where the newest version has none of that id, and ``PinciteError``
        where another of its questions asks the same.
        """
        held = _one(sql, matter_id, set_id)
        same = _asked_in(sql, set_id, held.version, but=asked.id).get(asked.asks)
        if same is not None and not asked.is_draft and not same.is_draft:
            raise PinciteError("The set asks this question already.", "Change that one instead.")
        _replace(sql, set_id, _next_version(sql, matter_id, set_id), asked)
        return _one(sql, matter_id, set_id)

    @changing
    def remove_questions(
        self, sql: sa.Connection, matter_id: str, set_id: str, ids: Iterable[str]
    ) -> QuestionSet:
        """Leave questions out of a new version of the set; raises ``NotFound`` if none is there."""
        held = _one(sql, matter_id, set_id)
        chosen = _stands(set_id, held.version) & questions.c.id.in_(list(ids))
        if sql.execute(sa.select(questions.c.row).where(chosen)).first() is None:
            raise _no_question()
        version = _next_version(sql, matter_id, set_id)
        sql.execute(sa.update(questions).where(chosen).values(until=version))
        return _one(sql, matter_id, set_id)

    @erasing
    def delete_question_set(self, sql: sa.Connection, matter_id: str, set_id: str) -> None:
        """Remove a set with all its versions; runs on it keep their results.

        Raises ``NotFound``, and ``NotAllowed`` in a matter on hold.
        """
        require_no_hold(sql, matter_id)
        _one(sql, matter_id, set_id)
        sql.execute(sa.delete(question_sets).where(question_sets.c.id == set_id))

    @striking
    def strike_questions(
        self, sql: sa.Connection, matter_id: str, document_ids: Iterable[str]
    ) -> None:
        """Remove the words of deleted documents from the matter's question sets, in all versions.

        Gold answers that name no document by its id are of every version of its name, spelt as
        runs understand it: they go with the last of them.  The reference answer goes with its
        source, and so does a whole question that the engine wrote from it.
        """
        gone = frozenset(document_ids)
        own = documents.c.matter_id == matter_id
        known = {row.id: row.name for row in sql.execute(sa.select(documents).where(own))}
        names = _Names.of(
            (known[each] for each in gone if each in known),
            (name for each, name in known.items() if each not in gone),
        )
        sets = sa.select(question_sets.c.id).where(question_sets.c.matter_id == matter_id)
        for row in sql.execute(sa.select(questions).where(questions.c.set_id.in_(sets))).all():
            asked = load(SetQuestion, row.question)
            left = _without(asked, lambda each: _is_gone(each, gone, names))
            this = questions.c.row == row.row
            if left is None:
                sql.execute(sa.delete(questions).where(this))
            elif left != asked:
                stored = dump(SetQuestion, left)
                sql.execute(sa.update(questions).where(this).values(question=stored))


@dataclass(frozen=True, slots=True)
class _Names:
    """Names of documents that are gone and borne by none that is left: whole, and their ends."""

    whole: frozenset[str]
    ends: frozenset[str]

    @classmethod
    def of(cls, gone: Iterable[str], left: Iterable[str]) -> "_Names":
        lost = {each.casefold() for each in gone}
        kept = {each.casefold() for each in left}
        ends = {_end(each) for each in lost} - {_end(each) for each in kept}
        return cls(frozenset(lost - kept), frozenset(ends))


def _end(name: str) -> str:
    return name.rpartition("/")[2]


def _is_gone(gold: Gold, gone: frozenset[str], names: _Names) -> bool:
    if gold.document_id:
        return gold.document_id in gone
    name = gold.document.casefold()
    return name in names.whole or _end(name) in names.ends


def _without(asked: SetQuestion, is_gone: Callable[[Gold], bool]) -> SetQuestion | None:
    """The question without what rests on gold answers that are gone; ``None`` if all of it does."""
    if not any(map(is_gone, asked.gold)):
        return asked
    if asked.is_draft or asked.by_engine:
        return None
    gold = tuple(Gold(each.document) if is_gone(each) else each for each in asked.gold)
    return replace(asked, gold=gold, reference="")


def _living(
    sql: sa.Connection, set_id: str, asked: Sequence[SetQuestion]
) -> tuple[SetQuestion, ...]:
    """The questions without words of documents that were deleted while they were made."""
    matter = sa.select(question_sets.c.matter_id).where(question_sets.c.id == set_id)
    there = sa.select(documents.c.id).where(
        documents.c.matter_id.in_(matter), documents.c.state != DocumentState.DELETING
    )
    living = frozenset(sql.scalars(there))
    left = (
        _without(q, lambda g: bool(g.document_id) and g.document_id not in living) for q in asked
    )
    return tuple(each for each in left if each is not None)


def _asked_in(
    sql: sa.Connection, set_id: str, version: int, but: str = ""
) -> dict[str, SetQuestion]:
    """The questions of a version by what they ask; of an accepted one and a draft, the accepted."""
    stands = _stands(set_id, version) & (questions.c.id != but)
    rows = sql.scalars(sa.select(questions.c.question).where(stands))
    found = sorted((load(SetQuestion, each) for each in rows), key=lambda each: not each.is_draft)
    return {each.asks: each for each in found}


def _corrected(before: SetQuestion, given: SetQuestion, told: Collection[str]) -> SetQuestion:
    """The question with what a file says of it: what it does not tell stays, whatever is ``given``.

    A question that is given a place has an answer, and one that has none keeps no place.  What a
    file says in the same words, as far as it can hold them, is left as it is.
    """

    def words(standing: str, said: str) -> str:
        return standing if legible(standing) == legible(said) else said

    answerable = before.is_answerable or bool(given.gold)
    answerable = given.is_answerable if "answerable" in told else answerable
    return replace(
        before,
        question=words(before.question, given.question),
        reference=words(before.reference, given.reference)
        if "reference" in told
        else before.reference,
        gold=_places(before.gold, given.gold, told) if answerable else (),
        tags=given.tags if "tags" in told else before.tags,
        is_answerable=answerable,
    )


def _places(
    before: tuple[Gold, ...], given: tuple[Gold, ...], told: Collection[str]
) -> tuple[Gold, ...]:
    """The places of a question as a file has them.

    A table names one, by its document, words and page: where that is the first one of several, all
    stay.  A list of ``gold`` names them all.  No file names a document by its id, and a table no
    span: a place that stands already keeps both.
    """
    parts = ("document", "page", "quote")
    named = parts if "gold" in told else tuple(each for each in parts if each in told)

    def place(gold: Gold) -> tuple[object, ...]:
        every = (legible(gold.document), gold.page, "".join(legible(gold.quote).split()))
        return tuple(part for name, part in zip(parts, every, strict=True) if name in named)

    is_first = "gold" not in told and [*map(place, given)] == [*map(place, before[:1])]
    if is_first or not named:
        return before
    standing: dict[object, list[Gold]] = {}
    for each in before:
        standing.setdefault(place(each), []).append(each)
    return tuple(_standing(each, standing.get(place(each), [])) for each in given)


def _standing(given: Gold, alike: list[Gold]) -> Gold:
    """The place itself, or the one of those ``alike`` that it is, which is taken out of them."""
    for at, each in enumerate(alike):
        if given.start is None or (given.start, given.end) == (each.start, each.end):
            return alike.pop(at)
    return given


def _replace(sql: sa.Connection, set_id: str, version: int, asked: SetQuestion) -> None:
    """Put a question in the place of the one with its id from a version on."""
    standing = _stands(set_id, version - 1) & (questions.c.id == asked.id)
    row = sql.execute(sa.select(questions).where(standing)).first()
    if row is None:
        raise _no_question()
    sql.execute(sa.update(questions).where(questions.c.row == row.row).values(until=version))
    _insert(sql, set_id, version, [asked], row.position)


def _own_ids(asked: Sequence[SetQuestion], known: Iterable[str]) -> list[SetQuestion]:
    taken, own = {"", *known}, []
    for each in asked:
        own.append(replace(each, id=uuid4().hex) if each.id in taken else each)
        taken.add(own[-1].id)
    return own


def _insert(
    sql: sa.Connection, set_id: str, version: int, asked: Sequence[SetQuestion], first: int
) -> None:
    rows = [
        {
            "id": each.id,
            "set_id": set_id,
            "since": version,
            "position": first + at,
            "is_draft": each.is_draft,
            "question": dump(SetQuestion, each),
        }
        for at, each in enumerate(_living(sql, set_id, asked))
    ]
    if rows:
        sql.execute(sa.insert(questions), rows)


def _stands(set_id: str, version: int) -> sa.ColumnElement[bool]:
    not_over = questions.c.until.is_(None) | (questions.c.until > version)
    return (questions.c.set_id == set_id) & (questions.c.since <= version) & not_over


def _next_version(sql: sa.Connection, matter_id: str, set_id: str) -> int:
    version = _one(sql, matter_id, set_id).version + 1
    this = question_sets.c.id == set_id
    sql.execute(sa.update(question_sets).where(this).values(version=version))
    return version


def _one(sql: sa.Connection, matter_id: str, set_id: str) -> QuestionSet:
    own = (question_sets.c.matter_id == matter_id) & (question_sets.c.id == set_id)
    row = sql.execute(sa.select(question_sets).where(own)).first()
    if row is None:
        raise NotFound("This question set is not in the matter.", "Reload the page.")
    return _question_set(sql, row)


def _question_set(sql: sa.Connection, row: sa.Row[Any]) -> QuestionSet:
    counted = sa.select(questions.c.is_draft, sa.func.count()).group_by(questions.c.is_draft)
    numbers = {
        bool(draft): int(number)
        for draft, number in sql.execute(counted.where(_stands(row.id, row.version)))
    }
    return QuestionSet(
        id=row.id,
        matter_id=row.matter_id,
        name=row.name,
        description=row.description,
        is_held_out=row.is_held_out,
        version=row.version,
        size=numbers.get(False, 0),
        drafts=numbers.get(True, 0),
        created_at=datetime.fromisoformat(row.created_at),
    )


def _no_question() -> NotFound:
    return NotFound("This question is not in the set any more.", "Reload the page.")


def _checked_name(sql: sa.Connection, matter_id: str, name: str, but: str = "") -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise PinciteError("A question set's name has 1 to 120 characters.", "Choose another name.")
    own = (question_sets.c.matter_id == matter_id) & (question_sets.c.id != but)
    taken = sa.select(question_sets.c.id).where(own, question_sets.c.name == name)
    if sql.execute(taken).first():
        raise PinciteError(f"A question set named “{name}” exists already.", "Choose another name.")
    return name
