"""Memory that was freed, given back to the machine.

glibc keeps what a program frees for its next request.  Batches of passages of ever other lengths
leave gaps that fit nothing that comes later, and the process seems to grow for as long as it takes
in documents (hundreds of MiB in ten minutes, measured); so the gaps are given back from time to
time, and threads share a few pools (arenas) in place of eight for each core: the index's threads
left 275 MiB where they leave 168 now.  Elsewhere (macOS, musl) the allocator does that by itself.
"""

import asyncio
import ctypes
import os
from collections.abc import Callable
from functools import cache

EVERY_S = 5.0
"""Often, so that there is little each time: meanwhile others wait for memory (some milliseconds
for what gathers in five seconds; tenths of a second for a gigabyte, measured).
"""

_M_ARENA_MAX = -8
"""The number of the setting in glibc's malloc.h; pools that are there already stay."""


async def give_back(every_s: float = EVERY_S) -> None:
    """Give freed memory back every ``every_s`` seconds, until cancelled."""
    trim = _trimmer()
    if trim is not None:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, os.cpu_count() or 1)
    while trim is not None:
        await asyncio.sleep(every_s)
        await asyncio.to_thread(trim, 0)


@cache
def _trimmer() -> Callable[[int], int] | None:
    """glibc's ``malloc_trim``, where this is glibc; called through here it leaves Python going."""
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
