"""Ratings against published tables, against planted strengths, and where there is no answer."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import binom

from core.evaluation.ratings import (
    ELO,
    ENOUGH,
    Ballot,
    by_language,
    by_reviewer,
    fit,
    over_time,
    rate,
)
from core.trials import Outcome

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

# Wins of the first over the second and of the second over the first, home and away together:
# American League, Eastern Division, 1987 (Agresti, Categorical Data Analysis, table 10.10).
BASEBALL = {
    ("Milwaukee", "Detroit"): (7, 6), ("Milwaukee", "Toronto"): (9, 4),
    ("Milwaukee", "New York"): (7, 6), ("Milwaukee", "Boston"): (7, 6),
    ("Milwaukee", "Cleveland"): (9, 4), ("Milwaukee", "Baltimore"): (11, 2),
    ("Detroit", "Toronto"): (7, 6), ("Detroit", "New York"): (5, 8),
    ("Detroit", "Boston"): (11, 2), ("Detroit", "Cleveland"): (9, 4),
    ("Detroit", "Baltimore"): (9, 4), ("Toronto", "New York"): (7, 6),
    ("Toronto", "Boston"): (7, 6), ("Toronto", "Cleveland"): (8, 5),
    ("Toronto", "Baltimore"): (12, 1), ("New York", "Boston"): (6, 7),
    ("New York", "Cleveland"): (7, 6), ("New York", "Baltimore"): (10, 3),
    ("Boston", "Cleveland"): (7, 6), ("Boston", "Baltimore"): (12, 1),
    ("Cleveland", "Baltimore"): (6, 7),
}  # fmt: skip
AGRESTI = {
    "Milwaukee": 1.58, "Detroit": 1.44, "Toronto": 1.29, "New York": 1.25, "Boston": 1.11,
    "Cleveland": 0.68, "Baltimore": 0.0,
}  # fmt: skip
"""Table 10.11 of the same: log worths without home advantage, Baltimore's 0."""

# Preferences for the first, for the second and for neither of six chocolate puddings (Davidson
# 1970, example 2), and what he estimated from them.
PUDDINGS = {
    (1, 2): (19, 22, 16), (1, 3): (16, 19, 12), (2, 3): (19, 19, 10), (1, 4): (18, 23, 13),
    (2, 4): (23, 19, 9), (3, 4): (19, 20, 15), (1, 5): (13, 19, 18), (2, 5): (16, 20, 12),
    (3, 5): (16, 15, 17), (4, 5): (17, 14, 16), (1, 6): (18, 21, 12), (2, 6): (22, 20, 12),
    (3, 6): (13, 18, 10), (4, 6): (14, 19, 18), (5, 6): (11, 21, 12),
}  # fmt: skip
DAVIDSON = (0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855)
DAVIDSON_NU = 0.7468147


def ballot(*names: str, winner: int | None = None, outcome: Outcome | None = None) -> Ballot:
    verdict = outcome or (Outcome.TIE if winner is None else Outcome.WIN)
    return Ballot(names, winner, verdict, "Ada", "en", NOON)


def ballots_of(a: str, b: str, won: int, lost: int, tied: int = 0) -> list[Ballot]:
    return [ballot(a, b, winner=0)] * won + [ballot(a, b, winner=1)] * lost + [ballot(a, b)] * tied


def strengths(ballots: Iterable[Ballot]) -> dict[str, float]:
    return {rating.name: rating.strength for rating in rate(list(ballots), resamples=20).ratings}


def test_the_baseball_table_of_agresti_is_matched() -> None:
    ballots = [one for (a, b), won in BASEBALL.items() for one in ballots_of(a, b, *won)]
    rated = strengths(ballots)
    worths = {name: (rated[name] - rated["Baltimore"]) / ELO for name in rated}
    assert {name: round(worth, 2) for name, worth in worths.items()} == AGRESTI


