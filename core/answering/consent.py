"""Whose leave is needed: "without consent" and "no consent is required" free an act from it.

The same words stand in "may not … without consent" and "may … without consent", which say the
opposite; so a statement that frees is held against a passage that does, and against no other.
"""

import re

_LEAVE = (
    r"(?:consents?|approvals?|permission|authori[sz]ation|assent|agreement of|notice|notification)"
)
_DENIED = re.compile(
    r"\b(?:not|no|neither|nor|never|none|cannot|unless|void|invalid|prohibited|forbidden|refrain"
    r"|breach|unlawful\w*|ineffective|only)\b|n't\b",
    re.I,
)
_WITHOUT = re.compile(rf"(?<!with or )\bwithout\b[^.;:]{{0,60}}?\b{_LEAVE}\b", re.I)
_NEEDLESS = re.compile(
    rf"\b(?:no|without)\b[^.;:,]{{0,40}}?\b{_LEAVE}\b[^.;:]{{0,60}}?"
    r"\b(?:required|needed|necessary|requisite)\b"
    rf"|\b{_LEAVE}\b[^.;:]{{0,40}}?\b(?:not|never)(?: be)? (?:required|needed|necessary)\b"
    rf"|\b(?:not|n't|never|nor) (?:need|require|have to (?:obtain|seek|get))\b[^.;:]{{0,50}}?"
    rf"{_LEAVE}\b"
    rf"|\b(?:no|any) need\b[^.;:]{{0,40}}?\b{_LEAVE}\b",
    re.I,
)
_PARTS = re.compile(r"[.;:。；：]|\b(?:except|provided|however|save|but|otherwise)\b|但|除", re.I)
_LEAVE_ZH = r"(?:同意|批准|许可|核准|授权|通知)"
_NEEDLESS_ZH = re.compile(
    rf"(?:无需|无须|毋须|不需要?|不必|不用|免于)[^。；，]{{0,14}}?{_LEAVE_ZH}"
)
_WITHOUT_ZH = re.compile(rf"(?:未经|不经|未征得|未取得|未获得?)[^。；，]{{0,14}}?{_LEAVE_ZH}")
_DENIED_ZH = re.compile(
    r"不得|不能|不可|禁止|无效|无权|不予|不发生|可以(?:解除|拒绝|撤销)|责任|处罚|罚款"
)
_EXCEPTS = re.compile(
    r"\b(?:except|save|other than|exclud\w+|provided|however|exempt\w*)\b|除外|但|除.{1,40}外", re.I
)
_LEFT_ZH = re.compile(r"可以|有权|亦可|也可|即可")


def is_freed(text: str) -> bool:
    """Whether a text says of something that it may be done without anyone's leave."""
    if _NEEDLESS.search(text) or _NEEDLESS_ZH.search(text):
        return True
    for part in _PARTS.split(text):
        found = _WITHOUT.search(part)
        if found and not _DENIED.search(part):
            return True
        if _WITHOUT_ZH.search(part) and _LEFT_ZH.search(part) and not _DENIED_ZH.search(part):
            return True
    return False


def may_free(passage: str) -> bool:
    """Whether a passage frees something from leave, or excepts something from it."""
    return bool(_EXCEPTS.search(passage)) or is_freed(passage)
