"""Questions and answers as escaped HTML: in the making, finished, interrupted."""

from collections.abc import Sequence

from core.types import Answer, AnswerKind, Hit, Message, Stage, Statement, Verdict
from ui.locale import Texts
from ui.markup import Html, action, element, icon, join, text
from ui.pincites import (
    citation_button,
    cited,
    pincite,
    plain_answer,
    render_place,
    render_sources,
    source_value,
    summary,
)
from ui.progress import Progress

_MARKS = {Verdict.SUPPORTED: "check", Verdict.PARTLY: "partly", Verdict.UNSUPPORTED: "unsupported"}


def render_turn(message: Message, texts: Texts, *, last: bool, failure: str = "") -> Html:
    """A question with its answer, or with the way to answer it again."""
    confirm = None if last else texts("chat.confirm_later_turns")
    tools: dict[str, object] = {"confirm": confirm, "id": message.id}
    body = (
        _interrupted(tools, texts, failure)
        if message.answer is None
        else render_answer(message.answer, texts, regenerate=tools)
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
    return element("li", _question(message.question, edit), body, class_="turn", data_testid="turn")


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


def render_answer(
    answer: Answer, texts: Texts, regenerate: dict[str, object] | None = None
) -> Html:
    """A finished answer: what holds and what does not, each statement with its pincites."""
    heading = _heading(answer, texts)
    citations = cited(answer)
    nearest = (
        element("p", text(texts("answer.nearest")), class_="nearest")
        if answer.refused and answer.statements
        else Html("")
    )
    notice = texts.known("notice", answer.notice)
    return element(
        "article",
        element("header", *heading, class_="verdict-line", data_testid="verdict"),
        element("p", text(notice), class_="notice", data_testid="notice", role="note")
        if notice
        else Html(""),
        nearest,
        element(
            "div",
            *(_statement(statement, answer, texts) for statement in answer.statements),
            class_="statements",
        ),
        render_sources(citations, texts) if answer.kind is AnswerKind.DRAFT else Html(""),
        _answer_footer(answer, texts, regenerate),
        class_="answer done",
        data_testid="answer",
        data_kind=answer.kind,
        data_verdict=answer.verdict,
        data_answer=True,
        data_announce=texts("answer.ready") + " " + summary(answer, texts),
    )


def _question(question: str, *tools: Html) -> Html:
    return element(
        "div",
        element("p", text(question), dir="auto"),
        *tools,
        class_="question",
        data_testid="question",
    )


def _interrupted(tools: dict[str, object], texts: Texts, failure: str) -> Html:
    return element(
        "article",
        element("p", text(failure or texts("chat.interrupted")), class_="notice", role="note"),
        _regenerate(tools, texts, texts("chat.answer_again"), "button"),
        class_="answer interrupted",
        data_testid="interrupted",
    )


def _regenerate(tools: dict[str, object], texts: Texts, label: str, class_: str) -> Html:
    return action(
        "ask",
        icon("redo"),
        element("span", text(label)),
        value={"replaces": tools["id"]},
        class_=class_,
        data_testid="regenerate",
        data_confirm=tools["confirm"],
        title=texts("chat.regenerate"),
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
        for hit in hits
    ]
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


def _heading(answer: Answer, texts: Texts) -> tuple[Html, ...]:
    if answer.refused:
        searched = texts("answer.searched", count=answer.searched_documents)
        return (
            icon("search"),
            element("strong", text(texts("answer.refused"))),
            element("span", text(searched), class_="aside"),
        )
    if answer.kind is AnswerKind.QUOTES:
        return (icon("quote"), element("strong", text(summary(answer, texts))))
    worst = max((s.verdict for s in answer.statements), key=list(Verdict).index, default=None)
    mark = worst or Verdict.UNSUPPORTED
    return (
        element("span", icon(_MARKS[mark]), class_=f"mark {mark}"),
        element("strong", text(summary(answer, texts))),
    )


def _statement(statement: Statement, answer: Answer, texts: Texts) -> Html:
    buttons = join(citation_button(citation, texts) for citation in statement.citations)
    if answer.kind is not AnswerKind.DRAFT:
        places = join(render_place(citation, texts) for citation in statement.citations[:1])
        return element(
            "blockquote",
            element("p", text(statement.text), buttons, dir="auto"),
            element("footer", places),
            class_="statement verbatim",
            data_testid="statement",
            data_verdict=statement.verdict,
        )
    label = texts(f"verdict.{statement.verdict}")
    reason = texts.known("reason", statement.reason)
    explained = element(
        "span",
        element("strong", text(label)),
        text(f"{texts('pincite.colon')}{reason}" if reason else ""),
        class_="reason",
        data_testid="reason",
    )
    held = statement.verdict is Verdict.SUPPORTED
    mark = element(
        "span",
        icon(_MARKS[statement.verdict]),
        class_=f"mark {statement.verdict}",
        role="img",
        aria_label=label,
        title=label if held or not reason else f"{label}{texts('pincite.colon')}{reason}",
    )
    return element(
        "div",
        mark,
        element("p", text(statement.text), Html("&nbsp;"), buttons, dir="auto"),
        Html("") if held else explained,
        class_="statement",
        data_testid="statement",
        data_verdict=statement.verdict,
    )


def _answer_footer(answer: Answer, texts: Texts, regenerate: dict[str, object] | None) -> Html:
    seconds = answer.timings.get("total")
    first = answer.timings.get("first_token")
    facts = texts.list_of_words(
        answer.model,
        texts("answer.total", seconds=f"{seconds:.1f}") if seconds is not None else "",
        texts("answer.first_token", seconds=f"{first:.1f}") if first is not None else "",
    )
    steps = texts.list_of_words(
        *(
            texts("answer.step", step=texts(f"timing.{name}"), seconds=f"{value:.2f}")
            for name, value in answer.timings.items()
            if f"timing.{name}" in texts.sentences
        )
    )
    copy = element(
        "button",
        icon("copy"),
        element("span", text(texts("answer.copy"))),
        type="button",
        class_="tool",
        data_do="copy",
        data_copy=plain_answer(answer, texts),
        data_done=texts("answer.copied"),
        data_testid="copy-answer",
    )
    again = (
        _regenerate(regenerate, texts, texts("chat.regenerate"), "tool") if regenerate else Html("")
    )
    return element(
        "footer",
        copy,
        again,
        element("span", text(facts), class_="timings", title=steps, data_testid="timings"),
        class_="answer-footer",
    )
