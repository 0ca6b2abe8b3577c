"""Runs in the background: one at a time, giving way to people, taken up again after a restart."""

import asyncio
import fcntl
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from core.answering.answerer import Answerer
from core.answering.engine import Engine
from core.database import Database
from core.errors import EngineError, NotFound, PinciteError
from core.evaluation.gold import Place, Texts, places_of
from core.evaluation.manifest import changes, manifest
from core.evaluation.metrics import Embeds, measure
from core.models.profile import Profile
from core.settings import Settings
from core.trials import Result, Run, RunState, SetQuestion
from core.types import AnswerKind, Delta, Done, Hit, Person, Retrieved, Variant

log = logging.getLogger(__name__)

LOCK = "runs.lock"
"""Held, in the data folder, by the process that works through runs."""
_GLANCE_S = 0.2
_LOOK_S = 1.0
"""How often the database is asked for runs that another process has begun."""
_FAILED = ("engine_failed", "engine_not_ready")
"""Notices of an answer that another engine than the variant's gave: quotes for want of a draft."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is made with; ``judge`` takes a matter, a question, an answer and a reference."""

    settings: Settings
    profile: Profile
    database: Database
    answerer: Answerer
    engine: Engine
    encoders: Embeds
    texts: Texts
    judge: Callable[[str, str, str, str], Awaitable[float | None]] | None = None


