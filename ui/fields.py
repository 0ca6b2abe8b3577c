"""The fields of forms in the views of evaluation, and the marks that these share."""

from collections.abc import Sequence

from core.types import Role
from ui.locale import Texts
from ui.markup import Html, action, attributes, element, icon, text
from ui.page import Desk


def may(desk: Desk, need: Role) -> bool:
    """Whether the person at the desk has that role here: what they may not do is not offered."""
    return desk.role is not None and desk.role.allows(need)


def line_field(
    name: str, label: str, value: str = "", *, type_: str = "text", required: bool = False
) -> Html:
    """A labelled line to type in."""
    tag = attributes(
        type=type_, name=name, value=value, required=required, autocomplete="off",
        min=1 if type_ == "number" else None,
        data_testid=f"field-{name}",
    )  # fmt: skip
    return element("label", element("span", text(label)), Html(f"<input{tag}>"), class_="field")


def words_field(name: str, label: str, value: str = "", rows: int = 2) -> Html:
    """A labelled place for several lines."""
    area = element(
        "textarea", text(value), name=name, rows=rows, dir="auto", data_testid=f"field-{name}"
    )
    return element("label", element("span", text(label)), area, class_="field wide")


def checkbox(name: str, label: str, checked: bool, value: str = "on") -> Html:
    """A labelled tick."""
    tag = attributes(
        type="checkbox", name=name, value=value, checked=checked, data_testid=f"field-{name}"
    )
    return element("label", Html(f"<input{tag}>"), element("span", text(label)), class_="tick")


def dropdown(name: str, label: str, choices: Sequence[tuple[str, str]], chosen: str) -> Html:
    """A labelled choice of one from (value, words)."""
    options = [
        element("option", text(words), value=value, selected=value == chosen)
        for value, words in choices
    ]
    select = element("select", *options, name=name, data_testid=f"field-{name}")
    return element("label", element("span", text(label)), select, class_="field")


def hold_out_mark(texts: Texts) -> Html:
    """The mark of a set that is for the last judgement only."""
    return element(
        "span", text(texts("sets.held_out")), class_="tag", title=texts("sets.held_out_more")
    )


def render_dialog(
    heading: str,
    *content: Html,
    trouble: str = "",
    testid: str = "dialog",
    is_read: bool = False,
) -> Html:
    """A dialog over the page; the browser opens it as soon as it is drawn, and Escape closes it.

    One that ``is_read`` begins at its heading, others at their first field.
    """
    told = (
        element("p", text(trouble), class_="notice", role="alert", data_testid="trouble")
        if trouble
        else Html("")
    )
    return element(
        "dialog",
        element("h2", text(heading), tabindex="-1", autofocus=is_read),
        told,
        *content,
        class_="dialog broad",
        aria_label=heading,
        data_modal=True,
        data_testid=testid,
    )


def dialog_buttons(label: str, texts: Texts) -> Html:
    """The two ways out of a dialog's form."""
    return element(
        "div",
        element("button", text(label), type="submit", class_="button", data_testid="submit"),
        action(
            "close_dialog",
            text(texts("dialog.cancel")),
            class_="button quiet",
            data_testid="close-dialog",
        ),
        class_="buttons",
    )


def back_button(event: str, label: str, value: dict[str, object]) -> Html:
    """The way back to the list that something was opened from."""
    return action(
        event,
        icon("left"),
        element("span", text(label)),
        value=value,
        class_="tool back",
        data_testid="back",
    )
