"""Pincites on the page: where a quote stands, the marker that opens it, and the list of sources."""

from collections.abc import Sequence

from core.types import Answer, AnswerKind, Citation, Passage, Statement, Verdict
from ui.locale import Texts
from ui.markup import Html, action, element, join, text


def pincite(place: Citation | Passage, texts: Texts) -> str:
    """Where a quote stands: the page and the innermost clause; empty where neither is known."""
    page = texts("pincite.page", page=place.page) if place.page is not None else ""
    clause = place.path[-1] if place.path else ""
    if clause[:1].isdecimal() and " " not in clause:
        clause = texts("pincite.clause", clause=clause)
    return texts("pincite.join").join(part for part in (page, clause) if part)


def source_value(place: Citation | Passage) -> dict[str, object]:
    """What the ``open_source`` event needs to show a quote in its document."""
    return {
        "document_id": place.document_id,
        "page": place.page or 0,
        "start": place.start,
        "end": place.end,
        "path": list(place.path),
    }


def cited(answer: Answer) -> tuple[Citation, ...]:
    """The answer's citations by their markers; each quote once, where a marker has several."""
    each = {
        (citation.marker, citation.start, citation.end): citation
        for statement in answer.statements
        for citation in statement.citations
    }
    return tuple(each[key] for key in sorted(each))


def citation_button(citation: Citation, texts: Texts) -> Html:
    """The numbered marker that opens the cited words."""
    where = pincite(citation, texts)
    label = texts("pincite.open", marker=citation.marker, document=citation.document_name)
    return action(
        "open_source",
        text(citation.marker),
        value=source_value(citation) | {"marker": citation.marker},
        class_="cite",
        data_testid="citation",
        data_marker=citation.marker,
        aria_label=f"{label}, {where}" if where else label,
        title=texts.list_of_words(citation.document_name, where),
    )


def render_place(citation: Citation, texts: Texts) -> Html:
    """The document, and where in it."""
    return join(
        (
            element("cite", text(citation.document_name)),
            element("span", text(pincite(citation, texts)), class_="where"),
        )
    )


def render_sources(citations: Sequence[Citation], texts: Texts) -> Html:
    """Every quote of an answer with its document; each opens it."""
    if not citations:
        return Html("")
    rows = [
        element(
            "li",
            action(
                "open_source",
                element("span", text(citation.marker), class_="number"),
                element("span", render_place(citation, texts), class_="place"),
                element("q", text(" ".join(citation.quote.split()))),
                value=source_value(citation) | {"marker": citation.marker},
                class_="source-row",
                data_testid="source-row",
                data_marker=citation.marker,
            ),
        )
        for citation in citations
    ]
    heading = texts("answer.sources")
    return element(
        "section",
        element("h3", text(heading)),
        element("ol", *rows),
        class_="sources",
        aria_label=heading,
        data_testid="sources",
    )


def summary(answer: Answer, texts: Texts) -> str:
    """The answer's standing in a few words, such as ``5 of 6 statements supported``."""
    if answer.refused:
        return texts("answer.refused")
    if answer.kind is AnswerKind.QUOTES:
        return texts("answer.quotes", count=len(answer.statements))
    supported = sum(s.verdict is Verdict.SUPPORTED for s in answer.statements)
    return texts("answer.supported", supported=supported, count=len(answer.statements))


def plain_answer(answer: Answer, texts: Texts) -> str:
    """The answer for a clipboard: statements with their markers and marks, then the pincites."""
    lines = [answer.question, "", summary(answer, texts)]
    if answer.notice:
        lines.append(texts.known("notice", answer.notice))
    lines.append("")
    for statement in answer.statements:
        markers = "".join(f"[{c.marker}]" for c in statement.citations)
        mark = _mark_in_words(statement, texts)
        lines.append(" ".join(part for part in (statement.text, markers, mark) if part))
    lines.append("")
    for citation in cited(answer):
        where = texts("pincite.join").join(
            part for part in (citation.document_name, pincite(citation, texts)) if part
        )
        quote = texts("pincite.quote", quote=" ".join(citation.quote.split()))
        lines.append(f"[{citation.marker}] {where}{texts('pincite.colon')}{quote}")
    return "\n".join(lines).strip() + "\n"


def _mark_in_words(statement: Statement, texts: Texts) -> str:
    if statement.verdict is Verdict.SUPPORTED:
        return ""
    reason = texts.known("reason", statement.reason)
    label = texts(f"verdict.{statement.verdict}")
    return texts("verdict.in_brackets", label=label, reason=reason) if reason else f"[{label}]"
