"""A statement is supported only as the words, or a shorter wording, of its passage."""

import pytest

from core.answering.statements import Claim, claims, sentences
from core.answering.verification import examine, locate, overall, verify
from core.types import Passage, Statement, Verdict

LEASE = (
    "The Tenant shall pay the Rent of £12,500 monthly in advance on the fifth day of each month. "
    "The Principal Rent is reviewed on the Review Date to the higher of the Principal Rent payable "
    "immediately before 1 March 2027 and the open market rent. The Tenant shall not assign this "
    "Lease without consent, except to a group company. The Landlord may enter at any time."
)
CHINESE = (
    "试用期为三个月。甲方应当在三十日内支付全部工资，但双方另有约定的除外。乙方不得泄露商业秘密。"
)


def passage(text: str, at: int = 100) -> Passage:
    return Passage("d:0", "d", "Lease.pdf", 0, text, at, at + len(text), 3, ("4. Rent",))


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("The Landlord may enter at any time.", LEASE),
        ("The Tenant must pay rent of 12,500 on the fifth day of each month.", LEASE),
        ("Tenant shall pay the Rent monthly, in advance", LEASE),
        (
            "the tenant shall not assign this lease without consent, except to a group company",
            LEASE,
        ),
        ("试用期为3个月。", CHINESE),
        ("乙方不得泄露秘密。", CHINESE),
        ("Invoice 5 is payable on demand.", "Invoice No. 5 is payable on demand."),
    ],
)
def test_the_words_of_a_passage_or_fewer_of_them_are_supported(statement: str, text: str) -> None:
    assert examine(statement, text).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text", "reason"),
    [
        ("The Tenant shall pay rent on the first day of each month.", LEASE, "number_not_found"),
        ("The Rent of £12,600 is paid monthly in advance.", LEASE, "number_not_found"),
        ("The rent payable before 1 March 2028 is reviewed.", LEASE, "date_not_found"),
        ('The lease says "the Tenant shall pay no rent at all".', LEASE, "quote_not_found"),
        ("The Tenant may assign this Lease without consent.", LEASE, "words_not_found"),
        ("The Landlord shall pay the Rent monthly in advance.", LEASE, "words_not_found"),
        ("The Landlord must enter at any time.", LEASE, "words_not_found"),
        ("The Principal Rent is payable on the Review Date.", LEASE, "words_not_found"),
        ("assign this Lease without consent, except to a group company", LEASE, "negation_differs"),
        ("The Tenant shall not assign this Lease without consent.", LEASE, "condition_dropped"),
        ("试用期为六个月。", CHINESE, "number_not_found"),
        ("乙方可以泄露商业秘密。", CHINESE, "words_not_found"),
        ("甲方应当在六十日内支付全部工资。", CHINESE, "number_not_found"),
        ("违约金为500元，应当支付", "违约金为600元，应当支付给甲方。", "number_not_found"),
        ("第577条规定了违约责任", "第578条规定了违约责任。", "number_not_found"),
        ("Invoice No. 5 is payable.", "Invoice 5 is not payable.", "number_not_found"),
        (
            "The Tenant shall assign this Lease without consent.",
            "The Tenant shall not assign this Lease without consent.",
            "negation_differs",
        ),
    ],
)
def test_a_changed_statement_is_not_supported(statement: str, text: str, reason: str) -> None:
    finding = examine(statement, text)
    assert finding.verdict is not Verdict.SUPPORTED
    # A lost negation is reported before a lost word where both hold; either tells the reader why.
    assert finding.reason in (reason, "words_not_found", "negation_differs")


def test_the_citation_holds_the_exact_words_and_their_place_in_the_document() -> None:
    statement = verify(Claim("The Landlord may enter at any time.", (1,)), {1: passage(LEASE)})
    (citation,) = statement.citations
    document_text = " " * 100 + LEASE
    assert citation.quote == document_text[citation.start : citation.end]
    assert citation.quote == "The Landlord may enter at any time."
    assert (citation.marker, citation.page, citation.path) == (1, 3, ("4. Rent",))


def test_a_marker_that_leads_nowhere_is_unsupported() -> None:
    statement = verify(Claim("The Landlord may enter at any time.", (2,)), {1: passage(LEASE)})
    assert (statement.verdict, statement.reason) == (Verdict.UNSUPPORTED, "dangling_marker")


