"""A text as the terms that carry its meaning: who, what, how much, must or may, not, unless.

The two lexicons in ``assets/lexicon`` say which words are markers of duty, leave, negation,
condition and comparison, which name parties, and which mean the same or the opposite.  Words that
mean the same have the same key, so that "end" is "terminate" and 签订 is 订立.
"""

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from core.answering.quantities import articles, quantities
from core.answering.statements import sentences
from core.settings import ROOT

_FORCES = frozenset(("duty", "leave", "ban", "exempt"))
_BOUNDS = frozenset(("ge", "le", "gt", "lt"))
_ORDERS = frozenset(("before", "after"))
_JOINS = frozenset(("or", "and", "andor"))
_BARE_MODALS = frozenset("shall must will should would 应当 应 须 必须 需".split())
_MERGED = {
    ("duty", "duty"): "duty", ("leave", "leave"): "maybe", ("duty", "leave"): "leave",
    ("leave", "duty"): "maybe", ("duty", "ban"): "ban", ("ban", "duty"): "exempt",
    ("ban", "leave"): "ban", ("leave", "ban"): "maybe", ("duty", "exempt"): "exempt",
    ("leave", "exempt"): "maybe", ("leave", "not"): "ban", ("not", "leave"): "ban",
    ("not", "ban"): "leave", ("exempt", "duty"): "exempt", ("ban", "ban"): "leave",
}  # fmt: skip
_NOT_BEYOND = {"gt": "le", "lt": "ge"}
"""What a limit is that may not be exceeded, or not be fallen short of."""
_SAME = {
    "is": "be", "are": "be", "was": "be", "were": "be", "been": "be", "being": "be",
    "has": "have", "had": "have", "having": "have", "be": "be", "have": "have",
    "does": "do", "did": "do", "an": "a",
}  # fmt: skip
_ENDINGS = (
    "ations ation ating ators ated ates ate itions ition ions ion ments ment ances ance "
    "ences ence ings ing ably able ally als al ures ure ed es ly s e"
).split()
_TOKEN = re.compile(
    r"[a-z](?:[a-z'’&-]*[a-z])?(?:/or\b)?|[\u4e00-\u9fff]|\n\s*\n|[,;:()，；：（）。!?！？—]|\.(?=\s|$)"
)
_NOUNS = frozenset("agreement agreements rights options obligations duties powers needed".split())
"""What looks like the verb of a force and is none: "agreement to", "rights to"."""
_ENDS_A_NOUN = frozenset(["", *"，。；、的,"])
"""What follows 需要 where it is a need, no duty."""
_PROVISO = re.compile(r"[,;:(]\s*provided|provided,? (?:that|howev|always)|provided[:,]")
"""Where "provided" is a condition and no verb."""
_BESIDES = re.compile(
    r"除(?!非)[^。；，]{1,60}(?:，[^。；，]{1,40})?外[，,]?(?:还|也|并|同时|另)(?!不|无)"
)
_NUMBER_SIGN = re.compile(r"\.\s*\d")
_DENYING = ("un", "non", "non-", "in", "im", "ir", "dis", "不", "无", "非", "未")


@dataclass(frozen=True, slots=True)
class Term:
    """One unit of meaning at ``[start, end)``; ``clause`` and ``sentence`` count from 0.

    ``kind`` is ``word``, ``party``, ``number``, ``date``, ``article``, ``force`` (duty, leave, ban,
    exempt or maybe), ``not``, ``without``, ``exception``, ``but``, ``condition``, ``given``
    (the clause before it is a condition), ``when``, ``only``,
    ``join`` (or, and), ``bound`` (ge, le, gt, lt), ``order`` (before, after) or ``prep``.
    Terms that mean the same have the same ``key``, or one of their ``senses`` in common: "furnish"
    is "supply"; so is "provide", also "stipulate".  ``weight`` is 1 for a word that must be
    accounted for, less for one that says little, 0 for what carries no topic of its own.
    """

    kind: str
    key: str
    start: int
    end: int
    clause: int
    sentence: int
    weight: float = 0.0
    text: str = ""
    senses: frozenset[str] = frozenset()

    def means(self, other: "Term") -> bool:
        """Whether the two say the same in one of their senses; parties have but one."""
        if self.key == other.key:
            return True
        if self.kind == other.kind == "party":
            return False
        return bool(self.senses & other.senses)


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


