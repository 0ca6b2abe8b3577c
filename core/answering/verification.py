"""Does a passage carry a statement?  Checked by machine, one statement at a time.

The checks run from the strictest to the loosest: markers, quotes word for word, the statement word
for word, and at last its meaning: the terms of the statement are paired with those of the words
that carry it best (``core.answering.pairing``), and every rule of ``core.answering.rules`` must
hold.  No language model is asked.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from core.answering.articles import article_says
from core.answering.consent import is_freed, may_free
from core.answering.lexicon import stem
from core.answering.limits import lost_beside
from core.answering.pairing import best_window, copies, pair
from core.answering.quantities import quantities
from core.answering.rules import broken, each_part_is_carried_whole
from core.answering.statements import Claim, claims, sentences
from core.answering.terms import Term, terms
from core.types import Citation, Passage, Statement, Verdict

PARTLY_COVERAGE = 0.6
"""The share of a statement's content words that a passage must hold to carry it partly."""
_CLOSING = frozenset('.!?;。！？；)）”」』"')
_QUOTED = re.compile(r"[“\"「『]([^“”\"「」『』]{8,})[”\"」』]")
_WORD = re.compile(r"[a-z][a-z'’-]+|[\u4e00-\u9fff]+")
_STOP = frozenset(
    (
        "a an and any are as at be been but by for from had has have he her his if in into is "
        "it its may must of on or our shall she should such than that the their them then "
        "there these they this those to under upon was we were what when which who will with "
        "would you your passage passages document documents according states stated provides"
    ).split()
)
_LONGEST_STATEMENT = 4000
_PREFACE = re.compile(
    r"^\s*(?:(?:according to|under|pursuant to|as (?:stated|provided|set out) in) (?:the|this) "
    r"(?:agreement|contract|lease|passage|document|clause|law|act|statute|text),\s*"
    r"|(?:the|this) (?:agreement|contract|lease|passage|document|clause|law|act|statute|text) "
    r"(?:states?|provides?|says?|specifies|stipulates?)(?: that)?[:,]?\s*"
    r"|(?:根据|按照|依照)(?:本|该)?(?:合同|协议|法|条|文件|规定)(?:的?(?:约定|规定))?，"
    r"|(?:本|该)(?:合同|协议|法|条|文件)(?:明确)?(?:约定|规定|载明)[，：:]?)(?=\S)",
    re.I,
)
_COUNTED = re.compile(
    r"(?P<zh>[两二三四五六七八九2-9])(?:项|个|种|类|点|件|方面|大)[^，。；：、]{0,8}"
    r"(?:：|，(?=即|分别|包括|一是|其一))"
    r"|\b(?P<en>two|three|four|five|six|seven|eight|nine|[2-9])(?= (?:[a-z]+ ){0,3}[a-z]+s"
    r"(?::|,? (?:namely|that is|i\.e\.)| —))",
    re.I,
)
"""A count that the writer of a statement makes of what it lists."""
_ITEM = re.compile(
    r"(?:^|[；，：。])(?:[一二三四五六七八九]是|其[一二三四五六七八九]|第[一二三四五六七八九]，)"
)
_HEADING = re.compile(r"(?:^|[\n.;]\s*)(\d{1,3}(?:\.\d{1,3})*)\.?\s+(?=[A-Z\"(])")
_ORDER = (Verdict.UNSUPPORTED, Verdict.PARTLY, Verdict.SUPPORTED)
_PARTIAL = frozenset(("words_not_found", "condition_dropped"))
_CUT_BEFORE = re.compile(r"[A-Za-z0-9]-?\Z|[0-9][.,]\Z")
_CUT_AFTER = re.compile(r"-?[A-Za-z0-9]|[.,][0-9]")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one passage does for one statement; ``span`` is within the passage's text.

    ``is_close`` tells that the statement is nearly the passage's own words.
    """

    verdict: Verdict
    reason: str
    coverage: float
    span: tuple[int, int]
    is_close: bool = False


def verify(
    claim: Claim,
    cited: Mapping[int, Passage],
    *,
    closely: bool = False,
    draft: Sequence[Claim] = (),
) -> Statement:
    """Judge one statement of a draft against the numbered passages of its prompt.

    A statement with markers is judged against those passages alone.  One without is tied to the
    passage that carries it, if one does, and is otherwise unsupported for want of a citation.
    ``closely`` is for what a weak model wrote: words of its own, however like the passage's, are
    partly supported at best.  ``draft`` is all the statements it stands among: a condition that it
    leaves out may be told beside it.
    """
    dangling = [marker for marker in claim.markers if marker not in cited]
    if dangling:
        return Statement(claim.text, Verdict.UNSUPPORTED, reason="dangling_marker")
    candidates = {m: cited[m] for m in claim.markers} if claim.markers else dict(cited)
    among = draft if claim in draft else (claim,)
    findings = {
        marker: _among(among, among.index(claim), passage.text)
        for marker, passage in candidates.items()
    }
    if not findings:
        return Statement(claim.text, Verdict.UNSUPPORTED, reason="no_citation")
    marker = max(findings, key=lambda each: _rank(findings[each]))
    best = findings[marker]
    if best.verdict is Verdict.UNSUPPORTED and not claim.markers:
        return Statement(claim.text, Verdict.UNSUPPORTED, reason="no_citation")
    citation = cite(marker, candidates[marker], best.span)
    if closely and best.verdict is Verdict.SUPPORTED and not best.is_close:
        return Statement(claim.text, Verdict.PARTLY, (citation,), "own_words")
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


def check(statement: str, passages: Sequence[str]) -> tuple[Verdict, str]:
    """Judge a statement by the passage that carries it best: the verdict and the reason's key.

    Markers in the statement are passed over; one of several sentences is judged by its worst.
    """
    worst = (Verdict.SUPPORTED, "verbatim")
    found = claims(_without_own_count(statement[:_LONGEST_STATEMENT], passages))
    if not found or not passages:
        return Verdict.UNSUPPORTED, "no_citation"
    for quote in _QUOTED.findall(statement[:_LONGEST_STATEMENT]):  # it may be of several sentences
        if not any(locate(quote, passage) for passage in passages):
            return Verdict.UNSUPPORTED, "quote_not_found"
    for at in range(len(found)):
        best = max((_among(found, at, passage) for passage in passages), key=_rank)
        if _ORDER.index(best.verdict) < _ORDER.index(worst[0]) or worst[1] == "verbatim":
            worst = (best.verdict, best.reason)
    return worst


def _among(draft: Sequence[Claim], at: int, passage: str) -> Finding:
    """Examine a statement of a draft, whose condition may be a sentence of its own beside it.

    That sentence must hold by itself: "no consent is needed" is not the condition that it names.
    """
    alone = examine(draft[at].text, passage)
    if alone.reason != "condition_dropped":
        return alone
    for first in (at - 1, at):
        if not 0 <= first < len(draft) - 1:
            continue
        other = draft[first if first < at else first + 1]
        if examine(other.text, passage).verdict is Verdict.SUPPORTED:
            pair = f"{draft[first].text} {draft[first + 1].text}"
            alone = max(alone, examine(pair, passage), key=_rank)
    return alone


def examine(statement: str, passage: str) -> Finding:
    """Hold a statement against a passage; the span is the passage's words that carry it best.

    A question states nothing, and a sentence that breaks off at a colon lost what it announced.
    """
    ending = statement.rstrip(" \"'”’」』)）")[-1:]
    if ending and ending in "?？:：":
        window, coverage = best_window(terms(statement), terms(passage), passage)
        asks = ending in "?？"
        verdict = Verdict.UNSUPPORTED if asks or coverage < PARTLY_COVERAGE else Verdict.PARTLY
        reason = "meaning_differs" if asks else "condition_dropped"
        return Finding(verdict, reason, coverage, window)
    located = locate(statement, passage)
    if located:
        return _unless_something_is_lost(
            statement, passage, Finding(Verdict.SUPPORTED, "verbatim", 1.0, located, is_close=True)
        )
    if is_freed(statement) and not may_free(passage):
        window, coverage = best_window(terms(statement), terms(passage), passage)
        return Finding(Verdict.UNSUPPORTED, "negation_differs", coverage, window)
    held = terms(passage)
    quotes = [match.group(1) for match in _QUOTED.finditer(statement)]
    spans = [locate(quote, passage) for quote in quotes]
    said = terms(_without_own_count(_PREFACE.sub("", statement), [passage]))
    window, coverage = best_window(said, held, passage)
    if None in spans:
        return Finding(Verdict.UNSUPPORTED, "quote_not_found", coverage, window)
    if quotes and spans[0] and _says_nothing_else(statement):
        return Finding(Verdict.SUPPORTED, "verbatim", 1.0, spans[0], is_close=True)
    reason = _broken_within(window, statement, said, held, passage)
    if reason:
        wide, more = best_window(said, held, passage, together=True)
        if wide != window and not _broken_within(wide, statement, said, held, passage, parts=True):
            window, coverage, reason = wide, more, ""
    if not reason:
        is_close = copies(statement, passage[window[0] : window[1]])
        return Finding(Verdict.SUPPORTED, "paraphrase", coverage, window, is_close)
    partly = reason in _PARTIAL and coverage >= PARTLY_COVERAGE
    return Finding(Verdict.PARTLY if partly else Verdict.UNSUPPORTED, reason, coverage, window)


def _broken_within(
    window: tuple[int, int],
    statement: str,
    said: tuple[Term, ...],
    held: tuple[Term, ...],
    passage: str,
    parts: bool = False,
) -> str:
    """What is wrong with a statement, held against a window of the passage; "" if nothing."""
    carrying = [t for t in held if window[0] <= t.start < window[1]]
    said = _without_own_heading(said, held, passage, window)
    copied = copies(statement, passage[window[0] : window[1]])
    pairing = pair(said, carrying, copied)
    if parts and (copied or not each_part_is_carried_whole(pairing)):
        return "words_not_found"
    return broken(pairing)


def _without_own_count(statement: str, passages: Sequence[str]) -> str:
    """A statement without the count that it makes of what it lists itself, if it counts right.

    Not where a passage counts too.  负有两项义务：一是……；二是……, "four principles: A, B, C and D".
    """
    match = _COUNTED.search(statement)
    if not match or any(match.group() in passage for passage in passages):
        return statement
    counted = match.group("zh") or match.group("en")
    listed = statement[match.end() :]
    items = len(_ITEM.findall("：" + listed))
    if not items and "；" in listed:
        items = listed.count("；") + 1
    items = items or len(re.findall(r"、|以及|及|和|或者?|,(?! and| or)| and | or ", listed)) + 1
    value = _amounts(f"{counted}件" if match.group("zh") else counted)
    if value != {f"={items}"}:
        return statement
    return statement[: match.start()] + "：" + _ITEM.sub("，", "：" + listed)[1:]


def _says_nothing_else(statement: str) -> bool:
    rest = terms(_QUOTED.sub(" ", statement))
    return sum(term.weight for term in rest if term.kind != "article") <= 1.5


def _without_own_heading(
    said: tuple[Term, ...], held: tuple[Term, ...], passage: str, window: tuple[int, int]
) -> tuple[Term, ...]:
    """The statement's terms without references to the article that its words stand under.

    That article's number need not stand in the carrying sentence: it is the last label before it.
    """
    start, end = window
    labels = [t for t in held if t.kind == "article" and t.start < end and _opens(passage, t.start)]
    own = [t.key for t in labels if t.start >= start] or [t.key for t in labels[-1:]]
    own += [f"§{number}" for number in _HEADING.findall(passage[:end])[-1:]]
    return tuple(
        t
        for t in said
        if not (t.kind == "article" and any(article_says(label, t.key) for label in own))
    )


def _opens(passage: str, start: int) -> bool:
    """Whether a reference opens a paragraph or sentence, as an article's own label does."""
    before = passage[:start].rstrip(" \t\u3000*#")
    return not before or before[-1] in "\n。"


