"""Planted corruptions: true sentences of real documents in which one telling thing is changed.

``corrupted(language, statement, rng)`` yields ``(kind, text)`` for every kind that applies clearly;
``development_sentences`` draws the sentences, each with the passage around it.  All is repeatable:
the same seed over the same files gives the same cases.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.answering.statements import sentences

_PASSAGE = 1200
"""Characters of a passage, as the index cuts them."""
_EN_NUMBERS = (
    "two three four five six seven eight nine ten twelve fifteen twenty thirty forty-five sixty "
    "ninety"
).split()
_EN_VALUES = dict(
    zip(_EN_NUMBERS, (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 45, 60, 90), strict=True)
)
_EN_PARTIES = (
    "Company Distributor Licensee Licensor Customer Supplier Landlord Tenant Buyer Seller "
    "Consultant Contractor Agent Sponsor Lender Borrower Franchisee Franchisor Recipient "
    "Vendor Purchaser Executive Manufacturer Reseller Owner Publisher Client Employee "
    "Employer Lessee Lessor"
).split()
_ZH_PARTIES = (
    "用人单位 劳动者 出租人 承租人 出卖人 买受人 债权人 债务人 委托人 受托人 保证人 贷款人 "
    "借款人 承运人 托运人 收货人 招标人 投标人 消费者 经营者 投保人 保险人 被保险人 发包人 "
    "承包人 股东 董事会 监事会 人民法院 人民检察院 公安机关 甲方 乙方 受益人 持票人 出票人 "
    "监护人 继承人 拍卖人 竞买人 纳税人 合伙人"
).split()
_EN_PARTY = re.compile(rf"\b(?:{'|'.join(_EN_PARTIES)})\b(?! (?:Product|Propert|Mark|Affiliate))")
_ZH_PARTY = re.compile("|".join(sorted(_ZH_PARTIES, key=len, reverse=True)))
_MONTHS = (
    "January February March April May June July August September October November December".split()
)
_EN_DATE = re.compile(
    rf"\b((?:{'|'.join(_MONTHS)})\s+)(\d{{1,2}})(,?\s+)(\d{{4}})\b"
    rf"|\b(\d{{1,2}})(\s+(?:{'|'.join(_MONTHS)})\s+)(\d{{4}})\b"
)
_EN_SPELLED = re.compile(
    rf"\b({'|'.join(sorted(_EN_NUMBERS, key=len, reverse=True))})\b(\s*\(\d+\))?"
    r"(?=[\s-]+(?:\(?\w+\)?\s)?(?:business |calendar |consecutive )?"
    r"(?:day|month|year|week|hour|percent|per cent|copies|times)s?\b)",
    re.I,
)
_EN_DIGITS = re.compile(
    r"(?<![\w.,§-])(\$\s?)?(\d{1,3}(?:,\d{3})+|\d{1,4})"
    r"(?=%|\s(?:days|months|years|percent|hours|per cent)\b|(?<=\d{3})\b(?![\w.,-]))"
)
_ZH_COUNT = re.compile(
    r"([二三四五六七八九十]{1,3}|\d{1,3})(?=(?:个月|日|天|年|个工作日|倍|万元|元|%|小时)(?!月))"
)
_EN_ARTICLE = re.compile(r"\b((?:Section|Article|Clause|Paragraph|Exhibit|Schedule)s?\s+)(\d+)\b")
_ZH_ARTICLE = re.compile(r"第([一二三四五六七八九十百]+|\d+)条")
_EN_EXCEPTION = re.compile(
    r",?\s+(?:except(?:\s+(?:as|that|to|for|in|with|where|if))?|unless|other than"
    r"|save (?:as|that|for)"
    r"|provided,? (?:however,? )?that)\s[^.;()]{12,}(?=\.?$)"
    r"|(?<=[a-z]), (?:unless|except) [^,.;()]{12,80},(?= [a-z])",
    re.I,
)
_EN_LEADING = re.compile(r"^(?:Except|Unless|Save) [^,.;]{8,80}, (?=(?:the|each|no|[A-Z]))")
_ZH_EXCEPTION = re.compile(
    r"[，；](?:但是?，?)?[^，,；。]{4,40}(?:除外|不在此限)(?=。$)|[，；]但是，[^。；]{6,60}(?=。$)"
    r"|。[^。，]{2,20}另有[^。]{2,12}[，]依照其规定(?=。$)"
)
_ZH_LEADING = re.compile(r"^(第[一二三四五六七八九十百]+条\s*)?除[^，。；]{4,40}外，")
_EN_NAME = re.compile(
    r"\b(?!Agreement|Section|Party|Parties|This|That|It|Such|There|Each|Which|Term|Product|Service|"
    r"Content|Site|He|She|They|We|You|Nothing|Neither)[A-Z][A-Za-z&@-]{2,}"
    r"(?= (?:shall|may|will|must|agrees)\b)"
)
_SWAPS: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "en": {
        "modality": (
            (r"\bshall(?! not)\b", "may"),
            (r"\bmust(?! not)\b", "may"),
            (r"\bmay(?! not| (?:be )?neither)(?= [a-z])\b", "shall"),
            (r"\bis required to\b", "is permitted to"),
            (r"\b(has|have) to\b", "may"),
            (r"\b(is|are) entitled to(?= [a-z]+ (?:the|a|an|any|its)\b)", "shall"),
            (r"\bcan(?! not)\b", "must"),
        ),
        "negation": (
            (r"\b(shall|may|must|will|should) not\b", r"\1"),
            (r"\b(shall|will|must)(?! not\b)(?= (?:be|have|pay|deliver|[a-z]+) )", r"\1 not"),
            (r"\b(is|are|does|do|has|have) not\b", r"\1"),
            (r"\bNeither party\b", "Either party"),
            (r"\bneither party\b", "either party"),
            (r"\b(is|are)(?= (?:entitled|required|liable|subject|governed)\b)", r"\1 not"),
            (r"\bcannot\b", "can"),
            (r"^No (?=[a-z]+ (?:shall|may|will|of)\b)", "Any "),
        ),
        "alternative": (
            (r"(?<=[a-z]) and (?=[a-z]+\b(?!/or))", " or "),
            (r"(?<=[a-z]) or (?!not\b)(?=[a-z]+\b)", " and "),
        ),
        "comparison": (
            (r"\bat least\b", "at most"),
            (r"\b(?:not|no) less than\b", "not more than"),
            (r"\b(?:not|no) more than\b", "not less than"),
            (r"\bprior to\b", "after"),
            (r"\bbefore\b", "after"),
            (r"\bafter(?= (?:the|such|receipt|receiving|termination|it|each)\b)", "before"),
            (r"\bshall not exceed\b", "shall exceed"),
            (r"\bin excess of\b", "below"),
            (r"\bexceeding\b", "below"),
            (r"\bgreater of\b", "lesser of"),
            (r"\bup to\b", "at least"),
            (r"\bno later than\b", "no earlier than"),
        ),
        "antonym": (
            (r"\bterminate\b", "renew"),
            (r"\bterminated\b", "renewed"),
            (r"\bincrease\b", "decrease"),
            (r"\breceive\b", "pay"),
            (r"\baccept\b", "reject"),
            (r"\bdisclose\b", "conceal"),
            (r"\bpurchase\b", "sell"),
            (r"\bsell\b", "purchase"),
            (r"\binclude\b", "exclude"),
            (r"\bindirect\b", "direct"),
            (r"\bnon-exclusive\b", "exclusive"),
            (r"\bexclusive\b", "non-exclusive"),
            (r"\bpay\b", "receive"),
            (r"\bpermit\b", "prohibit"),
            (r"\bcommence\b", "terminate"),
            (r"\bgovern(?:ed)?\b", "rejected"),
            (r"\bappoint(?=s?\b)", "dismiss"),
        ),
    },
    "zh": {
        "modality": (
            ("应当(?!知道)", "可以"),
            ("必须", "可以"),
            ("须(?!知)", "可"),
            ("(?<!不)可以(?!不)", "应当"),
            ("(?<!所)有权(?!利)", "应当"),
        ),
        "negation": (
            ("不得(?!不)", "可以"),
            ("应当(?!知道)", "不得"),
            ("(?<!不)可以", "不得"),
            ("(?<!所)有权(?!利)", "无权"),
            ("不承担", "承担"),
            ("不予", "予以"),
            ("禁止", "允许"),
            ("(?<!人)负责", "不负责"),
            ("没有", "有"),
            ("未(?!来|成|满|必|婚)", "已"),
            ("(?<![应未])承担(?=[^，。]{0,12}责任)", "不承担"),
        ),
        "alternative": (("或者", "和"), ("或(?!者|许)", "和"), ("(?<!可)以及(?!时)", "或者")),
        "comparison": (
            ("不得超过", "不得少于"),
            ("不超过", "不少于"),
            ("不少于", "不超过"),
            ("不低于", "不高于"),
            ("(?<=[日月年])以上", "以下"),
            ("(?<=[日月天])内(?!瓦)", "后"),
            ("之前", "之后"),
            ("(?<=[日月])前", "后"),
            ("超过(?!部分)", "少于"),
            ("低于", "高于"),
        ),
        "antonym": (
            ("解除", "订立"),
            ("有效(?!期)", "无效"),
            ("无效", "有效"),
            ("增加", "减少"),
            ("减少", "增加"),
            ("同意", "拒绝"),
            ("批准", "否决"),
            ("书面", "口头"),
            ("公开(?!招)", "保密"),
            ("终止", "延长"),
            ("故意", "过失"),
            ("返还", "扣留"),
            ("允许", "禁止"),
            ("处以", "免予"),
            ("提高", "降低"),
            ("加强", "削弱"),
        ),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence of a real document and the passage that holds it."""

    language: str
    passage: str
    sentence: str


