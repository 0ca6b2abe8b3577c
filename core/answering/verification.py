"""Does a passage carry a statement?  Checked by machine, one statement at a time.

The checks run from the strictest to the loosest: markers, quotes word for word, the statement word
for word, and at last its meaning: the terms of the statement are paired with those of the words
that carry it best (``core.answering.pairing``), and every rule of ``core.answering.rules`` must
hold.  No language model is asked.
"""

from collections.abc import Mapping, Sequence

from core.answering.examination import QUOTED, Finding, examine, without_own_count
from core.answering.statements import Claim, claims
from core.answering.verbatim import locate
from core.types import Citation, Passage, Statement, Verdict

LONGEST_STATEMENT = 4000
"""Characters: what is longer is not judged at all, for its end might say anything."""
_ORDER = (Verdict.UNSUPPORTED, Verdict.PARTLY, Verdict.SUPPORTED)


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
    if len(claim.text) > LONGEST_STATEMENT:
        return Statement(claim.text, Verdict.UNSUPPORTED, reason="too_long")
    among = draft if claim in draft else (claim,)
    findings = {
        marker: _among(among, among.index(claim), passage.text)
        for marker, passage in candidates.items()
    }
    if not findings:
        return Statement(claim.text, Verdict.UNSUPPORTED, reason="no_citation")
    marker = max(findings, key=lambda each: _rank(findings[each]))
    best = findings[marker]
    if best.reason == "no_statement":
        return Statement(claim.text, Verdict.UNSUPPORTED, reason="no_statement")
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
    if len(statement) > LONGEST_STATEMENT:
        return Verdict.UNSUPPORTED, "too_long"
    found = claims(without_own_count(statement, passages))
    if not found or not passages:
        return Verdict.UNSUPPORTED, "no_citation"
    for quote in QUOTED.findall(statement):  # it may be of several sentences
        if not any(locate(quote, passage) for passage in passages):
            return Verdict.UNSUPPORTED, "quote_not_found"
    for at in range(len(found)):
        best = max((_among(found, at, passage) for passage in passages), key=_rank)
        if _ORDER.index(best.verdict) < _ORDER.index(worst[0]) or worst[1] == "verbatim":
            worst = (best.verdict, best.reason)
        if best.verdict is Verdict.UNSUPPORTED:
            break
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


def _rank(finding: Finding) -> tuple[int, float]:
    return _ORDER.index(finding.verdict), finding.coverage