def test_the_puddings_of_davidson_are_matched() -> None:
    ballots = [
        one for (a, b), votes in PUDDINGS.items() for one in ballots_of(f"{a}", f"{b}", *votes)
    ]
    rated = rate(ballots, resamples=20)
    by_name = {rating.name: rating.strength for rating in rated.ratings}
    worths = np.exp([by_name[str(brand)] / ELO for brand in range(1, 7)])
    # His iteration was ended after seven rounds, short of the maximum in the fifth digit.
    assert [round(worth, 4) for worth in worths / worths.sum()] == [
        round(worth, 4) for worth in DAVIDSON
    ]
    assert round(rated.ties, 4) == round(DAVIDSON_NU, 4)


def test_the_maximum_is_the_one_that_a_general_optimiser_finds() -> None:
    random = np.random.default_rng(5)
    wins = random.integers(1, 9, (5, 5)) * (1.0 - np.eye(5))
    ties = np.triu(random.integers(0, 5, (5, 5)), 1).astype(float)
    ties = ties + ties.T

    def surprise(at: np.ndarray) -> float:
        total = 0.0
        for a, b in combinations(range(5), 2):
            ways = np.array([at[a], at[b], at[5] + (at[a] + at[b]) / 2])
            seen = np.array([wins[a, b], wins[b, a], ties[a, b]])
            total -= seen @ (ways - np.log(np.exp(ways).sum()))
        return total

    found = minimize(surprise, np.zeros(6), tol=1e-12).x
    worths, nu, separated = fit(wins[None], ties[None], np.zeros((5, 5)))
    assert not separated[0]
    assert worths[0] == pytest.approx(found[:5] - found[:5].mean(), abs=1e-4)
    assert nu[0] == pytest.approx(np.exp(found[5]), abs=1e-4)


PLANTED = {"a": 0.6, "b": 0.1, "c": -0.2, "d": -0.5}
PLANTED_NU = 0.7


def planted_ballots(random: np.random.Generator, number: int) -> list[Ballot]:
    """Votes on pairs drawn at random, as Davidson's model with the planted strengths has them."""
    kinds, chances = [], []
    for a, b in combinations(PLANTED, 2):
        first, second = np.exp(PLANTED[a]), np.exp(PLANTED[b])
        ways = np.array([first, second, PLANTED_NU * np.sqrt(first * second)])
        kinds += [ballot(a, b, winner=0), ballot(a, b, winner=1), ballot(a, b)]
        chances += list(ways / ways.sum() / 6)
    return [kinds[at] for at in random.choice(len(kinds), number, p=chances)]


@pytest.mark.parametrize("number", [60, 200])
def test_planted_strengths_lie_in_their_intervals_as_often_as_is_said(number: int) -> None:
    within = 0
    for repeat in range(500):
        ballots = planted_ballots(np.random.default_rng(repeat), number)
        for rating in rate(ballots, seed=repeat).ratings:
            within += rating.low <= ELO * PLANTED[rating.name] <= rating.high
    assert within / (500 * len(PLANTED)) == pytest.approx(0.95, abs=0.02)


def test_many_ballots_find_the_planted_strengths() -> None:
    rated = rate(planted_ballots(np.random.default_rng(1), 20_000), resamples=100)
    assert [rating.name for rating in rated.ratings] == list(PLANTED)
    for rating in rated.ratings:
        assert rating.strength == pytest.approx(ELO * PLANTED[rating.name], abs=12)
        assert rating.high - rating.low < 30
    assert rated.ties == pytest.approx(PLANTED_NU, abs=0.05)


def test_a_win_among_four_beats_each_of_the_others() -> None:
    rated = rate([ballot("a", "b", "c", "d", winner=2)] * 24 + [ballot("a", "b", "c", "d")] * 6)
    assert rated.shares["c", "a"] == pytest.approx((24 + 3) / 30)
    assert rated.shares["a", "b"] == 0.5
    assert rated.counts["c", "d"] == 30
    assert rated.ratings[0].name == "c"
    assert {rating.ballots for rating in rated.ratings} == {30}


