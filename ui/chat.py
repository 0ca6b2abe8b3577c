"""The Chat tab: conversations at the left, questions and verified answers in the middle."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

import gradio as gr

from core.deeds import Deed
from core.errors import NotFound, PinciteError
from core.trials import Feedback
from core.types import Conversation, Message, Turn
from ui.composer import (
    composer,
    documents_of,
    draw_in_force,
    draw_options,
    render_welcome,
    standing_variant,
    with_options,
)
from ui.conversations import render_conversations, render_rail_head
from ui.locale import Texts
from ui.markup import Html, element, text
from ui.options import Options
from ui.page import Desk, Page, Tab, Updates, value_of
from ui.progress import Progress, paced
from ui.rendering import render_live_turn, render_turn
from ui.suggestions import suggestions
from ui.thumbs import faults_sent

logger = logging.getLogger(__name__)

CONCURRENT_QUESTIONS = 8
HISTORY_TURNS = 6
"""Earlier turns that the answerer sees, at most."""
TITLE_CHARACTERS = 60
NONE_GIVEN: Mapping[str, Feedback] = {}


def chat_tab(page: Page) -> Tab:
    """Build the tab; an answer is streamed into ``live`` and joins ``turns`` once it is saved."""
    database = page.services.database
    with gr.Row(elem_id="chat", elem_classes=["tab-panel"]):
        with gr.Column(elem_id="rail"):
            rail_head = gr.HTML(elem_id="rail-head", apply_default_css=False)
            conversations = gr.HTML(elem_id="conversations", apply_default_css=False)
        with gr.Column(elem_id="thread"):
            with gr.Column(elem_id="transcript"):
                turns = gr.HTML(elem_id="turns", apply_default_css=False)
                live = gr.HTML(elem_id="live", apply_default_css=False)
            asking = composer(page)

    async def draw_rail(desk: Desk) -> Updates:
        found: Sequence[Conversation] = ()
        if desk.matter_id:
            found = await database.conversations(desk.matter_id, desk.conversation_search)
        return {conversations: render_conversations(found, desk)}

    async def draw_turns(desk: Desk, failure: str = "") -> Updates:
        messages: Sequence[Message] = ()
        if desk.conversation_id:
            messages = await database.messages(desk.matter_id, desk.conversation_id)
        if messages:
            thumbs = await own_thumbs(desk)
            whole = await database.conversation(desk.matter_id, desk.conversation_id)
            own = desk.may_change(whole)
            return {
                turns: render_turns(messages, desk.texts, failure, own=own, thumbs=thumbs),
                live: "",
            }
        documents = await documents_of(page, desk)
        questions = await suggestions(page, desk, documents)
        return {turns: render_welcome(documents, questions, desk), live: ""}

    async def own_thumbs(desk: Desk) -> dict[str, Feedback]:
        given = await database.feedback(desk.matter_id, desk.conversation_id)
        return {each.message_id: each for each in given if each.person_id == desk.person.id}

    async def draw(desk: Desk) -> Updates:
        frame = {rail_head: render_rail_head(desk)} | await asking.draw(desk)
        return frame | await draw_rail(desk) | await draw_turns(desk)

    async def ask(desk: Desk, fired: gr.EventData) -> AsyncIterator[Updates]:
        desk, earlier, message = await _begin(page, desk, fired)
        progress = Progress(message.question)
        begun = {
            page.desk: desk,
            page.memory: desk.remembered(),
            turns: render_turns(earlier, desk.texts, thumbs=await own_thumbs(desk)),
            live: render_live_turn(progress, desk.texts),
        }
        yield begun | await draw_rail(desk) | await draw_in_force(page, desk)
        failure = ""
        stream = page.services.answerer.stream(
            desk.matter_id,
            message.question,
            history_of(earlier),
            desk.options.under(await standing_variant(page, desk)),
            desk.options.scope,
        )
        try:
            async with aclosing(paced(stream)) as batches:
                async for batch in batches:
                    for event in batch:
                        progress = progress.after(event)
                    if progress.answer is not None:
                        await database.finish_message(desk.matter_id, message.id, progress.answer)
                        break
                    yield {live: render_live_turn(progress, desk.texts) if batch else gr.skip()}
        except PinciteError as error:
            failure = desk.texts.said(error.reason, error.remedy)
        except Exception:
            logger.exception("An answer failed")
            failure = desk.texts("error.unexpected")
        yield await draw_turns(desk, failure)

    async def ask_about(desk: Desk, fired: gr.EventData) -> Updates:
        document_id = value_of(fired, "document_id", str)
        document = await database.document(desk.matter_id, document_id)
        desk = replace(desk, options=Options.about(document.id, desk.options))
        drawn = {page.desk: desk} | await draw_options(page, desk)
        return drawn if desk.conversation_id else drawn | await draw_turns(desk)

    async def stopped(desk: Desk) -> Updates:
        return await draw_turns(desk, desk.texts("chat.stopped"))

    async def begin(desk: Desk, fired: gr.EventData) -> Updates:
        return await opened(replace(desk, conversation_id=""))

    async def open_conversation(desk: Desk, fired: gr.EventData) -> Updates:
        return await opened(replace(desk, conversation_id=value_of(fired, "id", str)))

    async def opened(desk: Desk) -> Updates:
        known = {page.desk: desk, page.memory: desk.remembered(), page.source: ""}
        return known | await draw_rail(desk) | await draw_turns(desk)

    async def refresh_welcome(desk: Desk, fired: gr.EventData) -> Updates:
        return {turns: gr.skip()} if desk.conversation_id else await draw_turns(desk)

    async def rename(desk: Desk, fired: gr.EventData) -> Updates:
        title = value_of(fired, "text", str)
        conversation_id = value_of(fired, "id", str)
        await database.rename_conversation(desk.matter_id, conversation_id, title, desk.person)
        await page.record(desk, Deed.CONVERSATION_RENAMED, conversation_id)
        return await draw_rail(desk)

    async def delete(desk: Desk, fired: gr.EventData) -> Updates:
        conversation_id = value_of(fired, "id", str)
        await database.delete_conversation(desk.matter_id, conversation_id, desk.person)
        await page.record(desk, Deed.CONVERSATION_DELETED, conversation_id)
        if conversation_id == desk.conversation_id:
            return await opened(replace(desk, conversation_id=""))
        return await draw_rail(desk)

    async def search(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, conversation_search=value_of(fired, "text", str, "").strip())
        return {page.desk: desk} | await draw_rail(desk)

    async def older(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, conversations_listed=max(0, value_of(fired, "listed", int)))
        return {page.desk: desk} | await draw_rail(desk)

    async def rate_answer(desk: Desk, fired: gr.EventData) -> Updates:
        message_id, is_good = value_of(fired, "id", str), value_of(fired, "good", bool)
        faults = faults_sent(value_of(fired, "faults", list, []))
        note = value_of(fired, "note", str, "")
        await database.rate_message(desk.matter_id, message_id, desk.person, is_good, faults, note)
        await page.record(desk, Deed.ANSWER_RATED, message_id)
        return await draw_turns(desk)

    async def unrate_answer(desk: Desk, fired: gr.EventData) -> Updates:
        message_id = value_of(fired, "id", str)
        await database.unrate_message(desk.matter_id, message_id, desk.person)
        await page.record(desk, Deed.ANSWER_RATED, message_id)
        return await draw_turns(desk)

    thread = [page.desk, page.memory, page.source, conversations, turns, live]
    answering = page.on(
        "ask", ask, [*thread, page.in_force], concurrency_limit=CONCURRENT_QUESTIONS
    )
    page.on_stop("stop", answering, stopped, [turns, live])
    page.on("ask_about", ask_about, [page.desk, page.options, page.in_force, turns, live])
    page.on("new_conversation", begin, thread)
    page.on("open_conversation", open_conversation, thread)
    page.on("refresh_welcome", refresh_welcome, [turns, live])
    page.on("rename_conversation", rename, [conversations])
    page.on("delete_conversation", delete, thread)
    # A thumb that is given while another is drawn counts as well.
    page.on("rate_answer", rate_answer, [turns, live], trigger_mode="multiple")
    page.on("unrate_answer", unrate_answer, [turns, live], trigger_mode="multiple")
    page.on("search_conversations", search, [page.desk, conversations], trigger_mode="always_last")
    page.on("older_conversations", older, [page.desk, conversations])
    return Tab((rail_head, conversations, turns, live, *asking.regions), draw)


async def _begin(
    page: Page, desk: Desk, fired: gr.EventData
) -> tuple[Desk, Sequence[Message], Message]:
    """Save the question before it is answered; an edited or repeated one replaces its turn.

    Asked in another person's conversation it begins one of one's own.
    """
    database = page.services.database
    question = value_of(fired, "question", str, "").strip()
    replaces = value_of(fired, "replaces", str, "")
    if not desk.matter_id:
        raise PinciteError(desk.texts("matter.none"))
    if options := value_of(fired, "options", dict, {}):
        desk = await with_options(page, desk, options)
    earlier: Sequence[Message] = ()
    if desk.conversation_id:
        whole = await database.conversation(desk.matter_id, desk.conversation_id)
        if replaces or desk.may_change(whole):
            earlier = await database.messages(desk.matter_id, desk.conversation_id)
        else:
            desk = replace(desk, conversation_id="")
    if replaces:
        place = next((k for k, m in enumerate(earlier) if m.id == replaces), None)
        if place is None:
            raise NotFound(desk.texts("chat.turn_gone"))
        question = question or earlier[place].question
        await database.delete_messages_from(desk.matter_id, replaces, desk.person)
        await page.record(desk, Deed.CONVERSATION_CUT, desk.conversation_id)
        earlier = earlier[:place]
    if not question:
        raise PinciteError(desk.texts("chat.no_question"))
    if not desk.conversation_id:
        title = question[:TITLE_CHARACTERS] + ("…" if len(question) > TITLE_CHARACTERS else "")
        begun = await database.create_conversation(desk.matter_id, title, desk.person)
        desk = replace(desk, conversation_id=begun.id)
    message = await database.add_message(
        desk.matter_id, desk.conversation_id, question, desk.person
    )
    await page.record(desk, Deed.QUESTION_ASKED, message.id)
    return desk, earlier, message


def history_of(earlier: Sequence[Message]) -> list[Turn]:
    """What the answerer is told of the messages before a question: the last that were answered."""
    answered = [
        Turn(m.question, m.answer.text, m.answer.sources) for m in earlier if m.answer is not None
    ]
    return answered[-HISTORY_TURNS:]


def render_turns(
    messages: Sequence[Message],
    texts: Texts,
    failure: str = "",
    *,
    own: bool = True,
    thumbs: Mapping[str, Feedback] = NONE_GIVEN,
) -> Html:
    """The conversation so far; ``failure`` says why the last question has no answer.

    One that is not one's ``own`` to change says so, and offers no way to.  ``thumbs`` are the
    reader's own, by the message.
    """
    rows = [
        render_turn(
            message,
            texts,
            last=last,
            failure=failure if last else "",
            own=own,
            thumb=thumbs.get(message.id),
        )
        for message in messages
        for last in [message is messages[-1]]
    ]
    drawn = element("ol", *rows, class_="turns", data_testid="turns")
    if own:
        return drawn
    told = element("p", text(texts("chat.of_another")), class_="notice", role="note")
    return element("div", drawn, told, data_testid="of-another")
