"""``app.py evaluate``: the gate stops a worse variant with exit code 1; a kill loses nothing."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from app import cli
from core.database import Database
from core.evaluation.manifest import Digests, code_revision
from core.settings import ROOT
from core.trials import Rule
from core.types import DocumentState
from tests.fakes import LoadedEncoders
from tests.test_commands import Pincite, environment, pincite

__all__ = ["environment", "pincite"]

TOPICS = "rent deposit repairs insurance parking signage heating subletting pets storage".split()


@pytest.fixture
def set_of_rent(tmp_path: Path, pincite: Pincite) -> Path:
    """A matter with ten leases, and a file of questions of which each has its lease as gold."""
    folder = tmp_path / "leases"
    folder.mkdir()
    rows = []
    for n in range(40):
        topic = f"{TOPICS[n % 10]} of building {chr(65 + n // 10) * 3}"
        words = f"The Tenant of unit {n} bears the {topic} as the Landlord directs in writing."
        (folder / f"lease {n}.txt").write_text(f"Lease {n}\n\n{words}\n")
        rows.append(
            {"question": f"Who bears the {topic}?", "document": f"lease {n}.txt", "quote": words}
        )
    questions = tmp_path / "questions.jsonl"
    questions.write_text("\n".join(map(json.dumps, rows)))
    assert pincite("ingest", folder, "--matter", "Leases").exit_code == 0
    return questions


def evaluated(pincite: Pincite, *more: object) -> Result:
    return pincite("evaluate", "--matter", "Leases", "--set", "Rent", *more)


def test_a_set_is_imported_and_a_variant_is_run_over_it(
    pincite: Pincite, set_of_rent: Path
) -> None:
    made = evaluated(pincite, "--import", set_of_rent, "--variant", "quotes", "--json")
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    (variant,) = told["variants"]
    assert (told["state"], told["questions"], variant["failed"]) == ("done", 40, 0)
    assert variant["metrics"]["hit@10"] == 1.0
    table = evaluated(pincite, "--variant", "quotes").stdout
    assert "metric\tquotes" in table
    assert "hit@10\t1.0000" in table


def test_a_file_that_is_imported_every_night_changes_nothing(
    pincite: Pincite, set_of_rent: Path, tmp_path: Path
) -> None:
    first = evaluated(pincite, "--import", set_of_rent)
    assert "Rent\tversion 1\t40 questions" in first.stderr
    again = evaluated(pincite, "--import", set_of_rent)
    assert again.exit_code == 0, again.output
    assert "40 questions stand in the set already" in again.stderr
    assert "Rent\tversion 1\t40 questions" in again.stderr
    more = '\n{"question": "Who bears the lift?"}\n'
    set_of_rent.write_text(set_of_rent.read_text() + more)
    assert "Rent\tversion 2\t41 questions" in evaluated(pincite, "--import", set_of_rent).stderr
    with closing(sqlite3.connect(tmp_path / "data" / "pincite.db")) as database:
        deeds = [row[0] for row in database.execute("SELECT deed FROM audit")]
    assert deeds.count("question_set_changed") == 1


def test_a_set_that_is_named_by_its_id_is_the_one_that_a_file_is_added_to(
    pincite: Pincite, set_of_rent: Path, tmp_path: Path
) -> None:
    evaluated(pincite, "--import", set_of_rent)
    with closing(sqlite3.connect(tmp_path / "data" / "pincite.db")) as database:
        ((set_id,),) = database.execute("SELECT id FROM question_sets").fetchall()
    for name in (set_id, " Rent "):
        again = pincite(*("evaluate", "--matter", "Leases", "--set", name, "--import", set_of_rent))
        assert "Rent\tversion 1\t40 questions" in again.stderr, again.output


def test_thresholds_that_were_fitted_here_are_another_setting_of_a_run(
    pincite: Pincite, set_of_rent: Path, tmp_path: Path
) -> None:
    evaluated(pincite, "--import", set_of_rent, "--variant", "quotes")
    shipped = ROOT / "assets" / "calibration" / "multilingual-e5-small.json"
    own = tmp_path / "data" / "calibration"
    own.mkdir()
    (own / "own.json").write_text(shipped.read_text())
    evaluated(pincite, "--variant", "quotes")
    with closing(sqlite3.connect(tmp_path / "data" / "pincite.db")) as database:
        kept = [json.loads(row[0]) for row in database.execute("SELECT manifest FROM runs")]
    first, second = (each["settings"]["thresholds"] for each in kept)
    assert first == ""
    assert len(second) == 64


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    go_blind(monkeypatch)


def go_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dense search is made to see nothing; the lexical one is as it was."""
    import numpy as np

    async def one(self: LoadedEncoders, text: str) -> object:
        return np.ones(256, np.float32) / 16

    async def every(self: LoadedEncoders, texts: list[str]) -> object:
        return np.ones((len(texts), 256), np.float32) / 16

    monkeypatch.setattr(LoadedEncoders, "embed_query", one, raising=False)
    monkeypatch.setattr(LoadedEncoders, "embed_queries", every, raising=False)