def corrupted(language: str, statement: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Every kind of corruption that applies to a statement, once each: ``(kind, text)``."""
    makers = {
        "number": _number,
        "date": _date,
        "party": _party,
        "article": _article,
        "dropped_exception": _exception,
        "swapped_parties": _swapped,
        "fabricated_quote": _fabricated,
    }
    for kind, make in makers.items():
        text = make(language, statement, rng)
        if text and text != statement:
            yield kind, text
    for kind, pairs in _SWAPS[language].items():
        text = _exchanged(statement, pairs, rng)
        if text and text != statement:
            yield kind, text


def repeatable(seed: int) -> random.Random:
    """Draws that are the same in every run."""
    return random.Random(seed)  # noqa: S311


def development_sentences(folder: Path, seed: int = 7) -> list[Case]:
    """The telling sentences of the development data, shuffled, each with its passage."""
    english = [
        path.read_text(encoding="utf-8") for path in _files(folder / "en_contracts", "*.txt")
    ]
    lines = (folder / "en_clauses" / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    english += [text for text in (json.loads(line)["text"] for line in lines) if len(text) < 2000]
    chinese = [path.read_text(encoding="utf-8") for path in _files(folder / "zh_statutes", "*.md")]
    rng = repeatable(seed)
    found = _cases("en", [_joined(text) for text in english], rng) + _cases("zh", chinese, rng)
    rng.shuffle(found)
    return found


def planted(
    cases: Sequence[Case], per_kind: int, seed: int = 11
) -> Iterator[tuple[Case, str, str]]:
    """``(case, kind, corrupted statement)``, at most ``per_kind`` of each kind and language."""
    rng = repeatable(seed)
    left: dict[tuple[str, str], int] = {}
    for case in cases:
        for kind, text in corrupted(case.language, case.sentence, rng):
            key = (case.language, kind)
            if text.strip(" .。") in case.passage and kind != "dropped_exception":
                continue  # another sentence of the passage happens to say just this
            if left.setdefault(key, per_kind) > 0:
                left[key] -= 1
                yield case, kind, text


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.rglob(pattern))


def _joined(text: str) -> str:
    """Wrapped lines made one; blank lines and page furniture still part paragraphs."""
    return re.sub(r"[ \t]*\n(?!\s*\n)[ \t]*", " ", re.sub(r"[ \t]+", " ", text))


def _cases(language: str, texts: Sequence[str], rng: random.Random) -> list[Case]:
    found = []
    for text in texts:
        spans = sentences(text)
        for start, end in spans:
            sentence = text[start:end]
            if _is_telling(language, sentence):
                low = _first_within(spans, start, rng.choice((0, 250, 500)))
                passage = text[low : max(end, low + _PASSAGE)]
                found.append(Case(language, passage, sentence))
    return found


def _first_within(spans: Sequence[tuple[int, int]], start: int, before: int) -> int:
    """Where a passage begins that holds the sentence at ``start`` and so much before it."""
    return min(a for a, _ in spans if start - before <= a <= start)


def _is_telling(language: str, sentence: str) -> bool:
    """A whole sentence with a verb, of a length that a statement has."""
    if language == "zh":
        return 18 <= len(sentence) <= 160 and sentence.endswith("。") and "…" not in sentence
    size = len(sentence.split())
    return (
        8 <= size <= 70
        and sentence[0].isupper()
        and sentence.endswith(".")
        and bool(re.search(r"\b(?:shall|may|must|will|is|are|agrees|has)\b", sentence))
        and "omitted" not in sentence
        and "[*" not in sentence
        and sentence.upper() != sentence
    )


def _replace(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def _pick(pattern: re.Pattern[str], text: str, rng: random.Random) -> re.Match[str] | None:
    matches = list(pattern.finditer(text))
    return rng.choice(matches) if matches else None


def _exchanged(text: str, pairs: Sequence[tuple[str, str]], rng: random.Random) -> str | None:
    fitting = [(pattern, new) for pattern, new in pairs if re.search(pattern, text)]
    if not fitting:
        return None
    pattern, new = rng.choice(fitting)
    match = rng.choice(list(re.finditer(pattern, text)))
    return _replace(text, match, match.expand(new))


def _number(language: str, text: str, rng: random.Random) -> str | None:
    if language == "zh":
        match = _pick(_ZH_COUNT, text, rng)
        if match is None:
            return None
        pool = "二 三 四 五 六 七 八 九 十 十五 二十 三十".split()
        pool = ["2", "3", "7", "12", "20", "45"] if match.group(1).isdigit() else pool
        return _replace(text, match, rng.choice([each for each in pool if each != match.group(1)]))
    match = _pick(_EN_SPELLED, text, rng)
    if match:
        word = rng.choice([each for each in _EN_NUMBERS if each != match.group(1).lower()])
        return _replace(text, match, word + (f" ({_EN_VALUES[word]})" if match.group(2) else ""))
    match = _pick(_EN_DIGITS, text, rng)
    if match is None:
        return None
    value = int(match.group(2).replace(",", ""))
    changed = value * rng.choice((2, 3, 5)) if value else 7
    return _replace(text, match, (match.group(1) or "") + f"{changed:,}")


def _date(language: str, text: str, rng: random.Random) -> str | None:
    if language == "zh":
        match = _pick(re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日"), text, rng)
        if match is None:
            return None
        year, month, day = (int(part) for part in match.groups())
        return _replace(text, match, f"{year + rng.choice((0, 1))}年{month % 12 + 1}月{day}日")
    match = _pick(_EN_DATE, text, rng)
    if match is None:
        return None
    numbers = list(re.finditer(r"\d+", match.group()))
    changed = rng.choice(numbers)
    old = int(changed.group())
    new = str(old + 1 if old > 31 else old % 28 + 1)
    start = match.start() + changed.start()
    return text[:start] + new + text[start + len(changed.group()) :]


def _party(language: str, text: str, rng: random.Random) -> str | None:
    pattern, pool = (_ZH_PARTY, _ZH_PARTIES) if language == "zh" else (_EN_PARTY, _EN_PARTIES)
    match = _pick(pattern, text, rng)
    if match is None and language == "en":
        match, pool = (
            _pick(_EN_NAME, text, rng),
            ["Northgate", "Meridian", "Harbourview", "Supplier"],
        )
    if match is None:
        return None
    return _replace(text, match, rng.choice([each for each in pool if each not in text]))


def _article(language: str, text: str, rng: random.Random) -> str | None:
    match = _pick(_ZH_ARTICLE if language == "zh" else _EN_ARTICLE, text, rng)
    if match is None:
        return None
    if language == "zh":
        pool = "第五条 第十三条 第三十六条 第七十八条 第一百零九条".split()
        return _replace(text, match, rng.choice([each for each in pool if each not in text]))
    old = int(match.group(2))
    new = next(n for n in (old + rng.choice((1, 2, 3, 7)), 89) if not re.search(rf"\b{n}\b", text))
    return _replace(text, match, match.group(1) + str(new))


def _exception(language: str, text: str, _: random.Random) -> str | None:
    if language == "zh":
        shorter = _ZH_LEADING.sub(lambda match: match.group(1) or "", text)
        shorter = _ZH_EXCEPTION.sub("", text) if shorter == text else shorter
        return shorter if len(shorter) >= 12 else None
    shorter = _EN_LEADING.sub("", text)
    shorter = _EN_EXCEPTION.sub("", text) if shorter == text else shorter
    return shorter[0].upper() + shorter[1:] if len(shorter.split()) >= 6 else None


def _swapped(language: str, text: str, _: random.Random) -> str | None:
    pattern = _ZH_PARTY if language == "zh" else _EN_PARTY
    names = list(dict.fromkeys(match.group() for match in pattern.finditer(text)))
    if len(names) < 2:
        return None
    first, second = names[:2]
    if re.search(rf"{first}\W{{0,3}}(?:and|or|与|和|、|或者|或)?\W{{0,5}}(?:the )?{second}", text):
        return None  # a list of two says the same in either order
    other = {first: second, second: first}
    return pattern.sub(lambda match: other.get(match.group(), match.group()), text)


def _fabricated(language: str, text: str, rng: random.Random) -> str | None:
    """A quotation of the sentence in which the words of the document are not all its own."""
    if language == "zh":
        body = re.sub(r"^第[一二三四五六七八九十百]+条\s*", "", text).strip("。")
        at = body.find("，")
        if not 12 <= len(body) <= 120 or at < 4 or "“" in body:
            return None
        made = rng.choice(
            ("并应当承担相应的全部费用", "并须经主管部门书面批准", "且每年至少报告一次")
        )
        return f"该条规定：“{body[: at + 1]}{made}，{body[at + 1 :]}”。"
    words = text.rstrip(".").split()
    if not 10 <= len(words) <= 60 or '"' in text or "“" in text:
        return None
    at = rng.randrange(4, len(words) - 3)
    made = rng.choice(
        ("at its sole and absolute risk", "without any further liability", "in good faith always")
    )
    return f'The document states: "{" ".join([*words[:at], made, *words[at:]])}."'
