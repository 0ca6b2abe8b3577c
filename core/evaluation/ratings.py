"""Strengths of variants from the ballots of reviewers, with how far they can be trusted.

The model is Bradley and Terry's (1952, Biometrika 39) with ties after Davidson (1970, JASA 65,
317-328): with worths ``w``, ``P(i beats j)``, ``P(j beats i)`` and ``P(tie)`` are as
``w[i] : w[j] : nu * sqrt(w[i] * w[j])``.  It is fitted by maximum likelihood, unpenalised.

Where the likelihood has no maximum (a variant that won every ballot would be infinitely strong),
every pair that was compared is given half a win each way, which is Jeffreys' prior for one pair,
and so is the population that the intervals are drawn from: the strengths are then cautious ones
and ``Ratings.is_separated`` says so.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm

from core.trials import Outcome

Counts = NDArray[np.floating[Any]]

ELO = 400 / np.log(10)
"""Points of Elo's scale to one unit of log worth: 400 points are odds of ten to one."""

ENOUGH = 20
"""Comparisons that a rated variant must have been in with others that are rated.  Between two
variants, one ballot each, the 95 % intervals then hold in 94 of 100 cases, whatever the true
strengths; with 10 in 91, and at worst in 67."""

_PRIOR = 0.5
_FLAT = 1e-7
_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Ballot:
    """One reviewer's verdict on one comparison.

    ``names`` are the variants in the order shown and ``winner`` a position in it, ``None`` unless
    the outcome is ``WIN``.  ``language`` is that of the question.  Ballots on one ``comparison``
    depend on each other; one without is on a comparison of its own.
    """

    names: tuple[str, ...]
    winner: int | None
    outcome: Outcome
    reviewer: str
    language: str
    at: datetime
    comparison: str = ""

    @property
    def chosen(self) -> str:
        """The name of the variant that it is for, or what it says instead."""
        return str(self.outcome) if self.winner is None else self.names[self.winner]


@dataclass(frozen=True, slots=True)
class Rating:
    """A variant's strength in Elo points, 0 in the mean of all, with its 95 % interval."""

    name: str
    strength: float
    low: float
    high: float
    ballots: int


@dataclass(frozen=True, slots=True)
class Ratings:
    """The strengths, strongest first; none unless there is ``enough`` to tell.

    ``ties`` is Davidson's nu.  ``shares[a, b]`` is the share of their meetings that ``a`` won from
    ``b``, a tie counting half; ``counts[a, b]`` the number of meetings.  Rated is the largest group
    that comparisons connect and of which each was in ``ENOUGH`` of them; the others are
    ``waiting``.
    """

    ratings: tuple[Rating, ...]
    ties: float
    shares: dict[tuple[str, str], float]
    counts: dict[tuple[str, str], int]
    ballots: int
    enough: bool
    is_separated: bool = False
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """Ballots counted: how often each variant won, and how many had no winner."""

    ballots: int
    wins: dict[str, int]
    ties: int
    bad: int


def rate(ballots: Sequence[Ballot], *, resamples: int = 500, seed: int = 0) -> Ratings:
    """Rate the variants of which there are enough ballots.

    A win among several sides beats each of the others; ``TIE`` and ``BAD`` tie all of them.
    Intervals are bias-corrected percentiles (Efron 1981, Canadian Journal of Statistics 9) of
    refits to ``resamples`` draws of whole comparisons, so that all votes on one stay together:
    people who read the same answers mostly agree, and are not as many independent votes.
    """
    names = sorted({name for ballot in ballots for name in ballot.names})
    kinds, weights = _kinds(ballots, names)
    wins, ties = _weighed(weights[None], kinds)
    met = wins[0] + wins[0].T + ties[0]
    pairs = [(a, b) for a in range(len(names)) for b in range(len(names)) if met[a, b] > 0]
    counts = {(names[a], names[b]): round(met[a, b]) for a, b in pairs}
    shares = {
        (names[a], names[b]): float((wins[0, a, b] + ties[0, a, b] / 2) / met[a, b])
        for a, b in pairs
    }
    rated = _rated([{names.index(name) for name in each} for each in _shown(ballots)], met)
    waiting = tuple(name for at, name in enumerate(names) if at not in rated)
    if not rated:
        return Ratings((), 0.0, shares, counts, len(ballots), enough=False, waiting=waiting)

    kinds = kinds[:, :, rated][..., rated]
    among = kinds.any(axis=(1, 2, 3))
    kinds, weights = kinds[among], weights[among]
    wins, ties = _weighed(weights[None], kinds)
    prior = _PRIOR * (met[rated][:, rated] > 0)
    worths, nu, separated = fit(wins, ties, prior)
    is_separated = bool(separated[0])
    drawn = _draws(weights, kinds, prior if is_separated else None, resamples, seed)
    refits = ELO * fit(*drawn, prior)[0]
    low, high = _interval(refits, ELO * worths[0])
    on = Counter(name for ballot in ballots for name in set(ballot.names))
    ratings = [
        Rating(name, float(ELO * worths[0, at]), float(low[at]), float(high[at]), on[name])
        for at, name in enumerate(names[each] for each in rated)
    ]
    ratings.sort(key=lambda rating: -rating.strength)
    return Ratings(
        tuple(ratings), float(nu[0]), shares, counts, len(ballots), True, is_separated, waiting
    )


