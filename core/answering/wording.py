"""The words themselves: each is the passage's own, or means the same."""

from itertools import pairwise

from core.answering.lexicon import lexicon, opposite
from core.answering.modality import DENYING, LIMITS, NEGATIVE, force_at, heads
from core.answering.pairing import CONTENT, Pairing, negated, says_it
from core.answering.terms import Term

SOLE = "sol"
MISSING = {"en": 0.25, "zh": 0.18}
"""The share of a free wording that may be words the lexicon does not know.  At .40 and .26 one
true rewording in twenty-five is faulted instead of one in twelve, and six more invented sentences
of 137 pass (*measured*): better a doubt too many.
"""
FEW = 6.0
"""The weight of a statement so short that each of its words tells."""
MISSING_OF_FEW = 0.25
_CONJUNCT = 4
"""Words after "and" that are taken for what it adds."""
SCATTER = 0.5
"""The share of a free wording's neighbouring words that the passage may have far apart."""
_SCATTER_OF_A_COPY = 0.35
HOLE = {"en": 3.1, "zh": 2.1}
"""How many such words may stand together; more is another subject or another predicate."""
APART = 0.25
"""The share of a clause's words that may stand in another sentence than the rest of it."""
_SOFT = frozenset(("join", "bound", "order"))
_REASONS = {
    "number": "number_not_found", "date": "date_not_found", "article": "article_not_found",
    "not": "negation_differs", "force": "modality_differs", "exception": "meaning_differs",
    "without": "negation_differs", "condition": "meaning_differs", "only": "meaning_differs",
    "join": "alternative_differs", "bound": "comparison_differs", "order": "comparison_differs",
}  # fmt: skip


def words_are_accounted_for(pairing: Pairing) -> str:
    """Every word is the passage's or means the same; a free wording may hold a few others."""
    for i, term in enumerate(pairing.said):
        if term.kind == "word" and _exchanged_word(pairing, i):
            return "meaning_differs"
    if pairing.copied:
        reason = _first_exchange(pairing)
        if reason:
            return reason
    if _adds_a_conjunct(pairing):
        return "words_not_found"
    language = "zh" if pairing.characters else "en"
    few = sum(term.weight for term in pairing.said) < FEW
    missing = MISSING_OF_FEW if few else MISSING[language]
    loose = pairing.missing > missing or pairing.hole > HOLE[language]
    loose = loose or pairing.scatter > (_SCATTER_OF_A_COPY if pairing.copied else SCATTER)
    return "words_not_found" if loose else ""


def _adds_a_conjunct(pairing: Pairing) -> bool:
    """Whether "and …" or "plus …" brings in something of which the passage has no word."""
    said = pairing.said
    for k, term in enumerate(said):
        if term.kind != "join":
            continue
        told = []
        for i in range(k + 1, min(len(said), k + 1 + _CONJUNCT)):
            if said[i].kind == "join" or said[i].clause != said[k].clause:
                break
            if said[i].kind == "word" and said[i].weight >= 0.5:
                told.append(pairing.to[i])
        if told and all(place is None for place in told):
            return True
    return False


def each_part_is_carried_whole(pairing: Pairing) -> bool:
    """Whether every clause of the statement is carried by one sentence of several.

    "The Landlord shall repair the lift" is not said by two sentences of which one has the landlord
    and the other the repair.
    """
    for clause in {term.clause for term in pairing.said}:
        part = [
            i
            for i, term in enumerate(pairing.said)
            if term.clause == clause and term.weight >= 0.5 and pairing.to[i] is not None
        ]
        if not part:
            continue
        met = {i: _sentences_of(pairing, i) for i in part}
        places = set().union(*met.values())
        best = max(
            places, key=lambda place: sum(pairing.said[i].weight for i in part if place in met[i])
        )
        lost = [i for i in part if best not in met[i]]
        if any(pairing.said[i].kind != "word" for i in lost):
            return False
        if sum(pairing.said[i].weight for i in lost) > APART * sum(
            pairing.said[i].weight for i in part
        ):
            return False
    return True


