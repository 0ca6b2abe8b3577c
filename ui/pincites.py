"""Pincites on the page: where a quote stands, the marker that opens it, and the list of sources."""

from collections.abc import Sequence

from core.types import Answer, Citation, Passage
from ui.locale import Texts
from ui.markup import Html, action, element, join, text


def pincite(place: Citation | Passage, texts: Texts) -> str:
    """Where a quote stands: the page and the innermost clause; empty where neither is known."""
    page = texts("pincite.page", page=place.page) if place.page is not None else ""
    # A piece of a table ends its path with the table's header row.
    clauses = [part for part in place.path if " | " not in part]
    clause = clauses[-1] if clauses else ""
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
        (citation.marker, citation.document_id, citation.start, citation.end): citation
        for statement in answer.statements
        for citation in statement.citations
    }
    return tuple(each[key] for key in sorted(each))


def citation_button(
    citation: Citation, texts: Texts, words: str = "", class_: str = "cite", warning: str = ""
) -> Html:
    """The numbered marker that opens the cited words; ``words`` stand in the number's place.

    ``warning`` says what is wrong with the statement that cites: who tabs from one marker to the
    next hears it too.
    """
    label = texts("pincite.open", marker=citation.marker, document=citation.document_name)
    named = texts("pincite.join").join(part for part in (label, pincite(citation, texts)) if part)
    return action(
        "open_source",
        text(words) if words else _bracketed(citation.marker),
        value=source_value(citation) | {"marker": citation.marker},
        class_=class_,
        data_testid="citation",
        data_marker=citation.marker,
        aria_label=f"{named} {warning}" if warning else named,
        title=texts.list_of_words(citation.document_name, pincite(citation, texts)),
    )


def _bracketed(marker: int) -> Html:
    """A marker whose brackets are there for what is copied: 2 and 6 would run into 26."""
    left, right = (element("span", text(sign), class_="bracket") for sign in "[]")
    return join((left, text(marker), right))


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
