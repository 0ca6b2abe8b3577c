"""One question answered by several variants at once, their events interleaved as they come."""

import asyncio
import random
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import Protocol

from core.errors import EngineError
from core.types import (
    EVERYTHING,
    Answer,
    AnswerKind,
    Citation,
    Done,
    Event,
    Scope,
    Turn,
    Variant,
)

ALIKE = 0.8
"""Statements that share this much of their three-letter pieces say the same."""


class Answers(Protocol):
    """What a side of a comparison asks of an answerer."""

    def stream(
        self,
        matter_id: str,
        question: str,
        history: Sequence[Turn],
        variant: Variant,
        scope: Scope,
    ) -> AsyncGenerator[Event, None]:
        """The events of one answer."""


class SharedAnswers(Answers, Protocol):
    """What a comparison asks of the answerer."""

    def sharing(self) -> AbstractAsyncContextManager[Answers]:
        """The answerer, looking up once what several answers look up alike."""


def draw(variants: Sequence[Variant], rng: random.Random | None = None) -> tuple[Variant, ...]:
    """The variants in an order that nobody can foresee; ``rng`` stands for chance in tests."""
    order = list(variants)
    (rng or random.SystemRandom()).shuffle(order)
    return tuple(order)


def searches(variants: Sequence[Variant]) -> tuple[tuple[int, ...], ...]:
    """The positions of the variants by the search that they share, each position once."""
    groups: dict[str, list[int]] = {}
    for position, variant in enumerate(variants):
        every = variant.style is AnswerKind.LISTING
        groups.setdefault("every" if every else variant.mode, []).append(position)
    return tuple(map(tuple, groups.values()))


async def compare(
    answerer: SharedAnswers,
    matter_id: str,
    question: str,
    variants: Sequence[Variant],
    history: Sequence[Turn] = (),
    scope: Scope = EVERYTHING,
) -> AsyncGenerator[tuple[int, Event], None]:
    """Yield ``(side, event)`` until every side is done; sides are numbered from 0.

    ``history`` is what was said before the question, oldest first, and ``scope`` says which
    documents are searched, both the same for every side.  What several sides search alike is
    searched once.  Closing the generator ends every side.  The first side to fail ends them all
    with its error.  Raises ``EngineError`` where one quotes for want of an engine: a vote
    would be put down to a variant that did not answer.
    """
    events: asyncio.Queue[tuple[int, Event | Exception | None]] = asyncio.Queue()
    async with answerer.sharing() as answers:

        async def answer(side: int, variant: Variant) -> None:
            try:
                own = answers.stream(matter_id, question, history, variant, scope)
                async with aclosing(own) as stream:
                    async for event in stream:
                        await events.put((side, event))
                await events.put((side, None))
            except Exception as error:  # noqa: BLE001  carried over to the reader of the queue
                await events.put((side, error))

        tasks = [asyncio.create_task(answer(*numbered)) for numbered in enumerate(variants)]
        open_sides = len(tasks)
        try:
            while open_sides:
                side, event = await events.get()
                if isinstance(event, Exception):
                    raise event
                if isinstance(event, Done) and event.answer.is_stopgap:
                    raise EngineError(
                        "The language model did not write for every side: there is no vote.",
                        "Compare again once it is ready, or choose ways that only quote.",
                    )
                if event is None:
                    open_sides -= 1
                else:
                    yield side, event
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Peculiar:
    """What one answer has that none of the others has.

    ``statements`` are positions in the answer, ``sources`` documents with the span cited.
    """

    statements: frozenset[int]
    sources: frozenset[tuple[str, int, int]]


def peculiarities(answers: Sequence[Answer]) -> tuple[Peculiar, ...]:
    """What sets each answer apart from the others, in their order.

    Statements are compared by the Jaccard index of their three-letter pieces, sources by whether
    the spans overlap.  Blocks: a listing has a thousand of each.
    """
    said = [[_pieces(each.text) for each in answer.statements] for answer in answers]
    same = [frozenset(each) for each in said]
    read = [_sources(answer) for answer in answers]
    return tuple(
        Peculiar(
            frozenset(
                place
                for place, pieces in enumerate(said[own])
                if not any(pieces in same[k] for k in others)
                if not any(_alike(pieces, each) for k in others for each in said[k])
            ),
            frozenset(
                source
                for source in read[own]
                if not any(source in read[k] for k in others)
                if not any(_overlap(source, each) for k in others for each in read[k])
            ),
        )
        for own in range(len(answers))
        for others in [[k for k in range(len(answers)) if k != own]]
    )


def place_of(citation: Citation) -> tuple[str, int, int]:
    """The document and the span that a citation points to."""
    return (citation.document_id, citation.start, citation.end)


def _sources(answer: Answer) -> Collection[tuple[str, int, int]]:
    cited = (each for statement in answer.statements for each in statement.citations)
    return {place_of(each) for each in (*cited, *answer.nearest)}


def _pieces(text: str) -> frozenset[str]:
    letters = "".join(filter(str.isalnum, text.casefold()))
    return frozenset(letters[k : k + 3] for k in range(max(1, len(letters) - 2)))


def _alike(first: frozenset[str], second: frozenset[str]) -> bool:
    shorter, longer = sorted((len(first), len(second)))
    if shorter < ALIKE * longer:  # they could not share enough, whatever is in them
        return False
    return len(first & second) >= ALIKE * len(first | second)


def _overlap(first: tuple[str, int, int], second: tuple[str, int, int]) -> bool:
    return first[0] == second[0] and first[1] < second[2] and second[1] < first[2]
