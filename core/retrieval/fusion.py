"""From several lists of passages to one: standardised scores, added up.

The weights were chosen by experiment on the development sets; ``tests/bench/experiments.md`` keeps
what was tried, with the figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.retrieval.grams import asked_terms, is_chinese, terms
from core.retrieval.overlap import overlap
from core.retrieval.refusal import Evidence, weigh
from core.retrieval.rows import Scored
from core.retrieval.understanding import Understood
from core.types import Hit, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CANDIDATES = 200
"""Passages taken from each list before they are fused."""
_LEXICAL = 0.6
_LEXICAL_OF_A_PHRASE = 1.0
_LEXICAL_BESIDE_OVERLAP = 0.45
_OVERLAP = 0.45
_WORDING = 1.5
_CONTEXT = {False: 1.0, True: 2.0}
_LEANING = 0.5
_DOCUMENT = 20.0
_ARTICLE = 100.0
"""Weights against a dense score in standard deviations; an article looked up outranks all.  The
question before weighs more for a follow-up that says little without it.
"""
_CLOSEST = 100
"""So many candidates, the best, are held against what a clause must have or lack."""
_OVERLAPPING = 50
"""Of so many candidates, the best, the overlap with the question is told (Chinese only)."""
_FAR = 3.5
"""Standard deviations, at most, by which an overlap stands out: one shared pair may be chance."""
_ENOUGH = 10
"""Fewer scores above the lowest tell no scale without it."""
_NEARLY = 0.02
"""How far behind the nearest passage's cosine one may be that matches by meaning."""


@dataclass(frozen=True, slots=True)
class Lists:
    """The candidates of every list, their BM25 scores, the articles looked up, and the vectors."""

    scored: dict[str, Scored]
    bm25: dict[str, float]
    articles: list[Passage]
    vectors: "NDArray[np.float32] | None"

    def by_passage(self) -> dict[str, float]:
        """The cosine of each candidate with the question."""
        if self.vectors is None:
            return {}
        vector = self.vectors[0]
        return {key: float(each.vector @ vector) for key, each in self.scored.items()}

    def cosines(self, leans_back: bool) -> list[float]:
        """Of all candidates with the question, or with its context, the nearest first."""
        if self.vectors is None:
            return []
        vector = self.vectors[1 if leans_back else 0]
        return sorted((float(each.vector @ vector) for each in self.scored.values()), reverse=True)


NO_LISTS = Lists({}, {}, [], None)


def matching(hits: Sequence[Hit], lists: Lists, words: str) -> tuple[Hit, ...]:
    """The hits that share half of the words, or are nearly as near in meaning as the nearest, and
    the articles looked up.
    """
    asked = terms(words)
    looked_up = {each.id for each in lists.articles}
    cosines = lists.by_passage()
    nearest = max(cosines.values(), default=0.0)
    return tuple(
        hit
        for hit in hits
        if hit.passage.id in looked_up
        or cosines.get(hit.passage.id, 0.0) >= nearest - _NEARLY
        or 2 * len(asked & terms(hit.passage.text)) >= max(1, len(asked))
    )


def ranked(
    lists: Lists, understood: Understood, leans: Mapping[str, float], lead: float = 0.0
) -> tuple[tuple[Hit, ...], Evidence]:
    """All candidates, best first, and what tells whether they hold an answer; ``lead`` is how much
    the question speaks of a law at hand (``core.retrieval.laws``).
    """
    hits = _fuse(lists, understood, leans)
    evidence = weigh(
        understood.words,
        hits,
        lists.cosines(understood.leans_back),
        max(lists.bm25.values(), default=0.0),
        lead=lead,
        certain=bool(lists.articles),
    )
    return hits, evidence


def _fuse(lists: Lists, understood: Understood, leans: Mapping[str, float]) -> tuple[Hit, ...]:
    """Add up the scores of all candidates, each standardised over those that compete."""
    import numpy as np

    passages = [each.passage for each in lists.scored.values()]
    about = np.array([understood.about.get(each.document_id, 0.0) for each in passages])
    total = _DOCUMENT * about
    competing = about > 0 if about.any() else np.ones(len(passages), bool)
    lexical = np.array([lists.bm25.get(each.id, 0.0) for each in passages])
    weights = [(_lexical_weight(understood), lexical)]
    if lists.vectors is not None and passages:
        cosines = np.stack([each.vector for each in lists.scored.values()]) @ lists.vectors.T
        weights.append((1.0, cosines[:, 0]))
        rest = cosines[:, 1:]
        if understood.context:
            weights.append((_CONTEXT[understood.leans_back], rest[:, 0]))
            rest = rest[:, 1:]
        if rest.shape[1]:
            weights.append((_WORDING, rest.mean(axis=1)))
    for weight, column in weights:
        total = total + weight * _standardised(column, competing)
    total = total + _LEANING * np.array([leans.get(each.document_id, 0.0) for each in passages])
    if understood.wishes:
        best = np.argsort(-total, kind="stable")[:_CLOSEST]
        total[best] += understood.wishes.granted(passages[at].text for at in best)
    if lists.bm25 and is_chinese(understood.words):
        total = total + _OVERLAP * _overlaps(understood.words, passages, total)
    scores = {each.id: float(score) for each, score in zip(passages, total, strict=True)}
    found = {each.id: each for each in passages}
    for article in lists.articles:
        found[article.id] = article
        scores[article.id] = scores.get(article.id, 0.0) + _ARTICLE
    order = sorted(scores, key=lambda each: (-scores[each], each))
    return tuple(Hit(found[each], round(scores[each], 4)) for each in order)


def _lexical_weight(understood: Understood) -> float:
    """Names of clauses ("cap on liability") are found by their words, questions by meaning too."""
    if is_chinese(understood.words):
        return _LEXICAL_BESIDE_OVERLAP
    return _LEXICAL_OF_A_PHRASE if understood.is_phrase else _LEXICAL


def _overlaps(
    words: str, passages: Sequence[Passage], total: "NDArray[np.floating[Any]]"
) -> "NDArray[np.float64]":
    """The overlap of the best with the question, in standard deviations; the rest have the least
    that one of these has.
    """
    import numpy as np

    best = np.argsort(-total, kind="stable")[:_OVERLAPPING]
    told = overlap(asked_terms(words), [passages[at].text for at in best])
    scaled = np.clip((told - told.mean()) / (told.std() or 1.0), -_FAR, _FAR)
    whole = np.full(len(passages), scaled.min())
    whole[best] = scaled
    return whole


def _standardised(
    column: "NDArray[np.float32]", competing: "NDArray[np.bool_]"
) -> "NDArray[np.float32]":
    """In standard deviations from the mean of the best that compete; the rest have their lowest.

    Without that floor, how many candidates another list brought in would change the scale.  What
    does not compete is at most as good as the best that does.
    """
    import numpy as np

    if not column.size:
        return column
    own = np.sort(column[competing])[::-1][:CANDIDATES]
    lowest = own[-1]
    own = own[own > lowest]
    if len(own) < _ENOUGH:
        own = np.append(own, lowest)
    scaled: NDArray[np.float32] = np.clip(column, own[-1], own[0]) - own.mean()
    return scaled / (own.std() or 1.0)
