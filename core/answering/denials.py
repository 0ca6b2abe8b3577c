"""What a text denies: nothing may be denied that the passage affirms, nor the reverse."""

from collections.abc import Mapping, Sequence

from core.answering.lexicon import opposite
from core.answering.modality import (
    DENYING,
    NEED,
    NEGATIVE,
    OF_SUBJECTS,
    denied,
    gated,
    is_gate,
    only_limits,
    whole_force,
)
from core.answering.pairing import Pairing, next_content
from core.answering.terms import Term

REACH = 9
"""How many terms a denial may stand off in a free wording."""
_BESIDE = 4
"""How near an exception stands to what it denies: 背书转让以外的方式."""
_CONDITIONS = frozenset(("condition", "given", "exception"))


def negations_agree(pairing: Pairing) -> str:
    """Nothing is denied that the passage affirms, nor affirmed that it denies."""
    if pairing.copied:
        return _copied_denial_differs(pairing)
    back = dict(pairing.back)
    if _denied_alone(pairing.said, dict(enumerate(pairing.to)), pairing.held, openly=True):
        return "negation_differs"
    return "negation_differs" if _denied_alone(pairing.held, back, pairing.said) else ""


def _copied_denial_differs(pairing: Pairing) -> str:
    said, held = pairing.said, pairing.held
    for i, term in enumerate(said):
        if term.kind != "not" or _joins_force(said, i):
            continue
        heads = next_content(said, i)
        met = [pairing.to[each] for each in heads]
        there = next((each for each in met if each is not None), None)
        if there is None:
            if not any(t.key in NEGATIVE or t.kind in ("without", "exception") for t in held):
                return "negation_differs"
        elif (
            not denied(held, there)
            and not opposite(said[heads[0]].key, held[there].key)
            and not (_limited(said) and _limited(held))
        ):
            return "negation_differs"
    for j, term in enumerate(held):
        if not (term.kind == "not" or term.key in ("ban", "exempt")) or _joins_force(held, j):
            continue
        heads = next_content(held, j)[:2]
        here = [pairing.back[each] for each in heads if each in pairing.back]
        if not here or len(here) < len(heads) or (_limited(said) and _limited(held)):
            continue
        turned = any(opposite(said[each].key, held[pairing.to[each] or 0].key) for each in here)
        if not turned and not any(denied(said, each) for each in here):
            return "negation_differs"
    return ""


def _denied_alone(
    terms: tuple[Term, ...],
    to: Mapping[int, int | None],
    others: tuple[Term, ...],
    openly: bool = False,
) -> bool:
    """Whether a text denies something of which the other text's sentence denies nothing.

    ``openly``: a denial none of whose words the other text has must meet some denial too.
    """
    for i, term in enumerate(terms):
        if (term.kind != "not" and term.key != "ban") or only_limits(terms, i):
            continue
        if openly and _in_condition(terms, i) and any(t.kind in _CONDITIONS for t in others):
            continue  # "if the law says nothing else": "unless the law says otherwise"
        chinese = term.text >= "\u4e00" and openly
        follow = next_content(terms, i, 6 if chinese else 2)
        met = [to.get(each) for each in follow]
        places = [each for each in met if each is not None]
        if not places:
            if not any(t.weight for t in terms[i + 1 : i + 3] if t.clause == term.clause):
                continue  # "if it does not": what was said before
            if is_gate(terms, i) and any(is_gate(others, k) for k in range(len(others))):
                continue
            if openly and not any(map(_denies_openly, others)):
                return True
            continue
        if len(places) < len(met) and not openly:
            continue
        subject = term.text.casefold() in OF_SUBJECTS
        if (subject or is_gate(terms, i)) and gated(others, places[0]):
            continue
        plain = term.kind == "not" and all(t.text in ("to", "be") for t in terms[i + 1 : follow[0]])
        plain = plain and not subject
        if any(_denied_about(others, place, plain) for place in places):
            continue
        if not any(opposite(terms[follow[0]].key, other.key) for other in others):
            return True
    return False


def _in_condition(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a mere negation stands in a condition."""
    kinds = {t.kind for t in terms if t.clause == terms[i].clause}
    return terms[i].kind == "not" and bool(kinds & {"condition", "given"})


def _denied_about(terms: Sequence[Term], place: int, plain: bool = False) -> bool:
    """Whether a denial of any kind stands about a term: in its sentence.

    What is plainly denied ("not renewed") is so by a denial not far off, and by no mere limit.
    """
    for k, term in enumerate(terms):
        if term.sentence != terms[place].sentence or not _denies(term):
            continue
        limit = term.kind == "only" or bool(term.senses & NEED)
        apart = abs(k - place) > _BESIDE
        limit = limit or (term.kind == "exception" and term.text[0] != "不" and apart)
        limit = limit or (term.kind == "without" and not 0 < place - k < 5)
        if not plain or (abs(k - place) < REACH and not limit):
            return True
    return False


def _denies_openly(term: Term) -> bool:
    return term.key in NEGATIVE or term.kind in ("without", "exception", "only")


def _denies(term: Term) -> bool:
    """Whether a term denies: as a negation, as a limit, or in itself."""
    if term.kind == "word" and term.text[0] in "无未非":
        return True  # 无民事行为能力
    return bool(term.senses & (NEED | DENYING)) or _denies_openly(term) or term.key == "lt"


def _joins_force(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a negation is the subject's, and counted with its force."""
    if terms[i].kind != "not":
        return False
    for k in range(i + 1, min(len(terms), i + 7)):
        if terms[k].clause != terms[i].clause:
            return False
        if terms[k].kind == "force":
            return whole_force(terms, k) != terms[k].key
    return False


def _limited(terms: tuple[Term, ...]) -> bool:
    """Whether there is an exception or "only": what makes bans into leaves."""
    return any(t.kind in ("without", "exception", "only") or t.senses & NEED for t in terms)
