"""What one passage does for one statement, and how much work it may cost to find out."""

import sys
from time import process_time
from types import FrameType

import pytest

from core.answering.examination import examine
from core.answering.statements import Claim, sentences
from core.answering.verbatim import locate
from core.answering.verification import LONGEST_STATEMENT, check, verify
from core.types import Passage, Verdict

LEASE = (
    "The Tenant shall pay the Rent of £12,500 on the fifth day of each month. No. 1 is a shop (a). "
    "Yes. The term is five years and the notice period is 30 days. First, the Tenant pays."
)
CHINESE = (
    "第一条 甲方应当在三十日内支付全部工资，是的。乙方不得泄露商业秘密，可以查阅。合同期限为五年。"
)
TWO_PAGES = (
    "8.1 The Tenant may end this lease on the Break Date by six months' notice\n\n"
    "LEASE OF 1 HIGH STREET\nPage 12 of 30\n\n"
    "only if all rent due by then has been paid. 8.2 Time is of the essence."
)
TWO_PAGES_ZH = (
    "承租人可以在租赁期满前解除合同\n房屋租赁合同 第2页 共9页\n"
    "但应当提前三十日书面通知出租人。出租人应当退还押金。"
)


@pytest.mark.parametrize("token", ["Yes.", "1.", "No.", "(a)", "30 days.", "First.", "It may."])
def test_a_bare_token_states_nothing_even_where_the_passage_has_it(token: str) -> None:
    assert check(token, [LEASE]) == (Verdict.UNSUPPORTED, "no_statement")


@pytest.mark.parametrize(
    "token", ["是。", "第一。", "一。", "（一）", "五年。", "可以。", "不可以。"]
)
def test_a_bare_chinese_token_states_nothing_either(token: str) -> None:
    assert check(token, [CHINESE]) == (Verdict.UNSUPPORTED, "no_statement")


@pytest.mark.parametrize("markers", [(), (1,)])
def test_a_bare_token_of_a_draft_is_unsupported_with_and_without_a_marker(
    markers: tuple[int, ...],
) -> None:
    cited = {1: Passage("d:0", "d", "Lease.pdf", 0, LEASE, 0, len(LEASE), 1)}
    statement = verify(Claim("Yes.", markers), cited)
    assert (statement.verdict, statement.reason) == (Verdict.UNSUPPORTED, "no_statement")
    assert statement.citations == ()


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("The term is five years.", LEASE),
        ("The Tenant pays.", LEASE),
        ("合同期限为五年。", CHINESE),
    ],
)
def test_a_short_statement_is_still_a_statement(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is Verdict.SUPPORTED


def test_a_sentence_goes_on_over_the_header_of_the_next_page() -> None:
    first, _ = (TWO_PAGES[start:end] for start, end in sentences(TWO_PAGES))
    assert first.startswith("8.1 The Tenant")
    assert first.endswith("has been paid.")
    first, _ = (TWO_PAGES_ZH[start:end] for start, end in sentences(TWO_PAGES_ZH))
    assert first.startswith("承租人可以")
    assert first.endswith("通知出租人。")


@pytest.mark.parametrize(
    "text",
    [
        "8. The Rent and the other sums\n\nPage 3\nThe Tenant shall pay the Rent.",
        "The Tenant shall pay the following,\n(a) the Rent\n(b) the rest.",
        "第三条 甲方应当按照下列标准支付报酬\n12\n第四条 乙方不得转让合同。",
    ],
)
def test_headings_lists_and_articles_are_no_halves_of_a_sentence(text: str) -> None:
    assert len(sentences(text)) == 3


def test_a_quotation_that_stops_at_the_page_loses_its_condition() -> None:
    half = TWO_PAGES[: TWO_PAGES.index("\n")]
    assert examine(half, TWO_PAGES).reason == "condition_dropped"
    assert examine(half + " only if all rent due by then has been paid.", TWO_PAGES).is_close


SHAPES = {
    "one quote": "“" + "甲" * 3990 + "”",
    "quotes": "“" * 4000,
    "quoted words": '"abcdefghi" ' * 333,
    "one character": "甲" * 4000,
    "clauses": "甲方付款；" * 800,
    "questions": "a? " * 1333,
    "and or": "and or " * 571,
    "digits": "1" * 4000,
    "numbers": "1, 2 and 3, " * 333,
    "spelled": "one hundred and " * 250,
    "sections": "section 1" + " and" * 990,
    "articles": "第一条" * 1333,
    "brackets": "(" * 2000 + ")" * 2000,
    "markers": "[1," * 1333,
    "denials": "无需" * 2000,
    "forces": "甲方应当" * 1000,
    "consents": "without consent " * 250,
    "lines": "Aa bb cc dd ee ff gg hh\n" * 166,
    "blank": "a" + " \n" * 1999,
}


def work(statement: str, text: str) -> int:
    """How many functions, and steps of generators, a check calls."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        check(statement, [text])
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("shape", SHAPES)
def test_hostile_text_costs_no_more_than_its_length_is_worth(shape: str) -> None:
    hostile = SHAPES[shape]
    started = process_time()
    for statement, text in ((hostile, LEASE + CHINESE), (LEASE, hostile), (hostile, hostile + "x")):
        assert work(statement[:LONGEST_STATEMENT], text) < 400 * 4000
    assert process_time() - started < 20  # for what calls no function: expressions, long numbers


def test_a_statement_beyond_the_limit_is_not_judged_by_its_beginning() -> None:
    passage = Passage("d:0", "d", "Lease.pdf", 0, LEASE, 0, len(LEASE), 1)
    claim = Claim("The term is five years" + " and so on" * 400 + ".", (1,))
    assert len(claim.text) > LONGEST_STATEMENT
    statement = verify(claim, {1: passage})
    assert (statement.verdict, statement.reason) == (Verdict.UNSUPPORTED, "too_long")
    assert check(claim.text, [LEASE]) == (Verdict.UNSUPPORTED, "too_long")


def test_a_long_quotation_is_found_without_trying_every_place() -> None:
    held = "1.5甲" * 1000  # says the letters of what is looked for at every step, never its numbers
    started = process_time()
    assert locate("15甲" * 700, held) is None
    assert process_time() - started < 20
