"""What a question is about and what it asks."""

import pytest

from core.retrieval.store import Identity
from core.retrieval.understanding import article_key, understand

DOCUMENTS = (
    Identity(
        "supply",
        "Supply Agreement.pdf",
        "SUPPLY AGREEMENT between Acme Foods, Inc. and Borealis Shipping GmbH dated 1 May 2020",
    ),
    Identity(
        "license",
        "License.docx",
        "SOFTWARE LICENSE AGREEMENT by and between Corvid Systems LLC and Dune Retail Limited",
    ),
    Identity("lease", "Harbour Lease.pdf", "LEASE between Quay Estates Limited and Dune Retail"),
    Identity("civil", "民法典(2020-05-28).md", "中华人民共和国民法典"),
    Identity("labour", "劳动合同法(2012-12-28).md", "中华人民共和国劳动合同法"),
    Identity("labour2", "劳动法(2018-12-29).md", "中华人民共和国劳动法"),
)


@pytest.mark.parametrize(
    "question",
    [
        "Consider the Supply Agreement between Acme Foods, Inc. and Borealis Shipping GmbH; "
        "which law governs the contract?",
        "Which law governs the contract between Acme Foods and Borealis Shipping?",
        "Under the Borealis Shipping contract, which law governs the contract?",
        "Which law governs the contract with Acme Foods?",
    ],
)
def test_a_document_is_recognised_wherever_its_name_stands(question: str) -> None:
    understood = understand(question, DOCUMENTS)
    assert list(understood.about) == ["supply"]
    assert "law governs" in understood.asks
    assert "Borealis" not in understood.asks
    assert "Acme" not in understood.asks


def test_a_party_of_two_documents_means_both() -> None:
    assert set(understand("What must Dune Retail pay?", DOCUMENTS).about) == {"license", "lease"}


@pytest.mark.parametrize(
    "question",
    ["Which law governs the contract?", "When can either party terminate?", "违约金多少？"],
)
def test_a_question_that_names_no_document_is_left_whole(question: str) -> None:
    understood = understand(question, DOCUMENTS)
    assert (understood.about, understood.asks) == ({}, question)


def test_in_a_matter_of_two_documents_each_is_recognised_by_its_name() -> None:
    supply, lease = DOCUMENTS[0], DOCUMENTS[2]
    for question, meant in (
        ("Which law governs the Borealis Shipping contract?", "supply"),
        ("Which law governs the contract with Quay Estates?", "lease"),
    ):
        assert list(understand(question, (supply, lease)).about) == [meant]


def test_a_company_form_that_no_document_holds_is_no_failure() -> None:
    lease = (DOCUMENTS[2], DOCUMENTS[3])
    assert list(understand("Does Quay Estates Inc. pay the rent?", lease).about) == ["lease"]


def test_what_is_asked_survives_the_loss_of_the_name() -> None:
    question = "In the License with Corvid Systems, is liability for lost profits capped at $500?"
    assert "liability for lost profits capped at $500" in understand(question, DOCUMENTS).asks


@pytest.mark.parametrize(
    ("question", "document", "articles"),
    [
        ("民法典第五百七十七条的内容是什么？", "civil", ("577",)),
        ("《民法典》第577条规定了什么？", "civil", ("577",)),
        ("劳动合同法第十四条和第82条有什么区别？", "labour", ("14", "82")),
        ("中华人民共和国劳动法第三十六条", "labour2", ("36",)),
    ],
)
def test_a_chinese_law_and_its_articles_are_recognised(
    question: str, document: str, articles: tuple[str, ...]
) -> None:
    understood = understand(question, DOCUMENTS)
    assert (list(understood.about), understood.articles) == ([document], articles)


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("What does Section 12.1 say?", ("12.1",)),
        ("Compare clause 4 and Article IV.", ("4", "IV")),
        ("Does section twelve apply?", ()),
    ],
)
def test_sections_and_articles_are_read_in_english(text: str, articles: tuple[str, ...]) -> None:
    assert understand(text, DOCUMENTS).articles == articles


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("第五百七十七条 当事人一方", "577"),
        ("第120条之一", "120-1"),
        ("Section 2.03 Payment", "2.03"),
        ("ARTICLE IV. TERM", "IV"),
        ("8.2 Indemnification", "8.2"),
        ("Schedule 1", ""),
        ("Payment", ""),
    ],
)
def test_the_number_at_the_start_of_a_heading_is_its_key(heading: str, key: str) -> None:
    assert article_key(heading) == key
