"""The gate: what a variant has to reach on a question set before it is put in force."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.evaluation.significance import interval

Figures = Mapping[str, Mapping[str, float]]
"""Question id -> metric -> value; a question that failed has none."""

ANSWERED = "answered"
"""The share of questions that came to figures at all: one that failed would else leave a mean."""

FEWEST = 10
"""Questions of both below which nothing is said of a loss."""

COVERED = 0.98
"""The share of the baseline's questions with a metric on which the candidate must have it too."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of a metric, in its own unit.

    ``at_least`` and ``at_most`` bound the mean.  ``worst_drop`` is how much worse than the
    baseline a variant may be in the mean of the questions of both: a greater loss fails, whether
    or not chance could explain it.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    worst_drop: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a rule is kept: the candidate's mean, the baseline's, and a sentence on it.

    A mean is ``None`` where there is no value.
    """

    rule: Rule
    value: float | None
    baseline: float | None
    passed: bool
    why: str


DEFAULT_RULES: tuple[Rule, ...] = (
    Rule(ANSWERED, at_least=0.98),
    Rule("recall@10", worst_drop=0.02),
    Rule("ndcg@10", worst_drop=0.02),
    Rule("citation_precision", worst_drop=0.02),
    Rule("citation_recall", worst_drop=0.02),
    Rule("supported", worst_drop=0.02),
    Rule("refusal", worst_drop=0.02),
    Rule("token_f1", worst_drop=0.02),
    Rule("similarity", worst_drop=0.02),
    Rule("seconds", worst_drop=5.0),
)
"""Nothing that is measured may get worse by more than two points, nor answers slower by 5 s."""


def judge(
    rules: Sequence[Rule],
    candidate: Figures,
    baseline: Figures | None,
    lower_is_better: Collection[str],
    *,
    is_in_force: bool = False,
) -> tuple[Check, ...]:
    """Hold a variant against each rule, in their order.

    A bound whose metric has no value fails.  A ``worst_drop`` fails without a baseline, where the
    candidate lacks the metric on more of the baseline's questions than ``COVERED`` allows, and on
    fewer than ``FEWEST`` questions of both.  It passes where the baseline never has the metric,
    and for the variant that ``is_in_force`` itself; the sentence says so.
    """
    return tuple(_check(rule, candidate, baseline, lower_is_better, is_in_force) for rule in rules)


def passes(checks: Sequence[Check]) -> bool:
    """Whether the gate opens: every rule is kept."""
    return all(check.passed for check in checks)


def _check(
    rule: Rule,
    candidate: Figures,
    baseline: Figures | None,
    lower_is_better: Collection[str],
    is_in_force: bool,
) -> Check:
    asked = {*candidate, *(baseline or ())}
    values = _values(rule.metric, candidate, asked)
    others = _values(rule.metric, baseline or {}, asked if baseline else ())
    value, other = _mean(values), _mean(others)
    passed, why = _bounded(rule, value)
    if passed and rule.worst_drop is not None:
        lower = rule.metric in lower_is_better
        if is_in_force:
            sentence = f"{rule.metric} is that of the variant in force: there is no loss to judge."
        elif baseline is None:
            passed = False
            sentence = f"{rule.metric} has no baseline: run it beside the variant in force."
        else:
            passed, sentence = _compared(rule.metric, rule.worst_drop, values, others, lower)
        why = f"{why} {sentence}".strip()
    return Check(rule, value, other, passed, why or f"{rule.metric} is not bounded.")


def _values(metric: str, figures: Figures, asked: Collection[str]) -> dict[str, float]:
    if metric == ANSWERED:
        return {question: float(bool(figures.get(question))) for question in asked}
    return {question: each[metric] for question, each in figures.items() if metric in each}


def _mean(values: Mapping[str, float]) -> float | None:
    return sum(values.values()) / len(values) if values else None


def _bounded(rule: Rule, value: float | None) -> tuple[bool, str]:
    """Whether the mean keeps within the rule's bounds, and why; no words where it has none."""
    metric = rule.metric
    if rule.at_least is None and rule.at_most is None:
        return True, ""
    if value is None:
        return False, f"{metric} has no value on this set, and a bound to keep."
    if rule.at_least is not None and value < rule.at_least:
        return False, f"{metric} is {_said(value)}, below the {_said(rule.at_least)} asked for."
    if rule.at_most is not None and value > rule.at_most:
        return False, f"{metric} is {_said(value)}, above the {_said(rule.at_most)} allowed."
    return True, f"{metric} is {_said(value)}, within its bounds."


def _compared(
    metric: str,
    worst_drop: float,
    values: Mapping[str, float],
    others: Mapping[str, float],
    lower_is_better: bool,
) -> tuple[bool, str]:
    """Whether the candidate is as good as the baseline on the questions of both, and why."""
    if not others:
        return True, f"{metric} has no baseline on this set to be compared with."
    both = [question for question in others if question in values]
    if not both:
        return False, f"{metric} has no value where the baseline has one."
    if len(both) < COVERED * len(others):
        return False, (
            f"{metric} has a value on only {len(both)} of the {len(others)} questions on which "
            f"the baseline has one."
        )
    sign = -1 if lower_is_better else 1
    low, high = interval([sign * (values[each] - others[each]) for each in both])
    gap = sum(values[each] - others[each] for each in both) / len(both)
    ends = f"{_signed(min(sign * low, sign * high))} to {_signed(max(sign * low, sign * high))}"
    size, allowed = _said(abs(gap)), _said(worst_drop)
    if sign * gap < -worst_drop - _ROUNDING and high < 0:
        return False, (
            f"{metric} is worse than the baseline's by {size} (95 % interval {ends}, "
            f"{len(both)} questions); {allowed} is allowed. Chance alone does not explain it."
        )
    if sign * gap < -worst_drop - _ROUNDING:
        return False, (
            f"{metric} is worse than the baseline's by {size} (95 % interval {ends}, "
            f"{len(both)} questions); {allowed} is allowed. Chance alone could explain it."
        )
    if len(both) < FEWEST:
        return False, f"{metric} has {len(both)} questions to compare, too few to say."
    return True, (
        f"{metric} differs from the baseline's by {_signed(gap)} (95 % interval {ends}, "
        f"{len(both)} questions); a loss of up to {allowed} is allowed."
    )


def _said(value: float) -> str:
    return f"{value:.4g}" if abs(value) >= 1 else f"{value:.3f}"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{_said(abs(value))}"
