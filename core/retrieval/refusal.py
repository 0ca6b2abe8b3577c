"""Do the passages found hold an answer at all?  Decided by thresholds fitted on questions.

Figures of a search tell the answerable question from the other: how near the nearest passage is,
how far it stands out from the rest in meaning and in score, the share of the question's words that
one of the best passages holds, its BM25 score for each word, how long the question is, and, for
Chinese laws, whether it speaks of one that is there.  A logistic regression weighs them, fitted for
each embedding model and language by ``app.py calibrate``; the file names what it was fitted on.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import PinciteError
from core.retrieval.grams import asked_terms, terms
from core.settings import ROOT
from core.types import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHIPPED = ROOT / "assets" / "calibration"
_BEST = 5
_TENTH = 9


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a search found for a question, in figures; ``certain`` where it looked it up.

    ``nearness`` and ``gap`` are cosines; ``shared`` is in [0, 1]; ``bm25`` is the logarithm of one
    plus the best score divided by the number of the question's words; ``margin`` is how much the
    best hit scores above the tenth; ``length`` is the logarithm of one plus the number of words;
    ``lead`` is that of ``core.retrieval.laws``.
    """

    nearness: float = 0.0
    gap: float = 0.0
    shared: float = 0.0
    bm25: float = 0.0
    margin: float = 0.0
    length: float = 0.0
    lead: float = 0.0
    certain: bool = False

    def figures(self) -> tuple[float, ...]:
        """The figures in the order of ``FIGURES``."""
        return tuple(getattr(self, name) for name in FIGURES)


FIGURES = ("nearness", "gap", "shared", "bm25", "margin", "length", "lead")
NOTHING = Evidence()


@dataclass(frozen=True, slots=True)
class Threshold:
    """Weights (one for each of ``FIGURES``) and bias of one language; the documents answer where
    the weighted sum is positive.
    """

    weights: tuple[float, ...]
    bias: float
    questions: int
    wrongly_answered: float
    wrongly_refused: float

    def admits(self, evidence: Evidence) -> bool:
        """Whether the passages may hold an answer."""
        if evidence.certain:
            return True
        pairs = zip(self.weights, evidence.figures(), strict=True)
        return sum(weight * figure for weight, figure in pairs) + self.bias > 0


def weigh(
    words: str,
    hits: Sequence[Hit],
    cosines: Sequence[float],
    bm25: float,
    *,
    lead: float,
    certain: bool,
) -> Evidence:
    """The evidence of a search for ``words``: its ``hits``, best first, the candidates'
    ``cosines`` (nearest first) and the best BM25 score.
    """
    asked = asked_terms(words)
    held = [terms(hit.passage.text) for hit in hits[:_BEST]]
    shared = max((len(asked & each) / max(1, len(asked)) for each in held), default=0.0)
    near = cosines[:50]
    nearness = near[0] if near else 0.0
    gap = nearness - sum(near) / len(near) if near else 0.0
    margin = hits[0].score - hits[_TENTH].score if len(hits) > _TENTH else 0.0
    weight = math.log1p(bm25 / max(1, len(asked)))
    length = math.log1p(len(asked)) if hits else 0.0
    return Evidence(nearness, gap, shared, weight, margin, length, lead, certain)


def thresholds(model: str, own: Path) -> dict[str, Threshold]:
    """The thresholds of an embedding model by language: those of ``own`` (a folder), else those
    that come with Pincite, else none: then only what is not found at all is refused.

    Raises ``PinciteError`` for a file that is none of ours.
    """
    for folder in (own, SHIPPED):
        path = folder / f"{model.replace('/', '_')}.json"
        if path.is_file():
            try:
                listed = json.loads(path.read_text(encoding="utf-8"))
                return {language: _threshold(**each) for language, each in listed.items()}
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise PinciteError(
                    f"The thresholds in {path} cannot be read.", "Run calibrate again."
                ) from error
    return {}


def _threshold(weights: Sequence[float], bias: float, **measured: Any) -> Threshold:
    if len(weights) != len(FIGURES):
        raise ValueError(f"{len(weights)} weights for {len(FIGURES)} figures")
    return Threshold(tuple(map(float, weights)), float(bias), **measured)


def save(fitted: dict[str, Threshold], model: str, own: Path) -> Path:
    """Write the thresholds of a model into the folder ``own``; return the file."""
    own.mkdir(parents=True, exist_ok=True)
    path = own / f"{model.replace('/', '_')}.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({k: asdict(v) for k, v in fitted.items()}, indent=2) + "\n")
    partial.replace(path)
    return path


def fit(
    evidence: Sequence[Evidence], answerable: Sequence[bool], refused_by_name: int = 0
) -> Threshold:
    """Fit one language's threshold so that both errors are equally rare.

    ``refused_by_name`` counts further questions that the documents do not answer and that are
    refused already for the names in them.

    Logistic regression with a ridge penalty, both classes weighing the same; the bias is then set
    where the share wrongly answered meets the share wrongly refused, on five-fold predictions
    (Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", sections 4.4 and
    7.10).  Raises ``PinciteError`` with fewer than ten questions of either kind.
    """
    import numpy as np

    known = np.array(answerable, bool)
    if min(known.sum(), (~known).sum()) < 10:
        raise PinciteError(
            "There are too few questions to fit thresholds.",
            "Give at least ten that the documents answer and ten that they do not.",
        )
    figures = np.array([each.figures() for each in evidence])
    folds = np.random.default_rng(0).permutation(len(known)) % 5
    held_out = np.empty(len(known))
    for fold in range(5):
        weights = _regress(figures[folds != fold], known[folds != fold])
        held_out[folds == fold] = figures[folds == fold] @ weights[:-1] + weights[-1]
    absent = (~known).sum() + refused_by_name
    errors = [
        (max((held_out[~known] > at).sum() / absent, (held_out[known] <= at).mean()), at)
        for at in held_out
    ]
    _, cut = min(errors)
    weights = _regress(figures, known)
    return Threshold(
        tuple(map(float, weights[:-1])),
        float(weights[-1] - cut),
        len(known) + refused_by_name,
        round(float((held_out[~known] > cut).sum() / absent), 4),
        round(float((held_out[known] <= cut).mean()), 4),
    )


def _regress(figures: "NDArray[np.float64]", known: "NDArray[np.bool_]") -> "NDArray[np.float64]":
    """Weights and bias, for figures as they are."""
    import numpy as np
    from scipy.optimize import minimize

    mean, spread = figures.mean(axis=0), figures.std(axis=0) + 1e-9
    columns = np.column_stack([(figures - mean) / spread, np.ones(len(known))])
    sign = np.where(known, 1.0, -1.0)
    share = np.where(known, 0.5 / known.mean(), 0.5 / (~known).mean())

    def loss(weights: "NDArray[np.float64]") -> float:
        margins = np.logaddexp(0.0, -sign * (columns @ weights))
        return float((share * margins).sum() + 0.5 * (weights[:-1] ** 2).sum())

    best = minimize(loss, np.zeros(columns.shape[1])).x
    scaled = best[:-1] / spread
    return np.append(scaled, best[-1] - scaled @ mean)
