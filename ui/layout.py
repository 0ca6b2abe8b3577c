"""The page: the header over three tabs, with the source panel beside them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from core.deeds import Deed
from core.serving.access import PERSON
from core.serving.walls import Walls
from core.settings import ROOT
from core.types import Matter, ModelStatus
from ui.chat import chat_tab
from ui.documents import documents_tab
from ui.evaluation import evaluation_tab
from ui.locale import LANGUAGES, preferred_language
from ui.masthead import render_masthead, render_status
from ui.page import EVENTS, Desk, Page, Updates, value_of
from ui.replaced import keep_ids
from ui.rights import ANYONE, settled
from ui.source import source_panel
from ui.theme import theme

if TYPE_CHECKING:
    from core.services import Services

STATUS_S = 3.0
SESSIONS = 2000
"""Loads of the page whose last drawing is kept; the one that was silent longest makes room."""

_CONNECT = f"Object.assign(window.pincite ??= {{}}, {{trigger, events: {list(EVENTS)!r}}});"
# The names stand in quotes here: Gradio gives a component only the events its script mentions.


def build_ui(services: "Services") -> gr.Blocks:
    """Build the page over ``services``; nothing is read before a browser opens it."""
    keep_ids()
    with gr.Blocks(
        title="Pincite", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)
    ) as made:
        blocks: gr.Blocks = made
        page = Page(
            services=services,
            walls=Walls(services.database),
            events=gr.HTML(elem_id="events", js_on_load=_CONNECT, apply_default_css=False),
            desk=gr.State(Desk()),
            memory=gr.BrowserState({}, storage_key="pincite", secret="pincite"),  # noqa: S106
            source=gr.HTML(elem_id="source", apply_default_css=False, render=False),
            dialog=gr.HTML(elem_id="dialog", apply_default_css=False, render=False),
            options=gr.HTML(elem_id="options", apply_default_css=False, render=False),
            in_force=gr.HTML(elem_id="in-force", apply_default_css=False, render=False),
        )
        with gr.Column(elem_id="app"):
            with gr.Row(elem_id="header"):
                masthead = gr.HTML(elem_id="masthead", apply_default_css=False)
                status = gr.HTML(elem_id="status", apply_default_css=False)
            with gr.Row(elem_id="workspace"):
                tabs = [chat_tab(page), documents_tab(page), evaluation_tab(page)]
                page.source.render()
            page.dialog.render()
        source_panel(page)
        _status_line(page, status)
        regions = [masthead, *(region for tab in tabs for region in tab.regions)]

        async def draw(desk: Desk) -> Updates:
            """Everything that depends on the matter or the language."""
            matters = await page.walls.matters(desk.person)
            drawn: Updates = {masthead: render_masthead(desk, matters)}
            for tab in tabs:
                drawn |= await tab.draw(desk)
            return drawn

        _matter_events(page, draw, regions, blocks)
    blocks.queue(default_concurrency_limit=None, api_open=False)
    blocks.state_session_capacity = SESSIONS  # ``launch`` would set it; the page is mounted
    return blocks


def _matter_events(
    page: Page, draw: Callable[[Desk], Awaitable[Updates]], regions: list[Any], blocks: gr.Blocks
) -> None:
    """Everything that changes the matter or the language, after which the whole page is drawn."""
    database, walls = page.services.database, page.walls

    async def shown(desk: Desk) -> Updates:
        desk = replace(desk, role=await walls.role(desk.person, desk.matter_id))
        known = {page.desk: desk, page.memory: desk.remembered(), page.source: ""}
        return known | await draw(desk)

    async def open_page(memory: dict[str, str] | None, request: gr.Request) -> Updates:
        return await shown(await opening_desk(page.services, memory, request))

    async def set_language(desk: Desk, fired: gr.EventData) -> Updates:
        language = value_of(fired, "language", str)
        return await shown(replace(desk, language=language if language in LANGUAGES else "en"))

    async def open_matter(desk: Desk, fired: gr.EventData) -> Updates:
        wanted = value_of(fired, "id", str)
        return await shown(in_matter(desk, wanted, await walls.matters(desk.person)))

    async def create_matter(desk: Desk, fired: gr.EventData) -> Updates:
        matter = await database.create_matter(value_of(fired, "text", str), owner=desk.person)
        desk = desk.at(matter.id)
        await page.record(desk, Deed.MATTER_CREATED)
        return await shown(desk)

    async def rename_matter(desk: Desk, fired: gr.EventData) -> Updates:
        await database.rename_matter(desk.matter_id, value_of(fired, "text", str), desk.person)
        await page.record(desk, Deed.MATTER_RENAMED)
        return await shown(desk)

    async def delete_matter(desk: Desk, fired: gr.EventData) -> Updates:
        # What is asked about is the matter on the screen; the desk may have moved on since.
        if value_of(fired, "id", str) == desk.matter_id:
            await page.services.library.delete_matter(desk.matter_id)
            await page.record(desk, Deed.MATTER_DELETED)
        return await shown(in_matter(desk, "", await walls.matters(desk.person)))

    outputs = [page.desk, page.memory, page.source, *regions]
    page.on_load(blocks, open_page, [page.memory], outputs)
    page.on("set_language", set_language, outputs)
    page.on("open_matter", open_matter, outputs)
    page.on("create_matter", create_matter, outputs)
    page.on("rename_matter", rename_matter, outputs)
    page.on("delete_matter", delete_matter, outputs)


async def opening_desk(
    services: "Services", memory: dict[str, str] | None, request: gr.Request
) -> Desk:
    """The desk as this browser left it, with what is gone or not the person's left out."""
    kept = memory if isinstance(memory, dict) else {}
    language = kept.get("language")
    if language not in LANGUAGES:
        language = preferred_language(request.headers.get("accept-language") or "")
    walls = Walls(services.database)
    desk = await settled(walls, Desk(language=language), request)
    matters = await walls.matters(desk.person)
    desk = in_matter(desk, kept.get("matter_id", ""), matters)
    if not desk.matter_id or desk.matter_id != kept.get("matter_id"):
        return desk
    conversations = await services.database.conversations(desk.matter_id)
    wanted = kept.get("conversation_id", "")
    known = any(conversation.id == wanted for conversation in conversations)
    return replace(desk, conversation_id=wanted if known else "")


