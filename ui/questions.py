"""A question set that is open: what it is, its questions, and the form for one of them."""

from collections.abc import Sequence
from dataclasses import replace

import gradio as gr

from core.errors import PinciteError
from core.evaluation.sets import tags_of
from core.trials import Gold, QuestionSet, SetQuestion
from core.types import Document, Role
from ui.fields import (
    back_button,
    checkbox,
    dialog_buttons,
    dropdown,
    hold_out_mark,
    line_field,
    may,
    render_dialog,
    words_field,
)
from ui.locale import Texts
from ui.markup import Html, action, element, icon, join, text
from ui.page import Desk, value_of
from ui.shelf import upload_button

ROWS = 200
"""Questions drawn at once; the search finds the others."""
QUOTE_CHARACTERS = 160
MOST_GOLD = 8
"""Places of one question that its form has fields for."""
DRAFTS = (3, 5, 10, 20)


def version_read(held: QuestionSet, desk: Desk) -> int:
    """The version of a set that the desk reads; the newest unless an earlier one was chosen."""
    return desk.set_version if 0 < desk.set_version < held.version else held.version


def render_set(
    held: QuestionSet,
    asked: Sequence[SetQuestion],
    documents: Sequence[Document],
    desk: Desk,
    drafting: str = "",
) -> Html:
    """A set in the version that is read. ``drafting`` names the document drafts are made from."""
    texts = desk.texts
    version = version_read(held, desk)
    changing = version == held.version and may(desk, Role.EDITOR)
    sought = desk.question_search.lower()
    found = [(n, each) for n, each in enumerate(asked, 1) if sought in _words(each)]
    rows = [_question(number, each, texts, changing) for number, each in found[:ROWS]]
    listed = (
        element("ol", *rows, class_="questions", data_testid="questions")
        if rows
        else _nothing(bool(asked), texts)
    )
    more = texts("sets.more", count=len(found) - ROWS) if len(found) > ROWS else ""
    return element(
        "div",
        back_button("open_set", texts("sets.back"), {"id": ""}),
        _heading(held, version, desk),
        _exports(held, asked, texts),
        _ways_to_add(held, documents, texts, drafting) if changing else Html(""),
        _finder(len(asked), desk) if asked else Html(""),
        listed,
        element("p", text(more), class_="facts"),
        class_="open-set",
        data_testid="open-set",
        data_reveal=held.id,
    )


def _words(asked: SetQuestion) -> str:
    gold = (f"{each.document}\n{each.quote}" for each in asked.gold)
    return "\n".join((asked.question, asked.reference, *asked.tags, *gold)).lower()


def _nothing(is_filtered: bool, texts: Texts) -> Html:
    if is_filtered:
        return element("p", text(texts("sets.none_found")), class_="empty")
    return element(
        "div",
        element("h2", text(texts("sets.no_questions"))),
        element("p", text(texts("sets.no_questions_more"))),
        class_="empty",
        data_testid="no-questions",
    )


def _heading(held: QuestionSet, version: int, desk: Desk) -> Html:
    texts = desk.texts
    facts = texts.list_of_words(
        texts("sets.questions", count=held.size),
        texts("sets.drafts", count=held.drafts) if held.drafts else "",
    )
    title = element(
        "div",
        element("h1", text(held.name), hold_out_mark(texts) if held.is_held_out else Html("")),
        element("p", text(held.description), class_="lead") if held.description else Html(""),
        element("p", text(facts), class_="facts"),
    )
    tools = []
    if may(desk, Role.EDITOR):
        tools.append(_describing(held, texts))
    if may(desk, Role.OWNER):
        tools.append(
            action(
                "delete_set",
                icon("trash"),
                value={"id": held.id},
                class_="tool",
                data_confirm=texts("sets.confirm_delete", name=held.name),
                aria_label=texts("sets.delete"),
                title=texts("sets.delete"),
                data_testid="delete-set",
            )
        )
    return element(
        "header",
        title,
        element("div", _versions(held, version, texts), *tools, class_="tools"),
        class_="view-head",
    )


def _exports(held: QuestionSet, asked: Sequence[SetQuestion], texts: Texts) -> Html:
    """The buttons that give the questions as a file, and what one of these has no room for."""
    if all(each.is_draft for each in asked):
        return Html("")
    buttons = [
        action(
            "export_set",
            icon("down"),
            element("span", text(kind.upper())),
            value={"id": held.id, "kind": kind},
            class_="button quiet",
            data_testid=f"export-set-{kind}",
            aria_label=texts("sets.export", kind=kind.upper()),
            title=texts("sets.export", kind=kind.upper()),
        )
        for kind in ("csv", "jsonl")
    ]
    several = any(len(each.gold) > 1 for each in asked)
    told = element("span", text(texts("sets.export_places")), class_="facts")
    return element("div", *buttons, told if several else Html(""), class_="line ways")


