"""What only a browser can show: selections, ticks and keys, over hand-written services."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from desk_services import DeskServices, a_citation, a_document, an_answer
from fastapi import FastAPI
from playwright.async_api import Page, async_playwright, expect

from core.errors import PinciteError
from core.evaluation.variants import VARIANTS
from core.trials import Fault, Outcome, Vote
from core.types import LOCAL, AnswerKind, Scope, Statement, Verdict

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
expect.set_options(timeout=20_000)  # the machine may be busy

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
    await a_document(services, matter.id, "Lease.pdf", "d1", genre="contract")
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


async def test_the_page_rests_until_another_matter_or_language_is_drawn_and_no_longer(
    services: DeskServices, browsed: Page
):
    other = await services.database.create_matter("Harbour")
    await browsed.reload()
    await browsed.get_by_test_id("options-toggle").wait_for()
    resting = browsed.locator(".tab-panel[inert]")
    gate = asyncio.Event()
    documents = services.database.documents

    async def slowly(matter_id: str):
        if matter_id == other.id:
            await gate.wait()
        return await documents(matter_id)

    services.database.documents = slowly  # type: ignore[method-assign]
    await browsed.get_by_test_id("matter-menu").click()
    await browsed.get_by_test_id("matter").filter(has_text="Harbour").click()
    await expect(resting).to_have_count(3)
    gate.set()
    await expect(browsed.get_by_test_id("matter-menu")).to_contain_text("Harbour")
    await expect(resting).to_have_count(0, timeout=3_000)
    await browsed.get_by_test_id("language").click()
    await expect(browsed.get_by_test_id("tab-chat")).to_have_text("问答")
    await expect(resting).to_have_count(0, timeout=3_000)


async def test_what_opens_a_view_shows_that_it_was_pressed_until_the_view_is_drawn_or_refused(
    services: DeskServices, browsed: Page
):
    gates = [asyncio.Event(), asyncio.Event()]
    runs = services.database.runs

    async def slowly(matter_id: str):
        gate = gates.pop(0)
        await gate.wait()
        if not gates:
            raise PinciteError("The runs cannot be read.")
        return await runs(matter_id)

    services.database.runs = slowly  # type: ignore[method-assign]
    await browsed.get_by_test_id("tab-evaluation").click()
    pressed = browsed.locator("button[aria-busy]")
    for gate, is_drawn in [(gates[0], True), (gates[1], False)]:
        await browsed.get_by_test_id("view-sets").click()
        await expect(browsed.get_by_test_id("view-sets")).to_have_attribute("aria-current", "page")
        await browsed.get_by_test_id("view-runs").click()
        await expect(pressed).to_have_text("Runs")
        gate.set()
        await expect(pressed).to_have_count(0, timeout=3_000)
        now = "view-runs" if is_drawn else "view-sets"
        await expect(browsed.get_by_test_id(now)).to_have_attribute("aria-current", "page")
        await expect(browsed.locator(".toast-body")).to_have_count(int(not is_drawn))


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


async def drop_on(page: Page, *paths: Path) -> None:
    """Drop files and folders from the desktop onto the page."""
    devtools = await page.context.new_cdp_session(page)
    dragged = {"items": [], "files": list(map(str, paths)), "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": 300, "y": 300, "data": dragged}
        await devtools.send("Input.dispatchDragEvent", event)


def a_folder(above: Path, name: str, *inside: str) -> Path:
    """A folder of text files, each with words of its own."""
    for each in inside:
        path = above / name / each
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"The words of {name} and of {each}.", encoding="utf-8")
    return above / name


async def names_in(services: DeskServices) -> set[str]:
    (matter,) = await services.database.matters()
    there = await services.database.documents(matter.id)
    return {each.name for each in there} - {"Lease.pdf", "Will.pdf"}


async def test_a_dropped_folder_comes_with_all_that_is_in_it_and_its_paths(
    services: DeskServices, browsed: Page, tmp_path: Path
):
    many = [f"Letters/2024/{number:03}.txt" for number in range(150)]
    folder = a_folder(tmp_path, "Aldgate", "A.txt", "Letters/A.txt", ".git/config", *many)
    await drop_on(browsed, folder)
    receipt = browsed.get_by_test_id("receipt")
    await expect(receipt).to_contain_text("152 documents added", timeout=60_000)
    await expect(browsed.get_by_test_id("sending")).to_be_hidden()
    assert await names_in(services) == {"A.txt", "Letters/A.txt", *many}


async def test_folders_dropped_together_keep_their_names(
    services: DeskServices, browsed: Page, tmp_path: Path
):
    folders = [a_folder(tmp_path, name, "租约.txt") for name in ("One", "Two")]
    await drop_on(browsed, *folders, a_folder(tmp_path, "Beside", "Will.txt") / "Will.txt")
    await expect(browsed.get_by_test_id("receipt")).to_contain_text("3 documents added")
    assert await names_in(services) == {"One/租约.txt", "Two/租约.txt", "Will.txt"}


async def test_a_chosen_folder_is_taken_in_as_a_dropped_one(
    services: DeskServices, browsed: Page, tmp_path: Path
):
    folder = a_folder(tmp_path, "Aldgate", "A.txt", "Letters/A.txt", "Letters/~$A.docx")
    await browsed.get_by_test_id("tab-documents").click()
    await browsed.get_by_test_id("choose-folder").set_input_files(folder)
    await expect(browsed.get_by_test_id("receipt")).to_contain_text("2 documents added")
    assert await names_in(services) == {"A.txt", "Letters/A.txt"}


async def test_a_drop_is_stopped_and_what_was_sent_stays(
    services: DeskServices, browsed: Page, tmp_path: Path
):
    names = [f"{number:03}.txt" for number in range(400)]
    await drop_on(browsed, a_folder(tmp_path, "Aldgate", *names))
    await browsed.get_by_test_id("receipt").wait_for()
    await browsed.get_by_test_id("stop-sending").click()
    await expect(browsed.get_by_test_id("sending")).to_be_hidden()
    assert 0 < len(await names_in(services)) < 400


async def a_ballot(services: DeskServices, page: Page, question: str = "When?") -> None:
    """Open a comparison of two variants that waits for a vote."""
    (matter,) = await services.database.matters()
    made = await services.database.begin_comparison(matter.id, question, VARIANTS[:2], LOCAL)
    await services.database.finish_comparison(matter.id, made.id, [an_answer()] * 2)
    await page.get_by_test_id("tab-evaluation").click()
    for view in ("ratings", "compare"):  # the second draws what has just been made
        await page.get_by_test_id(f"view-{view}").click()
        await page.locator(f'#evaluation-views [data-open="{view}"]').wait_for()
    await page.get_by_test_id("open-comparison").filter(has_text=question).click()
    await expect(page.locator(".comparison h2")).to_have_text(question)
    await page.get_by_test_id("ballot").wait_for()


async def votes_in(services: DeskServices) -> tuple[Vote, ...]:
    (matter,) = await services.database.matters()
    return await services.database.votes(matter.id)


async def test_enter_among_the_reasons_is_no_vote(services: DeskServices, browsed: Page):
    await a_ballot(services, browsed)
    ballot = browsed.get_by_test_id("ballot")
    note, tick = ballot.get_by_test_id("note"), ballot.locator('[value="style"]')
    await tick.focus()
    await browsed.keyboard.press("Space")
    await browsed.keyboard.press("Enter")
    await note.fill("Too terse in clause ")
    await browsed.keyboard.press("4")
    await browsed.keyboard.press("Enter")
    await browsed.wait_for_timeout(500)
    assert await votes_in(services) == ()
    await expect(note).to_have_value("Too terse in clause 4")
    await expect(tick).to_be_checked()
    await tick.focus()
    await browsed.keyboard.press("2")
    await expect(browsed.get_by_test_id("voted")).to_contain_text("You voted: Answer B")
    (vote,) = await votes_in(services)
    assert (vote.winner, vote.faults, vote.note) == (1, (Fault.STYLE,), "Too terse in clause 4")


@pytest.mark.parametrize("key", ["Enter", "Space"])
async def test_a_verdict_that_has_the_focus_is_pressed_with_the_keyboard(
    services: DeskServices, browsed: Page, key: str
):
    await a_ballot(services, browsed)
    await browsed.get_by_test_id("vote-2").focus()
    await browsed.keyboard.press(key)
    await expect(browsed.get_by_test_id("voted")).to_contain_text("You voted: Answer B")
    assert [each.winner for each in await votes_in(services)] == [1]


async def test_every_number_key_gives_its_verdict(services: DeskServices, browsed: Page):
    verdicts = [(Outcome.WIN, 0), (Outcome.WIN, 1), (Outcome.TIE, None), (Outcome.BAD, None)]
    for key in "1234":
        await a_ballot(services, browsed, f"Question {key}?")
        await browsed.keyboard.press(key)
        await expect(browsed.get_by_test_id("voted")).to_be_visible()
    assert [(each.outcome, each.winner) for each in await votes_in(services)] == verdicts


async def test_a_verdict_pressed_twice_or_followed_by_another_is_one_vote_with_its_reasons(
    services: DeskServices, browsed: Page
):
    await a_ballot(services, browsed, "Twice?")
    await browsed.get_by_test_id("note").fill("Terse.")
    await browsed.get_by_test_id("vote-1").dblclick()
    await expect(browsed.get_by_test_id("voted")).to_contain_text("Terse.")
    await a_ballot(services, browsed, "One and two?")
    await browsed.evaluate(
        """for (const key of "12") {
          document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }"""
    )
    await expect(browsed.get_by_test_id("voted")).to_contain_text("You voted: Answer A")
    await browsed.wait_for_timeout(500)
    cast = [(each.winner, each.note, each.is_withdrawn) for each in await votes_in(services)]
    assert cast == [(0, "Terse.", False), (0, "", False)]


async def test_a_vote_that_failed_can_be_cast_again_with_its_reasons(
    services: DeskServices, browsed: Page
):
    await a_ballot(services, browsed)
    vote = services.database.vote

    async def failing(*_: object):
        raise PinciteError("The disk is full.")

    services.database.vote = failing  # type: ignore[method-assign, assignment]
    await browsed.get_by_test_id("note").fill("Terse.")
    await browsed.get_by_test_id("vote-2").click()
    await expect(browsed.locator(".toast-body")).to_contain_text("The disk is full.")
    services.database.vote = vote  # type: ignore[method-assign]
    await browsed.get_by_test_id("vote-2").click()
    await expect(browsed.get_by_test_id("voted")).to_contain_text("Terse.")


async def test_reasons_that_were_not_sent_do_not_go_over_to_another_ballot(
    services: DeskServices, browsed: Page
):
    await a_ballot(services, browsed, "First?")
    await browsed.get_by_test_id("note").fill("Of the first.")
    await browsed.get_by_test_id("ballot").locator('[value="style"]').check()
    await a_ballot(services, browsed, "Second?")
    await expect(browsed.get_by_test_id("note")).to_have_value("")
    await browsed.get_by_test_id("vote-1").click()
    await expect(browsed.get_by_test_id("voted")).to_be_visible()
    assert [(each.faults, each.note) for each in await votes_in(services)] == [((), "")]


async def test_what_was_typed_stays_when_it_is_compared_and_what_came_from_the_chat_goes(
    services: DeskServices, browsed: Page
):
    await browsed.get_by_test_id("tab-evaluation").click()
    question = browsed.get_by_test_id("comparison-question")
    listing = browsed.get_by_test_id("variant-listing").locator("input")
    await question.fill("Typed?")
    await listing.check()
    await browsed.get_by_test_id("compare").click()
    await browsed.get_by_test_id("ballot").wait_for()
    await expect(question).to_have_value("Typed?")
    await expect(listing).to_be_checked()
    await browsed.get_by_test_id("tab-chat").click()
    await ask(browsed, "From the chat?")
    await browsed.get_by_test_id("compare-with").click()
    await expect(question).to_have_value("From the chat?")
    message = browsed.locator('#comparison-form [name="message_id"]')
    await expect(message).not_to_have_value("")
    await browsed.get_by_test_id("compare").click()
    await expect(browsed.locator(".comparison h2")).to_have_text("From the chat?")
    await expect(message).to_have_value("")
    await expect(question).to_have_value("")
