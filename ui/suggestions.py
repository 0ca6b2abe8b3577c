"""Questions to begin with, which the matter's own documents answer."""

import re
from collections import Counter
from collections.abc import Sequence

from core.errors import NotFound
from core.services import sample_questions
from core.types import Document, Genre
from ui.locale import texts_in
from ui.options import in_scope
from ui.page import Desk, Page

MOST = 6
_READ = 200_000
"""Characters of a document that are looked through for what can be asked of it."""
_ASKED = {
    Genre.CONTRACT: {
        "term": r"\bterminat(es?|ion)\b|\bexpir(e|es|y|ation)\b|解除|终止|期限",
        "notice": r"\bnotices?\b[^.]{0,80}\b(writ\w+|given|days)\b|书面通知",
        "law": r"\bgoverned by\b|\bgoverning law\b|适用法律|管辖",
    },
    Genre.JUDGMENT: {
        "decided": r"\b(affirm|revers|dismiss|grant|den(y|ied))\w*|判决如下|裁定如下",
    },
    Genre.STATUTE: {
        "meaning": r"[”\"’] means\b|本法所称|本条例所称",
        "penalty": r"\bpenalt(y|ies)\b|\bfined?\b|罚款|处罚",
    },
}
"""What is asked of a kind of document, where words that answer it are in its text."""


async def suggestions(page: Page, desk: Desk, documents: Sequence[Document]) -> list[str]:
    """The sample documents' own questions where they are in scope, else some about one document.

    None at all is better than one that nothing here answers.
    """
    there = in_scope(desk.options, documents)
    samples = sample_questions({document.sha256 for document in there})
    if samples:
        own = sorted(samples, key=lambda each: each[0] != desk.language)
        return [question for _, question in own][:MOST]
    kinds = list(_ASKED)
    named = [(each, name) for each, name in _named(there) if each.identity.genre in kinds]
    named.sort(key=lambda each: (kinds.index(each[0].identity.genre), len(each[1])))
    for document, name in named[:3]:
        try:
            words = await page.services.library.text(desk.matter_id, document.id)
        except (NotFound, OSError, ValueError):  # deleted meanwhile, or damaged: doctor tells
            continue
        if questions := _about(document, words[:_READ], name):
            return questions
    return []


def _about(document: Document, words: str, name: str) -> list[str]:
    """Questions about a document in its own language."""
    chinese = len(re.findall(r"[\u4e00-\u9fff]", words[:5000]))
    texts = texts_in("zh" if chinese > 500 or chinese * 4 > len(words[:5000]) else "en")
    asked = _ASKED[document.identity.genre].items()
    keys = [key for key, answer in asked if re.search(answer, words, re.IGNORECASE)]
    if document.identity.parties and document.identity.genre is Genre.CONTRACT:
        keys.insert(0, "parties")
    return [texts(f"chat.example.{key}", document=name) for key in keys]


def _named(documents: Sequence[Document]) -> list[tuple[Document, str]]:
    """Each document with what to call it: its title, file or path, whichever is its alone."""
    each = [(d, (d.identity.title, d.name.rpartition("/")[2], d.name)) for d in documents]
    shared = Counter(name for _, names in each for name in set(names))
    return [
        (document, next((n for n in names if n and shared[n] == 1), document.name))
        for document, names in each
    ]
