"""The Documents tab: dropping files, and a row for every document of the matter."""

from dataclasses import replace
from pathlib import Path

import gradio as gr

from core.deeds import Deed
from core.errors import PinciteError
from core.types import Document, DocumentState, Genre, Role
from ui.composer import draw_in_force, draw_options
from ui.markup import Html, element, icon, text
from ui.page import Desk, Page, Tab, Updates, value_of
from ui.rights import ANYONE
from ui.table import render_documents

REFRESH_S = 1.0
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
        found = [d for d in documents if _found(d, desk)]
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
                document = await services.library.add(desk.matter_id, path, path.name)
                await page.record(desk, Deed.DOCUMENT_ADDED, document.id)
            except PinciteError as error:
                refused.append(f"{path.name}: {error}")
            finally:
                path.unlink(missing_ok=True)
        if refused:
            gr.Warning("<br>".join(map(text, refused)), duration=20)
        return {upload: None} | await draw_rows(desk)

    async def tick(desk: Desk) -> Updates:
        return await draw_rows(desk) | await draw_in_force(page, desk)

    async def search(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, document_search=value_of(fired, "text", str, "").strip())
        return {page.desk: desk} | await draw_rows(desk)

    async def filter_genre(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, document_genre=value_of(fired, "text", str, ""))
        return {page.desk: desk} | await draw_rows(desk)

    async def retry(desk: Desk, fired: gr.EventData) -> Updates:
        await services.library.retry(desk.matter_id, value_of(fired, "document_id", str))
        return await draw_rows(desk)

    async def delete(desk: Desk, fired: gr.EventData) -> Updates:
        document_id = value_of(fired, "document_id", str)
        await services.database.require_no_hold(desk.matter_id)
        await services.library.delete(desk.matter_id, document_id)
        await page.record(desk, Deed.DOCUMENT_DELETED, document_id)
        left = await services.database.documents(desk.matter_id)
        desk = replace(desk, options=desk.options.among(left))
        drawn = {page.desk: desk, page.source: ""} | await draw_options(page, desk)
        return drawn | await draw_rows(desk)

    page.listen(upload.upload, add, Role.EDITOR, [upload], [upload, *rows])
    page.listen(timer.tick, tick, ANYONE, [], [*rows, page.in_force])
    page.on("search_documents", search, [page.desk, *rows], trigger_mode="always_last")
    page.on("filter_documents", filter_genre, [page.desk, *rows], trigger_mode="always_last")
    page.on("retry_document", retry, rows, trigger_mode="multiple")
    gone = [page.desk, page.source, page.options, page.in_force, *rows]
    page.on("delete_document", delete, gone, trigger_mode="multiple")
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
            f' value="{text(desk.document_search)}" placeholder="{text(texts("documents.search"))}"'
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
    tools = element("div", _genre_filter(desk), search, class_="filters")
    heading = element("header", element("h1", text(texts("tab.documents"))), tools)
    return element("div", heading, drop, class_="documents-intro")


def _found(document: Document, desk: Desk) -> bool:
    """Whether the search field and the choice of a kind let a document through."""
    identity = document.identity
    if desk.document_genre and identity.genre != desk.document_genre:
        return False
    words = "\n".join((document.name, identity.title, *identity.parties))
    return desk.document_search.lower() in words.lower()


def _genre_filter(desk: Desk) -> Html:
    texts = desk.texts
    kinds = [("", texts("documents.every_genre")), *((g, texts(f"genre.{g}")) for g in Genre)]
    options = [
        element("option", text(label), value=genre, selected=genre == desk.document_genre)
        for genre, label in kinds
    ]
    return element(
        "select",
        *options,
        data_search="filter_documents",
        aria_label=texts("documents.genre"),
        data_testid="filter-documents",
    )
