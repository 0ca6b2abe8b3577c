"""How long each stage of a run's answers took: the median and the 95th percentile."""

from collections.abc import Sequence

from core.evaluation.metrics import METRICS, percentiles
from core.trials import Result, Run
from ui.figures import figure, metric_label
from ui.locale import Texts
from ui.markup import Html, element, text
from ui.wording import variant_label


def render_stages(run: Run, results: Sequence[Result], texts: Texts) -> Html:
    """A row for each stage and two columns for each variant; nothing where no time is known."""
    own = [[each for each in results if each.position == at] for at in range(len(run.variants))]
    spreads = [percentiles(part) for part in own]
    # The whole answer comes last, below its stages.
    timed = sorted(
        (each for each in METRICS if any(each.key in spread for spread in spreads)),
        key=lambda each: each.key == "seconds",
    )
    if not timed:
        return Html("")
    rows = [
        element(
            "tr",
            element("th", text(metric_label(metric.key, texts)), scope="row"),
            *(
                element("td", text(_told(spread.get(metric.key), at, texts)), class_="amount")
                for spread in spreads
                for at in range(2)
            ),
            data_stage=metric.key,
        )
        for metric in timed
    ]
    table = element(
        "table",
        element("thead", *_head(run, texts)),
        element("tbody", *rows),
        class_="figures",
        aria_label=texts("runs.times"),
        data_testid="stages",
    )
    return element(
        "section",
        element("h2", text(texts("runs.times"))),
        element("p", text(texts("stages.lead")), class_="facts"),
        element("div", table, class_="scrolls", tabindex="0"),
    )


def _head(run: Run, texts: Texts) -> tuple[Html, Html]:
    names = (
        element("th", text(variant_label(each, texts)), scope="colgroup", colspan=2,
                class_="amount")
        for each in run.variants
    )  # fmt: skip
    columns = (
        element("th", text(texts(f"stages.{name}")), scope="col", class_="amount")
        for _ in run.variants
        for name in ("p50", "p95")
    )
    stage = element("th", text(texts("stages.stage")), scope="col", rowspan=2)
    return element("tr", stage, *names), element("tr", *columns)


def _told(spread: tuple[float, float] | None, at: int, texts: Texts) -> str:
    return figure(spread[at], "seconds", texts) if spread else "–"
