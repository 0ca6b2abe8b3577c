"""A statement is supported as its passage's words or in others that say the same, else not."""

from pathlib import Path

import pytest

from core.answering.examination import examine
from core.answering.statements import Claim, claims, sentences
from core.answering.verbatim import locate
from core.answering.verification import check, overall, verify
from core.types import Passage, Statement, Verdict
from tests.bench.corruptions import development_sentences, planted

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
        ("The Landlord shall pay the Rent monthly in advance.", LEASE, "party_not_found"),
        ("The Landlord must enter at any time.", LEASE, "modality_differs"),
        ("The Principal Rent is payable on the Review Date.", LEASE, "words_not_found"),
        ("assign this Lease without consent, except to a group company", LEASE, "negation_differs"),
        ("The Tenant shall not assign this Lease without consent.", LEASE, "condition_dropped"),
        ("试用期为六个月。", CHINESE, "number_not_found"),
        ("乙方可以泄露商业秘密。", CHINESE, "words_not_found"),
        ("甲方应当在六十日内支付全部工资。", CHINESE, "number_not_found"),
        ("违约金为500元，应当支付", "违约金为600元，应当支付给甲方。", "number_not_found"),
        ("第577条规定了违约责任", "第578条规定了违约责任。", "article_not_found"),
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


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (
            "The tenant has to give at least three months' written notice to the landlord before ending the lease.",
            "The Tenant may terminate this Lease by giving not less than three months' prior written notice to the Landlord.",
        ),
        (
            "Within 30 days of receiving the order, the supplier must deliver the goods to the buyer.",
            "The Supplier shall deliver the Goods to the Buyer within thirty (30) days after receipt of the order.",
        ),
        (
            "The purchase price is payable by the buyer to the seller on June 30, 2023.",
            "The Buyer shall pay the Purchase Price to the Seller on 30 June 2023.",
        ),
        (
            "The contractor is prohibited from disclosing the terms.",
            "The Contractor shall not disclose the terms.",
        ),
        ("租赁期最长为20年。", "租赁期限不得超过二十年。"),
        (
            "劳动者解除劳动合同，应提前30天书面通知用人单位。",
            "第三十七条 劳动者提前三十日以书面形式通知用人单位，可以解除劳动合同。",
        ),
        (
            "房屋维修由出租人负责，但当事人另有约定的除外。",
            "出租人应当负责房屋的维修，当事人另有约定的除外。",
        ),
        ("法院可以根据当事人的请求减少违约金。", "人民法院可以根据当事人的请求予以减少违约金。"),
        (
            "JRVS may audit the books on notice, but no more than once in any three-month period.",
            "JRVS shall be entitled at any time to audit the books upon notice; provided, that no "
            "more than one such audit may be conducted in any three-month period.",
        ),
        (
            "The tenant owes a late charge of 1.5% a month.",
            "The Tenant shall pay a late charge of one and one-half percent (1.5%) per month.",
        ),
        (
            "The Licensor pays for the audit, but if a discrepancy over 5% is found the Licensee pays.",
            "The cost of the audit will be borne by Licensor unless a discrepancy of more than 5% is "
            "discovered, in which case the cost of the audit shall be borne by Licensee.",
        ),
        (
            "North must receive the tickets from Company at least seven days before the show.",
            "Company shall deliver the tickets to North no later than seven days prior to the show.",
        ),
        (
            "The term is 24 months and starts on signing.",
            "The term is two years and commences on signing.",
        ),
        ("收购期限严禁少于三十日。", "收购期限不得少于三十日。"),
        ("拒绝改正的，处三万元罚款。", "拒不改正的，处三万元罚款。"),
        ("没有征得同意的，不能转让。", "未征得同意的，不得转让。"),
        ("除给予警告外，还要处一万元罚款。", "给予警告，并处一万元罚款。"),
    ],
)
def test_other_words_that_say_the_same_are_supported(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text", "reason"),
    [
        ("The Tenant may pay the rent.", "The Tenant shall pay the rent.", "modality_differs"),
        ("The Buyer shall pay the Seller 5% of the price.", "The Seller shall pay the Buyer 5% of the price.", "parties_swapped"),
        ("The Vendor shall insure the goods.", "The Carrier shall insure the goods.", "party_not_found"),
        ("Sections 4 and 9 survive termination.", "Sections 4 and 7 survive termination.", "article_not_found"),
        ("Notice is due after the closing date.", "Notice is due before the closing date.", "comparison_differs"),
        ("A fee of at most 5% is due to the agent.", "A fee of at least 5% is due to the agent.", "comparison_differs"),
        ("The tenant shall paint and repair the roof.", "The tenant shall paint or repair the roof.", "alternative_differs"),
        ("The agent shall accept all orders of the buyer.", "The agent shall reject all orders of the buyer.", "meaning_differs"),
        ("Payment is due within 30 months of the invoice.", "Payment is due within 30 days of the invoice.", "number_not_found"),
        ("用人单位可以支付经济补偿。", "用人单位应当支付经济补偿。", "modality_differs"),
        ("出租人应当通知承租人缴纳租金。", "承租人应当通知出租人缴纳租金。", "parties_swapped"),
        ("第三十六条 承租人应当支付租金。", "第三十七条 承租人应当支付租金。", "article_not_found"),
        ("申请人应当在五日后提出异议。", "申请人应当在五日内提出异议。", "comparison_differs"),
        ("监护人或被监护人应当签字。", "监护人和被监护人应当签字。", "alternative_differs"),
        ("主管部门应当削弱监督检查。", "主管部门应当加强监督检查。", "words_not_found"),
        ("劳动争议仲裁公开进行。", "劳动争议仲裁公开进行，但涉及国家秘密的除外。", "condition_dropped"),
        ("The fee is due seven days before the sale.", "Within seven days after the sale the fee falls due.", "comparison_differs"),
        ("Buyer may inspect, but not less than once a year.", "Buyer is entitled to inspect; no more than one inspection may be held in a year.", "comparison_differs"),
        ("Company must receive from North a fee for each show.", "Company shall pay North a fee for every show that is held.", "parties_swapped"),
        ("Each party has 60 days to object.", "Each party has two months to object.", "number_not_found"),
        ("主管部门不得并处一万元罚款。", "由主管部门责令改正，可以并处一万元罚款。", "negation_differs"),
        ("该条规定：“合同自签字之日起三年内有效”。", "合同自签字之日起二年内有效。", "quote_not_found"),
    ],
)  # fmt: skip
def test_one_telling_thing_changed_is_named(statement: str, text: str, reason: str) -> None:
    verdict, given = check(statement, [text])
    assert verdict is not Verdict.SUPPORTED
    assert given == reason


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("Before it subcontracts its duties, the Supplier must have the Buyer's consent in writing.",
         "The Supplier may not subcontract its duties without the prior written consent of the Buyer."),
        ("In order to sublicense the rights, Licensee needs to obtain Licensor's written consent.",
         "Licensee may not sublicense the rights without Licensor's prior written consent."),
        ("A modification of this Agreement takes effect only if it has been consented to in writing.",
         "No modification of this Agreement shall be effective unless consented to in writing."),
        ("未经原设立机关同意，不得占用种质资源库。", "占用种质资源库的，需经原设立机关同意。"),
        ("未经主管部门批准，不得制定或者修改章程。", "章程的制定和修改，必须经主管部门批准。"),
    ],
)  # fmt: skip
def test_not_without_consent_and_only_with_it_are_one(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("The Supplier may subcontract its duties to others without the consent of the Buyer.",
         "The Supplier must obtain the consent of the Buyer before it subcontracts its duties to others."),
        ("CAPSUGEL must not keep those Records for 5 years after the Term expires.",
         "CAPSUGEL agrees to retain all such Records for a period of five (5) years after the Term."),
        ("When the agreement ends, each party must not give back the confidential information, unless agreed.",
         "Upon termination each party shall return to the other the confidential information, unless agreed."),
        ("The Company is not required to insure the goods it carries for the Buyer.",
         "All goods of the Buyer that the Company transports shall be insured by the Company."),
    ],
)  # fmt: skip
def test_what_is_asked_is_not_what_is_denied(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("The Customer can inspect the records in business hours on reasonable notice.",
         "The records will be available for inspection by the Customer in business hours on notice."),
        ("Should the Distributor breach Section 9, the Supplier may end this Agreement.",
         "If the Distributor breaches Section 9, the Supplier shall be entitled to terminate this Agreement."),
        ("No joint venture or partnership shall be created by this Agreement.",
         "This Agreement shall not create a joint venture or partnership."),
        ("The Payor may have the audit checked by an auditor of its own, at its own expense.",
         "The Payor shall have the right, at the Payor's cost, to have its own auditor verify the audit."),
    ],
)  # fmt: skip
def test_a_right_is_one_however_it_is_put(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("无论单位还是个人，都不可以违反本法规定采购。", "任何单位和个人不得违反本法规定采购。"),
        ("As soon as it is terminated, Company has to stop using or referring to the Property.",
         "Upon termination, Company shall discontinue all use of and reference to the Property."),
    ],
)  # fmt: skip
def test_and_is_or_where_every_one_is_meant(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is Verdict.SUPPORTED


def test_an_exception_may_be_told_in_a_sentence_of_its_own() -> None:
    text = (
        "All costs of such inspection shall be paid by JHU, provided that if the inspection reveals "
        "an error of five percent (5%), such costs shall be borne by the Company."
    )
    rule = "JHU bears the cost of the inspection."
    exception = "The Company bears it if the inspection shows an error of 5%."
    assert check(f"{rule} {exception}", [text])[0] is Verdict.SUPPORTED
    assert check(rule, [text])[1] == "condition_dropped"


def test_a_statement_of_a_draft_is_judged_with_the_exception_told_beside_it() -> None:
    text = (
        "All costs of such inspection shall be paid by JHU, provided that if the inspection reveals "
        "an error of five percent (5%), such costs shall be borne by the Company."
    )
    draft = claims(
        "JHU bears the cost of the inspection [1]. "
        "The Company bears it if the inspection shows an error of 5% [1]."
    )
    cited = {1: passage(text)}
    assert verify(draft[0], cited).reason == "condition_dropped"
    assert verify(draft[0], cited, draft=draft).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("The Employee may engage in competing activities.",
         "The Employee may engage in charitable activities."),
        ("The Company shall pay a base salary of $200,000 per year plus a bonus.",
         "The Company shall pay the Employee a base salary of $200,000 per year."),
        ("Disputes shall be resolved by arbitration in New York County and by its courts.",
         "The parties submit to the exclusive jurisdiction of the courts of New York County."),
        ("The Tenant shall pay a monthly rent of $5,000 in arrears.",
         "The Tenant shall pay a monthly rent of $5,000 in advance."),
        ("租赁期限超过二十年的，超过部分可以撤销。", "租赁期限超过二十年的，超过部分无效。"),
        ("当事人双方不履行合同义务的，应当承担违约责任。",
         "当事人一方不履行合同义务的，应当承担违约责任。"),
    ],
)  # fmt: skip
def test_what_fluent_words_add_or_exchange_is_not_supported(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("The Tenant may sublet the Premises without the Landlord's consent.", "{only}"),
        ("The consent of the Landlord is not required.", "{only}"),
        ("No consent of the Landlord in writing is required.", "{only}"),
        ("No consent of the Landlord is required to sublet the Premises.", "{not_without}"),
        ("承租人未经出租人同意，可以转租。", "承租人未经出租人同意，不得转租。"),
        ("承租人转租无需出租人同意。", "承租人经出租人同意，可以将租赁物转租给第三人。"),
    ],
)
def test_leave_that_is_needed_is_never_told_as_needless(statement: str, text: str) -> None:
    only = "The Tenant may sublet the Premises only with the prior written consent of the Landlord."
    not_without = "The Tenant shall not sublet the Premises without the consent of the Landlord."
    verdict, _ = check(statement, [text.format(only=only, not_without=not_without)])
    assert verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    "text",
    [
        "Either party may assign this Agreement to an Affiliate without the other party's consent.",
        "This Agreement may not be assigned without consent, except that either party may assign"
        " this Agreement to an Affiliate without such consent.",
    ],
)
def test_leave_that_is_not_needed_may_be_told_as_needless(text: str) -> None:
    told = "Either party may assign this Agreement to an Affiliate without the other's consent."
    assert check(told, [text])[0] is Verdict.SUPPORTED


