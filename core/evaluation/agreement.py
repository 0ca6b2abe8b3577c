"""How far reviewers agree on the comparisons that several of them voted on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ENOUGH = 5
"""Comparisons with two or more votes, below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Krippendorff's alpha: 1 is full agreement, 0 what chance gives, below 0 systematic dispute.

    ``items`` are the comparisons that two or more voted on, and ``ballots`` the votes on those.
    ``alpha`` is ``None`` with fewer than ``ENOUGH`` items, and where all votes are the same:
    chance would agree as well.
    """

    alpha: float | None
    items: int
    ballots: int


def agreement(
    votes_by_comparison: Mapping[str, Sequence[str]], sides: Mapping[str, int] | None = None
) -> Agreement:
    """Alpha for nominal values, one vote a reviewer: a position, ``tie`` or ``bad``.

    A position has to be one in an order that was drawn for the comparison and is the same for all
    its reviewers.  By names two who toss coins would seem to agree: they can only name one of
    those that they were shown.

    ``1 - (n - 1) * sum(o[c, k]) / sum(n[c] * n[k])`` over values ``c != k``, with coincidences
    ``o`` and their margins ``n`` (Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011).
    Comparisons with as many ``sides`` have margins of their own, for the same reason: what was
    observed and what chance gives are added up over them.
    """
    groups: dict[int, list[Counter[str]]] = {}
    for comparison, votes in votes_by_comparison.items():
        if len(votes) > 1:
            groups.setdefault((sides or {}).get(comparison, 0), []).append(Counter(votes))
    items = sum(map(len, groups.values()))
    ballots = sum(votes.total() for paired in groups.values() for votes in paired)
    apart = expected = 0.0
    for paired in groups.values():
        margins = sum(paired, Counter[str]())
        apart += sum(
            (votes.total() ** 2 - _squares(votes)) / (votes.total() - 1) for votes in paired
        )
        expected += (margins.total() ** 2 - _squares(margins)) / (margins.total() - 1)
    if items < ENOUGH or not expected:
        return Agreement(None, items, ballots)
    return Agreement(1 - apart / expected, items, ballots)


def _squares(counted: Counter[str]) -> int:
    return sum(number**2 for number in counted.values())
