"""The gate: what a variant has to reach on a question set before it is put in force."""

from collections.abc import Callable, Collection, Mapping, Sequence
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
"""A loss whose p, one-sided, is not below it could be explained by chance alone."""

_NAME = "{metric}"
"""Where a sentence names its metric: some of their keys are words of English too."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a rule is kept: the candidate's mean, the baseline's, and a sentence on it.

    A mean is ``None`` where there is no value.  What could not be held against anything passes
    and is not ``is_judged``.
    """

    rule: Rule
    value: float | None
    baseline: float | None
    passed: bool
    sentence: str
    is_judged: bool = True

    def told(self, name: str, said: Callable[[str], str] = str) -> str:
        """The sentence in the language that ``said`` puts it into, with the metric's ``name``."""
        return said(self.sentence).replace(_NAME, name)

    @property
    def why(self) -> str:
        """The sentence in English, with the metric's key."""
        return self.told(self.rule.metric)


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


def complete(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules, and where they ask for no share of questions to be answered, the usual one.

    Without one the mean of the few that were answered would speak for all.
    """
    if any(each.metric == ANSWERED and each.at_least is not None for each in rules):
        return tuple(rules)
    return (DEFAULT_RULES[0], *rules)


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
    question by question, is a greater loss.  No loss may hide behind a value that is missing, nor
    a bound be kept by the few questions that have one:

    - All are: without a baseline, or if it answered less than ``COVERED`` of the questions, it
      fails.
    - The candidate's: it must have ``COVERED`` of the baseline's, but for questions that it
      rightly refused and the baseline did not.
    - The baseline's, which said nothing: its mean stands in.  Of a metric that it never has no
      loss is judged.
    - Nearly all: with fewer than ``FEWEST`` questions no loss of a metric is judged, unless chance
      does not explain it.  On a set with fewer questions it fails.

    Of the variant that ``is_in_force`` itself the ``baseline`` are its figures in an earlier run,
    on the questions that were asked as they are now.  Where there is none, or there are too few
    of them, no loss is judged.
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
    metric, asked = rule.metric, {*candidate, *(baseline or ())}
    value = _mean(_values(metric, candidate, asked))
    if is_in_force and baseline is not None:
        candidate, asked = {each: candidate.get(each, {}) for each in baseline}, set(baseline)
    other = _mean(_values(metric, baseline, asked)) if baseline is not None else None
    lack = "" if baseline is None else _lack(metric, candidate, baseline)
    passed, why = _bounded(rule, value)
    if passed and why and metric != ANSWERED:
        few = _few(metric, candidate) if baseline is None and not is_in_force else lack
        passed, why = not few, few or why
    is_judged = True
    if passed and rule.worst_drop is not None:
        if baseline is None and is_in_force:
            is_judged = False
            sentence = f"{_NAME} is that of the variant in force: there is no loss to judge."
        elif baseline is None:
            passed = False
            sentence = f"{_NAME} has no baseline: run it beside the variant in force."
        elif lack:
            passed, sentence = False, lack
        else:
            sign = -1 if metric in lower_is_better else 1
            is_enough = is_in_force or len(asked) >= FEWEST
            gaps = _gaps(metric, candidate, baseline)
            passed, is_judged, sentence = _weighed(rule.worst_drop, gaps, sign, is_enough=is_enough)
        why = f"{why} {sentence}".strip()
    return Check(rule, value, other, passed, why or f"{_NAME} is not bounded.", is_judged)


def _values(metric: str, figures: Figures, asked: Collection[str]) -> dict[str, float]:
    if metric == ANSWERED:
        return {question: float(bool(figures.get(question))) for question in asked}
    return {question: each[metric] for question, each in figures.items() if metric in each}


def _mean(values: Mapping[str, float]) -> float | None:
    return sum(values.values()) / len(values) if values else None


def _bounded(rule: Rule, value: float | None) -> tuple[bool, str]:
    """Whether the mean keeps within the rule's bounds, and why; no words where it has none."""
    if rule.at_least is None and rule.at_most is None:
        return True, ""
    if value is None:
        return False, f"{_NAME} has no value on this set, and a bound to keep."
    if rule.at_least is not None and value < rule.at_least:
        return False, f"{_NAME} is {_said(value)}, below the {_said(rule.at_least)} asked for."
    if rule.at_most is not None and value > rule.at_most:
        return False, f"{_NAME} is {_said(value)}, above the {_said(rule.at_most)} allowed."
    return True, f"{_NAME} is {_said(value)}, within its bounds."


def _few(metric: str, candidate: Figures) -> str:
    """That too few questions have the metric for a mean to speak for all, or no words."""
    there = len(_values(metric, candidate, candidate))
    if there >= COVERED * len(candidate):
        return ""
    return (
        f"{_NAME} has a value on only {there} of {len(candidate)} questions: "
        f"run it beside the variant in force."
    )


def _lack(metric: str, candidate: Figures, baseline: Figures) -> str:
    """What is missing for the candidate to be held against the baseline, or no words."""
    asked = {*candidate, *baseline}
    answered = sum(bool(baseline.get(each)) for each in asked)
    if answered < COVERED * len(asked):
        return (
            f"{_NAME} cannot be compared: the baseline answered only {answered} of {len(asked)} "
            f"questions."
        )
    values, others = _values(metric, candidate, asked), _values(metric, baseline, asked)
    due = [each for each in others if each in values or not _refused(each, candidate, baseline)]
    there = sum(each in values for each in due)
    if there >= COVERED * len(due):
        return ""
    return (
        f"{_NAME} has a value on only {there} of the {len(due)} questions on which "
        f"the baseline has one."
    )


def _gaps(metric: str, candidate: Figures, baseline: Figures) -> list[float] | None:
    """How much more the candidate has by question, ``None`` where the baseline never has any."""
    asked = {*candidate, *baseline}
    values, others = _values(metric, candidate, asked), _values(metric, baseline, asked)
    expected = _mean(others)
    if expected is None:
        return None
    return [value - others.get(each, expected) for each, value in values.items()]


def _refused(question: str, candidate: Figures, baseline: Figures) -> bool:
    """Whether the candidate, unlike the baseline, rightly refused a question."""
    own, other = candidate.get(question, {}), baseline.get(question, {})
    return own.get("refusal") == 1 and other.get("refusal") == 0


def _weighed(
    worst_drop: float, gaps: Sequence[float] | None, sign: int, *, is_enough: bool
) -> tuple[bool, bool, str]:
    """Whether there is no loss by question that is not allowed, whether it was judged, and why."""
    if gaps is None:
        return True, False, f"{_NAME} has no baseline on this set to be compared with."
    number, gap = len(gaps), sum(gaps) / max(len(gaps), 1)
    is_lost = sign * gap < -worst_drop - _ROUNDING
    is_sure = is_lost and chance(gaps, alternative="less" if sign > 0 else "greater") < LEVEL
    if number < FEWEST and not is_sure:
        if is_enough:
            told = f"{_NAME} has {number} questions to compare, too few: it is not judged."
            return True, False, told
        return False, True, f"{_NAME} has {number} questions to compare, too few to say."
    ends = " to ".join(map(_signed, interval(gaps)))
    size, allowed = _said(abs(gap)), _said(worst_drop)
    if is_sure:
        return (
            False,
            True,
            (
                f"{_NAME} is worse than the baseline's by {size} (95 % interval {ends}, "
                f"{number} questions); {allowed} is allowed. Chance alone does not explain it."
            ),
        )
    if is_lost:
        return (
            False,
            True,
            (
                f"{_NAME} is worse than the baseline's by {size} (95 % interval {ends}, "
                f"{number} questions); {allowed} is allowed. Chance alone could explain it."
            ),
        )
    return (
        True,
        True,
        (
            f"{_NAME} differs from the baseline's by {_signed(gap)} (95 % interval {ends}, "
            f"{number} questions); a loss of up to {allowed} is allowed."
        ),
    )


def _said(value: float) -> str:
    return f"{value:.4g}" if abs(value) >= 1 else f"{value:.3f}"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{_said(abs(value))}"
