"""Runs: results kept as they come, gone on with after a kill, given way, cancelled, repeated."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from core.answering.query_engine import judged
from core.database import Database
from core.errors import EngineError, PinciteError
from core.evaluation.manifest import changed_meanwhile
from core.evaluation.metrics import per_question
from core.evaluation.runner import Parts, Runner
from core.models.profile import ChatModel, EncoderModel, Profile
from core.retrieval.refusal import Threshold
from core.settings import Settings
from core.trials import Gold, Result, Run, RunState, SetQuestion
from core.types import (
    LOCAL,
    Answer,
    AnswerKind,
    Delta,
    Done,
    Event,
    ExtractedText,
    Hit,
    Passage,
    Retrieved,
    Searched,
    Statement,
    Turn,
    Variant,
    Verdict,
)
from core.upkeep.lock import RUNS_LOCK
from tests.fakes import FakeEncoders, FakeEngine, MortalEngine

TEXT = "The Tenant shall pay the rent on the first day. English law governs."
CHAT = ChatModel("fake", "fake", "cpu", "float32", 4096, 900, 160, ("en",), is_weak=True)
PROFILE = Profile("embedded", CHAT, EncoderModel("fake", "fake", "cpu"), None)
GOOD = Variant("good", style=AnswerKind.QUOTES)
WORSE = Variant("worse", style=AnswerKind.QUOTES, mode="dense")


class ScriptedAnswerer:
    """Finds the document at once, or for ``worse`` below another; what is in ``failing`` fails."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.failing: dict[str, Exception] = {}
        self.is_asked = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.notice = "quotes_chosen"
        self.document_id = ""
        self.statements: tuple[Statement, ...] = ()

    async def asked_for(self, number: int) -> None:
        while True:
            if len(self.asked) >= number:
                return
            await asyncio.sleep(0.01)

    def require(self, variant: Variant) -> None:
        if variant.model:
            raise PinciteError("No such model.")

    def why_no_draft(self, variant: Variant, question: str) -> str:
        return "engine_not_ready" if variant.style is AnswerKind.DRAFT else ""

    async def stream(
        self, matter_id: str, question: str, history: Sequence[Turn], variant: Variant
    ) -> AsyncGenerator[Event, None]:
        self.asked.append((variant.name, question))
        await self.gate.wait()
        if question in self.failing:
            raise self.failing[question]
        ranking = (self._hit(self.document_id), self._hit("other"))
        ranking = ranking[::-1] if variant.name == "worse" else ranking
        yield Retrieved(ranking[:1], Searched(1, 1), ranked=ranking)
        yield Delta("So.")
        yield Done(
            Answer(
                question, AnswerKind.QUOTES, Verdict.SUPPORTED, self.statements, self.notice,
                timings={"total": 0.5},
            )
        )  # fmt: skip

    def _hit(self, document_id: str) -> Hit:
        return Hit(Passage("p", document_id, "Lease.txt", 0, TEXT, 0, len(TEXT), None), 1.0)


class Texts:
    """The one document's text."""

    def text(self, matter_id: str, document_id: str) -> ExtractedText | None:
        return ExtractedText(TEXT)


