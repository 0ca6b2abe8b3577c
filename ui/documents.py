"""The Documents tab: dropping files, and a row for every document of the matter."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import gradio as gr

from core.deeds import Deed
from core.documents.pace import Pace
from core.types import Document, DocumentState, Genre, Role
from ui.composer import draw_in_force, draw_options
from ui.markup import Html, element, icon, text
from ui.page import Desk, Page, Tab, Updates, value_of
from ui.rights import ANYONE
from ui.table import is_moving, render_documents, render_pace

REFRESH_S = 1.0
_NOTICES = 8
"""Sentences about refused and known files that are shown of one drop; the rest are counted."""
STATES = ("ready", "moving", "failed")
"""What the table can be narrowed to."""


def documents_tab(page: Page) -> Tab:
    """Build the tab; its table refreshes itself only while a document is on its way."""
    services = page.services
    with gr.Column(elem_id="documents", elem_classes=["tab-panel"]):
        intro = gr.HTML(elem_id="documents-intro", apply_default_css=False)
        upload = gr.File(
            file_count="multiple", show_label=False, container=False, elem_id="documents-upload"
        )
        pace = gr.HTML(elem_id="documents-pace", apply_default_css=False)
        table = gr.HTML(elem_id="documents-table", apply_default_css=False)
    timer = gr.Timer(REFRESH_S, active=False)
    rows = [pace, table, timer]

    async def draw_rows(desk: Desk) -> Updates:
        documents = await services.database.documents(desk.matter_id) if desk.matter_id else ()
        found = [d for d in documents if _found(d, desk)]
        speed = await services.library.pace(desk.matter_id) if desk.matter_id else Pace()
        failed = sum(d.state is DocumentState.FAILED for d in documents)
        return {
            pace: render_pace(speed, failed, desk.texts),
            table: render_documents(found, len(documents), desk.texts),
            timer: gr.Timer(active=bool(speed.erasing) or any(map(is_moving, documents))),
        }

    async def draw(desk: Desk) -> Updates:
        return {intro: render_intro(desk)} | await draw_rows(desk)

    async def add(desk: Desk, paths: list[str] | None) -> Updates:
        refused: list[str] = []
        known: list[str] = []
        names: set[str] = set()
        for path in map(Path, paths or ()):
            try:
                if path.name in names:  # it would pass for a newer version of the other
                    refused.append(desk.texts("documents.same_name", name=path.name))
                    continue
                names.add(path.name)
                async for each in services.library.take(desk.matter_id, path, path.name):
                    if each.error is not None:
                        refused.append(f"{each.name}: {each.error}")
                    elif each.document is not None and each.is_new:
                        await page.record(desk, Deed.DOCUMENT_ADDED, each.document.id)
                    elif each.document is not None:
                        words = {"name": each.name, "there": each.document.name}
                        known.append(desk.texts("documents.known", **words))
            finally:
                path.unlink(missing_ok=True)
        for tell, sentences in ((gr.Warning, refused), (gr.Info, known)):
            if sentences:
                tell(_told(sentences, desk), duration=20)
        return {upload: None} | await draw_rows(desk)

    async def tick(desk: Desk) -> Updates:
        return await draw_rows(desk) | await draw_in_force(page, desk)

    async def search(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, document_search=value_of(fired, "text", str, "").strip())
        return {page.desk: desk} | await draw_rows(desk)

    async def filter_genre(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, document_genre=value_of(fired, "text", str, ""))
        return {page.desk: desk} | await draw_rows(desk)

    async def filter_states(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, document_state=value_of(fired, "text", str, ""))
        return {page.desk: desk} | await draw_rows(desk)

    async def retry(desk: Desk, fired: gr.EventData) -> Updates:
        document_id = value_of(fired, "document_id", str)
        await services.library.retry(desk.matter_id, document_id)
        await page.record(desk, Deed.DOCUMENT_RETRIED, document_id)
        return await draw_rows(desk)

    async def unlock(desk: Desk, fired: gr.EventData) -> Updates:
        document_id, password = (value_of(fired, n, str) for n in ("document_id", "password"))
        await services.library.retry(desk.matter_id, document_id, password)
        await page.record(desk, Deed.DOCUMENT_RETRIED, document_id)
        return await draw_rows(desk)

    async def retry_failed(desk: Desk, _: gr.EventData) -> Updates:
        await services.library.retry_failed(desk.matter_id)
        await page.record(desk, Deed.DOCUMENT_RETRIED)
        return await draw_rows(desk)

    async def cancel(desk: Desk, fired: gr.EventData) -> Updates:
        document_id = value_of(fired, "document_id", str)
        await services.library.cancel(desk.matter_id, document_id)
        await page.record(desk, Deed.DOCUMENT_CANCELLED, document_id)
        return await draw_rows(desk)

    async def delete(desk: Desk, fired: gr.EventData) -> Updates:
        document_id = value_of(fired, "document_id", str)
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
    page.on("filter_states", filter_states, [page.desk, *rows], trigger_mode="always_last")
    page.on("retry_document", retry, rows, trigger_mode="multiple")
    page.on("retry_failed", retry_failed, rows)
    page.on("cancel_document", cancel, rows, trigger_mode="multiple")
    page.on("unlock_document", unlock, rows, trigger_mode="multiple")
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
    tools = element("div", _state_filter(desk), _genre_filter(desk), search, class_="filters")
    heading = element("header", element("h1", text(texts("tab.documents"))), tools)
    return element("div", heading, drop, class_="documents-intro")


def _found(document: Document, desk: Desk) -> bool:
    """Whether the search field and the choice of a kind let a document through."""
    identity = document.identity
    if desk.document_genre and identity.genre != desk.document_genre:
        return False
    if desk.document_state:
        states = {"ready": DocumentState.READY, "failed": DocumentState.FAILED}
        wanted = states.get(desk.document_state)
        if not (is_moving(document) if wanted is None else document.state is wanted):
            return False
    words = "\n".join((document.name, identity.title, *identity.parties))
    return desk.document_search.lower() in words.lower()


def _told(sentences: list[str], desk: Desk) -> str:
    """Some sentences of many, as markup."""
    more = len(sentences) - _NOTICES
    left = [desk.texts("documents.more_notices", count=more)] if more > 0 else []
    return "<br>".join(map(text, [*sentences[:_NOTICES], *left]))


def _genre_filter(desk: Desk) -> Html:
    texts = desk.texts
    kinds = [("", texts("documents.every_genre")), *((g, texts(f"genre.{g}")) for g in Genre)]
    return _filter("filter-documents", texts("documents.genre"), kinds, desk.document_genre)


def _state_filter(desk: Desk) -> Html:
    texts = desk.texts
    states = [("", texts("documents.every_state"))]
    states += [(state, texts(f"documents.state_{state}")) for state in STATES]
    return _filter("filter-states", texts("documents.state"), states, desk.document_state)


def _filter(name: str, label: str, choices: Sequence[tuple[str, str]], chosen: str) -> Html:
    """A choice that fires the event of its name."""
    options = [
        element("option", text(words), value=value, selected=value == chosen)
        for value, words in choices
    ]
    return element(
        "select",
        *options,
        data_search=name.replace("-", "_"),
        aria_label=label,
        data_testid=name,
    )
