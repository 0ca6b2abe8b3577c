"""A text as the terms that carry its meaning: who, what, how much, must or may, not, unless.

The two lexicons in ``assets/lexicon`` say which words are markers of duty, leave, negation,
condition and comparison, which name parties, and which mean the same or the opposite.  Words that
mean the same have the same key, so that "end" is "terminate" and 签订 is 订立.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from core.answering.articles import articles
from core.answering.lexicon import DENYING, Lexicon, lexicon, norm
from core.answering.quantities import quantities
from core.answering.statements import over_pages, sentences

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
_HAVE_A_RIGHT = re.compile(
    r"(?:shall|will|may) (?:\w+ly )?(?:have|retain|enjoy) (?:the|an?) (?:[a-z-]+,? (?:and )?){1,4}?"
    r"(?:right|option|power|authority|discretion)\b(?!s? (?:and|or))",
    re.I,
)
_NUMBER_SIGN = re.compile(r"\.\s*\d")


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


@lru_cache(256)
def terms(text: str) -> tuple[Term, ...]:
    """The terms of a text in order, in either language; kept for the next statement."""
    return tuple(_merged(sorted(_found(text), key=lambda term: term.start)))


def _found(text: str) -> Iterator[Term]:
    text = over_pages(text)
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
            tokens += _pieces(match.group(), match.start())
    tokens.sort(key=lambda token: token[1])
    yield from _read(text, tokens)


def _pieces(word: str, start: int) -> Iterator[tuple[str, int, int]]:
    """A token, or the words that a hyphen joins to one that the lexicon does not know."""
    whole = "-" not in word or word.startswith(DENYING) or norm(word) in lexicon().entries
    for match in re.finditer(r".+" if whole else r"[^-]+", word, re.S):
        yield match.group(), start + match.start(), start + match.end()


def _read(text: str, tokens: list[tuple[str, int, int]]) -> Iterator[Term]:
    known = lexicon()
    ends = [end for _, end in sentences(text)]
    capitals = sum(c.isupper() for c in text) <= 0.3 * sum(c.isalpha() for c in text)
    stems = [token if "\0" in token else norm(token) for token, _, _ in tokens]
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
        if entry == ("force", "ban") and _is_named(text, start, end):
            entry, size = None, 1  # "the Forbidden Acts"
        if entry and entry[0] == "force" and word in _NOUNS:
            entry, size = known.entries.get(stems[at]), 1
        end = tokens[at + size - 1][2]
        about = text[max(0, start - 3) : end + 9].lower()
        if stems[at] == "provid" and size == 1 and not _PROVISO.search(about):
            entry = ("word", "provid")
        if _HAVE_A_RIGHT.match(text, start):
            leave = "maybe" if word == "may" else "leave"
            entry = ("force", leave)  # "shall have the exclusive right to"
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
    longest = min(known.longest.get(stems[at], 1), len(stems) - at)
    if stems[at] >= "\u4e00":
        longest = _before_a_longer_word(stems, at, longest, known)
    joint = "" if stems[at] >= "\u4e00" else " "
    for size in range(longest, 0, -1):
        entry = known.entries.get(joint.join(stems[at : at + size]))
        if entry is not None:
            return entry, size
    return None, 1


def _before_a_longer_word(stems: list[str], at: int, longest: int, known: Lexicon) -> int:
    """How many characters a word may have, so as not to cut a longer one: 申请|人民法院."""
    for size in range(longest, 1, -1):
        if "".join(stems[at : at + size]) not in known.entries:
            continue
        for inner in range(at + 1, at + size):
            reach = min(known.longest.get(stems[inner], 1), len(stems) - inner)
            for end in range(inner + reach, max(at + size, inner + size), -1):
                if "".join(stems[inner:end]) in known.entries:
                    return inner - at
        return longest
    return longest


def _is_named(text: str, start: int, end: int) -> bool:
    """Whether a word is a part of a name: it has a capital, and so has the next."""
    return (
        text[start].isupper() and text[end + 1 : end + 2].isupper() and not text[end - 1].isupper()
    )


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
        if at > 0 and norm(merged[at].text) == "be":
            at -= 1
        if _denies_a_denial(found, i) and (k := _denied_before(merged, term)) is not None:
            merged[k] = replace(merged[k], kind="force", key="duty")
            continue  # 不按照设计施工是不允许的
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


def _denies_a_denial(found: list[Term], i: int) -> bool:
    """Whether a ban ends its clause, where it bans what stands before it."""
    after = found[i + 1 : i + 2]
    ends = not after or after[0].clause > found[i].clause or after[0].kind == "given"
    return found[i].key == "ban" and ends


def _denied_before(merged: list[Term], ban: Term) -> int | None:
    """Where the clause of a ban denies something, of which no force tells."""
    own = [k for k, t in enumerate(merged) if t.clause == ban.clause]
    if any(merged[k].kind == "force" for k in own):
        return None
    return next((k for k in own if merged[k].kind == "not"), None)


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
