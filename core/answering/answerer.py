"""One path for every question: search, read, write, check.

The chat, the command line, comparisons and evaluations all call ``Answerer.stream``.  A draft is
shown as the answer only if its statements hold; otherwise the passages answer in their own words,
and where the documents do not hold the answer at all, that is said.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from copy import copy
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

from core.answering.engine import Engine
from core.answering.prompt import rules
from core.answering.quotes import listing, quote
from core.answering.statements import claims
from core.answering.verification import cite, overall, verify
from core.errors import EngineError, PinciteError
from core.models.profile import ChatModel
from core.retrieval.embedding import Encoders
from core.retrieval.naming import parties_said
from core.retrieval.refusal import Threshold
from core.retrieval.search import EVERY, Found, Search
from core.retrieval.sharing import SharedSearch
from core.types import (
    EVERYTHING,
    Answer,
    AnswerKind,
    Delta,
    Done,
    Event,
    Hit,
    Retrieved,
    Scope,
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
_NEAREST = 3
"""Passages that a refusal shows."""
_ENDS = frozenset(".!?。！？；;”’\"')）")
_SPARE_TOKENS = 2
"""A draft that ends this near to its longest length was cut there."""


def language_of(text: str) -> str:
    """``zh`` for a text with a fair share of Chinese characters, else ``en``."""
    return "zh" if 5 * len(_CHINESE.findall(text)) > len(text) else "en"


class Answerer:
    """Answers questions about one matter at a time; holds nothing between questions.

    ``thresholds`` tell by language when the documents do not hold an answer; a language without
    one is refused only what names no document here or finds no passage at all.
    """

    def __init__(
        self,
        search: Search,
        encoders: Encoders,
        engine: Engine,
        model: ChatModel,
        top_k: int,
        thresholds: Mapping[str, Threshold],
    ) -> None:
        self._search = search
        self._encoders = encoders
        self._engine = engine
        self._model = model
        self._top_k = top_k
        self._thresholds = thresholds
        self._open: list[str] = []  # the questions; one list for all that share a search

    @property
    def is_asked(self) -> bool:
        """Whether a question is being answered now: what is not urgent waits."""
        return bool(self._open)

    @property
    def models(self) -> tuple[str, ...]:
        """What a variant may name as its model; the first is the engine's own."""
        return (self._model.name, *self._engine.models)

    def require(self, variant: Variant) -> None:
        """Raise ``PinciteError`` for a variant whose model or prompt is not to be had here."""
        rules(variant.prompt)
        if variant.model and variant.model not in self.models:
            raise PinciteError(
                f"The engine here does not offer the model “{variant.model}”.",
                "Choose another variant, or set PINCITE_REMOTE_MODELS or add the adapter.",
            )

    def why_no_draft(self, variant: Variant, question: str) -> str:
        """The notice that goes with quotes instead of a draft, or nothing."""
        if variant.style is AnswerKind.QUOTES:
            return "quotes_chosen"
        if language_of(question) not in self._model.languages:
            return "language_not_supported"
        return "" if self._engine.status.state == "ready" else "engine_not_ready"

    @asynccontextmanager
    async def sharing(self) -> AsyncIterator["Answerer"]:
        """This answerer, looking up once what several answers to one question look up alike."""
        shared = copy(self)
        shared._search = search = SharedSearch(self._search)
        try:
            yield shared
        finally:
            await search.close()

    async def stream(
        self,
        matter_id: str,
        question: str,
        history: Sequence[Turn],
        variant: Variant,
        scope: Scope = EVERYTHING,
    ) -> AsyncGenerator[Event, None]:
        """Yield the stages of an answer, its passages, its draft word by word, and the answer.

        Closing the generator aborts the engine's request.  Raises ``EngineError`` when the
        embedding model is not ready, ``StoreError`` when the index cannot be read, and what
        ``require`` raises.
        """
        self._open.append(question)
        try:
            async with aclosing(self._stream(matter_id, question, history, variant, scope)) as own:
                async for event in own:
                    if isinstance(event, Done):
                        event = Done(replace(event.answer, variant=variant.name, scope=scope))
                    yield event
        finally:
            self._open.remove(question)

    async def _stream(
        self,
        matter_id: str,
        question: str,
        history: Sequence[Turn],
        variant: Variant,
        scope: Scope,
    ) -> AsyncGenerator[Event, None]:
        # LlamaIndex takes two seconds to import; the services do it while the models load.
        from core.answering.query_engine import Asked, build_query

        clock = _Clock()
        self.require(variant)
        chosen = variant if variant.top_k else replace(variant, top_k=self._top_k)
        asked = Asked(matter_id, question.strip(), chosen, tuple(history), scope)
        yield Staged(Stage.SEARCHING)
        if chosen.style is AnswerKind.LISTING:
            found = await self._search.every(matter_id, asked.question, history, scope)
            clock.mark("retrieve")
            yield Retrieved(found.hits[: chosen.top_k], found.searched, found.absent, found.hits)
            yield Done(_listed(asked, found, clock))
            return
        query = build_query(asked, self._search, self._encoders, self._engine, self._model)
        found = await query.retrieve()
        clock.mark("retrieve")
        yield Retrieved(found.hits, found.searched, found.absent, query.ranked)
        if refusal := self._why_refused(asked, found):
            yield Done(_refused(asked, found, refusal, clock))
            return
        async with aclosing(self._answer(asked, query, found, clock)) as events:
            async for event in events:
                yield event

    async def _answer(
        self, asked: "Asked", query: "Query", found: Found, clock: "_Clock"
    ) -> AsyncGenerator[Event, None]:
        """Write a draft where one may be written, check it, or quote."""
        draft, notice = "", self.why_no_draft(asked.variant, asked.question)
        hits = found.hits
        tokens: int | None = 0
        if not notice:
            yield Staged(Stage.READING)
            try:
                fitting = await asyncio.to_thread(query.fitting)
                notice = "" if fitting else "question_too_long"
                hits = hits[:fitting] if fitting else hits
                if fitting:
                    async with aclosing(self._write(query, clock)) as events:
                        async for event in events:
                            draft += event.text if isinstance(event, Delta) else ""
                            yield event
                    tokens = self._counted(draft)
            except EngineError:
                notice, tokens = "engine_failed", None
        yield Staged(Stage.CHECKING)
        statements: tuple[Statement, ...] = ()
        if not notice:
            # In a thread: a long draft takes longer to check than a tick.
            statements = await asyncio.to_thread(
                _checked, draft, hits, self._model.is_weak, self._breaks_off(draft, tokens or 0)
            )
        verdict = overall(statements)
        if not notice and verdict is Verdict.UNSUPPORTED:
            notice = "draft_not_supported"
        if notice:
            statements = await quote(asked.question, hits, self._encoders)
            verdict = overall(statements)
        clock.mark("verify")
        yield Done(
            Answer(
                question=asked.question,
                kind=AnswerKind.QUOTES if notice else AnswerKind.DRAFT,
                verdict=verdict,
                statements=statements,
                notice=notice,
                draft=draft if notice else "",
                model=(asked.variant.model or self._model.name) if draft else "",
                searched=found.searched,
                passages_used=len(hits),
                absent=found.absent,
                passages_cut=len(found.hits) - len(hits),
                sources=_sources(hits, asked.history),
                timings=clock.timings(),
                tokens=tokens,
            )
        )

    def _why_refused(self, asked: "Asked", found: Found) -> str:
        """The notice that goes with a refusal, or nothing."""
        if not found.hits or not any(map(str.isalnum, asked.question)):
            return "nothing_found"
        if found.is_elsewhere:
            return "document_out_of_scope"
        if found.absent and (not found.named or parties_said(asked.question, found.absent)):
            return "document_absent"
        threshold = self._thresholds.get(language_of(asked.question))
        is_hybrid = asked.variant.mode == "hybrid"  # what the thresholds were fitted on
        if threshold and is_hybrid and not threshold.admits(found.evidence):
            return "not_in_documents"
        return ""

    def _counted(self, draft: str) -> int | None:
        """How many tokens a draft took; ``None`` where the engine has died since its last word."""
        try:
            return self._engine.count_tokens(draft)
        except EngineError:
            return None

    def _breaks_off(self, draft: str, tokens: int) -> bool:
        """Whether the limit of tokens ended a draft in the middle of a sentence."""
        text = re.sub(r"(?:\s*[\[【][^\]】]*[\]】])+$", "", draft.rstrip())
        if not text or text[-1] in _ENDS:
            return False
        return tokens >= self._model.answer_tokens - _SPARE_TOKENS

    async def _write(self, query: "Query", clock: "_Clock") -> AsyncGenerator[Event, None]:
        async with aclosing(query.write()) as words:
            async for word in words:
                if clock.mark_once("first_token"):
                    yield Staged(Stage.WRITING)
                yield Delta(word)
        clock.mark("generate")


