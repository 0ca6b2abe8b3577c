"""Passages for a question: understand it, find by meaning and by words, fuse, look up articles.

The weights were chosen by experiment on two development sets (``tests/bench``): word overlap helps
a little in both languages, and knowing which document is meant helps most of all.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.retrieval.embedding import Encoders
from core.retrieval.store import Identity, Scored, Store
from core.retrieval.understanding import Understood, article_key, understand
from core.types import Hit, Passage, Turn

_CANDIDATES = 200
"""Passages taken from each list before they are fused."""
_LEXICAL = 0.3
_DOCUMENT = 20.0
_FOCUS = 0.75
_ARTICLE = 100.0
"""Weights against a dense score in standard deviations; an article looked up outranks all.  The
sentence that asks weighs three times the rest of a question that names its document.
"""

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|those|these|that|this)\b|^(?:and|but|what about|how about|why)\b"
    r"|^(?:那|它|这|该|其|如果不)|呢[？?]?$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Found:
    """The hits, best first, and how many documents were searched."""

    hits: tuple[Hit, ...]
    searched_documents: int


class Search:
    """Hybrid search within one matter."""

    def __init__(self, store: Store, encoders: Encoders, limit: int) -> None:
        self._store = store
        self._encoders = encoders
        self._limit = limit

    async def find(
        self,
        matter_id: str,
        question: str,
        mode: str = "hybrid",
        history: Sequence[Turn] = (),
        limit: int | None = None,
    ) -> Found:
        """The passages of the matter that best answer ``question``, at most ``limit``.

        ``mode`` is ``hybrid``, ``dense`` or ``lexical``.  A question that names no document and
        follows another is searched together with the one before.
        """
        limit = limit or self._limit
        identities = await self._store.identities(matter_id)
        if not identities:
            return Found((), 0)
        # In a thread: comparing a question with a thousand documents takes longer than a tick.
        understood = await asyncio.to_thread(_understand, question, history, identities)
        lists = await self._lists(matter_id, understood, mode, max(limit, _CANDIDATES))
        hits = _fuse(lists, understood)
        return Found(hits[:limit], len(identities))

    async def _lists(
        self, matter_id: str, understood: Understood, mode: str, size: int
    ) -> "_Lists":
        lexical: list[Scored] = []
        dense: list[Scored] = []
        articles: list[Passage] = []
        about = list(understood.about)
        if mode != "dense":
            lexical += await self._store.lexical(matter_id, understood.asks, size)
            if about:
                lexical += await self._store.lexical(matter_id, understood.asks, size, about)
        if mode != "lexical":
            texts = [understood.asks, understood.focus]
            vectors = await self._encoders.embed_queries(list(dict.fromkeys(texts)))
            vector = (1 - _FOCUS) * vectors[0] + _FOCUS * vectors[-1]
            found = [self._store.dense(matter_id, vector, size)]
            if about:
                found.append(self._store.dense(matter_id, vector, size, about))
            for scored in await asyncio.gather(*found):
                dense += scored
        if understood.articles and about:
            articles = await self._articles(matter_id, understood)
        return _Lists(dense, lexical, articles)

    async def _articles(self, matter_id: str, understood: Understood) -> list[Passage]:
        """The passages that are the articles which the question names, in its documents."""
        found: list[Passage] = []
        for document_id in understood.about:
            for passage in await self._store.passages(matter_id, document_id):
                if any(article_key(part) in understood.articles for part in passage.path):
                    found.append(passage)
        return found


@dataclass(frozen=True, slots=True)
class _Lists:
    """What each kind of search found."""

    dense: list[Scored]
    lexical: list[Scored]
    articles: list[Passage]


def _fuse(lists: _Lists, understood: Understood) -> tuple[Hit, ...]:
    """Add up standardised scores; a passage missing from a list has that list's lowest score."""
    passages: dict[str, Passage] = {each.id: each for each in lists.articles}
    totals: dict[str, float] = {each.id: _ARTICLE for each in lists.articles}
    columns = [(1.0, lists.dense), (_LEXICAL if lists.dense else 1.0, lists.lexical)]
    for weight, scored in columns:
        own = _standardised(scored)
        floor = min(own.values(), default=0.0)
        passages |= {each.passage.id: each.passage for each in scored}
        for passage_id in passages:
            totals.setdefault(passage_id, 0.0)
        for passage_id in totals:
            totals[passage_id] += weight * (own.get(passage_id, floor) - floor)
    for passage_id, passage in passages.items():
        totals[passage_id] += _DOCUMENT * understood.about.get(passage.document_id, 0.0)
    ranked = sorted(totals, key=lambda each: (-totals[each], each))
    return tuple(Hit(passages[each], round(totals[each], 4)) for each in ranked)


def _standardised(scored: Sequence[Scored]) -> dict[str, float]:
    """Scores in standard deviations from their mean."""
    import numpy as np

    if not scored:
        return {}
    by_id = {each.passage.id: each.score for each in scored}
    values = np.array(list(by_id.values()))
    spread = float(values.std()) or 1.0
    mean = float(values.mean())
    return {passage_id: (score - mean) / spread for passage_id, score in by_id.items()}


def _understand(
    question: str, history: Sequence[Turn], identities: Sequence[Identity]
) -> Understood:
    """A follow-up that points back and names no document is read with the question before it."""
    understood = understand(question, identities)
    if not history or understood.about or not _POINTS_BACK.search(question):
        return understood
    previous = history[-1].question
    if bool(_CHINESE.search(previous)) != bool(_CHINESE.search(question)):
        return understood
    return understand(f"{previous} {question}", identities)
