"""An answer of a conversation as a question of a set: the button, and the dialog that it opens."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import gradio as gr

from core.deeds import Deed
from core.errors import NotFound, PinciteError
from core.evaluation.sets import checked, question_from
from core.trials import QuestionSet, SetQuestion
from ui.fields import dialog_buttons, dropdown, line_field, render_dialog, words_field
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.page import Desk, Page, Updates, value_of
from ui.questions import render_gold


def keep_button(message_id: str, texts: Texts) -> Html:
    """The button under an answer that opens the dialog."""
    return action(
        "pick_set",
        icon("plus"),
        element("span", text(texts("sets.keep"))),
        value={"id": message_id},
        class_="tool",
        title=texts("sets.keep_more"),
        data_testid="add-to-set",
    )


def keeping(page: Page) -> None:
    """Let an answer's question be put into a set, with the words that its statements rest on."""
    database = page.services.database

    async def kept(desk: Desk, message_id: str) -> SetQuestion:
        there = await database.messages(desk.matter_id, desk.conversation_id)
        message = next((each for each in there if each.id == message_id), None)
        if message is None or message.answer is None:
            raise NotFound(desk.texts("chat.turn_gone"))
        return question_from(message.answer)

    async def pick_set(desk: Desk, fired: gr.EventData) -> Updates:
        message_id = value_of(fired, "id", str)
        asked = await kept(desk, message_id)
        sets = await database.question_sets(desk.matter_id)
        return {page.dialog: render_keeping(message_id, asked, sets, desk.texts)}

    async def keep_answer(desk: Desk, fired: gr.EventData) -> Updates:
        message_id, set_id = value_of(fired, "id", str), value_of(fired, "set_id", str, "")
        asked = replace(
            await kept(desk, message_id),
            id=uuid4().hex,
            reference=value_of(fired, "reference", str, "").strip(),
        )
        try:
            checked(asked)
            if set_id:
                held, left_out = await database.add_questions(desk.matter_id, set_id, [asked])
                if left_out:
                    raise PinciteError(desk.texts("sets.asked_already"))
                deed = Deed.QUESTION_SET_CHANGED
            else:
                name = value_of(fired, "name", str, "")
                held = await database.create_question_set(desk.matter_id, name, asked=[asked])
                deed = Deed.QUESTION_SET_MADE
        except PinciteError as error:
            sets = await database.question_sets(desk.matter_id)
            said = desk.texts.said(error.reason, error.remedy)
            return {page.dialog: render_keeping(message_id, asked, sets, desk.texts, said)}
        await page.record(desk, deed, held.id)
        gr.Info(text(desk.texts("sets.kept", name=held.name)))
        return {page.dialog: ""}

    async def close_dialog(desk: Desk, _: gr.EventData) -> Updates:
        return {page.dialog: ""}

    page.on("pick_set", pick_set, [page.dialog])
    page.on("keep_answer", keep_answer, [page.dialog])
    page.on("close_dialog", close_dialog, [page.dialog])


def render_keeping(
    message_id: str,
    asked: SetQuestion,
    sets: Sequence[QuestionSet],
    texts: Texts,
    trouble: str = "",
) -> Html:
    """The set to put an answer's question into, and what is put there."""
    choices = [*((each.id, each.name) for each in sets), ("", texts("sets.in_new"))]
    gold = [element("li", render_gold(each, texts)) for each in asked.gold]
    places = (
        element("ul", *gold, class_="gold")
        if gold
        else element("p", text(texts("sets.no_gold")), class_="notice", role="note")
    )
    form = element(
        "form",
        element("p", text(asked.question), class_="asked", dir="auto"),
        dropdown("set_id", texts("sets.set"), choices, choices[0][0]),
        element("div", line_field("name", texts("sets.name")), class_="for-new"),
        words_field("reference", texts("sets.field.reference"), asked.reference, rows=3),
        element("h3", text(texts("sets.gold_kept"))),
        places,
        dialog_buttons(texts("sets.keep"), texts),
        data_event="keep_answer",
        data_value={"id": message_id},
        data_fields=True,
    )
    return render_dialog(texts("sets.keep"), form, trouble=trouble, testid="keep-answer")
