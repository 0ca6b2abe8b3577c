"""What only a browser can show: selections, ticks and keys, over hand-written services."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from desk_services import DeskServices, a_citation, a_document, an_answer
from fastapi import FastAPI
from playwright.async_api import Page, async_playwright, expect

from core.types import LOCAL, AnswerKind, Scope, Statement, Verdict

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]


@pytest.fixture
async def browsed(services: DeskServices) -> AsyncIterator[Page]:
    """A page with one matter of two documents, open in a browser."""
    import gradio as gr

    from ui.layout import build_ui, mount_options

    matter = await services.database.create_matter("Aldgate")
    await a_document(services, matter.id, "Lease.pdf", genre="contract")
    await a_document(services, matter.id, "Will.pdf")
    app = FastAPI()
    options = mount_options() | {"auth_dependency": lambda _: LOCAL.id}
    gr.mount_gradio_app(app, build_ui(services), path="/", **options)  # type: ignore[arg-type]
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                context = await browser.new_context(
                    permissions=["clipboard-read", "clipboard-write"]
                )
                page = await context.new_page()
                await page.goto(f"http://127.0.0.1:{listening.getsockname()[1]}")
                await page.get_by_test_id("options-toggle").wait_for()
                yield page
        finally:
            server.should_exit = True
            await serving


async def ask(page: Page, question: str) -> None:
    await page.get_by_test_id("question-input").fill(question)
    await page.keyboard.press("Enter")
    await page.get_by_test_id("answer").last.wait_for()


async def test_a_statement_that_does_not_hold_is_not_copied_without_its_mark(
    services: DeskServices, browsed: Page
):
    held = Statement("Rent is due monthly.", Verdict.SUPPORTED, (a_citation(1),))
    lost = Statement("Rent is 900.", Verdict.UNSUPPORTED, (a_citation(2),), "number_not_found")
    services.answerer.answer = an_answer(held, lost)
    await ask(browsed, "When?")
    mark = "[2] [Unsupported: a number is not in the passage]"

    async def copied() -> str:
        await browsed.keyboard.press("Control+c")
        text = await browsed.evaluate("navigator.clipboard.readText()")
        return " ".join(str(text).split())

    words = browsed.locator('.statement[data-verdict="unsupported"] .words')
    await words.dblclick(position={"x": 8, "y": 8})
    assert (await copied()).endswith(mark)
    await words.click(click_count=3)
    assert await copied() == f"Rent is 900. {mark}"
    await browsed.evaluate(
        "getSelection().selectAllChildren(document.querySelector('.statements'))"
    )
    assert await copied() == f"Rent is due monthly. [1] Rent is 900. {mark}"
    await browsed.locator('.statement[data-verdict="supported"] .words').click(click_count=3)
    assert "Unsupported" not in await copied()


async def test_what_is_ticked_is_asked_at_once_and_taken_back_by_a_reset(
    services: DeskServices, browsed: Page
):
    line, ticked = browsed.get_by_test_id("in-force"), browsed.locator("#options :checked")
    await expect(line).to_have_text("All 2 documents · 8 passages · Draft")
    await browsed.get_by_test_id("options-toggle").click()
    await browsed.get_by_test_id("options-find").fill("leas")
    choices = browsed.get_by_test_id("options-document").filter(visible=True)
    await expect(choices).to_have_count(1)
    await choices.click()
    await browsed.get_by_test_id("options-style-quotes").click()
    await ask(browsed, "When?")
    ((variant, scope),) = services.answerer.ways
    assert variant.style is AnswerKind.QUOTES
    assert len(scope.documents) == 1
    await expect(line).to_have_text("Lease.pdf · 8 passages · Quotes only")
    await browsed.get_by_test_id("options-reset").click()
    await expect(line).to_have_text("All 2 documents · 8 passages · Draft")
    await expect(ticked).to_have_count(1)
    await ask(browsed, "And now?")
    await expect(browsed.get_by_test_id("answer")).to_have_count(2)
    assert services.answerer.ways[1][1] == Scope()


async def test_the_options_are_at_hand_for_the_keyboard(browsed: Page):
    panel, toggle = (
        browsed.get_by_test_id("options-panel"),
        browsed.get_by_test_id("options-toggle"),
    )
    await toggle.focus()
    await browsed.keyboard.press("Enter")
    await expect(panel).to_be_visible()
    await expect(toggle).to_have_attribute("aria-expanded", "true")
    await browsed.keyboard.press("ArrowDown")
    await expect(browsed.get_by_test_id("in-force")).to_contain_text("Quotes only")
    await browsed.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(toggle).to_be_focused()


async def test_asking_about_a_document_opens_the_chat_with_that_document_alone(browsed: Page):
    await browsed.get_by_test_id("tab-documents").click()
    await browsed.get_by_test_id("ask-about").last.click()
    await expect(browsed.get_by_test_id("question-input")).to_be_focused()
    await expect(browsed.get_by_test_id("in-force")).to_contain_text("Will.pdf")
    ticked = browsed.locator('#options [name="documents"]:checked')
    await expect(ticked).to_have_count(1)


async def test_a_long_listing_shows_more_on_demand(services: DeskServices, browsed: Page):
    from core.types import Citation

    def match(n: int) -> Statement:
        citation = Citation(n, f"d{n // 60}", f"Lease {n // 60}.pdf", 1, (), n, n + 9, f"Words {n}")
        return Statement(citation.quote, Verdict.SUPPORTED, (citation,), "verbatim")

    matches = [match(n) for n in range(1, 121)]
    services.answerer.answer = an_answer(*matches, kind=AnswerKind.LISTING)
    await ask(browsed, "Which?")
    shown = browsed.get_by_test_id("match").filter(visible=True)
    more = browsed.get_by_test_id("listing-more")
    await expect(shown).to_have_count(50)
    await more.click()
    await expect(shown).to_have_count(100)
    await expect(more).to_have_text("Show more (20 left)")
    await more.click()
    await expect(shown).to_have_count(120)
    await expect(more).to_have_count(0)
    await browsed.get_by_test_id("listing-fold").click()
    await expect(shown).to_have_count(0)
