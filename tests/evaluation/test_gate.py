"""The gate stops what is worse, lets through what is not, and says why in a sentence."""

import numpy as np
import pytest

from core.evaluation.gate import ANSWERED, DEFAULT_RULES, FEWEST, complete, judge, passes
from core.trials import Rule

Figures = dict[str, dict[str, float]]


def figures(**metrics: list[float]) -> Figures:
    number = len(next(iter(metrics.values())))
    return {
        f"q{at}": {metric: values[at] for metric, values in metrics.items()} for at in range(number)
    }


def one(rule: Rule, candidate: Figures, baseline: Figures | None = None):
    return judge([rule], candidate, baseline, {"seconds"})[0]


def test_a_mean_below_its_bound_fails_and_one_at_it_passes() -> None:
    rule = Rule("supported", at_least=0.8)
    short = one(rule, figures(supported=[0.7, 0.8]))
    assert not short.passed
    assert short.value == pytest.approx(0.75)
    assert short.why == "supported is 0.750, below the 0.800 asked for."
    assert one(rule, figures(supported=[0.8, 0.8])).passed


def test_a_mean_above_its_bound_fails() -> None:
    slow = one(Rule("seconds", at_most=10), figures(seconds=[12.0, 13.0]))
    assert not slow.passed
    assert slow.why == "seconds is 12.5, above the 10 allowed."


def test_a_bound_on_what_was_not_measured_is_not_kept() -> None:
    check = one(Rule("judge", at_least=0.5), figures(mrr=[1.0]))
    assert not check.passed
    assert check.value is None


def test_a_sure_loss_is_stopped() -> None:
    random = np.random.default_rng(1)
    before = random.uniform(0.5, 1, 80)
    check = one(
        Rule("ndcg@10", worst_drop=0.02),
        figures(**{"ndcg@10": list(before - 0.1 + random.normal(0, 0.05, 80))}),
        figures(**{"ndcg@10": list(before)}),
    )
    assert not check.passed
    assert check.value is not None
    assert check.baseline is not None
    assert check.value < check.baseline
    assert check.why.startswith("ndcg@10 is worse than the baseline's by 0.")
    assert "80 questions" in check.why


def test_noise_is_let_through() -> None:
    random = np.random.default_rng(2)
    before = random.uniform(0, 1, 80)
    after = before + random.normal(0, 0.2, 80)
    after += before.mean() - after.mean()
    check = one(Rule("mrr", worst_drop=0.0), figures(mrr=list(after)), figures(mrr=list(before)))
    assert check.passed
    assert "a loss of up to 0.000 is allowed" in check.why


def test_a_loss_that_is_allowed_is_let_through() -> None:
    check = one(Rule("mrr", worst_drop=0.02), figures(mrr=[0.79] * 10), figures(mrr=[0.8] * 10))
    assert check.passed


def test_of_seconds_more_is_worse() -> None:
    rule = Rule("seconds", worst_drop=1)
    slower, faster = figures(seconds=[9.0, 9.5, 9.1] * 4), figures(seconds=[2.0, 2.5, 2.2] * 4)
    check = one(rule, slower, faster)
    assert not check.passed
    assert "+6.9" in check.why
    assert one(rule, faster, slower).passed


def test_without_a_baseline_a_drop_is_not_judged_and_the_gate_stays_shut() -> None:
    check = one(Rule("mrr", worst_drop=0.02), figures(mrr=[0.1]))
    assert not check.passed
    assert check.why == "mrr has no baseline: run it beside the variant in force."
    zeros = figures(**{rule.metric: [0.0] * 40 for rule in DEFAULT_RULES[1:]})
    assert not passes(judge(DEFAULT_RULES, zeros, None, {"seconds"}))


def test_the_variant_in_force_is_held_to_its_bounds_alone() -> None:
    rules = (Rule("mrr", worst_drop=0.02), Rule("supported", at_least=0.5))
    drop, bound = judge(rules, figures(mrr=[0.1], supported=[0.2]), None, (), is_in_force=True)
    assert (drop.passed, drop.is_judged) == (True, False)
    assert "the variant in force" in drop.why
    assert not bound.passed


