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


def agreement(votes_by_comparison: Mapping[str, Sequence[str]]) -> Agreement:
    """Alpha for nominal values, one vote a reviewer: a variant's name, ``tie`` or ``bad``.

    ``1 - (n - 1) * sum(o[c, k]) / sum(n[c] * n[k])`` over values ``c != k``, with coincidences
    ``o`` and their margins ``n`` (Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011).
    """
    paired = [Counter(votes) for votes in votes_by_comparison.values() if len(votes) > 1]
    margins = sum(paired, Counter[str]())
    ballots = margins.total()
    apart = sum((votes.total() ** 2 - _squares(votes)) / (votes.total() - 1) for votes in paired)
    expected = ballots**2 - _squares(margins)
    if len(paired) < ENOUGH or not expected:
        return Agreement(None, len(paired), ballots)
    return Agreement(1 - (ballots - 1) * apart / expected, len(paired), ballots)


def _squares(counted: Counter[str]) -> int:
    return sum(number**2 for number in counted.values())
