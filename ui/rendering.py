"""The turns of a conversation as escaped HTML: in the making, finished, interrupted."""

from collections.abc import Sequence

from core.trials import Feedback
from core.types import Hit, Message, Stage
from ui.answer import render_answer, render_regenerate
from ui.keeping import keep_button
from ui.locale import Texts
from ui.markup import Html, action, element, icon, join, text
from ui.pincites import pincite, source_value
from ui.progress import Progress
from ui.thumbs import render_remark, render_thumbs

HITS = 20
"""Passages named while an answer is in the making; the count tells of the others."""


def render_turn(
    message: Message,
    texts: Texts,
    *,
    last: bool,
    failure: str = "",
    own: bool = True,
    thumb: Feedback | None = None,
) -> Html:
    """A question with its answer, or with the way to answer it again if it is one's ``own``.

    ``thumb`` is what the reader thought of the answer.
    """
    confirm = None if last else texts("chat.confirm_later_turns")
    tools: dict[str, object] | None = {"confirm": confirm, "id": message.id} if own else None
    body = (
        _interrupted(tools, texts, failure)
        if message.answer is None
        else join(
            (
                render_answer(
                    message.answer,
                    texts,
                    tools,
                    join((keep_button(message.id, texts), render_thumbs(message.id, thumb, texts))),
                ),
                render_remark(thumb, texts),
            )
        )
    )
    edit = element(
        "button",
        icon("pen"),
        type="button",
        class_="tool",
        data_do="edit",
        data_value={"replaces": message.id, "question": message.question},
        data_confirm=confirm,
        data_testid="edit-question",
        aria_label=texts("chat.edit_question"),
        title=texts("chat.edit_question"),
    )
    asked = _question(message.question, *([edit] if own else []))
    return element("li", asked, body, class_="turn", data_testid="turn")


def render_progress(progress: Progress, texts: Texts) -> Html:
    """An answer in the making: stages, passages, and the draft marked as unverified."""
    if progress.answer is not None:
        return render_answer(progress.answer, texts)
    return element(
        "article",
        _stages(progress.stage, texts),
        _hits(progress.hits, texts) if progress.hits else Html(""),
        _draft(progress.draft, texts) if progress.draft else Html(""),
        class_="answer live",
        data_testid="live-answer",
        data_busy=True,
        data_announce=texts(f"stage.{progress.stage}"),
        aria_busy="true",
    )


def render_live_turn(progress: Progress, texts: Texts) -> Html:
    """The turn that is being answered, below the ones that are done."""
    turn = element(
        "li", _question(progress.question), render_progress(progress, texts), class_="turn"
    )
    return element("ol", turn, class_="turns")


def _question(question: str, *tools: Html) -> Html:
    return element(
        "div",
        element("p", text(question), dir="auto"),
        *tools,
        class_="question",
        data_testid="question",
    )


def _interrupted(tools: dict[str, object] | None, texts: Texts, failure: str) -> Html:
    again = (
        render_regenerate(tools, texts, texts("chat.answer_again"), "button") if tools else Html("")
    )
    return element(
        "article",
        element("p", text(failure or texts("chat.interrupted")), class_="notice", role="note"),
        again,
        class_="answer interrupted",
        data_testid="interrupted",
    )


def _stages(current: Stage, texts: Texts) -> Html:
    order = list(Stage)
    steps = [
        element(
            "li",
            text(texts(f"stage.{stage}")),
            class_="past" if order.index(stage) < order.index(current) else None,
            aria_current="step" if stage is current else None,
        )
        for stage in order
    ]
    return element("ol", *steps, class_="stages", data_testid="stages", data_stage=current)


def _hits(hits: Sequence[Hit], texts: Texts) -> Html:
    names = len({hit.passage.document_id for hit in hits})
    rows = [
        element(
            "li",
            action(
                "open_source",
                element("span", text(hit.passage.document_name), class_="name"),
                element("span", text(pincite(hit.passage, texts)), class_="where"),
                element("span", text(" ".join(hit.passage.text[:160].split())), class_="words"),
                value=source_value(hit.passage),
                class_="hit",
                data_testid="hit",
            ),
        )
        for hit in hits[:HITS]
    ]
    if len(hits) > HITS:
        more = texts("answer.more_hits", count=len(hits) - HITS)
        rows.append(element("li", text(more), class_="more"))
    reading = texts(
        "answer.reading",
        passages=texts("count.passages", count=len(hits)),
        documents=texts("count.documents", count=names),
    )
    return element(
        "section",
        element("h3", text(reading)),
        element("ol", *rows),
        class_="hits",
        data_testid="hits",
        aria_label=reading,
    )


def _draft(draft: str, texts: Texts) -> Html:
    return element(
        "section",
        element("h3", text(texts("answer.draft")), class_="draft-label"),
        element("p", text(draft), dir="auto"),
        class_="draft",
        data_testid="draft",
    )