def test_a_metric_that_the_baseline_never_has_is_let_through_and_that_is_said() -> None:
    check = one(Rule("mrr", worst_drop=0.02), figures(mrr=[0.1]), figures(seconds=[1.0]))
    assert (check.passed, check.is_judged) == (True, False)
    assert check.why == "mrr has no baseline on this set to be compared with."


@pytest.mark.parametrize(("lost", "number"), [(1, 10), (3, 20), (2, 40)])
def test_a_large_loss_is_stopped_even_where_chance_could_explain_it(lost: int, number: int) -> None:
    before, after = [1.0] * number, [0.0] * lost + [1.0] * (number - lost)
    rule = Rule("recall@10", worst_drop=0.02)
    check = one(rule, figures(**{"recall@10": after}), figures(**{"recall@10": before}))
    assert not check.passed
    assert "Chance alone" in check.why


def test_whether_chance_could_explain_a_loss_is_said() -> None:
    rule, before = Rule("mrr", worst_drop=0.02), figures(mrr=[1.0] * 20)
    once = one(rule, figures(mrr=[0.0] + [1.0] * 19), before)
    assert once.why.endswith("Chance alone could explain it.")
    often = one(rule, figures(mrr=[0.0] * 15 + [1.0] * 5), before)
    assert often.why.endswith("Chance alone does not explain it.")


def test_of_a_few_questions_nothing_is_said() -> None:
    rule = Rule("mrr", worst_drop=0.02)
    few, enough = (figures(mrr=[0.9] * number) for number in (FEWEST - 1, FEWEST))
    assert not one(rule, few, few).passed
    assert one(rule, few, few).why == "mrr has 9 questions to compare, too few to say."
    assert one(rule, enough, enough).passed


def test_a_metric_that_the_candidate_has_on_few_of_the_questions_fails() -> None:
    """Nineteen answers without a statement would else be weighed by the twentieth."""
    before = figures(supported=[1.0] * 50)
    for kept, passed in ((48, False), (49, True)):
        after = before | {f"q{at}": {"seconds": 1.0} for at in range(kept, 50)}
        check = one(Rule("supported", worst_drop=0.02), after, before)
        assert check.passed is passed, check.why
    assert not check.passed or "49 questions" in check.why


def test_a_metric_that_the_candidate_lost_altogether_fails() -> None:
    check = one(Rule("mrr", worst_drop=0.02), figures(seconds=[1.0]), figures(mrr=[0.9]))
    assert not check.passed


def test_questions_that_failed_count_against_the_variant() -> None:
    candidate: Figures = {"q0": {"mrr": 1.0}, "q1": {}, "q2": {}}
    baseline = figures(mrr=[0.9, 0.9, 0.9, 0.9])
    check = one(Rule(ANSWERED, at_least=0.98), candidate, baseline)
    assert not check.passed
    assert check.value == 0.25
    assert check.baseline == 1


def test_a_rule_with_a_bound_and_a_drop_keeps_both() -> None:
    rule = Rule("mrr", at_least=0.5, worst_drop=0.02)
    assert not one(rule, figures(mrr=[0.4] * 20), figures(mrr=[0.3] * 20)).passed
    assert not one(rule, figures(mrr=[0.6] * 20), figures(mrr=[0.9] * 20)).passed
    both = one(rule, figures(mrr=[0.9] * 20), figures(mrr=[0.9] * 20))
    assert both.passed
    assert "within its bounds" in both.why
    assert "a loss of up to" in both.why


def test_the_rules_it_comes_with_open_for_an_equal_and_close_for_a_worse_variant() -> None:
    random = np.random.default_rng(4)
    values = {rule.metric: list(random.uniform(0.6, 0.9, 40)) for rule in DEFAULT_RULES[1:-1]}
    good = figures(**values, seconds=[3.0] * 40)
    assert passes(judge(DEFAULT_RULES, good, good, {"seconds"}))
    values["recall@10"] = [value - 0.3 for value in values["recall@10"]]
    worse = judge(DEFAULT_RULES, figures(**values, seconds=[3.0] * 40), good, {"seconds"})
    assert [check.rule.metric for check in worse if not check.passed] == ["recall@10"]
    assert not passes(worse)