def _versions(held: QuestionSet, version: int, texts: Texts) -> Html:
    """The version that is read, and the steps to its neighbours."""

    def step(to: int, symbol: str, label: str) -> Html:
        return action(
            "open_set",
            icon(symbol),
            value={"id": held.id, "version": to if to < held.version else 0},
            class_="tool",
            disabled=not 1 <= to <= held.version,
            aria_label=label,
            title=label,
            data_testid=f"version-{symbol}",
        )

    words = texts("sets.version_of", number=version, count=held.version)
    return element(
        "nav",
        step(version - 1, "left", texts("sets.earlier")),
        element("span", text(words), data_testid="set-version"),
        step(version + 1, "right", texts("sets.later")),
        class_="versions",
        aria_label=texts("sets.versions"),
    )


def _describing(held: QuestionSet, texts: Texts) -> Html:
    """What a set is called and for, folded away until it is to be changed."""
    form = element(
        "form",
        line_field("name", texts("sets.name"), held.name, required=True),
        words_field("description", texts("sets.description"), held.description),
        checkbox("held_out", texts("sets.hold_out"), held.is_held_out),
        element("button", text(texts("sets.save")), class_="button", data_testid="save-set"),
        data_event="describe_set",
        data_value={"id": held.id},
        data_fields=True,
        data_drawn=f"{held.id} {held.name} {held.description} {held.is_held_out}",
        data_testid="describe-form",
    )
    label = texts("sets.describe")
    opener = element(
        "summary", icon("pen"), aria_label=label, title=label, data_testid="describe-set"
    )
    return element("details", opener, element("div", form, class_="popover"), class_="menu")


def _ways_to_add(
    held: QuestionSet, documents: Sequence[Document], texts: Texts, drafting: str
) -> Html:
    add = action(
        "edit_question",
        icon("plus"),
        element("span", text(texts("sets.add_question"))),
        class_="button",
        data_testid="add-question",
    )
    ways = [add, upload_button(held.id, texts)]
    if drafting:
        said = texts("sets.drafting", document=drafting)
        bar = Html(f'<progress aria-label="{text(said)}"></progress>')
        busy = element("span", text(said), bar, class_="drafting", role="status")
        ways.append(busy)
    elif documents:
        ways.append(_drafting(documents, texts))
    return element("div", *ways, class_="line ways")


def _drafting(documents: Sequence[Document], texts: Texts) -> Html:
    names = [(each.id, each.name) for each in documents]
    numbers = [(str(n), texts("sets.number_of_drafts", count=n)) for n in DRAFTS]
    return element(
        "form",
        dropdown("document_id", texts("sets.draft_from"), names, names[0][0]),
        dropdown("number", texts("sets.how_many_label"), numbers, "5"),
        element(
            "button",
            text(texts("sets.draft")),
            class_="button quiet",
            data_testid="draft-questions",
        ),
        class_="line",
        data_event="draft_questions",
        data_fields=True,
    )


def _finder(number: int, desk: Desk) -> Html:
    label = desk.texts("sets.search", count=number)
    field = element(
        "input",
        type="search",
        value=desk.question_search,
        placeholder=label,
        aria_label=label,
        data_search="search_questions",
        data_testid="search-questions",
    )
    return element("label", icon("search"), field, class_="search")


def _question(number: int, asked: SetQuestion, texts: Texts, changing: bool) -> Html:
    reference = (
        element(
            "p",
            element("span", text(texts("sets.field.reference")), class_="term-label"),
            text(asked.reference),
            class_="reference",
            dir="auto",
        )
        if asked.reference
        else Html("")
    )
    marks = [element("span", text(tag), class_="tag") for tag in asked.tags]
    if not asked.is_answerable:
        marks.append(element("span", text(texts("sets.unanswerable")), class_="tag refusal"))
    gold = [element("li", render_gold(each, texts)) for each in asked.gold]
    return element(
        "li",
        element("span", text(number), class_="ordinal"),
        element(
            "div",
            element("span", text(texts("sets.draft_mark")), class_="badge draft-mark")
            if asked.is_draft
            else Html(""),
            element("p", text(asked.question), class_="asked", dir="auto"),
            reference,
            element("ul", *gold, class_="gold") if gold else Html(""),
            element("div", *marks, class_="marks") if marks else Html(""),
        ),
        element("div", *_tools(asked, texts), class_="tools") if changing else Html(""),
        class_="is-draft" if asked.is_draft else None,
        data_testid="set-question",
        data_question=asked.id,
    )


def render_gold(gold: Gold, texts: Texts) -> Html:
    """Where the answer stands: the document, the page and the words."""
    quote = " ".join(gold.quote.split())
    if len(quote) > QUOTE_CHARACTERS:
        quote = quote[:QUOTE_CHARACTERS].rstrip() + " …"
    page = texts("pincite.page", page=gold.page) if gold.page is not None else ""
    parts = [element("cite", text(gold.document))]
    parts += [element("span", text(page), class_="where")] if page else []
    parts += [element("q", text(quote), dir="auto")] if quote else []
    return join(parts)


