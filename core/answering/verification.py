"""Does a passage carry a statement?  Checked by machine, one statement at a time.

The checks run from the strictest to the loosest: markers, quotes word for word, dates, numbers,
and at last whether the statement is the passage with words left out.  Its content words, modal
verbs, numbers and the words that tell who does what to whom must stand in the passage in the same
order and close together, and no number, negation or condition may have been lost on the way.  One
exchanged word ("payable" for "reviewed") makes another statement.  No language model is asked;
what only means the same is not "supported".
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.answering.quantities import dates, numbers, quantities
from core.answering.statements import Claim, sentences
from core.types import Citation, Passage, Statement, Verdict

PARTLY_COVERAGE = 0.6
"""The share of a statement's content words that a passage must hold to carry it partly."""
_WINDOW = 3
"""Sentences of a passage that may carry one statement together."""
_STRETCH = 2.0
"""How much longer than the statement the passage's words may run that carry it."""

_CLOSING = frozenset('.!?;。！？；)）”」』"')
_QUOTED = re.compile(r"[“\"「『]([^“”\"「」『』]{8,})[”\"」』]")
_WORD = re.compile(r"[a-z][a-z'’-]+|[\u4e00-\u9fff]+")
_STOP = frozenset(
    "a an and any are as at be been but by for from had has have he her his if in into is it its "
    "may must of on or our shall she should such than that the their them then there these they "
    "this those to under upon was we were what when which who will with would you your "
    "passage passages document documents according states stated provides".split()
)
_NEGATIONS = re.compile(
    r"\b(?:not|no(?!\.\s*\d)|never|neither|nor|without|cannot)\b|n['’]t\b"
    r"|不得|不应|不能|不可|不予|不|未|无|非|禁止"
)
_CONDITIONS = re.compile(
    r"\b(?:except|unless|provided|subject to|save|notwithstanding|other than|only|until|if|when"
    r"|where|in the event|with the (?:\w+ ){0,3}consent)\b"
    r"|除外|除非|但是|，但|另有|以外|如果|如|若|的，|的情况下|经"
)
_ROLES = frozenset("by to from upon before after within against between".split())
_UNITS = re.compile(
    r"[$£€¥%]|\bper\s?cent\b|\b(?:usd|gbp|eur|rmb|cny|hkd)\b|人民币|美元|港元|百分之"
)
_MODALS = {
    **dict.fromkeys("shall must will required obliged".split(), "duty"),
    **dict.fromkeys("may can entitled permitted".split(), "leave"),
    **dict.fromkeys("not no never neither nor without cannot".split(), "not"),
}
_CUT_BEFORE = re.compile(r"[A-Za-z0-9]-?\Z|[0-9][.,]\Z")
_CUT_AFTER = re.compile(r"-?[A-Za-z0-9]|[.,][0-9]")
_TOKEN = re.compile(r"[a-z][a-z'’-]*|[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one passage does for one statement; ``span`` is within the passage's text."""

    verdict: Verdict
    reason: str
    coverage: float
    span: tuple[int, int]


def verify(claim: Claim, cited: Mapping[int, Passage]) -> Statement:
    """Judge one statement of a draft against the numbered passages of its prompt.

    A statement with markers is judged against those passages alone.  One without is tied to the
    passage that carries it, if one does, and is otherwise unsupported for want of a citation.
    """
    dangling = [marker for marker in claim.markers if marker not in cited]
    if dangling:
        return Statement(claim.text, Verdict.UNSUPPORTED, reason="dangling_marker")
    candidates = {m: cited[m] for m in claim.markers} if claim.markers else dict(cited)
    findings = {marker: examine(claim.text, passage.text) for marker, passage in candidates.items()}
    if not findings:
        return Statement(claim.text, Verdict.UNSUPPORTED, reason="no_citation")
    marker = max(findings, key=lambda each: _rank(findings[each]))
    best = findings[marker]
    if best.verdict is Verdict.UNSUPPORTED and not claim.markers:
        return Statement(claim.text, Verdict.UNSUPPORTED, reason="no_citation")
    citation = cite(marker, candidates[marker], best.span)
    return Statement(claim.text, best.verdict, (citation,), best.reason)


def cite(marker: int, passage: Passage, span: tuple[int, int]) -> Citation:
    """The pincite of ``passage.text[span]``, with offsets into the document's text."""
    start, end = span
    return Citation(
        marker=marker,
        document_id=passage.document_id,
        document_name=passage.document_name,
        page=passage.page,
        path=passage.path,
        start=passage.start + start,
        end=passage.start + end,
        quote=passage.text[start:end],
    )


def overall(statements: Sequence[Statement]) -> Verdict:
    """Supported if every statement is; unsupported if fewer than half are; partly between."""
    carried = sum(statement.verdict is Verdict.SUPPORTED for statement in statements)
    if statements and carried == len(statements):
        return Verdict.SUPPORTED
    return Verdict.PARTLY if statements and 2 * carried >= len(statements) else Verdict.UNSUPPORTED


def examine(statement: str, passage: str) -> Finding:
    """Hold a statement against a passage; the span is the passage's words that carry it best."""
    span, coverage = _best_window(statement, passage)
    located = locate(statement, passage)
    if located:
        return _unless_something_is_lost(
            statement, passage, Finding(Verdict.SUPPORTED, "verbatim", 1.0, located)
        )
    quotes = [match.group(1) for match in _QUOTED.finditer(statement)]
    for quote in quotes:
        found = locate(quote, passage)
        if found is None:
            return Finding(Verdict.UNSUPPORTED, "quote_not_found", coverage, span)
        span = found if len(quotes) == 1 else span
    if not dates(statement) <= dates(passage):
        return Finding(Verdict.UNSUPPORTED, "date_not_found", coverage, span)
    if not numbers(statement) <= numbers(passage):
        return Finding(Verdict.UNSUPPORTED, "number_not_found", coverage, span)
    condensed = _condensed_from(statement, passage)
    if condensed is None:
        verdict = Verdict.PARTLY if coverage >= PARTLY_COVERAGE else Verdict.UNSUPPORTED
        return Finding(verdict, "words_not_found", coverage, span)
    found_in = Finding(Verdict.SUPPORTED, "", coverage, condensed)
    return _unless_something_is_lost(statement, passage, found_in)


def _unless_something_is_lost(statement: str, passage: str, finding: Finding) -> Finding:
    """The finding, unless its sentences negate or limit what the statement says outright."""
    covering = _covering(passage, finding.span)
    carrying = passage[covering[0] : covering[1]].casefold()
    said = statement.casefold()
    if len(_NEGATIONS.findall(carrying)) != len(_NEGATIONS.findall(said)):
        return replace(finding, verdict=Verdict.UNSUPPORTED, reason="negation_differs")
    if not _units(said) <= _units(carrying):
        return replace(finding, verdict=Verdict.UNSUPPORTED, reason="number_not_found")
    if len(_CONDITIONS.findall(carrying)) > len(_CONDITIONS.findall(said)):
        return replace(finding, verdict=Verdict.PARTLY, reason="condition_dropped")
    return finding


def _units(text: str) -> set[str]:
    """The currencies and percentages that a text names."""
    same = {"per cent": "%", "percent": "%", "百分之": "%", "人民币": "¥", "rmb": "¥", "cny": "¥"}
    same |= {"usd": "$", "美元": "$", "gbp": "£", "eur": "€"}
    return {same.get(match.group(), match.group()) for match in _UNITS.finditer(text)}


def _covering(passage: str, span: tuple[int, int]) -> tuple[int, int]:
    """The whole sentences around a span of a passage."""
    touched = [each for each in sentences(passage) if each[0] < span[1] and span[0] < each[1]]
    return (touched[0][0], touched[-1][1]) if touched else span


def _condensed_from(statement: str, passage: str) -> tuple[int, int] | None:
    """The sentences of a passage of which the statement is a shorter wording, or ``None``."""
    wanted = [token for token, _, _ in _sequence(statement)]
    held = _sequence(passage)
    best: tuple[int, int] | None = None
    for at in [i for i, (token, _, _) in enumerate(held) if wanted and token == wanted[0]]:
        matched, last = 0, at
        for index in range(at, len(held)):
            if held[index][0] == wanted[matched]:
                matched, last = matched + 1, index
            if matched == len(wanted):
                break
        if matched == len(wanted) and (best is None or last - at < best[1] - best[0]):
            best = (at, last)
    if best is None or best[1] - best[0] + 1 > _STRETCH * len(wanted) + 2:
        return None
    # "within 60 days" must not be read out of "within 30 days; claims expire after 60 days".
    said = [token for token in wanted if token[0] in "=@"]
    passed_over = [token for token, _, _ in held[best[0] : best[1] + 1] if token[0] in "=@"]
    if said and said != passed_over:
        return None
    start, end = _covering(passage, (held[best[0]][1], held[best[1]][2]))
    return (start, end) if len(sentences(passage[start:end])) <= _WINDOW else None


def _sequence(text: str) -> list[tuple[str, int, int]]:
    """What must keep its order: content words, modals, the words that tell who does what to whom,
    numbers and dates; with their offsets.  Chinese goes by characters.
    """
    values = quantities(text)
    found = list(values)
    for match in _TOKEN.finditer(text.casefold()):
        word = match.group()
        if any(start < match.end() and match.start() < end for _, start, end in values):
            continue
        telling = word in _MODALS or word in _ROLES or word >= "\u4e00"
        if telling or (word not in _STOP and len(word) > 2):
            found.append((_MODALS.get(word) or _stem(word), match.start(), match.end()))
    return sorted(found, key=lambda each: each[1])


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """The span of ``text`` that says ``quote`` word for word, or ``None``.

    Case, spacing, punctuation, full-width forms and hyphens at line ends do not count; letters,
    digits and their order do, and so do the ends of words and the values of numbers.  A quote of
    fewer than eight characters proves nothing.
    """
    wanted, _ = _stream(quote)
    if len(wanted) < 8 and not (len(wanted) >= 4 and any(c >= "\u4e00" for c in wanted)):
        return None
    held, offsets = _stream(text)
    at = held.find(wanted)
    while at >= 0:
        start, end = offsets[at], offsets[at + len(wanted) - 1] + 1
        if _is_whole(text, start, end) and numbers(text[start:end]) == numbers(quote):
            while end < len(text) and text[end] in _CLOSING:
                end += 1
            return start, end
        at = held.find(wanted, at + 1)
    return None


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a span cuts no word or number: "able" in "unable", "5" in "15", "1.5" or "5,000"."""
    cut = _CUT_BEFORE.search(text, max(0, start - 2), start) and text[start].isascii()
    return not cut and not (_CUT_AFTER.match(text, end) and text[end - 1].isascii())


def words(text: str) -> frozenset[str]:
    """The content words of a text: English stems but no stop words, Chinese character pairs."""
    found: set[str] = set()
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if word[0] >= "\u4e00":
            found.update(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        elif word not in _STOP and len(word) > 2:
            found.add(_stem(word))
    return frozenset(found)


def _rank(finding: Finding) -> tuple[int, float]:
    order = (Verdict.UNSUPPORTED, Verdict.PARTLY, Verdict.SUPPORTED)
    return order.index(finding.verdict), finding.coverage


def _best_window(statement: str, passage: str) -> tuple[tuple[int, int], float]:
    """The fewest neighbouring sentences that hold the most of the statement's words."""
    wanted = words(statement)
    spans = sentences(passage)
    if not wanted or not spans:
        return (0, len(passage)), 0.0
    best, best_score, best_share = spans[0], -1.0, 0.0
    for size in range(1, _WINDOW + 1):
        for at in range(len(spans) - size + 1):
            start, end = spans[at][0], spans[at + size - 1][1]
            share = len(wanted & words(passage[start:end])) / len(wanted)
            score = share - 0.03 * (size - 1)
            if score > best_score:
                best, best_score, best_share = (start, end), score, share
    return best, best_share


def _stem(word: str) -> str:
    word = word.replace("’", "'").removesuffix("'s")
    for ending in ("ations", "ation", "ings", "ing", "ment", "ies", "es", "ed", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _stream(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text, folded, and the offset in the text of each."""
    characters: list[str] = []
    offsets: list[int] = []
    for offset, original in enumerate(text):
        for character in unicodedata.normalize("NFKC", original).casefold():
            if character.isalnum():
                characters.append(character)
                offsets.append(offset)
    return "".join(characters), offsets