def test_a_variant_that_always_refuses_is_stopped() -> None:
    """It has no statement to be unsupported, so what has no value must not pass for good."""
    good = figures(supported=[0.9] * 9, refusal=[1.0] * 9)
    check = judge(DEFAULT_RULES, figures(refusal=[0.0] * 9), good, ())
    assert {each.rule.metric for each in check if not each.passed} == {"supported", "refusal"}


def answers(
    number: int, *, supported: float | None = 1.0, refusal: float = 1.0, first: int = 0
) -> Figures:
    """Questions from ``first`` on; without ``supported`` nothing was said."""
    own = {"refusal": refusal, "seconds": 1.0}
    if supported is not None:
        own |= {"supported": supported, "citation_recall": supported}
    return {f"q{at}": dict(own) for at in range(first, first + number)}


def failed(number: int, first: int = 0) -> Figures:
    return {f"q{at}": {} for at in range(first, first + number)}


def test_the_gate_stays_shut_where_the_baseline_failed() -> None:
    """Nobody knows what is lost: what it failed at may be what the candidate is bad at."""
    for lost in (3, 85, 100):
        baseline = failed(lost) | answers(100 - lost, first=lost)
        candidate = answers(lost, supported=0.0) | answers(100 - lost, first=lost)
        checks = judge(DEFAULT_RULES, candidate, baseline, {"seconds"})
        stopped = {each.rule.metric for each in checks if not each.passed}
        assert stopped == {rule.metric for rule in DEFAULT_RULES[1:]}
        told = f"mrr cannot be compared: the baseline answered only {100 - lost} of 100 questions."
        assert one(Rule("mrr", worst_drop=0.02), candidate, baseline).why == told
    assert passes(judge(DEFAULT_RULES, answers(100), failed(2) | answers(98, first=2), ()))


def test_a_variant_that_rightly_refuses_more_is_let_through() -> None:
    """It says nothing of what has no answer, and so there is nothing in it to be supported."""
    common = answers(90)
    for wrongly in (1, 6, 10):
        baseline = answers(wrongly, refusal=0.0, first=90) | answers(
            10 - wrongly, supported=None, first=90 + wrongly
        )
        candidate = answers(10, supported=None, first=90)
        checks = judge(DEFAULT_RULES, common | candidate, common | baseline, {"seconds"})
        assert passes(checks), [each.why for each in checks if not each.passed]
    wrong = common | answers(10, supported=None, refusal=0.0, first=90)
    shut = judge(DEFAULT_RULES, wrong, common | answers(10, first=90), {"seconds"})
    refused = {each.rule.metric for each in shut if not each.passed}
    assert refused == {"citation_recall", "supported", "refusal"}


def test_what_is_said_where_the_baseline_was_silent_is_held_against_its_mean() -> None:
    silent = answers(20) | answers(80, supported=None, refusal=0.0, first=20)
    rule = Rule("supported", worst_drop=0.02)
    careless = one(rule, answers(20) | answers(80, supported=0.3, first=20), silent)
    assert not careless.passed
    assert "100 questions" in careless.why
    assert one(rule, answers(100), silent).passed


def test_a_metric_of_few_questions_does_not_keep_the_gate_shut() -> None:
    rule = Rule("token_f1", worst_drop=0.02)
    for number in range(1, FEWEST):
        few = {f"q{at}": {"token_f1": 0.8 + 0.01 * (-1) ** at} for at in range(number)}
        before = answers(40) | {key: answers(40)[key] | row for key, row in few.items()}
        after = before | {"q0": before["q0"] | {"token_f1": 0.5}}
        for candidate in (before, after):
            check = one(rule, candidate, before)
            assert check.passed, check.why
            assert not check.is_judged
            told = f"token_f1 has {number} questions to compare, too few: it is not judged."
            assert check.why == told
            assert passes(judge(DEFAULT_RULES, candidate, before, {"seconds"}))


