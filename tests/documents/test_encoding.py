"""Bytes in every encoding that lawyers send become the same words."""

from pathlib import Path

import pytest

from core.documents.encoding import decode, decode_html
from core.errors import DocumentError

SIMPLIFIED = (
    "第一条　本合同由甲乙双方在平等自愿的基础上订立。"
    "甲方应当按照约定向乙方支付货款，乙方应当按照约定的期限交付货物；"
    "任何一方不履行合同义务或者履行合同义务不符合约定的，应当承担继续履行、采取补救措施或者赔偿损失等违约责任。"
    "当事人可以约定一方违约时应当根据违约情况向对方支付一定数额的违约金，也可以约定因违约产生的损失赔偿额的计算方法。"
    "因不可抗力不能履行合同的，根据不可抗力的影响，部分或者全部免除责任，但是法律另有规定的除外。"
)
TRADITIONAL = (
    "第一條　本合約由甲乙雙方在平等自願的基礎上訂立。"
    "甲方應當按照約定向乙方支付貨款，乙方應當按照約定的期限交付貨物；"
    "任何一方不履行合約義務或者履行合約義務不符合約定的，應當承擔繼續履行、採取補救措施或者賠償損失等違約責任。"
    "當事人可以約定一方違約時應當根據違約情況向對方支付一定數額的違約金，也可以約定因違約產生的損失賠償額的計算方法。"
    "因不可抗力不能履行合約的，根據不可抗力的影響，部分或者全部免除責任，但是法律另有規定的除外。"
)
ENGLISH = "The Supplier’s liability is limited to €1,000 — “the Cap” — in every café.\r\nDone.\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"],
)
def test_simplified_chinese_is_read_in_every_encoding(encoding: str) -> None:
    assert decode(SIMPLIFIED.encode(encoding)) == SIMPLIFIED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "big5", "gb18030"])
def test_traditional_chinese_is_read_in_every_encoding(encoding: str) -> None:
    assert decode(TRADITIONAL.encode(encoding)) == TRADITIONAL


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "cp1252"])
def test_typographic_english_is_read_in_every_encoding(encoding: str) -> None:
    assert decode(ENGLISH.encode(encoding)) == ENGLISH


def test_line_ends_are_not_translated() -> None:
    assert decode(b"one\r\ntwo\rthree\n") == "one\r\ntwo\rthree\n"


def test_utf_8_cut_inside_a_character_is_still_read() -> None:
    cut = SIMPLIFIED.encode()[:-1]

    assert decode(cut)[:100] == SIMPLIFIED[:100]


@pytest.mark.parametrize(
    "content",
    [b"Section 1.\0\0 Term\n" * 20, bytes(range(256)) * 40, b"\x7fELF\x02\x01\x01\0" + b"\0" * 64],
)
def test_binary_content_is_refused(content: bytes) -> None:
    with pytest.raises(DocumentError, match="binary"):
        decode(content)


def test_a_page_is_decoded_as_it_declares() -> None:
    page = "<html><head><meta charset='windows-1251'></head><body>Договор аренды</body></html>"

    assert "Договор аренды" in decode_html(page.encode("cp1251"))


def test_a_page_that_declares_the_wrong_charset_is_decoded_by_its_bytes() -> None:
    page = f"<html><head><meta charset=utf-8></head><body>{SIMPLIFIED}</body></html>"

    assert SIMPLIFIED in decode_html(page.encode("gb18030"))


def test_one_law_in_five_encodings_is_one_text(eval_dir: Path) -> None:
    files = sorted((eval_dir / "robust" / "encodings").glob("law.*.txt"))

    assert len(files) == 5
    assert len({decode(file.read_bytes()) for file in files}) == 1
