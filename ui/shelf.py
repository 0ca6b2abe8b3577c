"""The matter's question sets as a list, and the preview of a file before it is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.evaluation.sets import FIELDS, Preview
from core.trials import QuestionSet
from core.types import Role
from ui.fields import checkbox, dropdown, hold_out_mark, line_field, may
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.page import Desk

ROWS = 8
"""Rows of a file that its preview shows."""
TROUBLES = 30
"""Rows that are told what is wrong with them, before the rest is only counted."""


@dataclass(frozen=True)
class Upload:
    """A file of questions that lies there but is not taken yet; ``set_id`` is empty for a new set.

    What is taken is what ``preview`` has read, not the file as it may be by then.
    """

    path: Path
    name: str
    preview: Preview
    set_id: str = ""


def render_shelf(sets: Sequence[QuestionSet], desk: Desk) -> Html:
    """The heading, the way to make a set or to upload one, and the sets."""
    texts = desk.texts
    tools = (
        element(
            "div",
            upload_button("", texts),
            action(
                "create_set",
                icon("plus"),
                element("span", text(texts("sets.new"))),
                class_="button",
                data_prompt=texts("sets.name"),
                data_testid="new-set",
            ),
            class_="tools",
        )
        if may(desk, Role.EDITOR)
        else Html("")
    )
    heading = element(
        "header",
        element(
            "div",
            element("h1", text(texts("view.sets"))),
            element("p", text(texts("sets.lead")), class_="lead"),
        ),
        tools,
        class_="view-head",
    )
    if not sets:
        return element(
            "div",
            heading,
            element(
                "div",
                element("h2", text(texts("sets.empty"))),
                element("p", text(texts("sets.empty_more"))),
                class_="empty",
                data_testid="sets-empty",
            ),
        )
    rows = [_row(each, desk) for each in sets]
    return element("div", heading, element("ul", *rows, class_="shelf", data_testid="sets"))


def _row(held: QuestionSet, desk: Desk) -> Html:
    texts = desk.texts
    facts = texts.list_of_words(
        texts("sets.questions", count=held.size),
        texts("sets.drafts", count=held.drafts) if held.drafts else "",
        texts("sets.version", number=held.version),
        texts.date(held.created_at),
    )
    name = action(
        "open_set",
        element("strong", text(held.name)),
        element("small", text(held.description)) if held.description else Html(""),
        value={"id": held.id},
        class_="open",
        data_testid="set",
    )
    return element(
        "li",
        name,
        hold_out_mark(texts) if held.is_held_out else Html(""),
        element("span", text(facts), class_="facts"),
        data_set=held.id,
    )


def upload_button(set_id: str, texts: Texts) -> Html:
    """A button that chooses a file of questions and sends it to be looked into."""
    field = element(
        "input",
        type="file",
        accept=".csv,.xlsx,.jsonl",
        class_="unseen",
        data_upload="preview_questions",
        data_value={"set_id": set_id},
        data_testid="upload-questions",
    )
    return element(
        "label",
        field,
        icon("upload"),
        element("span", text(texts("sets.upload"))),
        class_="button quiet",
        title=texts("sets.upload_kinds"),
    )


def render_preview(upload: Upload, texts: Texts) -> Html:
    """What a file holds, which column means what, and what is wrong with which row."""
    seen = upload.preview
    counts = texts.list_of_words(
        texts("sets.rows", count=seen.rows),
        texts("sets.to_take", count=len(seen.questions)),
        texts("sets.rows_wrong", count=len({each.row for each in seen.troubles}))
        if seen.troubles
        else "",
    )
    drop = action(
        "drop_preview",
        icon("close"),
        class_="tool",
        aria_label=texts("sets.discard"),
        title=texts("sets.discard"),
        data_testid="drop-preview",
    )
    head = element(
        "header",
        element("h2", text(texts("sets.preview", name=upload.name))),
        element("span", text(counts), class_="facts", role="status"),
        drop,
    )
    return element(
        "section",
        head,
        _mapping(seen, texts),
        _troubles(seen, texts),
        _first_rows(seen, texts),
        _taking(upload, texts),
        class_="card preview",
        aria_label=texts("sets.preview", name=upload.name),
        data_testid="set-preview",
        data_reveal=upload.name,
    )


def _mapping(seen: Preview, texts: Texts) -> Html:
    """For each field the column that it is read from; a change reads the file again."""
    columns = [("", texts("sets.no_column")), *((name, name) for name in seen.columns)]
    choices = [
        dropdown(
            f"column_{name}",
            texts(f"sets.field.{name}"),
            columns,
            seen.mapping.get(name, ""),
        )
        for name in FIELDS
    ]
    return element(
        "form",
        element("p", text(texts("sets.mapping")), class_="lead"),
        element("div", *choices, class_="columns-of"),
        data_search="map_questions",
        data_testid="mapping",
    )


def _troubles(seen: Preview, texts: Texts) -> Html:
    if not seen.troubles:
        return Html("")
    rows = [
        element(
            "li",
            element("strong", text(texts("sets.row", number=each.row))),
            text(" " + texts.said(each.reason, each.remedy)),
        )
        for each in seen.troubles[:TROUBLES]
    ]
    if len(seen.troubles) > TROUBLES:
        more = texts("sets.more_troubles", count=len(seen.troubles) - TROUBLES)
        rows.append(element("li", text(more)))
    return element(
        "ul",
        *rows,
        class_="troubles",
        aria_label=texts("sets.troubles"),
        data_testid="set-troubles",
    )


def _first_rows(seen: Preview, texts: Texts) -> Html:
    if not seen.questions:
        return element("p", text(texts("sets.no_rows")), class_="empty")
    heads = ("question", "reference", "gold", "tags")
    head = element(
        "tr", *(element("th", text(texts(f"sets.column.{name}")), scope="col") for name in heads)
    )
    rows = []
    for each in seen.questions[:ROWS]:
        gold = "; ".join(
            texts.list_of_words(
                one.document,
                texts("pincite.page", page=one.page) if one.page else "",
                texts("pincite.quote", quote=one.quote[:80]) if one.quote else "",
            )
            for one in each.gold
        )
        cells = (each.question, each.reference[:160], gold, ", ".join(each.tags))
        rows.append(
            element(
                "tr",
                *(
                    element("td", text(words), dir="auto", data_label=texts(f"sets.column.{name}"))
                    for name, words in zip(heads, cells, strict=True)
                ),
            )
        )
    table = element("table", element("thead", head), element("tbody", *rows), class_="figures")
    return element("div", table, class_="scrolls", tabindex="0")


def _taking(upload: Upload, texts: Texts) -> Html:
    number = len(upload.preview.questions)
    take = element(
        "button",
        text(texts("sets.take", count=number)),
        type="submit",
        class_="button",
        disabled=not number,
        data_testid="take-questions",
    )
    fields = (
        []
        if upload.set_id
        else [
            line_field("name", texts("sets.name"), Path(upload.name).stem[:120], required=True),
            checkbox("held_out", texts("sets.hold_out"), False),
        ]
    )
    return element(
        "form",
        *fields,
        take,
        class_="line",
        data_event="take_questions",
        data_fields=True,
        data_drawn=upload.path.name,
        data_testid="taking",
    )
