"""A run's files: its report in both formats, and its results."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from core.database import Database
from core.evaluation.variants import VARIANTS
from core.serving.pages import Look
from core.serving.runs import TYPES, _told, _written
from core.trials import Result, Rule, Run, RunState, SetQuestion
from core.types import LOCAL, Variant
from ui.pages import words_for

ASKED = [SetQuestion(f"q{n}", "=Question?" if n else "<script>?", "A.") for n in range(4)]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(tmp_path / "pincite.db")
    await made.start()
    yield made
    await made.close()


async def a_run(database: Database, *variants: Variant) -> Run:
    """A finished run of these, each worse than the one before."""
    matter = await database.create_matter("Aldgate")
    held = await database.create_question_set(matter.id, "Leases", asked=ASKED)
    total = len(ASKED) * len(variants)
    run = await database.create_run(matter.id, held.id, 1, variants, total, {"seed": 0}, LOCAL)
    for position in range(len(variants)):
        for at, asked in enumerate(ASKED):
            metrics = {"refusal": float(at > position), "seconds": 1.0 + position}
            await database.keep_result(
                matter.id, Result(run.id, position, asked.id, metrics=metrics)
            )
    await database.set_run_state(matter.id, run.id, RunState.DONE)
    return await database.run(matter.id, run.id)


async def written(database: Database, run: Run, file: str, language: str, *stale: str) -> str:
    async def changes(run: Run) -> Sequence[str]:
        return stale

    told = _written(
        file, await _told(database, changes, run), words_for(Look(LOCAL, "/", language, ""))
    )
    if isinstance(told, bytes):
        assert told[:2] == b"PK"
        return "".join(each.text for each in Document(BytesIO(told)).paragraphs)
    return told


@pytest.mark.parametrize("file", TYPES)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_file_of_a_run_is_written(database: Database, file: str, language: str):
    told = await written(database, await a_run(database, *VARIANTS[:2]), file, language)
    assert "Question?" in told
    if file == "report.html":
        assert "<script>?" not in told
    if file == "results.csv":
        assert "'=Question?" in told
        assert len(told.splitlines()) == 9


@pytest.mark.parametrize("file", ["report.html", "report.docx"])
async def test_a_report_judges_every_variant_but_the_one_in_force(database: Database, file: str):
    copy = replace(VARIANTS[0], name="a copy of what is in force")
    run = await a_run(database, VARIANTS[1], copy, VARIANTS[2])
    told = await written(database, run, file, "en")
    for name in (VARIANTS[1].name, VARIANTS[2].name):
        assert f"{name} passes" in told or f"{name} does not pass." in told
        assert f"{name} against {copy.name}" in told
    assert f"{copy.name} passes" not in told
    assert f"{copy.name} does not pass." not in told


async def test_a_report_asks_for_what_the_matter_asks_for(database: Database):
    run = await a_run(database, VARIANTS[0])
    await database.set_limits(run.matter_id, (Rule("refusal", at_least=0.9),))
    told = await written(database, run, "report.html", "en")
    assert "Refusals right is 0.750, below the 0.900 asked for." in told


async def test_a_report_says_that_the_gate_is_shut_by_what_has_changed(database: Database):
    run = await a_run(database, VARIANTS[0])
    told = await written(database, run, "report.html", "en")
    assert "draft passes every check that could be judged." in told
    told = await written(database, run, "report.html", "en", "documents")
    assert "draft does not pass." in told
    assert "Documents have come, gone or been replaced since this run began." in told
