"""The gate: what a variant has to reach on a question set before it is put in force."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.evaluation.significance import Figures, chance, interval
from core.trials import Rule

ANSWERED = "answered"
"""The share of questions that came to figures at all: one that failed would else leave a mean."""

FEWEST = 10
"""Questions below which nothing is said of a loss that chance could explain."""

COVERED = 0.98
"""The share of what is to be compared that has to be there, on the baseline's side and on ours."""

LEVEL = 0.05
"""A loss whose p is not below it could be explained by chance alone."""

_ROUNDING = 1e-9


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
    """Hold a variant against each rule, in their order; a question that failed has no figures.

    A bound whose metric has no value fails.  A ``worst_drop`` fails where the mean difference,
    question by question, is a greater loss; of the variant that ``is_in_force`` itself there is
    none.  No loss may hide behind a value that is missing:

    - All are: without a baseline, or if it answered less than ``COVERED`` of the questions, it
      fails.
    - The candidate's: it must have ``COVERED`` of the baseline's, but for questions that it
      rightly refused and the baseline did not.
    - The baseline's, which said nothing: its mean stands in.  A metric that it never has passes.
    - Nearly all: with fewer than ``FEWEST`` questions a metric is not judged, and passes, unless
      more than chance explains a loss.  On a set with fewer questions it fails.
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
    value = _mean(_values(rule.metric, candidate, asked))
    other = _mean(_values(rule.metric, baseline, asked)) if baseline is not None else None
    passed, why = _bounded(rule, value)
    if passed and rule.worst_drop is not None:
        if is_in_force:
            sentence = f"{rule.metric} is that of the variant in force: there is no loss to judge."
        elif baseline is None:
            passed = False
            sentence = f"{rule.metric} has no baseline: run it beside the variant in force."
        else:
            sign = -1 if rule.metric in lower_is_better else 1
            passed, sentence = _compared(rule.metric, rule.worst_drop, candidate, baseline, sign)
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
    metric: str, worst_drop: float, candidate: Figures, baseline: Figures, sign: int
) -> tuple[bool, str]:
    """Whether the candidate is as good as the baseline, and why."""
    asked = {*candidate, *baseline}
    answered = sum(bool(baseline.get(each)) for each in asked)
    if answered < COVERED * len(asked):
        return False, (
            f"{metric} cannot be compared: the baseline answered only {answered} of {len(asked)} "
            f"questions."
        )
    values, others = _values(metric, candidate, asked), _values(metric, baseline, asked)
    expected = _mean(others)
    if expected is None:
        return True, f"{metric} has no baseline on this set to be compared with."
    due = [each for each in others if each in values or not _refused(each, candidate, baseline)]
    there = sum(each in values for each in due)
    if there < COVERED * len(due):
        return False, (
            f"{metric} has a value on only {there} of the {len(due)} questions on which "
            f"the baseline has one."
        )
    gaps = [value - others.get(each, expected) for each, value in values.items()]
    return _weighed(metric, worst_drop, gaps, sign, is_enough=len(asked) >= FEWEST)


def _refused(question: str, candidate: Figures, baseline: Figures) -> bool:
    """Whether the candidate, unlike the baseline, rightly refused a question."""
    own, other = candidate.get(question, {}), baseline.get(question, {})
    return own.get("refusal") == 1 and other.get("refusal") == 0


def _weighed(
    metric: str, worst_drop: float, gaps: Sequence[float], sign: int, *, is_enough: bool
) -> tuple[bool, str]:
    """Whether differences by question come to no loss that is not allowed, and why."""
    number, gap = len(gaps), sum(gaps) / max(len(gaps), 1)
    is_lost = sign * gap < -worst_drop - _ROUNDING
    is_sure = is_lost and chance(gaps) < LEVEL
    if number < FEWEST and not is_sure:
        if is_enough:
            return True, f"{metric} has {number} questions to compare, too few: it is not judged."
        return False, f"{metric} has {number} questions to compare, too few to say."
    ends = " to ".join(map(_signed, interval(gaps)))
    size, allowed = _said(abs(gap)), _said(worst_drop)
    if is_sure:
        return False, (
            f"{metric} is worse than the baseline's by {size} (95 % interval {ends}, "
            f"{number} questions); {allowed} is allowed. Chance alone does not explain it."
        )
    if is_lost:
        return False, (
            f"{metric} is worse than the baseline's by {size} (95 % interval {ends}, "
            f"{number} questions); {allowed} is allowed. Chance alone could explain it."
        )
    return True, (
        f"{metric} differs from the baseline's by {_signed(gap)} (95 % interval {ends}, "
        f"{number} questions); a loss of up to {allowed} is allowed."
    )


def _said(value: float) -> str:
    return f"{value:.4g}" if abs(value) >= 1 else f"{value:.3f}"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{_said(abs(value))}"
