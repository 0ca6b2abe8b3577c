"""The gate's checks of a variant, and the dialog that puts it in force."""

from collections.abc import Sequence

from core.evaluation.gate import Check, passes
from core.evaluation.metrics import METRICS
from core.trials import Run
from ui.fields import dialog_buttons, render_dialog, words_field
from ui.figures import figure, metric_label
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.wording import variant_label

_UNITS = {each.key: each.unit for each in METRICS}


def render_promotion(
    run: Run,
    position: int,
    checks: Sequence[Check],
    texts: Texts,
    *,
    may_promote: bool,
    reason: str = "",
    trouble: str = "",
) -> Html:
    """Every check with its figures, and the form that puts the variant in force for an owner."""
    passed = passes(checks)
    name = variant_label(run.variants[position], texts)
    opens = "gate.passes" if all(each.is_judged for each in checks) else "gate.passes_judged"
    verdict = texts(opens if passed else "gate.does_not_pass", name=name)
    told = element(
        "p",
        icon("check" if passed else "unsupported"),
        text(verdict),
        class_="badge ready" if passed else "badge failed",
        data_testid="gate-verdict",
    )
    table = _table(checks, texts)
    if not may_promote:
        close = action("close_dialog", text(texts("gate.close")), class_="button quiet")
        buttons = element("div", close, class_="buttons")
        return render_dialog(
            texts("gate.heading"), told, table, buttons, testid="promotion", is_read=True
        )
    label = texts("gate.note" if passed else "gate.reason")
    form = element(
        "form",
        words_field("reason", label, reason),
        dialog_buttons(texts("gate.put_in_force"), texts),
        data_event="promote_variant",
        data_value={"run": run.id, "position": position},
        data_fields=True,
    )
    return render_dialog(
        texts("gate.heading"), told, table, form, trouble=trouble, testid="promotion", is_read=True
    )


def _table(checks: Sequence[Check], texts: Texts) -> Html:
    columns = ("metric", "rule", "value", "baseline", "verdict")
    head = element(
        "tr", *(element("th", text(texts(f"gate.column.{name}")), scope="col") for name in columns)
    )
    return element(
        "div",
        element(
            "table",
            element("thead", head),
            element("tbody", *(_row(each, texts) for each in checks)),
            class_="figures",
            data_testid="gate-checks",
        ),
        class_="scrolls",
        tabindex="0",
    )


def _row(check: Check, texts: Texts) -> Html:
    unit = _UNITS.get(check.rule.metric, "share")

    def number(value: float | None) -> str:
        return "–" if value is None else figure(value, unit, texts)

    key, sign, kind = "gate.stopped", "unsupported", "failed"
    if check.passed:
        key, sign, kind = "gate.passed", "check", "ready"
    if not check.is_judged:
        key, sign, kind = "gate.not_judged", "partly", "waiting"
    label = metric_label(check.rule.metric, texts)
    why = check.told(label, texts.said)
    return element(
        "tr",
        element("th", text(label), scope="row"),
        element("td", text(_rule(check, unit, texts))),
        element("td", text(number(check.value)), class_="amount"),
        element("td", text(number(check.baseline)), class_="amount"),
        element(
            "td",
            element(
                "span",
                icon(sign),
                text(texts(key)),
                class_=f"badge {kind}",
                title=why or None,
            ),
            element("small", text(why)) if kind != "ready" else Html(""),
        ),
    )


def _rule(check: Check, unit: str, texts: Texts) -> str:
    rule = check.rule
    limits = (
        ("gate.at_least", rule.at_least),
        ("gate.at_most", rule.at_most),
        ("gate.worst_drop", rule.worst_drop),
    )
    return texts.list_of_words(
        *(
            texts(key, value=figure(limit, unit, texts))
            for key, limit in limits
            if limit is not None
        )
    )
