"""Several answers at once never change sides."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from itertools import permutations

import pytest

from core.errors import EngineError
from core.evaluation.comparison import compare
from core.evaluation.variants import VARIANTS
from core.types import Delta, Event, Turn, Variant


class Answers:
    """Each variant says its own name, letter by letter; one may fail."""

    def __init__(self, failing: str = "") -> None:
        self.failing = failing
        self.open = 0

    async def stream(
        self, matter_id: str, question: str, history: Sequence[Turn], variant: Variant
    ) -> AsyncGenerator[Event, None]:
        self.open += 1
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
