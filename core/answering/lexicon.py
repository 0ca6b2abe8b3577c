"""The lexicons in ``assets/lexicon``: what a word is, what means the same, what the opposite."""

import json
from dataclasses import dataclass
from functools import lru_cache

from core.settings import ROOT

_FORCES = frozenset(("duty", "leave", "ban", "exempt"))
_BOUNDS = frozenset(("ge", "le", "gt", "lt"))
_ORDERS = frozenset(("before", "after"))
_JOINS = frozenset(("or", "and", "andor"))
_SAME = {
    "is": "be", "are": "be", "was": "be", "were": "be", "been": "be", "being": "be",
    "has": "have", "had": "have", "having": "have", "be": "be", "have": "have",
    "does": "do", "did": "do", "an": "a",
}  # fmt: skip
_ENDINGS = (
    "ations ation ating ators ated ates ate itions ition ions ion ments ment ances ance "
    "ences ence ings ing ably able ally als al ures ure ed es ly s e"
).split()
DENYING = ("un", "non", "non-", "in", "im", "ir", "dis", "不", "无", "非", "未")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the words of both languages are; see the module."""

    entries: dict[str, tuple[str, str]]
    longest: dict[str, int]
    light: frozenset[str]
    parties: frozenset[str]
    anyone: frozenset[str]
    opposites: dict[str, frozenset[str]]
    senses: dict[str, frozenset[str]]


def opposite(one: str, other: str) -> bool:
    """Whether two keys are opposites: renew and terminate, 有效 and 无效."""
    if other in lexicon().opposites.get(one, frozenset()):
        return True
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) > 2 and longer in {prefix + shorter for prefix in DENYING}


def stem(word: str) -> str:
    """An English word without its ending: pay, pays, payable and payment are one.

    What tells people apart ("licensor", "licensee") is no ending.
    """
    word = word.replace("’", "'").removesuffix("'s").rstrip("'")
    if word in _SAME:
        return _SAME[word]
    if word.endswith(("ies", "ied", "ily")) and len(word) > 4:
        word = word[:-3] + "y"
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if word.endswith("y") and len(word) > 3:
        word = word[:-1] + "i"
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


@lru_cache(1)
def lexicon() -> Lexicon:
    """Both lexicons, read once."""
    entries: dict[str, tuple[str, str]] = {}
    light: set[str] = set()
    anyone: set[str] = set()
    opposites: dict[str, set[str]] = {}
    senses: dict[str, set[str]] = {}
    for language in ("en", "zh"):
        path = ROOT / "assets" / "lexicon" / f"meaning_{language}.json"
        read = json.loads(path.read_text(encoding="utf-8"))
        concept: dict[str, str] = {}
        named: set[str] = set()
        for i, group in enumerate(read["synonyms"]):
            head = norm(group[0])
            sense = f"{head} {i}" if head in named else head  # "provide": supply, or stipulate
            named.add(head)
            for word in map(norm, group):
                concept.setdefault(word, head)
                senses.setdefault(word, set()).add(sense)
        for marker, phrases in read["markers"].items():
            for phrase in phrases:
                entries.setdefault(norm(phrase), (_kind(marker), marker))
        for phrase in read["stop"]:
            entries.setdefault(norm(phrase), ("stop", ""))
        for name in read["parties"]:
            entries.setdefault(norm(name), ("party", concept.get(norm(name), norm(name))))
        for phrase, key in concept.items():
            entries.setdefault(phrase, ("word", key))
        anyone.update(concept.get(norm(word), norm(word)) for word in read["anyone"])
        light.update(norm(word) for word in read["light"])
        for one, other in read["antonyms"]:
            first, second = (concept.get(norm(word), norm(word)) for word in (one, other))
            opposites.setdefault(first, set()).add(second)
            opposites.setdefault(second, set()).add(first)
    longest: dict[str, int] = {}
    for phrase in entries:
        parts = _parts(phrase)
        longest[parts[0]] = max(longest.get(parts[0], 1), len(parts))
    frozen = {key: frozenset(others) for key, others in opposites.items()}
    parties = frozenset(key for kind, key in entries.values() if kind == "party")
    every = {word: frozenset(heads) for word, heads in senses.items()}
    return Lexicon(entries, longest, frozenset(light), parties, frozenset(anyone), frozen, every)


def _kind(marker: str) -> str:
    if marker in _FORCES:
        return "force"
    if marker in _BOUNDS:
        return "bound"
    if marker in _ORDERS:
        return "order"
    return "join" if marker in _JOINS else marker


def _parts(phrase: str) -> list[str]:
    return list(phrase) if phrase[0] >= "\u4e00" else phrase.split(" ")


def norm(phrase: str) -> str:
    """A word or phrase as the lexicon has it: stem by stem; Chinese as it is."""
    if phrase[0] >= "\u4e00":
        return phrase
    return " ".join(stem(word) for word in phrase.casefold().split())