def test_a_worse_variant_is_stopped_by_the_gate_with_exit_code_1(
    pincite: Pincite, set_of_rent: Path, blind: None
) -> None:
    compared = ("--variant", "dense", "--baseline", "lexical")
    stopped = evaluated(pincite, "--import", set_of_rent, *compared, "--gate")
    assert stopped.exit_code == 1, stopped.output
    assert "FAILED\tndcg@10" in stopped.stdout
    assert evaluated(pincite, *compared).exit_code == 0  # without the gate it is only told
    better = evaluated(pincite, "--variant", "lexical", "--baseline", "dense", "--gate", "--json")
    assert better.exit_code == 0, better.output
    assert all(each["passed"] for each in json.loads(better.stdout)["checks"])


def test_without_a_baseline_the_gate_holds_a_variant_against_the_one_in_force(
    pincite: Pincite, set_of_rent: Path, blind: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.evaluation.variants.DEFAULT_NAME", "lexical")
    asked = ("--import", set_of_rent, "--gate", "--json")
    stopped = evaluated(pincite, "--variant", "dense", *asked)
    assert stopped.exit_code == 1, stopped.output
    assert "lexical, the variant in force" in stopped.stderr
    told = json.loads(stopped.stdout)
    assert [each["name"] for each in told["variants"]] == ["dense", "lexical"]
    assert "ndcg@10" in {each["metric"] for each in told["checks"] if not each["passed"]}
    own = evaluated(pincite, "--variant", "lexical", "--gate")
    assert own.exit_code == 0, own.output
    assert "baseline\tlexical, in force, as it ran 20" in own.stderr
    assert "passed\tndcg@10" in own.stdout


def test_every_night_the_variant_in_force_is_held_against_its_first_run(
    pincite: Pincite, set_of_rent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.evaluation.variants.DEFAULT_NAME", "dense")
    first = evaluated(pincite, "--import", set_of_rent, "--variant", "dense", "--gate")
    assert first.exit_code == 0, first.output
    assert "baseline\tnone: dense is the variant in force and has no run before" in first.stderr
    assert "not judged\tndcg@10" in first.stdout
    reworded = set_of_rent.read_text().replace("lease 39.txt", "lease 38.txt")
    set_of_rent.write_text(reworded)  # of one question the gold stands elsewhere now
    evaluated(pincite, "--import", set_of_rent)
    go_blind(monkeypatch)
    second = evaluated(pincite, "--variant", "dense", "--gate")
    assert second.exit_code == 1, second.output
    assert ", 39 questions" in second.stderr
    assert "FAILED\tndcg@10" in second.stdout
    again = evaluated(pincite, "--variant", "dense", "--gate")
    assert again.exit_code == 1, "what was stopped is not held against itself"


def test_limits_of_the_gate_are_typed_for_each_metric(pincite: Pincite, set_of_rent: Path) -> None:
    compared = ("--variant", "lexical", "--baseline", "quotes", "--gate", "--json")
    typed = ("--at-least", "hit@10=1.5", "--at-most", "seconds=999", "--worst-drop", "refusal=1")
    judged = evaluated(pincite, "--import", set_of_rent, *compared, *typed)
    assert judged.exit_code == 1, judged.output
    checks = {each["metric"]: each for each in json.loads(judged.stdout)["checks"]}
    assert checks["hit@10"]["why"] == "hit@10 is 1, below the 1.5 asked for."
    assert "within its bounds" in checks["seconds"]["why"]
    assert "a loss of up to 1 is allowed" in checks["refusal"]["why"]


def test_the_limits_are_the_matters_but_for_those_that_are_typed(
    pincite: Pincite, set_of_rent: Path, tmp_path: Path
) -> None:
    async def limit() -> None:
        database = Database(tmp_path / "data" / "pincite.db")
        await database.start()
        (matter,) = await database.matters()
        strict = (Rule("hit@10", at_least=1.5, at_most=2.0), Rule("mrr", worst_drop=1.0))
        await database.set_limits(matter.id, strict)
        await database.close()

    asyncio.run(limit())
    compared = ("--variant", "quotes", "--baseline", "lexical", "--gate", "--json")
    judged = evaluated(pincite, "--import", set_of_rent, *compared)
    assert judged.exit_code == 1, judged.output
    checks = json.loads(judged.stdout)["checks"]
    assert [(each["metric"], each["passed"]) for each in checks] == [
        ("answered", True),
        ("hit@10", False),
        ("mrr", True),
    ]
    judged = evaluated(pincite, *compared, "--at-least", "hit@10=0.1")
    assert judged.exit_code == 0, judged.output
    (_, bound, _) = json.loads(judged.stdout)["checks"]
    assert bound["why"] == "hit@10 is 1, within its bounds."


def test_what_changes_while_it_runs_shuts_the_gate(
    pincite: Pincite, set_of_rent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the page and the reports have it: not all answers rest on the same."""
    keep, added = Database.keep_result, set_of_rent.parent / "added.txt"
    added.write_text("A lease that came meanwhile.")

    async def keeping(self: Database, matter_id: str, result: object) -> None:
        await keep(self, matter_id, result)  # type: ignore[arg-type]
        document, is_new = await self.put_document(matter_id, added.name, "added", 10)
        if is_new:
            ready = {"state": DocumentState.READY, "passages": 1}
            await self.update_document(matter_id, document.id, ready)

    monkeypatch.setattr(Database, "keep_result", keeping)
    asked = ("--variant", "quotes", "--baseline", "lexical", "--worst-drop", "refusal=1")
    stopped = evaluated(pincite, "--import", set_of_rent, *asked, "--gate")
    assert stopped.exit_code == 1, stopped.output
    told = "FAILED\trests_on\tDocuments have come, gone or been replaced since this run began."
    assert told in stopped.stdout
    again = evaluated(pincite, *asked, "--gate", "--json")
    assert "rests_on" not in {each["metric"] for each in json.loads(again.stdout)["checks"]}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--gate", "--at-least", "recal=0.5"), "There is no metric"),
        (("--gate", "--at-least", "mrr"), "METRIC=VALUE"),
        (("--gate", "--at-most", "mrr=nan"), "METRIC=VALUE"),
        (("--gate", "--worst-drop", "mrr=-1"), "0 or more"),
        (("--at-least", "mrr=0.5"), "--gate"),
    ],
)
def test_a_limit_that_cannot_be_kept_is_refused_before_anything_runs(
    pincite: Pincite, typed: tuple[str, ...], said: str
) -> None:
    refused = evaluated(pincite, "--variant", "quotes", *typed)
    assert refused.exit_code == 2
    assert said in refused.output


def test_a_run_that_was_killed_is_gone_on_with(
    pincite: Pincite, set_of_rent: Path, tmp_path: Path
) -> None:
    evaluated(pincite, "--import", set_of_rent)
    script = tmp_path / "slow.py"
    script.write_text(
        "import asyncio, core.services\n"
        "from app import cli\n"
        "from core.answering.answerer import Answerer\n"
        "from tests.fakes import LoadedEncoders\n"
        "core.services.Encoders = LoadedEncoders\n"
        "quick = Answerer._answer\n"
        "async def slow(self, *args):\n"
        "    await asyncio.sleep(0.2)\n"
        "    async for event in quick(self, *args):\n"
        "        yield event\n"
        "Answerer._answer = slow\n"
        "cli(['evaluate', '--matter', 'Leases', '--set', 'Rent', '--variant', 'quotes'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, script],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while _done(tmp_path) < 3:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    left = _done(tmp_path)
    assert 3 <= left < 40
    ended = evaluated(pincite, "--variant", "quotes", "--json")
    assert f"goes on\t{left} of 40 done" in ended.stderr
    assert json.loads(ended.stdout)["variants"][0]["metrics"]["hit@10"] == 1.0
    assert _done(tmp_path) == 40


def _done(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "data" / "pincite.db", timeout=30)) as database:
        return int(database.execute("SELECT count(*) FROM results").fetchone()[0])


def test_what_cannot_be_run_is_a_sentence(pincite: Pincite, set_of_rent: Path) -> None:
    assert "There is no question set named" in evaluated(pincite, "--variant", "quotes").output
    assert evaluated(pincite).exit_code == 2
    evaluated(pincite, "--import", set_of_rent)
    assert "There is no variant named" in evaluated(pincite, "--variant", "best").output


def test_digests_of_weights_are_read_once_and_anew_where_they_changed(tmp_path: Path) -> None:
    weights = tmp_path / "model"
    weights.mkdir()
    (weights / "model.safetensors").write_bytes(b"one")
    kept = tmp_path / "digests.json"
    digests = Digests(kept)
    first = digests.folder(weights)
    digests.keep()
    assert Digests(kept).folder(weights) == first
    (weights / "model.safetensors").write_bytes(b"another")
    assert Digests(kept).folder(weights) != first
    assert Digests(kept).folder(tmp_path / "absent") == ""


@pytest.mark.parametrize(
    "name",
    ["adapter_config.json", "tokenizer_config.json", "generation_config.json", "tokenizer.model",
     "chat_template.jinja"],
)  # fmt: skip
def test_what_a_model_is_used_by_is_in_its_digest(tmp_path: Path, name: str) -> None:
    weights = tmp_path / "adapter"
    weights.mkdir()
    (weights / "adapter_model.safetensors").write_bytes(b"one")
    (weights / name).write_text('{"lora_alpha": 16}')
    digests = Digests(tmp_path / "digests.json")
    first = digests.folder(weights)
    (weights / name).write_text('{"lora_alpha": 128}')
    assert digests.folder(weights) != first


def test_digests_are_kept_by_several_at_once(tmp_path: Path) -> None:
    weights = tmp_path / "model"
    weights.mkdir()
    (weights / "model.safetensors").write_bytes(b"one")

    def keep(_: int) -> None:
        digests = Digests(tmp_path / "digests.json")
        digests.folder(weights)
        digests.keep()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(keep, range(400)))
    assert Digests(tmp_path / "digests.json").folder(weights)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["digests.json", "model"]


def test_the_code_of_a_run_is_named() -> None:
    assert code_revision()


def test_the_command_is_offered() -> None:
    assert "evaluate" in {each.name or each.callback.__name__ for each in cli.registered_commands}  # type: ignore[union-attr]
