"""Who does what to whom: parties that changed places."""

import re
from dataclasses import replace
from itertools import combinations

from core.answering.lexicon import lexicon, stem
from core.answering.pairing import CONTENT, Pairing, pair
from core.answering.terms import Term
from core.answering.wording import gap

_DEEDS = {
    deed: stem(deed) for deed in "assign transfer employ insur indemnit guarant own us hold".split()
}
"""The deeds that roles are named after, without the role's ending."""


_DEED = re.compile(r"(?!non)[a-z]+ing")
_GIVING = frozenset("pay deliver provid send grant giv sel 支付 交付 提供".split())
_TAKING = frozenset("receiv get obtain 收到 接受 取得 领取".split())


def parties_are_there(pairing: Pairing) -> str:
    """Every party and name of the statement stands in the passage."""
    for i, (term, there) in enumerate(zip(pairing.said, pairing.to, strict=True)):
        if term.kind == "party" and there is None and term.weight >= 0.5:
            known = lexicon()
            role = term.key in known.parties and term.key not in known.anyone
            if not pairing.copied and _is_named_by_the_deed(pairing, i):
                continue
            alike = term.key in known.anyone or _resembles(pairing, i)
            if _within_a_longer_term(pairing, i):
                continue
            if pairing.copied or role or not alike:
                return "party_not_found"
    return ""


def _within_a_longer_term(pairing: Pairing, i: int) -> bool:
    """Whether the passage names a Chinese party within another word: 向人民法院起诉."""
    text = pairing.said[i].text
    return any(term.text[0] in "向由对" and text in term.text for term in pairing.held)


def _is_named_by_the_deed(pairing: Pairing, i: int) -> bool:
    """Whether a role is that of what the passage does: the assignor, where somebody assigns.

    Not the subject of a force: who is bound must be named.
    """
    text = pairing.said[i].text.casefold().removesuffix("'s").removesuffix("s")
    deeds = {_DEEDS.get(text[: -len(end)]) for end in ("or", "er", "ee") if text.endswith(end)}
    following = pairing.said[i + 1 : i + 2]
    bound = bool(following) and following[0].kind == "force"
    return not bound and any(t.key in deeds for t in pairing.held if t.kind == "word")


def _resembles(pairing: Pairing, i: int) -> bool:
    """Whether the passage has a word that begins as a name does: "US" and "USA"."""
    begin = pairing.said[i].text.casefold()[:4]
    return any(term.text.casefold().startswith(begin) for term in pairing.held)


def roles_agree(pairing: Pairing) -> str:
    """Who does it, whose it is and to whom stay the same persons."""
    said, held = pairing.said, pairing.held
    if _fits_exchanged(pairing, "number"):
        return "number_not_found"
    taken = [] if pairing.copied else _taken(pairing)
    if taken:
        return "parties_swapped" if any(_taken_by_the_giver(pairing, i) for i in taken) else ""
    if (pairing.copied and _parties_cross(pairing)) or _fits_exchanged(pairing, "party"):
        return "parties_swapped"
    if pairing.copied and _subject_differs(pairing):
        return "words_not_found"
    if _is_told_by_its_deed(pairing):
        return "parties_swapped"
    actors = _actors(said) & _actors(held)
    for i in range(len(said)):
        there = pairing.to[i]
        if there is None or said[i].kind != "word":
            continue
        if _turned_about(pairing, i, there, actors):
            return "parties_swapped"
        for role in (_agent, _owner):
            one, other = role(said, i), role(held, there)
            if not one or not other or _are_joined(held, one.key, other.key):
                continue
            if one.key != other.key and {one.key, other.key} <= actors:
                return "parties_swapped"
    return ""


def _taken(pairing: Pairing) -> list[int]:
    """The verbs of taking ("receive", "get") for which the passage has one of giving."""
    if not any(t.senses & _GIVING for t in pairing.held):
        return []
    return [
        i
        for i, t in enumerate(pairing.said)
        if t.senses & _TAKING
        and i
        and pairing.said[i - 1].kind in ("force", "party")
        and not any(h.text.casefold() == t.text.casefold() for h in pairing.held)
    ]


