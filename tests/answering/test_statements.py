"""A text is cut into sentences where a lawyer would cut it, and no word is lost on the way."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answering.statements import claims, sentences, unmarked

LEGAL = st.text(alphabet=list('ab Inc. No.5(a)[1]"”。；\n\t!?第条，【2】'), max_size=80)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Acme Inc. pays. Beta Ltd. ships.", ["Acme Inc. pays.", "Beta Ltd. ships."]),
        ("See No. 5 and Art. 6. Then pay.", ["See No. 5 and Art. 6.", "Then pay."]),
        ("J. Doe signs. He pays.", ["J. Doe signs.", "He pays."]),
        ("1. The Tenant pays. 2.5% is due.", ["1. The Tenant pays.", "2.5% is due."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("甲方付款；乙方交货。完毕", ["甲方付款；", "乙方交货。", "完毕"]),
        ("Rent\nThe Tenant pays", ["Rent", "The Tenant pays"]),
        ("The Tenant\nshall pay.\nrent", ["The Tenant\nshall pay.", "rent"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_sentences_end_where_a_reader_stops(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


@given(LEGAL)
def test_sentences_are_in_order_and_hold_every_word(text: str) -> None:
    spans = sentences(text)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert "".join("".join(text[a:b] for a, b in spans).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        ("Rent is due [1].", [("Rent is due.", (1,))]),
        ("Rent is due. [1][2] It is low. [3]", [("Rent is due.", (1, 2)), ("It is low.", (3,))]),
        ("Rent is due [2, 3，1].", [("Rent is due.", (2, 3, 1))]),
        ("Rent is due [1-3].", [("Rent is due.", (1, 2, 3))]),
        ("Rent is due. [2, 4–6] It is low.", [("Rent is due.", (2, 4, 5, 6)), ("It is low.", ())]),
        ("Rent is due [7-2].", [("Rent is due.", (7, 2))]),
        ("Rent [1] is due [1].", [("Rent is due.", (1,))]),
        ("租金按月支付。[1]违约金另计【2】。", [("租金按月支付。", (1,)), ("违约金另计。", (2,))]),
        ("In [2024] rent was due.", [("In [2024] rent was due.", ())]),
        ("[1]\n...\n[2].", []),
    ],
)
def test_each_statement_keeps_its_own_markers(
    draft: str, expected: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert [(claim.text, claim.markers) for claim in claims(draft)] == expected


def test_no_number_of_a_marker_is_seen_at_any_time_while_a_draft_is_written() -> None:
    draft = "Rent is due [17] monthly 【2, 4–6】. Interest accrues. [1-3][20] So."
    for size in range(len(draft) + 1):
        seen = unmarked(draft[:size])
        assert "Rent is due monthly. Interest accrues. So.".startswith(seen.rstrip())
    assert unmarked("In [2024] the [Tenant] paid.") == "In [2024] the [Tenant] paid."
