"""Retrieval quality: the development sets as given, and the questions as people word them."""

import asyncio
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.documents.identity import identify
from core.documents.passages import cut
from core.retrieval.indexing import Indexer
from core.retrieval.search import Search
from core.services import Services
from core.types import EVERYTHING, Document, DocumentState, ExtractedText, Scope, Turn
from tests.bench.asked import (
    EVAL,
    Question,
    contract_variants,
    lines,
    questions_of,
    second_turns,
)

KEYS = ("hit@1", "hit@10", "nDCG@10", "recall@8000chars", "wrong_doc@10")


async def quality(
    services: Services, matter_id: str, questions: Sequence[Question], scratch: Path
) -> tuple[dict[str, float], list[float]]:
    """The scores of ``score.py`` over 64 passages a question, and the seconds of each search."""
    ids = {each.name: each.id for each in await services.database.documents(matter_id)}
    gold, run = scratch / "gold.jsonl", scratch / "run.jsonl"
    gold.write_text("\n".join(json.dumps(each) for each in questions), encoding="utf-8")
    seconds, found_lines = [], []
    for each in questions:
        scope = Scope((ids[each["scope"]],)) if "scope" in each else EVERYTHING
        history = (Turn(each["history"], ""),) if "history" in each else ()
        started = time.perf_counter()
        found = await services.search.find(
            matter_id, each["question"], history=history, limit=64, scope=scope
        )
        seconds.append(time.perf_counter() - started)
        results = [
            {"doc": hit.passage.document_name, "start": hit.passage.start, "end": hit.passage.end}
            for hit in found.hits
        ]
        found_lines.append(json.dumps({"id": each["id"], "results": results}))
    run.write_text("\n".join(found_lines), encoding="utf-8")
    scored = await asyncio.to_thread(
        subprocess.check_output, [sys.executable, EVAL / "score.py", gold, run]
    )
    scores = json.loads(scored)
    return {key: scores[key] for key in KEYS}, seconds


def sets(name: str) -> dict[str, list[Question]]:
    """The question sets that are asked of one matter of development documents, by title."""
    if name == "en_contracts":
        second, alone = second_turns("en")
        worded = {f"contracts, {kind}": own for kind, own in contract_variants().items()}
        return {
            "contracts": questions_of(name),
            **worded,
            "contracts, stand-alone": alone,
            "contracts, second turn": second,
        }
    second, alone = second_turns("zh")
    return {
        "statutes, scenario": questions_of(name, "scenario"),
        "statutes, article look-up": questions_of(name, "citation"),
        "statutes, stand-alone": alone,
        "statutes, second turn": second,
    }


async def clauses(services: Services) -> dict[str, float]:
    """Graded nDCG@10 of ``en_clauses``, each clause a document, ranked inside its query's pool.

    Gains are 2^grade - 1 (Järvelin and Kekäläinen, "Cumulated gain-based evaluation", 2002).
    """
    matter_id = "clauses"
    indexer, documents = Indexer(services.store, services.encoders), []
    for each in lines(EVAL / "en_clauses" / "corpus.jsonl"):
        extracted, name = ExtractedText(each["text"]), f"{each['id']}.txt"
        document = Document(
            each["id"], matter_id, name, "txt", DocumentState.READY, datetime.now(UTC), 1,
            identity=identify(extracted, name),
        )  # fmt: skip
        documents.append((document, cut(extracted, each["id"], name)))
    passages = [passage for _, own in documents for passage in own]
    vectors: dict[int, NDArray[np.float32]] = {}
    async for indices, batch in indexer.embed(passages):
        vectors |= zip(indices, batch, strict=True)
    numbers = iter(range(len(passages)))
    group = [
        (document, own, np.stack([vectors[next(numbers)] for _ in own]))
        for document, own in documents
    ]
    await indexer.write(group, frozenset())
    await indexer.settle()
    pools = json.loads((EVAL / "en_clauses" / "pools.json").read_text(encoding="utf-8"))
    search = Search(services.store, services.encoders, 1000)
    gains = []
    for query in lines(EVAL / "en_clauses" / "queries.jsonl"):
        pool, grades = set(pools[query["pool"]]), query["grades"]
        found = await search.find(matter_id, query["query"])
        ranked = list(dict.fromkeys(hit.passage.document_id for hit in found.hits))
        inside = [each for each in ranked if each in pool][:10]
        own = _gain([grades.get(each, 0) for each in inside])
        gains.append(own / _gain(sorted(grades.values(), reverse=True)[:10]))
    return {"nDCG@10": round(statistics.mean(gains), 4), "queries": len(gains)}


def _gain(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades))


def worst_loss(report: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The points of hit@10 lost by the wordings that name a document, and by second turns."""
    named = [
        own["hit@10"]
        for title, own in report.items()
        if title.startswith("contracts, ") and "turn" not in title and "alone" not in title
    ]
    lost = {"wordings": report["contracts"]["hit@10"] - min(named)} if named else {}
    for name in ("contracts", "statutes"):
        if f"{name}, second turn" in report:
            alone = report[f"{name}, stand-alone"]["hit@10"]
            lost[f"{name}, second turn"] = alone - report[f"{name}, second turn"]["hit@10"]
    return {key: round(100 * value, 1) for key, value in lost.items()}
