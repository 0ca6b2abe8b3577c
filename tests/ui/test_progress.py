import asyncio
from collections.abc import AsyncGenerator

import pytest
from desk_services import an_answer

from core.types import Delta, Done, Event, Retrieved, Searched, Stage, Staged
from ui.progress import Progress, paced


def test_progress_folds_the_events_of_a_stream():
    answer = an_answer()
    events: list[Event] = [
        Staged(Stage.READING),
        Retrieved((), Searched(3, 9, 0, 3)),
        Delta("One "),
        Delta("two"),
        Staged(Stage.CHECKING),
    ]
    progress = Progress("Q?")
    for event in events:
        progress = progress.after(event)
    assert (progress.stage, progress.hits, progress.draft) == (Stage.CHECKING, (), "One two")
    assert progress.answer is None
    assert progress.after(Done(answer)).answer is answer


async def counted(ends: list[str], pause_s: float = 0.0) -> AsyncGenerator[int, None]:
    try:
        for number in range(50):
            yield number
            await asyncio.sleep(pause_s)
        ends.append("whole")
    finally:
        ends.append("closed")


async def test_every_event_arrives_once_and_in_order_in_few_batches():
    ends: list[str] = []
    batches = [batch async for batch in paced(counted(ends, 0.002), redraw_s=0.05)]
    assert [number for batch in batches for number in batch] == list(range(50))
    assert len(batches) <= 10
    assert ends == ["whole", "closed"]


async def test_leaving_early_closes_the_stream_at_once():
    ends: list[str] = []
    batches = paced(counted(ends, 60.0), redraw_s=0.0)
    assert await anext(batches) == (0,)
    await batches.aclose()
    assert ends == ["closed"]


async def test_cancelling_the_reader_closes_the_stream():
    ends: list[str] = []

    async def read() -> None:
        async for _ in paced(counted(ends, 60.0), redraw_s=0.0):
            pass

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.sleep(0)
    assert ends == ["closed"]


async def test_a_silent_stream_gives_empty_batches():
    batches = paced(counted([], 60.0), redraw_s=0.0, heartbeat_s=0.01)
    assert [await anext(batches), await anext(batches)] == [(0,), ()]
    await batches.aclose()


async def test_a_failure_arrives_after_the_events_before_it():
    async def failing() -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("broken")

    batches = paced(failing(), redraw_s=0.0)
    assert await anext(batches) == (1,)
    with pytest.raises(ValueError, match="broken"):
        await anext(batches)
