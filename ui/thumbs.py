"""What a person thinks of an answer: thumbs, what is wrong with it, and a remark."""

from collections.abc import Sequence

from core.errors import PinciteError
from core.trials import Fault, Feedback
from ui.locale import Texts
from ui.markup import Html, action, element, icon, join, text


def render_thumbs(message_id: str, given: Feedback | None, texts: Texts) -> Html:
    """A thumb up and one down, the given one pressed, and the way to compare the answer."""
    thumbs = []
    for key, is_good in (("good", True), ("poor", False)):
        pressed = given is not None and given.is_good is is_good
        thumbs.append(
            action(
                "unrate_answer" if pressed else "rate_answer",
                icon("thumb"),
                value={"id": message_id, "good": is_good},
                class_=f"tool thumb {key}",
                aria_pressed="true" if pressed else "false",
                aria_label=texts(f"thumb.{key}"),
                title=texts(f"thumb.{key}"),
                data_testid=f"thumb-{key}",
            )
        )
    compare = action(
        "compare_with",
        icon("sides"),
        element("span", text(texts("thumb.compare"))),
        value={"id": message_id},
        class_="tool",
        data_then="evaluation",
        data_testid="compare-with",
        title=texts("thumb.compare_more"),
    )
    return join((*thumbs, compare))


def render_remark(given: Feedback | None, texts: Texts) -> Html:
    """Below an answer that was found poor: what was wrong with it."""
    if given is None or given.is_good:
        return Html("")
    told = given.faults or given.note
    save = element(
        "button",
        text(texts("thumb.change") if told else texts("thumb.tell")),
        class_="button quiet",
        data_testid="tell-why",
    )
    return element(
        "form",
        render_faults(texts("thumb.why"), texts, given.faults),
        element("div", render_note(texts, given.note), save, class_="row"),
        class_="remark",
        data_event="rate_answer",
        data_value={"id": given.message_id, "good": False},
        data_lists="faults",
        data_keep=True,
        data_testid="remark",
    )


def render_faults(legend: str, texts: Texts, ticked: Sequence[Fault] = ()) -> Html:
    """What may be wrong with an answer, to be ticked, under a ``legend``."""
    boxes = []
    for fault in Fault:
        checked = " checked" if fault in ticked else ""
        field = Html(f'<input type="checkbox" name="faults" value="{text(fault)}"{checked}>')
        boxes.append(element("label", field, element("span", text(texts(f"fault.{fault}")))))
    return element("fieldset", element("legend", text(legend)), *boxes, class_="faults")


def render_note(texts: Texts, note: str = "") -> Html:
    """A field for a remark on an answer."""
    label = text(texts("ballot.note"))
    return Html(
        f'<input type="text" name="note" maxlength="2000" autocomplete="off" value="{text(note)}"'
        f' placeholder="{label}" aria-label="{label}" data-testid="note">'
    )


def faults_sent(faults: Sequence[object]) -> tuple[Fault, ...]:
    """The reasons that were ticked; raises ``PinciteError`` for what is none."""
    try:
        return tuple(Fault(str(each)) for each in faults)
    except ValueError as error:
        raise PinciteError(
            "The page sent something that cannot be read.", "Reload the page."
        ) from error