def _shown(ballots: Sequence[Ballot]) -> list[frozenset[str]]:
    """The names of each comparison."""
    named = {each.comparison or at: frozenset(each.names) for at, each in enumerate(ballots)}
    return list(named.values())


def _rated(shown: Sequence[Collection[int]], met: Counts) -> list[int]:
    """The variants that can be rated: of the groups that comparisons connect, the largest.

    Dropping one may leave others with too few comparisons or apart from each other, so each group
    drops until it holds, before their sizes are compared.
    """
    open_groups, groups = [list(range(len(met)))], []
    while open_groups:
        group = open_groups.pop()
        on = _met_among(group, shown)
        enough = [at for at in group if on[at] >= ENOUGH]
        connected = _connected(enough, met)
        if connected == [group]:
            groups.append(group)
        else:
            open_groups += connected
    return max(groups, key=lambda group: (len(group), _met_among(group, shown).total()), default=[])


def _met_among(group: Collection[int], shown: Sequence[Collection[int]]) -> Counter[int]:
    """In how many comparisons each of a group was with others of it."""
    within = (set(each).intersection(group) for each in shown)
    return Counter(at for each in within if len(each) > 1 for at in each)


def _connected(group: Sequence[int], met: Counts) -> list[list[int]]:
    """The parts of a group, in its order, that have met each other, if only through others."""
    if not group:
        return []
    _, labels = connected_components(met[group][:, group] > 0, directed=False)
    return [
        [at for at, own in zip(group, labels, strict=True) if own == label]
        for label in dict.fromkeys(labels)
    ]


def over_time(ballots: Iterable[Ballot]) -> list[tuple[date, dict[str, int]]]:
    """The days with ballots, oldest first: each variant's wins, and under ``tie`` and ``bad`` those
    without a winner.  Days are those of this machine's time zone.
    """
    days: dict[date, Counter[str]] = {}
    for ballot in ballots:
        day = days.setdefault(ballot.at.astimezone().date(), Counter())
        day[ballot.chosen] += 1
    return [(day, dict(days[day])) for day in sorted(days)]


def by_reviewer(ballots: Iterable[Ballot]) -> dict[str, Tally]:
    """What each reviewer voted."""
    return _tallied((ballot.reviewer, ballot) for ballot in ballots)


def by_language(ballots: Iterable[Ballot]) -> dict[str, Tally]:
    """What was voted on the questions of each language."""
    return _tallied((ballot.language, ballot) for ballot in ballots)


def _tallied(sorted_in: Iterable[tuple[str, Ballot]]) -> dict[str, Tally]:
    groups: dict[str, list[Ballot]] = {}
    for key, ballot in sorted_in:
        groups.setdefault(key, []).append(ballot)
    return {
        key: Tally(
            len(group),
            dict(Counter(each.names[each.winner] for each in group if each.winner is not None)),
            sum(each.outcome is Outcome.TIE for each in group),
            sum(each.outcome is Outcome.BAD for each in group),
        )
        for key, group in sorted(groups.items())
    }


def _kinds(ballots: Sequence[Ballot], names: Sequence[str]) -> tuple[Counts, Counts]:
    """The kinds of comparisons there are, ``[kind, 2, a, b]`` with wins of a over b and ties of a
    and b in all ballots on one, and how many comparisons are of each kind.
    """
    at = {name: position for position, name in enumerate(names)}
    cast: dict[str | int, Counter[tuple[frozenset[str], str | None]]] = {}
    for number, ballot in enumerate(ballots):
        winner = None if ballot.winner is None else ballot.names[ballot.winner]
        own = cast.setdefault(ballot.comparison or number, Counter())
        own[frozenset(ballot.names), winner] += 1
    drawn = Counter(frozenset(each.items()) for each in cast.values())
    kinds = np.zeros((len(drawn), 2, len(names), len(names)))
    for kind, verdicts in zip(kinds, drawn, strict=True):
        for (shown, winner), times in verdicts:
            if winner is not None:
                kind[0, at[winner], [at[name] for name in shown if name != winner]] += times
                continue
            for a, b in combinations(shown, 2):
                kind[1, at[a], at[b]] += times
                kind[1, at[b], at[a]] += times
    return kinds, np.array(list(drawn.values()), float)


def _weighed(weights: Counts, kinds: Counts) -> tuple[Counts, Counts]:
    """Wins and ties ``[sample, a, b]`` of samples with ``weights[sample, kind]`` comparisons."""
    both = np.tensordot(weights, kinds, axes=1)
    return both[:, 0], both[:, 1]


