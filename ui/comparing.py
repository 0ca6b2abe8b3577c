"""Evaluation, side by side: one question, several answers at once, and the vote between them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

import gradio as gr

from core.deeds import Deed
from core.errors import NotAllowed, NotFound, PinciteError
from core.evaluation.comparison import compare, draw
from core.evaluation.variants import in_force, variants_of
from core.trials import Comparison, Vote
from core.types import EVERYTHING, Answer, Message, Role, Scope, Variant
from ui.ballot import (
    render_aside,
    render_comparison,
    render_within,
    verdict_sent,
)
from ui.chat import history_of
from ui.comparisons import ROWS, render_comparisons, render_empty, render_unfinished
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.options import Options, within
from ui.page import Desk, Page, Tab, Updates, value_of
from ui.progress import Progress, paced
from ui.thumbs import faults_sent
from ui.wording import variant_label

CONCURRENT_COMPARISONS = 4


def comparing_view(page: Page) -> Tab:
    """Build the view; the sides are one loop over values, streamed together."""
    database = page.services.database
    with gr.Column(elem_id="view-compare", elem_classes=["view"]):
        form = gr.HTML(elem_id="comparison-form", apply_default_css=False)
        sides = gr.HTML(elem_id="comparison", apply_default_css=False)
        recent = gr.HTML(elem_id="comparisons", apply_default_css=False)

    async def draw_form(desk: Desk) -> Updates:
        if not desk.matter_id:
            return {form: render_form((), "", desk)}
        offered = variants_of(await database.variants(desk.matter_id))
        standing = in_force(await database.promotions(desk.matter_id))
        read = await _read(page, desk)
        desk = replace(desk, comparing_message=read.id if read else "")
        answer = read.answer if read else None
        told = await _within(page, desk, answer.scope) if answer else ""
        return {form: render_form(offered, standing.name, desk, answer, told)}

    async def draw_recent(desk: Desk) -> Updates:
        if not desk.matter_id:
            return {recent: ""}
        polls = await database.polls(desk.matter_id, desk.person, ROWS)
        waiting = await database.polls_open(desk.matter_id, desk.person)
        return {recent: render_comparisons(polls, waiting, desk)}

    async def draw_sides(desk: Desk) -> Updates:
        if not desk.comparison_id:
            return {sides: render_empty(desk.texts)}
        try:
            made = await database.comparison(desk.matter_id, desk.comparison_id)
        except NotFound:
            return {sides: render_empty(desk.texts)}
        told = await _within(page, desk, made.scope)
        if not made.answers:
            return {sides: render_unfinished(made, told, desk.texts)}
        votes = await database.votes(desk.matter_id, made.id)
        progress = [Progress(made.question, answer=answer) for answer in made.answers]
        return {sides: await _drawn(made, progress, votes, desk, told)}

    async def draw_all(desk: Desk) -> Updates:
        return await draw_form(desk) | await draw_sides(desk) | await draw_recent(desk)

    async def run(desk: Desk, fired: gr.EventData) -> AsyncIterator[Updates]:
        made = await _begin(page, desk, fired)
        desk = replace(desk, comparison_id=made.id, comparing="", comparing_message="")
        progress = [Progress(made.question) for _ in made.variants]
        told = await _within(page, desk, made.scope)
        begun = {page.desk: desk, sides: await _drawn(made, progress, (), desk, told), recent: ""}
        yield begun | await draw_form(desk)
        earlier = await database.messages_before(desk.matter_id, made.message_id)
        events = compare(
            page.services.answerer,
            desk.matter_id,
            made.question,
            made.variants,
            history_of(earlier),
            made.scope,
        )
        try:
            async with aclosing(paced(events)) as batches:
                async for batch in batches:
                    for side, event in batch:
                        progress[side] = progress[side].after(event)
                    answers = [each.answer for each in progress if each.answer]
                    if len(answers) == len(progress):
                        await database.finish_comparison(desk.matter_id, made.id, answers)
                        break
                    drawn = await _drawn(made, progress, (), desk, told) if batch else gr.skip()
                    yield {sides: drawn}
        except Exception:  # whatever it was: a page that says it is busy takes no other question
            yield await shown(desk)
            raise
        yield await shown(desk)

    async def shown(desk: Desk) -> Updates:
        return await draw_sides(desk) | await draw_recent(desk)

    async def open_comparison(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, comparison_id=value_of(fired, "id", str))
        await database.comparison(desk.matter_id, desk.comparison_id)
        return {page.desk: desk} | await shown(desk)

    async def close_comparison(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, comparison_id="", comparing="", comparing_message="")
        return {page.desk: desk} | await draw_all(desk)

    async def vote(desk: Desk, fired: gr.EventData) -> Updates:
        comparison_id = value_of(fired, "id", str)
        outcome, winner = verdict_sent(value_of(fired, "verdict", str))
        faults = faults_sent(value_of(fired, "faults", list, []))
        note = value_of(fired, "note", str, "")
        await database.vote(
            desk.matter_id, comparison_id, desk.person, outcome, winner, faults, note
        )
        await page.record(desk, Deed.VOTE_CAST, comparison_id)
        if desk.comparison_id != comparison_id:  # another was opened while this vote was under way
            return await draw_recent(desk)
        return await shown(desk)

    async def withdraw_vote(desk: Desk, fired: gr.EventData) -> Updates:
        vote_id = value_of(fired, "vote_id", str)
        await database.withdraw_vote(desk.matter_id, vote_id, desk.person)
        await page.record(desk, Deed.VOTE_WITHDRAWN, vote_id)
        return await shown(desk)

    async def delete_comparison(desk: Desk, fired: gr.EventData) -> Updates:
        made = await database.comparison(desk.matter_id, value_of(fired, "id", str))
        if desk.role is not Role.OWNER and made.person_id != desk.person.id:
            raise NotAllowed(desk.texts("compare.not_yours"))
        only_of = None if desk.role is Role.OWNER else desk.person
        await database.delete_comparison(desk.matter_id, made.id, only_of)
        await page.record(desk, Deed.COMPARISON_DELETED, made.id)
        if made.id == desk.comparison_id:
            desk = replace(desk, comparison_id="")
        return {page.desk: desk} | await shown(desk)

    changed = [page.desk, sides, recent]
    running = page.on("compare", run, [*changed, form], concurrency_limit=CONCURRENT_COMPARISONS)
    page.on_stop("stop_comparison", running, shown, [sides, recent])
    page.on("open_comparison", open_comparison, changed)
    page.on("close_comparison", close_comparison, [*changed, form])
    # A vote that is cast while the last is drawn counts as well.
    page.on("vote", vote, [sides, recent], trigger_mode="multiple")
    page.on("withdraw_vote", withdraw_vote, [sides, recent], trigger_mode="multiple")
    page.on("delete_comparison", delete_comparison, changed, trigger_mode="multiple")
    return Tab((form, sides, recent), draw_all)


async def _begin(page: Page, desk: Desk, fired: gr.EventData) -> Comparison:
    """Draw the order of the sides and record it, before anything is asked or shown."""
    database = page.services.database
    question = value_of(fired, "question", str, "").strip()
    names = value_of(fired, "variants", list, [])
    if not desk.matter_id:
        raise PinciteError(desk.texts("matter.none"))
    if not question:
        raise PinciteError(desk.texts("chat.no_question"))
    offered = {each.name: each for each in variants_of(await database.variants(desk.matter_id))}
    if not all(isinstance(name, str) and name in offered for name in names):
        raise PinciteError(desk.texts("compare.no_variant"))
    message_id = value_of(fired, "message_id", str, "")
    made = await database.begin_comparison(
        desk.matter_id,
        question,
        draw([offered[name] for name in names]),
        desk.person,
        is_blind=bool(value_of(fired, "blind", str, "")),
        message_id=message_id,
        scope=await _scope_of(page, desk, message_id),
    )
    await page.record(desk, Deed.ANSWERS_COMPARED, made.id)
    return made


async def _drawn(
    made: Comparison, progress: Sequence[Progress], votes: Sequence[Vote], desk: Desk, told: str
) -> Html:
    """The sides, drawn in a thread: a listing has a thousand statements."""
    return await asyncio.to_thread(render_comparison, made, progress, votes, desk, told)


async def _scope_of(page: Page, desk: Desk, message_id: str) -> Scope:
    """Where the answer of a message was sought: what it is compared with is sought there too.

    Raises ``NotFound``, and ``PinciteError`` where none of the documents chosen then is left: to
    search all of them instead would answer another question.
    """
    if not message_id:
        return EVERYTHING
    database = page.services.database
    answer = (await database.message(desk.matter_id, message_id)).answer
    sought = Options(answer.scope if answer else EVERYTHING)
    left = sought.among(await database.documents(desk.matter_id))
    if sought.scope.documents and not left.scope.documents:
        raise PinciteError(desk.texts("compare.documents_gone"))
    return left.scope


async def _read(page: Page, desk: Desk) -> Message | None:
    """The answer in the chat that the form is prepared for, unless it has gone since."""
    with suppress(NotFound):
        if desk.comparing_message:
            return await page.services.database.message(desk.matter_id, desk.comparing_message)
    return None


async def _within(page: Page, desk: Desk, scope: Scope) -> str:
    """A scope in words, or nothing for every document."""
    if scope == EVERYTHING:
        return ""
    return within(scope, await page.services.database.documents(desk.matter_id), desk.texts)


def render_form(
    offered: Sequence[Variant],
    standing: str,
    desk: Desk,
    answer: Answer | None = None,
    told: str = "",
) -> Html:
    """The question and the variants that answer it; two are ticked.

    First the one that gave the ``answer`` which it is prepared for, if it is offered, then the one
    in force.  ``told`` is the scope of that answer in words.
    """
    texts = desk.texts
    question = element(
        "textarea",
        text(desk.comparing),
        name="question",
        rows=2,
        placeholder=texts("compare.placeholder"),
        aria_label=texts("compare.question"),
        data_submits=True,
        data_testid="comparison-question",
        dir="auto",
    )
    names = [each.name for each in offered]
    gave = answer.variant if answer else ""
    order = [each for each in dict.fromkeys((gave, standing, *names)) if each in names]
    ticked = order[:2]
    chips = [_chip(each, each.name in ticked, each.name == standing, texts) for each in offered]
    start = element(
        "button", text(texts("compare.run")), type="submit", class_="button", data_testid="compare"
    )
    stop = action(
        "stop_comparison",
        icon("stop"),
        element("span", text(texts("chat.stop"))),
        class_="button quiet stop",
        data_testid="stop-comparison",
    )
    blind = element(
        "label",
        Html('<input type="checkbox" name="blind" value="on" checked data-testid="blind">'),
        element("span", text(texts("compare.blind"))),
        class_="blind",
        title=texts("compare.blind_more"),
    )
    message = Html(
        f'<input type="hidden" name="message_id" value="{text(desk.comparing_message)}">'
    )
    return element(
        "form",
        element("h1", text(texts("compare.heading"))),
        element("p", text(texts("compare.lead")), class_="lead"),
        question,
        message,
        render_aside(texts("compare.from_chat")) if desk.comparing_message else Html(""),
        render_within(told, texts),
        render_aside(texts("compare.other_way")) if gave and gave not in names else Html(""),
        element(
            "fieldset",
            element("legend", text(texts("compare.variants"))),
            *chips,
            class_="chips",
        ),
        element("div", start, stop, blind, class_="row"),
        data_event="compare",
        data_lists="variants",
        data_drawn=f"{desk.comparing_message} {desk.matter_id} {standing} {len(offered)}",
        data_testid="comparison-form",
    )


def _chip(variant: Variant, ticked: bool, standing: bool, texts: Texts) -> Html:
    marked = " checked" if ticked else ""
    name = text(variant.name)
    field = Html(f'<input type="checkbox" name="variants" value="{name}"{marked}>')
    mark = element("small", text(texts("variants.in_force"))) if standing else Html("")
    label = element("span", text(variant_label(variant, texts)), mark)
    return element("label", field, label, class_="chip", data_testid=f"variant-{variant.name}")