@lru_cache(256)
def terms(text: str) -> tuple[Term, ...]:
    """The terms of a text in order, in either language; kept for the next statement."""
    return tuple(_merged(sorted(_found(text), key=lambda term: term.start)))


def opposite(one: str, other: str) -> bool:
    """Whether two keys are opposites: renew and terminate, 有效 and 无效."""
    if other in lexicon().opposites.get(one, frozenset()):
        return True
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) > 2 and longer in {prefix + shorter for prefix in _DENYING}


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
            head = _norm(group[0])
            sense = f"{head} {i}" if head in named else head  # "provide": supply, or stipulate
            named.add(head)
            for word in map(_norm, group):
                concept.setdefault(word, head)
                senses.setdefault(word, set()).add(sense)
        for marker, phrases in read["markers"].items():
            for phrase in phrases:
                entries.setdefault(_norm(phrase), (_kind(marker), marker))
        for phrase in read["stop"]:
            entries.setdefault(_norm(phrase), ("stop", ""))
        for name in read["parties"]:
            entries.setdefault(_norm(name), ("party", concept.get(_norm(name), _norm(name))))
        for phrase, key in concept.items():
            entries.setdefault(phrase, ("word", key))
        anyone.update(concept.get(_norm(word), _norm(word)) for word in read["anyone"])
        light.update(_norm(word) for word in read["light"])
        for one, other in read["antonyms"]:
            first, second = (concept.get(_norm(word), _norm(word)) for word in (one, other))
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


def _norm(phrase: str) -> str:
    if phrase[0] >= "\u4e00":
        return phrase
    return " ".join(stem(word) for word in phrase.casefold().split())


def _found(text: str) -> Iterator[Term]:
    plain = lowered(text)
    taken: list[tuple[int, int]] = []
    tokens: list[tuple[str, int, int]] = []
    for key, start, end in articles(text):
        taken.append((start, end))
        tokens.append(("article\0" + key, start, end))
    for quantity in quantities(text):
        if not any(start < quantity.end and quantity.start < end for start, end in taken):
            taken.append((quantity.start, quantity.end))
            tokens.append((f"{quantity.kind}\0{quantity.key}", quantity.start, quantity.end))
    hidden = bytearray(len(plain))
    for start, end in taken:
        hidden[start:end] = b"\1" * (end - start)
    for match in _TOKEN.finditer(plain):
        if not hidden[match.start()]:
            tokens.append((match.group(), match.start(), match.end()))
    tokens.sort(key=lambda token: token[1])
    yield from _read(text, tokens)


def _read(text: str, tokens: list[tuple[str, int, int]]) -> Iterator[Term]:
    known = lexicon()
    ends = [end for _, end in sentences(text)]
    capitals = sum(c.isupper() for c in text) <= 0.3 * sum(c.isalpha() for c in text)
    stems = [token if "\0" in token else _norm(token) for token, _, _ in tokens]
    clause = at = 0
    while at < len(tokens):
        word, start, end = tokens[at]
        sentence = bisect_right(ends, start)
        if "\0" in word:
            kind, _, key = word.partition("\0")
            yield Term(kind, key, start, end, clause, sentence, 1.0, text[start:end])
            at += 1
            continue
        if word == "no" and _NUMBER_SIGN.match(text, end):
            at += 1
            continue  # "No. 5"
        if word == "除" and _BESIDES.match(text, start):
            at += 1
            continue  # 除罚款外，还: besides the fine
        if word == "的" and at + 1 < len(tokens) and tokens[at + 1][0] in ",，":
            yield Term("given", "given", start, end, clause, sentence, 0.0, word)
        if not word[0].isalpha():
            clause += 1
            at += 1
            continue
        entry, size = _longest_entry(stems, at, known)
        if entry and entry[0] == "force" and word in _NOUNS:
            entry, size = known.entries.get(stems[at]), 1
        end = tokens[at + size - 1][2]
        about = text[max(0, start - 3) : end + 9].lower()
        if stems[at] == "provid" and size == 1 and not _PROVISO.search(about):
            entry = ("word", "provid")
        if word == "should" and _begins(text, start):
            entry = ("condition", "condition")  # "Should the Tenant fail": if it fails
        if text[start:end] == "需要" and text[end : end + 1] in _ENDS_A_NOUN:
            entry = ("word", "需要")
        phrase = ("" if word >= "\u4e00" else " ").join(stems[at : at + size])
        at += size
        surface = text[start:end]
        if entry is None:
            if word < "\u4e00" and len(word) < 3:
                continue
            entry = ("word", stems[at - 1])
            following = _longest_entry(stems, at, known)[0] if at < len(stems) else None
            subject = following is not None and following[0] == "force"
            if capitals and surface[0].isupper() and (subject or not _begins(text, start)):
                entry = ("party", stems[at - 1])
        if entry[0] != "stop":
            weight = _weight(entry, stems[at - 1], surface, known)
            senses = known.senses.get(phrase, frozenset()) | {entry[1]}
            yield Term(*entry, start, end, clause, sentence, weight, surface, senses)


