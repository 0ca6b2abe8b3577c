"""Take a question apart: which documents it is about, which articles it names, what it asks.

"Consider the Supply Agreement between Acme and Borealis; which law governs?" is about one document
and asks "which law governs?".  Searching for the second part among the first's passages finds the
clause; searching for the whole finds the page on which the parties are named.  A follow-up keeps
the documents of the question before it, and is searched with and without that question's words.
"""

import re
import unicodedata
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from core.documents.numerals import chinese_number
from core.retrieval.naming import COMPANY, GLUE, Named, Span, identity_words, recognise
from core.retrieval.provisos import NO_WISHES, Wishes, unquoted, wishes
from core.retrieval.rows import Indexed
from core.types import Turn

_SENTENCE = re.compile(r"(?<=[;:?；。？])|(?<=[a-z]\.)(?=\s[A-Z])")
_PART = re.compile(r"(?<=[,，])")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_ARTICLE = re.compile(
    r"第\s*([0-9零〇一二三四五六七八九十百千两]+(?:\.\d+)*)\s*条(?:之([一二三四五六七八九十]))?"
    r"|(?:\b(?:articles?|arts?\.|sections?|secs?\.|ss?\.|clauses?|cl\.|paragraphs?|paras?\.)|§§?)\s*"
    r"(\d+(?:\.\d+)*|(?-i:[IVXLC]+)\b(?!\s+(?:must|may|shall|can|could|will|would|have|had|am|do)\b))",
    re.I,
)
_ALSO = re.compile(
    r"\s*(?:,|and|or|&|to|、|和)\s*(\d+(?:\.\d+)*)\b(?!\s*(?:days?|months?|years?|%))", re.I
)
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|those|these|that|this|then|he|she|his|her|such|same)\b"
    r"|^(?:and|but|or|so|what about|how about|why)\b"
    r"|^(?:那|它|他|她|这|该|其|如果|要是|还有)|呢[？?]?$",
    re.I,
)
_SENTENCE_LIKE = re.compile(
    r"[?？\u4e00-\u9fff]"
    r"|\b(?:who|whom|whose|what|when|where|why|how|whether|if|i|we|you|my|our|your"
    r"|can|could|may|must|shall|should|will|would)\b"
    r"|^(?:and|so|but|then|please|under|in|per|according|pursuant|which|is|are|was|were|do|does|did|has|have|had"
    r"|tell|explain|describe|summari[sz]e)\b",
    re.I,
)
_LONGEST_PHRASE = 16
"""Words."""
_FEW = 4
_REMEMBERED = 50
"""Turns that a chain of follow-ups may lean on."""
_NEXT = re.compile(r"下一条|后一条|\b(?:next|following) (?:article|section|clause|one)\b", re.I)
_PREVIOUS = re.compile(
    r"上一条|前一条|\b(?:previous|preceding) (?:article|section|clause|one)\b", re.I
)
_WITHIN = re.compile(
    r"第[一二三四五六七八九十\d]+[款项]|这一?条|该条"
    r"|\b(?:that|this|the same) (?:article|section|clause)"
    r"|\b(?:first|second|third|last) (?:paragraph|sentence|item)\b",
    re.I,
)
_BOILERPLATE = frozenset(
    "including successors permitted assigns assign executors administrators heirs affiliates "
    "subsidiaries subsidiary collectively individually hereinafter referred called organized "
    "organised existing incorporated corporation partnership registered principal office place "
    "business state laws respective other others its amended restated".split()
)
"""Words that describe a party, and never ask."""


@dataclass(frozen=True, slots=True)
class Understood:
    """``about`` maps the documents that the question names to a confidence in (0, 1].

    ``asks`` is the question without their names, and ``focus`` the sentence of it that asks, where
    the one before it names a document.  ``context`` is what the question before asked, for a
    follow-up, and ``leans_back`` tells that the follow-up says little without it.  ``articles`` are
    the numbers of the articles, sections or clauses that it names, as written in Arabic digits
    ("577", "12.1").  ``strangers`` are names that no identity holds; ``is_sure`` tells that the
    documents are named by a party or a title and not only by their kind.  ``is_phrase`` tells that
    it names no document and is no sentence but what is looked for ("cap on liability"); ``wishes``
    are what that must have, lack or say, where it is not in ``asks``.
    """

    asks: str
    focus: str
    about: dict[str, float]
    articles: tuple[str, ...]
    context: str = ""
    leans_back: bool = False
    strangers: tuple[str, ...] = ()
    is_sure: bool = False
    is_phrase: bool = False
    wishes: Wishes = NO_WISHES

    @property
    def words(self) -> str:
        """What the full-text index is asked."""
        return f"{self.context} {self.focus}" if self.leans_back else self.focus


def understand(
    question: str, documents: Sequence[Indexed], history: Sequence[Turn] = ()
) -> Understood:
    """Take ``question`` apart against the documents of its matter and the turns before it."""
    own = _alone(question, documents)
    if not history:
        return _as_phrase(own)
    if own.about and own.asks != question:
        return own
    *earlier, last = history[-_REMEMBERED:]
    before = understand(last.question, documents, earlier)
    inherited = replace(
        own,
        about=own.about or before.about,
        is_sure=own.is_sure if own.about else before.is_sure,
        articles=own.articles or _articles_meant(question, before.articles),
    )
    if bool(_CHINESE.search(before.asks)) != bool(_CHINESE.search(question)):
        return inherited  # words of another language would only add noise
    return replace(
        inherited,
        context=before.focus,
        leans_back=len(_telling(question)) <= _FEW or bool(_POINTS_BACK.search(question)),
    )


