"""Every passage that matches, by document: long lists are shown in parts, all of it at hand."""

from collections.abc import Sequence
from itertools import count

from core.types import Answer, Citation
from ui.locale import Texts
from ui.markup import Html, element, icon, text
from ui.pincites import citation_button, cited, pincite

SHOWN = 50
"""Passages shown at first, and with every further step."""
LONG = 420
"""Characters from which a passage is folded to its first lines."""


def render_listing(answer: Answer, texts: Texts) -> Html:
    """The passages under their documents' names, in the documents' order."""
    groups: dict[str, list[Citation]] = {}
    for citation in cited(answer):
        groups.setdefault(citation.document_id, []).append(citation)
    place = count()
    drawn = [_group(group, place, texts) for group in groups.values()]
    left = next(place) - SHOWN
    return element(
        "div",
        _fold(texts) if len(groups) > 1 else Html(""),
        *drawn,
        _more(left, texts) if left > 0 else Html(""),
        class_="listing",
        data_testid="listing",
    )


def _group(group: Sequence[Citation], place: "count[int]", texts: Texts) -> Html:
    rows, first = [], -1
    for citation in group:
        at = next(place)
        first = at if first < 0 else first
        rows.append(_match(citation, at >= SHOWN, texts))
    heading = element(
        "summary",
        icon("chevron"),
        element("cite", text(group[0].document_name)),
        element("span", text(texts("count.passages", count=len(group))), class_="where"),
    )
    return element(
        "details",
        heading,
        element("ol", *rows),
        class_="group",
        open=True,
        hidden=first >= SHOWN,
        data_testid="listing-group",
    )


def _match(citation: Citation, later: bool, texts: Texts) -> Html:
    where = pincite(citation, texts) or str(citation.marker)
    long = len(citation.quote) > LONG
    whole = element(
        "button",
        text(texts("listing.whole")),
        type="button",
        class_="whole",
        data_do="whole",
        data_other=texts("listing.part"),
        aria_expanded="false",
    )
    return element(
        "li",
        citation_button(citation, texts, where, "cite place"),
        element("p", text(citation.quote), dir="auto"),
        whole if long else Html(""),
        class_="match long" if long else "match",
        hidden=later,
        data_testid="match",
    )


def _more(left: int, texts: Texts) -> Html:
    return element(
        "button",
        text(texts("listing.more", count=left)),
        type="button",
        class_="button quiet",
        data_do="more",
        data_step=SHOWN,
        data_template=texts.template("listing.more"),
        data_testid="listing-more",
    )


def _fold(texts: Texts) -> Html:
    return element(
        "button",
        text(texts("listing.fold")),
        type="button",
        class_="tool fold",
        data_do="fold",
        data_other=texts("listing.unfold"),
        data_testid="listing-fold",
    )
