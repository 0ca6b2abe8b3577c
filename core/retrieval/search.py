"""Passages for a question: understand it, find by meaning and by words, fuse, look up articles.

Every list is of one matter; the wall is in the store's queries.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import PinciteError
from core.retrieval.concepts import concepts, wording_for
from core.retrieval.embedding import Encoders
from core.retrieval.fusion import CANDIDATES, NO_LISTS, Lists, matching, ranked
from core.retrieval.laws import lead
from core.retrieval.naming import law_titles, leaning, recognise
from core.retrieval.refusal import NOTHING, Evidence
from core.retrieval.rows import Indexed
from core.retrieval.store import Store
from core.retrieval.understanding import Understood, is_article, understand
from core.types import EVERYTHING, Hit, Passage, Scope, Searched, Turn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORDED = 50
"""Passages taken for each typical wording of what is asked."""
_FOCUS = 0.75
"""The sentence that asks weighs three times the rest of a question that names its document."""
_LEANS_TO = 0.8
LONGEST = 8_000
"""Characters of a question, at most."""
EVERY = 1000
"""Passages that an exhaustive search lists, at most."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Found:
    """The hits, best first, and what was searched.

    ``absent`` are names in the question that nothing in the matter bears; ``evidence`` is what a
    refusal is decided by.  ``named`` are the documents that the question names for sure: only they
    may answer it.  ``is_elsewhere`` tells that it names one which is out of scope.
    """

    hits: tuple[Hit, ...]
    searched: Searched
    absent: tuple[str, ...] = ()
    evidence: Evidence = NOTHING
    named: frozenset[str] = frozenset()
    is_elsewhere: bool = False


