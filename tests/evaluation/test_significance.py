"""Differences between two variants, with what chance would make of them."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from core.evaluation.significance import differences, holm, interval


def figures(**metrics: list[float]) -> dict[str, dict[str, float]]:
    """Questions ``q0``, ``q1``, ... with a value of each metric."""
    questions: dict[str, dict[str, float]] = {}
    for metric, values in metrics.items():
        for at, value in enumerate(values):
            questions.setdefault(f"q{at}", {})[metric] = value
    return questions


def test_a_difference_is_the_second_less_the_first_over_shared_questions() -> None:
    first = {"a": {"mrr": 0.2}, "b": {"mrr": 0.4}, "c": {"mrr": 1.0}, "d": {"hit@1": 1.0}}
    second = {"b": {"mrr": 0.5}, "a": {"mrr": 0.5}, "d": {"mrr": 0.0}, "e": {"mrr": 0.0}}
    (found,) = differences(first, second)
    assert (found.metric, found.questions) == ("mrr", 2)
    assert (found.first, found.second) == pytest.approx((0.3, 0.5))
    assert found.difference == pytest.approx(0.2)
    assert found.low <= found.difference <= found.high


def test_the_permutation_test_is_exact_for_few_questions() -> None:
    gaps = [1, 2, 3, 4, 5, 6, 7, -8]
    (found,) = differences(figures(x=[0] * 8), figures(x=gaps))
    # By hand: of the 256 ways to give eight ranks their signs, those as far from 0 as 20.
    sums = np.array([0])
    for size in range(1, 9):
        sums = np.concatenate([sums + size, sums - size])
    assert found.p == pytest.approx((np.abs(sums) >= 20).sum() / 256)


def test_a_sure_difference_is_told_from_noise() -> None:
    random = np.random.default_rng(3)
    one = random.uniform(0, 1, 120)
    noise = random.normal(0, 0.1, 120)
    same, better = differences(
        figures(same=list(one), better=list(one)),
        figures(same=list(one + noise - noise.mean() / 2), better=list(one + noise + 0.1)),
    )
    assert better.adjusted < 0.01
    assert better.low > 0
    assert same.adjusted > 0.05
    assert same.low < 0 < same.high


def test_a_true_null_is_rejected_about_as_often_as_is_said() -> None:
    random = np.random.default_rng(11)
    rejected = missed = 0
    for _ in range(200):
        one, other = random.uniform(0, 1, (2, 25))
        (found,) = differences(figures(x=list(one)), figures(x=list(other)))
        rejected += found.p < 0.05
        missed += not found.low <= 0 <= found.high
    assert rejected / 200 == pytest.approx(0.05, abs=0.04)
    assert missed / 200 == pytest.approx(0.05, abs=0.05)


def test_equal_variants_do_not_differ() -> None:
    same = figures(x=[0.2, 0.4, 0.9])
    (found,) = differences(same, same)
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_holm_matches_the_worked_example_and_is_no_laxer_than_benjamini_and_hochberg() -> None:
    levels = [0.01, 0.04, 0.03, 0.005]
    # Sorted .005 .01 .03 .04, times 4 3 2 1, and never below the one before.
    assert holm(levels) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert (np.array(holm(levels)) >= false_discovery_control(levels)).all()
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_more_metrics_are_looked_at_the_more_each_has_to_show() -> None:
    gaps = [0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 0.2]
    alone = differences(figures(x=[0] * 7), figures(x=gaps))[0]
    wobble = [1, -1, 1, -1, 1, -1, 0]
    among = differences(
        figures(x=[0] * 7, y=[0] * 7, z=[0] * 7), figures(x=gaps, y=wobble, z=wobble)
    )[0]
    assert alone.adjusted == alone.p == 2 / 2**7
    assert among.adjusted == pytest.approx(3 * alone.p)


def test_a_metric_of_one_question_is_left_out() -> None:
    assert differences({"a": {"x": 1.0}}, {"a": {"x": 0.0}}) == ()
    assert differences({}, {}) == ()


def test_the_interval_of_a_share_has_about_the_width_that_theory_gives_it() -> None:
    low, high = interval([1.0] * 60 + [0.0] * 40)
    assert (low, high) == pytest.approx((0.504, 0.696), abs=0.02)
    assert interval([0.3]) == (0.3, 0.3)
    with pytest.raises(ValueError, match="no value"):
        interval([])


def test_the_same_figures_give_the_same_difference() -> None:
    random = np.random.default_rng(0)
    one, other = (figures(x=list(random.uniform(0, 1, 50))) for _ in range(2))
    assert differences(one, other) == differences(one, other)
