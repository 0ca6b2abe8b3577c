"""Who a document binds or concerns: the parties as its opening names them."""

import re
from collections.abc import Iterable, Iterator

_MOST = 8
_BLOCK = 2500
_CONNECTORS = {"of", "and", "the", "for", "de", "la", "van", "von", "der", "den", "und", "et", "in"}
_BETWEEN = re.compile(
    r"""\b(?:by\s+and\s+)?(?:between|among)(?:\s+and\s+among)?\b\s*:?
    | \b(?:entered\s+into|made|executed)\s+by\b(?!\s+and\s+(?:between|among))
    | ^[ \t]*(?:the[ \t]+)?parties[ \t]*:?[ \t]*$""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_BLOCK_END = re.compile(
    r"""\bW(?:HEREAS|hereas)\b | \bW\s?I\s?T\s?N\s?E\s?S\s?S\s?E | \bRECITALS?\b | \bBACKGROUND\b
    | \bNOW,?\s+THEREFORE\b | \bIT\ IS\ (?:HEREBY\ )?AGREED\b | \bAGREED\ TERMS\b
    | \b[Tt]he\ [Pp]arties\s | \bSource: | \bTABLE\ OF\ CONTENTS\b | \bEffective\s+[A-Z][a-z]+\s+\d
    | \bfor\ the\ purpose\ of\b""",
    re.VERBOSE,
)
_DEFINITION = re.compile(
    r"[(\[（][^()\[\]]{0,300}?[\"“”'‘][^()\[\]]{1,300}?[)\]）]|\(hereinafter[^()]{1,200}\)"
)
_SHARED = re.compile(
    r"[(\[（]\s*[\"“]?(?:each|together|collectively|individually|both|all|this"
    r"|the [\"“]?(?:effective|agreement|parties))\b",
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"(?:^|\s)(?:\(\d{1,2}\)|\(?[a-h]\)|\d{1,2}[.)])\s+(?=[A-Z])")
_JOINT = re.compile(
    r"(?:[,;]\s*|\s)\b(?:and|AND|And)\b[\s,:]+(?=[A-Z\"“(\[]|\d+ [A-Z]|[a-z]{1,2}[A-Z])"
    r"|;\s+(?=[A-Z])|\s&\s(?=[A-Z])"
)
_NAME_END = re.compile(
    r"""
    ,(?!\s*(?: Inc|INC|LLC|L\.L\.C|Ltd|LTD|LLP|L\.P|LP|Limited|LIMITED|Corp|CORP|Co|CO|PLC|plc
        |N\.A|S\.A|N\.V|B\.V|GmbH|AG|Incorporated|Jr|Sr|III?|Pte|Pty|KG|Company)\b)
    | [(\[（](?![A-Z][a-z]+(?:\ [A-Z][a-z]+)?[)）]\s+[A-Z])
    | [;:|\n]
    | (?<!Inc)(?<!Ltd)(?<!Co)(?<!Corp)\.(?=\s+[A-Z])
    | \san?\s+(?=\w+\s+(?i:corporation|company|limited|partnership|trust|individual|citizen|public
        |national|non|statutory|professional|general|business|llc)\b)
    | \s(?: of(?!\s+(?:America|Directors|the\s+State)\b) | located | whose | having | with | acting
        | residing | on\s+(?:his|her|its) | as\s+(?:the|agent|of) | organi[sz]ed | incorporated
        | d/b/a | a/k/a | f/k/a | for\s+(?:the|and) | pursuant | dated | effective | c/o )\b
    | \sand\s+(?:its|his|her|their)\b
    """,
    re.VERBOSE,
)
_WRAP = re.compile(r"(?<=[^\n]{50})\n(?=[^\s])")
"""A line end inside a paragraph."""
_LABELLED = re.compile(
    r"""^[ \t*\#>]*
    ( Party\s+[A-H1-8] | Employer | Employee | Company | Customer | Provider | Supplier | Buyer
    | Seller | Purchaser | Vendor | Landlord | Lessor | Tenant | Lessee | Licensor | Licensee
    | Client
    | Contractor | Consultant | Discloser | Recipient | Lender | Borrower | Guarantor | Distributor
    | Manufacturer ) \**\s*(?:[:：]|\|)\**\s* ([^\n|]{2,120})""",
    re.MULTILINE | re.VERBOSE,
)
_CHINESE_LABELLED = re.compile(
    r"""^[ \t\u3000*\#]*
    ( [甲乙丙丁戊己]\s?方 | 出租[人方] | 承租[人方] | 出卖人 | 买受人 | 卖方 | 买方 | 转让方
        | 受让方 | 委托[人方]
    | 受托[人方] | 出借人 | 借款人 | 贷款人 | 担保人 | 保证人 | 抵押人 | 抵押权人 | 发包[人方]
    | 承包[人方]
    | 供方 | 需方 | 用人单位 | 劳动者 | 许可方 | 被许可方 | 披露方 | 接收方 | 定作[人方]
    | 承揽[人方]
    | 赠与人 | 受赠人 | 投资方 | 合伙人 )
    (?: \s?[（(][^（()）\n]{1,20}[)）] ){0,2} \s{0,4}[：:|][ \t\u3000]*
    ( [^\n，。；,;|（(]{2,60} (?: [（(][^（()）\n]{1,12}[)）][^\n，。；,;|（(]{1,40} )? )""",
    re.MULTILINE | re.VERBOSE,
)
_LITIGANT = re.compile(
    r"""^[ \t\u3000]*
    (?: 再审申请人 | 被申请人 | 被上诉人 | 上诉人 | 申请人 | 申请执行人 | 被执行人 | 原审原告
        | 原审被告 | 反诉原告
    | 反诉被告 | 公诉机关 | 附带民事诉讼原告人 | 被告人 | 原告 | 被告 | 第三人 )
    (?: [（(][^（()）\n]{1,40}[)）] )? [：:\s]{0,3}
    ( [^\n，。；,;：:（(]{2,40} (?: [（(][^（()）\n]{1,12}[)）][^\n，。；,;（(]{2,40} )? )""",
    re.MULTILINE | re.VERBOSE,
)
_ROLE = re.compile(
    r"""\W*(?:and\s+)?
    (?: (?:cross-?|counter-?|third-party\s+|defendants?|plaintiffs?) [-/\ ]* )?
    (?: plaintiff | defendant | appellant | appellee | respondent | petitioner | claimant )s?
    (?: [-/\ ]{1,3} (?: in\ error | appellant | appellee | respondent | petitioner )s? )? \W*""",
    re.IGNORECASE | re.VERBOSE,
)
_VERSUS = re.compile(
    r"(?P<before>.{0,90}?)(?:(?<=\s)|^)(?:v|vs|V|VS|-v-)\.?(?:\s+(?P<after>[A-Z][^\d]{1,90}))?$"
)
_NO_NAME = re.compile(
    r"""[\[\]{}<>_…] | \*\*\* | 与被?[原被]告 | 与被上诉人 | 一案 | 姓名 | 名称 | 盖章 | 签字
    | [：:]$
    | ^(?:the\ )?(?: part(?:y|ies) | agreement | whereas | address | attention | name | this
      | undersigned | signature | severability | assignment | customer | provider | contractor
      | employee | employer | company | director | data | date | each | such | any | all | both | it
      | he | she | they | its | persons? | members? )\b
    | ^(?:mr|ms|mrs|dr)\.?$""",
    re.IGNORECASE | re.VERBOSE,
)


def contract_parties(text: str) -> tuple[str, ...]:
    """The parties that the opening of a contract names, in order, at most eight.

    A blank to be filled in ("[Company]", "________") names nobody.
    """
    labelled = _labelled(_CHINESE_LABELLED, text) or _labelled(_LABELLED, text)
    if len(labelled) >= 2:
        return labelled
    plain: tuple[str, ...] = ()
    for match in _BETWEEN.finditer(text):
        block = _WRAP.sub(" ", text[match.end() : match.end() + _BLOCK])
        if (end := _BLOCK_END.search(block)) and end.start() > 5:
            block = block[: end.start()]
        if len(names := _names(_defined(block))) >= 2:
            return names
        if not plain and _opens_a_contract(text, match):
            plain = _names(_joined(block))
    return plain if len(plain) >= 2 else labelled


def litigants(text: str) -> tuple[str, ...]:
    """The parties of a Chinese judgment, as its head lists them, at most eight."""
    return _names(match[1] for match in _LITIGANT.finditer(text))


def opponents(text: str) -> tuple[str, ...]:
    """The two sides of an English case: on one line, or above and below one that ends with "v."."""
    lines = [
        next((" ".join(part.split()) for part in line.split(")") if part.strip()), "")
        for line in text[:4000].split("\n")
    ]
    for place, line in enumerate(lines):
        if not (versus := _VERSUS.match(line)):
            continue
        before = [each for each in lines[max(0, place - 10) : place] if each]
        roles = [index for index, each in enumerate(before) if index and _ROLE.fullmatch(each)]
        first = before[roles[-1] - 1] if roles else versus["before"] or (before or [""])[-1]
        after = [each for each in lines[place + 1 : place + 5] if each]
        sides = _side(first), _side(versus["after"] or (after or [""])[0])
        if all(sides):
            return sides
    return ()


def _side(line: str) -> str:
    """A litigant's name alone, empty where the line holds none."""
    name = re.split(r",\s*et al|,?\s+(?:[Dd]efend|[Rr]espond)|\s\(|;\s", line)[0]
    name = re.sub(r"^.*\bNo\. [\w-]+,?\s+|^(?:Re|In re)\b:?\s*", "", name).strip(" ,|;:")
    is_name = 1 < len(name) <= 80 and name[0].isupper() and not _ROLE.fullmatch(name)
    return name if is_name and not re.match(r"No\b|Introduction\b", name) else ""


def _labelled(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    """The first name after each label: a cover page and the first page both give them."""
    named: dict[str, str] = {}
    for label, name in pattern.findall(text):
        named.setdefault("".join(label.split()), name)
    return _names(named.values())


def _opens_a_contract(text: str, between: re.Match[str]) -> bool:
    """Whether "between" names the contract's parties rather than parts of some relation."""
    word = between.group().strip(" :")
    before = text[max(0, between.start() - 250) : between.start()].lower()
    near = any(kind in before for kind in ("agreement", "contract", "lease", "deed"))
    is_apt = word.isupper() or word.lower().startswith("by") or near
    return is_apt and between.start() < _BLOCK and not word.lower().endswith("by")


def _defined(block: str) -> Iterator[str]:
    """The names before each definition in brackets: ACME, Inc., a Delaware company ("Acme")."""
    start = 0
    numbered = list(_LIST_NUMBER.finditer(block))
    for definition in _DEFINITION.finditer(block):
        if _SHARED.match(definition.group()):
            if start:
                return
            continue
        segment = block[start : definition.start()]
        numbers = [each for each in numbered if start <= each.start() < definition.start()]
        if numbers:
            segment = block[numbers[-1].end() : definition.start()]
        elif start and re.match(r"\s*(?:or|/)\s", segment):
            start = definition.end()
            continue
        elif start:
            joint = _joint(segment)
            if joint is None:
                return
            segment = segment[joint.end() :]
        yield segment
        start = definition.end()


def _joint(segment: str) -> re.Match[str] | None:
    """What joins a party to the one before: the plainest "and" of those that may be meant."""
    joints = list(_JOINT.finditer(segment))
    plain = [each for each in joints if "AND" in each.group()]
    plain = plain or [each for each in joints if each.group()[0] in ",;"] or joints
    return plain[0] if plain else re.match(r"\s*,\s*(?=[A-Z])", segment)


def _joined(block: str) -> Iterator[str]:
    """The names in a plain list: ACME, Inc. and Borealis Limited."""
    block = re.split(r"\n[^\S\n]*\n[^\S\n]*\n|\.(?=\s+[A-Z][a-z]+\s+[a-z])", block)[0][:1200]
    numbers = list(_LIST_NUMBER.finditer(block))
    if len(numbers) >= 2:
        yield from (block[number.end() :] for number in numbers)
        return
    start = 0
    for joint in _JOINT.finditer(block):
        yield block[start : joint.start()]
        start = joint.end()
    yield block[start:]


def _names(stretches: Iterable[str]) -> tuple[str, ...]:
    """The names that open these stretches of text, each once."""
    kept: dict[str, str] = {}
    for stretch in stretches:
        name = _name(stretch[:400])
        if name:
            kept.setdefault(re.sub(r"\W", "", name).casefold(), name)
        if len(kept) == _MOST:
            break
    return tuple(kept.values())


def _name(stretch: str) -> str:
    lead = re.match(r"(?:[\W_]|\(?\d{1,2}[.)]\s|(?:and|AND|between|BETWEEN)\s)*", stretch)
    name = stretch[lead.end() :] if lead else stretch
    if not re.search(r"[\u4e00-\u9fff]", name) and (end := _NAME_END.search(name + "\n", 2)):
        name = name[: end.start()]
    name = " ".join(name.split()).strip(" ,;:*\"“”'")
    name = re.sub(r"(?<=LLC|LLP|ted|TED)\.$", "", name)
    if not 2 <= len(name) <= 120 or _NO_NAME.search(name) or not name[0].isalnum():
        return ""
    lower = [word for word in re.findall(r"\b[a-z]{2,}\b", name) if word not in _CONNECTORS]
    begins_low = name[0].islower() and not re.match(r"[a-z]{1,2}[A-Z]", name)
    return "" if len(lower) > 1 or begins_low else name