def _taken_by_the_giver(pairing: Pairing, i: int) -> bool:
    """Whether the one who takes is he who gives in the passage."""
    before = [t.key for t in pairing.said[max(0, i - 3) : i] if t.kind == "party"]
    givers = [_agent(pairing.held, j) for j, t in enumerate(pairing.held) if t.senses & _GIVING]
    return bool(before) and any(giver and giver.key == before[-1] for giver in givers)


def _parties_cross(pairing: Pairing) -> bool:
    """Whether two parties of a near copy have changed places, or one stands in another's."""
    said, held = pairing.said, pairing.held
    places = [
        (i, there)
        for i, there in enumerate(pairing.to)
        if there is not None and said[i].kind == "party" and held[there].kind == "party"
    ]
    for i, there in places:
        if i in pairing.ordered:
            if _stands_for_another(pairing, i, there):
                return True
            continue
        for k, other in places:
            crossed = (k < i) != (other < there) and said[k].key != said[i].key and k != i
            if crossed and not any(
                _is_by(t) for t in (*held[max(0, there - 1) : there], *said[max(0, i - 1) : i])
            ):
                return True
        if any(held[j].kind == "party" and j not in pairing.back for j in gap(pairing, i)):
            return True
    return False


def _fits_exchanged(pairing: Pairing, kind: str) -> bool:
    """Whether a statement fits the passage's order better with two parties or numbers exchanged."""
    said, held = pairing.said, pairing.held
    others = [i for i, t in enumerate(said) if t.kind in CONTENT and t.kind != kind]
    if len(pairing.ordered & set(others)) < 0.75 * len(others):
        return False
    if sum(map(_is_by, said)) != sum(map(_is_by, held)):
        return False
    known = {t.key for t in held if t.kind == kind}
    names = list(dict.fromkeys(t.key for t in said if t.kind == kind and t.key in known))
    for one, other in combinations(names[:4], 2):
        if kind == "party" and one < "\u4e00" and not pairing.copied and _beside(held, one, other):
            continue  # "the Company's employee" is "an employee of the Company"
        turned = {one: other, other: one}
        exchanged = [replace(t, key=turned.get(t.key, t.key)) for t in said]
        if len(pair(exchanged, held).ordered) > len(pairing.ordered):
            return True
    return False


def _beside(terms: tuple[Term, ...], one: str, other: str) -> bool:
    firsts = [k for k, t in enumerate(terms) if t.key == one]
    others = [k for k, t in enumerate(terms) if t.key == other]
    return any(abs(a - b) <= 2 for a in firsts for b in others)


def _is_told_by_its_deed(pairing: Pairing) -> bool:
    """Whether a force binds "the breaching party" where the passage has no such party."""
    said = pairing.said
    for i, term in enumerate(said[1:], 1):
        deed = said[i - 1]
        named = term.text.casefold() in ("party", "parties") and deed.clause == term.clause
        if not named or deed.kind != "word" or not _DEED.fullmatch(deed.text.casefold()):
            continue
        bound = any(t.kind == "force" for t in said[i + 1 : i + 3])
        if bound and not any(t.text.casefold() == deed.text.casefold() for t in pairing.held):
            return True
    return False


def _are_joined(terms: tuple[Term, ...], one: str, other: str) -> bool:
    """Whether two are named as one: "A and B", where either may stand for both."""
    return any(
        b.kind == "join" and {a.key, c.key} == {one, other}
        for a, b, c in zip(terms, terms[1:], terms[2:], strict=False)
    )


def _subject_differs(pairing: Pairing) -> bool:
    """Whether a near copy puts another subject before the passage's predicate."""
    said, held = pairing.said, pairing.held
    i = next((k for k, t in enumerate(said) if t.kind == "force" and k in pairing.ordered), 0)
    force = pairing.to[i] if i else None
    if force is None or said[i - 1].kind not in ("word", "party"):
        return False
    there = pairing.to[i - 1]
    if there == force - 1 or said[i - 1].clause != said[i].clause:
        return False
    before = [
        k for k in range(force) if held[k].weight > 0.5 and held[k].sentence == held[force].sentence
    ]
    if not before or before[-1] in pairing.back:
        return False
    if there is None or there > force:
        return True
    return held[there].clause == held[force].clause or there != before[0]


