import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from core.settings import ROOT
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


POOLS = """
import asyncio, ctypes, sys, threading
from contextlib import suppress
from pathlib import Path
from core.settings import ROOT
from core.upkeep import memory

async def settle():
    with suppress(TimeoutError):
        await asyncio.wait_for(memory.give_back(), 0.05)

asyncio.run(settle())
together = threading.Barrier(64)
threads = [threading.Thread(target=together.wait) for _ in range(64)]
for each in threads: each.start()
for each in threads: each.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
told = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(told))
libc.fclose(ctypes.c_void_p(told))
"""


@pytest.mark.skipif(memory._trimmer() is None, reason="this allocator has no such pools")
def test_many_threads_share_a_few_pools(tmp_path: Path) -> None:
    told = tmp_path / "pools.xml"
    subprocess.run([sys.executable, "-c", POOLS, str(told)], cwd=ROOT, check=True)
    cores = os.cpu_count() or 1
    assert told.read_text().count("<heap ") <= max(cores, 2) < 8 * cores