def _sentences_of(pairing: Pairing, i: int) -> set[int]:
    """The passage's sentences that have what a term of the statement says."""
    term = pairing.said[i]
    found = {held.sentence for held in pairing.held if held.kind in CONTENT and says_it(term, held)}
    return found | {pairing.held[pairing.to[i] or 0].sentence}


def gap(pairing: Pairing, i: int) -> range:
    """The places in ``held`` between those of the neighbours of ``said[i]``."""
    low = next((pairing.to[k] for k in range(i - 1, -1, -1) if k in pairing.ordered), None)
    high = next(
        (pairing.to[k] for k in range(i + 1, len(pairing.to)) if k in pairing.ordered), None
    )
    start = -1 if low is None else low
    end = min(len(pairing.held), start + 6) if high is None else high
    return range(max(start + 1, end - 6 if low is None else start + 1), end)


def _exchanged_word(pairing: Pairing, i: int) -> bool:
    """Whether the passage has the opposite of a word, and not the word itself."""
    term, there = pairing.said[i], pairing.to[i]
    if there is not None and pairing.back.get(there) == i and _alike(pairing.held[there], term):
        return False
    opponents = [
        j
        for j, other in enumerate(pairing.held)
        if j not in pairing.back
        and _opposed(term, other)
        and negated(pairing.said, i) == negated(pairing.held, j)
        and not any(_alike(other, each) for each in pairing.said)
    ]
    if pairing.copied and opponents:
        return True
    near = gap(pairing, i)
    if (
        there is None
        and lexicon().opposites.get(term.key)
        and any(
            _opposed(term, pairing.held[j]) and negated(pairing.said, i) == negated(pairing.held, j)
            for j in range(max(0, near.start - 3), min(len(pairing.held), near.stop + 3))
            if j not in pairing.back
        )
    ):
        return True
    return any(near.start - 10 <= j < near.stop + 10 for j in opponents)


def _alike(one: Term, other: Term) -> bool:
    """Whether two terms are the same word, not only words of one meaning."""
    return one.key == other.key and one.text[:1].casefold() == other.text[:1].casefold()


def _opposed(one: Term, other: Term) -> bool:
    """Whether two words are opposites, and the same in none of their senses."""
    if one.senses & other.senses:
        return False
    return opposite(one.key, other.key)


def _first_exchange(pairing: Pairing) -> str:
    """What a near copy of the passage's words changes, adds or leaves out that matters, or ""."""
    said, held = pairing.said, pairing.held
    for i, term in enumerate(said):
        if i in pairing.ordered:
            continue
        if any(opposite(term.key, held[j].key) for j in gap(pairing, i)):
            return "meaning_differs"
        if _moved(pairing, i):
            continue
        places = gap(pairing, i)
        left = [held[j] for j in places if j not in pairing.back]
        if term.kind in _SOFT:
            beside = held[max(0, places.start - 2) : places.stop + 2]
            if any(t.kind in _SOFT for t in left) or (
                term.kind != "join"
                and any(t.kind == term.kind and t.key != term.key for t in beside)
            ):
                return _REASONS[term.kind]
        elif (term.senses & DENYING and any(t.key in NEGATIVE for t in left)) or (
            term.key in NEGATIVE and any(t.senses & DENYING for t in left)
        ):
            continue  # "refuses to" for "does not"
        elif term.key == "duty" and not any(t.kind == "force" for t in left):
            met = heads(pairing, i)
            if not met or force_at(held, met[0])[0] not in ("", "duty"):
                return "modality_differs"
        elif term.kind in _REASONS:
            if not _is_kept(pairing, i, left, held[max(0, places.start - 2) : places.stop + 2]):
                return _REASONS[term.kind]
        elif (
            term.weight >= 0.5
            and pairing.lost(i) == term.weight
            and not _akin(pairing, i, left)
            and (term.text < "\u4e00" or any(t.weight for t in left) or pairing.hole > 1.0)
            and (pairing.to[i] is None or any(t.weight >= 0.5 for t in left))
        ):
            return "words_not_found"
    return _left_out(pairing)