def _stands_for_another(pairing: Pairing, i: int, there: int) -> bool:
    """Whether the words beside a party stand beside another party in the passage."""
    for step in (1, -1):
        if 0 <= i + step < len(pairing.to) and i + step in pairing.ordered:
            beside = pairing.to[i + step] or 0
            if abs(beside - there) > 3:
                other = pairing.held[beside - step]
                if other.kind == "party" and other.key != pairing.said[i].key:
                    return beside - step not in pairing.back
    return False


def _actors(terms: tuple[Term, ...]) -> set[str]:
    """The parties of a text: those by role, and names."""
    return {t.key for t in terms if t.kind == "party"}


def _turned_about(pairing: Pairing, i: int, there: int, actors: set[str]) -> bool:
    """Whether giver and receiver of what a word says have changed places."""
    giver, receiver = _ends(pairing.said, i)
    other_giver, other_receiver = _ends(pairing.held, there)
    if not (giver and receiver and other_giver and other_receiver):
        return False
    return (giver, receiver) == (other_receiver, other_giver) and len(
        {giver, receiver} & actors
    ) == 2


def _ends(terms: tuple[Term, ...], place: int) -> tuple[str, str]:
    """Who does something and to whom, by the places of the parties around its word."""
    giver = receiver = ""
    for k in range(place - 1, max(-1, place - 9), -1):
        if terms[k].sentence != terms[place].sentence or giver:
            break
        if terms[k].kind == "party":
            marked = k > 0 and terms[k - 1].kind == "prep" and not _is_by(terms[k - 1])
            if not marked:
                giver = terms[k].key
            elif terms[k - 1].text in ("向", "给", "对"):
                receiver = receiver or terms[k].key
    direct = True
    for k in range(place + 1, min(len(terms), place + 6)):
        if terms[k].clause != terms[place].clause or receiver:
            break
        if terms[k].kind == "party":
            before = terms[k - 1].text.casefold() if k - 1 > place else ""
            if before in ("by", "由") and direct:
                giver, receiver = terms[k].key, giver
            elif before == "to" or (direct and terms[k - 1].kind != "prep"):
                receiver = terms[k].key
        direct = direct and terms[k].kind != "word"
    return giver, receiver


def _agent(terms: tuple[Term, ...], place: int) -> Term | None:
    """Who does what a word says: the party before its force, or the one after "by" or 由."""
    for k in range(place + 1, min(len(terms), place + 5)):
        if terms[k].kind == "force" or terms[k].sentence != terms[place].sentence:
            break
        if _is_by(terms[k]) and k + 1 < len(terms) and terms[k + 1].kind == "party":
            passive = any(stem(t.text.casefold()) == "be" for t in terms[max(0, place - 2) : place])
            return terms[k + 1] if passive or k == place + 1 else None
    for k in range(place - 1, max(-1, place - 4), -1):
        if terms[k].kind == "force":
            for m in range(k - 1, max(-1, k - 3), -1):
                if terms[m].kind == "party" and terms[m].clause == terms[k].clause:
                    marked = m > 0 and terms[m - 1].kind == "prep" and not _is_by(terms[m - 1])
                    passive = any(t.text.casefold() == "be" for t in terms[k + 1 : place])
                    return None if marked or passive else terms[m]
            return None
        if terms[k].kind == "party":
            marked = k > 0 and _is_by(terms[k - 1]) and terms[k].text >= "\u4e00"
            return terms[k] if marked else None
    return None


def _owner(terms: tuple[Term, ...], place: int) -> Term | None:
    """Whose something is: "the Landlord's consent", "consent of the Landlord"."""
    if (
        place
        and terms[place - 1].kind == "party"
        and terms[place - 1].text.endswith(("'s", "’s", "s'"))
    ):
        return terms[place - 1]
    if place + 2 < len(terms) and terms[place + 1].text.casefold() == "of":
        return terms[place + 2] if terms[place + 2].kind == "party" else None
    return None


def _is_by(term: Term) -> bool:
    return term.kind == "prep" and term.text.casefold() in ("by", "由", "被", "当由")
