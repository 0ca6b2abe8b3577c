"""Runs of question sets, with their results."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table, Text

from core.errors import NotFound, PinciteError
from core.records.documents import documents
from core.records.matters import require_matter, require_no_hold
from core.records.stored import dump, hits_without, load, sources, without
from core.records.transactions import (
    Records,
    changing,
    erasing,
    metadata,
    now,
    striking,
    transacted,
)
from core.trials import Result, Run, RunState
from core.types import DocumentState, Person, Variant

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("matter_id", ForeignKey("matters.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("set_id", String, nullable=False),
    Column("set_version", Integer, nullable=False),
    Column("variants", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("created_at", String, nullable=False),
    Column("person_id", String, nullable=False),
    Column("total", Integer, nullable=False),
    Column("finished_at", String),
    Column("trouble", Text, nullable=False),
)

results = Table(
    "results",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("question_id", String, primary_key=True),
    Column("result", Text, nullable=False),
    Column("seconds", Float, nullable=False),
)

OVER = (RunState.DONE, RunState.CANCELLED, RunState.FAILED)


class Runs(Records):
    """What is recorded of runs."""

    @changing
    def create_run(
        self,
        sql: sa.Connection,
        matter_id: str,
        set_id: str,
        set_version: int,
        variants: Sequence[Variant],
        total: int,
        manifest: Mapping[str, object],
        person: Person,
    ) -> Run:
        """Record a run that is to be done.

        Raises ``NotFound`` when the matter does not exist, and ``PinciteError`` without a question
        or a variant, or with one variant twice.
        """
        require_matter(sql, matter_id)
        if not variants or len(set(variants)) < len(variants) or not total:
            raise PinciteError(
                "A run takes at least one question and one variant, each once.",
                "Accept questions of the set, and choose the variants.",
            )
        values = {
            "id": uuid4().hex,
            "matter_id": matter_id,
            "set_id": set_id,
            "set_version": set_version,
            "variants": dump(tuple[Variant, ...], tuple(variants)),
            "state": RunState.QUEUED,
            "manifest": dump(dict[str, object], dict(manifest)),
            "created_at": now(),
            "person_id": person.id,
            "total": total,
            "trouble": "",
        }
        sql.execute(sa.insert(runs).values(values))
        return _one(sql, matter_id, str(values["id"]))

    @transacted
    def run(self, sql: sa.Connection, matter_id: str, run_id: str) -> Run:
        """One run of the matter; raises ``NotFound``."""
        return _one(sql, matter_id, run_id)

    @transacted
    def runs(self, sql: sa.Connection, matter_id: str, set_id: str = "") -> tuple[Run, ...]:
        """The matter's runs, or those on one set, newest first."""
        query = _counted().where(runs.c.matter_id == matter_id)
        if set_id:
            query = query.where(runs.c.set_id == set_id)
        return tuple(map(_run, sql.execute(query.order_by(runs.c.created_at.desc()))))

    @transacted
    def unfinished_runs(self, sql: sa.Connection) -> tuple[Run, ...]:
        """Every run that is not over, of all matters, oldest first: for the runner."""
        query = _counted().where(runs.c.state.not_in(OVER)).order_by(runs.c.created_at)
        return tuple(map(_run, sql.execute(query)))

    @transacted
    def is_run_over(self, sql: sa.Connection, matter_id: str, run_id: str) -> bool:
        """Whether a run has ended, or is no more."""
        this = (runs.c.matter_id == matter_id) & (runs.c.id == run_id)
        state = sql.scalar(sa.select(runs.c.state).where(this))
        return state is None or state in OVER

    @changing
    def set_run_state(
        self, sql: sa.Connection, matter_id: str, run_id: str, state: RunState, trouble: str = ""
    ) -> bool:
        """Move a run on; one that is over stays as it is. Returns whether it was moved."""
        this = (runs.c.matter_id == matter_id) & (runs.c.id == run_id) & runs.c.state.not_in(OVER)
        values: dict[str, object] = {"state": state, "trouble": trouble}
        if state in OVER:
            values["finished_at"] = now()
        return bool(sql.execute(sa.update(runs).where(this).values(values)).rowcount)

    @changing
    def rest_on(
        self, sql: sa.Connection, matter_id: str, run_id: str, manifest: dict[str, object]
    ) -> None:
        """Keep what a run rests on whose first answer is still to come; raises ``NotFound``."""
        _one(sql, matter_id, run_id)
        _keep_manifest(sql, matter_id, run_id, manifest)

    @changing
    def note_changed(
        self, sql: sa.Connection, matter_id: str, run_id: str, keys: Iterable[str]
    ) -> None:
        """Add to the manifest's ``changed`` what a run under way no longer rests on as it began.

        Raises ``NotFound``.
        """
        rests_on = _one(sql, matter_id, run_id).manifest
        known = rests_on.get("changed")
        every = sorted({*keys, *(known if isinstance(known, list) else ())})
        _keep_manifest(sql, matter_id, run_id, rests_on | {"changed": every})

    @changing
    def note_judge(self, sql: sa.Connection, matter_id: str, run_id: str, name: str) -> str:
        """Keep in the manifest who marks the run's answers, nobody where ``name`` is empty.

        It is decided once.  Returns what was: a run that is gone on with stays as it began.
        Raises ``NotFound``.
        """
        rests_on = _one(sql, matter_id, run_id).manifest
        if "judge" not in rests_on:
            rests_on = rests_on | {"judge": name}
            _keep_manifest(sql, matter_id, run_id, rests_on)
        return str(rests_on["judge"])

    @changing
    def keep_result(self, sql: sa.Connection, matter_id: str, result: Result) -> None:
        """Record what one question came to, in place of an earlier result of the same.

        Documents that were deleted meanwhile leave no word in it.  Raises ``NotFound``.
        """
        _one(sql, matter_id, result.run_id)
        there = sa.select(documents.c.id).where(
            documents.c.matter_id == matter_id, documents.c.state != DocumentState.DELETING
        )
        left = _result_without(result, _sources(result) - set(sql.scalars(there)))
        key = (
            (results.c.run_id == left.run_id)
            & (results.c.position == left.position)
            & (results.c.question_id == left.question_id)
        )
        sql.execute(sa.delete(results).where(key))
        values = {
            "run_id": left.run_id,
            "position": left.position,
            "question_id": left.question_id,
            "result": dump(Result, left),
            "seconds": left.seconds,
        }
        sql.execute(sa.insert(results).values(values))

    @transacted
    def results(self, sql: sa.Connection, matter_id: str, run_id: str) -> tuple[Result, ...]:
        """The results of a run so far; raises ``NotFound``."""
        _one(sql, matter_id, run_id)
        query = sa.select(results).where(results.c.run_id == run_id)
        ordered = query.order_by(results.c.position, results.c.question_id)
        return tuple(load(Result, row.result) for row in sql.execute(ordered))

    @transacted
    def result_keys(
        self, sql: sa.Connection, matter_id: str, run_id: str
    ) -> frozenset[tuple[int, str]]:
        """Which (position, question id) of a run are done; raises ``NotFound``."""
        _one(sql, matter_id, run_id)
        query = sa.select(results.c.position, results.c.question_id)
        return frozenset(
            (row.position, row.question_id)
            for row in sql.execute(query.where(results.c.run_id == run_id))
        )

    @erasing
    def delete_run(self, sql: sa.Connection, matter_id: str, run_id: str) -> None:
        """Remove a run with its results.

        Raises ``NotFound``, and ``NotAllowed`` in a matter on hold.
        """
        require_no_hold(sql, matter_id)
        _one(sql, matter_id, run_id)
        sql.execute(sa.delete(runs).where(runs.c.id == run_id))

    @striking
    def strike_results(
        self, sql: sa.Connection, matter_id: str, document_ids: Iterable[str]
    ) -> None:
        """Remove the words of deleted documents from the matter's results; figures stay."""
        gone = frozenset(document_ids)
        own = sa.select(results).join(runs).where(runs.c.matter_id == matter_id)
        for row in sql.execute(own).all():
            result = load(Result, row.result)
            left = _result_without(result, gone)
            if left != result:
                key = (
                    (results.c.run_id == row.run_id)
                    & (results.c.position == row.position)
                    & (results.c.question_id == row.question_id)
                )
                stored = dump(Result, left)
                sql.execute(sa.update(results).where(key).values(result=stored))


