from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import gradio as gr
import pytest
from desk_services import DeskServices, an_answer, fired, handler, region

from core.errors import EngineError
from ui.conversations import LISTED
from ui.page import Desk


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    return Desk(matter_id=(await services.database.create_matter("Aldgate")).id)


async def asked(page: gr.Blocks, desk: Desk, **value: str) -> tuple[Desk, list[dict[Any, Any]]]:
    """Ask, and return the desk as it is afterwards with everything that was drawn."""
    updates = [update async for update in handler(page, "ask")(desk, fired(**value))]  # type: ignore[attr-defined]
    desks = [each for update in updates for each in update.values() if isinstance(each, Desk)]
    return (desks[-1] if desks else desk), updates


async def test_a_question_is_saved_before_its_answer_begins(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    events: AsyncGenerator[dict[Any, Any], None]
    events = handler(page, "ask")(desk, fired(question="When is rent due?"))  # type: ignore[assignment]
    first = await anext(events)
    now = next(value for value in first.values() if isinstance(value, Desk))
    saved = await services.database.messages(desk.matter_id, now.conversation_id)
    assert [(m.question, m.answer) for m in saved] == [("When is rent due?", None)]
    assert services.answerer.asked == []
    await events.aclose()


async def test_an_answer_is_saved_and_drawn(services: DeskServices, page: gr.Blocks, desk: Desk):
    await services.database.put_document(desk.matter_id, "Lease.pdf", "lease", 10, "d1")
    desk, updates = await asked(page, desk, question="  When is rent due? ")
    saved = await services.database.messages(desk.matter_id, desk.conversation_id)
    assert [m.answer for m in saved] == [an_answer()]
    assert "1 of 1 statement supported" in region(page, updates[-1], "turns")
    assert region(page, updates[-1], "live") == ""


async def test_a_second_question_stays_in_the_conversation_and_carries_the_first(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    desk, _ = await asked(page, desk, question="When?")
    desk, _ = await asked(page, desk, question="And how much?")
    saved = await services.database.messages(desk.matter_id, desk.conversation_id)
    assert [m.question for m in saved] == ["When?", "And how much?"]
    matter_id, question, history = services.answerer.asked[-1]
    assert (matter_id, question) == (desk.matter_id, "And how much?")
    assert [turn.question for turn in history] == ["When?"]


async def test_the_newest_conversations_are_listed_and_the_older_ones_on_demand(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    for number in range(LISTED + 5):
        await services.database.create_conversation(desk.matter_id, f"Topic {number}.", desk.person)
    newest = fired(listed=0)
    first = region(page, await handler(page, "older")(desk, newest), "conversations")  # type: ignore[misc]
    assert first.count('data-testid="conversation"') == LISTED
    assert "Topic 44." in first
    assert "Topic 4." not in first
    assert "Show 5 older conversations" in first
    (oldest, *_) = reversed(await services.database.conversations(desk.matter_id))
    opened = replace(desk, conversation_id=oldest.id)
    there = region(page, await handler(page, "older")(opened, newest), "conversations")  # type: ignore[misc]
    assert "Topic 0." in there
    assert "Show 4 older conversations" in there
    more = fired(listed=2 * LISTED)
    every = region(page, await handler(page, "older")(desk, more), "conversations")  # type: ignore[misc]
    assert every.count('data-testid="conversation"') == LISTED + 5
    assert "older-conversations" not in every


async def test_an_edited_question_replaces_its_turn_and_all_later_ones(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    for question in ("One?", "Two?", "Three?"):
        desk, _ = await asked(page, desk, question=question)
    saved = await services.database.messages(desk.matter_id, desk.conversation_id)
    desk, _ = await asked(page, desk, question="Two, rather?", replaces=saved[1].id)
    left = await services.database.messages(desk.matter_id, desk.conversation_id)
    assert [m.question for m in left] == ["One?", "Two, rather?"]


async def test_answering_again_asks_the_same_question(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    desk, _ = await asked(page, desk, question="When?")
    saved = await services.database.messages(desk.matter_id, desk.conversation_id)
    desk, _ = await asked(page, desk, replaces=saved[0].id)
    left = await services.database.messages(desk.matter_id, desk.conversation_id)
    assert [m.question for m in left] == ["When?"]
    assert left[0].id != saved[0].id


async def test_stopping_ends_the_engine_s_work_and_leaves_the_question(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    services.answerer.endless = True
    events: AsyncGenerator[dict[Any, Any], None]
    events = handler(page, "ask")(desk, fired(question="When?"))  # type: ignore[assignment]
    first = await anext(events)
    desk = next(value for value in first.values() if isinstance(value, Desk))
    await anext(events)
    await events.aclose()
    assert services.answerer.ended_early == ["When?"]
    stopped = await handler(page, "stopped")(desk)  # type: ignore[misc]
    assert "You stopped this answer." in region(page, stopped, "turns")
    drawn = await handler(page, "open_conversation")(desk, fired(id=desk.conversation_id))  # type: ignore[misc]
    assert "This answer was interrupted." in region(page, drawn, "turns")


async def test_a_failure_of_ours_is_told_in_its_own_sentence(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    services.answerer.failure = EngineError("The engine stopped.", "Ask again.")
    _, updates = await asked(page, desk, question="When?")
    assert "The engine stopped. Ask again." in region(page, updates[-1], "turns")


async def test_any_other_failure_is_logged_and_told_without_its_words(
    services: DeskServices, page: gr.Blocks, desk: Desk, caplog: pytest.LogCaptureFixture
):
    services.answerer.failure = ValueError("/secret/path")
    _, updates = await asked(page, desk, question="When?")
    assert "Something went wrong." in region(page, updates[-1], "turns")
    assert "/secret/path" not in region(page, updates[-1], "turns")
    assert "/secret/path" in caplog.text


async def test_a_conversation_of_another_matter_cannot_be_opened(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    desk, _ = await asked(page, desk, question="A privileged question?")
    other = Desk(matter_id=(await services.database.create_matter("Other")).id)
    drawn = await handler(page, "open_conversation")(other, fired(id=desk.conversation_id))  # type: ignore[misc]
    assert "privileged" not in "".join(str(value) for value in drawn.values())
    assert "Start with the documents" in region(page, drawn, "turns")


async def test_a_question_without_words_is_refused_with_a_sentence(
    page: gr.Blocks, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    _, updates = await asked(page, desk, question="   ")
    assert updates == []
    assert told == ["Type a question first."]
