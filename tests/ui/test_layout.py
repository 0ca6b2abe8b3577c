import re

import gradio as gr
from desk_services import DeskServices, by, fired, handler, region
from gradio.state_holder import SessionState

from core.settings import ROOT
from core.types import LOCAL, ModelStatus
from ui.layout import build_ui, mount_options, opening_desk
from ui.masthead import render_status
from ui.page import EVENTS, Desk
from ui.theme import theme


def visit(accept_language: str = "en") -> gr.Request:
    return by(**{"accept-language": accept_language})


def test_no_event_can_be_called_from_outside_the_page(page: gr.Blocks):
    assert page.fns
    assert {f.api_visibility for f in page.fns.values()} == {"private"}


def test_every_event_runs_for_several_people_at_once(page: gr.Blocks):
    limits = {f.name: f.concurrency_limit for f in page.fns.values() if f.fn is not None}
    assert all(isinstance(limit, int) and limit > 1 for limit in limits.values()), limits


def test_every_event_of_the_page_is_handled(page: gr.Blocks):
    handled = {event for f in page.fns.values() for _, event in f.targets}
    assert set(EVENTS) <= handled


def test_nothing_is_recorded_and_no_trace_of_an_error_is_shown():
    options = mount_options()
    assert options["run_history"] is False
    assert options["show_error"] is False
    assert options["footer_links"] == []
    assert options["enable_monitoring"] is False


def test_analytics_are_off(page: gr.Blocks):
    assert page.analytics_enabled is False


def test_neither_style_nor_script_names_another_machine():
    assert theme()._stylesheets == []
    files = [*(ROOT / "assets").glob("app.*"), *(ROOT / "assets" / "icons").glob("*.json")]
    assert len(files) == 3
    for text in [mount_options()["head"], *(path.read_text(encoding="utf-8") for path in files)]:
        named = text.replace("xmlns='http://www.w3.org/2000/svg'", "")  # a name, not an address
        assert not re.search(r"(https?:)?//[a-z0-9]|@import|url\((?!\"data:image/svg)", named)


async def test_a_first_visit_opens_the_sample_in_the_browser_s_language(services: DeskServices):
    await services.database.create_matter("Aldgate")
    sample = await services.database.create_matter("Sample", is_sample=True)
    desk = await opening_desk(services, {}, visit("zh-CN,en;q=0.5"))  # type: ignore[arg-type]
    assert desk == Desk(language="zh", matter_id=sample.id)


async def test_a_later_visit_opens_what_was_open(services: DeskServices):
    matter = await services.database.create_matter("Aldgate")
    begun = await services.database.create_conversation(matter.id, "Rent", LOCAL)
    desk = Desk("zh", matter.id, begun.id)
    again = await opening_desk(services, desk.remembered(), visit())  # type: ignore[arg-type]
    assert again == desk


async def test_what_was_deleted_since_is_not_opened(services: DeskServices):
    matter = await services.database.create_matter("Aldgate")
    gone = {"language": "en", "matter_id": "gone", "conversation_id": "gone"}
    assert await opening_desk(services, gone, visit()) == Desk(matter_id=matter.id)  # type: ignore[arg-type]
    gone["matter_id"] = matter.id
    assert await opening_desk(services, gone, visit()) == Desk(matter_id=matter.id)  # type: ignore[arg-type]


async def test_a_conversation_remembered_for_another_matter_is_not_opened(services: DeskServices):
    one = await services.database.create_matter("One")
    two = await services.database.create_matter("Two")
    begun = await services.database.create_conversation(one.id, "Rent", LOCAL)
    kept = Desk("en", two.id, begun.id).remembered()
    desk = await opening_desk(services, kept, visit())  # type: ignore[arg-type]
    assert desk == Desk(matter_id=two.id)


async def test_two_browsers_do_not_share_a_desk(services: DeskServices, page: gr.Blocks):
    one = await services.database.create_matter("One")
    two = await services.database.create_matter("Two")
    here, there = Desk(matter_id=one.id), Desk(matter_id=two.id)
    await handler(page, "open_matter")(here, fired(id=two.id))  # type: ignore[misc]
    drawn = await handler(page, "set_language")(there, fired(language="zh"))  # type: ignore[misc]
    assert 'data-language="zh"' in region(page, drawn, "masthead")
    drawn = await handler(page, "open_matter")(here, fired(id=one.id))  # type: ignore[misc]
    assert 'data-language="en"' in region(page, drawn, "masthead")


async def test_a_matter_s_hostile_name_stays_a_name(services: DeskServices, page: gr.Blocks):
    matter = await services.database.create_matter('"><img src=x onerror=alert(1)>')
    drawn = await handler(page, "open_matter")(Desk(), fired(id=matter.id))  # type: ignore[misc]
    assert "<img" not in region(page, drawn, "masthead")


def test_the_status_line_tells_the_worst_state():
    texts = Desk().texts
    ready = ModelStatus("chat", "A", "cpu", "ready", memory_gib=1.25)
    loading = ModelStatus("embedding", "B", "cpu", "loading")
    failed = ModelStatus("reranking", "C", "cpu", "failed", "No memory.")
    assert "Models are loading" in render_status("embedded", [ready, loading], texts)
    assert "A model failed" in render_status("embedded", [ready, loading, failed], texts)
    assert "cpu · 1.2 GiB" in render_status("embedded", [ready], texts)


async def test_building_the_page_reads_nothing(tmp_path):
    services = DeskServices(tmp_path)
    build_ui(services)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


async def test_a_tab_keeps_each_component_once_however_often_it_is_drawn(page: gr.Blocks):
    session = SessionState(page)
    event = next(f for f in page.fns.values() if any(isinstance(o, gr.HTML) for o in f.outputs))
    is_html = [isinstance(each, gr.HTML) for each in event.outputs]

    def kept() -> tuple[int, int]:
        return len(session.blocks_config.blocks), len(session.config_values)

    async def drawn(value: str) -> None:
        for each in (gr.skip(), value):
            told = [each if html else gr.skip() for html in is_html]
            await page.postprocess_data(event, told, session)

    await drawn("<p>first</p>")
    before = kept()
    for number in range(5):
        await drawn(f"<p>{number}</p>")
    assert kept() == before
    first = next(o for o, html in zip(event.outputs, is_html, strict=True) if html)
    assert session.config_values[first._id]["props"]["value"] == "<p>4</p>"
