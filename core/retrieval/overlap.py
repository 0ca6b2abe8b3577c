"""How much of what a question says the best candidates say, and how little else.

BM25 pays for every word that a passage shares with a question; this also asks how much of the
passage the question speaks of, with words weighed by how few of the candidates hold them.  A long
article that touches on everything then stands behind a short one that is about the question.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.retrieval.grams import terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SHORTEST = 0.5
"""Of the median length: a bare heading is taken for half a passage, and overlaps less."""
_RARITY = 0.65
"""By how much a rare word outweighs a common one: not at all (0) to fully (2, as in a cosine)."""


def overlap(asked: frozenset[str], texts: Sequence[str]) -> "NDArray[np.float64]":
    """The cosine ``(len(texts),)`` in [0, 1] of a question's terms with those of each text, a very
    short one taken for longer than it is.

    The vector space model with binary terms (Salton and Buckley, "Term-weighting approaches in
    automatic text retrieval", 1988), weighed by the inverse document frequency of BM25 (Robertson
    and Zaragoza, "The probabilistic relevance framework", 2009) among ``texts``, with a power of
    its own.
    """
    import numpy as np

    held = [terms(text) for text in texts]
    holders = Counter(term for each in held for term in each)
    rarity = {term: _rarity(number, len(held)) for term, number in holders.items()}
    unheld = _rarity(0, len(held))

    def weight(chosen: frozenset[str]) -> float:
        # Sets have no order: a plain sum would differ between processes in its last digits.
        return math.fsum(rarity.get(term, unheld) for term in chosen)

    shared: NDArray[np.float64] = np.array([weight(asked & each) for each in held])
    if not shared.any():
        return shared
    lengths = np.array([weight(each) for each in held])
    lengths = np.maximum(lengths, _SHORTEST * np.median(lengths) or 1.0)
    shared /= np.sqrt(weight(asked) * lengths)
    return shared


def _rarity(holders: int, texts: int) -> float:
    return float(math.log1p((texts - holders + 0.5) / (holders + 0.5)) ** _RARITY)
