"""Take a question apart: which documents it is about, which articles it names, what it asks.

"Consider the Supply Agreement between Acme and Borealis; which law governs?" is about one document
and asks "which law governs?".  Searching for the second part among the first's passages finds the
clause; searching for the whole finds the page on which the parties are named.  Nothing here keys
on a phrase: a document is recognised by the words of its name, its title and its opening.
"""

import math
import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.documents.numerals import chinese_number
from core.retrieval.store import Identity

_WORD = re.compile(r"[A-Za-z][A-Za-z&'’-]*|\d+|[\u4e00-\u9fff]")
_SENTENCE = re.compile(r"(?<=[;:?；。？])|(?<=[a-z]\.)(?=\s[A-Z])")
_PART = re.compile(r"(?<=[,，])")
_ARTICLE = re.compile(
    r"第\s*([0-9零〇一二三四五六七八九十百千两]+)\s*条(?:之([一二三四五六七八九十]))?"
    r"|\b(?:article|art\.|section|sec\.|clause|§)\s*(\d+(?:\.\d+)*|[IVXLC]+\b)",
    re.I,
)
_GLUE = frozenset(
    "a an the of and or in on at to for by with between among under this that is are was does do "
    "did what which who whom whose when where how consider regarding concerning about per from as "
    "it its dated made entered into".split()
)
_COMPANY = frozenset("inc ltd llc corp co plc gmbh limited company".split())
_MIN_RARITY = 0.69
"""Just under log 2: words in more than half of the documents tell none from the others."""
_CLOSE = 0.8
"""Documents that score at least this share of the best one's score are meant as well."""


@dataclass(frozen=True, slots=True)
class Understood:
    """``about`` maps the documents that the question names to a confidence in (0, 1].

    ``asks`` is the question without their names, and ``focus`` the sentence of it that asks, where
    the one before it names a document.  ``articles`` are the numbers of the articles, sections or
    clauses that it names, as written in Arabic digits ("577", "12.1").
    """

    asks: str
    focus: str
    about: dict[str, float]
    articles: tuple[str, ...]


def understand(question: str, identities: Sequence[Identity]) -> Understood:
    """Take ``question`` apart against the documents of its matter."""
    articles = tuple(dict.fromkeys(_article(match) for match in _ARTICLE.finditer(question)))
    about, names = _recognise(question, identities)
    meant = (_words(each) for each in identities if each.document_id in about)
    asks = _without(question, names, frozenset().union(*meant)) if names else question
    return Understood(asks, _focus(asks) if about else asks, about, articles)


def article_key(heading: str) -> str:
    """The number of an article or clause at the start of a heading, or the empty string."""
    match = _ARTICLE.match(heading) or re.match(r"\(?(\d+(?:\.\d+)*)\)?[.)\s、]", heading + " ")
    return _article(match) if match else ""


def _article(match: re.Match[str]) -> str:
    groups = match.groups()
    if len(groups) == 1:
        return groups[0].rstrip(".")
    chinese, branch, western = groups
    if western:
        return western.upper() if western.isalpha() else western
    number = chinese if chinese.isdecimal() else str(chinese_number(chinese))
    return f"{number}-{chinese_number(branch)}" if branch else number


def _recognise(
    question: str, identities: Sequence[Identity]
) -> tuple[dict[str, float], list[tuple[int, int]]]:
    """The documents that a question names, and the spans of the question that name them."""
    known = [_words(each) for each in identities]
    spread = Counter(word for words in known for word in words)
    rarity = {
        word: math.log((len(identities) + 1) / (count + 0.5)) for word, count in spread.items()
    }
    chinese = _chinese_names(question, identities)
    scores: dict[str, float] = {}
    spans: dict[str, list[tuple[int, int]]] = {}
    for identity, words in zip(identities, known, strict=True):
        runs = _runs(question, words, rarity)
        score = sum(weight for _, _, weight in runs)
        own = [(start, end) for start, end, _ in runs]
        if identity.document_id in chinese:
            start, end = chinese[identity.document_id]
            score += (end - start) * 2.0
            own.append((start, end))
        if score > 0:
            scores[identity.document_id], spans[identity.document_id] = score, own
    if not scores:
        return {}, []
    best = max(scores.values())
    about = {each: score / best for each, score in scores.items() if score >= _CLOSE * best}
    confidence = min(1.0, best / 3.0)
    names = {span for each in about for span in spans[each]}
    return {each: share * confidence for each, share in about.items()}, _merged(names)


