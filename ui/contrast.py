"""Two variants held against each other: differences, questions that moved, and both answers."""

from collections.abc import Mapping, Sequence

from core.evaluation.metrics import LOWER_IS_BETTER, METRICS
from core.evaluation.outcomes import Change, is_better
from core.evaluation.plots import as_html, scatter
from core.evaluation.significance import Difference
from core.trials import Result, Run, SetQuestion
from core.types import Variant
from ui.answer import render_answer
from ui.fields import dropdown
from ui.figures import figure, metric_label, render_metric
from ui.locale import Texts
from ui.markup import Html, action, element, icon, join, text
from ui.page import Pair
from ui.questions import render_gold
from ui.wording import variant_label

ROWS = 100
"""Questions that moved, listed at once."""
LEVEL = 0.05
"""Below this adjusted p a difference is called one."""
_METRICS = {each.key: each for each in METRICS}


def side_value(run_id: str, position: int) -> str:
    """A variant of a run as the value of a choice."""
    return f"{run_id}:{position}"


def render_contrast(
    runs: Sequence[Run],
    pair: Pair,
    differences: Sequence[Difference],
    both: Sequence[Change],
    asked: Mapping[str, SetQuestion],
    texts: Texts,
    changed: int = 0,
) -> Html:
    """The choice of two sides, what differs between them, and the questions that moved.

    ``changed`` questions are left out: the set's versions that the two answered differ in them.
    """
    moved = [each for each in both if each.difference]
    parts = [
        element("h2", text(texts("contrast.heading"))),
        _choice(runs, pair, differences, texts),
    ]
    if changed:
        told = texts("contrast.changed", count=changed)
        parts.append(element("p", text(told), class_="notice", role="note", data_testid="changed"))
    if not differences:
        parts.append(element("p", text(texts("contrast.nothing")), class_="facts"))
    else:
        parts += [
            _differences(differences, texts),
            _cloud(pair.metric, both, asked, texts),
            _moved(pair.metric, moved, asked, texts),
        ]
    return element("section", *parts, class_="versus", data_testid="versus")


def _choice(
    runs: Sequence[Run], pair: Pair, differences: Sequence[Difference], texts: Texts
) -> Html:
    sides = [
        (side_value(run.id, at), _side_label(run, variant, texts))
        for run in runs
        for at, variant in enumerate(run.variants)
    ]
    metrics = [(each.metric, metric_label(each.metric, texts)) for each in differences]
    return element(
        "form",
        dropdown("first", texts("contrast.first"), sides, side_value(*pair.first)),
        dropdown("second", texts("contrast.second"), sides, side_value(*pair.second)),
        dropdown("metric", texts("contrast.by"), metrics, pair.metric) if metrics else Html(""),
        class_="line",
        data_search="compare_runs",
        data_testid="versus-choice",
    )


def _side_label(run: Run, variant: Variant, texts: Texts) -> str:
    moment = run.created_at.astimezone()
    return texts.list_of_words(
        variant_label(variant, texts),
        f"{texts.date(moment)} {moment:%H:%M}",
        texts("sets.version", number=run.set_version),
    )


def _differences(differences: Sequence[Difference], texts: Texts) -> Html:
    columns = ("metric", "first", "second", "difference", "p", "says")
    head = element(
        "tr",
        *(
            element(
                "th",
                text(texts(f"contrast.column.{name}")),
                scope="col",
                class_=None if name in ("metric", "says") else "amount",
                title=texts("contrast.p_is") if name == "p" else None,
            )
            for name in columns
        ),
    )
    rows = [_difference(each, texts) for each in differences if each.metric in _METRICS]
    table = element(
        "table",
        element("thead", head),
        element("tbody", *rows),
        class_="figures",
        data_testid="differences",
    )
    return join(
        (
            element("div", table, class_="scrolls", tabindex="0"),
            element("p", text(texts("contrast.how")), class_="facts"),
        )
    )


def _cloud(
    metric: str, both: Sequence[Change], asked: Mapping[str, SetQuestion], texts: Texts
) -> Html:
    """One point a question: the first's value along, the second's up."""
    points = [
        (asked[each.question_id].question if each.question_id in asked else "", *each.values)
        for each in both
    ]
    figure = scatter(
        points,
        first=texts("contrast.first"),
        second=texts("contrast.second"),
        title=metric_label(metric, texts),
    )
    return element(
        "details",
        element("summary", text(texts("contrast.cloud")), icon("chevron")),
        element("div", Html(as_html(figure))),
        class_="card folded plots",
        data_testid="cloud",
    )


