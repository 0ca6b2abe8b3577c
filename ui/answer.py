"""A finished answer as escaped HTML: what holds and what does not, and what it rests on."""

from core.types import Answer, AnswerKind, Citation, Statement, Verdict
from ui.listing import render_listing
from ui.locale import Texts
from ui.markup import Html, action, element, icon, join, text
from ui.pincites import citation_button, cited, render_place, render_sources
from ui.wording import caveats, coverage, mark, notice, plain_answer, shortfall, summary, warning

NOTHING = Html("")
_MARKS = {Verdict.SUPPORTED: "check", Verdict.PARTLY: "partly", Verdict.UNSUPPORTED: "unsupported"}


def render_answer(
    answer: Answer,
    texts: Texts,
    regenerate: dict[str, object] | None = None,
    tools: Html = NOTHING,
) -> Html:
    """The answer under its heading; ``regenerate`` gives the way to have it answered again.

    ``tools`` are further buttons that stand below it.
    """
    return element(
        "article",
        element("header", *_heading(answer, texts), class_="verdict-line", data_testid="verdict"),
        _caveats(answer, texts),
        _notice(answer, texts),
        _body(answer, texts),
        _footer(answer, texts, regenerate, tools),
        class_="answer done",
        data_testid="answer",
        data_kind=answer.kind,
        data_verdict=answer.verdict,
        data_answer=True,
        data_announce=texts("answer.ready") + " " + summary(answer, texts),
    )


def render_regenerate(tools: dict[str, object], texts: Texts, label: str, class_: str) -> Html:
    """The button that has a question answered again."""
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


def _heading(answer: Answer, texts: Texts) -> list[Html]:
    """The verdict, the style in which it is given, and what was searched for it."""
    worst = max((s.verdict for s in answer.statements), key=list(Verdict).index, default=None)
    if answer.kind is AnswerKind.DRAFT:
        seen = worst or Verdict.UNSUPPORTED
        sign = element("span", icon(_MARKS[seen]), class_=f"mark {seen}")
    else:
        sign = icon("search" if answer.refused else "quote")
    lost = [
        element("span", text(words), class_=f"count {verdict}")
        for verdict, words in shortfall(answer, texts).items()
    ]
    style = (
        Html("")
        if answer.refused
        else element("span", text(texts(f"style.{answer.kind}")), class_="style")
    )
    searched = element(
        "span", text(coverage(answer, texts)), class_="aside", data_testid="coverage"
    )
    return [sign, element("strong", text(summary(answer, texts))), *lost, style, searched]


def _caveats(answer: Answer, texts: Texts) -> Html:
    said = caveats(answer, texts)
    if not said:
        return Html("")
    rows = [element("li", icon("partly"), element("span", text(each))) for each in said]
    return element(
        "ul", *rows, class_="caveats", aria_label=texts("answer.caveats"), data_testid="caveats"
    )


def _notice(answer: Answer, texts: Texts) -> Html:
    words = notice(answer, texts)
    if not words:
        return Html("")
    return element("p", text(words), class_="notice", data_testid="notice", role="note")


def _body(answer: Answer, texts: Texts) -> Html:
    if answer.kind is AnswerKind.LISTING:
        return render_listing(answer, texts)
    if answer.refused:
        return _nearest(answer, texts)
    draft = answer.kind is AnswerKind.DRAFT
    drawn = (
        render_statement(statement, texts) if draft else _quotation(statement, texts)
        for statement in answer.statements
    )
    return join(
        (
            element("div", *drawn, class_="statements"),
            render_sources(cited(answer), texts) if draft else Html(""),
        )
    )


def _nearest(answer: Answer, texts: Texts) -> Html:
    """What a refusal found closest, called what it is."""
    if not answer.nearest:
        return Html("")
    quotes = [_verbatim(each.quote, (each,), "", texts) for each in answer.nearest]
    heading = texts("answer.nearest")
    return element(
        "section",
        element("h3", text(heading)),
        element("div", *quotes, class_="statements"),
        class_="nearest",
        aria_label=heading,
        data_testid="nearest",
    )


def _quotation(statement: Statement, texts: Texts) -> Html:
    return _verbatim(statement.text, statement.citations, warning(statement, texts), texts)


def _verbatim(words: str, citations: tuple[Citation, ...], flag: str, texts: Texts) -> Html:
    buttons = join(citation_button(each, texts, warning=flag) for each in citations)
    places = join(render_place(each, texts) for each in citations[:1])
    return element(
        "blockquote",
        element(
            "p", element("span", text(words), class_="words"), buttons, _flag(flag), dir="auto"
        ),
        element("footer", places),
        class_="statement verbatim",
        data_testid="statement",
    )


def render_statement(statement: Statement, texts: Texts, class_: str = "") -> Html:
    """A statement with its pincites and, in the same line, what is wrong with it.

    The mark is text within the paragraph, so that a reader of the screen hears it in its place
    and a selection that is copied takes it along.
    """
    flag = warning(statement, texts)
    buttons = join(citation_button(each, texts, warning=flag) for each in statement.citations)
    sign = element(
        "span",
        icon(_MARKS[statement.verdict]),
        class_=f"mark {statement.verdict}",
        role="img",
        aria_label=texts(f"verdict.{statement.verdict}") if flag else mark(statement, texts),
        title=mark(statement, texts),
    )
    words = element("span", text(statement.text), class_="words")
    return element(
        "div",
        sign,
        element("p", words, Html("&nbsp;"), buttons, _flag(flag), dir="auto"),
        class_=f"statement {class_}".rstrip(),
        data_testid="statement",
        data_verdict=statement.verdict,
    )


def _flag(words: str) -> Html:
    if not words:
        return Html("")
    return join((Html(" "), element("span", text(words), class_="reason", data_testid="reason")))


def _footer(
    answer: Answer, texts: Texts, regenerate: dict[str, object] | None, tools: Html
) -> Html:
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
        render_regenerate(regenerate, texts, texts("chat.regenerate"), "tool")
        if regenerate
        else Html("")
    )
    return element(
        "footer",
        copy,
        again,
        tools,
        element("span", text(facts), class_="timings", title=steps, data_testid="timings"),
        class_="answer-footer",
    )
