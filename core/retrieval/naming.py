"""Which documents a question names, and which names in it no document bears.

Nothing here keys on a phrase: a document is recognised by the words of its name, its title, its
parties and its opening, weighed by how few documents of the matter share them.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.retrieval.concepts import asked_words
from core.retrieval.laws import bare, bears, cited, known_laws
from core.retrieval.rows import Indexed
from core.types import Genre

WORD = re.compile(r"[A-Za-z][A-Za-z&'’-]*|\d+|[\u4e00-\u9fff]")
GLUE = frozenset(
    "a an the of and or in on at to for by with between among under this that is are was does do "
    "did what which who whom whose when where how consider regarding concerning about per from as "
    "it its dated made entered into".split()
)
COMPANY = frozenset("inc ltd llc corp co plc gmbh limited company".split())
_TYPES = frozenset(
    "agreement contract lease deed amendment addendum license licence endorsement distributor "
    "distribution reseller supply purchase service services consulting consultancy "
    "collaboration cooperation joint venture affiliate agency franchise hosting development "
    "maintenance marketing outsourcing sponsorship strategic alliance transportation "
    "manufacturing promotion employment loan master software terms conditions policy act code "
    "order plan note exhibit schedule clause section article party parties technology "
    "technologies system systems corporation incorporated communications industries "
    "international global group holdings partners ventures solutions associates network "
    "enterprises university foods non exclusive sales first second buyer seller supplier "
    "customer licensor licensee landlord tenant lender borrower contractor client vendor "
    "purchaser agent employer employee executive consultant owner manager provider recipient "
    "indemnitor indemnitee individual third person affiliates company subsidiary guarantor "
    "trustee issuer investor".split()
)
"""Words that say what kind of document or party is meant, but not which."""
_COMMON_NAMES = frozenset(
    "i january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday mr mrs ms dr english chinese".split()
)
_ACRONYM = 5
"""Letters of an abbreviation (NDA, SLA): a term of art, unless it stands as a party's name does."""
_MOST_STRANGERS = 8
_BEFORE_PARTY = re.compile(r"\b(?:between|with)\s[^?;:]*$", re.I)
_AFTER_PARTY = re.compile(
    r"(?:[\s,]+[A-Z&][\w&.-]*){0,3}[\s,]+(?:Inc|Ltd|LLC|LLP|GmbH|Corp|Co|PLC|Limited|SA|AG)\b"
)
_MIN_RARITY = 0.69
"""Just under log 2: words in more than half of the documents tell none from the others."""
_CLOSE = 0.8
"""Documents that score at least this share of the best one's score are meant as well."""
_LAW = re.compile(
    r"《([^《》]{2,40})》|(?:根据|依据|按照|依照|违反|适用|^|[，。；、\s])"
    r"((?:中华人民共和国)?[\u4e00-\u9fff]{1,24}?(?:法典|法|条例|办法|细则|解释))(?=第[\d零〇一二三四五六七八九十百千]+条|的?规定|里|中)"
)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Named:
    """``about`` maps the documents that a question names to a confidence in (0, 1].

    ``spans`` are where it names them.  ``strangers`` are capitalised words and Chinese laws that
    no document's identity holds: whether one is a name is for the index to say.  ``is_sure`` tells
    that a party or a title is named, and not only a kind of document.
    """

    about: dict[str, float]
    spans: tuple[Span, ...]
    strangers: tuple[str, ...]
    is_sure: bool = False


def recognise(question: str, documents: Sequence[Indexed]) -> Named:
    """The documents of a matter that ``question`` names."""
    register = _register(tuple(documents))
    rarity = register.rarity
    laws = _chinese_names(question, documents)
    candidates = register.bearing(_latin(question)) | {
        at for at, each in enumerate(documents) if each.document_id in laws
    }
    scores: dict[str, float] = {}
    spans: dict[str, list[Span]] = {}
    for document in (documents[at] for at in sorted(candidates)):
        runs = _runs(question, document, rarity, register.rarest)
        score = sum(weight for _, _, weight in runs)
        own = [(start, end) for start, end, _ in runs]
        if document.document_id in laws:
            start, end = laws[document.document_id]
            score += (end - start) * 2.0
            own.append((start, end))
        if score > 0:
            scores[document.document_id], spans[document.document_id] = score, own
    strangers = _strangers(question, rarity, documents)
    if not scores:
        return Named({}, (), strangers)
    best = max(scores.values())
    about = {each: score / best for each, score in scores.items() if score >= _CLOSE * best}
    confidence = min(1.0, best / 3.0)
    names = _merged({span for each in about for span in spans[each]})
    confident = {each: share * confidence for each, share in about.items()}
    is_sure = _is_told_by_name(question, names, documents, about)
    return Named(confident, tuple(names), strangers, is_sure)


