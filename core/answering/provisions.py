"""Provisions side by side: the condition of one does not go with the consequence of another.

逾期的，罚款；拒不改正的，吊销执照: what happens to whom is told sentence by sentence.
"""

from core.answering.pairing import Pairing, says_it

_CARRIED = 0.6
_WHOLE = 0.9


def provisions_agree(pairing: Pairing) -> str:
    """A statement of one condition has the consequence that the passage ties to it."""
    said = pairing.said
    given = [i for i, term in enumerate(said) if term.kind == "given"]
    places = sorted({term.sentence for term in pairing.held})
    if len(given) != 1 or len(places) < 2:
        return ""
    at = said[given[0]]
    telling = [k for k, t in enumerate(said) if t.weight >= 0.5 and t.sentence == at.sentence]
    condition = [k for k in telling if k < given[0] and said[k].clause == at.clause]
    rest = [k for k in telling if k > given[0]]
    if not condition or not rest:
        return ""
    shares = {place: _share(pairing, condition, place) for place in places}
    own = max(places, key=shares.__getitem__)
    alone = sum(share > shares[own] - 0.01 for share in shares.values()) == 1
    if shares[own] < _CARRIED or not alone:
        return ""
    if any(_another_amount(pairing, k, own) for k in rest):
        return "number_not_found"
    consequence = [k for k in rest if said[k].clause == said[rest[0]].clause]
    other = max(places, key=lambda place: _share(pairing, consequence, place))
    ruled = {t.sentence for t in pairing.held if t.kind == "given"}
    exchanged = other != own and {other, own} <= ruled
    exchanged = exchanged and _share(pairing, consequence, own) <= 1 - _CARRIED
    if exchanged and _share(pairing, consequence, other) > _WHOLE:
        return "meaning_differs"
    return ""


def _share(pairing: Pairing, part: list[int], place: int) -> float:
    """The share of a part's weight that one sentence of the passage says."""
    there = [term for term in pairing.held if term.sentence == place]
    said = [pairing.said[k] for k in part]
    met = sum(t.weight for t in said if any(says_it(t, held) for held in there))
    return met / sum(t.weight for t in said)


def _another_amount(pairing: Pairing, k: int, own: int) -> bool:
    """Whether a number stands in another provision, and its own has another of that unit."""
    term = pairing.said[k]
    if term.kind != "number":
        return False
    numbers = [j for j, t in enumerate(pairing.held) if t.kind == "number" and t.sentence == own]
    if any(says_it(term, pairing.held[j]) for j in numbers):
        return False
    unit = term.key.partition(" ")[2]
    held = pairing.held
    return any(j not in pairing.back and held[j].key.partition(" ")[2] == unit for j in numbers)
