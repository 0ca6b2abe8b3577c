"""LlamaIndex's query engine over Pincite's parts: asynchronous only, and packed by the prompt."""

import pytest
from llama_index.core.schema import MetadataMode, QueryBundle

from core.answering.query_engine import Asked, EngineLLM, PassageNode, Query, build_query
from core.models.profile import ChatModel
from core.retrieval.search import Found
from core.types import Hit, Passage, Scope, Searched, Turn, Variant
from tests.fakes import FakeEncoders, FakeEngine

MODEL = ChatModel("fake", "fake", "cpu", "float32", 4096, 900, 160, ("en",))
TEXTS = ("Rent is due.", "The law of England governs.", "Either party may terminate.")


def hit(n: int, text: str) -> Hit:
    return Hit(Passage(f"d:{n}", "d", "Lease.pdf", n, text, 0, len(text), 1), 1.0 / (n + 1))


class ScriptedSearch:
    """Finds what it was given and remembers how it was asked."""

    def __init__(self) -> None:
        hits = tuple(hit(n, text) for n, text in enumerate(TEXTS))
        self.found = Found(hits, Searched(1, 3, 0, 2), ("Zebulon",))
        self.asked: list[tuple[object, ...]] = []

    async def find(self, *positional: object, **named: object) -> Found:
        self.asked.append((*positional, named))
        return self.found


class Reranking(FakeEncoders):
    """Scores the last passage best."""

    reranks = True

    async def rerank(self, question: str, texts: object) -> tuple[float, ...]:
        return tuple(float(n) for n, _ in enumerate(TEXTS))


def query(
    search: ScriptedSearch | None = None, encoders: FakeEncoders | None = None, **variant: object
) -> Query:
    chosen = Variant("draft", **({"top_k": 8} | variant))  # type: ignore[arg-type]
    asked = Asked("m", "When?", chosen, (Turn("Why?", "So."),), Scope(("d",)))
    return build_query(
        asked,
        search or ScriptedSearch(),  # type: ignore[arg-type]
        encoders or FakeEncoders(),  # type: ignore[arg-type]
        FakeEngine(["It ", "is."]),
        MODEL,
    )


async def test_the_search_gets_the_matter_the_mode_the_history_and_the_scope() -> None:
    search = ScriptedSearch()
    await query(search, mode="dense").retrieve()
    named = {"history": (Turn("Why?", "So."),), "scope": Scope(("d",))}
    assert search.asked == [("m", "When?", "dense", named)]


async def test_what_the_search_found_out_comes_with_the_packed_hits() -> None:
    search = ScriptedSearch()
    found = await query(search, top_k=2).retrieve()
    assert found.hits == search.found.hits[:2]
    assert (found.searched, found.absent) == (search.found.searched, ("Zebulon",))


async def test_passages_are_reranked_where_a_model_can_and_the_variant_wants_it() -> None:
    texts = [each.passage.text for each in (await query(encoders=Reranking()).retrieve()).hits]
    assert texts == list(reversed(TEXTS))
    plain = await query(encoders=Reranking(), rerank=False).retrieve()
    assert [each.passage.text for each in plain.hits] == list(TEXTS)


async def test_markers_count_from_one_in_the_order_of_the_hits() -> None:
    made = query()
    await made.retrieve()
    labels = [each.node.get_content(MetadataMode.LLM) for each in made.nodes]
    assert [label.split('"')[1] for label in labels] == ["1", "2", "3"]
    assert all(text in label for text, label in zip(TEXTS, labels, strict=True))


async def test_only_the_passages_that_fit_are_written_from() -> None:
    made = query()
    await made.retrieve()
    made.model = ChatModel("fake", "fake", "cpu", "float32", 4096, 16, 160, ("en",))
    assert made.fitting() == 2
    assert [word async for word in made.write()] == ["It ", "is."]
    prompt = made.generator.prompts[0][1].content  # type: ignore[attr-defined]
    assert TEXTS[1] in prompt
    assert TEXTS[2] not in prompt


async def test_nothing_synchronous_is_offered() -> None:
    made = query()
    bundle = QueryBundle("When?")
    with pytest.raises(TypeError, match="asynchronous"):
        made.retriever.retrieve(bundle)
    llm = EngineLLM(FakeEngine(), MODEL, made.asked)
    with pytest.raises(TypeError, match="asynchronous"):
        llm.complete("When?")
    with pytest.raises(TypeError, match="asynchronous"):
        llm.stream_complete("When?")


def test_a_passage_shows_its_bare_text_where_no_prompt_is_made() -> None:
    node = PassageNode(id_="d:0", passage=hit(0, "Rent.").passage, marker=4)
    assert node.get_content() == "Rent."
    assert 'number="4"' in node.get_content(MetadataMode.LLM)


async def test_the_whole_ranking_is_kept_beside_what_is_read() -> None:
    asked = query(top_k=1)
    found = await asked.retrieve()
    assert [each.passage.text for each in found.hits] == [TEXTS[0]]
    assert [each.passage.text for each in asked.ranked] == list(TEXTS)


async def test_the_variant_names_the_model_the_prompt_and_the_sampling() -> None:
    asked = query(model="other", prompt="verbatim", temperature=0.7, top_p=0.9)
    await asked.retrieve()
    assert "".join([word async for word in asked.write()]) == "It is."
    engine = asked.generator
    assert isinstance(engine, FakeEngine)
    assert engine.asked == [(0.7, 0.9, "other")]
    assert "Copy out" in engine.prompts[0][0].content
