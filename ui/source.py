"""The source panel: the cited page, or the cited text, with the cited words marked."""

from base64 import b64encode
from dataclasses import dataclass

import gradio as gr

from core.deeds import Deed
from core.documents.view import PageView, TextView
from core.errors import PinciteError
from core.types import Document, DocumentState
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.page import Desk, Page, Updates, value_of

SEEN_AGAIN_S = 600.0
"""Within this time, turning the pages of a document is one look at it."""
QUOTE_CHARACTERS = 600
"""The longest quote repeated above the page; the page itself shows all of it."""


@dataclass(frozen=True)
class Place:
    """What was asked to be seen: a span of a document, and the page that is shown."""

    document_id: str
    page: int
    start: int
    end: int
    marker: int = 0
    path: tuple[str, ...] = ()

    @classmethod
    def wanted(cls, fired: gr.EventData) -> "Place":
        """The place that the browser asks for; raises ``PinciteError`` for one that is none."""
        path: list[object] = value_of(fired, "path", list, [])
        place = cls(
            document_id=value_of(fired, "document_id", str),
            page=value_of(fired, "page", int, 0),
            start=value_of(fired, "start", int, 0),
            end=value_of(fired, "end", int, 0),
            marker=value_of(fired, "marker", int, 0),
            path=tuple(str(part) for part in path),
        )
        if not 0 <= place.start <= place.end or place.page < 0:
            raise PinciteError("This place is not in the document.", "Reload the page.")
        return place

    def on_page(self, page: int) -> dict[str, object]:
        """The event's value that shows another page with the same words marked."""
        return {
            "document_id": self.document_id,
            "page": page,
            "start": self.start,
            "end": self.end,
            "marker": self.marker,
            "path": list(self.path),
        }


def source_panel(page: Page) -> None:
    """Let every tab open a place in a document beside it, and close it."""

    async def show(desk: Desk, fired: gr.EventData) -> Updates:
        place = Place.wanted(fired)
        services, matter_id = page.services, desk.matter_id
        document = await services.database.document(matter_id, place.document_id)
        if document.state is not DocumentState.READY:
            raise PinciteError(desk.texts("source.not_ready"))
        view = await services.library.view(
            matter_id, document.id, place.page or None, place.start, place.end
        )
        quote = ""
        if place.end > place.start:
            whole = await services.library.text(matter_id, document.id)
            quote = whole[place.start : place.end]
        deed = Deed.DOCUMENT_OPENED
        await page.record(desk, deed, document.id, at_most_every_s=SEEN_AGAIN_S)
        return {page.source: render_source(document, place, view, quote, desk.texts)}

    async def close(desk: Desk, fired: gr.EventData) -> Updates:
        return {page.source: ""}

    page.on("open_source", show, [page.source], trigger_mode="always_last")
    page.on("close_source", close, [page.source])


def render_source(
    document: Document, place: Place, view: PageView | TextView, quote: str, texts: Texts
) -> Html:
    """The panel for one place in one document."""
    body = _page(view, texts) if isinstance(view, PageView) else _text(view)
    pages = _pager(place, view, texts) if isinstance(view, PageView) else Html("")
    return element(
        "aside",
        _heading(document, place, view, texts),
        _quote(place, quote, texts),
        pages,
        body,
        class_="sheet",
        data_testid="source-panel",
        data_document=document.id,
        data_marker=place.marker or None,
        data_page=view.page if isinstance(view, PageView) else None,
        aria_label=texts("source.label", document=document.name),
        tabindex="-1",
    )


def _heading(document: Document, place: Place, view: PageView | TextView, texts: Texts) -> Html:
    number = (
        element("span", text(place.marker), class_="number") if place.marker else icon("document")
    )
    page = texts("pincite.page", page=view.page) if isinstance(view, PageView) else ""
    where = texts.list_of_words(page, " › ".join(place.path))
    return element(
        "header",
        number,
        element(
            "div",
            element("h2", text(document.name), title=document.name, data_testid="source-name"),
            element("p", text(where), class_="where", data_testid="source-where"),
        ),
        _step("previous-citation", "left", texts("source.previous_citation")),
        _step("next-citation", "right", texts("source.next_citation")),
        action(
            "close_source",
            icon("close"),
            class_="tool",
            data_testid="close-source",
            aria_label=texts("source.close"),
            title=texts("source.close"),
        ),
    )


def _step(what: str, symbol: str, label: str) -> Html:
    return element(
        "button",
        icon(symbol),
        type="button",
        class_="tool step",
        data_do=what,
        data_testid=what,
        aria_label=label,
        title=label,
    )


def _quote(place: Place, quote: str, texts: Texts) -> Html:
    words = " ".join(quote.split())
    if not words:
        return Html("")
    if len(words) > QUOTE_CHARACTERS:
        words = words[:QUOTE_CHARACTERS].rstrip() + " …"
    return element(
        "blockquote",
        element("p", text(words), dir="auto"),
        class_="cited",
        data_testid="source-quote",
    )


def _pager(place: Place, view: PageView, texts: Texts) -> Html:
    return element(
        "nav",
        _turn(place, view.page - 1, view.pages, "left", "previous", texts),
        element("span", text(texts("source.page_of", page=view.page, pages=view.pages))),
        _turn(place, view.page + 1, view.pages, "right", "next", texts),
        class_="pager",
        aria_label=texts("source.pages"),
    )


def _turn(place: Place, to: int, pages: int, symbol: str, which: str, texts: Texts) -> Html:
    return action(
        "open_source",
        icon(symbol),
        value=place.on_page(to),
        class_="tool",
        disabled=not 1 <= to <= pages,
        data_testid=f"{which}-page",
        aria_label=texts(f"source.{which}_page"),
        title=texts(f"source.{which}_page"),
    )


def _page(view: PageView, texts: Texts) -> Html:
    boxes = [
        Html(
            f'<mark class="box" style="left:{box.left:.3%};top:{box.top:.3%};'
            f'width:{box.right - box.left:.3%};height:{box.bottom - box.top:.3%}"></mark>'
        )
        for box in view.boxes
    ]
    png = b64encode(view.png).decode("ascii")
    image = Html(
        f'<img src="data:image/png;base64,{png}" width="{view.width:d}" height="{view.height:d}"'
        f' alt="{text(texts("source.page_of", page=view.page, pages=view.pages))}">'
    )
    paper = element("div", image, *boxes, class_="paper", data_testid="source-page")
    return element("div", paper, class_="leaf", tabindex="0")


def _text(view: TextView) -> Html:
    words = element(
        "div",
        text(view.before),
        element("mark", text(view.marked), data_testid="source-mark") if view.marked else Html(""),
        text(view.after),
        class_="running-text",
        data_testid="source-text",
        dir="auto",
    )
    return element("div", words, class_="leaf", tabindex="0")
