"""One question answered by several variants at once, their events interleaved as they come."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

from core.types import Event, Turn, Variant


class Answers(Protocol):
    """What a comparison asks of the answerer."""

    def stream(
        self, matter_id: str, question: str, history: Sequence[Turn], variant: Variant
    ) -> AsyncGenerator[Event, None]:
        """The events of one answer."""


async def compare(
    answerer: Answers, matter_id: str, question: str, variants: Sequence[Variant]
) -> AsyncGenerator[tuple[int, Event], None]:
    """Yield ``(side, event)`` until every side is done; sides are numbered from 0.

    Closing the generator ends every side.  The first side to fail ends them all with its error.
    """
    events: asyncio.Queue[tuple[int, Event | Exception | None]] = asyncio.Queue()

    async def answer(side: int, variant: Variant) -> None:
        try:
            async with aclosing(answerer.stream(matter_id, question, (), variant)) as stream:
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
            if event is None:
                open_sides -= 1
            else:
                yield side, event
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
