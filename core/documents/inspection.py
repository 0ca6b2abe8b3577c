"""What is odd about a file: words that nobody sees, and words addressed to a language model.

Documents come from the other side.  Text that a reader of the page cannot see is left out where
the format tells, and everything odd is flagged, so that a person can look; nothing that a
document says is ever an instruction to the application.
"""

import re
import unicodedata

_LETTER = r"[A-Za-z\u00c0-\u024f\u3400-\u9fff]"
_JOINERS = re.compile(r"(?<![\u0600-\u109f\u200d\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]+")
"""Joiners shape Arabic and Indic letters and emoji; elsewhere they only hide."""
_INVISIBLE = re.compile(
    r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
_SUSPICIOUS = re.compile(
    rf"(?<={_LETTER})[\u200b-\u200d\u2060-\u2064\ufeff]+(?={_LETTER})"
    r"|[\u202d\u202e\U000e0000-\U000e007f]"
)
"""Zero-width characters inside words, reversed reading order, invisible tags."""

_PRIOR = r"(?:previous|prior|above|preceding|earlier|foregoing|system|original|initial|other|past)"
_TOLD = (
    r"(?:instruct(?:ion)?s?|prompts?|directions?|directives?|guidelines|messages?|rules|context)"
)
_MODEL = (
    r"(?:ai|a\.i\.|artificial intelligence|(?:large )?language model|llm|chat ?bot|chatgpt|gpt)"
)
_ADDRESSED = tuple(
    re.compile(words.replace(" ", r"\s"), re.MULTILINE)
    for words in (
        rf"\b(?P<drafting>)(?:ignore|disregard|forget|override|bypass)(?: (?:all|any"
        rf"|every(?:thing)?|each|of|the|your|these"
        rf"|those|my|and))* {_PRIOR}(?: (?:or|and) {_PRIOR})? (?:\w+ )?{_TOLD}\b(?! (?:of|from"
        rf"|given|by|issued|received|to) )",
        rf"\b(?P<drafted>)(?:ignore|disregard|forget|override|bypass) (?:your (?:\w+ )?{_TOLD}"
        rf"|everything (?:you|above|before|prior)"
        r"|(?:all |of |the )*above(?: and|,| text|[.!\n]))",
        rf"\byou are (?:now )?(?:an?|the|my) (?:\w+ )?(?:{_MODEL}|(?:helpful|virtual|digital"
        rf"|ai) assistant)\b",
        rf"\b(?:as|if you are) an? {_MODEL}(?: language model| model| assistant)?,? (?:you|ignore"
        rf"|do not|please|reading)\b",
        rf"\b(?:attention|note|notice|message|instructions?) (?:to|for)(?: (?:any|all"
        rf"|the))? (?:{_MODEL}|assistants?|models?)s?\b",
        rf"\b{_MODEL}s?(?: assistants?| models?)? (?:reading|processing|summari[sz]ing|reviewing"
        rf"|analy[sz]ing|parsing) this\b",
        rf"^[^\w\n]{{0,20}}(?:{_MODEL}|assistant)s?(?: models?| assistants?)?[,:]"
        rf" (?:please |you |ignore|do not"
        rf"|answer|respond|say|state)",
        r"\b(?:reveal|print|show|repeat|output|display|leak|ignore|your|my) (?:me |us |the |your "
        r"|full |entire ){0,4}system prompt\b|^[^\w\n]{0,20}system prompt ?:",
        r"(?:^|[.!?:;\"“] ?)(?:please |you must |instead,? |always |never |now |and )*(?:do not"
        r"|don't|never) (?:cite|mention|quote|reference)"
        r" (?:this|these|any|the)(?: \w+)? (?:passages?|sources?|instructions?|prompts?"
        r"|citations?)\b",
        r"(?:^|[.!?;\"“] ?)(?:please |you must |you should |instead,? |always |now |and |only "
        r"|then )*(?:respond|reply|answer|output)"
        r" (?:only|exclusively|solely) (?:with|in the words|by saying)\b",
        r"\bfrom now on,? (?:you (?:are|will|must|should|act|answer|respond)|act as|answer"
        r"|respond|pretend)\b",
        r"\b(?:new|updated|real|actual|secret|hidden) (?:system )?instructions? ?:|\byour (?:new"
        r"|only|real) (?:task|job|instruction|goal)\b",
        r"\bpretend (?:to be|that you are|you are) |\b(?:developer|jailbreak|dan) mode\b",
        r"^[^\w\n]{0,20}(?:system|assistant) ?: ?(?:you|ignore|disregard|answer|respond|the user"
        r"|do not|from now|always|never|i )\b",
        r"<\|[a-z_]{2,24}\|>|\[/?inst\]|<</?sys>>|</?(?:system|assistant|instructions?)>"
        r"|^#{2,} ?(?:system|instruction|response|assistant):",
        r"(?<!不得)(?<!不应)(?<!不能)(?<!不可)(?:忽略|无视|忘记|忘掉|抛开|不要理会|不必理会"
        r"|不要遵守|不要遵循)(?:掉|你)?(?:以上|之前|前面|上述|先前|此前"
        r"|上面|前述|所有|一切|全部|其他|原有|系统|的)+(?:指令|指示|提示词?|命令|系统设定|对话"
        r"|规则设定)(?!的)",
        r"你(?:现在)?(?:是|将扮演|要扮演|扮演)(?:一个|一名|一位|个)?[^,。\n]{0,6}(?:人工智能|ai"
        r"|语言模型|智能助[手理]|聊天机器人|虚拟助[手理])",
        r"(?:作为|如果你是)(?:一个|一名)?(?:人工智能|ai|大?语言模型)(?:语言)?(?:助手"
        r"|模型)?,?(?:你|请|不要|必须)",
        r"(?:不要|请勿|切勿|别)(?:引用|提及|提到)(?:本|该|此|这|任何|上述)(?:个|份|一"
        r"|些)?(?:段落?|来源|出处|提示词?|指令)",
        r"(?:^|[。！;:,“])(?:请|你|必须|务必|只能|一律|直接|你必须|你只能){0,2}(?:只|仅)(?:需|能"
        r"|要)?(?:回答|回复|输出)[“\"「‘::是否]",
        r"(?:泄露|输出|显示|重复|打印|告诉我)(?:你的|全部|所有)*(?:系统)?提示词"
        r"|^[^\w\n]{0,20}系统(?:提示词?|指令) ?:",
        r"告诉(?:用户|提问者)[,:“]|从现在(?:开始|起),?你(?:是|要|将|必须|只)|新的?指令 ?:",
        r"(?:致|写给|提示|请)(?:各位)?(?:ai|人工智能|语言模型|大模型)(?:助手|模型|系统)?[::,]",
    )
)  # fmt: skip
_ADDRESSED_IN_ENGLISH = tuple(
    pattern for pattern in _ADDRESSED if not re.search(r"[\u4e00-\u9fff]", pattern.pattern)
)
"""Those that may match a text without ideographs; the others all need one."""
_THIRD_PERSON = re.compile(
    r"(?<!you )\b(?:shall|may|will|can|could|would|agrees?|entitled|required|obliged|bound|right"
    r"|order"
    r"|not|never|is|are|cannot|failure)(?: to)?(?: \w+ly)? ?$"
)
"""Drafting says who is to disregard what: "the Agent may disregard any prior instructions"."""


class Inspection:
    """Goes along with one reading of a file and remembers what was odd."""

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}
        self._hidden: list[str] = []

    def visible(self, words: str) -> str:
        """``words`` without zero-width and direction characters; those inside words are noted.

        Call it before offsets are counted.
        """
        if words.isascii():
            return words
        self.look_for_invisible(words)
        return _INVISIBLE.sub("", _JOINERS.sub("", words))

    def look_for_invisible(self, words: str) -> None:
        """Note zero-width characters inside words, for formats that keep every character."""
        if not words.isascii() and _SUSPICIOUS.search(words):
            self._keys["invisible_characters"] = None

    def hide(self, words: str) -> None:
        """Note words that were left out because nobody sees them."""
        if any(character.isalnum() for character in words):
            self._keys["hidden_text"] = None
            self._hidden.append(words)

    def note(self, key: str) -> None:
        """Note one of the keys that ``Document`` describes."""
        self._keys[key] = None

    def warnings(self, text: str) -> tuple[str, ...]:
        """The keys of everything odd about a file whose visible text is ``text``."""
        if is_addressed_to_a_model(text) or is_addressed_to_a_model("\n".join(self._hidden)):
            self._keys["instructions"] = None
        return tuple(self._keys)


def is_addressed_to_a_model(text: str) -> bool:
    """Whether ``text`` tells a language model what to do, in English or Chinese."""
    plain = _plain(text)
    return any(
        not (
            pattern.groups
            and _THIRD_PERSON.search(plain[max(0, match.start() - 40) : match.start()])
        )
        for pattern in (_ADDRESSED_IN_ENGLISH if plain.isascii() else _ADDRESSED)
        for match in pattern.finditer(plain)
    )


def _plain(text: str) -> str:
    """Lower case, compatibility forms folded, white space single, nothing invisible."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", _JOINERS.sub("", text)))
    lines = re.sub(r"\n\s+", "\n", text.lower().replace("’", "'"))
    return re.sub(r"[^\S\n]{2,}|[^\S\n ]", " ", lines)