class Bench:
    """A database of the test's, a set of five questions, and runners over it."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder, models_dir=folder, _env_file=None)  # type: ignore[call-arg]
        self.database = Database(folder / "pincite.db")
        self.answerer = ScriptedAnswerer()
        self.engine: Any = FakeEngine()
        self.matter_id = self.set_id = ""
        self.refreshed = 0

    async def refresh(self) -> None:
        self.refreshed += 1

    async def open(self) -> None:
        await self.database.start()
        self.matter_id = (await self.database.create_matter("Smith")).id
        document, _ = await self.database.put_document(self.matter_id, "Lease.txt", "ab", 1, "doc")
        await self.database.update_document(self.matter_id, document.id, {"state": "ready"})
        self.answerer.document_id = document.id
        gold = (Gold("Lease.txt", "English law governs."),)
        asked = [SetQuestion(f"q{n}", f"Question {n}?", gold=gold) for n in range(4)]
        asked.append(SetQuestion("lost", "Lost?", gold=(Gold("Lease.txt", "Scots law governs."),)))
        asked.append(SetQuestion("draft", "Draft?", is_draft=True))
        made = await self.database.create_question_set(self.matter_id, "Rent", asked=asked)
        self.set_id = made.id

    def runner(self) -> Runner:
        return Runner(
            Parts(
                self.settings, PROFILE, self.database, self.answerer, self.engine,  # type: ignore[arg-type]
                FakeEncoders(), Texts(), self.refresh,
            )
        )  # fmt: skip

    async def judging_runner(self) -> Runner:
        """One whose engine is strong enough to judge, over a set whose questions have answers."""
        referred = [SetQuestion(f"r{n}", f"Asked {n}?", "Rent.") for n in range(2)]
        made = await self.database.create_question_set(self.matter_id, "Judged", asked=referred)
        self.set_id = made.id
        strong = replace(CHAT, is_weak=False)
        runner = self.runner()

        async def judge(*given: str) -> float | None:
            return await judged(*given, self.engine, strong)

        runner._parts = replace(runner._parts, profile=replace(PROFILE, chat=strong), judge=judge)
        return runner

    async def metrics(self, run: Run) -> list[dict[str, float]]:
        results = await self.database.results(self.matter_id, run.id)
        assert not any(each.error for each in results), results
        return [each.metrics for each in results]

    async def begun(self, runner: Runner, *variants: Variant) -> Run:
        return await runner.begin(
            self.matter_id, self.set_id, variants or (GOOD, WORSE), LOCAL, tag="nightly"
        )


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    await made.open()
    yield made
    await made.database.close()


async def test_a_run_measures_every_accepted_question_by_every_variant(bench: Bench) -> None:
    runner = bench.runner()
    run = await bench.begun(runner)
    assert (run.total, run.state, run.manifest["tag"]) == (10, RunState.QUEUED, "nightly")
    assert run.manifest["unlocated"] == {"lost": "words"}
    done = await runner.complete(run)
    assert bench.refreshed == 1  # what others wrote while it waited is searched too
    assert (done.state, done.done, runner.left_s(done)) == (RunState.DONE, 10, 0.0)
    results = await bench.database.results(bench.matter_id, run.id)
    good, worse = (per_question(results, position) for position in (0, 1))
    assert good["q0"]["mrr"] == 1.0
    assert worse["q0"]["mrr"] == 0.5
    assert "mrr" not in good["lost"]  # its words are not in the document, and that is told
    assert len(results[0].hits) == 2


async def test_a_question_that_fails_does_not_end_the_run(bench: Bench) -> None:
    runner = bench.runner()
    bench.answerer.failing = {"Question 1?": EngineError("It stopped."), "Question 2?": KeyError()}
    done = await runner.complete(await bench.begun(runner, GOOD))
    results = {r.question_id: r for r in await bench.database.results(bench.matter_id, done.id)}
    assert done.state is RunState.DONE
    assert results["q1"].error == "It stopped."
    assert results["q2"].error == "This question failed: KeyError."
    assert results["q3"].metrics["mrr"] == 1.0


async def test_a_run_in_which_every_question_fails_has_failed(bench: Bench) -> None:
    runner = bench.runner()
    bench.answerer.notice = "engine_failed"  # quotes in the place of a draft are no result
    done = await runner.complete(await bench.begun(runner, GOOD))
    assert done.state is RunState.FAILED
    assert "failed at this question" in done.trouble


async def test_a_run_is_gone_on_with_after_its_process_died(bench: Bench) -> None:
    first = bench.runner()
    run = await bench.begun(first)
    await first.start()
    await bench.answerer.asked_for(4)
    bench.answerer.gate.clear()
    await asyncio.sleep(0.05)
    await first.close()  # the run stays as it is, as after a kill
    there = await bench.database.result_keys(bench.matter_id, run.id)
    assert 3 <= len(there) < 10
    bench.answerer.gate.set()
    bench.answerer.asked.clear()
    second = bench.runner()
    await second.start()
    await asyncio.wait_for(second.complete(run), 10)
    assert len(bench.answerer.asked) == 10 - len(there)  # what was done is not done again
    assert (await bench.database.run(bench.matter_id, run.id)).state is RunState.DONE
    await second.close()


async def test_a_cancelled_run_ends_at_once_and_keeps_its_results(bench: Bench) -> None:
    runner = bench.runner()
    await runner.start()
    run = await bench.begun(runner)
    await bench.answerer.asked_for(3)
    bench.answerer.gate.clear()
    await asyncio.sleep(0.05)
    await runner.cancel(bench.matter_id, run.id)
    await asyncio.wait_for(runner.complete(run), 5)
    ended = await bench.database.run(bench.matter_id, run.id)
    assert ended.state is RunState.CANCELLED
    assert 0 < ended.done < 10
    bench.answerer.gate.set()
    other = await bench.begun(runner, GOOD)  # the worker is still there
    await asyncio.wait_for(runner.complete(other), 5)
    assert (await bench.database.run(bench.matter_id, other.id)).state is RunState.DONE
    await runner.close()


async def test_a_run_waits_while_people_ask(bench: Bench) -> None:
    bench.answerer.is_asked = True
    runner = bench.runner()
    await runner.start()
    run = await bench.begun(runner, GOOD)
    await asyncio.sleep(0.3)
    assert bench.answerer.asked == []
    bench.answerer.is_asked = False
    await asyncio.wait_for(runner.complete(run), 5)
    assert len(bench.answerer.asked) == 5
    await runner.close()


async def test_work_on_runs_goes_on_after_the_database_was_locked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Another process holds it for as long as it has patience, at whatever moment that is."""
    monkeypatch.setattr("core.evaluation.runner._PAUSE_S", 0.05)
    locks = dict.fromkeys(("unfinished_runs", "set_run_state", "keep_result"), 1)

    def locked_once(name: str) -> Callable[..., Awaitable[object]]:
        method = getattr(bench.database, name)

        async def call(*args: object) -> object:
            if locks[name]:
                locks[name] -= 1
                raise OperationalError("UPDATE runs", {}, Exception("database is locked"))
            return await method(*args)

        return call

    for name in locks:
        monkeypatch.setattr(bench.database, name, locked_once(name))
    runner = bench.runner()
    await runner.start()
    run = await bench.begun(runner, GOOD)
    async with asyncio.timeout(10):
        while not await bench.database.is_run_over(bench.matter_id, run.id):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await runner.close()
    done = await bench.database.run(bench.matter_id, run.id)
    assert not any(locks.values())
    assert (done.state, done.done) == (RunState.DONE, 5)
    assert caplog.text.count("is taken up again") == 3