def test_a_condition_told_beside_must_hold_by_itself() -> None:
    text = "The Tenant may sublet the Premises only with the prior written consent of the Landlord."
    draft = "The Tenant may sublet the Premises. No consent of the Landlord in writing is required."
    assert check(draft, [text])[0] is not Verdict.SUPPORTED
    assert check("The Tenant may sublet the Premises.", [text])[0] is not Verdict.SUPPORTED


@pytest.mark.parametrize("bare", ["第五条。", "Art. 5.", "§ 5.", "是的。", "(a)"])
def test_a_bare_number_or_answer_states_nothing(bare: str) -> None:
    assert check(bare, ["第五条 租赁期限为二年。"])[0] is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("The Northgate may enter the building at any reasonable time on written notice to the Tenant.",
         "The Landlord may enter the building at any reasonable time on written notice to the Tenant."),
        ("Emdeon is granted an exclusive and worldwide right to use the trademarks during the term.",
         "Emdeon is granted a non-exclusive and worldwide right to use the trademarks during the term."),
        ("If the services are renewed without cause, the Consultant will receive a fee of 12 months' pay.",
         "If the services are terminated without cause, the Consultant shall receive a termination fee of 12 months' pay."),
    ],
)  # fmt: skip
def test_a_new_name_or_a_known_opposite_is_one(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("Employees, servants and agents of a Party are under no circumstances liable for negligence.",
         "In no event shall any employee, servant or agent of a Party be liable for negligence."),
        ("检疫证明、检疫标志和畜禽标识，一律不得转让、伪造或者变造。",
         "禁止转让、伪造或者变造检疫证明、检疫标志或者畜禽标识。"),
        ("They need it in order to exercise their rights or fulfill their obligations.",
         "They need it in order to fulfill their obligations or exercise their rights."),
    ],
)  # fmt: skip
def test_a_list_denied_before_it_or_after_it_is_one(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is Verdict.SUPPORTED


def test_conjuncts_in_another_order_are_still_joined_by_and_or_by_or() -> None:
    text = "They need it in order to fulfill their obligations or exercise their rights."
    other = "In order to exercise their rights and fulfill their obligations they need it."
    assert check(other, [text])[1] == "alternative_differs"


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("商业银行须遵守四项原则，即存款自愿、取款自由、存款有息以及为存款人保密。",
         "商业银行应当遵循存款自愿、取款自由、存款有息、为存款人保密的原则。"),
        ("用人单位负有两项义务：一是组织职业健康检查；二是把检查结果书面告知劳动者。",
         "用人单位应当组织职业健康检查，并将检查结果书面告知劳动者。"),
    ],
)  # fmt: skip
def test_a_writer_may_count_what_he_lists(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is Verdict.SUPPORTED
    assert check(statement.replace("四", "五").replace("两", "三"), [text])[0] != "supported"


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("Such records may be inspected no more than once in a given quarter.",
         "Such records shall be subject to no more than one inspection in any particular quarter."),
        ("During the Term Rogers is entitled, on a non-exclusive footing, to distribute each Program.",
         "During the Term, Rogers shall have the non-exclusive right to distribute each Program."),
        ("Any modification of this Agreement has to be made in a written document that the Parties sign.",
         "This Agreement may not be modified except in a writing signed by the Parties."),
        ("Assignment of this Agreement to an Affiliate does not require the other party's written consent.",
         "Neither party may assign this Agreement without the written consent of the other party save in "
         "the case where such assignment is to an Affiliate."),
        ("应急救援组织并非必须建立，但应急救援人员必须指定。", "可以不建立应急救援组织，但应当指定应急救援人员。"),
        ("不按照批准的设计施工是不允许的。", "施工单位必须按照批准的设计施工。"),
        ("情况复杂的，经负责人批准后可以延长。", "情况复杂的，经负责人批准，可以延长。"),
        ("未经成员大会通过的方案，不能付诸实施。", "方案经成员大会通过后实施。"),
        ("当事人可以直接向人民法院提起诉讼。", "当事人也可以直接向人民法院起诉。"),
    ],
)  # fmt: skip
def test_a_duty_a_leave_and_a_ban_may_be_put_as_one_another(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("From time to time SONY shall audit the Purchaser's manufacture.",
         "The Purchaser allows SONY to audit the Purchaser's manufacture from time to time."),
        ("国有土地使用权应当由县级以上人民政府收回。", "县级以上人民政府可以收回国有土地使用权。"),
        ("Before it subcontracts its duties, LMG must not have TAG's consent in writing.",
         "LMG may not subcontract its duties without the prior written consent of TAG."),
        ("Assignment of this Agreement does not require the other party's written consent.",
         "Neither party may assign this Agreement without the written consent of the other party."),
    ],
)  # fmt: skip
def test_what_is_allowed_is_no_duty_and_what_needs_consent_is_not_free(
    statement: str, text: str
) -> None:
    assert check(statement, [text])[0] is not Verdict.SUPPORTED


