"""Search over a real index: the matter's wall, the document that is meant, articles, modes."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.retrieval.search import Search
from core.retrieval.store import Identity, Store
from core.types import Passage, Turn
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

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return await super().embed_queries(texts)


async def put(store: Store, matter_id: str, name: str, opening: str, texts: Sequence[str]) -> None:
    passages = [
        Passage(
            f"{matter_id}/{name}:{n}", name, name, n, text, 0, len(text), 1, (text.split(" ")[0],)
        )
        for n, text in enumerate(texts)
    ]
    vectors = np.stack([embedded(text) for text in texts])
    await store.put(matter_id, Identity(name, name, opening), passages, vectors)


@pytest.fixture
async def encoders() -> CountingEncoders:
    return CountingEncoders()


@pytest.fixture
async def search(tmp_path: Path, encoders: CountingEncoders) -> AsyncIterator[Search]:
    store = Store(tmp_path)
    await store.start("fake", DIMENSIONS)
    opening = "SUPPLY AGREEMENT between Acme Foods Inc. and Borealis Shipping GmbH"
    await put(store, "contracts", "Supply.pdf", opening, SUPPLY)
    opening = "LEASE between Quay Estates Limited and Corvid Systems LLC"
    await put(store, "contracts", "Lease.pdf", opening, LEASE)
    opening = "NON-DISCLOSURE between Dune Retail and Elder Mills"
    await put(store, "contracts", "Secrecy.pdf", opening, NDA)
    await put(store, "statutes", "民法典.md", "中华人民共和国民法典", CODE)
    await put(store, "statutes", "劳动法.md", "中华人民共和国劳动法", LABOUR)
    secret = ["The rent of the secret deal is one million."]
    await put(store, "secret", "Secret.pdf", "SECRET DEAL with Acme Foods Inc.", secret)
    yield Search(store, encoders, 50)  # type: ignore[arg-type]
    await store.close()


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
async def test_a_question_in_one_matter_never_sees_another(search: Search, mode: str) -> None:
    question = "What is the rent of the secret deal with Acme Foods Inc.?"
    found = await search.find("contracts", question, mode)
    assert found.hits
    assert found.searched_documents == 3
    assert {hit.passage.document_id for hit in found.hits} <= {
        "Supply.pdf",
        "Lease.pdf",
        "Secrecy.pdf",
    }


async def test_an_empty_matter_has_no_hits_and_asks_no_model(
    search: Search, encoders: CountingEncoders
) -> None:
    found = await search.find("empty", "When is the rent due?")
    assert (found.hits, found.searched_documents) == ((), 0)
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
    found = await search.find("contracts", "May the Tenant terminate on notice?", mode)
    ids = [hit.passage.id for hit in found.hits]
    scores = [hit.score for hit in found.hits]
    assert found.hits[0].passage.text == LEASE[2]
    assert len(ids) == len(set(ids))
    assert scores == sorted(scores, reverse=True)
    fewer = await search.find("contracts", "May the Tenant terminate on notice?", mode, limit=2)
    assert [hit.passage.id for hit in fewer.hits] == ids[:2]


async def test_a_follow_up_that_points_back_is_searched_with_the_question_before(
    search: Search, encoders: CountingEncoders
) -> None:
    before = [Turn("Which laws govern the Corvid Systems contract?", "Scots law.")]
    found = await search.find("contracts", "When can it be terminated?", history=before)
    assert found.hits[0].passage.document_id == "Lease.pdf"
    assert any("govern" in asked and "terminated" in asked for asked in encoders.asked)


@pytest.mark.parametrize(
    "question", ["When must the goods be delivered?", "When can Acme Foods Inc. terminate it?"]
)
async def test_a_question_that_stands_alone_is_searched_without_the_one_before(
    search: Search, encoders: CountingEncoders, question: str
) -> None:
    before = [Turn("Which laws govern the Corvid Systems contract?", "Scots law.")]
    found = await search.find("contracts", question, history=before)
    assert found.hits[0].passage.document_id == "Supply.pdf"
    assert not any("govern" in asked for asked in encoders.asked)


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
async def test_any_text_at_all_can_be_asked(search: Search, mode: str) -> None:
    for question in ("", "???", '"; DROP', "rent AND (", "*", "。", "\0", "rent " * 2000):
        found = await search.find("contracts", question, mode)
        assert found.searched_documents == 3
