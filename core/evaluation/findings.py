"""What a run came to, put together once for every report of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.evaluation.gate import Check
from core.evaluation.significance import Difference, differences, interval
from core.trials import QuestionSet, Result, Run, SetQuestion


class Metric(Protocol):
    """What a report asks of a metric (``core.evaluation.metrics`` has them)."""

    @property
    def key(self) -> str:
        """Its name in results."""

    @property
    def source(self) -> str:
        """Where it is defined."""

    @property
    def unit(self) -> str:
        """``share``, ``seconds`` or ``per second``."""

    @property
    def higher_is_better(self) -> bool:
        """Whether more of it is better."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over ``questions`` with its 95 % interval, and how its values are spread."""

    value: float
    low: float
    high: float
    median: float
    p95: float
    questions: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric, with the mean of each variant; ``None`` where a variant has no value."""

    metric: str
    unit: str
    source: str
    higher_is_better: bool
    means: tuple[Mean | None, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """A variant, by its position in the run, against the baseline."""

    position: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what each variant made of it; ``None`` where it has not been asked."""

    question: SetQuestion
    results: tuple[Result | None, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report of a run says.

    ``baseline`` is the position of the variant that the others are compared with.  ``judged`` is
    the position of the one that ``checks`` are about.
    """

    run: Run
    question_set: QuestionSet
    baseline: int
    judged: int
    measured: tuple[Measured, ...]
    compared: tuple[Compared, ...]
    checks: tuple[Check, ...]
    asked: tuple[Asked, ...]


def report(
    run: Run,
    results: Sequence[Result],
    question_set: QuestionSet,
    questions: Sequence[SetQuestion],
    metrics: Sequence[Metric],
    *,
    checks: Sequence[Check] = (),
    baseline: int = 0,
    judged: int = -1,
) -> Report:
    """Put a report together; blocking, seconds for hundreds of questions.

    ``results`` are the run's, of all its variants; ``questions`` those of the version of the set
    that it asked.  Metrics that no result has are left out.  ``judged`` counts from the end where
    it is negative.
    """
    by_place = {(each.position, each.question_id): each for each in results}
    positions = range(len(run.variants))
    figures = [
        {each.question_id: each.metrics for each in results if each.position == at}
        for at in positions
    ]
    measured = []
    for metric in metrics:
        means = tuple(
            _mean([each[metric.key] for each in figures[at].values() if metric.key in each])
            for at in positions
        )
        if any(means):
            unit, better = metric.unit, metric.higher_is_better
            measured.append(Measured(metric.key, unit, metric.source, better, means))
    order = [each.metric for each in measured]
    compared = []
    for at in positions:
        if at != baseline:
            found = differences(figures[baseline], figures[at])
            known = [each for each in found if each.metric in order]
            known.sort(key=lambda each: order.index(each.metric))
            compared.append(Compared(at, tuple(known)))
    asked = [
        Asked(question, tuple(by_place.get((at, question.id)) for at in positions))
        for question in questions
    ]
    return Report(
        run, question_set, baseline, judged % len(run.variants), tuple(measured),
        tuple(compared), tuple(checks), tuple(asked),
    )  # fmt: skip


def _mean(values: Sequence[float]) -> Mean | None:
    if not values:
        return None
    import numpy as np

    low, high = interval(values)
    median, p95 = np.percentile(values, (50, 95))
    return Mean(float(np.mean(values)), low, high, float(median), float(p95), len(values))