def _sources(hits: Sequence[Hit], history: Sequence[Turn]) -> tuple[str, ...]:
    """The documents that the prompt held words of, by their ids."""
    earlier = (each for turn in history for each in turn.sources)
    return tuple(dict.fromkeys((*(hit.passage.document_id for hit in hits), *earlier)))


def _refused(asked: "Asked", found: Found, notice: str, clock: "_Clock") -> Answer:
    nearest = tuple(
        cite(marker, hit.passage, (0, len(hit.passage.text)))
        for marker, hit in enumerate(found.hits[:_NEAREST], 1)
    )
    return Answer(
        question=asked.question,
        kind=AnswerKind.REFUSAL,
        verdict=Verdict.UNSUPPORTED,
        statements=(),
        notice=notice,
        searched=found.searched,
        sources=_sources(found.hits[:_NEAREST], ()),
        nearest=nearest,
        absent=found.absent,
        timings=clock.timings(),
        tokens=0,
    )


def _listed(asked: "Asked", found: Found, clock: "_Clock") -> Answer:
    if not found.hits:
        return _refused(asked, found, "nothing_found", clock)
    statements = listing(found.hits)
    return Answer(
        question=asked.question,
        kind=AnswerKind.LISTING,
        verdict=overall(statements),
        statements=statements,
        notice="listing_capped" if len(found.hits) >= EVERY else "listing_chosen",
        searched=found.searched,
        absent=found.absent,
        passages_used=len(statements),
        sources=_sources(found.hits, ()),
        timings=clock.timings(),
        tokens=0,
    )


def _checked(
    draft: str, hits: Sequence[Hit], closely: bool, breaks_off: bool
) -> tuple[Statement, ...]:
    """The statements of a draft, judged; a last one that breaks off is partly supported at best:
    what it leaves out may be the condition that mattered.
    """
    cited = {marker: hit.passage for marker, hit in enumerate(hits, 1)}
    made = claims(draft)
    judged = [verify(claim, cited, closely=closely, draft=made) for claim in made]
    if breaks_off and judged and judged[-1].verdict is Verdict.SUPPORTED:
        judged[-1] = replace(judged[-1], verdict=Verdict.PARTLY, reason="breaks_off")
    return tuple(judged)


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
