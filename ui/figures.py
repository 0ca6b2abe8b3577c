"""The figures of a run: its variants' metrics with intervals, costs, failures and manifest."""

import json
from collections.abc import Mapping, Sequence

from core.evaluation.gate import Check, passes
from core.evaluation.metrics import METRICS, Metric
from core.evaluation.outcomes import Mean, standing_at
from core.evaluation.plots import Estimate, as_html, intervals_figure, latencies
from core.trials import Result, Run
from core.types import Variant
from ui.locale import Texts
from ui.markup import Html, action, element, icon, join, text
from ui.wording import variant_label

FAILURES = 50
"""Failures that are listed before the rest is only counted."""


def metric_label(key: str, texts: Texts) -> str:
    """A metric's name in the reader's language, or its key."""
    return texts.known("metric", key)


def figure(value: float, unit: str, texts: Texts) -> str:
    """A metric's value with its unit: a share as .412, seconds, or a rate."""
    digits = {"seconds": 2, "per second": 1}.get(unit, 3)
    number = f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return texts("answer.total", seconds=number) if unit == "seconds" else number


def render_metric(metric: Metric, texts: Texts) -> Html:
    """A metric's name; its definition and source show under the pointer or the focus."""
    tip = f"tip-{metric.key.replace('@', '-')}"
    definition = texts.known("metric_is", metric.key)
    direction = texts("metric.higher" if metric.higher_is_better else "metric.lower")
    return element(
        "span",
        text(metric_label(metric.key, texts)),
        element(
            "span",
            element("span", text(definition if definition != metric.key else "")),
            element("span", text(direction)),
            element("cite", text(texts("metric.source", source=metric.source))),
            class_="tip",
            role="tooltip",
            id=tip,
        ),
        class_="term",
        tabindex="0",
        aria_describedby=tip,
    )


def render_figures(
    run: Run,
    standings: Sequence[Mapping[str, Mean]],
    results: Sequence[Result],
    in_force: Variant,
    texts: Texts,
) -> Html:
    """A row for each metric that applies and a column for each variant; the best one stands out."""
    shown = [each for each in METRICS if any(each.key in means for means in standings)]
    if not shown:
        return element("p", text(texts("runs.no_figures")), class_="empty")
    same = standing_at(run.variants, in_force)
    head = element(
        "tr",
        element("th", text(texts("runs.metric")), scope="col"),
        *(
            element(
                "th",
                text(variant_label(each, texts)),
                element("span", text(texts("runs.in_force")), class_="tag")
                if at in same
                else Html(""),
                scope="col",
                class_="amount",
            )
            for at, each in enumerate(run.variants)
        ),
    )
    rows = [_row(each, standings, texts) for each in shown]
    table = element(
        "table",
        element("thead", head),
        element("tbody", *rows, *_costs(run, results, texts)),
        class_="figures",
        aria_label=texts("runs.metrics"),
        data_testid="metrics",
    )
    return element(
        "section",
        element("h2", text(texts("runs.metrics"))),
        element("p", text(texts("runs.interval")), class_="facts"),
        element("div", table, class_="scrolls", tabindex="0"),
    )


def _row(metric: Metric, standings: Sequence[Mapping[str, Mean]], texts: Texts) -> Html:
    there = [means[metric.key].value for means in standings if metric.key in means]
    best = max(there) if metric.higher_is_better else min(there)
    cells = []
    for means in standings:
        mean = means.get(metric.key)
        if mean is None:
            cells.append(element("td", text("–"), class_="amount none"))
            continue
        stands_out = len(there) > 1 and min(there) < max(there) and mean.value == best
        cells.append(
            element(
                "td",
                element("span", text(figure(mean.value, metric.unit, texts)), class_="mean"),
                _interval(mean, metric, texts),
                class_="amount best" if stands_out else "amount",
                title=texts("sets.questions", count=mean.questions),
            )
        )
    name = element("th", render_metric(metric, texts), scope="row")
    return element("tr", name, *cells, data_metric=metric.key)


def _interval(mean: Mean, metric: Metric, texts: Texts) -> Html:
    if mean.low is None or mean.high is None:
        return Html("")
    low, high = (figure(each, metric.unit, texts) for each in (mean.low, mean.high))
    return element("small", text(texts("runs.from_to", low=low, high=high)), class_="spread")


def _costs(run: Run, results: Sequence[Result], texts: Texts) -> list[Html]:
    """What each variant took: engine time and tokens, and how many questions failed."""
    own = [[each for each in results if each.position == at] for at in range(len(run.variants))]
    rows = (
        ("seconds", [f"{sum(each.seconds for each in part):,.0f} s" for part in own]),
        ("tokens", [f"{sum(each.tokens for each in part):,}" for part in own]),
        ("failed", [f"{sum(bool(each.error) for each in part):,}" for part in own]),
    )
    return [
        element(
            "tr",
            element("th", text(texts(f"runs.cost.{name}")), scope="row"),
            *(element("td", text(words), class_="amount") for words in cells),
            class_="cost",
        )
        for name, cells in rows
    ]