def test_the_order_in_which_answers_were_shown_changes_nothing() -> None:
    ballots = ballots_of("a", "b", 18, 10, 8) + ballots_of("b", "c", 12, 9)
    turned = [
        Ballot(
            each.names[::-1],
            None if each.winner is None else 1 - each.winner,
            each.outcome, each.reviewer, each.language, each.at,
        )
        for each in ballots
    ]  # fmt: skip
    assert rate(turned) == rate(ballots)


@pytest.mark.parametrize(
    "ballots",
    [
        [],
        [ballot("a", "b", winner=0)] * (ENOUGH - 1),
        [replace(ballot("a", "b", winner=0), comparison=f"{n % 15}") for n in range(60)],
        ballots_of("a", "b", 9, 9) + ballots_of("b", "c", 9, 9),
        [ballot("a", winner=0)] * 30,
    ],
    ids=[
        "none",
        "too few",
        "few comparisons with many votes",
        "two variants with too few",
        "one alone",
    ],
)
def test_where_there_are_not_enough_votes_to_say_none_is_rated(ballots: list[Ballot]) -> None:
    rated = rate(ballots)
    assert not rated.enough
    assert rated.ratings == ()
    assert rated.ballots == len(ballots)


def test_a_variant_with_few_ballots_waits_and_takes_nobodys_rating_away() -> None:
    many = ballots_of("a", "b", 120, 80)
    alone, joined = rate(many), rate([*many, ballot("a", "c", winner=0)])
    assert joined.enough
    assert joined.waiting == ("c",)
    assert joined.shares["a", "c"] == 1
    assert [each.name for each in joined.ratings] == ["a", "b"]
    assert [each.strength for each in joined.ratings] == pytest.approx(
        [each.strength for each in alone.ratings]
    )


def test_of_groups_that_never_met_the_largest_is_rated() -> None:
    far = [*ballots_of("a", "b", 20, 10), *ballots_of("b", "c", 20, 10)]
    rated = rate([*ballots_of("x", "y", 40, 20), *far])
    assert {each.name for each in rated.ratings} == {"a", "b", "c"}
    assert rated.waiting == ("x", "y")


def test_comparisons_with_those_that_are_not_rated_do_not_count() -> None:
    """d was in 22 comparisons, but in one only with a variant that is rated."""
    few = [one for name in "efg" for one in ballots_of("d", name, 4, 3)]
    rated = rate([*ballots_of("a", "b", 20, 10), ballot("a", "d", winner=0), *few])
    assert {each.name for each in rated.ratings} == {"a", "b"}
    assert rated.waiting == ("d", "e", "f", "g")


def test_a_larger_group_that_falls_apart_takes_nobodys_rating_away() -> None:
    """c and d have met more often than a and b, but hardly anyone who can be rated."""
    many = ballots_of("a", "b", 14, 10)
    few = [one for at in range(10) for one in ballots_of("c", f"e{at}", 2, 1)]
    more = [one for at in range(10) for one in ballots_of("d", f"f{at}", 1, 2)]
    rated = rate([*many, *few, *more, *ballots_of("c", "d", 3, 2)])
    assert [each.name for each in rated.ratings] == ["a", "b"]
    assert {"c", "d"} < set(rated.waiting)


def test_people_who_vote_on_one_comparison_are_not_that_many_votes() -> None:
    """Of equals: each question has its better side, and five reviewers mostly follow it."""
    within = 0
    for repeat in range(150):
        random = np.random.default_rng(repeat)
        cast = []
        for number in range(40):
            better = int(random.integers(2))
            for _ in range(5):
                winner = better if random.random() < 0.9 else 1 - better
                cast.append(replace(ballot("a", "b", winner=winner), comparison=f"{number}"))
        first = rate(cast, resamples=200, seed=repeat).ratings[0]
        within += first.low <= 0 <= first.high
    assert within / 150 > 0.88


