"""Must, may, must not: who is bound to what, and what is denied.

A near copy of the passage is held to it place by place.  Of a free wording it is asked only that
nothing is denied, bound or left free which the passage's sentence treats the other way.
"""

from core.answering.lexicon import opposite
from core.answering.modality import (
    CONSENT,
    DENYING,
    LIMITS,
    NEED,
    NEGATIVE,
    denied,
    force_at,
    gated,
    heads,
    is_gate,
    only_limits,
    whole_force,
)
from core.answering.pairing import CONTENT, Pairing, negated, next_content, says_it
from core.answering.terms import Term

_DENIED_WITHOUT = frozenset(("without", "exception"))
_ONLY_IF = frozenset(("only", "condition"))
_OPENING = frozenset(("禁止", "严禁", "一律禁止"))
_SOFT = frozenset(("will", "would", "could", "might", "要"))
"""What tells the future as well as a duty, or a chance as well as a right."""
_CAN = frozenset(("can", "could", "might", "able to", "能", "能够"))
_LEAVING = frozenset(
    "right option discret permit allow choos elect wish avail 权利 选择 自愿 允许".split()
)
_ALLOWING = frozenset(("allow", "permit", "允许"))
_EXACTING = frozenset("request demand need 请求 要求 责令".split())
_RECEIVE = "receiv"


def forces_agree(pairing: Pairing) -> str:
    """What must be done, may be done or must not be done stays so."""
    said, held = pairing.said, pairing.held
    classes = {whole_force(held, j) for j, t in enumerate(held) if t.kind == "force"}
    for i, term in enumerate(said):
        if term.kind != "force":
            continue
        key, met = whole_force(said, i), heads(pairing, i)
        differs = _copied_force_differs if pairing.copied else _free_force_differs
        reason = differs(pairing, key, i, met) if met else _only_other_force(classes, key)
        if reason:
            return reason
    return "negation_differs" if _allows_the_banned(pairing) else ""


def _allows_the_banned(pairing: Pairing) -> bool:
    """Whether a statement calls allowed, by a word that governs nothing, what its passage bans."""
    said, held = pairing.said, pairing.held
    if any(t.key in NEGATIVE or t.kind in LIMITS or t.senses & DENYING for t in said):
        return False
    allowed = any(
        t.senses & _ALLOWING and pairing.to[i] is None
        if t.kind == "word"
        else t.kind == "force" and t.key == "leave" and _ends_its_clause(said, i)
        for i, t in enumerate(said)
    )
    forces = {t.key for t in held if t.kind == "force"}
    return allowed and forces == {"ban"} and not any(is_gate(held, j) for j in range(len(held)))


def _ends_its_clause(terms: tuple[Term, ...], i: int) -> bool:
    return all(t.clause > terms[i].clause for t in terms[i + 1 :] if t.kind in CONTENT)


def _copied_force_differs(pairing: Pairing, key: str, i: int, met: list[int]) -> str:
    """Why a force of a near copy is not the one that governs the paired word, or ""."""
    held = pairing.held
    other, means, governing = force_at(held, met[0])
    if key == other or (not other and key in ("duty", "leave", "maybe")):
        return ""
    if _opens(pairing.said, i) and any(denied(held, each) for each in _governed(pairing, i)):
        return ""
    if not other:
        return "" if negated(held, met[0], 6) else "negation_differs"
    if "ban" not in (key, other):
        return "modality_differs"
    if _turned_by_limits(pairing, key, i, other, governing):
        return ""
    if key == "duty" and (
        means or any(pairing.said[k].senses & NEED for k in next_content(pairing.said, i))
    ):
        return ""
    return "negation_differs" if {key, other} != {"ban", "exempt"} else "modality_differs"


def _turned_by_limits(pairing: Pairing, key: str, i: int, other: str, governing: int) -> bool:
    """Whether "may only with" stands for "may not without"."""
    if {key, other} != {"ban", "leave"}:
        return False
    ban, leave = _limits_of(pairing.said, i), _limits_of(pairing.held, governing)
    ban, leave = (ban, leave) if key == "ban" else (leave, ban)
    if ban & _DENIED_WITHOUT and leave & _DENIED_WITHOUT:
        return False
    return bool(
        (ban & _DENIED_WITHOUT and leave & _ONLY_IF) or (ban & _ONLY_IF and leave & _DENIED_WITHOUT)
    )


def _governed(pairing: Pairing, i: int) -> list[int]:
    """Where the passage has the words of a force's own clause."""
    clause = pairing.said[i].clause
    return [
        there
        for k, there in enumerate(pairing.to)
        if there is not None and k > i and pairing.said[k].clause == clause
    ]


