"""A process that takes a folder into a matter, made to be killed; everything but the model is real.

``python -m tests.documents.ingesting DATA FOLDER``; a word more names a file to delete at the end.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.database import Database
from core.documents.library import Library
from core.retrieval.indexing import Indexer
from core.retrieval.store import Store
from core.settings import load_settings
from tests.fakes import DIMENSIONS, FakeEncoders, embedded

MATTER = "Killed"
BATCH = 16
BATCH_S = 0.02
"""What the model would take for a batch, so that there is a middle to be killed in."""


class SlowEncoders(FakeEncoders):
    """Fills batches as the real ones do, the longest first."""

    async def embed_passages(
        self, texts: Sequence[str]
    ) -> AsyncIterator[tuple[Sequence[int], NDArray[np.float32]]]:
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        for at in range(0, len(order), BATCH):
            await asyncio.to_thread(time.sleep, BATCH_S)
            indices = order[at : at + BATCH]
            yield indices, np.stack([embedded(texts[index]) for index in indices])


async def opened(data: Path) -> tuple[Database, Store, Library]:
    """The real parts over a data folder; the library is not started."""
    settings = load_settings(data_dir=data, sample_matter=False, passage_characters=300)
    database, store = Database(data / "pincite.db"), Store(data / "index")
    await database.start()
    await store.start("fake", DIMENSIONS)
    return database, store, Library(settings, database, Indexer(store, SlowEncoders()))  # type: ignore[arg-type]


async def ingest(data: Path, folder: Path, unwanted: str = "") -> None:
    """Take in every file; what is there already is recognised by its bytes."""
    database, store, library = await opened(data)
    matters = await database.matters()
    matter = matters[0] if matters else await database.create_matter(MATTER)
    await library.start()
    there = {each.name for each in await database.documents(matter.id)}
    if not (unwanted and there):
        for path in sorted(folder.iterdir()):  # noqa: ASYNC240
            await library.add(matter.id, path, path.name)
    await library.wait()
    for document in await database.documents(matter.id):
        if document.name == unwanted:
            await library.delete(matter.id, document.id)
    await library.wait()
    await library.close()
    await store.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(ingest(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))