def test_a_sure_loss_on_a_few_questions_is_stopped() -> None:
    before = answers(40) | {f"q{at}": answers(40)[f"q{at}"] | {"mrr": 0.9} for at in range(9)}
    after = before | {f"q{at}": before[f"q{at}"] | {"mrr": 0.1 * (at % 2)} for at in range(9)}
    check = one(Rule("mrr", worst_drop=0.02), after, before)
    assert not check.passed
    assert check.why.endswith("Chance alone does not explain it.")


def test_five_questions_that_are_all_lost_are_a_sure_loss() -> None:
    """Of 32 equally likely signs one is as bad: what is asked is whether it is worse, not other."""
    before = answers(40) | {f"q{at}": answers(40)[f"q{at}"] | {"mrr": 1.0} for at in range(5)}
    lost = before | {f"q{at}": before[f"q{at}"] | {"mrr": 0.0} for at in range(5)}
    rule = Rule("mrr", worst_drop=0.02)
    check = one(rule, lost, before)
    assert (check.passed, check.is_judged) == (False, True)
    gained = one(rule, before, lost)
    assert (gained.passed, gained.is_judged) == (True, False)


@pytest.mark.parametrize("survives", [{}, {"refusal": 0.0, "seconds": 1.0}], ids=str)
def test_a_bound_is_not_kept_by_the_one_question_that_was_answered(
    survives: dict[str, float],
) -> None:
    """Its mean over survivors is perfect; the others failed, or were wrongly refused."""
    bound = Rule("supported", at_least=0.8)
    candidate = answers(1) | {f"q{at}": dict(survives) for at in range(1, 50)}
    check = one(bound, candidate, answers(50))
    assert check.value == 1
    assert not check.passed
    told = "supported has a value on only 1 of the 50 questions on which the baseline has one."
    assert check.why == told
    alone = one(bound, candidate)
    assert not alone.passed
    assert alone.why.endswith("only 1 of 50 questions: run it beside the variant in force.")
    assert one(bound, answers(50), answers(50)).passed


def test_questions_have_to_be_answered_whatever_the_limits_ask_for() -> None:
    bound = Rule("seconds", at_most=9)
    assert complete([bound]) == (DEFAULT_RULES[0], bound)
    loose = Rule(ANSWERED, at_least=0.5)
    assert complete([bound, loose]) == (bound, loose)
    assert complete(DEFAULT_RULES) == DEFAULT_RULES


def test_the_variant_in_force_is_held_against_its_earlier_run() -> None:
    """The questions of today that were not asked then are in no comparison, and in every bound."""
    then = answers(20)
    rules = (Rule("supported", at_least=0.4, worst_drop=0.02), Rule(ANSWERED, at_least=0.98))
    now = answers(20, supported=0.5) | answers(5, first=20)
    worse, whole = judge(rules, now, then, (), is_in_force=True)
    assert (worse.passed, whole.passed) == (False, True)
    assert "is worse than the baseline's by 0.500" in worse.why
    assert "20 questions" in worse.why
    same, few = judge(rules, then | failed(5, first=20), then, (), is_in_force=True)
    assert (same.passed, same.is_judged) == (True, True)
    assert not few.passed
    short = judge(rules, answers(20, supported=0.5), answers(3), (), is_in_force=True)[0]
    assert (short.passed, short.is_judged) == (True, False)


def test_a_metric_is_named_in_its_sentence_and_nowhere_else() -> None:
    rule = Rule("judge", worst_drop=0.02)
    few = answers(40) | {"q0": {"judge": 1.0}}
    check = one(rule, few, few)
    assert check.why == "judge has 1 questions to compare, too few: it is not judged."
    told = "Mark has 1 questions to compare, too few: it is not judged."
    assert check.told("Mark") == told
    in_force = judge([rule], few, None, (), is_in_force=True)[0]
    assert in_force.told("Mark").endswith("there is no loss to judge.")