def _articles_meant(question: str, before: Sequence[str]) -> tuple[str, ...]:
    """The articles that "the next one" or "its second paragraph" mean after ``before``."""
    step = bool(_NEXT.search(question)) - bool(_PREVIOUS.search(question))
    if not step:
        return tuple(before) if _WITHIN.search(question) else ()
    chapter, dot, last = before[-1].rpartition(".") if before else ("", "", "")
    return (f"{chapter}{dot}{int(last) + step}",) if last.isdecimal() else ()


def is_article(path: Sequence[str], numbers: Sequence[str]) -> bool:
    """Whether a passage under ``path`` is, or is part of, one of the articles of those numbers.

    "Article 3" is no item (3) of another article: a whole number is that of the outermost
    numbered heading, or of one that says that it is an article.
    """
    keys = [(article_key(part), bool(_ARTICLE.match(part))) for part in path]
    outermost = next((key for key, _ in keys if key), "")
    return any(
        key in numbers and ("." in key or "-" in key or said or key == outermost)
        for key, said in keys
    )


def _telling(text: str) -> list[str]:
    """The words that say something: English words that are no glue, Chinese pairs of characters."""
    words = [word for word in re.findall(r"[a-z]{3,}", text.lower()) if word not in GLUE]
    return words + re.findall(r"[\u4e00-\u9fff]{2}", text)


def articles_of(question: str) -> tuple[str, ...]:
    """The numbers of the articles that a question cites: 577 for 第五百七十七条, 4 for Article IV,
    12.1 and 12.2 for "Sections 12.1 and 12.2".
    """
    folded = unicodedata.normalize("NFKC", question)
    found = []
    for match in _ARTICLE.finditer(folded):
        found.append(_article(match))
        rest = folded[match.end() :]
        while listed := _ALSO.match(rest):
            found.append(listed.group(1))
            rest = rest[listed.end() :]
    return tuple(dict.fromkeys(found))


def article_key(heading: str) -> str:
    """The number of an article or clause at the start of a heading, or the empty string."""
    match = _ARTICLE.match(heading) or re.match(r"\(?(\d+(?:\.\d+)*)\)?[.)\s、]", heading + " ")
    return _article(match) if match else ""


def _alone(question: str, documents: Sequence[Indexed]) -> Understood:
    articles = articles_of(question)
    named = recognise(question, documents)
    if not named.about:
        return Understood(question, question, {}, articles, strangers=named.strangers)
    asks = _without(question, named.spans, _known(named, documents))
    return Understood(
        asks,
        _focus(asks),
        named.about,
        articles,
        strangers=named.strangers,
        is_sure=named.is_sure,
    )


def _as_phrase(own: Understood) -> Understood:
    """A question that names no document and is no sentence but what is looked for."""
    bare = unquoted(own.asks)
    if own.about or len(bare.split()) > _LONGEST_PHRASE or _SENTENCE_LIKE.search(bare):
        return own
    asks, wished = wishes(own.asks)
    met = tuple(name for name in own.strangers if name in asks)
    return replace(own, asks=asks, focus=asks, is_phrase=True, wishes=wished, strangers=met)


def _known(named: Named, documents: Sequence[Indexed]) -> frozenset[str]:
    meant = (identity_words(each) for each in documents if each.document_id in named.about)
    return _BOILERPLATE.union(*meant)


def _roman(letters: str) -> int:
    values = [_ROMAN[letter] for letter in letters.upper()]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))


def _article(match: re.Match[str]) -> str:
    groups = match.groups()
    if len(groups) == 1:
        return groups[0].rstrip(".")
    chinese, branch, western = groups
    if western:
        return str(_roman(western)) if western.isalpha() else western
    is_plain = chinese.replace(".", "").isdecimal()
    number = chinese if is_plain else str(chinese_number(chinese))
    return f"{number}-{chinese_number(branch)}" if branch else number


def _without(question: str, names: Sequence[Span], known: Container[str]) -> str:
    """The question without the names, and without the parts that then say nothing of their own.

    A part that names a document says something only by words that the document's opening lacks.
    """
    cut = question
    for start, end in sorted(names, reverse=True):
        cut = cut[:start] + "\0" + cut[end:]
    kept = []
    for sentence in _SENTENCE.split(cut):
        if "\0" in sentence and not _says_something(sentence, known):
            continue
        parts = _PART.split(sentence)
        kept += [part for part in parts if "\0" not in part or _says_something(part, known)]
    asks = re.sub(r"\s+", " ", "".join(kept).replace("\0", " ")).strip(" ,;:，；：《》")
    return asks if _says_something(asks, ()) else question


def _focus(asks: str) -> str:
    """The last sentence with a question mark, or the whole."""
    asking = [part for part in _SENTENCE.split(asks) if part.rstrip().endswith(("?", "？"))]
    last = asking[-1].strip() if asking else asks
    return last if _says_something(last, ()) else asks


def _says_something(part: str, known: Container[str]) -> bool:
    """Whether words or numbers are left that are neither glue nor known."""
    words = (word.lower() for word in re.findall(r"[A-Za-z]{3,}|\d+", part))
    telling = [word for word in words if word not in GLUE | COMPANY and word not in known]
    return len(telling) >= 2 or len(re.findall(r"[\u4e00-\u9fff]", part)) >= 4