def in_matter(desk: Desk, matter_id: str, matters: Sequence[Matter]) -> Desk:
    """The desk with a matter open: the wanted one, else the sample, else the first."""
    best = sorted(matters, key=lambda each: (each.id != matter_id, not each.is_sample))
    return desk.at(best[0].id if best else "")


def _status_line(page: Page, status: gr.HTML) -> None:
    """Keep the models' state in view; the browser hears of it only when it has changed."""
    shown = gr.State(())
    timer = gr.Timer(STATUS_S)

    async def refresh(desk: Desk, before: tuple[Any, ...]) -> Updates:
        models: tuple[ModelStatus, ...] = tuple(page.services.status())
        now = (desk.language, page.services.profile.name, models)
        if now == before:
            return {shown: gr.skip()}
        return {shown: now, status: render_status(now[1], models, desk.texts)}

    page.listen(timer.tick, refresh, ANYONE, [shown], [status, shown])
    page.listen(page.desk.change, refresh, ANYONE, [shown], [status, shown])


def _person_id(request: Any) -> str | None:
    """Whom the gate has let in; nobody gets the page without it."""
    person = request.scope.get(PERSON)
    return person.id if person else None


def mount_options() -> dict[str, Any]:
    """What ``gr.mount_gradio_app`` needs beside the page: its looks, and nothing recorded."""
    assets = ROOT / "assets"
    style = (assets / "app.css").read_text(encoding="utf-8")
    script = (assets / "app.js").read_text(encoding="utf-8")
    plots = (assets / "plots.js").read_text(encoding="utf-8")
    head = (
        '<meta name="theme-color" content="#14213d">'
        '<link rel="apple-touch-icon" href="/icons/icon-192.png">'
        f"<style>{style}</style><script>{script}</script><script>{plots}</script>"
    )
    return {
        "auth_dependency": _person_id,
        "theme": theme(),
        "head": head,
        "favicon_path": str(assets / "icons" / "icon-192.png"),
        "pwa": True,
        "footer_links": [],
        "run_history": False,
        "show_error": False,
        "enable_monitoring": False,
        "mcp_server": False,
        "ssr_mode": False,
    }