@dataclass(frozen=True, slots=True)
class _Register:
    """Which of the documents bear a word, and how telling each word is: the logarithm of the
    number of documents over those that bear it.
    """

    places: Mapping[str, Sequence[int]]
    rarity: Mapping[str, float]
    rarest: float

    def bearing(self, words: Iterable[str]) -> set[int]:
        """The places of the documents that bear one of the words that tell documents apart."""
        telling = (word for word in words if self.rarity.get(word, 0.0) > _MIN_RARITY)
        return {place for word in telling for place in self.places[word]}


@lru_cache(maxsize=16)
def _register(documents: tuple[Indexed, ...]) -> _Register:
    return _registered([identity_words(each) for each in documents])


@lru_cache(maxsize=16)
def _titles(documents: tuple[Indexed, ...]) -> _Register:
    return _registered([_title_words(each) for each in documents])


def _registered(known: Sequence[frozenset[str]]) -> _Register:
    places: dict[str, list[int]] = {}
    for at, words in enumerate(known):
        for word in words:
            places.setdefault(word, []).append(at)
    rarity = {word: math.log((len(known) + 1) / (len(own) + 0.5)) for word, own in places.items()}
    return _Register(places, rarity, max(rarity.values(), default=0.0))


@lru_cache(maxsize=8192)
def identity_words(document: Indexed) -> frozenset[str]:
    """The lower-case Latin words by which a document may be named."""
    identity = document.identity
    stem = re.sub(r"[_\-.,]+", " ", document.name)
    text = " ".join([stem, identity.title, *identity.parties, identity.opening])
    return frozenset(word for word in _latin(text))


@lru_cache(maxsize=8192)
def own_words(document: Indexed) -> frozenset[str]:
    """Those of its parties alone, which name it in a question without capitals too."""
    return _telling(" ".join(document.identity.parties))


@lru_cache(maxsize=8192)
def _name_words(document: Indexed) -> frozenset[str]:
    """Those of its parties, its title and its file's name that tell it from its kind."""
    stem = re.sub(r"[_\-.,/]+", " ", document.name)
    return own_words(document) | _telling(f"{stem} {document.identity.title}")


def _telling(text: str) -> frozenset[str]:
    words = frozenset(word for word in _latin(text) if len(word) > 2)
    return words - GLUE - COMPANY - _TYPES - asked_words()


def _latin(text: str) -> list[str]:
    return [_plain(match.group()) for match in WORD.finditer(text) if match.group()[0].isascii()]


def _plain(word: str) -> str:
    """In lower case and without the genitive."""
    return re.sub(r"(?:['’]s?|-)$", "", word.lower())


def _runs(
    question: str, document: Indexed, rarity: Mapping[str, float], rarest: float
) -> list[tuple[int, int, float]]:
    """Spans of a document's words, capitalised or its own, joined by glue, with a telling one.

    A lone word of its opening that other documents share tells nothing, and neither does a word
    of what is asked ("Governing Law"): it takes two others, or one of a name.
    """
    words, own, names = identity_words(document), own_words(document), _name_words(document)
    is_known = document.identity.genre is not Genre.OTHER
    tokens = [match for match in WORD.finditer(question) if match.group()[0].isascii()]
    lower = [_plain(match.group()) for match in tokens]
    capital = [any(map(str.isupper, match.group())) for match in tokens]
    has_capitals = any(capital[1:])
    named = [
        (low in words or low in COMPANY)
        and low not in GLUE
        and (
            (capital[at] and (low in own or not _begins(question, match)))
            or (not has_capitals and len(low) > 3 and low in own)
        )
        for at, (low, match) in enumerate(zip(lower, tokens, strict=True))
    ]
    soft = [name or low in GLUE or len(low) < 2 for name, low in zip(named, lower, strict=True)]
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
        told = [i for i in inside if lower[i] not in asked_words()]
        telling = len(told) > 1 or any(
            lower[i] in names or (is_known and rarity.get(lower[i], 0.0) >= rarest) for i in told
        )
        if telling and weight > 0:
            runs.append((tokens[inside[0]].start(), tokens[inside[-1]].end(), weight))
        at = end
    return runs