class Search:
    """Hybrid search within one matter."""

    def __init__(self, store: Store, encoders: Encoders, limit: int) -> None:
        self._store = store
        self._encoders = encoders
        self._limit = limit
        # Typical wording is the same for every question: each text is embedded once.
        self._worded: dict[str, NDArray[np.float32]] = {}

    async def learn(self) -> None:
        """Embed the typical wording of every concept, so that no question waits for it."""
        await self._learn(text for concept in concepts() for text in concept.wording)

    async def find(
        self,
        matter_id: str,
        question: str,
        mode: str = "hybrid",
        history: Sequence[Turn] = (),
        limit: int | None = None,
        scope: Scope = EVERYTHING,
    ) -> Found:
        """The passages of the matter, within ``scope``, that best answer ``question``.

        ``mode`` is ``hybrid``, ``dense`` or ``lexical``.  At most ``limit`` passages.
        """
        async with self._encoders.asking():
            found, _, _ = await self._search(
                matter_id, question, mode, history, limit or self._limit, scope
            )
        return found

    async def _search(
        self,
        matter_id: str,
        question: str,
        mode: str,
        history: Sequence[Turn],
        limit: int,
        scope: Scope,
    ) -> tuple[Found, Lists, str]:
        """What was found, the candidates behind it, and the words that were searched for."""
        in_matter = await self._store.documents(matter_id, scope.old_versions)
        documents = [each for each in in_matter if scope.admits(each.document_id, each.identity)]
        searched = Searched(
            len(documents),
            sum(each.passages for each in documents),
            sum(each.blank_pages for each in documents),
            len(in_matter),
        )
        if not documents:
            return Found((), searched), NO_LISTS, ""
        within = None
        if len(documents) < len(in_matter):
            within = [each.document_id for each in documents]
        if len(question) > LONGEST:
            raise PinciteError(
                f"A question has {LONGEST:,} characters at most.", "Ask it in fewer words."
            )
        # In a thread: comparing a question with a thousand documents takes longer than a tick.
        understood = await asyncio.to_thread(understand, question, documents, history)
        elsewhere = await asyncio.to_thread(_elsewhere, understood, question, in_matter, documents)
        wanted = await self._met(
            _Wanted(matter_id, understood, within, max(limit, CANDIDATES), scope.old_versions)
        )
        understood = wanted.understood
        leans: Mapping[str, float] = {}
        if not understood.about:
            leans = await asyncio.to_thread(leaning, understood.asks, documents)
        lists = await self._lists(wanted, mode, leans, documents)
        ahead = await asyncio.to_thread(lead, question, law_titles(documents))
        hits, evidence = await asyncio.to_thread(ranked, lists, understood, leans, ahead)
        found = Found(
            hits[:limit],
            searched,
            understood.strangers,
            evidence,
            frozenset(understood.about) if understood.is_sure else frozenset(),
            elsewhere,
        )
        return found, lists, understood.words

    async def every(
        self,
        matter_id: str,
        question: str,
        history: Sequence[Turn] = (),
        scope: Scope = EVERYTHING,
    ) -> Found:
        """Every passage that matches: best in score first, at most ``EVERY``.

        A passage matches if it holds half of the question's words, or is nearly as near to it in
        meaning as the nearest.
        """
        async with self._encoders.asking():
            found, lists, words = await self._search(
                matter_id, question, "hybrid", history, EVERY, scope
            )
        hits = await asyncio.to_thread(matching, found.hits, lists, words)
        if found.named:
            hits = tuple(hit for hit in hits if hit.passage.document_id in found.named)
        return replace(found, hits=hits)

    async def _lists(
        self,
        wanted: "_Wanted",
        mode: str,
        leans: Mapping[str, float],
        documents: Sequence[Indexed],
    ) -> Lists:
        """Every list that the mode asks for: each of the whole scope and of the documents named."""
        understood, about = wanted.understood, list(wanted.understood.about)
        vectors = await self._vectors(understood) if mode != "lexical" else None
        queries = []
        words = understood.words
        size, old = wanted.size, wanted.old_versions
        for ids in [wanted.within, about] if about else [wanted.within]:
            if mode != "dense":
                queries.append(self._store.lexical(wanted.matter_id, words, size, ids, old))
            if vectors is not None:
                queries.append(self._store.dense(wanted.matter_id, vectors[0], size, ids, old))
        if vectors is not None and about:
            queries += [
                self._store.dense(wanted.matter_id, vector, _WORDED, about, old)
                for vector in vectors[1:]
            ]
        found = await asyncio.gather(*queries)
        scored = {each.passage.id: each for part in found for each in part}
        bm25 = {each.passage.id: each.score for part in found for each in part if each.is_lexical}
        articles: list[Passage] = []
        if understood.articles:
            articles = await self._articles(wanted, leans, documents)
        return Lists(scored, bm25, articles, vectors)

    async def _vectors(self, understood: Understood) -> "NDArray[np.float32]":
        """The question's vector, then those of its context and of the typical wording, if any."""
        import numpy as np

        context = f"{understood.context} {understood.focus}" if understood.context else ""
        wording = await asyncio.to_thread(wording_for, understood.focus)
        own = [understood.asks, understood.focus, *filter(None, [context])]
        await self._learn(wording)
        vectors = await self._encoders.embed_queries(list(dict.fromkeys(own)))
        fresh = dict(zip(dict.fromkeys(own), vectors, strict=True))
        rows = np.stack([*(fresh[text] for text in own), *(self._worded[text] for text in wording)])
        rows[1] = (1 - _FOCUS) * rows[0] + _FOCUS * rows[1]
        rows[1] /= np.linalg.norm(rows[1])
        return rows[1:]

    async def _learn(self, wording: Iterable[str]) -> None:
        # One by one and apart from the question, or vectors would hang on what had been asked
        # before: a batch is padded to its longest text, which tells in the last digits.
        for text in wording:
            if text not in self._worded:
                self._worded[text] = await self._encoders.embed_query(text)

    async def _articles(
        self, wanted: "_Wanted", leans: Mapping[str, float], documents: Sequence[Indexed]
    ) -> list[Passage]:
        """The passages that are the articles which the question names: in the documents that it
        names, else in the only one, or the only one that it leans to ("Section 12.1 of the lease").
        """
        meant = list(wanted.understood.about)
        if not meant and len(documents) == 1:
            meant = [documents[0].document_id]
        if not meant:
            nearest = [each for each, share in leans.items() if share >= _LEANS_TO]
            meant = nearest if len(nearest) == 1 else []
        found: list[Passage] = []
        for document_id in meant:
            for passage in await self._store.passages(wanted.matter_id, document_id):
                if is_article(passage.path, wanted.understood.articles):
                    found.append(passage)
        return found

    async def _met(self, wanted: "_Wanted") -> "_Wanted":
        """Look up the names that no document's identity holds: a party of a schedule is found in
        the text of its document; what is left in ``strangers`` nothing in the matter bears.
        """
        understood = wanted.understood
        if not understood.strangers:
            return wanted
        places: dict[str, set[str]] = {}
        for name in understood.strangers:
            found = await self._store.lexical(
                wanted.matter_id, name, CANDIDATES, wanted.within, wanted.old_versions
            )
            places[name] = {each.passage.document_id for each in found}
        strangers = tuple(
            name for name, documents in places.items() if not documents or _CHINESE.search(name)
        )
        if understood.is_sure:  # a stranger beside a known party is told, and no more
            return replace(wanted, understood=replace(understood, strangers=strangers))
        about = {} if strangers else understood.about
        told = [documents for documents in places.values() if len(documents) == 1]
        if told and not strangers and not about:
            about = dict.fromkeys(set.union(*told), 1.0)
        return replace(wanted, understood=replace(understood, about=about, strangers=strangers))


@dataclass(frozen=True, slots=True)
class _Wanted:
    matter_id: str
    understood: Understood
    within: Sequence[str] | None
    size: int
    old_versions: bool = False


def _elsewhere(
    understood: Understood,
    question: str,
    in_matter: Sequence[Indexed],
    in_scope: Sequence[Indexed],
) -> bool:
    """Whether the question names for sure a document of the matter that is not in scope."""
    if understood.is_sure or len(in_matter) == len(in_scope):
        return False
    named = recognise(question, in_matter)
    ids = {each.document_id for each in in_scope}
    return named.is_sure and not ids & set(named.about)