def _weight(entry: tuple[str, str], last: str, surface: str, known: Lexicon) -> float:
    if entry[0] not in ("word", "party"):
        return 0.0
    if surface[0] >= "\u4e00":
        return 0.25 if surface in known.light else 0.5 * min(2, len(surface))
    return 0.25 if last in known.light else 1.0


def _longest_entry(stems: list[str], at: int, known: Lexicon) -> tuple[tuple[str, str] | None, int]:
    joint = "" if stems[at] >= "\u4e00" else " "
    for size in range(min(known.longest.get(stems[at], 1), len(stems) - at), 0, -1):
        entry = known.entries.get(joint.join(stems[at : at + size]))
        if entry is not None:
            return entry, size
    return None, 1


def _begins(text: str, start: int) -> bool:
    """Whether a word begins a sentence, where a capital says nothing."""
    before = text[:start].rstrip(" \t\"“'(")
    return not before or before[-1] in ".!?\n。"


def _merged(found: list[Term]) -> list[Term]:
    """Modal, negation and modal that stand together are one force: "shall not be required to"."""
    merged: list[Term] = []
    for i, term in enumerate(found):
        if _refers(found, i):
            continue
        at = len(merged) - 1
        if at > 0 and _norm(merged[at].text) == "be":
            at -= 1
        joined = ""
        if at >= 0 and merged[at].clause == term.clause:
            joined = _joined(merged[at], term)
        turned = _NOT_BEYOND.get(term.key) if at >= 0 and term.kind == "bound" else None
        if turned and merged[at].key in ("ban", "not") and merged[at].clause == term.clause:
            text = f"not {term.text}"
            merged[at:] = [replace(term, key=turned, start=merged[at].start, text=text)]
        elif joined:
            last = merged[at]
            merged[at:] = [replace(last, kind="force", key=joined, end=term.end)]
        else:
            merged.append(term)
    return merged


def _refers(found: list[Term], i: int) -> bool:
    """Whether "under" or "above" compares nothing: "under the Lease", "Section 5 above"."""
    text = found[i].text.casefold()
    if text == "under":
        after = found[i + 1 : i + 2]
        return not any(term.kind == "number" for term in after)
    return text in ("above", "below") and i > 0 and found[i - 1].kind == "article"


def _joined(last: Term, term: Term) -> str:
    """The force of two neighbours together, or "" where they stay apart."""
    if not {last.kind, term.kind} <= {"force", "not"}:
        return ""
    pair = (last.key, term.key)
    if term.text == "应" and last.key in ("leave", "ban"):
        return last.key  # 可以应……的申请: at somebody's request
    if pair == ("duty", "not"):
        return "ban" if last.text.casefold() in _BARE_MODALS else "exempt"
    if pair == ("not", "duty"):
        return "ban" if term.text.casefold() in _BARE_MODALS else "exempt"
    return _MERGED.get(pair, "")


def lowered(text: str) -> str:
    """Full-width forms folded and capitals lowered, every offset kept."""
    folded = ((unicodedata.normalize("NFKC", character).lower(), character) for character in text)
    return "".join(new if len(new) == 1 else old for new, old in folded)
