"""What a run came to: the means of its variants with intervals, the gate, and paired questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.evaluation.gate import DEFAULT_RULES, Check, judge
from core.evaluation.metrics import LOWER_IS_BETTER, METRICS, per_question
from core.evaluation.significance import interval
from core.evaluation.variants import differences
from core.trials import Result, Run, SetQuestion
from core.types import Variant

Values = Mapping[str, Mapping[str, float]]
"""A variant's metrics by question: ``values[question_id][metric]``."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over questions with its 95 % bootstrap interval; without one below two questions."""

    value: float
    low: float | None
    high: float | None
    questions: int


@dataclass(frozen=True, slots=True)
class Change:
    """A question's metric under two variants."""

    question_id: str
    first: float
    second: float

    @property
    def difference(self) -> float:
        """How much higher the second is."""
        gap = self.second - self.first
        return gap if abs(gap) > 1e-9 else 0.0

    @property
    def values(self) -> tuple[float, float]:
        """What the first and the second came to."""
        return self.first, self.second


def standing(values: Values) -> dict[str, Mean]:
    """The mean of each metric over the questions that have it, in the order of ``METRICS``.

    Its interval is ``significance.interval``'s.
    """
    found = {}
    for metric in METRICS:
        column = [each[metric.key] for each in values.values() if metric.key in each]
        if column:
            found[metric.key] = _mean(column)
    return found


def _mean(column: Sequence[float]) -> Mean:
    value = sum(column) / len(column)
    if len(column) < 2:
        return Mean(value, None, None, len(column))
    return Mean(value, *interval(column), len(column))


def standings(run: Run, results: Sequence[Result]) -> tuple[dict[str, Mean], ...]:
    """The means of each of a run's variants, by its position."""
    return tuple(standing(per_question(results, at)) for at in range(len(run.variants)))


def changes(first: Values, second: Values, metric: str) -> tuple[Change, ...]:
    """The questions for which both have the metric, those that lost most first.

    For a metric that is better when lower, what rose has lost.
    """
    sign = -1 if metric in LOWER_IS_BETTER else 1
    found = [
        Change(key, first[key][metric], second[key][metric])
        for key in first
        if metric in first[key] and metric in second.get(key, {})
    ]
    return tuple(sorted(found, key=lambda each: sign * each.difference))


def is_better(change: Change, metric: str) -> bool:
    """Whether the second variant did better on the question."""
    return (change.difference > 0) != (metric in LOWER_IS_BETTER)


def gate(
    run: Run, results: Sequence[Result], position: int, in_force: Variant
) -> tuple[Check, ...]:
    """The gate's checks of one variant, against the one in force.

    Where the run lacks that one no loss can be judged, and the gate stays shut; for the variant
    in force itself, under whatever name, there is none.
    """
    same = [at for at, each in enumerate(run.variants) if not differences(each, in_force)]
    return judge(
        DEFAULT_RULES,
        _figures(results, position),
        _figures(results, same[0]) if same else None,
        LOWER_IS_BETTER,
        is_in_force=position in same,
    )


def _figures(results: Sequence[Result], position: int) -> Values:
    """A variant's metrics by question; a question that failed is there with none."""
    own = (each for each in results if each.position == position)
    return {each.question_id: {} if each.error else each.metrics for each in own}


def rows(
    run: Run, results: Sequence[Result], asked: Mapping[str, SetQuestion]
) -> list[dict[str, object]]:
    """A row for each answer of a run, for a table: what was asked, what came of it, the metrics."""
    keys = [each.key for each in METRICS if any(each.key in one.metrics for one in results)]
    listed: list[dict[str, object]] = []
    for each in results:
        known, answer = asked.get(each.question_id), each.answer
        row: dict[str, object] = {
            "run": run.id,
            "variant": run.variants[each.position].name,
            "question_id": each.question_id,
            "question": known.question if known else "",
            "tags": ", ".join(known.tags) if known else "",
            "kind": str(answer.kind) if answer else "",
            "verdict": str(answer.verdict) if answer else "",
            "answer": answer.text if answer else "",
            "error": each.error,
            "seconds": each.seconds,
            "tokens": each.tokens,
        }
        listed.append(row | {f"metric {key}": each.metrics.get(key) for key in keys})
    return listed
