"""The Documents tab: dropping files, and a row for every document of the matter."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import gradio as gr

from core.deeds import Deed
from core.documents.pace import Pace
from core.errors import PinciteError
from core.types import Document, DocumentState, Genre
from ui.composer import draw_in_force, draw_options
from ui.locale import Texts
from ui.markup import Html, element, icon, text
from ui.page import Desk, Page, Tab, Updates, value_of
from ui.receipt import Receipt, render_receipt
from ui.rights import ANYONE
from ui.table import is_cancelled, is_moving, render_documents, render_pace
from ui.uploads import uploaded

logger = logging.getLogger(__name__)

REFRESH_S = 1.0
STATES = ("ready", "moving", "failed", "cancelled")
"""What the table can be narrowed to."""
TROUBLES = ("too_large", "unreadable", "same_name", "waiting")
"""Why the browser does not send a file."""


def documents_tab(page: Page) -> Tab:
    """Build the tab; its table refreshes itself only while a document is on its way."""
    services = page.services
    with gr.Column(elem_id="documents", elem_classes=["tab-panel"]):
        intro = gr.HTML(elem_id="documents-intro", apply_default_css=False)
        slip = gr.HTML(elem_id="documents-receipt", apply_default_css=False)
        pace = gr.HTML(elem_id="documents-pace", apply_default_css=False)
        table = gr.HTML(elem_id="documents-table", apply_default_css=False)
    receipt = gr.State(Receipt())
    timer = gr.Timer(REFRESH_S, active=False)
    rows = [pace, table, timer]

    async def draw_rows(desk: Desk) -> Updates:
        documents = await services.database.documents(desk.matter_id) if desk.matter_id else ()
        found = [d for d in documents if _found(d, desk)]
        speed = await services.library.pace(desk.matter_id) if desk.matter_id else Pace()
        failed = sum(d.state is DocumentState.FAILED and not is_cancelled(d) for d in documents)
        return {
            pace: render_pace(speed, failed, desk.texts),
            table: render_documents(found, len(documents), desk.texts),
            timer: gr.Timer(active=bool(speed.erasing) or any(map(is_moving, documents))),
        }

    async def draw(desk: Desk) -> Updates:
        limit_mib = services.settings.file_size_mib
        return {intro: render_intro(desk, limit_mib), slip: ""} | await draw_rows(desk)

    async def add(desk: Desk, before: Receipt, fired: gr.EventData) -> Updates:
        """Take one group of a drop's files; the browser sends the next when it sees the receipt."""
        files = [sent_file(each) for each in value_of(fired, "files", list)]
        drop, total = value_of(fired, "drop", str), value_of(fired, "done", int)
        told = replace(before if before.drop == drop else Receipt(drop), done=total)
        try:
            # Another may have been opened since they were dropped.
            if value_of(fired, "matter_id", str) != desk.matter_id:
                raise PinciteError(desk.texts("receipt.another_matter"))
            for name, path, trouble in files:
                if path is None:
                    told = told.refusing(name, desk.texts(f"receipt.{trouble}"), desk.texts)
                    continue
                try:
                    async for each in services.library.take(desk.matter_id, path, name):
                        told = told.after(each, desk.texts)
                        if each.document is not None and each.is_new:
                            await page.record(desk, Deed.DOCUMENT_ADDED, each.document.id)
                except Exception as error:  # noqa: BLE001  one file keeps no other of the drop out
                    told = told.refusing(name, _sentence(error, desk.texts), desk.texts)
        finally:
            for _, path, _ in files:
                if path is not None:
                    path.unlink(missing_ok=True)
        return {receipt: told, slip: render_receipt(told, desk.texts)} | await draw_rows(desk)

    async def close_receipt(desk: Desk, _: gr.EventData) -> Updates:
        return {receipt: Receipt(), slip: ""}

    async def tick(desk: Desk) -> Updates:
        return await draw_rows(desk) | await draw_in_force(page, desk)

    async def search(desk: Desk, fired: gr.EventData) -> Updates:
        sought, genre, state = (value_of(fired, n, str, "") for n in ("name", "genre", "state"))
        desk = replace(
            desk, document_search=sought.strip(), document_genre=genre, document_state=state
        )
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

    added = [receipt, slip, *rows]
    page.on("add_documents", add, added, [receipt], trigger_mode="multiple")
    page.on("close_receipt", close_receipt, [receipt, slip])
    page.listen(timer.tick, tick, ANYONE, [], [*rows, page.in_force])
    page.on("search_documents", search, [page.desk, *rows], trigger_mode="always_last")
    page.on("retry_document", retry, rows, trigger_mode="multiple")
    page.on("retry_failed", retry_failed, rows)
    page.on("cancel_document", cancel, rows, trigger_mode="multiple")
    page.on("unlock_document", unlock, rows, trigger_mode="multiple")
    gone = [page.desk, page.source, page.options, page.in_force, *rows]
    page.on("delete_document", delete, gone, trigger_mode="multiple")
    return Tab((intro, slip, *rows), draw)


