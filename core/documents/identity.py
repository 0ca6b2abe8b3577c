"""What a document is: its title, its parties, its date and its genre, read from its opening.

Everything here is a reading, not a fact: a field that cannot be told is left empty.
"""

import re
from datetime import date
from pathlib import PurePosixPath

from core.documents.dates import dates
from core.documents.genre import genre_of
from core.documents.parties import contract_parties, litigants, opponents
from core.types import ExtractedText, Genre, Identity

_OPENING = 1500
_HEAD = 8000
_TAIL = 1500
_LONGEST_TITLE = 160
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,200}>")
_BLANK = re.compile(r"\[[^\[\]]{12,400}\]|\{[^{}]{1,80}\}")
"""What a template leaves to be filled in."""
_FILE_LIKE = re.compile(
    r"\.(?:docx?|pdf|rtf|txt|html?|md|wpd|indd|dot)\b|[\\/]\w+[\\/]|_{2,}|\w+_\w+_"
    r"|^(?:microsoft word|untitled|powerpoint|document\s?\d*|slide \d|title|ex-?\d|\W*\d[\d\W]*$)",
    re.IGNORECASE,
)
_TITLE_WORD = re.compile(
    r"""\b(?: agreement | contract | (?:under|sub-?)?lease | deed | indenture | amendment | addendum
    | memorandum | guarant(?:y|ee) | licen[cs]e | terms | bylaws | articles\ of | charter | act
    | code
    | ordinance | statute | regulation | rules | constitution | directive | convention | treaty
    | will
    | order | judge?ment | opinion | decision | complaint | motion | brief | consent | resolution
    | notice | letter | certificate | power\ of\ attorney | policy | plan | statement\ of\ work
    | cover\ page | nda | note | warrant | undertaking | checklist | confirmation | instruction
    | request\ list | assignment | offer | proxy | settlement | release | waiver )s?\b""",
    re.IGNORECASE | re.VERBOSE,
)
_CHINESE_TITLE = re.compile(
    r"""[^。；，,;：:？?]{2,60}
    (?: 法 | 法典 | 条例 | 规定 | 办法 | 细则 | 规则 | 解释 | 决定 | 通知 | 意见 | 章程 | 修正案
        | 规范 | 标准
    | 公约 | 合同 | 协议 | 书 | 契约 | 备忘录 | 遗嘱 | 声明 | 函 | 起诉状 | 答辩状 | 条款 )
    (?: [（(][^（()）]{1,40}[)）] ){0,2}""",
    re.VERBOSE,
)
_NO_TITLE = re.compile(
    r"""exhibit | schedule | annex | appendix | attachment | ex[-.\ ] | (?:table\ of\ )?contents\b
    | (?: page | this | source | draft | dated | execution | confidential | whereas | between | and
    | by
    | in\ consideration | article | section | chapter | part | re ) \b
    | \(?\d+[.)] | [ivx]+[.)] | 目\s*录 | 附件 | 第.{1,6}[编章节条]""",
    re.IGNORECASE | re.VERBOSE,
)
_FILED_UNDER = re.compile(r"^(?:exhibit|ex-?)\s*[\d.]+\s+(?=\S)", re.IGNORECASE)
_ATTACHED = re.compile(r"(?:EXHIBIT|SCHEDULE|ANNEX|APPENDIX)\s+[A-Z]", re.IGNORECASE)
_SMALL_WORD = r"(?:of|to|and|for|the|on|by|in|with|or)"
_SELF_NAMED = re.compile(
    rf"""\bThis\s{{1,3}}
    ( (?:[A-Z][\w,’'/-]*) (?: \s{{1,3}} (?: [A-Z&][\w,’'/-]* | {_SMALL_WORD} ) ){{0,14}}? \s{{1,3}}
      (?: Agreement | Contract | Lease | Deed | Amendment | Guaranty | Note | Memorandum )
      (?: \s{{1,3}} (?:to|of|for) (?: \s{{1,3}} (?:the\s{{1,3}})? [A-Z][\w’'-]* ){{1,8}}? )? )
    \s* (?: [(,:] | is\b | made | dated | effective | between | by\b | entered )""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTINUES = re.compile(rf"{_SMALL_WORD}\b", re.IGNORECASE)
_INCOMPLETE = re.compile(rf"\b{_SMALL_WORD}$|[-–—&]$", re.IGNORECASE)
_COURT = re.compile(r"^[^\n。，]{2,30}(?:法院|仲裁委员会)\s*$", re.MULTILINE)
_RULING = re.compile(r"^[^\n。，]{0,12}[判裁调]\s*[决定解]\s*书\s*$", re.MULTILINE)
_CASE_NUMBER = re.compile(r"[（(〔]\s?\d{4}\s?[）)〕][^\n，。]{2,24}号")
_RECITALS = re.compile(
    r"\bWHEREAS\b|\bRECITALS?\b|\bW\s?I\s?T\s?N\s?E\s?S\s?S\s?E|\bBACKGROUND\b|鉴于"
)
_AGREED = re.compile(
    r"(?:\b(?:made|entered|executed|dated?|effective|as\s+of|day|signed)\b|订立|签订|签署|签约|生效)"
    r"[^\n。]{0,60}$",
    re.IGNORECASE,
)
_JUDGED = re.compile(r"\b(?:filed|decided|dated?|delivered|entered)\b[^\n]{0,30}$", re.IGNORECASE)
_ENACTED = re.compile(
    r"[^\n。]{0,80}?(?:通过|修订|修正|公布|批准|发布|颁布|令)|[^\n]{0,60}?(?:enacted|approved|assent)"
)


def identify(extracted: ExtractedText, name: str) -> Identity:
    """Read the identity of a document that the reader knows as ``name`` (a path).

    ``opening`` holds about 1,500 characters.  Never raises; reads the beginning and the end only.
    """
    head = _TAG.sub("", extracted.text[:_HEAD])
    filled = _BLANK.sub(" [] ", head)
    title = _title(extracted, head, name)
    genre = genre_of(title, head)
    opening = extracted.text[:_OPENING]
    if title and _folded(title) not in _folded(opening):
        opening = f"{title} {opening}"
    if genre is Genre.STATUTE:
        return Identity(title, (), _enacted(head, name), genre, opening)
    if genre is Genre.JUDGMENT:
        parties = litigants(head) or opponents(head)
        return Identity(title, parties, _judged(head, extracted.text[-_TAIL:]), genre, opening)
    return Identity(title, contract_parties(filled), _agreed(filled), genre, opening)


def _folded(words: str) -> str:
    return " ".join(words.split()).casefold()


def _title(extracted: ExtractedText, head: str, name: str) -> str:
    if case := _case(head):
        return case
    declared = " ".join(extracted.title.split())
    declared = declared if _is_sane(declared) else ""
    if declared and _stands_in(declared, head):
        return declared
    lines = [
        _FILED_UNDER.sub("", " ".join(line.strip("#*_> \t").split()))
        for line in re.split(r"\n|\s{3,}", head[:4000])
    ]
    self_named = " ".join(match[1].split()) if (match := _SELF_NAMED.search(head)) else ""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    return _heading(lines) or self_named or declared or _first(lines) or _without_date(stem)


def _case(head: str) -> str:
    """The name of a case: A v. B, or the court, the ruling and its number."""
    if ruling := _RULING.search(head[:3000]):
        court = _COURT.search(head[: ruling.start()])
        number = _CASE_NUMBER.search(head[:3000])
        if court or number:
            parts = [match.group() for match in (court, ruling, number) if match]
            return " ".join("".join(part.split()) for part in parts)
    return " v. ".join(opponents(head))


def _is_sane(title: str) -> bool:
    """Whether a declared title is words, and not a file's name."""
    letters = sum(character.isalpha() for character in title)
    fits = 3 <= len(title) <= _LONGEST_TITLE and letters >= 0.5 * len(title)
    return fits and not _FILE_LIKE.search(title)


def _stands_in(title: str, head: str) -> bool:
    """Whether most words of a declared title are in the opening: templates leave stale titles."""
    words = re.findall(r"[a-z]{3,}|[\u4e00-\u9fff]", title.casefold())
    known = set(re.findall(r"[a-z]{3,}|[\u4e00-\u9fff]", head.casefold()))
    return bool(words) and sum(word in known for word in words) >= 0.6 * len(words)


def _heading(lines: list[str]) -> str:
    """The first line that reads as a title, with the lines that it goes on from and with."""
    for place, line in enumerate(lines[:80]):
        if not 2 < len(line) <= _LONGEST_TITLE or _NO_TITLE.match(line):
            continue
        if _CHINESE_TITLE.fullmatch("".join(line.split())):
            return "".join(line.split())
        above = [each for each in lines[max(0, place - 6) : place] if each]
        if not _names_an_instrument(line) or (above and _ATTACHED.fullmatch(above[-1])):
            continue
        while above and _goes_on(above[-1], line):
            line = f"{above.pop()} {line}"
        below = next((each for each in lines[place + 1 : place + 4] if each), "")
        line = f"{line} {below}" if _INCOMPLETE.search(line) else line
        line = re.sub(r"\s+dated\b.*$", "", line, flags=re.IGNORECASE)
        if len(line) <= _LONGEST_TITLE:
            return line
    return ""


def _names_an_instrument(line: str) -> bool:
    return (
        bool(_TITLE_WORD.search(line))
        and _is_title_cased(line)
        and line[-1] not in ".;:,|"
        and not re.search(r"\bNo\b|:\s", line)
    )


def _goes_on(above: str, line: str) -> bool:
    """Whether a title that holds ``line`` began in the line above it."""
    if _NO_TITLE.match(above) or not _is_title_cased(above) or len(above) > 80:
        return False
    if _INCOMPLETE.search(above) or _CONTINUES.match(line) or len(line.split()) == 1:
        return above.isupper() or not line.isupper()
    both_capitals = line.isupper() and above.isupper()
    return both_capitals and len(line.split()) < 3 and not _TITLE_WORD.search(above)


def _is_title_cased(line: str) -> bool:
    if re.search(r"[a-z]\.\s|[{|}]", line):
        return False
    words = [word for word in re.findall(r"[A-Za-z][\w’'-]*", line) if len(word) > 3]
    return bool(words) and sum(word[0].isupper() for word in words) >= 0.9 * len(words)


def _first(lines: list[str]) -> str:
    for line in lines[:10]:
        if 3 < len(line) <= 100 and not _NO_TITLE.match(line) and line[-1] not in ".;,。；，":
            return line
    return ""


def _without_date(stem: str) -> str:
    bare = re.sub(r"[（(]?\d{4}[-_.年]\d{1,2}[-_.月]\d{1,2}日?[）)]?", "", stem)
    return bare.strip(" _-") or stem


def _enacted(head: str, name: str) -> date | None:
    """The date in the file's name, or that of the last adoption or revision before article one."""
    named = [day for _, _, day in dates(name)]
    if named:
        return named[-1]
    before = re.split(r"^[ \t#]*第一条", head, maxsplit=1, flags=re.MULTILINE)[0]
    enacted = [
        day
        for start, end, day in dates(before)
        if _ENACTED.match(before, end) or before[start - 1 : start] == "["  # royal assent
    ]
    return max(enacted, default=None)


def _judged(head: str, tail: str) -> date | None:
    """Chinese judgments bear their date at the end, others where they say when they were filed."""
    closing = [day for _, _, day in dates(tail)]
    if re.search(r"[\u4e00-\u9fff]", head[:500]):
        return closing[-1] if closing else None
    for start, _, day in dates(head[:5000]):
        if _JUDGED.search(head[max(0, start - 60) : start]):
            return day
    return closing[-1] if closing else None


def _agreed(head: str) -> date | None:
    """The date before the recitals that the agreement is said to bear, or one on its own line."""
    recitals = _RECITALS.search(head, 200)
    found = list(dates(head[: recitals.start() if recitals else 5000]))
    for start, _, day in found:
        if _AGREED.search(head[max(0, start - 80) : start]):
            return day
    return next((day for start, end, day in found if _stands_alone(head, start, end)), None)


def _stands_alone(head: str, start: int, end: int) -> bool:
    before = head[head.rfind("\n", 0, start) + 1 : start]
    after = head[end : end + 200].split("\n", 1)[0]
    if not before.strip() and after[:4].strip().isupper() and _TITLE_WORD.search(after[:60]):
        return True  # the title follows on the same line
    return len((before + after).strip()) <= 60 and "Source:" not in before
