"""Gold answers found in the documents: a name with words, a page or offsets becomes a span."""

import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.trials import Gold
from core.types import Document, DocumentState, ExtractedText, Hit

_SHORTEST = 4
"""Letters and digits of a quote that says where it stands."""


class Texts(Protocol):
    """Where documents' extracted texts come from."""

    def text(self, matter_id: str, document_id: str) -> ExtractedText | None:
        """The text of a document, ``None`` until it has been read."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a gold answer stands: ``text[start:end]`` of a document."""

    document_id: str
    start: int
    end: int

    def is_in(self, hit: Hit) -> bool:
        """Whether a passage holds it: they share at least half of the shorter of the two."""
        passage = hit.passage
        if passage.document_id != self.document_id:
            return False
        shared = min(passage.end, self.end) - max(passage.start, self.start)
        return 2 * shared >= min(passage.end - passage.start, self.end - self.start) > 0


def document_of(gold: Gold, documents: Sequence[Document]) -> Document | None:
    """The newest ready document of the gold's name, or of its last part where only one has it."""
    ready = [
        each for each in documents if each.state is DocumentState.READY and not each.is_superseded
    ]
    name = gold.document.casefold()
    for whole in (True, False):
        found = [each for each in ready if _name(each.name.casefold(), whole) == _name(name, whole)]
        if len(found) == 1:
            return found[0]
    return None


class Locator:
    """Finds gold answers in one document; its text is folded once."""

    def __init__(self, document_id: str, extracted: ExtractedText) -> None:
        self._document_id = document_id
        self._extracted = extracted
        self._folded, self._offsets = folded(extracted.text)

    def place(self, gold: Gold) -> Place | None:
        """The span of a gold answer, or ``None`` where the document does not have it.

        Offsets count where the words there are the quote's; else the quote is looked for, on its
        page first.  Case, spacing, punctuation and full-width forms do not count.  Without words
        the page is the gold, and without a page the document.
        """
        text, quote = self._extracted.text, folded(gold.quote)[0]
        if gold.start is not None and gold.end is not None:
            start, end = gold.start, min(gold.end, len(text))
            if start < end and (not quote or folded(text[start:end])[0] == quote):
                return Place(self._document_id, start, end)
        page = next((p for p in self._extracted.pages if p.number == gold.page), None)
        if not quote:
            if gold.quote.strip() or gold.start is not None:
                return None
            if gold.page is None:
                return Place(self._document_id, 0, len(text)) if text else None
            return page and Place(self._document_id, page.start, page.end)
        if len(quote) < _SHORTEST:
            return None
        return self._said(quote, page.start if page else 0, gold.page is not None and not page)

    def _said(self, quote: str, after: int, is_elsewhere: bool) -> Place | None:
        if is_elsewhere and self._extracted.pages:
            return None
        at = self._folded.find(quote, bisect_left(self._offsets, after))
        if at < 0:
            at = self._folded.find(quote)
        if at < 0:
            return None
        start, end = self._offsets[at], self._offsets[at + len(quote) - 1] + 1
        return Place(self._document_id, start, end)


def folded(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text in one width and case, and the offset of each."""
    characters: list[str] = []
    offsets: list[int] = []
    for offset, original in enumerate(text):
        plain = original if original.isascii() else unicodedata.normalize("NFKC", original)
        for character in plain.casefold():
            if character.isalnum():
                characters.append(character)
                offsets.append(offset)
    return "".join(characters), offsets


def places_of(
    golds: Mapping[str, Sequence[Gold]],
    documents: Sequence[Document],
    texts: Texts,
    matter_id: str,
) -> tuple[dict[str, tuple[Place, ...]], dict[str, str]]:
    """The places of every question's gold answers, and why those of some are not found.

    ``golds`` is by question id.  A question one of whose gold answers is not found has no places;
    its reason is ``document`` or ``words``.  Blocks: each document is read once, one at a time.
    """
    wanted: dict[str, list[tuple[str, int, Gold]]] = {}
    found: dict[str, dict[int, Place]] = {}
    lost: dict[str, str] = {}
    for question_id, own in golds.items():
        for number, gold in enumerate(own):
            document = document_of(gold, documents)
            if document is None:
                lost[question_id] = "document"
            else:
                wanted.setdefault(document.id, []).append((question_id, number, gold))
    for document_id, asked in wanted.items():
        extracted = texts.text(matter_id, document_id)
        locator = extracted and Locator(document_id, extracted)
        for question_id, number, gold in asked:
            place = locator.place(gold) if locator else None
            if place is None:
                lost.setdefault(question_id, "words")
            else:
                found.setdefault(question_id, {})[number] = place
    return (
        {
            each: tuple(place for _, place in sorted(own.items()))
            for each, own in found.items()
            if each not in lost
        },
        lost,
    )


def _name(name: str, whole: bool) -> str:
    return name if whole else name.rpartition("/")[2]