def _opens(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a ban opens its clause, where it governs all that follows: 禁止."""
    return terms[i].text in _OPENING and (i == 0 or terms[i - 1].clause < terms[i].clause)


def _free_force_differs(pairing: Pairing, key: str, i: int, met: list[int]) -> str:
    """Why a free wording binds whom the passage leaves free, or the reverse; "" if it does not.

    Whether something is denied is another rule's: ``negations_agree``.
    """
    said, held = pairing.said, pairing.held
    soft = said[i].text.casefold() in _SOFT | _CAN and key != "ban"
    if soft or (is_gate(said, i) and gated(held, met[0])):
        return ""
    place = next((each for each in met if force_at(held, each)[0]), met[0])
    other, means, governing = force_at(held, place)
    if not other:
        wrong = _never_left(pairing, i) if key == "leave" else key == "duty" and _let(held, place)
        return "modality_differs" if wrong else ""
    if key == "ban" and any(CONSENT.match(t.text.casefold()) for t in said[i + 1 : i + 4]):
        return "negation_differs" if gated(held, place) else ""
    if key == other:
        return ""
    if key == "exempt" and _excepted(pairing, i):
        return ""
    if {key, other} == {"ban", "exempt"}:
        return "modality_differs"
    if "ban" in (key, other) or {key, other} == {"duty", "exempt"}:
        return "" if _denied_elsewise(pairing, key, i, place, governing) else "negation_differs"
    if {key, other} != {"duty", "leave"} or (means and key == "duty"):
        return ""
    if _at_most(said, i) and _at_most(held, governing):
        return ""  # "may be inspected no more than once"
    if key == "leave" and any(t.senses & _LEAVING for t in held[governing + 1 : place]):
        return ""  # "will be available to X": X may have it
    of, by = ((said, i), (held, governing))[:: 1 if key == "leave" else -1]
    return "" if _receives(*of) and not _exacts(*by) else "modality_differs"


def _excepted(pairing: Pairing, i: int) -> bool:
    """Whether a statement that needs no consent tells the passage's exception from needing it."""
    said, held = pairing.said, pairing.held
    if not any(CONSENT.match(t.text.casefold()) for t in said[i + 1 : i + 8]):
        return False
    for j, term in enumerate(held):
        if term.kind == "exception":
            rest = [t for t in held[j + 1 : j + 13] if t.kind in CONTENT]
            told = [t for t in rest if any(says_it(each, t) for each in said)]
            if rest and sum(t.weight for t in told) >= 0.6 * sum(t.weight for t in rest):
                return True
    return False


def _at_most(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a force is one to do something only so much."""
    after = [t for t in terms[i + 1 : i + 7] if t.clause == terms[i].clause]
    return any(t.key == "le" and t.text.casefold().startswith(("no", "never")) for t in after)


def _let(terms: tuple[Term, ...], place: int) -> bool:
    """Whether somebody is allowed what stands at a place: "allows X to audit"."""
    before = [t for t in terms[max(0, place - 4) : place] if t.clause == terms[place].clause]
    return any(t.senses & _ALLOWING for t in before)


def _exacts(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a force is one to ask or order something."""
    return any(t.senses & _EXACTING for t in terms[i + 1 : i + 2])


def _denied_elsewise(pairing: Pairing, key: str, i: int, there: int, governing: int) -> bool:
    """Whether what is banned on one side is denied on the other, though by no ban."""
    said, held = pairing.said, pairing.held
    if key in NEGATIVE:
        if only_limits(said, i) or any(t.key in NEGATIVE for t in held[governing + 1 : there]):
            return True
        head = next_content(said, i, 1)
        denied = [t for t in held if t.key.startswith(("non", "un", "in", "im"))]
        return any(opposite(said[k].key, t.key) for k in head for t in denied)
    after = said[i + 1 : i + 7]
    kept = {k for k, there in enumerate(pairing.to) if there is not None}
    kept = {k for k in kept if held[pairing.to[k] or 0].senses & DENYING}  # denies on both sides
    return only_limits(held, governing) or any(
        t.key in NEGATIVE or (t.senses & DENYING and k not in kept)
        for k, t in enumerate(after, i + 1)
        if t.clause == said[i].clause
    )


def _only_other_force(classes: set[str], key: str) -> str:
    """Whether the passage knows one force only, and that is not the statement's."""
    both = {"duty", "leave"}
    differs = len(classes) == 1 and classes <= both and key in both - classes
    return "modality_differs" if differs else ""


def _never_left(pairing: Pairing, i: int) -> bool:
    """Whether a statement leaves to somebody what its passage nowhere leaves to anybody."""
    if pairing.said[i].text.casefold() in _CAN:
        return False
    soft = ("leave", "maybe", "ban", "exempt")
    return not any(
        t.key in soft
        or (t.kind in LIMITS and t.kind != "given")
        or t.senses & _LEAVING
        or t.text.casefold().endswith("able")
        for t in pairing.held
    )


def _receives(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a right is one to have something done: another's duty."""
    after = terms[i + 1 : i + 4]
    if any(t.senses & _EXACTING for t in after):
        return True
    passive = any(t.text.casefold() == "be" or t.key == _RECEIVE for t in after)
    entitled = terms[i].text.casefold().endswith(("entitled to", "right to"))
    return passive and (entitled or terms[i].text.casefold() in _CAN)


def _limits_of(terms: tuple[Term, ...], i: int) -> set[str]:
    """How a force is limited: by what follows it, or by what opens its sentence."""
    found = set()
    forces = [
        k for k, t in enumerate(terms) if t.kind == "force" and t.sentence == terms[i].sentence
    ]
    for k, term in enumerate(terms):
        if term.sentence == terms[i].sentence and (term.kind in LIMITS or term.senses & NEED):
            before = [f for f in forces if f <= k]
            if i in before[-1:] or (not before and i in forces[:1]):
                found.add("only" if term.senses & NEED else term.kind)
    return found
