"""What a run came to: the means of its variants with intervals, the gate, and paired questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.evaluation.gate import DEFAULT_RULES, Check, judge
from core.evaluation.metrics import METRICS, per_question
from core.trials import Result, Run
from core.types import Variant

RESAMPLES = 1000
LOWER_IS_BETTER = frozenset(each.key for each in METRICS if not each.higher_is_better)

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
        return self.second - self.first


def standing(values: Values) -> dict[str, Mean]:
    """The mean of each metric over the questions that have it, in the order of ``METRICS``.

    The interval is the percentile bootstrap's (Efron and Tibshirani 1993, chapter 13), from 1,000
    resamples of the questions drawn with a fixed seed.
    """
    found = {}
    for metric in METRICS:
        column = [each[metric.key] for each in values.values() if metric.key in each]
        if column:
            found[metric.key] = _mean(column)
    return found


def _mean(column: Sequence[float]) -> Mean:
    import numpy as np

    numbers = np.asarray(column, dtype=float)
    if len(numbers) < 2:
        return Mean(float(numbers[0]), None, None, 1)
    drawn = np.random.default_rng(0).integers(0, len(numbers), (RESAMPLES, len(numbers)))
    low, high = np.percentile(numbers[drawn].mean(axis=1), (2.5, 97.5))
    return Mean(float(numbers.mean()), float(low), float(high), len(numbers))


def standings(run: Run, results: Sequence[Result]) -> tuple[dict[str, Mean], ...]:
    """The means of each of a run's variants, by its position."""
    return tuple(standing(per_question(results, at)) for at in range(len(run.variants)))


def changes(first: Values, second: Values, metric: str) -> tuple[Change, ...]:
    """The questions whose metric differs, those that lost most first; both have to have it.

    For a metric that is better when lower, what rose has lost.
    """
    sign = -1 if metric in LOWER_IS_BETTER else 1
    found = [
        Change(key, first[key][metric], second[key][metric])
        for key in first
        if metric in first[key] and metric in second.get(key, {})
    ]
    moved = [each for each in found if abs(each.difference) > 1e-9]
    return tuple(sorted(moved, key=lambda each: sign * each.difference))


def is_better(change: Change, metric: str) -> bool:
    """Whether the second variant did better on the question."""
    return (change.difference > 0) != (metric in LOWER_IS_BETTER)


def gate(
    run: Run, results: Sequence[Result], position: int, in_force: Variant
) -> tuple[Check, ...]:
    """The gate's checks of one variant, against the one in force where the run has both."""
    base = next((at for at, each in enumerate(run.variants) if each == in_force), None)
    baseline = None if base in (None, position) else per_question(results, base or 0)
    candidate = per_question(results, position)
    return judge(DEFAULT_RULES, candidate, baseline, LOWER_IS_BETTER)
