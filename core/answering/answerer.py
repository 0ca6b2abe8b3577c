"""One path for every question: search, read, write, check.

The chat, the command line, comparisons and evaluations all call ``Answerer.stream``.  A draft is
shown as the answer only if its statements hold; otherwise the passages answer in their own words.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

from core.answering.engine import Engine
from core.answering.quotes import quote
from core.answering.statements import claims
from core.answering.verification import overall, verify
from core.errors import EngineError
from core.models.profile import ChatModel
from core.retrieval.embedding import Encoders
from core.retrieval.search import Search
from core.types import (
    Answer,
    AnswerKind,
    Delta,
    Done,
    Event,
    Hit,
    Retrieved,
    Stage,
    Staged,
    Statement,
    Turn,
    Variant,
    Verdict,
)

if TYPE_CHECKING:
    from core.answering.query_engine import Asked, Query

_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def language_of(text: str) -> str:
    """``zh`` for a text with a fair share of Chinese characters, else ``en``."""
    return "zh" if 5 * len(_CHINESE.findall(text)) > len(text) else "en"


class Answerer:
    """Answers questions about one matter at a time; holds no state between questions."""

    def __init__(
        self, search: Search, encoders: Encoders, engine: Engine, model: ChatModel, top_k: int
    ) -> None:
        self._search = search
        self._encoders = encoders
        self._engine = engine
        self._model = model
        self._top_k = top_k

    async def stream(
        self, matter_id: str, question: str, history: Sequence[Turn], variant: Variant
    ) -> AsyncGenerator[Event, None]:
        """Yield the stages of an answer, its passages, its draft word by word, and the answer.

        Closing the generator aborts the engine's request.  Raises ``EngineError`` when the
        embedding model is not ready, and ``StoreError`` when the index cannot be read.
        """
        # LlamaIndex takes two seconds to import; the services do it while the models load.
        from core.answering.query_engine import Asked, build_query

        clock = _Clock()
        chosen = variant if variant.top_k else replace(variant, top_k=self._top_k)
        asked = Asked(matter_id, question.strip(), chosen, tuple(history))
        yield Staged(Stage.SEARCHING)
        query = build_query(asked, self._search, self._encoders, self._engine, self._model)
        hits, searched = await query.retrieve()
        clock.mark("retrieve")
        yield Retrieved(hits, searched)
        if not hits:
            yield Done(self._answer(asked, clock, searched, AnswerKind.REFUSAL, "nothing_found"))
            return
        draft, notice = "", self._why_no_draft(asked)
        if not notice:
            yield Staged(Stage.READING)
            try:
                async with aclosing(self._write(query, clock)) as events:
                    async for event in events:
                        draft += event.text if isinstance(event, Delta) else ""
                        yield event
            except EngineError:
                notice = "engine_failed"
        yield Staged(Stage.CHECKING)
        statements: tuple[Statement, ...] = ()
        if not notice:
            # In a thread: a long draft takes longer to check than a tick.
            statements = await asyncio.to_thread(_checked, draft, hits)
        verdict = overall(statements)
        if not notice and verdict is Verdict.UNSUPPORTED:
            notice = "draft_not_supported"
        if notice:
            statements = await quote(question, hits, self._encoders)
            verdict = overall(statements)
        clock.mark("verify")
        kind = AnswerKind.QUOTES if notice else AnswerKind.DRAFT
        yield Done(self._answer(asked, clock, searched, kind, notice, statements, verdict, draft))

    def _why_no_draft(self, asked: "Asked") -> str:
        """The notice that goes with quotes instead of a draft, or nothing."""
        if asked.variant.style is AnswerKind.QUOTES:
            return "quotes_chosen"
        if language_of(asked.question) not in self._model.languages:
            return "language_not_supported"
        return "" if self._engine.status.state == "ready" else "engine_not_ready"

    async def _write(self, query: "Query", clock: "_Clock") -> AsyncGenerator[Event, None]:
        async with aclosing(query.write()) as words:
            async for word in words:
                if clock.mark_once("first_token"):
                    yield Staged(Stage.WRITING)
                yield Delta(word)
        clock.mark("generate")

    def _answer(
        self,
        asked: "Asked",
        clock: "_Clock",
        searched: int,
        kind: AnswerKind,
        notice: str,
        statements: tuple[Statement, ...] = (),
        verdict: Verdict = Verdict.UNSUPPORTED,
        draft: str = "",
    ) -> Answer:
        return Answer(
            question=asked.question,
            kind=kind,
            verdict=verdict,
            statements=statements,
            notice=notice,
            draft="" if kind is AnswerKind.DRAFT else draft,
            model=self._model.name if draft else "",
            searched_documents=searched,
            timings=clock.timings(),
        )


def _checked(draft: str, hits: Sequence[Hit]) -> tuple[Statement, ...]:
    cited = {marker: hit.passage for marker, hit in enumerate(hits, 1)}
    return tuple(verify(claim, cited) for claim in claims(draft))


class _Clock:
    """Seconds from the question to the end of each stage; ``total`` is the last."""

    def __init__(self) -> None:
        self._start = perf_counter()
        self._marks: dict[str, float] = {}

    def mark(self, stage: str) -> None:
        self._marks[stage] = round(perf_counter() - self._start, 4)

    def mark_once(self, stage: str) -> bool:
        """Mark a stage unless it is marked; return whether it was not."""
        first = stage not in self._marks
        if first:
            self.mark(stage)
        return first

    def timings(self) -> dict[str, float]:
        self.mark("total")
        return dict(self._marks)
