"""A question names a document by its parties, its title or its law, wherever the name stands."""

import pytest

from core.retrieval.naming import leaning, recognise
from tests.retrieval.matter import DOCUMENTS, contract, statute


@pytest.mark.parametrize(
    "question",
    [
        "Consider the Supply Agreement between Acme Foods, Inc. and Borealis Shipping GmbH; "
        "which law governs?",
        "Under the Borealis Shipping contract, which law governs?",
        "Which law governs the contract between Acme Foods and Borealis Shipping?",
        "Which law governs, in the agreement with Acme Foods, any dispute about price?",
        "Which law governs the contract with Borealis?",
        "Acme",
    ],
)
def test_a_document_is_recognised_first_last_and_in_the_middle_of_a_question(
    question: str,
) -> None:
    named = recognise(question, DOCUMENTS)
    assert (list(named.about), named.strangers, named.is_sure) == (["supply"], (), True)


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("which law governs the contract with acme foods?", "supply"),
        ("when may quay estates terminate the lease?", "lease"),
        ("can imine assign its rights?", "distributor"),
    ],
)
def test_a_party_is_recognised_in_a_question_without_capitals(question: str, document: str) -> None:
    named = recognise(question, DOCUMENTS)
    assert (list(named.about), named.is_sure) == ([document], True)


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("What is Anixa's liability cap?", "distributor"),
        ("What is Anixa’s liability cap?", "distributor"),
        ("Anixa's liability is capped at what?", "distributor"),
        ("Which taxes does Quay Estates' tenant pay?", "lease"),
        ("Can iMine assign its rights?", "distributor"),
    ],
)
def test_genitives_and_inner_capitals_hide_no_name(question: str, document: str) -> None:
    named = recognise(question, DOCUMENTS)
    assert (list(named.about), named.is_sure) == ([document], True)


def test_a_name_ends_before_the_genitive_and_the_next_word() -> None:
    question = "What is Anixa's liability cap?"
    ((start, end),) = recognise(question, DOCUMENTS).spans
    assert question[start:end].startswith("Anixa")
    assert "liability" not in question[start:end]


def test_a_party_of_two_documents_means_both() -> None:
    named = recognise("What must Dune Retail pay?", DOCUMENTS)
    assert set(named.about) == {"license", "lease"}


def test_the_second_party_tells_which_of_two_documents_is_meant() -> None:
    named = recognise("What must Dune Retail pay under its deal with Corvid?", DOCUMENTS)
    assert list(named.about) == ["license"]


def test_confidence_is_a_share_that_grows_with_what_is_named() -> None:
    little = recognise("What must Acme pay?", DOCUMENTS).about["supply"]
    much = recognise("What must Acme Foods pay Borealis Shipping GmbH?", DOCUMENTS).about["supply"]
    assert 0 < little < much <= 1


@pytest.mark.parametrize(
    "question",
    [
        "What does the distributor agreement say about exclusivity?",
        "What does the Distributor Agreement say about exclusivity?",
        "What does the Distributor Agreement between Zebulon and Quorra say about exclusivity?",
    ],
)
def test_a_kind_of_document_alone_is_not_sure(question: str) -> None:
    assert not recognise(question, DOCUMENTS).is_sure


@pytest.mark.parametrize("spelt", ["Most Favored Nation Clause", "Most Favoured Nation Clause"])
def test_the_name_of_a_clause_in_either_spelling_names_no_document(spelt: str) -> None:
    favoured = contract("x", "x.txt", "x", (), "This favored nation or favoured term")
    named = recognise(spelt, [*DOCUMENTS, favoured])
    assert (named.about, named.strangers) == ({}, ())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Evergreen Ltd", "Evergreen"),
        ("Best Buy Co., Inc.", "Best Buy"),
        ("Forever 21, Inc.", "Forever 21"),
    ],
)
def test_a_party_named_by_a_word_of_asking_is_still_a_party(name: str, said: str) -> None:
    own = contract("own", "a.pdf", "SUPPLY AGREEMENT", (name, "Zebulon GmbH"))
    named = recognise(f"Which law governs the contract with {said}?", [*DOCUMENTS, own])
    assert (list(named.about), named.is_sure) == (["own"], True)


def test_names_that_no_document_bears_are_strangers_without_their_genitive() -> None:
    named = recognise("May Zebulon's parent, McQuorra Ltd, sue in May, in English?", DOCUMENTS)
    assert named.strangers == ("Zebulon", "McQuorra")


