"""What a run came to, put together once for every report of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.evaluation.gate import Check
from core.evaluation.metrics import METRICS, per_question
from core.evaluation.outcomes import Mean, standings
from core.evaluation.significance import Difference, differences
from core.trials import QuestionSet, Result, Run, SetQuestion


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
class Judged:
    """A variant, by its position in the run, with the gate's checks of it."""

    position: int
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what each variant made of it; ``None`` where it has not been asked."""

    question: SetQuestion
    results: tuple[Result | None, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report of a run says.

    ``baseline`` is the position of the variant that the others are compared with.
    """

    run: Run
    question_set: QuestionSet
    baseline: int
    measured: tuple[Measured, ...]
    compared: tuple[Compared, ...]
    judged: tuple[Judged, ...]
    asked: tuple[Asked, ...]


def report(
    run: Run,
    results: Sequence[Result],
    question_set: QuestionSet,
    questions: Sequence[SetQuestion],
    *,
    judged: Sequence[Judged] = (),
    baseline: int = 0,
) -> Report:
    """Put a report together; blocking, seconds for hundreds of questions.

    ``results`` are the run's, of all its variants; ``questions`` those of the version of the set
    that it asked.  Metrics that no result has are left out.
    """
    by_place = {(each.position, each.question_id): each for each in results}
    positions = range(len(run.variants))
    columns = standings(run, results)
    measured = tuple(
        Measured(each.key, each.unit, each.source, each.higher_is_better, means)
        for each in METRICS
        if any(means := tuple(column.get(each.key) for column in columns))
    )
    order = [each.metric for each in measured]
    first = per_question(results, baseline)
    compared = []
    for at in positions:
        if at != baseline:
            found = differences(first, per_question(results, at))
            known = [each for each in found if each.metric in order]
            known.sort(key=lambda each: order.index(each.metric))
            compared.append(Compared(at, tuple(known)))
    asked = [
        Asked(question, tuple(by_place.get((at, question.id)) for at in positions))
        for question in questions
    ]
    return Report(
        run, question_set, baseline, measured, tuple(compared), tuple(judged), tuple(asked)
    )
