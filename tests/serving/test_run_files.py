"""A run's files: its report in both formats, and its results."""

from pathlib import Path

import pytest

from core.database import Database
from core.evaluation.variants import VARIANTS
from core.serving.pages import Look
from core.serving.runs import TYPES, _told, _written
from core.trials import Result, RunState, SetQuestion
from core.types import LOCAL
from ui.pages import words_for

ASKED = [SetQuestion(f"q{n}", "=Question?" if n else "<script>?", "A.") for n in range(4)]


@pytest.mark.parametrize("file", TYPES)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_file_of_a_run_is_written(file: str, language: str, tmp_path: Path):
    database = Database(tmp_path / "pincite.db")
    await database.start()
    try:
        matter = await database.create_matter("Aldgate")
        held = await database.create_question_set(matter.id, "Leases", asked=ASKED)
        run = await database.create_run(matter.id, held.id, 1, VARIANTS[:2], 8, {"seed": 0}, LOCAL)
        for position in range(2):
            for at, asked in enumerate(ASKED):
                metrics = {"refusal": float(at > position), "seconds": 1.0 + position}
                await database.keep_result(
                    matter.id, Result(run.id, position, asked.id, metrics=metrics)
                )
        await database.set_run_state(matter.id, run.id, RunState.DONE)
        told = await _told(database, await database.run(matter.id, run.id))
    finally:
        await database.close()
    written = _written(file, told, words_for(Look(LOCAL, "/", language, "")))
    if isinstance(written, bytes):
        assert written[:2] == b"PK"
        return
    assert "Question?" in written
    if file == "report.html":
        assert "<script>?" not in written
    if file == "results.csv":
        assert "'=Question?" in written
        assert len(written.splitlines()) == 9