async def test_a_run_that_the_database_will_never_take_fails_and_lets_the_next_one_through(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = bench.runner()
    doomed, other = await bench.begun(runner, GOOD), await bench.begun(runner, WORSE)
    keys = bench.database.result_keys

    async def refused(matter_id: str, run_id: str) -> object:
        if run_id == doomed.id:
            raise OperationalError("SELECT", {}, Exception("no such table: results"))
        return await keys(matter_id, run_id)

    monkeypatch.setattr(bench.database, "result_keys", refused)
    await runner.start()
    async with asyncio.timeout(10):
        while not await bench.database.is_run_over(bench.matter_id, other.id):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await runner.close()
    states = [
        (await bench.database.run(bench.matter_id, each.id)).state for each in (doomed, other)
    ]
    assert states == [RunState.FAILED, RunState.DONE]


async def test_two_processes_take_turns_at_runs(bench: Bench) -> None:
    one, other = bench.runner(), bench.runner()
    first, second = await bench.begun(one, GOOD), await bench.begun(one, WORSE)
    bench.answerer.gate.clear()
    both = [asyncio.create_task(one.complete(first)), asyncio.create_task(other.complete(second))]
    await asyncio.sleep(0.5)
    assert len({name for name, _ in bench.answerer.asked}) == 1
    bench.answerer.gate.set()
    assert [each.state for each in await asyncio.gather(*both)] == [RunState.DONE] * 2
    assert (bench.settings.data_dir / RUNS_LOCK).exists()


async def test_a_run_begun_beside_a_pincite_at_work_is_answered_there_and_here_once_that_has_ended(
    bench: Bench,
) -> None:
    at_work, beside = bench.runner(), bench.runner()
    own = ScriptedAnswerer()
    own.document_id = bench.answerer.document_id
    beside._parts = replace(beside._parts, answerer=own)
    await at_work.start()
    await asyncio.sleep(0.05)  # it has the lock
    done = await asyncio.wait_for(beside.complete(await bench.begun(beside, GOOD)), 10)
    assert (done.state, done.done) == (RunState.DONE, 5)
    assert (len(bench.answerer.asked), own.asked) == (5, [])
    bench.answerer.gate.clear()
    waiting = asyncio.create_task(beside.complete(await bench.begun(beside, WORSE)))
    await bench.answerer.asked_for(6)
    await at_work.close()
    done = await asyncio.wait_for(waiting, 10)
    assert (done.state, done.done) == (RunState.DONE, 5)
    assert len(own.asked) == 5


async def test_a_run_is_left_to_a_pincite_that_restarts_unless_it_stays_away(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.evaluation.runner._GRACE_S", 1.0)
    bench.answerer.statements = (Statement("Rent.", Verdict.SUPPORTED, ()),)
    bench.engine.words = ["4.0\nIt is right."]
    at_work, own = await bench.judging_runner(), FakeEngine(state="cold")
    beside = Runner(replace(at_work._parts, engine=own))
    await at_work.start()
    await asyncio.sleep(0.05)  # it has the lock
    for comes_back in (True, False):
        bench.answerer.gate.clear()
        waiting = asyncio.create_task(beside.complete(await bench.begun(beside, GOOD)))
        await bench.answerer.asked_for(len(bench.answerer.asked) + 1)
        await at_work.close()
        await asyncio.sleep(0.5)
        assert own.state == "cold", "a GPU has no room for a second engine"
        if comes_back:
            at_work = Runner(at_work._parts)
            await at_work.start()
        bench.answerer.gate.set()
        done = await asyncio.wait_for(waiting, 10)
        assert (done.state, done.done) == (RunState.DONE, 2)
        assert own.state == ("cold" if comes_back else "ready")


class Drafting(ScriptedAnswerer):
    """Writes once the engine is there."""

    def __init__(self, engine: MortalEngine, document_id: str) -> None:
        super().__init__()
        self.engine, self.document_id = engine, document_id

    def why_no_draft(self, variant: Variant, question: str) -> str:
        return "" if self.engine.status.state == "ready" else "engine_not_ready"


async def test_a_run_waits_for_an_engine_that_died_and_is_coming_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.answering.local_engine._WATCH_S", 0.05)
    bench.engine = engine = MortalEngine(bench.settings)
    bench.answerer = Drafting(engine, bench.answerer.document_id)
    await engine.start()
    runner = bench.runner()
    await runner.start()
    bench.answerer.gate.clear()
    run = await bench.begun(runner, Variant("draft"))
    await bench.answerer.asked_for(1)
    engine.failing = 1
    engine.die()
    bench.answerer.gate.set()
    done = await asyncio.wait_for(runner.complete(run), 10)
    assert (done.state, done.done) == (RunState.DONE, 5), done.trouble
    await runner.close()
    await engine.close()


async def test_variants_take_turns_in_being_first(bench: Bench) -> None:
    runner = bench.runner()
    await runner.complete(await bench.begun(runner))
    firsts = [name for name, _ in bench.answerer.asked[::2]]
    assert firsts == ["good", "worse", "good", "worse", "good"]


async def test_a_variant_that_cannot_be_answered_here_is_refused_before_a_run(bench: Bench) -> None:
    with pytest.raises(PinciteError, match="No such model"):
        await bench.begun(bench.runner(), replace(GOOD, model="absent"))
    assert await bench.database.runs(bench.matter_id) == ()


async def test_a_run_that_needs_an_engine_which_is_not_there_fails_with_a_sentence(
    bench: Bench,
) -> None:
    bench.engine.state = "failed"
    runner = bench.runner()
    done = await runner.complete(await bench.begun(runner, Variant("draft")))
    assert done.state is RunState.FAILED
    assert "not there for this run" in done.trouble


async def test_a_run_starts_the_engine_that_is_to_judge_its_quotes(bench: Bench) -> None:
    bench.answerer.statements = (Statement("Rent.", Verdict.SUPPORTED, ()),)
    bench.engine.words, bench.engine.state = ["4.0\nIt is right."], "cold"
    runner = await bench.judging_runner()
    done = await runner.complete(await bench.begun(runner, GOOD))
    assert done.state is RunState.DONE
    assert [each["judge"] for each in await bench.metrics(done)] == [0.75, 0.75]
    assert done.manifest["judge"] == "fake"


async def test_a_run_at_the_server_waits_for_the_engine_that_is_to_judge(bench: Bench) -> None:
    bench.answerer.statements = (Statement("Rent.", Verdict.SUPPORTED, ()),)
    bench.engine.words, bench.engine.state = ["5.0\nIt is right."], "loading"
    runner = await bench.judging_runner()
    run = await bench.begun(runner, GOOD)
    await runner.start()
    await asyncio.sleep(0.4)
    assert bench.answerer.asked == []
    bench.engine.state = "ready"
    done = await asyncio.wait_for(runner.complete(run), 5)
    assert [each["judge"] for each in await bench.metrics(done)] == [1.0, 1.0]
    await runner.close()


async def test_a_judge_that_fails_costs_an_answer_its_mark_and_nothing_else(bench: Bench) -> None:
    bench.answerer.statements = (Statement("Rent.", Verdict.SUPPORTED, ()),)
    bench.engine.fails = True
    runner = await bench.judging_runner()
    done = await runner.complete(await bench.begun(runner, GOOD))
    assert done.state is RunState.DONE
    for each in await bench.metrics(done):
        assert "judge" not in each
        assert {"token_f1", "similarity", "refusal", "supported"} <= each.keys()


async def test_a_run_whose_engine_never_came_has_no_mark_and_does_not_get_some_later(
    bench: Bench,
) -> None:
    runner = await bench.judging_runner()
    bench.answerer.statements = (Statement("Rent.", Verdict.SUPPORTED, ()),)
    bench.engine.words, bench.engine.state = ["4.0\nIt is right."], "failed"
    run = await bench.begun(runner, GOOD)
    bench.answerer.gate.clear()
    await runner.start()
    await bench.answerer.asked_for(1)
    await bench.database.keep_result(bench.matter_id, Result(run.id, 0, "q3"))
    await runner.close()  # broken off
    bench.engine.state = "ready"
    bench.answerer.gate.set()
    done = await runner.complete(await bench.database.run(bench.matter_id, run.id))
    assert done.manifest["judge"] == ""
    assert not any("judge" in each for each in await bench.metrics(done))


@pytest.mark.parametrize("waits_for", ["people", "the engine", "the judge"])
async def test_a_run_that_waits_is_cancelled_at_once_also_by_another_process(
    bench: Bench, waits_for: str
) -> None:
    runner, elsewhere = bench.runner(), bench.runner()
    variant = GOOD
    if waits_for == "people":
        bench.answerer.is_asked = True
    else:
        bench.engine.state = "loading"
        if waits_for == "the engine":
            variant = Variant("draft")
        else:
            runner = await bench.judging_runner()
    await runner.start()
    run = await bench.begun(runner, variant)
    await asyncio.sleep(0.3)
    await elsewhere.cancel(bench.matter_id, run.id)
    await asyncio.sleep(0.6)
    bench.answerer.is_asked = False
    if waits_for == "the judge":
        bench.engine.state = "ready"
    other = await bench.begun(runner, GOOD)
    await asyncio.wait_for(runner.complete(other), 5)
    assert len(bench.answerer.asked) == other.total
    assert (await bench.database.run(bench.matter_id, run.id)).done == 0
    await runner.close()


async def test_what_changes_while_a_run_is_under_way_is_kept_with_it(bench: Bench) -> None:
    runner = bench.runner()
    run = await bench.begun(runner)
    await bench.database.add_questions(bench.matter_id, bench.set_id, [SetQuestion("q8", "Eh?")])
    untouched = await runner.complete(run)
    assert changed_meanwhile(untouched.manifest) == ()
    run = await bench.begun(runner)
    bench.answerer.asked.clear()
    bench.answerer.gate.clear()
    ending = asyncio.create_task(runner.complete(run))
    await bench.answerer.asked_for(1)
    document, _ = await bench.database.put_document(bench.matter_id, "Deed.txt", "cd", 1, "deed")
    await bench.database.update_document(bench.matter_id, document.id, {"state": "ready"})
    bench.answerer.gate.set()
    done = await ending
    assert done.state is RunState.DONE
    assert changed_meanwhile(done.manifest) == ("documents",)


async def test_a_run_rests_on_what_answers_it_whoever_began_it(bench: Bench) -> None:
    at_work = bench.runner()
    chat = replace(CHAT, name="small")
    beside = Runner(replace(at_work._parts, profile=replace(PROFILE, chat=chat)))
    run = await bench.begun(beside, GOOD)
    assert await at_work.changes(run) == ("models",)
    await at_work.start()
    done = await asyncio.wait_for(beside.complete(run), 10)
    await at_work.close()
    assert changed_meanwhile(done.manifest) == ()
    assert await at_work.changes(done) == ()
    assert done.manifest["tag"] == "nightly"
    assert done.manifest["unlocated"] == {"lost": "words"}


async def test_other_thresholds_of_refusal_are_a_change(bench: Bench) -> None:
    runner = bench.runner()
    run = await bench.begun(runner)
    one = Threshold((0.1,) * 7, 0.5, 40, 0.1, 0.1)
    parts = replace(runner._parts, thresholds={"en": one})
    calibrated = Runner(parts)
    assert await calibrated.changes(run) == ("settings",)
    run = await bench.begun(calibrated)
    assert await calibrated.changes(run) == ()
    stricter = Runner(replace(parts, thresholds={"en": replace(one, bias=0.4)}))
    assert await stricter.changes(run) == ("settings",)


async def test_another_endpoint_of_the_same_model_is_a_change_and_its_password_is_not_kept(
    bench: Bench,
) -> None:
    runner = bench.runner()
    chat = replace(CHAT, device="remote")

    def at(url: str) -> Runner:
        settings = bench.settings.model_copy(update={"remote_base_url": url})
        profile = replace(PROFILE, chat=chat)
        return Runner(replace(runner._parts, profile=profile, settings=settings))

    run = await bench.begun(at("http://reader:secret@one:8000/v1"))
    assert "http://one:8000/v1" in str(run.manifest["models"])
    assert "secret" not in str(run.manifest)
    assert await at("http://one:8000/v1").changes(run) == ()
    assert await at("http://two:8000/v1").changes(run) == ("models",)


async def test_what_has_changed_since_a_run_is_told(bench: Bench) -> None:
    runner = bench.runner()
    run = await bench.begun(runner)
    assert await runner.changes(run) == ()
    asked = SetQuestion("q7", "Another?")
    await bench.database.add_questions(bench.matter_id, bench.set_id, [asked])
    document, _ = await bench.database.put_document(bench.matter_id, "Deed.txt", "cd", 1, "deed")
    await bench.database.update_document(bench.matter_id, document.id, {"state": "ready"})
    assert await runner.changes(run) == ("set", "documents")
    prompts = {**run.manifest, "prompts": {"standard": "another"}, "code": "another"}
    changed = await runner.changes(replace(run, manifest=prompts))
    assert changed == ("set", "documents", "prompts", "code")