def _draws(
    weights: Counts, kinds: Counts, prior: Counts | None, resamples: int, seed: int
) -> tuple[Counts, Counts]:
    """Wins and ties of samples drawn from the comparisons, and from the prior's if one is given."""
    size = int(weights.sum())
    if prior is not None:
        pairs = np.argwhere(prior > 0)
        wins = np.zeros((len(pairs), 2, *prior.shape))
        wins[np.arange(len(pairs)), 0, pairs[:, 0], pairs[:, 1]] = 1
        kinds = np.concatenate([kinds, wins])
        weights = np.concatenate([weights, prior[prior > 0]])
    random = np.random.default_rng(seed)
    drawn = random.multinomial(size, weights / weights.sum(), size=resamples)
    return _weighed(drawn.astype(float), kinds)


def _interval(refits: Counts, strengths: Counts) -> Counts:
    """The 95 % interval of each strength, from refits ``[sample, a]`` around it.

    Plain percentiles of few ballots fall short of 95 %: a refit lies further out than what it is
    drawn from, just as that lies further out than the truth.
    """
    below = (refits < strengths).mean(0) + (refits == strengths).mean(0) / 2
    least = 1 / (2 * len(refits))
    shift = 2 * norm.ppf(np.clip(below, least, 1 - least))
    shares = norm.cdf(shift + norm.ppf([[0.025], [0.975]]))
    each = range(len(strengths))
    return np.array([np.quantile(refits[:, at], shares[:, at]) for at in each], float).T


def fit(wins: Counts, ties: Counts, prior: Counts) -> tuple[Counts, Counts, NDArray[np.bool_]]:
    """Davidson's model for many samples at once.

    ``wins[sample, a, b]`` counts how often a beat b and ``ties[sample, a, b]``, symmetric, how
    often they tied.  Returns log worths ``[sample, a]`` with mean 0, nu ``[sample]``, and which
    samples have no maximum and were fitted with ``prior`` wins added.
    """
    worths, nu, flat = _newton(wins, ties)
    if flat.any():
        worths[flat], nu[flat], _ = _newton(wins[flat] + prior, ties[flat])
    return worths, nu, flat


def _newton(wins: Counts, ties: Counts) -> tuple[Counts, Counts, NDArray[np.bool_]]:
    """Newton's method on the log likelihood, which is concave in log worths and log nu.

    Hundreds of small problems in one array: a general optimiser would take them one by one.  The
    last is where the information about some direction has gone: there is no maximum.
    """
    samples, size = len(wins), wins.shape[-1]
    met = wins + wins.swapaxes(1, 2) + ties
    has_ties = ties.any(axis=(1, 2))
    tied, won = ties.sum(axis=(1, 2)) / 2, wins.sum(axis=2) + ties.sum(axis=2) / 2
    at = np.zeros((samples, size + 1))
    at[~has_ties, size] = -np.inf
    everyone = np.arange(size)
    curvature = np.zeros((samples, size + 1, size + 1))
    for _ in range(_ROUNDS):
        gap = at[:, :size, None] - at[:, None, :size]
        first, even = np.exp(gap / 2), np.exp(at[:, size])[:, None, None]
        whole = first + 1 / first + even
        win, tie = met * first / whole, met * even / whole
        slope = np.concatenate(
            [won - (win + tie / 2).sum(2), (tied - tie.sum((1, 2)) / 2)[:, None]], axis=1
        )
        # Of a pair's outcome: the variance of wins - losses, its covariance with a tie, the
        # variance of a tie; a strength counts half in wins - losses.
        share_win, share_tie = first / whole, even / whole
        share_loss = 1 / first / whole
        lead = share_win - share_loss
        between = met * (share_win + share_loss - lead**2) / 4
        mixed = (-met * lead * share_tie / 2).sum(axis=2)
        curvature[:, :size, :size] = -between + 1.0
        curvature[:, everyone, everyone] = between.sum(axis=2) - between[:, everyone, everyone] + 1
        curvature[:, :size, size] = curvature[:, size, :size] = mixed
        curvature[:, size, size] = (met * share_tie * (1 - share_tie)).sum((1, 2)) / 2
        curvature[~has_ties, size, size] = 1.0
        if np.abs(slope).max() < 1e-9 * max(1.0, float(met.max())):
            break
        ridge = 1e-10 * np.eye(size + 1)
        step = np.linalg.solve(curvature + ridge, slope[:, :, None])[:, :, 0]
        at += np.clip(step, -1.5, 1.5)
    flat = np.linalg.eigvalsh(curvature)[:, 0] < _FLAT * np.maximum(met.max((1, 2)), 1)
    return at[:, :size] - at[:, :size].mean(1, keepdims=True), np.exp(at[:, size]), flat
