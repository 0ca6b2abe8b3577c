"""Runs in the background: one at a time, giving way to people, taken up again after a restart."""

import asyncio
import fcntl
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic, perf_counter
from typing import IO

from core.answering.answerer import Answerer
from core.answering.engine import Engine
from core.database import Database
from core.errors import EngineError, NotFound, PinciteError
from core.evaluation.gold import Place, Texts, places_of
from core.evaluation.manifest import changes, manifest
from core.evaluation.metrics import Embeds, Judge, measure
from core.models.profile import Profile
from core.records.transactions import may_pass
from core.retrieval.refusal import Threshold
from core.settings import Settings
from core.trials import Result, Run, RunState, SetQuestion
from core.types import AnswerKind, Done, Hit, Person, Retrieved, Variant
from core.upkeep.lock import RUNS_LOCK

log = logging.getLogger(__name__)

_GLANCE_S = 0.2
_LOOK_S = 1.0
"""How often the database is asked for runs that another process has begun."""
_PAUSE_S = 2.0
"""How long the work on runs rests after an error that may pass."""
_GRACE_S = 120.0
"""How long no other process works through runs before this one loads an engine for them: a Pincite
that ends may be about to come back, and a GPU has no room for its engine and another."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is made with; ``judge`` takes a matter, a question, an answer and a reference.

    ``refresh`` has searches see what other processes have written; ``thresholds`` are the
    answerer's.
    """

    settings: Settings
    profile: Profile
    database: Database
    answerer: Answerer
    engine: Engine
    encoders: Embeds
    texts: Texts
    refresh: Callable[[], Awaitable[None]]
    judge: Callable[[str, str, str, str], Awaitable[float | None]] | None = None
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Under:
    """A run under way: where its gold answers stand, by question, and who marks its answers."""

    run: Run
    places: Mapping[str, tuple[Place, ...]]
    judge: Judge | None