def test_a_statement_without_a_marker_is_tied_to_the_passage_that_carries_it() -> None:
    cited = {1: passage(CHINESE), 2: passage(LEASE)}
    statement = verify(Claim("The Landlord may enter at any time.", ()), cited)
    assert [each.marker for each in statement.citations] == [2]
    lost = verify(Claim("The moon is made of cheese.", ()), cited)
    assert (lost.verdict, lost.reason, lost.citations) == (Verdict.UNSUPPORTED, "no_citation", ())


def test_a_marker_is_judged_by_its_own_passage_only() -> None:
    cited = {1: passage(CHINESE), 2: passage(LEASE)}
    wrong = verify(Claim("The Landlord may enter at any time.", (1,)), cited)
    assert wrong.verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("the ＲＥＮＴ of £12,500", LEASE, "the Rent of £12,500"),
        ("non-com-\npete clause", "a noncompete clause", "noncompete clause"),
        ("商业 秘密", CHINESE, "商业秘密。"),
        ("the", LEASE, None),
        ("able to assign the lease", "The Tenant is unable to assign the lease.", None),
        ("transferable by the Tenant", "Shares are non-transferable by the Tenant.", None),
        ("5,000 is payable on signing", "15,000 is payable on signing.", None),
        ("5% is payable on signing", "0.5% is payable on signing.", None),
        ("the fee payable is 50", "The fee payable is 500.", None),
        ("the fee payable is 50", "The fee payable is 50,000.", None),
        ("the fee is 1.5 million", "The fee is 15 million.", None),
        (
            "is payable on signing",
            "unpayable on signing; is payable on signing",
            "is payable on signing",
        ),
        (
            "5 is payable on signing",
            "15 is payable on signing, 5 is payable on signing",
            "5 is payable on signing",
        ),
        ("a completely different sentence", LEASE, None),
    ],
)
def test_a_quote_is_found_word_for_word(quote: str, text: str, found: str | None) -> None:
    span = locate(quote, text)
    assert (text[slice(*span)] if span else None) == found


def test_an_answer_is_shown_only_if_half_of_it_holds() -> None:
    good, bad = Statement("a", Verdict.SUPPORTED), Statement("b", Verdict.UNSUPPORTED)
    assert overall([good, good]) is Verdict.SUPPORTED
    assert overall([good, bad]) is Verdict.PARTLY
    assert overall([good, bad, bad]) is Verdict.UNSUPPORTED
    assert overall([]) is Verdict.UNSUPPORTED


def test_a_draft_is_split_into_statements_with_their_markers() -> None:
    draft = "Rent is due. [1] Under Section 12.1, Acme Inc. pays No. 5 [2, 3].\n租金按月支付。【1】"
    assert [(each.text, each.markers) for each in claims(draft)] == [
        ("Rent is due.", (1,)),
        ("Under Section 12.1, Acme Inc. pays No. 5.", (2, 3)),
        ("租金按月支付。", (1,)),
    ]


def test_sentences_are_spans_of_the_text() -> None:
    text = "One e.g. this. Two!  三。四"
    assert [text[a:b] for a, b in sentences(text)] == ["One e.g. this.", "Two!", "三。", "四"]


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (
            "Supplier shall deliver within 60 days.",
            "Supplier shall deliver within 30 days of the order. Claims expire after 60 days.",
        ),
        (
            "The rent is 10,000 and the deposit is 5,000.",
            "The rent is 5,000 and the deposit is 10,000.",
        ),
        (
            "The agreement ends on 1 May 2024.",
            "The agreement ends on 1 May 2025. It was signed on 1 May 2024.",
        ),
        ("试用期为三个月。", "试用期为六个月，培训期为三个月。"),
        (
            "The deposit shall be paid to the Landlord by the Tenant.",
            "The deposit shall be paid by the Landlord to the Tenant.",
        ),
        (
            "The Landlord may terminate this Lease.",
            "If the Tenant is in default, the Landlord may terminate this Lease.",
        ),
        (
            "The Tenant may assign this Lease.",
            "The Tenant may assign this Lease only with the written consent of the Landlord.",
        ),
        ("用人单位可以解除劳动合同。", "劳动者严重违反规章制度的，用人单位可以解除劳动合同。"),
        ("The cap is £500 in all.", "The cap is $500 in all."),
        ("Interest runs at 15 per cent a year.", "Interest runs at 1.5 per cent a year."),
        ("Enforceable against the Tenant.", "Unenforceable against the Tenant."),
    ],
)
def test_an_exchanged_place_or_a_lost_condition_is_not_supported(statement: str, text: str) -> None:
    assert examine(statement, text).verdict is not Verdict.SUPPORTED