def _unless_something_is_lost(statement: str, passage: str, finding: Finding) -> Finding:
    """The finding, unless its sentences negate or limit what the statement says outright."""
    start, end = _covering(passage, finding.span)
    reason = lost_beside(
        terms(passage[start:end]), finding.span[0] - start, finding.span[1] - start
    )
    if not reason:
        return finding
    verdict = Verdict.PARTLY if reason in _PARTIAL else Verdict.UNSUPPORTED
    return replace(finding, verdict=verdict, reason=reason)


def _covering(passage: str, span: tuple[int, int]) -> tuple[int, int]:
    """The whole sentences around a span of a passage."""
    touched = [each for each in sentences(passage) if each[0] < span[1] and span[0] < each[1]]
    return (touched[0][0], touched[-1][1]) if touched else span


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
        start -= start > 0 and text[start - 1] in "$£€¥" and quote.lstrip("“\"'")[:1] in "$£€¥"
        if _is_whole(text, start, end) and _amounts(text[start:end]) == _amounts(quote):
            while end < len(text) and text[end] in _CLOSING:
                end += 1
            return start, end
        at = held.find(wanted, at + 1)
    return None


def _amounts(text: str) -> frozenset[str]:
    return frozenset(quantity.key for quantity in quantities(text))


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
            found.add(stem(word))
    return frozenset(found)


def _rank(finding: Finding) -> tuple[int, float]:
    return _ORDER.index(finding.verdict), finding.coverage


@lru_cache(256)
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
