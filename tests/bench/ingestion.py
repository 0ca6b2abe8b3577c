"""How fast files are taken in, beside the raw embedder, and whether questions wait for it."""

import asyncio
import re
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.retrieval.rows import searched_text
from core.services import Services

_ARTICLE = re.compile(r"第[一二三四五六七八九十百千零〇]+条").match
_PAUSE_S = 0.3
"""Between two questions: a person reads."""


async def take_in(services: Services, name: str, paths: Sequence[Path]) -> tuple[str, float]:
    """Take files into a matter of their own; return its id and the passages a second."""
    matter = await services.database.create_matter(name)
    started = time.perf_counter()
    for path in paths:
        await services.library.add(matter.id, path, path.name)
    await services.library.wait()
    seconds = time.perf_counter() - started
    documents = await services.database.documents(matter.id)
    return matter.id, sum(each.passages for each in documents) / seconds


async def book(services: Services, path: Path) -> dict[str, Any]:
    """A long PDF of articles: its pages a second, whole and against what the embedder allows."""
    matter_id, rate = await take_in(services, path.stem, [path])
    (document,) = await services.database.documents(matter_id)
    passages = await services.store.passages(matter_id, document.id)
    raw = await raw_rate(services, matter_id)
    pages = document.pages or 0
    return {
        "pages": pages,
        "passages": document.passages,
        "articles": len({label for each in passages for label in each.path if _ARTICLE(label)}),
        "pages_per_s": round(pages * rate / document.passages, 2),
        "bound_of_the_embedder_pages_per_s": round(pages * raw / document.passages, 2),
        "share_of_raw": round(rate / raw, 2),
    }


async def raw_rate(services: Services, matter_id: str) -> float:
    """Passages a second of the embedder alone, on the same texts."""
    texts: list[str] = []
    for document in await services.database.documents(matter_id):
        passages = await services.store.passages(matter_id, document.id)
        texts += [searched_text(each) for each in passages]
    started = time.perf_counter()
    for at in range(0, len(texts), 256):
        async for _ in services.encoders.embed_passages(texts[at : at + 256]):
            pass
    return len(texts) / (time.perf_counter() - started)


async def median_ms(services: Services, matter_id: str, questions: Sequence[str]) -> float:
    """Median milliseconds from a question to its passages."""
    taken = []
    for question in questions:
        started = time.perf_counter()
        await services.search.find(matter_id, question)
        taken.append(1000 * (time.perf_counter() - started))
        await asyncio.sleep(_PAUSE_S)
    return round(statistics.median(taken), 1)


async def measure(
    services: Services,
    contracts: Sequence[Path],
    statutes: Sequence[Path],
    code: Path,
    asked: Sequence[str],
) -> dict[str, Any]:
    """Both sets' share of the raw rate, and a long PDF's; then questions, idle and meanwhile."""
    report: dict[str, Any] = {}
    matter_id = ""
    for name, paths in (("statutes", statutes), ("contracts", contracts)):
        matter_id, rate = await take_in(services, name, paths)
        raw = await raw_rate(services, matter_id)
        report[name] = {
            "files": len(paths),
            "passages_per_s": round(rate, 2),
            "raw_passages_per_s": round(raw, 2),
            "share_of_raw": round(rate / raw, 2),
        }
    report["civil_code"] = await book(services, code)
    await services.search.find(matter_id, asked[0])
    report["idle_ms"] = await median_ms(services, matter_id, asked)
    again = asyncio.create_task(take_in(services, "again", [*statutes, *contracts]))
    await asyncio.sleep(3)
    report["ingesting_ms"] = await median_ms(services, matter_id, asked)
    report["was_still_ingesting"] = not again.done()
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)
    return report
