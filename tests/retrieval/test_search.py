"""Search over a real index: the matter's wall, the document that is meant, articles, modes."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import PinciteError
from core.retrieval.concepts import concepts
from core.retrieval.refusal import NOTHING
from core.retrieval.search import Found, Search
from core.retrieval.store import Store
from core.types import (
    Document,
    DocumentState,
    Genre,
    Identity,
    Passage,
    Scope,
    Searched,
    Turn,
)
from tests.fakes import DIMENSIONS, FakeEncoders, embedded

SUPPLY = (
    "The Supplier shall deliver the goods within thirty days of each order.",
    "This agreement is governed by the laws of England.",
    "Either party may terminate on ninety days' notice.",
)
LEASE = (
    "The Tenant shall pay the rent on the first day of each month.",
    "This lease is governed by the laws of Scotland.",
    "The Tenant may terminate on sixty days' notice.",
)
CODE = tuple(f"第{number}条 {text}" for number, text in (
    ("五百七十六", "当事人应当按照约定履行义务。"),
    ("五百七十七", "当事人不履行合同义务的，应当承担违约责任。"),
    ("五百七十八", "对方可以在履行期限届满前请求其承担违约责任。"),
))  # fmt: skip
NDA = ("The Recipient keeps the information secret for two years.",)
LABOUR = ("第五百七十七条 用人单位应当按时足额支付劳动报酬。",)


class CountingEncoders(FakeEncoders):
    """Remembers what was embedded for a question."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        self.asked.append(text)
        return await super().embed_query(text)

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return await super().embed_queries(texts)


async def put(
    store: Store,
    matter_id: str,
    name: str,
    identity: Identity,
    texts: Sequence[str],
    paths: Sequence[tuple[str, ...]] = (),
) -> None:
    now = datetime.now(UTC)
    document = Document(
        name, matter_id, name, "pdf", DocumentState.INDEXING, now, 1, identity=identity,
        blank_pages=1,
    )  # fmt: skip
    own_paths = paths or [(text.split(" ")[0],) for text in texts]
    passages = [
        Passage(f"{matter_id}/{name}:{n}", name, name, n, text, 0, len(text), 1, path)
        for n, (text, path) in enumerate(zip(texts, own_paths, strict=True))
    ]
    await store.put(document, passages, np.stack([embedded(text) for text in texts]))


def contract(title: str, *parties: str, dated: date | None = None) -> Identity:
    opening = f"{title} between {' and '.join(parties)}"
    return Identity(title, parties, dated, Genre.CONTRACT, opening)


def statute(title: str) -> Identity:
    return Identity(title, (), None, Genre.STATUTE, title)