def test_a_variant_that_always_won_is_rated_with_care_and_said_to_be() -> None:
    rated = rate(ballots_of("a", "b", 24, 0))
    best, worst = rated.ratings
    assert rated.is_separated
    assert best.name == "a"
    assert np.isfinite([best.strength, best.low, best.high]).all()
    # Half a win each way: 24.5 to 0.5, halved to either side of the mean.
    assert best.strength == pytest.approx(ELO * np.log(24.5 / 0.5) / 2)
    assert best.low < best.strength <= best.high
    assert best.low > 0
    assert worst.strength == -best.strength


def test_a_variant_that_won_or_tied_and_never_lost_is_no_less_separated() -> None:
    rated = rate(ballots_of("a", "b", 16, 0, 12))
    assert rated.is_separated
    assert np.isfinite([each.high for each in rated.ratings]).all()


def test_ties_alone_make_equals() -> None:
    rated = rate([ballot("a", "b")] * 30)
    assert [rating.strength for rating in rated.ratings] == pytest.approx([0, 0], abs=1e-6)
    assert all(rating.low < 0 < rating.high for rating in rated.ratings)


def test_more_ballots_narrow_the_interval_and_nothing_else() -> None:
    few, many = (rate(ballots_of("a", "b", 6 * times, 4 * times)) for times in (4, 64))
    assert few.ratings[0].strength == pytest.approx(many.ratings[0].strength)
    widths = [rated.ratings[0].high - rated.ratings[0].low for rated in (few, many)]
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.2)


def test_the_same_ballots_are_rated_alike_every_time() -> None:
    ballots = ballots_of("a", "b", 18, 10, 8)
    assert rate(ballots) == rate(ballots)
    assert rate(ballots, seed=1).ratings[0].low != rate(ballots, seed=2).ratings[0].low


def test_votes_are_counted_by_day_reviewer_and_language() -> None:
    def cast(winner: int | None, outcome: Outcome, who: str, language: str, day: int) -> Ballot:
        at = NOON + timedelta(days=day)
        return Ballot(("a", "b"), winner, outcome, who, language, at)

    ballots = [
        cast(0, Outcome.WIN, "Ada", "en", 1),
        cast(1, Outcome.WIN, "Ada", "zh", 0),
        cast(0, Outcome.WIN, "Bo", "en", 1),
        cast(None, Outcome.BAD, "Bo", "zh", 1),
        cast(None, Outcome.TIE, "Bo", "zh", 1),
    ]
    assert over_time(ballots) == [
        (date(2026, 3, 2), {"b": 1}),
        (date(2026, 3, 3), {"a": 2, "bad": 1, "tie": 1}),
    ]
    ada, bo = by_reviewer(ballots).values()
    assert (ada.ballots, ada.wins, ada.ties, ada.bad) == (2, {"a": 1, "b": 1}, 0, 0)
    assert (bo.ballots, bo.wins, bo.ties, bo.bad) == (3, {"a": 1}, 1, 1)
    assert by_language(ballots)["zh"].wins == {"b": 1}


def test_what_is_called_enough_is_enough_for_two_variants() -> None:
    """Exactly, over every count of wins that can come: no simulation."""
    within = []
    intervals = []
    for won in range(ENOUGH + 1):
        rated = rate(ballots_of("a", "b", won, ENOUGH - won))
        (first,) = (rating for rating in rated.ratings if rating.name == "a")
        intervals.append((first.low, first.high))
    for chance in np.linspace(0.5, 0.9, 21):
        truth = ELO * np.log(chance / (1 - chance)) / 2
        chances = binom.pmf(range(ENOUGH + 1), ENOUGH, chance)
        within.append(
            sum(
                p for p, (low, high) in zip(chances, intervals, strict=True) if low <= truth <= high
            )
        )
    assert np.mean(within) > 0.93
    assert min(within) > 0.85