@pytest.mark.parametrize(
    "question",
    [
        "Under the Lease, Who Pays The Rent?",
        "Terminate when? Unless rent is due. “Notice” must be given.",
        "What happened on Monday, 3 March?",
        "Does the Master Services Agreement (and Exhibit A, Section 4) apply?",
    ],
)
def test_capitals_that_name_nobody_are_no_strangers_where_a_sentence_begins(question: str) -> None:
    strangers = recognise(question, DOCUMENTS).strangers
    assert {each.lower() for each in strangers} <= {"pays", "rent"}


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("民法典第五百七十七条的内容是什么？", "civil"),
        ("《民法典》第577条规定了什么？", "civil"),
        ("《中华人民共和国民法典》对租赁有何规定？", "civil"),
        ("中华人民共和国劳动法第三十六条", "labour"),
        ("劳动合同法第十四条和第82条有什么区别？", "employment"),
        ("根据民诉法第一百条，怎样申请保全？", "procedure"),
        ("独资企业法第十七条怎么规定的？", "sole"),
        ("《独资企业法》对解散有何规定？", "sole"),
    ],
)
def test_a_chinese_law_is_recognised_in_full_and_abbreviated(question: str, document: str) -> None:
    named = recognise(question, DOCUMENTS)
    assert (list(named.about), named.strangers, named.is_sure) == ([document], (), True)


@pytest.mark.parametrize(
    "question", ["《反垄断法》第三条规定了什么？", "根据反垄断法第三条，什么是垄断行为？"]
)
def test_a_chinese_law_that_is_not_there_is_a_stranger(question: str) -> None:
    named = recognise(question, DOCUMENTS)
    assert (named.about, named.strangers, named.is_sure) == ({}, ("反垄断法",), False)


@pytest.mark.parametrize(
    ("question", "absent"),
    [
        ("保险法第十六条规定的投保人如实告知义务是什么？", "保险法"),
        ("仲裁法第十六条规定仲裁协议应当包括哪些内容？", "仲裁法"),
        ("刑法第二百六十四条对盗窃罪怎么量刑？", "刑法"),
        ("合伙企业法对有限合伙人的责任怎么规定？", "合伙企业法"),
    ],
)
def test_a_law_is_not_taken_for_its_relative_that_is_there(question: str, absent: str) -> None:
    relatives = (statute("soldiers", "军人保险法"), statute("disputes", "劳动争议调解仲裁法"))
    named = recognise(question, relatives)
    assert (named.about, named.strangers) == ({}, (absent,))


@pytest.mark.parametrize("question", ["公司法司法解释三第十条？", "日本公司法第三条怎么规定？"])
def test_what_is_made_from_a_law_s_name_is_not_that_law(question: str) -> None:
    laws = (statute("company", "公司法"), statute("adviser", "公司法律顾问合同"))
    named = recognise(question, laws)
    assert named.about == {}
    assert len(named.strangers) == 1
    assert list(recognise("公司法第二十条规定了什么？", laws).about) == ["company"]


def test_a_longer_law_that_is_absent_is_not_the_shorter_one_that_is_there() -> None:
    named = recognise("军人保险法第三条规定了什么？", (statute("insurance", "保险法"),))
    assert (named.about, named.strangers) == ({}, ("军人保险法",))


def test_the_longer_of_two_chinese_names_wins_its_place() -> None:
    laws = (statute("implementation", "民法典实施细则"), statute("civil", "民法典"))
    assert list(recognise("民法典实施细则第三条", laws).about) == ["implementation"]
    assert list(recognise("民法典第三条", laws).about) == ["civil"]


def test_in_a_matter_of_two_documents_each_is_recognised_by_its_name() -> None:
    for question, meant in (
        ("Which law governs the Borealis Shipping contract?", "supply"),
        ("Which law governs the contract with Quay Estates?", "lease"),
    ):
        assert list(recognise(question, (DOCUMENTS[0], DOCUMENTS[2])).about) == [meant]


def test_a_company_form_that_no_document_holds_is_no_stranger() -> None:
    named = recognise("Does Quay Estates Inc. pay the rent?", DOCUMENTS[2:4])
    assert (list(named.about), named.strangers) == (["lease"], ())


def test_a_word_of_most_documents_tells_none_from_the_others() -> None:
    subsidiaries = tuple(
        contract(f"d{n}", f"{n}.pdf", "LOAN", ("Meridian Bank", other))
        for n, other in enumerate(("Orchid Ltd", "Poplar Ltd", "Quince Ltd"))
    )
    assert recognise("What does Meridian lend?", subsidiaries).about == {}
    assert list(recognise("What does Meridian lend to Poplar?", subsidiaries).about) == ["d1"]


@pytest.mark.parametrize("question", ["", " ", "???", "\0", "(", "’s", "第条", "《》"])
def test_any_text_at_all_can_be_read_for_names(question: str) -> None:
    assert recognise(question, DOCUMENTS).about == {}
    assert recognise(question, ()).about == {}


def test_a_question_without_names_leans_to_the_title_that_speaks_of_it() -> None:
    leans = leaning("个人独资企业的投资人能否转让其财产？", DOCUMENTS)
    assert max(leans, key=leans.__getitem__) == "sole"
    assert leaning("What does Section 12.1 of the lease say?", DOCUMENTS) == {"lease": 1.0}
    assert leaning("Who pays?", DOCUMENTS) == {}