def render_intro(desk: Desk, limit_mib: int) -> Html:
    """The heading, the search field and the place to drop files."""
    texts = desk.texts
    if not desk.matter_id:
        return element("div", element("p", text(texts("matter.none"))), class_="empty")
    search = element(
        "label",
        icon("search"),
        Html(
            f'<input type="search" name="name" data-testid="search-documents"'
            f' value="{text(desk.document_search)}" placeholder="{text(texts("documents.search"))}"'
            f' aria-label="{text(texts("documents.search"))}">'
        ),
        class_="search",
    )
    tools = element(
        "form",
        _state_filter(desk),
        _genre_filter(desk),
        search,
        class_="filters",
        data_search="search_documents",
    )
    heading = element("header", element("h1", text(texts("tab.documents"))), tools)
    return element("div", heading, _drop(desk, limit_mib), class_="documents-intro")


def _drop(desk: Desk, limit_mib: int) -> Html:
    """Where files are dropped or chosen; while they are sent the browser counts them here."""
    texts = desk.texts
    stop = element(
        "button",
        text(texts("documents.stop_sending")),
        type="button",
        class_="button quiet",
        data_do="stop-sending",
        data_testid="stop-sending",
    )
    sending = element(
        "div",
        Html("<progress></progress>"),
        element("output", data_template=texts.template("documents.sending")),
        stop,
        class_="sending",
        hidden=True,
        data_testid="sending",
    )
    return element(
        "div",
        icon("upload"),
        element("strong", text(texts("documents.drop"))),
        element("div", *(_chooser(kind, texts) for kind in ("files", "folder")), class_="choose"),
        element("span", text(texts("documents.kinds"))),
        sending,
        class_="drop",
        data_matter=desk.matter_id,
        data_limit=limit_mib * 2**20,
        data_testid="drop",
    )


def _chooser(kind: str, texts: Texts) -> Html:
    """A button that opens the browser's dialog for files, or for a folder with all in it."""
    many = "webkitdirectory" if kind == "folder" else "multiple"
    field = Html(f'<input type="file" {many} class="unseen" data-testid="choose-{kind}">')
    words = text(texts(f"documents.choose_{kind}"))
    return element("label", field, words, class_="button quiet")


def sent_file(value: object) -> tuple[str, Path | None, str]:
    """A file that the browser tells of: its name, where it was uploaded to, or why it was not.

    Raises ``PinciteError`` for anything else.
    """
    match value:
        case {"name": str(name), "path": str(path)}:
            return name, uploaded(path), ""
        case {"name": str(name), "trouble": str(trouble)} if trouble in TROUBLES:
            return name, None, trouble
    raise PinciteError("The page sent something that cannot be read.", "Reload the page.")


def _sentence(error: Exception, texts: Texts) -> str:
    """What a reader is told of a file that could not be added."""
    if isinstance(error, PinciteError):
        return texts.said(error.reason, error.remedy)
    logger.error("A dropped file could not be added", exc_info=error)
    return texts("error.unexpected")


def _found(document: Document, desk: Desk) -> bool:
    """Whether the search field and the choice of a kind let a document through."""
    identity = document.identity
    if desk.document_genre and identity.genre != desk.document_genre:
        return False
    if desk.document_state not in ("", _stands(document)):
        return False
    words = "\n".join((document.name, identity.title, *identity.parties))
    return desk.document_search.lower() in words.lower()


def _stands(document: Document) -> str:
    """Which of ``STATES`` a document is in."""
    if is_moving(document):
        return "moving"
    return "cancelled" if is_cancelled(document) else str(document.state)


def _genre_filter(desk: Desk) -> Html:
    texts = desk.texts
    kinds = [("", texts("documents.every_genre")), *((g, texts(f"genre.{g}")) for g in Genre)]
    return _filter("genre", texts("documents.genre"), kinds, desk.document_genre)


def _state_filter(desk: Desk) -> Html:
    texts = desk.texts
    states = [("", texts("documents.every_state"))]
    states += [(state, texts(f"documents.state_{state}")) for state in STATES]
    return _filter("state", texts("documents.state"), states, desk.document_state)


def _filter(name: str, label: str, choices: Sequence[tuple[str, str]], chosen: str) -> Html:
    """A choice beside the search field: the form is sent whole with every change."""
    options = [
        element("option", text(words), value=value, selected=value == chosen)
        for value, words in choices
    ]
    return element(
        "select",
        *options,
        name=name,
        aria_label=label,
        data_testid=f"filter-{name}",
    )
