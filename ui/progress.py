"""How an answer comes about, as the page shows it: one value folded over the stream's events."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from core.types import Answer, Delta, Done, Event, Hit, Retrieved, Stage, Staged

T = TypeVar("T")

REDRAW_S = 0.1
HEARTBEAT_S = 1.0


@dataclass(frozen=True)
class Progress:
    """A question that is being answered: the passages, the unverified draft, then the answer."""

    question: str
    stage: Stage = Stage.SEARCHING
    hits: tuple[Hit, ...] | None = None
    draft: str = ""
    answer: Answer | None = None

    def after(self, event: Event) -> "Progress":
        """The progress once ``event`` has happened."""
        match event:
            case Staged(stage):
                return replace(self, stage=stage)
            case Retrieved(hits):
                return replace(self, hits=hits)
            case Delta(text):
                return replace(self, stage=Stage.WRITING, draft=self.draft + text)
            case Done(answer):
                return replace(self, answer=answer)


async def paced(
    events: AsyncGenerator[T, None], redraw_s: float = REDRAW_S, heartbeat_s: float = HEARTBEAT_S
) -> AsyncGenerator[tuple[T, ...], None]:
    """Gather ``events`` into batches, at most one every ``redraw_s`` seconds.

    An empty batch comes after ``heartbeat_s`` seconds of silence: Gradio notices that a page was
    closed only between two values.  However this ends, ``events`` is closed, which aborts the
    engine's work.
    """
    waiting: list[T] = []
    arrived = asyncio.Event()

    async def read() -> None:
        try:
            async with aclosing(events) as stream:
                async for event in stream:
                    waiting.append(event)
                    arrived.set()
        finally:
            arrived.set()

    reading = asyncio.create_task(read())
    try:
        while not reading.done() or waiting:
            with suppress(TimeoutError):
                await asyncio.wait_for(arrived.wait(), heartbeat_s)
            arrived.clear()
            batch, waiting[:] = tuple(waiting), []
            if batch or not reading.done():
                yield batch
            if not reading.done():
                await asyncio.sleep(redraw_s)
        await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