def _tools(asked: SetQuestion, texts: Texts) -> list[Html]:
    def tool(event: str, symbol: str, label: str, confirm: str | None = None) -> Html:
        return action(
            event,
            icon(symbol),
            value={"id": asked.id},
            class_="tool",
            data_confirm=confirm,
            aria_label=f"{label}: {asked.question[:80]}",
            title=label,
            data_testid=event.replace("_", "-"),
        )

    edit = tool("edit_question", "pen", texts("sets.edit"))
    if asked.is_draft:
        accept = tool("accept_question", "check", texts("sets.accept"))
        return [accept, edit, tool("remove_question", "close", texts("sets.reject"))]
    sure = texts("sets.confirm_remove")
    return [edit, tool("remove_question", "trash", texts("sets.remove"), sure)]


def render_editor(
    asked: SetQuestion,
    before: SetQuestion | None,
    documents: Sequence[Document],
    texts: Texts,
    trouble: str = "",
) -> Html:
    """The form for a question as it is typed; it takes the place of ``before``, if anything."""
    more = len(unshown(before))
    told = element("p", text(texts("sets.more_places", count=more)), class_="facts")
    form = element(
        "form",
        *question_fields(asked, [each.name for each in documents], texts),
        told if more else Html(""),
        dialog_buttons(texts("sets.save"), texts),
        data_event="save_question",
        data_value={"id": asked.id},
        data_fields=True,
    )
    heading = texts("sets.edit" if asked.id else "sets.add_question")
    return render_dialog(heading, form, trouble=trouble, testid="question-editor")


def question_fields(asked: SetQuestion, names: Sequence[str], texts: Texts) -> list[Html]:
    """Fields for a question, its answer, its places (one more than it has) and its tags."""
    gold = (*asked.gold, Gold(""))[:MOST_GOLD]
    known = [*names, *(each.document for each in gold if each.document not in names)]
    choices = [("", texts("sets.no_document")), *((name, name) for name in filter(None, known))]
    places = [
        element(
            "fieldset",
            element("legend", text(texts("sets.place", number=at + 1))),
            dropdown(f"document_{at}", texts("sets.field.document"), choices, each.document),
            line_field(
                f"page_{at}",
                texts("sets.field.page"),
                str(each.page or ""),
                type_="number",
            ),
            words_field(f"quote_{at}", texts("sets.field.quote"), each.quote),
            class_="place",
        )
        for at, each in enumerate(gold)
    ]
    return [
        words_field("question", texts("sets.field.question"), asked.question),
        words_field("reference", texts("sets.field.reference"), asked.reference, rows=3),
        checkbox("unanswerable", texts("sets.unanswerable_more"), not asked.is_answerable),
        *places,
        line_field("tags", texts("sets.tags"), ", ".join(asked.tags)),
    ]


def unshown(asked: SetQuestion | None) -> tuple[Gold, ...]:
    """The places of a question that its form has no fields for."""
    return asked.gold[MOST_GOLD:] if asked else ()


def asked_in(fired: gr.EventData, before: SetQuestion | None) -> SetQuestion:
    """The question that a form was filled in with, with the places that the form has fields for.

    Raises ``PinciteError`` for a page that is none, and for tags that cannot be read.
    """
    typed = [_place_in(fired, at) for at in range(MOST_GOLD)]
    return SetQuestion(
        id=before.id if before else "",
        question=" ".join(value_of(fired, "question", str, "").split()),
        reference=value_of(fired, "reference", str, "").strip(),
        gold=_with_spans(typed, before.gold[:MOST_GOLD] if before else ()),
        tags=tags_of(value_of(fired, "tags", str, "")),
        is_answerable=value_of(fired, "unanswerable", str, "") != "on",
        by_engine=before.by_engine if before else False,
    )


def _place_in(fired: gr.EventData, at: int) -> Gold:
    document = value_of(fired, f"document_{at}", str, "").strip()
    quote = value_of(fired, f"quote_{at}", str, "").strip()
    page = value_of(fired, f"page_{at}", str, "").strip()
    if page and not (page.isdecimal() and 0 < int(page) < 100_000):
        raise PinciteError("A page is a number from 1.", "Correct the page or leave it empty.")
    return Gold(document, quote, int(page) if page else None)


def _with_spans(typed: Sequence[Gold], known: Sequence[Gold]) -> tuple[Gold, ...]:
    """The places that name a document; those whose words are as they were keep words and span.

    Two may say the same words: each is first held against the place that stood where it stands.
    White space does not count, for a browser sends its own line ends.
    """
    own = {at: at for at, pair in enumerate(zip(typed, known, strict=False)) if _same(*pair)}
    for at, place in enumerate(typed):
        left = (n for n, each in enumerate(known) if n not in own.values() and _same(place, each))
        if at not in own and (found := next(left, None)) is not None:
            own[at] = found
    ids = {each.document: each.document_id for each in known}
    return tuple(
        replace(known[own[at]], page=place.page)
        if at in own
        else replace(place, document_id=ids.get(place.document, ""))
        for at, place in enumerate(typed)
        if place.document
    )


def _same(one: Gold, other: Gold) -> bool:
    return one.document == other.document and one.quote.split() == other.quote.split()