def _difference(each: Difference, texts: Texts) -> Html:
    metric = _METRICS[each.metric]

    def number(value: float, sign: str = "") -> str:
        return sign + figure(value, metric.unit, texts)

    plus = "+" if each.difference > 0 else ""
    interval = texts("runs.from_to", low=number(each.low), high=number(each.high))
    says, class_ = "no_difference", "even"
    if each.adjusted < LEVEL and each.difference:
        better = (each.difference > 0) != (each.metric in LOWER_IS_BETTER)
        says, class_ = ("better", "better") if better else ("worse", "worse")
    return element(
        "tr",
        element("th", render_metric(metric, texts), scope="row"),
        element("td", text(number(each.first)), class_="amount"),
        element("td", text(number(each.second)), class_="amount"),
        element(
            "td",
            element("span", text(number(each.difference, plus)), class_="mean"),
            element("small", text(interval), class_="spread"),
            class_="amount",
        ),
        element(
            "td",
            text(_probability(each.adjusted)),
            class_="amount",
            title=texts("contrast.unadjusted", p=_probability(each.p)),
        ),
        element("td", text(texts(f"contrast.{says}")), class_=f"says {class_}"),
        data_metric=each.metric,
        title=texts("sets.questions", count=each.questions),
    )


def _probability(p: float) -> str:
    return "< .001" if p < 0.001 else f"{p:.3f}"


def _moved(
    metric: str, moved: Sequence[Change], asked: Mapping[str, SetQuestion], texts: Texts
) -> Html:
    better = sum(is_better(each, metric) for each in moved)
    words = texts.list_of_words(
        texts("contrast.worse_count", count=len(moved) - better),
        texts("contrast.better_count", count=better),
    )
    head = join(
        (
            element("h2", text(texts("contrast.moved"))),
            element("p", text(words), class_="facts", data_testid="moved-counts"),
        )
    )
    if not moved:
        return head
    rows = [_change(each, metric, asked, texts) for each in moved[:ROWS]]
    more = len(moved) - ROWS
    tail = element("p", text(texts("sets.more", count=more)), class_="facts")
    return join((head, element("ul", *rows, class_="shelf moved"), tail if more > 0 else Html("")))


def _change(each: Change, metric: str, asked: Mapping[str, SetQuestion], texts: Texts) -> Html:
    unit = _METRICS[metric].unit
    better = is_better(each, metric)
    words = texts(
        "contrast.went",
        first=figure(each.first, unit, texts),
        second=figure(each.second, unit, texts),
    )
    known = asked.get(each.question_id)
    button = action(
        "open_pair",
        element("span", text(known.question if known else each.question_id), dir="auto"),
        value={"question_id": each.question_id},
        class_="open",
        data_testid="open-pair",
    )
    return element(
        "li",
        button,
        element("span", text(words), class_="facts"),
        element(
            "span",
            text(texts("contrast.better" if better else "contrast.worse")),
            class_="says better" if better else "says worse",
        ),
    )


def render_pair(
    asked: SetQuestion | None,
    sides: Sequence[tuple[Variant, Result | None]],
    moved: Sequence[Change],
    pair: Pair,
    texts: Texts,
) -> Html:
    """One question with both answers side by side, each over its sources and its metrics."""
    at = next((n for n, each in enumerate(moved) if each.question_id == pair.question_id), -1)

    def step(to: int, symbol: str, label: str) -> Html:
        there = at >= 0 and 0 <= to < len(moved)
        return action(
            "open_pair",
            icon(symbol),
            value={"question_id": moved[to].question_id if there else ""},
            class_="tool",
            disabled=not there,
            aria_label=label,
            title=label,
            data_testid=f"pair-{symbol}",
        )

    back = action(
        "open_pair",
        icon("left"),
        element("span", text(texts("contrast.back"))),
        value={"question_id": ""},
        class_="tool back",
        data_testid="close-pair",
    )
    nav = element(
        "nav",
        back,
        element("span", class_="space"),
        step(at - 1, "left", texts("contrast.previous")),
        element("span", text(texts("contrast.of", number=at + 1, count=len(moved))))
        if at >= 0
        else Html(""),
        step(at + 1, "right", texts("contrast.next")),
        class_="versions",
    )
    drawn = [_side(variant, result, texts) for variant, result in sides]
    return element(
        "section",
        nav,
        _asked(asked, texts) if asked else Html(""),
        element("div", *drawn, class_="sides"),
        class_="pair",
        data_testid="pair",
        data_reveal=pair.question_id,
    )


def _asked(asked: SetQuestion, texts: Texts) -> Html:
    parts = [element("h2", text(asked.question), class_="asked", dir="auto")]
    if asked.reference:
        label = element("span", text(texts("sets.field.reference")), class_="term-label")
        parts.append(element("p", label, text(asked.reference), class_="reference", dir="auto"))
    if asked.gold:
        gold = [element("li", render_gold(each, texts)) for each in asked.gold]
        parts.append(element("ul", *gold, class_="gold"))
    return join(parts)


def _side(variant: Variant, result: Result | None, texts: Texts) -> Html:
    if result is None or result.answer is None:
        why = texts.said(result.error) if result and result.error else texts("contrast.no_answer")
        body = element("p", text(why), class_="notice", role="note")
    else:
        body = render_answer(result.answer, texts)
    measured = [
        element(
            "li",
            element("span", text(metric_label(key, texts))),
            element("strong", text(figure(value, _METRICS[key].unit, texts))),
        )
        for key, value in (result.metrics if result else {}).items()
        if key in _METRICS
    ]
    return element(
        "section",
        element("h2", text(variant_label(variant, texts))),
        body,
        element("ul", *measured, class_="measured") if measured else Html(""),
        class_="side",
        data_testid="pair-side",
    )
