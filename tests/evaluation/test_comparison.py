"""Several answers at once never change sides."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import permutations
from time import process_time

import pytest

from core.errors import EngineError
from core.evaluation.comparison import compare, draw, peculiarities, searches
from core.evaluation.variants import VARIANTS, differences
from core.retrieval.search import Found, Search
from core.retrieval.sharing import SharedSearch
from core.types import (
    Answer,
    AnswerKind,
    Citation,
    Delta,
    Done,
    Event,
    Scope,
    Searched,
    Statement,
    Turn,
    Variant,
    Verdict,
)


class Answers:
    """Each variant says its own name, letter by letter; one may fail."""

    def __init__(self, failing: str = "") -> None:
        self.failing = failing
        self.open = 0
        self.scopes: list[Scope] = []

    @asynccontextmanager
    async def sharing(self) -> AsyncIterator["Answers"]:
        yield self

    async def stream(
        self,
        matter_id: str,
        question: str,
        history: Sequence[Turn],
        variant: Variant,
        scope: Scope,
    ) -> AsyncGenerator[Event, None]:
        self.open += 1
        self.scopes.append(scope)
        try:
            for letter in variant.name:
                await asyncio.sleep(0)
                yield Delta(letter)
            if variant.name == self.failing:
                raise EngineError("The engine stopped.")
        finally:
            self.open -= 1


@pytest.mark.parametrize("variants", list(permutations(VARIANTS, 2)))
async def test_each_side_gets_its_own_events(variants: tuple[Variant, ...]) -> None:
    said = dict.fromkeys(range(len(variants)), "")
    order = []
    async for side, event in compare(Answers(), "m", "q", variants):
        assert isinstance(event, Delta)
        said[side] += event.text
        order.append(side)
    assert said == {side: variant.name for side, variant in enumerate(variants)}
    assert order[:2] in ([0, 1], [1, 0])  # they run together, not one after the other


async def test_every_side_searches_in_the_scope_of_the_comparison() -> None:
    answers, scope = Answers(), Scope(("lease",))
    async for _ in compare(answers, "m", "q", VARIANTS[:3], (), scope):
        pass
    assert answers.scopes == [scope] * 3


async def test_leaving_ends_every_side() -> None:
    answers = Answers()
    stream = compare(answers, "m", "q", VARIANTS[:2])
    await anext(stream)
    await stream.aclose()
    assert answers.open == 0


async def test_a_side_that_fails_ends_the_comparison_with_its_error() -> None:
    answers = Answers(failing="draft")
    with pytest.raises(EngineError, match="stopped"):
        async for _ in compare(answers, "m", "q", VARIANTS[:2]):
            pass
    assert answers.open == 0


@pytest.mark.parametrize("notice", ["engine_failed", "engine_not_ready"])
async def test_quotes_for_want_of_an_engine_are_not_voted_on(notice: str) -> None:
    class Quoting(Answers):
        async def stream(
            self, matter_id: str, question: str, *_: object
        ) -> AsyncGenerator[Event, None]:
            yield Done(Answer(question, AnswerKind.QUOTES, Verdict.SUPPORTED, (), notice))

    with pytest.raises(EngineError, match="did not write for every side"):
        async for _ in compare(Quoting(), "m", "q", VARIANTS[:2]):
            pass


def test_the_order_drawn_is_fair() -> None:
    """Each of the 24 orders of four sides as often: chi-square with 23 degrees, p = 0.001."""
    four, rng, draws = VARIANTS[:4], random.Random(5), 4800  # noqa: S311
    found = Counter(draw(four, rng) for _ in range(draws))
    assert set(found) == set(permutations(four))
    expected = draws / 24
    assert sum((n - expected) ** 2 / expected for n in found.values()) < 49.7
    assert {draw(four[:2]) for _ in range(64)} == set(permutations(four[:2]))  # by true chance


def test_variants_that_search_alike_share_a_search() -> None:
    draft, quotes, listing, dense, _ = VARIANTS
    assert searches((draft, listing, quotes)) == ((0, 2), (1,))
    assert searches((dense, draft, replace(dense, name="more", top_k=20))) == ((0, 2), (1,))


class CountingSearch(Search):
    """Finds nothing, and counts how often it was asked to; may be held up."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.ended = 0
        self.gate = asyncio.Event()

    async def find(self, matter_id: str, question: str, mode: str = "hybrid", *_: object) -> Found:  # type: ignore[override]
        self.found.append(mode)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.ended += 1
            raise
        return Found((), Searched())


async def test_what_is_searched_alike_is_searched_once() -> None:
    whole = CountingSearch()
    shared = SharedSearch(whole)
    asked = [shared.find("m", "q", mode) for mode in ("hybrid", "hybrid", "dense", "hybrid")]
    whole.gate.set()
    found = await asyncio.gather(*asked, shared.find("m", "another"))
    assert sorted(whole.found) == ["dense", "hybrid", "hybrid"]
    assert found[0] is found[1] is found[3]


async def test_a_side_that_leaves_does_not_take_the_search_from_the_others() -> None:
    whole = CountingSearch()
    shared = SharedSearch(whole)
    first, second = (asyncio.create_task(shared.find("m", "q")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    whole.gate.set()
    assert (await second).hits == ()
    waiting = CountingSearch()
    left = SharedSearch(waiting)
    asked = asyncio.create_task(left.find("m", "q"))
    await asyncio.sleep(0.01)
    await left.close()
    assert waiting.ended == 1
    with pytest.raises(asyncio.CancelledError):
        await asked


def saying(*said: tuple[str, int]) -> Answer:
    statements = tuple(
        Statement(words, Verdict.SUPPORTED, (Citation(1, "d", "D", 1, (), at, at + 10, words),))
        for words, at in said
    )
    return Answer("q", AnswerKind.DRAFT, Verdict.SUPPORTED, statements)


def test_what_one_answer_alone_says_and_cites_is_its_own() -> None:
    rent = "The rent is due on the first day of each month."
    first = saying((rent, 0), ("Interest of four per cent accrues on arrears.", 100))
    second = saying((rent.replace("The rent", "Rent"), 5))
    a, b = peculiarities((first, second))
    assert a.statements == {1}
    assert a.sources == {("d", 100, 110)}
    assert b.statements == b.sources == frozenset()


def test_two_listings_of_a_thousand_passages_are_held_against_each_other_at_once() -> None:
    rng = random.Random(3)  # noqa: S311
    words = ["".join(rng.choices("abcdefghij", k=6)) for _ in range(400)]
    listed = [(" ".join(rng.choices(words, k=140)), 1000 * at) for at in range(1000)]
    first = saying(*listed, ("Interest of four per cent accrues on arrears.", 2_000_000))
    begun = process_time()
    own, other = peculiarities((first, saying(*reversed(listed))))
    assert process_time() - begun < 10, "pair by pair it takes minutes"
    assert (own.statements, other.statements) == ({1000}, frozenset())


def test_the_difference_of_two_variants_leaves_their_names_out() -> None:
    draft, _, _, dense, lexical = VARIANTS
    assert differences(dense, lexical) == {"mode": ("dense", "lexical")}
    assert differences(draft, replace(draft, name="again")) == {}