@pytest.fixture
async def encoders() -> CountingEncoders:
    return CountingEncoders()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path)
    await opened.start("fake", DIMENSIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def search(store: Store, encoders: CountingEncoders) -> Search:
    supply = contract(
        "SUPPLY AGREEMENT", "Acme Foods Inc.", "Borealis Shipping GmbH", dated=date(2020, 5, 1)
    )
    await put(store, "contracts", "Supply.pdf", supply, SUPPLY)
    lease = contract("LEASE", "Quay Estates Limited", "Corvid Systems LLC", dated=date(2022, 1, 31))
    await put(store, "contracts", "Lease.pdf", lease, LEASE, [("12.1 Rent",), ("12.2",), ("13",)])
    secrecy = contract("NON-DISCLOSURE", "Dune Retail", "Elder Mills")
    await put(store, "contracts", "Secrecy.pdf", secrecy, NDA)
    await put(store, "statutes", "民法典.md", statute("中华人民共和国民法典"), CODE)
    await put(store, "statutes", "劳动法.md", statute("中华人民共和国劳动法"), LABOUR)
    secret = contract("SECRET DEAL", "Acme Foods Inc.", dated=date(2020, 5, 1))
    await put(store, "secret", "Secret.pdf", secret, ["The rent of the secret deal is a million."])
    return Search(store, encoders, 50)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
async def test_a_question_in_one_matter_never_sees_another(search: Search, mode: str) -> None:
    question = "What is the rent of the secret deal with Acme Foods Inc.?"
    found = await search.find("contracts", question, mode)
    assert found.hits
    assert found.searched == Searched(3, 7, 3, 3)
    assert {hit.passage.document_id for hit in found.hits} <= {
        "Supply.pdf",
        "Lease.pdf",
        "Secrecy.pdf",
    }


async def test_an_empty_matter_has_no_hits_and_asks_no_model(
    search: Search, encoders: CountingEncoders
) -> None:
    found = await search.find("empty", "When is the rent due?")
    assert (found.hits, found.searched, found.evidence) == ((), Searched(), NOTHING)
    assert encoders.asked == []


@pytest.mark.parametrize(
    ("named", "document"),
    [
        ("Supply Agreement between Acme Foods Inc. and Borealis Shipping GmbH", "Supply.pdf"),
        ("Borealis Shipping contract", "Supply.pdf"),
        ("Lease with Quay Estates Limited", "Lease.pdf"),
        ("Corvid Systems contract", "Lease.pdf"),
    ],
)
@pytest.mark.parametrize(
    "asking",
    [
        "Under the {}, which laws govern?",
        "Which laws govern the {}?",
        "Consider the {}; which laws govern?",
    ],
)
async def test_the_document_that_is_named_comes_first(
    search: Search, named: str, document: str, asking: str
) -> None:
    found = await search.find("contracts", asking.format(named))
    assert found.hits[0].passage.document_id == document


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
@pytest.mark.parametrize("number", ["577", "五百七十七", " 577 "])
async def test_an_article_is_looked_up_in_the_law_that_is_named(
    search: Search, mode: str, number: str
) -> None:
    for law, text in (("民法典", CODE[1]), ("劳动法", LABOUR[0])):
        found = await search.find("statutes", f"{law}第{number}条规定了什么？", mode)
        assert found.hits[0].passage.text == text


async def test_words_alone_find_a_passage_without_asking_a_model(
    search: Search, encoders: CountingEncoders
) -> None:
    found = await search.find("contracts", "deliver the goods", "lexical")
    assert found.hits[0].passage.text == SUPPLY[0]
    assert encoders.asked == []


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
async def test_hits_are_distinct_best_first_and_no_more_than_asked_for(
    search: Search, mode: str
) -> None:
    found = await search.find("contracts", "When shall the Supplier deliver the goods?", mode)
    ids = [hit.passage.id for hit in found.hits]
    scores = [hit.score for hit in found.hits]
    assert found.hits[0].passage.text == SUPPLY[0]
    assert len(ids) == len(set(ids))
    assert scores == sorted(scores, reverse=True)
    fewer = await search.find(
        "contracts", "When shall the Supplier deliver the goods?", mode, limit=2
    )
    assert [hit.passage.id for hit in fewer.hits] == ids[:2]


async def test_a_follow_up_that_points_back_is_searched_with_the_question_before(
    search: Search, encoders: CountingEncoders
) -> None:
    before = [Turn("Which laws govern the Corvid Systems contract?", "Scots law.")]
    found = await search.find("contracts", "When can it be terminated?", history=before)
    assert found.hits[0].passage.document_id == "Lease.pdf"
    assert any("govern" in asked and "terminated" in asked for asked in encoders.asked)


@pytest.mark.parametrize(
    "question", ["When must Acme Foods deliver goods?", "When can Acme Foods Inc. terminate it?"]
)
async def test_a_question_that_names_its_own_document_is_searched_without_the_one_before(
    search: Search, encoders: CountingEncoders, question: str
) -> None:
    before = [Turn("Which laws govern the Corvid Systems contract?", "Scots law.")]
    found = await search.find("contracts", question, history=before)
    assert found.hits[0].passage.document_id == "Supply.pdf"
    assert not any("govern" in asked for asked in encoders.asked)


async def test_no_question_waits_for_the_typical_wording_once_it_was_learnt(
    search: Search, encoders: CountingEncoders
) -> None:
    await search.learn()
    typical = {text for each in concepts() for text in each.wording}
    assert typical <= set(encoders.asked)
    encoders.asked.clear()
    await search.find("contracts", "Is liability capped?")
    await search.learn()
    assert not typical & set(encoders.asked)


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
async def test_any_text_at_all_can_be_asked(search: Search, mode: str) -> None:
    for question in ("", "???", '"; DROP', "rent AND (", "*", "。", "\0", "rent " * 1500):
        found = await search.find("contracts", question, mode)
        assert found.searched.documents == 3


def ids(found: Found) -> set[str]:
    return {hit.passage.document_id for hit in found.hits}


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
@pytest.mark.parametrize(
    ("scope", "searched"),
    [
        (Scope(("Lease.pdf",)), {"Lease.pdf"}),
        (Scope(("Lease.pdf", "Supply.pdf")), {"Lease.pdf", "Supply.pdf"}),
        (Scope(genres=(Genre.CONTRACT,)), {"Lease.pdf", "Supply.pdf", "Secrecy.pdf"}),
        (Scope(genres=(Genre.STATUTE, Genre.JUDGMENT)), set()),
        (Scope(dated_from=date(2020, 5, 1)), {"Lease.pdf", "Supply.pdf"}),
        (Scope(dated_from=date(2020, 5, 2)), {"Lease.pdf"}),
        (Scope(dated_to=date(2022, 1, 30)), {"Supply.pdf"}),
        (Scope(dated_from=date(2022, 1, 31), dated_to=date(2022, 1, 31)), {"Lease.pdf"}),
        (Scope(("Supply.pdf",), dated_from=date(2021, 1, 1)), set()),
        (Scope(("Secret.pdf",)), set()),
        (Scope(("' OR 1=1 --",)), set()),
    ],
)
async def test_a_search_stays_within_its_scope_and_never_leaves_the_matter(
    search: Search, mode: str, scope: Scope, searched: set[str]
) -> None:
    question = "Who gives notice, pays the rent, keeps information secret or governs?"
    found = await search.find("contracts", question, mode, scope=scope)
    assert ids(found) == searched
    sizes = {"Supply.pdf": 3, "Lease.pdf": 3, "Secrecy.pdf": 1}
    assert found.searched == Searched(
        len(searched), sum(sizes[each] for each in searched), len(searched), 3
    )


async def test_a_document_that_is_named_but_out_of_scope_is_not_searched(search: Search) -> None:
    scope = Scope(("Lease.pdf",))
    found = await search.find("contracts", "When may Acme Foods terminate?", scope=scope)
    assert ids(found) == {"Lease.pdf"}


async def test_an_empty_scope_asks_no_model(search: Search, encoders: CountingEncoders) -> None:
    scope = Scope(genres=(Genre.JUDGMENT,))
    found = await search.find("contracts", "Who pays?", scope=scope)
    assert (found.hits, encoders.asked) == ((), [])


@pytest.mark.parametrize(
    ("matter_id", "question", "absent"),
    [
        ("contracts", "Must the licensee of Zebulon pay the rent?", ("Zebulon",)),
        ("contracts", "May Zebulon's heirs sue McQuorra over the rent?", ("Zebulon", "McQuorra")),
        ("contracts", "Under the Supply Agreement with Zebulon Ltd, who pays?", ("Zebulon",)),
        ("statutes", "《反垄断法》第五百七十七条规定了什么？", ("反垄断法",)),
    ],
)
async def test_names_that_nothing_in_the_matter_bears_are_absent(
    search: Search, matter_id: str, question: str, absent: tuple[str, ...]
) -> None:
    found = await search.find(matter_id, question)
    assert found.absent == absent
    assert found.hits, "the nearest passages are shown with the refusal"


async def test_a_name_of_another_matter_is_absent_from_this_one(search: Search) -> None:
    found = await search.find("secret", "What does the deal owe Corvid?")
    assert found.absent == ("Corvid",)


async def test_beside_a_party_that_is_known_a_stranger_is_told(search: Search) -> None:
    found = await search.find("contracts", "May Acme Foods sell its goods to Zebulon?")
    assert (found.absent, found.named) == (("Zebulon",), {"Supply.pdf"})
    assert found.hits[0].passage.document_id == "Supply.pdf"


async def test_a_question_of_a_book_s_length_is_refused_with_a_sentence(search: Search) -> None:
    with pytest.raises(PinciteError, match="8,000 characters"):
        await search.find("contracts", "rent " * 2000)


@pytest.mark.parametrize("question", ["What is the NDA term?", "Is there an SLA for delivery?"])
async def test_an_abbreviation_is_no_name(search: Search, question: str) -> None:
    assert (await search.find("contracts", question)).absent == ()


async def test_an_abbreviation_that_stands_as_a_party_does_is_a_name(search: Search) -> None:
    found = await search.find("contracts", "Which law governs the contract between ZBLN and QRX?")
    assert found.absent == ("ZBLN", "QRX")


async def test_a_document_left_out_of_the_scope_is_not_called_absent(search: Search) -> None:
    found = await search.find(
        "contracts", "Which law governs the Acme Foods contract?", scope=Scope(("Lease.pdf",))
    )
    assert found.is_elsewhere


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
async def test_an_article_alone_is_found_in_every_mode(search: Search, mode: str) -> None:
    found = await search.find("contracts", "第577条", mode, scope=Scope(("Lease.pdf",)))
    assert found.searched.documents


@pytest.mark.parametrize(
    "question",
    ["租金的计算办法里规定了什么？", "本条例第五条规定了什么？", "违约金的计算办法中怎么规定？"],
)
async def test_a_common_phrase_is_no_absent_law(search: Search, question: str) -> None:
    assert (await search.find("contracts", question)).absent == ()


async def test_a_stranger_found_in_the_text_of_one_document_means_that_document(
    store: Store, search: Search
) -> None:
    guaranteed = ["Rotterdam Terminals guarantees the price.", "Notice is given by courier."]
    await put(store, "contracts", "Guarantee.pdf", contract("GUARANTEE", "Fern Bank"), guaranteed)
    found = await search.find("contracts", "How is notice given to Rotterdam?")
    assert found.absent == ()
    assert found.hits[0].passage.text == guaranteed[1]
    found = await search.find("contracts", "How is notice given to Rotterdam by Zebulon?")
    assert found.absent == ("Zebulon",)


@pytest.mark.parametrize("word", ["Thirty", "Scotland"])
async def test_a_capital_alone_makes_no_word_of_the_text_a_name(search: Search, word: str) -> None:
    assert (await search.find("contracts", f"What does {word} mean here?")).absent == ()


async def test_an_exhaustive_search_lists_every_passage_that_matches_and_no_other(
    store: Store, search: Search
) -> None:
    texts = [f"Schedule {n}: the insurance premium of ship {n} is paid yearly." for n in range(90)]
    await put(store, "fleet", "Fleet.pdf", contract("CHARTER", "Heron Lines"), texts)
    other = ["The crew eats at noon.", "The captain sleeps."]
    await put(store, "fleet", "Crew.pdf", contract("ROSTER", "Ibis Crew"), other)
    found = await search.every("fleet", "insurance premium of each ship")
    assert {hit.passage.text for hit in found.hits} == set(texts)
    assert len(found.hits) > 50, "more than an ordinary search finds"
    assert found.searched == Searched(2, 92, 2, 2)
    within = await search.every("fleet", "insurance premium", scope=Scope(("Crew.pdf",)))
    assert ids(within) <= {"Crew.pdf"}


async def test_an_exhaustive_search_of_an_empty_matter_is_empty(search: Search) -> None:
    assert (await search.every("empty", "insurance")).hits == ()


@pytest.mark.parametrize(
    ("question", "scope"),
    [
        ("What does Section 12.1 say?", Scope(("Lease.pdf",))),
        ("What does Section 12.1 of the lease say?", Scope()),
        ("What does § 12.1 of the lease say?", Scope()),
        ("What does clause 12.1 of the contract with Corvid say?", Scope()),
    ],
)
async def test_an_article_is_looked_up_in_the_one_document_that_is_meant(
    search: Search, question: str, scope: Scope
) -> None:
    found = await search.find("contracts", question, scope=scope)
    assert found.hits[0].passage.text == LEASE[0]
    assert found.evidence.certain


async def test_an_article_of_no_document_in_particular_is_certain_of_none(search: Search) -> None:
    found = await search.find("contracts", "What does Section 12.1 say?")
    assert not found.evidence.certain


async def test_the_next_article_is_looked_up_in_the_law_of_the_turn_before(search: Search) -> None:
    history = [Turn("民法典第五百七十六条的内容是什么？", CODE[0])]
    found = await search.find("statutes", "下一条呢？", history=history)
    assert (found.hits[0].passage.text, found.evidence.certain) == (CODE[1], True)


async def test_evidence_is_stronger_for_a_question_that_the_documents_answer(
    search: Search,
) -> None:
    answered = (await search.find("contracts", "When must the Tenant pay the rent?")).evidence
    foreign = (await search.find("contracts", "Which bananas are yellow?")).evidence
    for figure in ("nearness", "gap", "shared", "bm25"):
        assert getattr(answered, figure) > getattr(foreign, figure), figure
