"""What the gate of a matter asks for: the dialog in which an owner sets it."""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence

import gradio as gr

from core.deeds import Deed
from core.errors import PinciteError
from core.evaluation.gate import ANSWERED, DEFAULT_RULES
from core.evaluation.metrics import KEYS, METRICS
from core.trials import Rule
from ui.fields import dialog_buttons, render_dialog
from ui.figures import metric_label
from ui.locale import Texts
from ui.markup import Html, action, attributes, element, text
from ui.page import Desk, Page, Updates, value_of

BOUNDS = ("at_least", "at_most", "worst_drop")
"""The fields of a rule."""
_UNITS = {each.key: each.unit for each in METRICS}
_LONGEST = 40


def limits_dialog(
    page: Page, regions: Sequence[object], draw: Callable[[Desk], Awaitable[Updates]]
) -> None:
    """Let owners set the gate's limits; ``draw`` draws ``regions`` anew by them."""
    database = page.services.database

    async def ask_limits(desk: Desk) -> Updates:
        own = await database.limits(desk.matter_id)
        drawn = render_limits(typed_of(own or DEFAULT_RULES), desk.texts, is_own=bool(own))
        return {page.dialog: drawn}

    async def set_limits(desk: Desk, fired: gr.EventData) -> Updates:
        typed = {
            field: value_of(fired, field, str, "").strip()[:_LONGEST]
            for metric in (ANSWERED, *KEYS)
            for field in (f"{bound} {metric}" for bound in BOUNDS)
        }
        try:
            await database.set_limits(desk.matter_id, rules_of(typed))
        except PinciteError as error:
            told = desk.texts.said(error.reason, error.remedy)
            own = await database.limits(desk.matter_id)
            again = render_limits(typed, desk.texts, is_own=bool(own), trouble=told)
            return {page.dialog: again}
        return await changed(desk)

    async def reset_limits(desk: Desk) -> Updates:
        await database.set_limits(desk.matter_id, ())
        return await changed(desk)

    async def changed(desk: Desk) -> Updates:
        await page.record(desk, Deed.LIMITS_CHANGED)
        return {page.dialog: ""} | await draw(desk)

    page.on("ask_limits", ask_limits, [page.dialog])
    page.on("set_limits", set_limits, [page.dialog, *regions])
    page.on("reset_limits", reset_limits, [page.dialog, *regions])


def typed_of(rules: Sequence[Rule]) -> dict[str, str]:
    """What the fields of the form hold for these rules, by ``{bound} {metric}``."""
    return {
        f"{bound} {rule.metric}": f"{value:.10g}"
        for rule in rules
        for bound in BOUNDS
        if (value := getattr(rule, bound)) is not None
    }


def rules_of(typed: Mapping[str, str]) -> tuple[Rule, ...]:
    """The rules that were typed; raises ``PinciteError`` for what is no limit, and for none."""
    rules = []
    for metric in (ANSWERED, *KEYS):
        at_least, at_most, worst_drop = (_limit(typed[f"{bound} {metric}"]) for bound in BOUNDS)
        if worst_drop is not None and worst_drop < 0:
            raise PinciteError("A drop that is allowed is 0 or more.", "Check the limits.")
        if (at_least, at_most, worst_drop) != (None, None, None):
            rules.append(Rule(metric, at_least, at_most, worst_drop))
    if not rules:
        raise PinciteError("A gate without a limit stops nothing.", "Give one, or reset them.")
    return tuple(rules)


def _limit(typed: str) -> float | None:
    if not typed:
        return None
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PinciteError(f"“{typed}” is not a number.", "Check the limits.")
    return value


def render_limits(
    typed: Mapping[str, str], texts: Texts, *, is_own: bool, trouble: str = ""
) -> Html:
    """A row for each metric with a field for each limit."""
    head = element(
        "tr",
        element("th", text(texts("runs.metric")), scope="col"),
        *(element("th", text(texts(f"limits.{bound}")), scope="col") for bound in BOUNDS),
    )
    rows = [_row(metric, typed, texts) for metric in (ANSWERED, *KEYS)]
    table = element(
        "table", element("thead", head), element("tbody", *rows), class_="figures limits"
    )
    reset = action(
        "reset_limits",
        text(texts("limits.reset")),
        class_="button quiet",
        data_testid="reset-limits",
    )
    form = element(
        "form",
        element("div", table, class_="scrolls"),
        dialog_buttons(texts("limits.save"), texts),
        data_event="set_limits",
        data_fields=True,
    )
    whose = texts("limits.own" if is_own else "limits.given")
    return render_dialog(
        texts("limits.heading"),
        element("p", text(texts("limits.lead")), class_="facts"),
        element("p", text(whose), class_="facts", data_testid="limits-whose"),
        reset if is_own else Html(""),
        form,
        trouble=trouble,
        testid="limits",
        is_read=True,
    )


def _row(metric: str, typed: Mapping[str, str], texts: Texts) -> Html:
    label, kind = metric_label(metric, texts), _UNITS.get(metric, "share")
    cells = []
    for bound in BOUNDS:
        tag = attributes(
            type="number",
            name=f"{bound} {metric}",
            value=typed.get(f"{bound} {metric}", ""),
            min=0,
            max=1 if kind == "share" else None,
            step="any",
            aria_label=f"{label}: {texts(f'limits.{bound}')}",
        )
        cells.append(element("td", Html(f"<input{tag}>")))
    unit = element("small", text(texts(f"limits.{kind.replace(' ', '_')}")))
    return element("tr", element("th", text(label), unit, scope="row"), *cells)
