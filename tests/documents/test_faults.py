"""What goes wrong, or is changed, in the middle of taking a file in is put right again."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray
from test_library import LEASE, Bench, RecordingIndex, bench, running  # noqa: F401

from core.database import Database
from core.documents.files import Files
from core.documents.library import Library
from core.retrieval.indexing import Indexer
from core.retrieval.store import Store
from core.settings import load_settings
from core.types import LOCAL, Answer, AnswerKind, Citation, DocumentState, Statement, Verdict
from tests.fakes import DIMENSIONS, FakeEncoders, embedded

VERSIONS = [LEASE.replace("first", number) for number in ("first", "second", "third")]
CANARY = "CANARY-7781"


async def eventually(ask: Callable[[], Awaitable[object]], wanted: object) -> bool:
    """Whether an answer comes to be the wanted one within 20 seconds."""
    for _ in range(1000):
        if await ask() == wanted:
            return True
        await asyncio.sleep(0.02)
    return False


class Encoders(FakeEncoders):
    async def embed_passages(
        self, texts: Sequence[str]
    ) -> AsyncIterator[tuple[Sequence[int], NDArray[np.float32]]]:
        for number, text in enumerate(texts):
            yield [number], embedded(text)[None, :]


class Real:
    """A library over a real index whose writes can be held back."""

    def __init__(self, made: Bench, store: Store) -> None:
        self.bench, self.store = made, store
        self.written = asyncio.Event()
        self._put_all = store.put_all

    def hold(self) -> None:
        async def held(*args: object) -> None:
            await self._put_all(*args)  # type: ignore[arg-type]
            await self.written.wait()

        self.store.put_all = held  # type: ignore[method-assign, assignment]

    async def days(self) -> list[str]:
        """The day on which rent is due in what a search finds."""
        found = await self.store.lexical(self.bench.matter.id, "Tenant rent", 10)
        texts = {each.passage.text for each in found}
        return [d for d in ("first", "second", "third") if any(f"{d} day" in t for t in texts)]

    async def cancelled_while_written(self, version: str) -> None:
        self.hold()
        arriving = await self.bench.add(version)
        await self.bench.reaches(arriving, DocumentState.INDEXING)
        await self.bench.library.cancel(self.bench.matter.id, arriving.id)
        self.written.set()
        await self.bench.finished(arriving)


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Real]:
    settings = load_settings(data_dir=tmp_path / "data")
    database = Database(settings.data_dir / "pincite.db")
    await database.start()
    store = Store(settings.data_dir / "index")
    await store.start("fake", DIMENSIONS)
    index = Indexer(store, Encoders())  # type: ignore[arg-type]
    library = Library(settings, database, index)
    matter = await database.create_matter("Harbour Lane")
    await library.start()
    yield Real(Bench(settings, database, index, matter, library), store)  # type: ignore[arg-type]
    await library.close()
    await store.close()
    await database.close()


async def test_a_third_version_that_is_cancelled_leaves_the_first_superseded(real: Real) -> None:
    for version in VERSIONS[:2]:
        await real.bench.finished(await real.bench.add(version))
    assert await real.days() == ["second"]
    await real.cancelled_while_written(VERSIONS[2])
    assert await real.days() == ["second"]


async def test_a_fault_while_a_cancelled_version_is_taken_back_is_made_good(real: Real) -> None:
    await real.bench.finished(await real.bench.add(VERSIONS[0]))
    supersede, faults = real.store.supersede, []

    async def failing_once(ids: object, superseded: bool = True) -> None:
        if not superseded and not faults:
            faults.append(OSError(28, "No space left on device"))
            raise faults[0]
        await supersede(ids, superseded)  # type: ignore[arg-type]

    real.store.supersede = failing_once  # type: ignore[method-assign, assignment]
    await real.cancelled_while_written(VERSIONS[1])
    assert await eventually(real.days, ["first"])
    assert faults


async def test_a_version_that_cannot_be_written_leaves_older_ones_as_they_were(
    running: Bench,  # noqa: F811
) -> None:
    one = await running.finished(await running.add(VERSIONS[0]))
    await running.finished(await running.add(VERSIONS[1]))

    async def fail() -> None:
        raise OSError(28, "No space left on device")

    running.index.before_writing = fail
    await running.finished(await running.add(VERSIONS[2]))
    assert running.index.superseded == {one.id}


async def test_a_database_that_fails_for_a_moment_strands_no_document(
    running: Bench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go, faults, update = asyncio.Event(), [], running.database.update_document
    running.index.before_embedding = lambda: go.wait()  # type: ignore[assignment, return-value]
    made = [await running.add(each, f"L{n}.txt") for n, each in enumerate(VERSIONS)]
    for each in made:
        await running.reaches(each, DocumentState.EMBEDDING)

    async def failing(matter_id: str, document_id: str, fields: dict, among: Sequence = ()) -> bool:  # type: ignore[type-arg]
        ending = fields.get("state") in (DocumentState.INDEXING, DocumentState.FAILED)
        if ending and len(faults) < 2:
            faults.append(sa.exc.OperationalError("x", {}, Exception("disk is full")))
            raise faults[-1]
        return await update(matter_id, document_id, fields, among)

    monkeypatch.setattr(running.database, "update_document", failing)
    go.set()
    states = [(await running.finished(each)).state for each in made]
    assert len(faults) == 2
    assert set(states) <= {DocumentState.READY, DocumentState.FAILED}
    await running.library.delete(running.matter.id, made[-1].id)
    async with asyncio.timeout(20):
        await running.library.wait()
    assert not running.folder(made[-1]).exists()


async def test_closing_ends_although_a_document_was_just_dropped(running: Bench) -> None:  # noqa: F811
    long = "\n\n".join(f"{n}. Rent\n\n{LEASE}" for n in range(30_000))
    arriving = await running.add(long, "Long.txt")
    await running.reaches(arriving, DocumentState.READING)
    job = running.library._queue._jobs[arriving.id]

    async def is_read() -> bool:
        return job.reading is not None

    assert await eventually(is_read, True)
    await running.library.delete(running.matter.id, arriving.id)
    async with asyncio.timeout(20):
        await running.library.close()


async def test_a_scrub_that_fails_is_done_again(running: Bench) -> None:  # noqa: F811
    document = await running.finished(await running.add(f"{LEASE}\n{CANARY}"))
    matter_id, database = running.matter.id, running.database
    conversation = await database.create_conversation(matter_id, "Rent", LOCAL)
    asked = await database.add_message(matter_id, conversation.id, "When?", LOCAL)
    cited = Citation(1, document.id, document.name, 1, (), 0, 5, CANARY)
    statement = Statement(CANARY, Verdict.SUPPORTED, (cited,))
    answer = Answer("When?", AnswerKind.QUOTES, Verdict.SUPPORTED, (statement,))
    await database.finish_message(matter_id, asked.id, answer)
    truncate, faults = database._truncate, []

    def failing_once() -> None:
        if not faults:
            faults.append(sa.exc.OperationalError("x", {}, Exception("disk I/O error")))
            raise faults[0]
        truncate()

    database._truncate = failing_once  # type: ignore[method-assign]
    await running.library.delete(matter_id, document.id)
    async with asyncio.timeout(30):
        await running.library.wait()
    assert faults
    kept = b"".join(each.read_bytes() for each in running.settings.data_dir.glob("pincite.db*"))
    assert CANARY.encode() not in kept


async def test_what_another_process_records_during_a_start_keeps_its_file(bench: Bench) -> None:  # noqa: F811
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    content = LEASE.encode()
    digest = hashlib.sha256(content).hexdigest()
    own = bench.settings.data_dir / "documents" / bench.matter.id / "late"

    class Slow(RecordingIndex):
        async def recover(self, ready: dict[str, bool]) -> frozenset[str]:
            await bench.database.put_document(
                bench.matter.id, "Late.txt", digest, len(content), "late"
            )
            own.mkdir(parents=True)
            (own / digest).write_bytes(content)
            (own / f"arriving-{ended.pid}-deadbeef").touch()
            return frozenset()

    bench.library = Library(bench.settings, bench.database, Slow())
    await bench.library.start()
    async with asyncio.timeout(20):
        await bench.library.wait()
    assert (await bench.database.document(bench.matter.id, "late")).state is DocumentState.READY


async def test_the_same_bytes_dropped_while_their_document_is_deleted_are_a_new_document(
    running: Bench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = await running.finished(await running.add(LEASE))
    hand_over, loop, held = Files.hand_over, asyncio.get_running_loop(), []

    async def deleted() -> None:
        await running.library.delete(running.matter.id, first.id)
        await running.library.wait()

    def late(self: Files, *args: object) -> None:
        held.append(asyncio.run_coroutine_threadsafe(deleted(), loop).result(20))
        hand_over(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Files, "hand_over", late)
    again = await running.add(LEASE)
    assert held
    assert again.id != first.id
    assert (await running.finished(again)).state is DocumentState.READY
    assert not running.folder(first).exists()
