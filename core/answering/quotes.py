"""An answer in the passages' own words: the sentences nearest to the question, verbatim."""

import re
from collections.abc import Sequence

from core.answering.statements import sentences
from core.answering.verbatim import words
from core.answering.verification import cite
from core.retrieval.embedding import Encoders
from core.types import Hit, Statement, Verdict

PASSAGES = 3
"""Passages quoted from, at most."""
_CHARACTERS = 420
"""The longest quote: about three sentences, which a reader takes in at a glance."""
_GOES_ON = re.compile(r"(?:[;:,；：，]|[;,] (?:and|or))\s*\Z")
_ITEM = re.compile(r"\([a-z]{1,4}\)|[（(][一二三四五六七八九十]+[）)]")
_LEXICAL_WEIGHT = 0.15
_MARGIN = 0.08
"""How far behind the best a sentence may score and still be quoted."""


async def quote(question: str, hits: Sequence[Hit], encoders: Encoders) -> tuple[Statement, ...]:
    """Quote from each of the best passages the sentences that answer ``question`` most nearly.

    A sentence is scored by the cosine of its vector with the question's and by the share of the
    question's words that it holds; its neighbours join while there is room.  Best first.
    """
    chosen = list(enumerate(hits[:PASSAGES], 1))
    spans = [sentences(hit.passage.text) or ((0, len(hit.passage.text)),) for _, hit in chosen]
    texts = [
        hit.passage.text[start:end]
        for (_, hit), own in zip(chosen, spans, strict=True)
        for start, end in own
    ]
    scores = await _scores(question, texts, encoders)
    found: list[tuple[float, Statement]] = []
    for (marker, hit), own in zip(chosen, spans, strict=True):
        own_scores, scores = scores[: len(own)], scores[len(own) :]
        best = max(range(len(own)), key=own_scores.__getitem__)
        citation = cite(marker, hit.passage, _extend(own, own_scores, best, hit.passage.text))
        statement = Statement(citation.quote, Verdict.SUPPORTED, (citation,), "verbatim")
        found.append((own_scores[best], statement))
    found.sort(key=lambda each: -each[0])
    return tuple(statement for score, statement in found if score >= found[0][0] - _MARGIN)


def listing(hits: Sequence[Hit]) -> tuple[Statement, ...]:
    """Every passage of ``hits`` whole, in the order of documents and places, numbered from 1."""
    ordered = sorted(hits, key=lambda hit: (hit.passage.document_name, hit.passage.start))
    citations = [
        cite(marker, hit.passage, (0, len(hit.passage.text)))
        for marker, hit in enumerate(ordered, 1)
    ]
    return tuple(
        Statement(each.quote, Verdict.SUPPORTED, (each,), "verbatim") for each in citations
    )


async def _scores(question: str, texts: Sequence[str], encoders: Encoders) -> list[float]:
    vector = await encoders.embed_query(question)
    asked = words(question)
    scores = [0.0] * len(texts)
    async for indices, vectors in encoders.embed_passages(texts):
        for index, cosine in zip(indices, vectors @ vector, strict=True):
            shared = len(asked & words(texts[index])) / max(1, len(asked))
            scores[index] = float(cosine) + _LEXICAL_WEIGHT * shared
            if not re.search(r"\w+\W+\w+|[\u4e00-\u9fff]{4}", texts[index]):
                scores[index] -= 1.0  # a lone number or heading says nothing
    return scores


def _extend(
    spans: Sequence[tuple[int, int]], scores: Sequence[float], best: int, text: str
) -> tuple[int, int]:
    """The best sentence with the neighbours that fit, the better first; a list stays whole.

    A condition cut out of its list would mislead: a quote goes on to the end of a list, and back
    to the words that open it, whatever its length.
    """
    first = last = best
    while True:
        room = {
            index: scores[index]
            for index, low, high in ((first - 1, first - 1, last), (last + 1, first, last + 1))
            if 0 <= index < len(spans) and spans[high][1] - spans[low][0] <= _CHARACTERS
        }
        if not room:
            break
        chosen = max(room, key=room.__getitem__)
        first, last = min(first, chosen), max(last, chosen)
    while last + 1 < len(spans) and _GOES_ON.search(text[slice(*spans[last])]):
        last += 1
    while first > 0 and (
        _ITEM.match(text[slice(*spans[first])]) or _GOES_ON.search(text[slice(*spans[first - 1])])
    ):
        first -= 1
    return spans[first][0], spans[last][1]
