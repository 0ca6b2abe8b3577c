"""The words on the page, in English and Chinese, from ``assets/locales``."""

import datetime
import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache

from core.settings import ROOT

LANGUAGES = {"en": "English", "zh": "中文"}
"""The languages of the page, each by its own name."""


@dataclass(frozen=True)
class Texts:
    """The sentences of one language: ``texts("chat.send")``."""

    language: str
    sentences: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence for ``key`` with ``values`` filled in; plain text, not yet escaped.

        With ``count=1`` the key ``<key>.one`` is taken where the language has one.
        Raises ``KeyError`` for a key that no locale defines.
        """
        if values.get("count") == 1 and f"{key}.one" in self.sentences:
            key = f"{key}.one"
        return self.sentences[key].format(**values)

    def known(self, prefix: str, key: str) -> str:
        """The sentence for a key that comes from the core, or the core's own words."""
        return self.sentences.get(f"{prefix}.{key}", key)

    def said(self, *sentences: str) -> str:
        """Sentences of the core's, which speaks English, one after the other in this language.

        ``assets/locales/core`` has them by their English, with ``{0}`` for the first value;
        a value is looked up as well.  What is not there stays as it is.
        """
        words = ""
        for each in filter(None, (_said(self.language, each) for each in sentences)):
            words += f" {each}" if words and words[-1].isascii() else each
        return words

    def date(self, moment: datetime.datetime) -> str:
        """A day as this language writes it, in the machine's time zone."""
        return self.day(moment.astimezone().date())

    def day(self, day: datetime.date) -> str:
        """A calendar day as this language writes it."""
        if self.language == "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {self(f'month.{day.month}')} {day.year}"

    def template(self, key: str) -> str:
        """The sentence for ``key`` with its places for values still open, for the browser."""
        return self.sentences[key]

    def list_of_words(self, *words: str) -> str:
        """Words set apart as a line of facts."""
        return " · ".join(word for word in words if word)


@cache
def texts_in(language: str) -> Texts:
    """The sentences of a language; English for one that is not there."""
    known = language if language in LANGUAGES else "en"
    path = ROOT / "assets" / "locales" / f"{known}.json"
    return Texts(known, json.loads(path.read_text(encoding="utf-8")))


@lru_cache(4096)
def _said(language: str, sentence: str) -> str:
    known = _of_core(language)
    if sentence in known:
        return known[sentence]
    for end in re.finditer(r"(?<=[.?!]) ", sentence):  # a reason and its remedy
        parts = sentence[: end.start()], sentence[end.end() :]
        told = [_said(language, part) for part in parts]
        if all(words != part for words, part in zip(told, parts, strict=True)):
            return "".join(told)
    for pattern, words in _with_values(language):
        if found := pattern.fullmatch(sentence):
            return words.format(*(_said(language, value) for value in found.groups()))
    return sentence


@cache
def _of_core(language: str) -> dict[str, str]:
    path = ROOT / "assets" / "locales" / "core" / f"{language}.json"
    known: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return known


@cache
def _with_values(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """What each sentence with values in it looks like, the most telling first."""
    known = sorted(_of_core(language).items(), key=lambda each: -len(each[0]))
    return tuple(
        (re.compile(re.sub(r"\\\{\d\\\}", "(.+?)", re.escape(english)), re.DOTALL), words)
        for english, words in known
        if "{" in english
    )


def preferred_language(accept_language: str) -> str:
    """The language of ours that a browser's ``Accept-Language`` header (RFC 9110) puts first."""
    weighed = []
    for position, part in enumerate(accept_language.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            quality = 0.0
        weighed.append((-quality, position, tag.split("-")[0].lower()))
    return next((tag for _, _, tag in sorted(weighed) if tag in LANGUAGES), "en")
