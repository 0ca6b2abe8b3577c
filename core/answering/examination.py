"""What one passage does for one statement: the checks, from the strictest to the loosest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.answering.articles import article_says
from core.answering.consent import is_freed, may_free
from core.answering.limits import lost_beside
from core.answering.pairing import CONTENT, best_window, copies, pair
from core.answering.rules import broken, each_part_is_carried_whole
from core.answering.statements import sentences
from core.answering.terms import Term, terms
from core.answering.verbatim import amounts, locate
from core.types import Verdict

LONGEST_READ = 1600
"""Characters of a statement, or of the sentences that carry it, whose meaning is looked into: the
rules compare every word with every other.  What is longer must stand there word for word.
"""
PARTLY_COVERAGE = 0.6
"""The share of a statement's content words that a passage must hold to carry it partly."""
QUOTED = re.compile(r"[“\"「『]([^“”\"「」『』]{8,})[”\"」』]")
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
_LONGEST_TOKEN = 40
_PARTIAL = frozenset(("words_not_found", "condition_dropped"))


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
    if states_nothing(statement):
        return Finding(Verdict.UNSUPPORTED, "no_statement", 0.0, (0, len(passage)))
    located = locate(statement, passage)
    if located:
        return _unless_something_is_lost(
            statement, passage, Finding(Verdict.SUPPORTED, "verbatim", 1.0, located, is_close=True)
        )
    if is_freed(statement) and not may_free(passage):
        window, coverage = best_window(terms(statement), terms(passage), passage)
        return Finding(Verdict.UNSUPPORTED, "negation_differs", coverage, window)
    if len(statement) > LONGEST_READ:
        return Finding(Verdict.UNSUPPORTED, "too_long", 0.0, (0, len(passage)))
    held = terms(passage)
    quotes = [match.group(1) for match in QUOTED.finditer(statement)]
    spans = [locate(quote, passage) for quote in quotes]
    said = terms(without_own_count(_PREFACE.sub("", statement), [passage]))
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
    if window[1] - window[0] > LONGEST_READ:
        return "words_not_found"
    carrying = [t for t in held if window[0] <= t.start < window[1]]
    said = _without_own_heading(said, held, passage, window)
    copied = copies(statement, passage[window[0] : window[1]])
    pairing = pair(said, carrying, copied)
    if parts and (copied or not each_part_is_carried_whole(pairing)):
        return "words_not_found"
    return broken(pairing)


def without_own_count(statement: str, passages: Sequence[str]) -> str:
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
    value = amounts(f"{counted}件" if match.group("zh") else counted)
    if value != {f"={items}"}:
        return statement
    return statement[: match.start()] + "：" + _ITEM.sub("，", "：" + listed)[1:]


def states_nothing(statement: str) -> bool:
    """Whether a statement is a bare word, number or label: "Yes.", "(a)", "30 days", 第一。

    It holds nothing that a passage could carry: what it is about stands in the question.
    """
    if len(statement) > _LONGEST_TOKEN:
        return False
    telling = [t for t in terms(statement) if t.weight or t.kind == "force"]
    return len(telling) < 2 or not any(t.kind in CONTENT for t in telling)


def _says_nothing_else(statement: str) -> bool:
    rest = terms(QUOTED.sub(" ", statement))
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
