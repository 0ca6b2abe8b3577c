"""Work that never ends: steps done again and again, and waits that give up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

PAUSE_S = 5.0
"""Before something that failed for no known reason is tried again."""


async def endless(step: Callable[[], Awaitable[None]]) -> None:
    """Do a step over and over until cancelled; one that fails is tried again after a pause."""
    while True:
        try:
            await step()
        except Exception:
            # A full disk or a locked database passes; a loop that has ended stands still until
            # a restart, and everybody's files with it.
            log.exception("ingestion stumbled and is taken up again")
            await asyncio.sleep(PAUSE_S)


async def until(event: asyncio.Event, at_most_s: float) -> None:
    """Wait for an event, and no longer than some seconds."""
    try:
        async with asyncio.timeout(at_most_s):
            await event.wait()
    except TimeoutError:
        return
