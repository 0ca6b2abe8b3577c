"""Words of a text: where a passage says them one by one, and which of them tell of its content."""

import re
import unicodedata
from functools import lru_cache

from core.answering.lexicon import stem
from core.answering.quantities import quantities

_CLOSING = frozenset('.!?;。！？；)）”」』"')
_WORD = re.compile(r"[a-z][a-z'’-]+|[\u4e00-\u9fff]+")
_STOP = frozenset(
    (
        "a an and any are as at be been but by for from had has have he her his if in into is "
        "it its may must of on or our shall she should such than that the their them then "
        "there these they this those to under upon was we were what when which who will with "
        "would you your passage passages document documents according states stated provides"
    ).split()
)
_CUT_BEFORE = re.compile(r"[A-Za-z0-9]-?\Z|[0-9][.,]\Z")
_CUT_AFTER = re.compile(r"-?[A-Za-z0-9]|[.,][0-9]")


_MOST_PLACES = 30
"""How many places are tried that say the letters of a quote; no document repeats itself so."""


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """The span of ``text`` that says ``quote`` word for word, or ``None``.

    Case, spacing, punctuation, full-width forms and hyphens at line ends do not count; letters,
    digits and their order do, and so do the ends of words and the values of numbers.  A quote of
    fewer than eight characters proves nothing.
    """
    wanted, _ = _stream(quote)
    if len(wanted) < 8 and not (len(wanted) >= 4 and any(c >= "\u4e00" for c in wanted)):
        return None
    held, offsets = _stream(text)
    said = amounts(quote)
    at = held.find(wanted)
    for _ in range(_MOST_PLACES):
        if at < 0:
            break
        start, end = offsets[at], offsets[at + len(wanted) - 1] + 1
        start -= start > 0 and text[start - 1] in "$£€¥" and quote.lstrip("“\"'")[:1] in "$£€¥"
        if _is_whole(text, start, end) and amounts(text[start:end]) == said:
            while end < len(text) and text[end] in _CLOSING:
                end += 1
            return start, end
        at = held.find(wanted, at + 1)
    return None


def amounts(text: str) -> frozenset[str]:
    return frozenset(quantity.key for quantity in quantities(text))


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a span cuts no word or number: "able" in "unable", "5" in "15", "1.5" or "5,000"."""
    cut = _CUT_BEFORE.search(text, max(0, start - 2), start) and text[start].isascii()
    return not cut and not (_CUT_AFTER.match(text, end) and text[end - 1].isascii())


def words(text: str) -> frozenset[str]:
    """The content words of a text: English stems but no stop words, Chinese character pairs."""
    found: set[str] = set()
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if word[0] >= "\u4e00":
            found.update(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        elif word not in _STOP and len(word) > 2:
            found.add(stem(word))
    return frozenset(found)


@lru_cache(256)
def _stream(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text, folded, and the offset in the text of each."""
    characters: list[str] = []
    offsets: list[int] = []
    for offset, original in enumerate(text):
        for character in unicodedata.normalize("NFKC", original).casefold():
            if character.isalnum():
                characters.append(character)
                offsets.append(offset)
    return "".join(characters), offsets
