"""The Documents tab: dropping files, and a row for every document of the matter."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import gradio as gr

from core.errors import PinciteError
from core.types import Document, DocumentState
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.page import Desk, Page, Tab, Updates, listen, value_of

REFRESH_S = 1.0
ROWS = 200
"""Rows drawn at once; the search finds the others."""

_DONE = (DocumentState.READY, DocumentState.FAILED)


def documents_tab(page: Page) -> Tab:
    """Build the tab; its table refreshes itself only while a document is on its way."""
    services = page.services
    with gr.Column(elem_id="documents", elem_classes=["tab-panel"]):
        intro = gr.HTML(elem_id="documents-intro", apply_default_css=False)
        upload = gr.File(
            file_count="multiple", show_label=False, container=False, elem_id="documents-upload"
        )
        table = gr.HTML(elem_id="documents-table", apply_default_css=False)
    timer = gr.Timer(REFRESH_S, active=False)
    rows = [table, timer]

    async def draw_rows(desk: Desk) -> Updates:
        documents = await services.database.documents(desk.matter_id) if desk.matter_id else ()
        found = [d for d in documents if desk.document_search.lower() in d.name.lower()]
        moving = any(d.state not in _DONE for d in documents)
        return {
            table: render_documents(found, len(documents), desk.texts),
            timer: gr.Timer(active=moving),
        }

    async def draw(desk: Desk) -> Updates:
        return {intro: render_intro(desk)} | await draw_rows(desk)

    async def add(desk: Desk, paths: list[str] | None) -> Updates:
        refused = []
        for path in map(Path, paths or ()):
            try:
                await services.library.add(desk.matter_id, path, path.name)
            except PinciteError as error:
                refused.append(f"{path.name}: {error}")
            finally:
                path.unlink(missing_ok=True)
        if refused:
            gr.Warning("<br>".join(map(text, refused)), duration=20)
        return {upload: None} | await draw_rows(desk)

    async def search(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, document_search=value_of(fired, "text", str, "").strip())
        return {page.desk: desk} | await draw_rows(desk)

    async def retry(desk: Desk, fired: gr.EventData) -> Updates:
        await services.library.retry(desk.matter_id, value_of(fired, "document_id", str))
        return await draw_rows(desk)

    async def delete(desk: Desk, fired: gr.EventData) -> Updates:
        await services.library.delete(desk.matter_id, value_of(fired, "document_id", str))
        return await draw_rows(desk) | {page.source: ""}

    listen(upload.upload, add, [page.desk, upload], [upload, *rows])
    listen(timer.tick, draw_rows, [page.desk], rows)
    page.on("search_documents", search, [page.desk, *rows], trigger_mode="always_last")
    page.on("retry_document", retry, rows, trigger_mode="multiple")
    page.on("delete_document", delete, [*rows, page.source], trigger_mode="multiple")
    return Tab((intro, *rows), draw)


def render_intro(desk: Desk) -> Html:
    """The heading, the search field and the words on the place to drop files."""
    texts = desk.texts
    if not desk.matter_id:
        return element("div", element("p", text(texts("matter.none"))), class_="empty")
    search = element(
        "label",
        icon("search"),
        Html(
            f'<input type="search" data-search="search_documents" data-testid="search-documents"'
            f' placeholder="{text(texts("documents.search"))}"'
            f' aria-label="{text(texts("documents.search"))}">'
        ),
        class_="search",
    )
    drop = element(
        "div",
        icon("upload"),
        element("strong", text(texts("documents.drop"))),
        element("span", text(texts("documents.kinds"))),
        class_="drop",
        data_testid="drop",
    )
    heading = element("header", element("h1", text(texts("tab.documents"))), search)
    return element("div", heading, drop, class_="documents-intro")


def render_documents(found: Sequence[Document], total: int, texts: Texts) -> Html:
    """A row for every document found, or what to do when there is none."""
    if not total:
        return element(
            "div",
            element("h2", text(texts("documents.empty"))),
            element("p", text(texts("documents.empty_more"))),
            class_="empty",
            data_testid="documents-empty",
        )
    if not found:
        return element(
            "p", text(texts("documents.none_found")), class_="empty", data_testid="documents-none"
        )
    columns = ("name", "state", "pages", "passages", "size", "added")
    head = element(
        "tr",
        *(
            element("th", text(texts(f"documents.{column}")), scope="col", class_=column)
            for column in columns
        ),
        element("th", Html(f'<span class="unseen">{text(texts("documents.actions"))}</span>')),
    )
    more = len(found) - ROWS
    return element(
        "div",
        element(
            "table",
            element("thead", head),
            element("tbody", *(_row(document, texts) for document in found[:ROWS])),
            aria_label=texts("tab.documents"),
        ),
        element("p", text(texts("documents.more", count=more)), class_="more")
        if more > 0
        else Html(""),
        class_="documents",
        data_testid="documents",
    )


def _row(document: Document, texts: Texts) -> Html:
    facts = {
        "pages": "–" if document.pages is None else f"{document.pages:,}",
        "passages": f"{document.passages:,}" if document.passages else "–",
        "size": size(document.size_bytes),
        "added": texts.date(document.added_at),
    }
    return element(
        "tr",
        element("td", _name(document, texts), class_="name"),
        element("td", _state(document, texts), class_="state"),
        *(
            element("td", text(fact), class_=column, data_label=texts(f"documents.{column}"))
            for column, fact in facts.items()
        ),
        element("td", *_row_actions(document, texts), class_="actions"),
        class_="document",
        data_testid="document",
        data_state=document.state,
        data_document=document.id,
        data_name=document.name,
    )


def _name(document: Document, texts: Texts) -> Html:
    if document.state is not DocumentState.READY:
        return element("span", icon("document"), element("span", text(document.name)))
    return action(
        "open_source",
        icon("document"),
        element("span", text(document.name)),
        value={"document_id": document.id, "page": 1 if document.pages else 0},
        data_testid="open-document",
        title=texts("documents.open"),
    )


def _state(document: Document, texts: Texts) -> Html:
    label = texts(f"state.{document.state}")
    if document.state is DocumentState.FAILED:
        why = " ".join(part for part in (document.reason, document.remedy) if part)
        return element(
            "div",
            element("span", icon("unsupported"), text(label), class_="badge failed"),
            element("p", text(why), class_="why", data_testid="document-failure"),
        )
    if document.state is DocumentState.READY:
        return element("span", icon("check"), text(label), class_="badge ready")
    percent = round(100 * document.progress)
    bar = Html(
        f'<progress max="100" value="{percent:d}" aria-label="{text(label)}"></progress>'
        if document.progress
        else f'<progress aria-label="{text(label)}"></progress>'
    )
    number = f" {percent} %" if document.progress else ""
    return element("div", element("span", text(label + number), class_="badge"), bar)


def _row_actions(document: Document, texts: Texts) -> list[Html]:
    buttons: list[tuple[str, str, str, str | None]] = []
    if document.state is DocumentState.FAILED:
        buttons.append(("retry_document", "redo", texts("documents.retry"), None))
    confirm = texts("documents.confirm_delete", name=document.name)
    buttons.append(("delete_document", "trash", texts("documents.delete"), confirm))
    return [
        action(
            event,
            icon(symbol),
            value={"document_id": document.id},
            class_="tool",
            data_confirm=question,
            data_testid=event.replace("_", "-"),
            aria_label=f"{label}: {document.name}",
            title=label,
        )
        for event, symbol, label, question in buttons
    ]


def size(size_bytes: int) -> str:
    """A file's size in the largest unit (powers of 1024) that leaves at least one."""
    amount = float(size_bytes)
    for unit in ("B", "KB", "MB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GB"
