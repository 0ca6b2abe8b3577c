"""The event loop stays free while a question is answered, with the real store and embedder."""

import asyncio
import time
from pathlib import Path

import pytest

from core.evaluation.variants import variant_named
from core.models.profile import choose, detect_machine
from core.services import SAMPLES, Services
from core.settings import load_settings
from core.types import Done
from tests.fakes import FakeEngine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

LONGEST_GAP_S = 0.05
_PAUSE_S = 0.001


class Ticks:
    """Measures the longest time that the loop did not come round to a waiting task."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def __aenter__(self) -> "Ticks":
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(_PAUSE_S)
            self.longest_s = max(self.longest_s, time.perf_counter() - started - _PAUSE_S)


async def test_the_ticks_notice_a_loop_that_is_held() -> None:
    async with Ticks() as ticks:
        await asyncio.sleep(0.01)
        time.sleep(0.2)  # noqa: ASYNC251
        await asyncio.sleep(0.01)
    assert ticks.longest_s > 0.1


async def test_no_gap_exceeds_50_ms_while_a_question_is_answered(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, sample_matter=False)
    engine = FakeEngine(["The courts of England and Wales ", "have exclusive jurisdiction. [1]"])
    services = Services(settings, choose(settings, detect_machine()), engine)
    await services.start()
    try:
        await services.ready()
        matter = await services.database.create_matter("Matter")
        for path in SAMPLES.glob("*.*"):
            if path.suffix != ".json":
                await services.library.add(matter.id, path, path.name)
        await services.library.wait()
        gaps = []
        for question in (
            "Which courts have jurisdiction under the lease?",
            "What is the limit on each party's total liability?",
            "乙方的试用期有多长，可以延长吗？",
        ) * 2:
            async with Ticks() as ticks:
                stream = services.answerer.stream(matter.id, question, (), variant_named("draft"))
                events = [event async for event in stream]
            assert isinstance(events[-1], Done)
            gaps.append(ticks.longest_s)
        print(f"longest gaps in ms: {[round(1000 * gap, 1) for gap in gaps]}")
        # A neighbour on a shared machine can hold any process up; our own code does so each time.
        assert min(gaps[:3]) < LONGEST_GAP_S, gaps
        assert sorted(gaps)[len(gaps) // 2] < LONGEST_GAP_S, gaps
    finally:
        await services.close()