def test_a_quotation_of_two_sentences_is_looked_for_as_a_whole() -> None:
    text = "The Tenant shall pay the rent. The Landlord shall insure the building."
    assert check(f'The lease states: "{text}"', [text])[0] is Verdict.SUPPORTED
    made = text.replace("insure", "always insure")
    assert check(f'The lease states: "{made}"', [text])[1] == "quote_not_found"


def test_a_short_statement_about_another_law_is_not_carried() -> None:
    assert check("English law governs it.", ["Scots law governs."])[0] is not Verdict.SUPPORTED
    assert check("The laws of England govern it.", ["English law governs it."])[0] == "supported"


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (
            "The Landlord shall repair the lift.",
            "The Landlord shall insure the building. The Tenant shall repair the lift.",
        ),
        (
            "出租人应当按期支付租金。",
            "出租人应当维修房屋。承租人应当按期支付租金。",
        ),
    ],
)
def test_two_sentences_are_not_put_together_to_carry_a_third(statement: str, text: str) -> None:
    assert check(statement, [text])[0] is not Verdict.SUPPORTED


def test_any_one_of_several_passages_may_carry_a_statement_but_not_two_together() -> None:
    passages = ["The Tenant shall pay the rent.", "The Landlord shall insure the building."]
    assert check("The Landlord shall insure the building.", passages) == (
        Verdict.SUPPORTED,
        "verbatim",
    )
    assert check("The Tenant shall insure the building.", passages)[0] is not Verdict.SUPPORTED


