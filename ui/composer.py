"""Where a question begins: the field, the options, and what an empty conversation offers."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import gradio as gr

from core.errors import PinciteError
from core.evaluation.variants import in_force
from core.types import Document, Variant
from ui.choices import render_options
from ui.markup import Html, action, element, icon, text
from ui.options import DEFAULTS, Options, in_scope, render_in_force, searchable
from ui.page import Desk, Page, Tab, Updates, value_of


def composer(page: Page) -> Tab:
    """Build the field with its options, and let the browser change, reset and refresh them."""
    with gr.Column(elem_id="asking"):
        page.options.render()
        with gr.Column(elem_id="ask-box"):
            field = gr.HTML(elem_id="composer", apply_default_css=False)
            page.in_force.render()
        hint = gr.HTML(elem_id="hint", apply_default_css=False)

    async def draw(desk: Desk) -> Updates:
        words = element("p", text(desk.texts("chat.hint")), class_="hint")
        return {field: render_composer(desk), hint: words} | await draw_options(page, desk)

    async def set_options(desk: Desk, fired: gr.EventData) -> Updates:
        desk = await with_options(page, desk, value_of(fired, "options", dict))
        return {page.desk: desk} | await draw_in_force(page, desk)

    async def reset(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, options=DEFAULTS)
        return {page.desk: desk} | await draw_options(page, desk)

    async def refresh_options(desk: Desk, fired: gr.EventData) -> Updates:
        """Draw the panel anew if other documents can be chosen by now than it shows."""
        shown: list[object] = value_of(fired, "shown", list, [])
        there = searchable(await documents_of(page, desk))
        if {document.id for document in there} == set(map(str, shown)):
            return {page.options: gr.skip()}
        return await draw_options(page, desk)

    page.on("set_options", set_options, [page.desk, page.in_force], trigger_mode="always_last")
    page.on("reset_options", reset, [page.desk, page.options, page.in_force])
    page.on("refresh_options", refresh_options, [page.options, page.in_force])
    return Tab((field, hint, page.options, page.in_force), draw)


async def documents_of(page: Page, desk: Desk) -> Sequence[Document]:
    """The documents of the matter that is open."""
    return await page.services.database.documents(desk.matter_id) if desk.matter_id else ()


async def draw_options(page: Page, desk: Desk) -> Updates:
    """The panel of options and the line that tells what is in force."""
    documents = await documents_of(page, desk)
    options = desk.options.among(documents)
    standing = await standing_variant(page, desk)
    top_k = standing.top_k or page.services.settings.top_k
    panel = render_options(options, documents, desk.texts, top_k, uuid4().hex, standing.style)
    line = render_in_force(options, documents, desk.texts, top_k, standing)
    there = bool(desk.matter_id)
    return {page.options: panel if there else "", page.in_force: line if there else ""}


async def draw_in_force(page: Page, desk: Desk) -> Updates:
    """Only the line that tells what is in force: the panel shows what was just chosen in it."""
    documents, standing = await documents_of(page, desk), await standing_variant(page, desk)
    top_k = standing.top_k or page.services.settings.top_k
    line = render_in_force(desk.options, documents, desk.texts, top_k, standing)
    return {page.in_force: line}


async def standing_variant(page: Page, desk: Desk) -> Variant:
    """The variant that is in force in the matter that is open."""
    if not desk.matter_id:
        return in_force(())
    return in_force(await page.services.database.promotions(desk.matter_id))


async def with_options(page: Page, desk: Desk, sent: dict[str, object]) -> Desk:
    """The desk with the options that the browser sent.

    Raises ``PinciteError`` when none of the chosen documents is left: to search all of them
    instead would answer another question.
    """
    standing = await standing_variant(page, desk)
    top_k = standing.top_k or page.services.settings.top_k
    wanted = Options.sent(sent, top_k, standing.style)
    options = wanted.among(await documents_of(page, desk))
    if wanted.scope.documents and not options.scope.documents:
        raise PinciteError(desk.texts("options.documents_gone"))
    return replace(desk, options=options)


def render_composer(desk: Desk) -> Html:
    """The field for a question with its buttons; the style sheet shows one of them."""
    texts = desk.texts
    editing = element(
        "p",
        text(texts("chat.editing")),
        element("button", text(texts("dialog.cancel")), type="button", data_do="end-edit"),
        class_="editing",
    )
    field = element(
        "textarea",
        name="question",
        rows=1,
        placeholder=texts("chat.placeholder"),
        aria_label=texts("chat.placeholder"),
        data_testid="question-input",
        data_submits=True,
        dir="auto",
        disabled=not desk.matter_id,
    )
    send = element(
        "button",
        icon("arrow-up"),
        type="submit",
        class_="send",
        data_testid="send",
        aria_label=texts("chat.send"),
        title=texts("chat.send"),
        disabled=not desk.matter_id,
    )
    stop = action(
        "stop",
        icon("stop"),
        class_="stop",
        data_testid="stop",
        aria_label=texts("chat.stop"),
        title=texts("chat.stop"),
    )
    row = element("div", field, send, stop, class_="row")
    replaces = Html('<input type="hidden" name="replaces" value="">')
    form = element("form", editing, replaces, row, data_event="ask", data_testid="composer")
    return element("div", form, class_="composer")


def render_welcome(documents: Sequence[Document], questions: Sequence[str], desk: Desk) -> Html:
    """An empty conversation: what to ask, or what to do before there is anything to ask about."""
    texts = desk.texts
    if not desk.matter_id:
        return _welcome(texts("matter.none"), texts("matter.none_more"))
    if not documents:
        drop = element(
            "button",
            icon("upload"),
            element("span", text(texts("chat.add_documents"))),
            type="button",
            class_="button",
            data_tab="documents",
            data_testid="go-to-documents",
        )
        return _welcome(texts("chat.no_documents"), texts("chat.no_documents_more"), drop)
    if not searchable(documents):
        return _welcome(texts("chat.reading"), texts("chat.reading_more"))
    ready = in_scope(desk.options, documents)
    examples = element("div", *map(_example, questions), class_="examples")
    count = texts("count.documents", count=len(ready))
    return _welcome(texts("chat.welcome"), texts("chat.welcome_more", documents=count), examples)


def _welcome(heading: str, more: str, *content: Html) -> Html:
    return element(
        "section",
        element("h1", text(heading)),
        element("p", text(more)),
        *content,
        class_="welcome",
        data_testid="welcome",
    )


def _example(question: str) -> Html:
    return action(
        "ask",
        element("span", text(question)),
        icon("right"),
        value={"question": question},
        data_testid="example-question",
    )
