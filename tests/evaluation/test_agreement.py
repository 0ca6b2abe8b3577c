"""Agreement against the examples that Krippendorff works through, and where it says nothing."""

from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import pytest

from core.evaluation.agreement import ENOUGH, agreement
from core.evaluation.votes import stand
from core.trials import Comparison, Outcome, Vote
from core.types import Variant

# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), sections A to C: what each
# observer called each unit, a dot where they called it nothing, and alpha for nominal data.
WORKED = {
    "two observers, two values": (("0100000010", "1110010000"), 0.095),
    "two observers, five values": (("aabbdcccedda", "babbbccceddd"), 0.692),
    "four observers, votes missing": (
        ("123321412...", "1233224125.3", ".3332342251.", "12332441251."),
        0.743,
    ),
}


def units(observers: tuple[str, ...]) -> dict[str, list[str]]:
    return {
        str(at): [value for value in values if value != "."]
        for at, values in enumerate(zip(*observers, strict=True))
    }


@pytest.mark.parametrize(("observers", "alpha"), WORKED.values(), ids=WORKED)
def test_the_worked_examples_of_krippendorff_are_matched(
    observers: tuple[str, ...], alpha: float
) -> None:
    found = agreement(units(observers)).alpha
    assert found is not None
    assert round(found, 3) == alpha


def test_a_comparison_with_one_vote_counts_for_nothing() -> None:
    observers = WORKED["four observers, votes missing"][0]
    found = agreement(units(observers))
    assert (found.items, found.ballots) == (11, 40)


def test_reviewers_who_always_agree_agree_fully() -> None:
    assert agreement({str(at): ["a", "a", "ab"[at % 2]] for at in range(4)}).alpha is None
    assert agreement({str(at): ["ab"[at % 2]] * 3 for at in range(8)}).alpha == 1


def test_reviewers_who_never_agree_are_below_chance() -> None:
    found = agreement({str(at): ["a", "b"] for at in range(20)}).alpha
    assert found is not None
    assert found < 0


@pytest.mark.parametrize(
    "votes",
    [{}, {"1": ["a", "b"]}, {str(at): ["a"] for at in range(50)}],
    ids=["no comparison", "too few", "one reviewer"],
)
def test_too_few_votes_say_nothing(votes: dict[str, list[str]]) -> None:
    assert agreement(votes).alpha is None


def test_where_everybody_votes_the_same_chance_would_agree_as_well() -> None:
    found = agreement({str(at): ["a", "a"] for at in range(2 * ENOUGH)})
    assert found.alpha is None
    assert found.items == 2 * ENOUGH


NOW = datetime(2026, 3, 2, tzinfo=UTC)
FIVE = [Variant(name) for name in "abcde"]


@pytest.mark.parametrize("most", [2, 4], ids=["pairs", "two to four sides"])
def test_two_reviewers_who_toss_coins_agree_as_chance_does(most: int) -> None:
    """Each can only name one of the variants shown, which is no agreement."""
    random = np.random.default_rng(5)
    shown = [each for size in range(2, most + 1) for each in combinations(FIVE, size)]
    made, votes = [], []
    for number in range(4000):
        sides = shown[random.integers(len(shown))]
        order = tuple(sides[at] for at in random.permutation(len(sides)))
        made.append(Comparison(f"c{number}", "m", "p", "When?", order, True, NOW))
        for person in ("ada", "bo"):
            winner = int(random.integers(len(order)))
            own = Vote(f"{person}{number}", f"c{number}", person, Outcome.WIN, winner, (), "", NOW)
            votes.append(own)
    found = stand(made, votes, ()).agreement
    assert found.items == 4000
    assert found.alpha == pytest.approx(0, abs=0.04)