def render_failures(
    run: Run, results: Sequence[Result], asked: Mapping[str, str], texts: Texts
) -> Html:
    """Every question that failed, under which variant and why."""
    failed = [each for each in results if each.error]
    if not failed:
        return Html("")
    rows = [
        element(
            "li",
            element("strong", text(asked.get(each.question_id, each.question_id)), dir="auto"),
            element("span", text(variant_label(run.variants[each.position], texts)), class_="tag"),
            element("span", text(texts.said(each.error)), class_="why"),
        )
        for each in failed[:FAILURES]
    ]
    label = texts("runs.failures", count=len(failed))
    return element(
        "details",
        element("summary", icon("unsupported"), text(label), icon("chevron")),
        element("ul", *rows),
        class_="card folded failures",
        open=len(failed) <= 3,
        data_testid="run-failures",
    )


def render_manifest(run: Run, texts: Texts) -> Html:
    """Everything that is needed to repeat the run, as it was stored."""
    rows = [
        element("div", element("dt", text(texts.known("manifest", key))), _value(value))
        for key, value in run.manifest.items()
        if value not in ("", None, [], {})
    ]
    if not rows:
        return Html("")
    return element(
        "details",
        element("summary", text(texts("runs.manifest")), icon("chevron")),
        element("dl", *rows),
        class_="card folded",
        data_testid="run-manifest",
    )


def _value(value: object) -> Html:
    plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    return element("dd", element("pre", text(plain)))


def render_promote(
    run: Run,
    in_force: Variant,
    gates: Sequence[Sequence[Check]],
    texts: Texts,
    *,
    may_promote: bool,
) -> Html:
    """For each variant whether it passes the gate, its checks, and the way to put it in force.

    Who may do that may set the limits of the gate; the others read.
    """
    limits = action(
        "ask_limits", text(texts("limits.open")), class_="button quiet", data_testid="ask-limits"
    )
    rows, same = [], standing_at(run.variants, in_force)
    for at, (variant, checks) in enumerate(zip(run.variants, gates, strict=True)):
        passed = passes(checks)
        verdict = "passed" if passed else "stopped"
        unjudged = sum(not each.is_judged for each in checks)
        sign = icon("check" if passed else "unsupported")
        rows.append(
            element(
                "li",
                element("strong", text(variant_label(variant, texts))),
                element(
                    "span",
                    sign,
                    text(texts(f"gate.{verdict}")),
                    class_="badge ready" if passed else "badge failed",
                ),
                element("small", text(texts("gate.unjudged", count=unjudged)))
                if passed and unjudged
                else Html(""),
                element("span", text(texts("runs.in_force")), class_="tag")
                if at in same
                else Html(""),
                action(
                    "ask_promotion",
                    text(texts("gate.look" if may_promote else "gate.checks")),
                    value={"run": run.id, "position": at},
                    class_="button quiet",
                    data_testid="ask-promotion",
                ),
                data_testid="gate",
                data_passed=verdict,
            )
        )
    return join(
        (
            element("h2", text(texts("gate.heading"))),
            element("p", text(texts("gate.lead")), class_="facts"),
            element("ul", *rows, class_="shelf gate"),
            element("div", limits) if may_promote else Html(""),
        )
    )


def render_plots(
    run: Run, standings: Sequence[Mapping[str, Mean]], results: Sequence[Result], texts: Texts
) -> Html:
    """The shares with their intervals, and how the times of the stages are spread."""
    shares = {
        variant_label(variant, texts): [
            Estimate(metric_label(each.key, texts), mean.value, mean.low, mean.high)
            for each in METRICS
            if each.unit == "share" and (mean := means.get(each.key))
            if mean.low is not None and mean.high is not None
        ]
        for variant, means in zip(run.variants, standings, strict=True)
    }
    stages = [each for each in METRICS if each.unit == "seconds"]
    times = {
        variant_label(variant, texts): {
            metric_label(each.key, texts): [
                one.metrics[each.key]
                for one in results
                if one.position == at and each.key in one.metrics
            ]
            for each in stages
        }
        for at, variant in enumerate(run.variants)
    }
    if not any(shares.values()):
        return Html("")
    bars = intervals_figure(shares, title=texts("runs.metrics"), axis="")
    spread = latencies(times, title=texts("runs.times"), axis=texts("runs.seconds"))
    return element(
        "details",
        element("summary", text(texts("runs.plots")), icon("chevron")),
        element("div", Html(as_html(bars)), Html(as_html(spread))),
        class_="card folded plots",
        data_testid="run-plots",
    )