def _parted(question: str, tokens: Sequence[re.Match[str]], index: int) -> bool:
    between = question[tokens[index - 1].end() : tokens[index].start()]
    return any(mark in between for mark in "?;:")


def _strangers(
    question: str, rarity: Mapping[str, float], documents: Sequence[Indexed]
) -> tuple[str, ...]:
    """Capitalised words inside a sentence, and Chinese laws, that no identity holds."""
    found: list[str] = []
    for match in WORD.finditer(question):
        word = match.group()
        low = _plain(word)
        if (
            word[0].isascii()
            and len(low) > 2
            and (_is_inner_capital(word) or (word[0].isupper() and not _begins(question, match)))
            and low not in rarity
            and low not in GLUE | COMPANY | _TYPES | _COMMON_NAMES
            and not asked_words().issuperset(low.split("-"))
            and not (word.isupper() and len(word) <= _ACRONYM and not _is_party(question, match))
        ):
            found.append(word[: len(low)])
    titles = [name for each in documents for name in _chinese_titles(each)]
    found += [
        name for name, _ in _laws(question) if not any(_may_mean(name, each) for each in titles)
    ]
    return tuple(dict.fromkeys(found))[:_MOST_STRANGERS]


def _is_party(question: str, match: re.Match[str]) -> bool:
    """Whether a word stands where a party's name does: after between, before a company's form."""
    before = question[max(0, match.start() - 60) : match.start()]
    after = question[match.end() : match.end() + 40]
    return bool(_BEFORE_PARTY.search(before) or _AFTER_PARTY.match(after))


def parties_said(question: str, names: Sequence[str]) -> tuple[str, ...]:
    """Those of ``names`` that stand in the question as parties do."""
    return tuple(
        name
        for name in names
        for match in [re.search(re.escape(name), question)]
        if match and _is_party(question, match)
    )


def _may_mean(name: str, title: str) -> bool:
    """Whether a law cited by ``name`` may be the document of that title; a law that goes by this
    very name is no other.
    """
    if name in known_laws():
        return bears(title, name)
    if cited(name):  # made from a law's name, and another document's
        return name in bare(title)
    return name in title or title in name or _abbreviates(name, title)


def _laws(question: str) -> list[tuple[str, Span]]:
    """The Chinese laws that a question cites, with or without 《》, and where."""
    found = cited(question)
    for match in _LAW.finditer(question):
        group = 1 if match.group(1) else 2
        name = match.group(group)
        short = name.removeprefix("中华人民共和国")
        end = match.end(group)
        is_phrase = match.group(1) is None and ("的" in short or short[0] in "本该此这其各有")
        span = (end - len(name), end)
        if len(short) > 2 and not is_phrase and not any(_overlap(span, own) for _, own in found):
            found.append((short, span))
    return found


def _abbreviates(name: str, title: str) -> bool:
    """Whether a short name's characters stand in the title in order, with the same beginning or
    end: 民诉法 for 民事诉讼法, 独资企业法 for 个人独资企业法.
    """
    rest = iter(title)
    ordered = len(name) < len(title) and all(character in rest for character in name)
    return ordered and (name[:-1] in title or name[0] == title[0]) and name[-1] == title[-1]


def _begins(question: str, match: re.Match[str]) -> bool:
    """Whether a word opens a sentence, where its capital tells nothing."""
    before = question[max(0, match.start() - 3) : match.start()].rstrip()
    return match.start() == len(question) - len(question.lstrip()) or before[-1:] in '.?!:;“"('