@lru_cache(maxsize=8192)
def _words(identity: Identity) -> frozenset[str]:
    text = re.sub(r"[_\-.,]+", " ", identity.name) + " " + identity.text
    return frozenset(
        match.group().lower() for match in _WORD.finditer(text) if match.group().isascii()
    )


def _runs(
    question: str, words: frozenset[str], rarity: dict[str, float]
) -> list[tuple[int, int, float]]:
    """Spans of capitalised words of a document, joined by glue, that hold a telling one."""
    tokens = [match for match in _WORD.finditer(question) if match.group().isascii()]
    lower = [match.group().lower() for match in tokens]
    named = [
        (low in words or low in _COMPANY) and low not in _GLUE and match.group()[0].isupper()
        for low, match in zip(lower, tokens, strict=True)
    ]
    soft = [name or low in _GLUE or len(low) < 2 for name, low in zip(named, lower, strict=True)]
    runs: list[tuple[int, int, float]] = []
    at = 0
    while at < len(tokens):
        if not soft[at]:
            at += 1
            continue
        end = at + 1
        while end < len(tokens) and soft[end] and not _parted(question, tokens, end):
            end += 1
        inside = [index for index in range(at, end) if named[index]]
        weight = sum(
            each for each in (rarity.get(lower[i], 0.0) for i in inside) if each > _MIN_RARITY
        )
        if inside and weight > 0:
            runs.append((tokens[inside[0]].start(), tokens[inside[-1]].end(), weight))
        at = end
    return runs


def _parted(question: str, tokens: Sequence[re.Match[str]], index: int) -> bool:
    between = question[tokens[index - 1].end() : tokens[index].start()]
    return any(mark in between for mark in "?;:")


def _chinese_names(question: str, identities: Sequence[Identity]) -> dict[str, tuple[int, int]]:
    """The documents whose Chinese name stands in the question: the longest name wins a place."""
    found: dict[str, tuple[int, int]] = {}
    for identity in identities:
        for name in _chinese_titles(identity):
            at = question.find(name)
            if at >= 0 and len(name) > _length(found.get(identity.document_id)):
                found[identity.document_id] = (at, at + len(name))
    return {
        document_id: span
        for document_id, span in found.items()
        if not any(_inside(span, other) for other in found.values())
    }


def _chinese_titles(identity: Identity) -> list[str]:
    """The Chinese runs (three characters or more) of a file's name, with and without the state."""
    stem = re.split(r"[/\\]", identity.name)[-1]
    runs = re.findall(r"[\u4e00-\u9fff]{3,}", re.sub(r"[（(].*?[）)]", " ", stem))
    return [
        name for run in runs for name in {run, run.removeprefix("中华人民共和国")} if len(name) > 2
    ]


def _length(span: tuple[int, int] | None) -> int:
    return span[1] - span[0] if span else 0


def _inside(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return span != other and other[0] <= span[0] and span[1] <= other[1]


def _merged(spans: set[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _without(question: str, names: Sequence[tuple[int, int]], known: Container[str]) -> str:
    """The question without the names, and without the parts that then say nothing of their own.

    A part that names a document says something only by words that the document's opening lacks.
    """
    cut = question
    for start, end in sorted(names, reverse=True):
        cut = cut[:start] + "\0" + cut[end:]
    kept = []
    for sentence in _SENTENCE.split(cut):
        if "\0" in sentence and not _says_something(sentence, known):
            continue
        parts = _PART.split(sentence)
        kept += [part for part in parts if "\0" not in part or _says_something(part, known)]
    asks = re.sub(r"\s+", " ", "".join(kept).replace("\0", " ")).strip(" ,;:，；：《》")
    return asks if _says_something(asks, ()) else question


def _focus(asks: str) -> str:
    """The last sentence with a question mark, or the whole."""
    asking = [part for part in _SENTENCE.split(asks) if part.rstrip().endswith(("?", "？"))]
    last = asking[-1].strip() if asking else asks
    return last if _says_something(last, ()) else asks


def _says_something(part: str, known: Container[str]) -> bool:
    """Whether words are left that are neither glue nor known."""
    words = (word.lower() for word in re.findall(r"[A-Za-z]{3,}", part))
    telling = [word for word in words if word not in _GLUE | _COMPANY and word not in known]
    return len(telling) >= 2 or len(re.findall(r"[\u4e00-\u9fff]", part)) >= 4
