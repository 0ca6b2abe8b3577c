"""The encoding of text files, told from their bytes: byte order marks, UTF, Chinese, Western."""

import codecs
import re

from core.errors import DocumentError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_COMMON_CHINESE = frozenset(
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后"
    "小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两"
    "长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很"
    "业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太"
    "水万市应当规责任条款合同权利义务律例依按照及或各应负约违反期限管理机构单位組織這個們為來國會說時"
    "對學發經樣現動長還過與實當應條約權義務規責業電問間機給從後開關進點種聲見話情則產員無於並內處請書"
    "、。，；：“”（）《》「」『』"
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{2,20})", re.IGNORECASE)
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x19\x1b-\x1f\x7f]")


def decode(content: bytes) -> str:
    """Decode the bytes of a text file; a byte order mark is dropped, nothing else is changed.

    Raises ``DocumentError`` when the bytes are not text.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            text = _attempt(content[len(mark) :], encoding)
            return _checked(text if text is not None else content.decode(encoding, "replace"))
    for guess in (_utf_8, _utf_16, _torn_utf_8, _chinese, _western, _any):
        text = guess(content)
        if text is not None:
            return _checked(text)
    raise _not_text()


def decode_html(content: bytes) -> str:
    """Decode the bytes of a web page: the charset it declares where that fits, else ``decode``."""
    declared = _CHARSET.search(content[:65536])
    if declared and not content.startswith(tuple(mark for mark, _ in _MARKS)):
        encoding = declared.group(1).decode("ascii").lower()
        text = _attempt(content, "gb18030" if encoding in ("gb2312", "gbk") else encoding)
        if text is not None and "\0" not in text:
            return _checked(text)
    return decode(content)


def _attempt(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _checked(text: str) -> str:
    controls = len(_CONTROL.findall(text))
    if "\0" in text or controls > max(4, len(text) // 100):
        raise _not_text()
    return text


def _not_text() -> DocumentError:
    return DocumentError(
        "This file holds binary content, not text.",
        "Open it in the program that made it, save it as PDF or .docx, and add it again.",
    )


def _utf_8(content: bytes) -> str | None:
    text = _attempt(content, "utf-8")
    if text is not None and "\0" in text and _utf_16(content) is not None:
        return None
    return text


def _torn_utf_8(content: bytes) -> str | None:
    """UTF-8 that was cut inside a character or has lost a few bytes."""
    text = content.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    foreign = sum(character >= "\x80" for character in text)
    return text if foreign > 20 * lost else None


def _utf_16(content: bytes) -> str | None:
    """UTF-16 without a mark: nearly every character is ASCII, an ideograph or its punctuation."""
    if len(content) < 4 or len(content) % 2:
        return None
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _attempt(content, encoding)
        sample = text[:4000] if text else ""
        if not sample or "\0" in sample:
            continue
        ordinary = sum(_is_ordinary(character) for character in sample)
        familiar = sum(character < "\x80" or character in _COMMON_CHINESE for character in sample)
        if ordinary >= 0.95 * len(sample) and familiar >= 0.2 * len(sample):
            return text
    return None


def _is_ordinary(character: str) -> bool:
    return (
        " " <= character <= "~"
        or character in "\t\n\r"
        or "\xa0" <= character <= "\xff"
        or "\u2010" <= character <= "\u2030"
        or "\u3000" <= character <= "\u301f"
        or "\u4e00" <= character <= "\u9fff"
        or "\uff00" <= character <= "\uff5e"
    )


def _chinese(content: bytes) -> str | None:
    """GB18030 or Big5, whichever gives the greater share of frequent Chinese characters."""
    best, best_share = None, 0.15
    for encoding in ("gb18030", "big5", "big5hkscs"):
        text = _attempt(content, encoding)
        foreign = [character for character in text or "" if character >= "\x80"]
        if not foreign:
            continue
        share = sum(character in _COMMON_CHINESE for character in foreign) / len(foreign)
        if share > best_share:
            best, best_share = text, share
    return best


def _western(content: bytes) -> str | None:
    """Windows-1252, where most bytes are ASCII and the others letters or typographic marks."""
    text = _attempt(content, "cp1252")
    if text is None or sum(byte < 0x80 for byte in content) < 0.7 * len(content):
        return None
    foreign = [character for character in text if character >= "\x80"]
    likely = sum(character.isalpha() or character in "‘’“”–—…•§©®™€£°\xa0" for character in foreign)
    return text if likely >= 0.6 * len(foreign) else None


def _any(content: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(content).best()
    return str(best) if best else None
