"""Latency of a search over many passages, the embedder included.

The passages are real ones (what ``../shared/eval`` gives) under many made-up documents, with their
vectors turned a little, so that an index has something to tell apart.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

from core.retrieval.embedding import Encoders
from core.retrieval.rows import Scored
from core.retrieval.search import Search
from core.retrieval.store import Store
from core.types import Document, DocumentState, Identity

_IN_DOCUMENT = 1000
_TURN = 0.02


async def fill(store: Store, source: Sequence[Scored], number: int) -> None:
    """Write ``number`` passages into the store's matter ``scale``, made from ``source``."""
    import numpy as np

    random = np.random.default_rng(0)
    endless = cycle(source)
    for at in range(0, number, _IN_DOCUMENT):
        own = list(islice(endless, min(_IN_DOCUMENT, number - at)))
        name = f"made-{at}.txt"
        document = Document(
            name, "scale", name, "txt", DocumentState.READY, datetime.now(UTC), 1,
            identity=Identity(title=f"Made {at}", opening=own[0].passage.text),
        )  # fmt: skip
        passages = [
            replace(each.passage, id=f"{at}-{k}", document_id=name, document_name=name, ordinal=k)
            for k, each in enumerate(own)
        ]
        vectors = np.stack([each.vector for each in own])
        vectors = vectors + _TURN * random.standard_normal(vectors.shape).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        await store.put(document, passages, vectors)
    await store.optimize()


async def latency(
    folder: Path, encoders: Encoders, dimensions: int, source: Sequence[Scored], number: int,
    questions: Sequence[str],
) -> dict[str, float]:  # fmt: skip
    """Median and 95th percentile in milliseconds over ``questions``, after one to warm up and
    with the typical wording learnt, as it is before Pincite takes questions.

    ``delete_s`` are the seconds until no search finds a document of 1,000 passages any more,
    ``erase_s`` those until its words are off the disk, which happens behind.
    """
    store = Store(folder)
    await store.start(encoders.model_name, dimensions)
    try:
        await fill(store, source, number)
        search = Search(store, encoders, 50)
        await search.learn()
        await search.find("scale", questions[0])
        taken = []
        for question in questions:
            started = time.perf_counter()
            await search.find("scale", question)
            taken.append(1000 * (time.perf_counter() - started))
        started = time.perf_counter()
        await store.delete("scale", "made-0.txt")
        gone = time.perf_counter()
        await store.erase()
        erased = time.perf_counter()
    finally:
        await store.close()
    return {
        "passages": number,
        "delete_s": round(gone - started, 3),
        "erase_s": round(erased - gone, 1),
        "median_ms": round(statistics.median(taken), 1),
        "p95_ms": round(statistics.quantiles(taken, n=20)[-1], 1),
    }