def _is_inner_capital(word: str) -> bool:
    return any(character.isupper() for character in word[1:])


def _is_told_by_name(
    question: str, names: Sequence[Span], documents: Sequence[Indexed], about: dict[str, float]
) -> bool:
    """Whether a document is named by more than its type: by a party, or a Chinese title."""
    said = {word for start, end in names for word in _latin(question[start:end])}
    if any("\u4e00" <= question[start] <= "\u9fff" for start, _ in names):
        return True
    return any(each.document_id in about and said & _name_words(each) for each in documents)


def _chinese_names(question: str, documents: Sequence[Indexed]) -> dict[str, Span]:
    """The documents whose Chinese name stands in the question: the longest name wins a place."""
    found: dict[str, Span] = {}
    for document in documents:
        for name in _chinese_titles(document):
            at = question.find(name)
            if at >= 0 and len(name) > _length(found.get(document.document_id)):
                found[document.document_id] = (at, at + len(name))
    laws = _laws(question)
    for short, span in laws:
        if not any(_overlap(span, other) for other in found.values()):
            meant = [
                each.document_id
                for each in documents
                if any(_is_short_for(short, name) for name in _chinese_titles(each))
            ]
            found |= dict.fromkeys(meant, span)
    longer = [*found.values(), *(span for _, span in laws)]
    return {
        document_id: span
        for document_id, span in found.items()
        if not any(_inside(span, other) for other in longer)
    }


def _is_short_for(name: str, title: str) -> bool:
    return bears(title, name) if name in known_laws() else _abbreviates(name, title)


@lru_cache(maxsize=8192)
def _chinese_titles(document: Indexed) -> tuple[str, ...]:
    """The Chinese runs (three characters or more) of a name and a title, with and without the
    state.
    """
    stem = re.split(r"[/\\]", document.name)[-1]
    bare = re.sub(r"[（(].*?[）)]", " ", f"{stem} {document.identity.title}")
    runs = re.findall(r"[\u4e00-\u9fff]{3,}", bare)
    names = {name for run in runs for name in (run, run.removeprefix("中华人民共和国"))}
    return tuple(sorted(name for name in names if len(name) > 2))


def _length(span: Span | None) -> int:
    return span[1] - span[0] if span else 0


def _inside(span: Span, other: Span) -> bool:
    return span != other and other[0] <= span[0] and span[1] <= other[1]


def _overlap(span: Span, other: Span) -> bool:
    return span[0] < other[1] and other[0] < span[1]


def _merged(spans: set[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def law_titles(documents: Sequence[Indexed]) -> frozenset[str]:
    """The Chinese names of documents, without the state."""
    return frozenset(name for each in documents for name in _chinese_titles(each))


def leaning(question: str, documents: Sequence[Indexed]) -> dict[str, float]:
    """How far each document's title speaks of what a question is about, in (0, 1].

    For questions that name no document: "may a sole proprietor …" leans to the law on sole
    proprietorships.  The share of the words (Chinese: pairs of characters) is weighed by rarity.
    """
    register = _titles(tuple(documents))
    scores: dict[str, float] = {}
    for word in _title_terms(question):
        for at in register.places.get(word, ()):
            own = documents[at].document_id
            scores[own] = scores.get(own, 0.0) + register.rarity[word]
    best = max(scores.values(), default=0.0)
    return {each: score / best for each, score in scores.items() if score > 0} if best else {}


@lru_cache(maxsize=8192)
def _title_words(document: Indexed) -> frozenset[str]:
    stem = re.split(r"[/\\]", document.name)[-1]
    return _title_terms(f"{document.identity.title} {re.sub(r'[_.(（].*', '', stem)}")


def _title_terms(text: str) -> frozenset[str]:
    pairs = {
        run[at : at + 2]
        for run in re.findall(r"[\u4e00-\u9fff]{2,}", text)
        for at in range(len(run) - 1)
    }
    words = {word for word in _latin(text) if len(word) > 3}
    return frozenset(pairs | words) - GLUE - COMPANY
