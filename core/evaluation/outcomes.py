"""What a run came to: the means of its variants with intervals, the gate, and paired questions."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.errors import NotFound
from core.evaluation.gate import Check, complete, judge
from core.evaluation.manifest import CHANGES, changed_meanwhile
from core.evaluation.metrics import LOWER_IS_BETTER, METRICS, per_question
from core.evaluation.significance import Figures, interval
from core.evaluation.variants import differences
from core.trials import Result, Rule, Run, RunState, SetQuestion
from core.types import Variant

RESTS_ON = "rests_on"
"""What a check is of that no metric is asked for: that figures hold for what is there now."""

CHANGED = {
    "set": "The question set is no more, so that this run cannot be repeated.",
    "documents": "Documents have come, gone or been replaced since this run began.",
    "models": "A model or an adapter has been replaced since this run began.",
    "prompts": "The words of a prompt have changed since this run began.",
    "settings": "Settings of retrieval or of the engine have changed since this run began.",
    "seed": "The seed of chance has changed since this run began.",
    "code": "Pincite itself has changed since this run began.",
}
"""Why figures say nothing of what would be put in force now, by the keys of a manifest."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over ``questions``, with the median and the 95th percentile of the values.

    ``low`` and ``high`` are its 95 % bootstrap interval, ``None`` below two questions.
    """

    value: float
    low: float | None
    high: float | None
    median: float
    p95: float
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


def standing(values: Figures) -> dict[str, Mean]:
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
    low, high = interval(column) if len(column) > 1 else (None, None)
    median, p95 = map(float, np.percentile(column, (50, 95)))
    return Mean(value, low, high, median, p95, len(column))


def standings(run: Run, results: Sequence[Result]) -> tuple[dict[str, Mean], ...]:
    """The means of each of a run's variants, by its position."""
    return tuple(standing(per_question(results, at)) for at in range(len(run.variants)))


def changes(first: Figures, second: Figures, metric: str) -> tuple[Change, ...]:
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


def asked_otherwise(
    one: Mapping[str, SetQuestion], other: Mapping[str, SetQuestion], ids: Collection[str]
) -> frozenset[str]:
    """Those of the ids under which two versions of a set ask different things, or nobody knows."""
    known = one.keys() & other.keys()
    return frozenset(
        each for each in ids if each not in known or _what(one[each]) != _what(other[each])
    )


def _what(asked: SetQuestion) -> SetQuestion:
    """A question without what no metric depends on."""
    return replace(asked, tags=(), is_draft=False, by_engine=False)


def is_better(change: Change, metric: str) -> bool:
    """Whether the second variant did better on the question."""
    return (change.difference > 0) != (metric in LOWER_IS_BETTER)


def standing_at(variants: Sequence[Variant], in_force: Variant) -> tuple[int, ...]:
    """Where the variant in force stands among others: more than once where it has copies."""
    return tuple(at for at, each in enumerate(variants) if not differences(each, in_force))


async def changed(run: Run, changes: Callable[[Run], Awaitable[Sequence[str]]]) -> tuple[str, ...]:
    """The keys of ``CHANGED`` that hold of a run, which ``changes`` (the runner's) tells of.

    Whether it was under way or over when it happened is the same; and of its set a run has a
    version of its own.
    """
    try:
        found = {*await changes(run)} - {"set"}
    except NotFound:
        found = {"set"}
    return tuple(each for each in CHANGES if each in {*found, *changed_meanwhile(run.manifest)})


def gate(
    run: Run,
    results: Sequence[Result],
    position: int,
    in_force: Variant,
    rules: Sequence[Rule],
    changed: Sequence[str],
    earlier: Figures | None = None,
) -> tuple[Check, ...]:
    """The gate's checks of one variant, against the one in force: the same for all who ask.

    Where the run lacks that one no loss can be judged, and the gate stays shut.  The variant in
    force itself, under whatever name, is held against its ``earlier`` figures (``judge`` tells
    which); without them it has no loss.  Questions have to be answered whatever the rules ask
    for.  Each of the ``changed`` (see there) is a check that fails, and so is a run that did not
    come to its end.
    """
    same = standing_at(run.variants, in_force)
    beside = per_question(results, same[0]) if same else None
    checks = judge(
        complete(rules),
        per_question(results, position),
        earlier if position in same else beside,
        LOWER_IS_BETTER,
        is_in_force=position in same,
    )
    wrong = [CHANGED[each] for each in changed]
    if run.state is not RunState.DONE:
        wrong.append("This run did not come to its end.")
    return (*checks, *(Check(Rule(RESTS_ON), None, None, False, why) for why in wrong))


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