def test_several_sentences_are_judged_by_the_worst_and_markers_are_passed_over() -> None:
    passages = ["The Tenant shall pay the rent. The Landlord shall insure the building."]
    both = "The Tenant shall pay the rent [1]. The Landlord shall insure the building. [1-3]"
    assert check(both, passages) == (Verdict.SUPPORTED, "verbatim")
    assert check(both.replace("shall insure", "may insure"), passages)[0] is not Verdict.SUPPORTED
    assert check("", passages) == check("Anything.", []) == (Verdict.UNSUPPORTED, "no_citation")


@pytest.mark.parametrize(
    "piece", ["a ", "1", "第", "(1,", "section 1, ", "not ", "的，", "二", "$ "]
)
@pytest.mark.timeout(60)  # a second is usual; what grows with the square never ends
def test_a_hostile_statement_is_judged_to_its_end(piece: str) -> None:
    verdict, _ = check(piece * 2000, [piece * 600, "The Tenant shall pay the rent. " * 40])
    assert verdict in Verdict


@pytest.mark.parametrize("language", ["en", "zh"])
def test_corruptions_planted_in_real_sentences_are_flagged_and_the_sentences_are_not(
    eval_dir: Path, language: str
) -> None:
    cases = [case for case in development_sentences(eval_dir) if case.language == language][:1500]
    lines = list(planted(cases, per_kind=12))
    flagged = [check(text, [case.passage])[0] is not Verdict.SUPPORTED for case, _, text in lines]
    assert len(lines) > 100
    assert sum(flagged) >= 0.98 * len(flagged)
    kept = [check(case.sentence, [case.passage])[0] is Verdict.SUPPORTED for case in cases[:100]]
    assert sum(kept) >= 99


def test_a_question_states_nothing() -> None:
    passage = "The Tenant shall pay the rent on the first day."
    assert check("Shall the Tenant pay the rent on the first day?", [passage])[0] != "supported"


def test_the_words_that_open_a_list_say_too_little_without_it() -> None:
    passage = (
        "Either Party may terminate if the other Party: (a) is insolvent; or (b) is in breach."
    )
    verdict, reason = check("Either Party may terminate if the other Party:", [passage])
    assert (verdict, reason) == ("partly", "condition_dropped")
