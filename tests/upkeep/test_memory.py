import asyncio
from contextlib import suppress

import psutil
import pytest

from core.upkeep import memory


def resident_mib() -> float:
    return psutil.Process().memory_info().rss / 2**20


@pytest.mark.skipif(memory._trimmer() is None, reason="this allocator gives memory back by itself")
async def test_gaps_between_what_is_still_held_are_given_back() -> None:
    blocks = [bytearray(b"x" * 100_000) for _ in range(2000)]
    held = blocks[::40]  # spread over the heap, so that its end cannot simply be cut off
    del blocks
    before = resident_mib()
    with suppress(TimeoutError):
        await asyncio.wait_for(memory.give_back(0.2), 1.0)
    assert before - resident_mib() > 100
    assert len(held) == 50