def _sources(result: Result) -> frozenset[str]:
    retrieved = frozenset(hit.passage.document_id for hit in result.hits)
    return retrieved | (sources(result.answer) if result.answer else frozenset())


def _result_without(result: Result, gone: frozenset[str]) -> Result:
    if not _sources(result) & gone:
        return result
    answer = None if result.answer is None else without(result.answer, gone)
    return replace(result, answer=answer, hits=hits_without(result.hits, gone))


def _keep_manifest(
    sql: sa.Connection, matter_id: str, run_id: str, rests_on: dict[str, object]
) -> None:
    this = (runs.c.matter_id == matter_id) & (runs.c.id == run_id)
    stored = dump(dict[str, object], rests_on)
    sql.execute(sa.update(runs).where(this).values(manifest=stored))


def _counted() -> sa.Select[Any]:
    number = sa.func.count(results.c.question_id).label("done")
    spent = sa.func.coalesce(sa.func.sum(results.c.seconds), 0.0).label("seconds")
    return sa.select(runs, number, spent).outerjoin(results).group_by(runs.c.id)


def _one(sql: sa.Connection, matter_id: str, run_id: str) -> Run:
    own = (runs.c.matter_id == matter_id) & (runs.c.id == run_id)
    row = sql.execute(_counted().where(own)).first()
    if row is None:
        raise NotFound("This run is not in the matter.", "Reload the page.")
    return _run(row)


def _run(row: sa.Row[Any]) -> Run:
    finished = row.finished_at
    return Run(
        id=row.id,
        matter_id=row.matter_id,
        set_id=row.set_id,
        set_version=row.set_version,
        variants=load(tuple[Variant, ...], row.variants),
        state=RunState(row.state),
        manifest=load(dict[str, object], row.manifest),
        created_at=datetime.fromisoformat(row.created_at),
        person_id=row.person_id,
        done=row.done,
        total=row.total,
        seconds=row.seconds,
        finished_at=datetime.fromisoformat(finished) if finished else None,
        trouble=row.trouble,
    )