def _left_out(pairing: Pairing) -> str:
    """Whether a near copy leaves out a denial that stands between words it keeps."""
    said, held = pairing.said, pairing.held
    for first, second in pairwise(sorted(pairing.ordered)):
        low, high = pairing.to[first] or 0, pairing.to[second] or 0
        between = [held[j] for j in range(low + 1, high) if j not in pairing.back]
        denied = any(term.key in NEGATIVE for term in said[first + 1 : second])
        denied = denied or (said[0].key == "ban" and said[first].clause == said[0].clause)
        if len(between) <= 2 and not denied:
            for term in between:
                if term.kind == "not" or term.key in ("ban", "exempt"):
                    return "negation_differs"
    return ""


def _is_kept(pairing: Pairing, i: int, left: list[Term], beside: tuple[Term, ...]) -> bool:
    """Whether a marker of a near copy stands for one of the passage that is left over."""
    term, held = pairing.said[i], pairing.held
    unmet = [t for j, t in enumerate(held) if j not in pairing.ordered_places]
    if term.kind in LIMITS and any(t.kind == term.kind for t in unmet):
        return True
    if {term.kind} | {t.kind for t in left} == {"without", "exception"}:
        return True  # "without its conflicts of law provisions": excluding them
    if term.kind == "only" and any(SOLE in t.senses for t in beside):
        return True
    if term.kind == "not" and any(t.key == "ban" for t in left):
        return True
    if term.kind == "force" and _governs_as_before(pairing, i):
        return True
    if term.text == "经" and any(t.text == "由" for t in left):
        return True
    free = (t for j, t in enumerate(held) if j not in pairing.back)
    return term.key == "ban" and (
        any(t.kind == "not" for t in left) or any(t.key == "ban" for t in free)
    )


def _governs_as_before(pairing: Pairing, i: int) -> bool:
    """Whether a force that has changed its place governs the same word by the same force."""
    governed = (force_at(pairing.held, each)[0] for each in heads(pairing, i))
    return pairing.said[i].key in governed


def _akin(pairing: Pairing, i: int, left: list[Term]) -> bool:
    """Whether Chinese words share half their characters with what they stand for, or one is put in.

    Words of one meaning mostly do (加强, 强化), those of opposite meaning do not (加强, 削弱); what
    denies by a syllable (有效, 无效) is in the lexicon.
    """
    if pairing.said[i].text < "\u4e00":
        return False
    low = high = i
    while low > 0 and pairing.to[low - 1] is None and pairing.said[low - 1].kind == "word":
        low -= 1
    while (
        high + 1 < len(pairing.to)
        and pairing.to[high + 1] is None
        and pairing.said[high + 1].kind == "word"
    ):
        high += 1
    ours = "".join(term.text for term in pairing.said[low : high + 1])
    theirs = "".join(term.text for term in left if term.kind == "word")
    denied = set(ours) ^ set(theirs)
    if denied & set("不无未非免否禁反负"):
        return False
    shared = len(set(ours) & set(theirs))
    alike = shared and 2 * shared >= min(len(set(ours)), len(set(theirs)))
    return bool(alike) or (not theirs and len(ours) == 1)


def _moved(pairing: Pairing, i: int) -> bool:
    """Whether a term stands in the passage a little off, or moved as a part of a longer piece."""
    there = pairing.to[i]
    if there is None or pairing.said[i].kind not in CONTENT:
        return False
    for k in (i - 1, i + 1):
        if 0 <= k < len(pairing.to) and k not in pairing.ordered and pairing.said[k].kind == "word":
            other = pairing.to[k]
            if other is not None and abs(other - there) <= 2:
                return True
    places = gap(pairing, i)
    alone = pairing.back.get(there) == i and pairing.said[i].kind == "word"
    off = min(abs(there - places.start), abs(there - places.stop))
    return (
        alone
        and off <= 6
        and not any(opposite(pairing.said[i].key, pairing.held[j].key) for j in places)
    )
