"""What a run came to, as files: its report, and its results as a table or as JSON lines."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from core.database import Database
from core.deeds import Deed
from core.errors import NotFound
from core.evaluation.exports import as_csv, as_jsonl
from core.evaluation.gate import DEFAULT_RULES
from core.evaluation.outcomes import changed, gate, rows, standing_at
from core.evaluation.reports import Judged, Words, docx_report, html_report, report
from core.evaluation.variants import in_force
from core.serving.pages import Look, address_of, look_of
from core.serving.walls import Walls
from core.trials import QuestionSet, Result, Rule, Run, SetQuestion
from core.types import Role, Variant

TYPES = {
    "report.html": "text/html; charset=utf-8",
    "report.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "results.csv": "text/csv; charset=utf-8",
    "results.jsonl": "application/jsonl; charset=utf-8",
}


Changes = Callable[[Run], Awaitable[Sequence[str]]]
"""Tells in what a run would rest on something else now (``Runner.changes``)."""


def run_routes(
    database: Database, changes: Changes, words_for: Callable[[Look], Words]
) -> APIRouter:
    """``/matters/{id}/runs/{id}/{file}``: for the matter's readers, noted in the log.

    ``words_for`` gives a report the language of who asks for it.
    """
    routes = APIRouter(include_in_schema=False)
    walls = Walls(database)

    @routes.get("/matters/{matter_id}/runs/{run_id}/{file}")
    async def download(request: Request, matter_id: str, run_id: str, file: str) -> Response:
        person = look_of(request).person
        await walls.require(person, matter_id, Role.READER)
        run = await database.run(matter_id, run_id)
        if file not in TYPES:
            raise NotFound("There is no such file.", "Reload the page.")
        told = await _told(database, changes, run)
        body = await asyncio.to_thread(_written, file, told, words_for(look_of(request)))
        await database.record(
            person, Deed.EXPORTED, matter_id, f"{run.id}/{file}", address=address_of(request)
        )
        name = {"content-disposition": f'attachment; filename="pincite-{run.id[:8]}-{file}"'}
        return Response(body, media_type=TYPES[file], headers=name)

    return routes


@dataclass(frozen=True)
class _Told:
    """A run with all that its files are written from."""

    run: Run
    results: tuple[Result, ...]
    question_set: QuestionSet
    asked: tuple[SetQuestion, ...]
    in_force: Variant
    rules: tuple[Rule, ...]
    changed: tuple[str, ...]


async def _told(database: Database, changes: Changes, run: Run) -> _Told:
    """What is known of a run; of a set that has been deleted there are no questions left."""
    asked: tuple[SetQuestion, ...] = ()
    held = QuestionSet(run.set_id, run.matter_id, "–", "", False, 0, 0, 0, run.created_at)
    with suppress(NotFound):
        held = await database.question_set(run.matter_id, run.set_id)
        asked = await database.questions(run.matter_id, run.set_id, run.set_version)
    accepted = tuple(each for each in asked if not each.is_draft)
    results = await database.results(run.matter_id, run.id)
    promoted = in_force(await database.promotions(run.matter_id))
    rules = await database.limits(run.matter_id) or DEFAULT_RULES
    stale = await changed(run, changes)
    return _Told(run, results, held, accepted, promoted, rules, stale)


def _written(file: str, told: _Told, words: Words) -> str | bytes:
    run, results = told.run, told.results
    if file.startswith("results."):
        listed = rows(run, results, {each.id: each for each in told.asked})
        return as_csv(listed) if file == "results.csv" else as_jsonl(listed)
    same = standing_at(run.variants, told.in_force)
    others = [at for at in range(len(run.variants)) if at not in same]
    judged = [
        Judged(at, gate(run, results, at, told.in_force, told.rules, told.changed))
        for at in others or same
    ]
    base = same[0] if same else 0
    made = report(run, results, told.question_set, told.asked, judged=judged, baseline=base)
    return html_report(made, words) if file == "report.html" else docx_report(made, words)