class Runner:
    """Works through runs. Every result is kept as it comes, so that a run goes on where it was."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._database = parts.database
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._asking: tuple[str, asyncio.Task[Result]] | None = None

    async def start(self) -> None:
        """Take up what is unfinished, and from then on what is begun."""
        self._worker = asyncio.create_task(self._work(), name="runs")
        self._wake.set()

    async def close(self) -> None:
        """Stop; a run under way goes on at the next start. Idempotent."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
            self._worker = None

    async def begin(
        self,
        matter_id: str,
        set_id: str,
        variants: Sequence[Variant],
        person: Person,
        *,
        tag: str = "",
    ) -> Run:
        """Queue a run of the set's accepted questions; returns at once.

        Its manifest names under ``unlocated`` the questions whose gold answers are not in the
        documents, which have no metrics of retrieval.  Raises ``NotFound``, and ``PinciteError``
        for a variant that cannot be answered here or without an accepted question.
        """
        for variant in variants:
            self._parts.answerer.require(variant)
        asked = await self._database.question_set(matter_id, set_id)
        questions = await self._accepted(matter_id, set_id, asked.version)
        rests_on = await self._manifest(matter_id, set_id, variants)
        _, lost = await self._places(matter_id, questions)
        run = await self._database.create_run(
            matter_id,
            set_id,
            asked.version,
            variants,
            len(questions) * len(variants),
            rests_on | {"unlocated": lost, "tag": tag},
            person,
        )
        self._wake.set()
        return run

    async def cancel(self, matter_id: str, run_id: str) -> None:
        """End a run; its results so far stay. Raises ``NotFound``."""
        await self._database.run(matter_id, run_id)
        await self._database.set_run_state(matter_id, run_id, RunState.CANCELLED)
        if self._asking is not None and self._asking[0] == run_id:
            self._asking[1].cancel()

    async def changes(self, run: Run) -> tuple[str, ...]:
        """The keys of ``manifest.CHANGES`` in which the run would rest on something else now.

        Raises ``NotFound`` where its set is no more.
        """
        now = await self._manifest(run.matter_id, run.set_id, run.variants)
        return changes(run.manifest, now)

    def left_s(self, run: Run) -> float | None:
        """The seconds that are left of a run at its pace so far; ``None`` until there is one."""
        return run.seconds / run.done * (run.total - run.done) if run.done else None

    async def complete(self, run: Run) -> Run:
        """See what is left of a run answered; returns the run as it then stands.

        A Pincite that works through runs on the same data answers it, and gives way to people
        there; where there is none, or it ends and does not come back, it is done here.  A question
        that fails does not end the run; it fails where every question does.
        """
        grace_s = _GRACE_S if await self._wants_engine(run) else 0.0
        async with self._turn(run, grace_s) as is_ours:
            if is_ours:
                await self._parts.refresh()
                await self._complete(run, starts_engine=True)
        return await self._database.run(run.matter_id, run.id)

    @asynccontextmanager
    async def _turn(self, run: Run | None = None, grace_s: float = 0.0) -> AsyncIterator[bool]:
        """True, once no other process works through runs; or False, once ``run`` is over.

        One that did has to have been gone for ``grace_s``.  The system lets go of the lock when a
        process dies.
        """
        seen_at = -math.inf
        with (self._parts.settings.data_dir / RUNS_LOCK).open("ab") as held:
            while True:
                if not _locked(held):
                    seen_at = monotonic()
                elif monotonic() - seen_at >= grace_s:
                    yield True
                    return
                else:
                    fcntl.flock(held, fcntl.LOCK_UN)
                if run is not None and await self._is_over(run):
                    yield False
                    return
                await asyncio.sleep(_GLANCE_S)

    async def _is_over(self, run: Run) -> bool:
        return await self._database.is_run_over(run.matter_id, run.id)

    async def _complete(self, run: Run, *, starts_engine: bool = False) -> None:
        matter_id, database = run.matter_id, self._database
        if not await database.set_run_state(matter_id, run.id, RunState.RUNNING):
            return
        try:
            if starts_engine and await self._wants_engine(run):
                await self._parts.engine.start()
            run = await self._taken(run)
            if await self._answer_all(run):
                await self._note_changes(run)
                await self._finish(run)
        except PinciteError as error:
            await database.set_run_state(matter_id, run.id, RunState.FAILED, str(error))

    async def _taken(self, run: Run) -> Run:
        """The run, resting on what answers it: until there is a result, all that is here and now.

        Another process may have begun it, with other models than this one has room for.
        """
        if await self._database.result_keys(run.matter_id, run.id):
            await self._note_changes(run)
            return run
        questions = await self._accepted(run.matter_id, run.set_id, run.set_version)
        _, lost = await self._places(run.matter_id, questions)
        now = await self._manifest(run.matter_id, run.set_id, run.variants)
        kept = {key: run.manifest[key] for key in ("set", "tag") if key in run.manifest}
        await self._database.rest_on(run.matter_id, run.id, now | kept | {"unlocated": lost})
        return await self._database.run(run.matter_id, run.id)

    async def _note_changes(self, run: Run) -> None:
        """What its answers do not all rest on; of its set the run has a version of its own."""
        with suppress(NotFound):
            if found := set(await self.changes(run)) - {"set"}:
                await self._database.note_changed(run.matter_id, run.id, found)

    async def _work(self) -> None:
        """Until it is cancelled: nobody would see that it had ended, and no run went on."""
        while True:
            try:
                async with self._turn():
                    await self._take_up()
            except Exception:
                log.exception("the work on runs was broken off and is taken up again")
            await asyncio.sleep(_PAUSE_S)

    async def _take_up(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _LOOK_S)
            self._wake.clear()
            while waiting := await self._database.unfinished_runs():
                await self._complete_or_say(waiting[0])

    async def _complete_or_say(self, run: Run) -> None:
        try:
            await self._complete(run)
        except Exception as error:
            if may_pass(error):  # nothing is wrong with the run: it stays, and is gone on with
                raise
            log.exception("a run cannot be done")
            told = f"This run cannot be done: {type(error).__name__}."
            await self._database.set_run_state(run.matter_id, run.id, RunState.FAILED, told)

    async def _answer_all(self, run: Run) -> bool:
        """Whether the run came to its end."""
        questions = await self._accepted(run.matter_id, run.set_id, run.set_version)
        places, _ = await self._places(run.matter_id, questions)
        under = _Under(run, places, await self._judge(run))
        done = await self._database.result_keys(run.matter_id, run.id)
        positions = range(len(run.variants))
        for number, question in enumerate(questions):
            # Each variant is first as often as the others: who comes second finds things warm.
            for position in (*positions[number % len(positions) :], *positions)[: len(positions)]:
                if (position, question.id) in done:
                    continue
                if not await self._until(
                    run, partial(self._is_time, run.variants[position], question)
                ):
                    return False
                result = await self._asked(under, position, question)
                if result is None or not await self._database.set_run_state(
                    run.matter_id, run.id, RunState.RUNNING
                ):
                    return False
                await self._database.keep_result(run.matter_id, result)
        return True

    async def _judge(self, run: Run) -> Judge | None:
        """Who marks the run's answers; decided once for all of a run, and kept with it.

        An engine that is not there in time marks none of them: two halves cannot be compared.
        """
        parts = self._parts
        if parts.judge is None or not await self._wants_judge(run):
            return None
        await self._until(run, lambda: parts.engine.status.state != "loading")
        there = parts.profile.chat.name if parts.engine.status.state == "ready" else ""
        if not await self._database.note_judge(run.matter_id, run.id, there):
            return None
        return partial(self._marked, parts.judge, run.matter_id)

    async def _marked(
        self,
        judge: Callable[[str, str, str, str], Awaitable[float | None]],
        matter_id: str,
        question: str,
        answer: str,
        reference: str,
    ) -> float | None:
        """The judge's mark; an engine that fails at it costs the question this metric alone."""
        try:
            return await judge(matter_id, question, answer, reference)
        except EngineError as error:
            log.warning("an answer was not judged: %s", error)
            return None

    async def _wants_engine(self, run: Run) -> bool:
        return await self._wants_judge(run) or any(
            each.style is AnswerKind.DRAFT for each in run.variants
        )

    async def _wants_judge(self, run: Run) -> bool:
        """Whether there is anything in the run for a judge, and an engine that is strong enough."""
        if self._parts.judge is None or self._parts.profile.chat.is_weak:
            return False
        asked = await self._accepted(run.matter_id, run.set_id, run.set_version)
        return any(each.reference and each.is_answerable for each in asked)

    async def _until(self, run: Run, is_time: Callable[[], bool]) -> bool:
        """Wait for the time to come; false where the run was ended before, by whomever."""
        while not await self._is_over(run):
            if is_time():
                return True
            await asyncio.sleep(_GLANCE_S)
        return False

    def _is_time(self, variant: Variant, question: SetQuestion) -> bool:
        """Whether nobody asks, for people come first, and the engine can write if it has to.

        Raises ``EngineError`` if it never will.
        """
        answerer = self._parts.answerer
        if answerer.is_asked:
            return False
        if variant.style is not AnswerKind.DRAFT:
            return True
        if answerer.why_no_draft(variant, question.question) != "engine_not_ready":
            return True
        status = self._parts.engine.status
        if status.state != "loading":
            raise EngineError(
                "The language model is not there for this run.",
                status.detail or "Start Pincite, whose runs wait for it.",
            )
        return False

    async def _asked(self, under: _Under, position: int, question: SetQuestion) -> Result | None:
        """What a question came to, ``None`` where the run was cancelled meanwhile."""
        task = asyncio.create_task(self._result(under, position, question))
        self._asking = under.run.id, task
        try:
            await asyncio.wait([task])
            return None if task.cancelled() else task.result()
        finally:
            self._asking = None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _result(self, under: _Under, position: int, question: SetQuestion) -> Result:
        result, started = Result(under.run.id, position, question.id), perf_counter()
        try:
            answered = await self._answered(under, position, question)
            return replace(answered, seconds=round(perf_counter() - started, 4))
        except PinciteError as error:
            told = str(error)
        except Exception as error:
            log.exception("a question of a run failed")
            told = f"This question failed: {type(error).__name__}."
        return replace(result, error=told, seconds=round(perf_counter() - started, 4))

    async def _answered(self, under: _Under, position: int, question: SetQuestion) -> Result:
        parts, run = self._parts, under.run
        variant = run.variants[position]
        hits: tuple[Hit, ...] = ()
        stream = parts.answerer.stream(run.matter_id, question.question, (), variant)
        answer = None
        async with aclosing(stream) as events:
            async for event in events:
                if isinstance(event, Retrieved):
                    hits = event.ranked[: parts.settings.retrieve]
                elif isinstance(event, Done):
                    answer = event.answer
        if answer is None or answer.is_stopgap:
            raise EngineError("The language model failed at this question.", "See its log.")
        tokens = answer.tokens or 0
        metrics = await measure(
            question,
            answer,
            hits,
            places=under.places.get(question.id, ()),
            tokens=tokens,
            encoders=parts.encoders,
            judge=under.judge,
        )
        return Result(run.id, position, question.id, answer, hits, metrics, tokens)

    async def _finish(self, run: Run) -> None:
        results = await self._database.results(run.matter_id, run.id)
        errors = [each.error for each in results if each.error]
        failed = bool(results) and len(errors) == len(results)
        state, trouble = (RunState.FAILED, errors[0]) if failed else (RunState.DONE, "")
        await self._database.set_run_state(run.matter_id, run.id, state, trouble)

    async def _accepted(self, matter_id: str, set_id: str, version: int) -> tuple[SetQuestion, ...]:
        asked = await self._database.questions(matter_id, set_id, version)
        return tuple(each for each in asked if not each.is_draft)

    async def _manifest(
        self, matter_id: str, set_id: str, variants: Sequence[Variant]
    ) -> dict[str, object]:
        parts = self._parts
        asked = await self._database.question_set(matter_id, set_id)
        documents = await self._database.documents(matter_id)
        return await asyncio.to_thread(
            manifest, parts.settings, parts.profile, asked, documents, variants, parts.thresholds
        )

    async def _places(
        self, matter_id: str, questions: Sequence[SetQuestion]
    ) -> tuple[dict[str, tuple[Place, ...]], dict[str, str]]:
        golds = {each.id: each.gold for each in questions if each.gold}
        documents = await self._database.documents(matter_id)
        return await asyncio.to_thread(places_of, golds, documents, self._parts.texts, matter_id)


def _locked(held: IO[bytes]) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
