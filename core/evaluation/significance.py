"""Whether one variant did better than another on the same questions, or chance did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

Figures = Mapping[str, Mapping[str, float]]
"""A variant's question id -> metric -> value; a question that failed has none."""

_RESAMPLES = 5_000
_KEPT = 256
"""Intervals and levels that are kept: a report is drawn anew for every question that is opened."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric of two variants over the ``questions`` for which both have it.

    ``difference`` is ``second - first``, both means, with its paired 95 % interval.  ``p`` is the
    chance of as large a difference if the variants were exchangeable, and ``adjusted`` the same
    with all metrics of the comparison taken into account.
    """

    metric: str
    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float
    adjusted: float
    questions: int


def differences(first: Figures, second: Figures, *, seed: int = 0) -> tuple[Difference, ...]:
    """Compare two variants metric by metric, in the metrics' own order.

    The interval is the percentile bootstrap's over questions; ``p`` is from the paired permutation
    test, two-sided, exact for few questions (both scipy.stats); ``adjusted`` is Holm's (1979,
    Scandinavian Journal of Statistics 6).  A metric that fewer than two questions share is left
    out: nothing can be said of it.
    """
    shared = [question for question in first if question in second]
    metrics = dict.fromkeys(metric for question in shared for metric in first[question])
    found = []
    for metric in metrics:
        both = [each for each in shared if metric in first[each] and metric in second[each]]
        if len(both) < 2:
            continue
        one = np.array([first[each][metric] for each in both], float)
        other = np.array([second[each][metric] for each in both], float)
        low, high = interval(other - one, seed=seed)
        p = chance(other - one, seed=seed)
        gap = float((other - one).mean())
        found.append((metric, float(one.mean()), float(other.mean()), gap, low, high, p, len(both)))
    adjusted = holm([each[6] for each in found])
    return tuple(
        Difference(*each[:7], adjusted=level, questions=each[7])
        for each, level in zip(found, adjusted, strict=True)
    )


def interval(values: Sequence[float] | np.ndarray, *, seed: int = 0) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of a mean; the value itself where there is but one.

    Raises ``ValueError`` for no value.
    """
    each = tuple(map(float, values))
    if not each:
        raise ValueError("no value has no interval")
    return (each[0], each[0]) if len(set(each)) == 1 else _interval(each, seed)


@lru_cache(_KEPT)
def _interval(each: tuple[float, ...], seed: int) -> tuple[float, float]:
    from scipy.stats import bootstrap

    found = bootstrap(
        (each,), np.mean, n_resamples=_RESAMPLES, method="percentile", batch=500,
        rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return float(found.low), float(found.high)


def holm(levels: Sequence[float]) -> list[float]:
    """Holm's adjustment of p-values, in the order given; each stays at most 1."""
    adjusted = [0.0] * len(levels)
    highest = 0.0
    for rank, at in enumerate(sorted(range(len(levels)), key=lambda at: levels[at])):
        highest = max(highest, min(1.0, (len(levels) - rank) * levels[at]))
        adjusted[at] = highest
    return adjusted


def chance(
    gaps: Sequence[float] | np.ndarray,
    *,
    alternative: Literal["two-sided", "less", "greater"] = "two-sided",
    seed: int = 0,
) -> float:
    """The p of the paired permutation test: how often chance alone makes so large a mean.

    Or so low a one (``less``), or so high (``greater``).  Exact for few (scipy.stats); 1 below
    two differences.
    """
    each = tuple(map(float, gaps))
    return 1.0 if len(each) < 2 or not any(each) else _chance(each, alternative, seed)


@lru_cache(_KEPT)
def _chance(each: tuple[float, ...], alternative: str, seed: int) -> float:
    from scipy.stats import permutation_test

    return float(
        permutation_test(
            (each,), np.mean, permutation_type="samples", vectorized=True, batch=500,
            alternative=alternative, n_resamples=_RESAMPLES, rng=np.random.default_rng(seed),
        ).pvalue
    )  # fmt: skip
