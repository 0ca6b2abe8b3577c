"""What a run came to, as files: its report, and its results as a table or as JSON lines."""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, Request
from starlette.responses import Response

from core.database import Database
from core.deeds import Deed
from core.errors import NotFound
from core.evaluation.exports import as_csv, as_jsonl
from core.evaluation.outcomes import rows
from core.serving.pages import address_of, look_of
from core.serving.walls import Walls
from core.trials import Result, Run, SetQuestion
from core.types import Role

TYPES = {
    "results.csv": "text/csv; charset=utf-8",
    "results.jsonl": "application/jsonl; charset=utf-8",
}


def run_routes(database: Database) -> APIRouter:
    """``/matters/{id}/runs/{id}/{file}``: for the matter's readers, noted in the log."""
    routes = APIRouter(include_in_schema=False)
    walls = Walls(database)

    @routes.get("/matters/{matter_id}/runs/{run_id}/{file}")
    async def download(request: Request, matter_id: str, run_id: str, file: str) -> Response:
        person = look_of(request).person
        await walls.require(person, matter_id, Role.READER)
        run = await database.run(matter_id, run_id)
        if file not in TYPES:
            raise NotFound("There is no such file.", "Reload the page.")
        results = await database.results(matter_id, run.id)
        asked = await _asked(database, run)
        body = await asyncio.to_thread(_written, file, run, results, asked)
        await database.record(
            person, Deed.EXPORTED, matter_id, f"{run.id}/{file}", address=address_of(request)
        )
        name = {"content-disposition": f'attachment; filename="pincite-{run.id[:8]}-{file}"'}
        return Response(body, media_type=TYPES[file], headers=name)

    return routes


async def _asked(database: Database, run: Run) -> dict[str, SetQuestion]:
    with suppress(NotFound):
        asked = await database.questions(run.matter_id, run.set_id, run.set_version)
        return {each.id: each for each in asked}
    return {}


def _written(
    file: str, run: Run, results: tuple[Result, ...], asked: dict[str, SetQuestion]
) -> str | bytes:
    listed = rows(run, results, asked)
    return as_csv(listed) if file.endswith(".csv") else as_jsonl(listed)