class Runner:
    """Works through runs. Every result is kept as it comes, so that a run goes on where it was."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._database = parts.database
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._cancelled: set[str] = set()
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
        self._cancelled.add(run_id)
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
        there; where there is none, or it ends, it is done here.  A question that fails does not
        end the run; it fails where every question does.
        """
        async with self._turn(run) as is_ours:
            if is_ours:
                if any(each.style is AnswerKind.DRAFT for each in run.variants):
                    await self._parts.engine.start()
                await self._complete(run)
        return await self._database.run(run.matter_id, run.id)

    @asynccontextmanager
    async def _turn(self, run: Run | None = None) -> AsyncIterator[bool]:
        """True, once no other process works through runs; or False, once ``run`` is over.

        The system lets go of the lock when a process dies.
        """
        with (self._parts.settings.data_dir / LOCK).open("ab") as held:
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield True
                    return
                if run is not None and await self._is_over(run.id):
                    yield False
                    return
                await asyncio.sleep(_GLANCE_S)

    async def _is_over(self, run_id: str) -> bool:
        return all(each.id != run_id for each in await self._database.unfinished_runs())

    async def _complete(self, run: Run) -> None:
        matter_id, database = run.matter_id, self._database
        if not await database.set_run_state(matter_id, run.id, RunState.RUNNING):
            return
        try:
            await self._note_changes(run)
            if await self._answer_all(run):
                await self._note_changes(run)
                await self._finish(run)
        except PinciteError as error:
            await database.set_run_state(matter_id, run.id, RunState.FAILED, str(error))

    async def _note_changes(self, run: Run) -> None:
        """What its answers do not all rest on; of its set the run has a version of its own."""
        with suppress(NotFound):
            if found := set(await self.changes(run)) - {"set"}:
                await self._database.note_changed(run.matter_id, run.id, found)

    async def _work(self) -> None:
        async with self._turn():
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
            log.exception("a run cannot be done")
            told = f"This run cannot be done: {type(error).__name__}."
            await self._database.set_run_state(run.matter_id, run.id, RunState.FAILED, told)

    async def _answer_all(self, run: Run) -> bool:
        """Whether the run came to its end."""
        questions = await self._accepted(run.matter_id, run.set_id, run.set_version)
        places, _ = await self._places(run.matter_id, questions)
        done = await self._database.result_keys(run.matter_id, run.id)
        positions = range(len(run.variants))
        for number, question in enumerate(questions):
            # Each variant is first as often as the others: who comes second finds things warm.
            for position in (*positions[number % len(positions) :], *positions)[: len(positions)]:
                if (position, question.id) in done:
                    continue
                await self._give_way()
                await self._writable(run.variants[position], question)
                result = await self._asked(run, position, question, places.get(question.id, ()))
                if result is None or not await self._database.set_run_state(
                    run.matter_id, run.id, RunState.RUNNING
                ):
                    return False
                await self._database.keep_result(run.matter_id, result)
        return True

    async def _asked(
        self, run: Run, position: int, question: SetQuestion, places: Sequence[Place]
    ) -> Result | None:
        """What a question came to, ``None`` where the run was cancelled meanwhile."""
        task = asyncio.create_task(self._result(run, position, question, places))
        self._asking = run.id, task
        try:
            return await task
        except asyncio.CancelledError:
            if run.id not in self._cancelled:
                raise
            return None
        finally:
            self._asking = None
            task.cancel()

    async def _result(
        self, run: Run, position: int, question: SetQuestion, places: Sequence[Place]
    ) -> Result:
        result, started = Result(run.id, position, question.id), perf_counter()
        try:
            answered = await self._answered(run, position, question, places)
            return replace(answered, seconds=round(perf_counter() - started, 4))
        except PinciteError as error:
            told = str(error)
        except Exception as error:
            log.exception("a question of a run failed")
            told = f"This question failed: {type(error).__name__}."
        return replace(result, error=told, seconds=round(perf_counter() - started, 4))

    async def _answered(
        self, run: Run, position: int, question: SetQuestion, places: Sequence[Place]
    ) -> Result:
        parts, variant = self._parts, run.variants[position]
        draft, hits = "", tuple[Hit, ...]()
        stream = parts.answerer.stream(run.matter_id, question.question, (), variant)
        answer = None
        async with aclosing(stream) as events:
            async for event in events:
                if isinstance(event, Retrieved):
                    hits = event.ranked[: parts.settings.retrieve]
                elif isinstance(event, Delta):
                    draft += event.text
                elif isinstance(event, Done):
                    answer = event.answer
        if answer is None or answer.notice in _FAILED:
            raise EngineError("The language model failed at this question.", "See its log.")
        tokens = parts.engine.count_tokens(draft) if draft else 0
        judge = None
        if parts.judge is not None and not parts.profile.chat.is_weak:
            judge = partial(parts.judge, run.matter_id)
        metrics = await measure(
            question,
            answer,
            hits,
            places=places,
            tokens=tokens,
            encoders=parts.encoders,
            judge=judge,
        )
        return Result(run.id, position, question.id, answer, hits, metrics, tokens)

    async def _finish(self, run: Run) -> None:
        results = await self._database.results(run.matter_id, run.id)
        errors = [each.error for each in results if each.error]
        failed = bool(results) and len(errors) == len(results)
        state, trouble = (RunState.FAILED, errors[0]) if failed else (RunState.DONE, "")
        await self._database.set_run_state(run.matter_id, run.id, state, trouble)

    async def _give_way(self) -> None:
        """People ask first: a run waits while any of them does."""
        while True:
            if not self._parts.answerer.is_asked:
                return
            await asyncio.sleep(_GLANCE_S)

    async def _writable(self, variant: Variant, question: SetQuestion) -> None:
        """Wait for the engine where it has to write; raises ``EngineError`` if it never will."""
        answerer = self._parts.answerer
        if variant.style is not AnswerKind.DRAFT:
            return
        while True:
            if answerer.why_no_draft(variant, question.question) != "engine_not_ready":
                return
            status = self._parts.engine.status
            if status.state != "loading":
                raise EngineError(
                    "The language model is not there for this run.",
                    status.detail or "Start Pincite, whose runs wait for it.",
                )
            await asyncio.sleep(_GLANCE_S)

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
            manifest, parts.settings, parts.profile, asked, documents, variants
        )

    async def _places(
        self, matter_id: str, questions: Sequence[SetQuestion]
    ) -> tuple[dict[str, tuple[Place, ...]], dict[str, str]]:
        golds = {each.id: each.gold for each in questions if each.gold}
        documents = await self._database.documents(matter_id)
        return await asyncio.to_thread(places_of, golds, documents, self._parts.texts, matter_id)
