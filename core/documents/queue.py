"""The work that brings documents into the index: read ahead, embedded together, written in groups.

What is to be done stands in the database, and each step is recorded there before the next, so a
restart takes up whatever a crash left: what was under way is done again from its file, and what
of it had reached the index is removed first.  Readers work ahead of the model, in processes of
their own; passages of several documents fill its batches; one write follows the other while the
next passages are embedded.  A document is ready only after its vectors are in the index.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from core.database import Database
from core.documents.files import Files
from core.documents.index import Index
from core.documents.intake import Intake
from core.documents.job import Job
from core.documents.pace import Pace, Speed
from core.documents.patience import endless, until
from core.documents.reading import Reader, longest_s
from core.documents.scratch import SCRATCH, sweep
from core.documents.worker import take_in_politely
from core.errors import DocumentError, PasswordNeeded, PinciteError
from core.settings import Settings
from core.types import UNDER_WAY, Document, DocumentState

log = logging.getLogger(__name__)

_ROUND = 256
"""Passages embedded in one go: sorted by length, they fill batches of like ones."""
_AHEAD = 4 * _ROUND
"""Passages read and not yet embedded, at which the readers rest."""
_GLANCE_S = 2.0
"""How often the database is looked at for what another process put there."""
_TELL_S = 0.5
"""Between two records of how far a document is."""
_REMAIN_S = 60.0
"""How long deleted words may stay on the disk while documents are taken in."""


class Queue:
    """Works through what is queued, from ``start`` to ``close``."""

    def __init__(self, settings: Settings, database: Database, files: Files, index: Index) -> None:
        self._settings = settings
        self._database = database
        self._files = files
        self._index = index
        number = settings.readers or max(1, min(4, (os.cpu_count() or 2) // 2))
        self._scratch = settings.data_dir / SCRATCH
        timeout_s = settings.reading_timeout_s
        self._readers = [Reader(timeout_s, scratch=self._scratch) for _ in range(number)]
        self._tasks: list[asyncio.Task[None]] = []
        self._jobs: dict[str, Job] = {}
        self._read: deque[Job] = deque()
        self._passwords: dict[str, str] = {}
        self._speed = Speed()
        self._erasing: asyncio.Lock = asyncio.Lock()
        self._claiming = asyncio.Lock()
        self._called = asyncio.Event()  # something may wait to be read
        self._taken = asyncio.Event()  # something was read
        self._room = asyncio.Event()  # something was embedded or dropped
        self._stirred = asyncio.Event()  # something ended or is to be deleted
        self._idle = asyncio.Event()
        self._wrote = False
        self._half: dict[str, str] = {}  # rows that are to go, of documents that are not ready
        self._doubtful: set[str] = set()  # versions that may be marked as older and are not
        self._records: set[asyncio.Task[bool]] = set()
        self._remains_since = 0.0

    async def start(self) -> None:
        """Put in order what a crash left, and begin."""
        await self._recover()
        loops = [self._keep_order, self._embed_on, *(self._reader(each) for each in self._readers)]
        self._tasks = [asyncio.create_task(endless(each), name="ingestion") for each in loops]
        self.wake()

    async def close(self) -> None:
        """Stop after the current step; what is unfinished is taken up again on the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._records, return_exceptions=True)
        self._tasks = []
        for reader in self._readers:
            await reader.close()

    @property
    def is_working(self) -> bool:
        """Whether ``start`` was called: else another process may do the work, or nobody."""
        return bool(self._tasks)

    def wake(self) -> None:
        """Look at what is queued, now."""
        self._idle.clear()
        self._called.set()
        self._stirred.set()

    async def wait(self) -> None:
        """Return when nothing is queued, under way or still to be erased."""
        await self._idle.wait()

    def use_password(self, document_id: str, password: str) -> None:
        """Open a file with a password when it is read; kept in memory until then only."""
        if password:
            self._passwords[document_id] = password

    def forget_password(self, document_id: str) -> None:
        """Nothing will be read with it."""
        self._passwords.pop(document_id, None)

    def drop(self, document_ids: Iterable[str]) -> None:
        """End the work on documents; what they come to is recorded by whoever drops them."""
        for each in document_ids:
            self._passwords.pop(each, None)
            if job := self._jobs.get(each):
                job.is_dropped = True
                if job.reading is not None:
                    job.reading.cancel()
                if job in self._read:
                    self._read.remove(job)
                    self._end(job)
        self.wake()

    def pace(self, waiting: Sequence[Document], of_matter: int, erasing: int) -> Pace:
        """How fast it goes, given every document on its way and how many are one matter's."""
        left: dict[str, int | None] = {}
        for document in waiting:
            job = self._jobs.get(document.id)
            known = job is not None and job.intake is not None
            left[document.id] = len(job.passages) - job.embedded if job and known else None
        return self._speed.pace(waiting, left, of_matter, erasing)

    # Starting

    async def _recover(self) -> None:
        await asyncio.to_thread(self._files.sweep)
        await asyncio.to_thread(sweep, self._scratch)
        standing = await self._database.standing()
        ready = {d.id: d.is_superseded for d in standing if d.state is DocumentState.READY}
        self._index.hide(d.id for d in standing if d.state is DocumentState.DELETING)
        lost = await self._database.requeue(await self._index.recover(ready))
        if lost:
            log.warning("%d documents are not in the index and are read again", lost)
        # First the marks, then the records: what is recorded in between is no stray.
        marks = await asyncio.to_thread(self._files.abandoned)
        known = {(d.matter_id, d.id) for d in await self._database.standing()}
        # They may be all that is left of a lost database: they are not Pincite's to delete.
        if strays := await asyncio.to_thread(self._files.recover, known, marks):
            log.warning("%d folders of files belong to no document: see app.py doctor", strays)
        await self._database.scrub()

    # Reading

    def _reader(self, reader: Reader) -> Callable[[], Awaitable[None]]:
        async def read_next() -> None:
            await self._has_room()
            job = await self._claim()
            if job is None:
                self._called.clear()
                await until(self._called, _GLANCE_S)
            else:
                await self._own_failure([job], self._read_one(job, reader))

        return read_next

    async def _has_room(self) -> None:
        while sum(len(job.passages) - job.embedded for job in self._read) > _AHEAD:
            self._room.clear()
            await self._room.wait()

    async def _claim(self) -> Job | None:
        async with self._claiming:
            document = await self._database.claim_document(self._jobs)
            if document is None:
                return None
            self._idle.clear()
            self._called.set()  # the other readers look as well
            job = self._jobs[document.id] = Job(document)
            return job

    async def _read_one(self, job: Job, reader: Reader) -> None:
        document = job.document
        job.reading = asyncio.create_task(self._take_in(job, reader))
        try:
            job.intake = await job.reading
        except asyncio.CancelledError:
            job.reading.cancel()
            ending = asyncio.current_task()
            if not job.is_dropped or (ending is not None and ending.cancelling()):
                raise
        finally:
            job.reading = None
        taken = job.intake
        if job.is_dropped or taken is None:
            return self._end(job)
        await asyncio.to_thread(self._files.keep_text, document, taken.extracted)
        identity, pages = taken.identity, len(taken.extracted.pages)
        self._speed.read(pages - job.pages[0])
        await self._set(
            job, DocumentState.EMBEDDING, kind=taken.kind, pages=pages or None, pages_done=pages,
            passages=len(taken.passages), characters=len(taken.extracted.text),
            title=identity.title, parties=list(identity.parties), dated=identity.dated,
            genre=identity.genre.value, blank_pages=taken.blank_pages, progress=0.0,
            warnings=list(taken.extracted.warnings),
        )  # fmt: skip
        job.document = replace(
            document, identity=identity, kind=taken.kind, blank_pages=taken.blank_pages
        )
        job.vectors = [None] * len(taken.passages)
        if job.is_dropped:
            return self._end(job)
        self._read.append(job)
        self._taken.set()

    async def _take_in(self, job: Job, reader: Reader) -> Intake:
        """The file read in the reader's process: the one place that calls ``take_in``."""
        document, loop = job.document, asyncio.get_running_loop()

        def told(done: int, pages: int) -> None:  # in the reader's thread
            loop.call_soon_threadsafe(self._turned, job, done, pages)

        return await reader.run(
            take_in_politely,
            self._files.original(document),
            document.name,
            document.id,
            self._settings.passage_characters,
            password=self._passwords.pop(document.id, ""),
            progress=told,
            within_s=longest_s(document.size_bytes),
        )

    def _turned(self, job: Job, done: int, pages: int) -> None:
        """Pages of a document have been read; recorded now and then."""
        self._speed.read(done - job.pages[0])
        job.pages = (done, pages)
        if self._is_time(job) and job.reading is not None:
            share = {"pages": pages, "pages_done": done, "progress": round(done / max(1, pages), 3)}
            self._record(job, share)

    # Embedding

    async def _embed_on(self) -> None:
        """Embed round after round; each round's documents are written during the next."""
        writing: asyncio.Task[None] | None = None
        try:
            while True:
                while not self._read:
                    self._taken.clear()
                    if writing is not None:
                        await writing
                        writing = None
                    await self._taken.wait()
                done = await self._round()
                if writing is not None:
                    await writing
                writing = asyncio.create_task(self._own_failure(done, self._write(done)))
        finally:
            if writing is not None:
                await asyncio.gather(writing, return_exceptions=True)

    async def _round(self) -> list[Job]:
        """Embed the passages that have waited longest; return the documents that are whole now."""
        waiting = (
            (job, number)
            for job in list(self._read)
            for number, vector in enumerate(job.vectors)
            if vector is None
        )
        chosen = list(islice(waiting, _ROUND))
        try:
            await self._embed(chosen)
        except Exception:
            # The model or the index raises what it likes, and nothing says for whose passages:
            # asked for each document alone, the error comes again and is that document's own.
            log.exception("a round of several documents failed; each is embedded alone")
            for job in dict.fromkeys(job for job, _ in chosen):
                own = [(one, n) for one, n in chosen if one is job and job.vectors[n] is None]
                await self._own_failure([job], self._embed(own))
        finally:
            self._room.set()
        done = [job for job in self._read if job.embedded == len(job.passages)]
        for job in done:
            self._read.remove(job)
        return done

    async def _embed(self, chosen: "Sequence[tuple[Job, int]]") -> None:
        """Embed passages, each given by its document and its number there."""
        passages = [job.passages[number] for job, number in chosen]
        async for indices, vectors in self._index.embed(passages):
            self._speed.embedded(len(indices))
            for index, vector in zip(indices, vectors, strict=True):
                job, number = chosen[index]
                job.vectors[number] = vector
                job.embedded += 1
                if self._is_time(job):
                    self._record(job, {"progress": round(job.embedded / len(job.passages), 3)})
            if all(job.is_dropped for job, _ in chosen):
                return

    def _is_time(self, job: Job) -> bool:
        moment = asyncio.get_running_loop().time()
        is_time = moment - job.told_at >= _TELL_S
        job.told_at = moment if is_time else job.told_at
        return is_time

    def _record(self, job: Job, share: Mapping[str, object]) -> None:
        """Record how far a document is, while the work goes on."""
        own = job.document.matter_id, job.document.id
        task = asyncio.create_task(self._database.update_document(*own, share, UNDER_WAY))
        self._records.add(task)
        task.add_done_callback(self._records.discard)

    # Writing

    async def _write(self, jobs: "Sequence[Job]") -> None:
        """Write whole documents in one go, and only then call them ready."""
        there = [job for job in jobs if not job.is_dropped]
        for job in there:
            await self._set(job, DocumentState.INDEXING, progress=1.0)
        if there:
            await self._put_right()  # a document that is written anew must not be taken out after
            ids = [job.document.id for job in there]
            old = await self._database.superseded_by(ids)
            try:
                await self._index.write([(j.document, j.passages, j.matrix) for j in there], old)
                finished = await self._database.finish_documents(ids)
            except Exception:
                self._owe(there, frozenset(), old)
                raise
            self._wrote = True
            # Some were cancelled or deleted while they were written: they replace nothing.
            self._owe(there, finished.ready, old - finished.superseded)
            await self._put_right()
            for job in there:
                self._speed.finished(job.document.size_bytes, len(job.passages))
        for job in jobs:
            self._end(job)

    def _owe(self, jobs: "Sequence[Job]", ready: frozenset[str], doubtful: frozenset[str]) -> None:
        """Leave out of every search what is not ready after all; the rest is to be put right."""
        gone = {job.document.id: job.document.matter_id for job in jobs}
        gone = {each: matter_id for each, matter_id in gone.items() if each not in ready}
        self._index.hide(gone)
        self._half |= gone
        self._doubtful |= doubtful

    async def _put_right(self) -> None:
        """Take out of the index what is not ready, and mark as newest what is.

        What cannot be done now is owed still: ``_keep_order`` tries again.
        """
        for document_id, matter_id in list(self._half.items()):
            await self._index.delete(matter_id, [document_id])
            del self._half[document_id]
        if doubtful := frozenset(self._doubtful):
            current = await self._database.current_among(doubtful)
            if current:
                await self._index.mark_current(current)
            self._doubtful -= doubtful

    # Failing and ending

    async def _own_failure(self, jobs: "Sequence[Job]", work: Awaitable[None]) -> None:
        """Do ``work``; every failure ends as that of the documents it was done for."""
        try:
            await work
        except Exception as error:  # noqa: BLE001  each ends as a sentence in a document's record
            for job in jobs:
                try:
                    await self._fail(job, error)
                except Exception:
                    # The database cannot be written: the document stands as under way, and
                    # ``_keep_order`` queues it again.  The others must end as well.
                    log.exception("a failure could not be recorded")

    async def _fail(self, job: Job, error: Exception) -> None:
        if not isinstance(error, PinciteError):
            log.error("ingestion failed", exc_info=error)
            error = DocumentError(
                f"The file could not be taken in ({type(error).__name__}).",
                "Try again; if it fails again, Pincite's log says more.",
            )
        if job in self._read:
            self._read.remove(job)
        try:
            if not job.is_dropped:
                needs_password = isinstance(error, PasswordNeeded)
                await self._set(
                    job, DocumentState.FAILED, reason=error.reason, remedy=error.remedy,
                    failure="password" if needs_password else "", progress=0.0, passages=0,
                )  # fmt: skip
        finally:
            self._end(job)

    async def _set(self, job: Job, state: DocumentState, **fields: object) -> None:
        """Record a step, unless the document was deleted or cancelled since."""
        document = job.document
        still = await self._database.update_document(
            document.matter_id, document.id, {"state": state, **fields}, UNDER_WAY
        )
        job.is_dropped = job.is_dropped or not still

    def _end(self, job: Job) -> None:
        if self._jobs.get(job.document.id) is job:
            del self._jobs[job.document.id]
        job.has_ended.set()
        self._room.set()
        self._called.set()
        self._stirred.set()

    # Deleting, and order

    async def _keep_order(self) -> None:
        """Delete what is to be deleted; when all is done, tidy up."""
        await until(self._stirred, _GLANCE_S)
        self._stirred.clear()
        await self.erase()
        await self._put_right()
        if self._database.has_remains:
            await self._database.scrub()
        await self._take_up()
        busy = bool(self._jobs or await self._database.unfinished_documents())
        if self._index.has_remains:
            moment = asyncio.get_running_loop().time()
            self._remains_since = self._remains_since or moment
            # Several deletions are erased together, and what is being taken in goes first.
            if (busy and moment - self._remains_since < _REMAIN_S) or self._stirred.is_set():
                return
            await self._index.erase()
            self._remains_since, self._wrote = 0.0, False
        if busy or self._stirred.is_set():
            return
        if self._wrote:
            self._wrote = False
            await self._index.settle()
        if not (self._stirred.is_set() or self._jobs or self._database.has_remains):
            self._idle.set()

    async def erase(self) -> None:
        """Finish the deletions that were begun; resumable.

        First the index, then the files, and the record last.  Raises ``StoreError`` while the
        index is not open.
        """
        async with self._erasing:
            gone: dict[str, list[str]] = {}
            for document in await self._database.deleting_documents():
                await self._ended(document.id)
                gone.setdefault(document.matter_id, []).append(document.id)
            for own, ids in gone.items():
                await self._index.delete(own, ids)
                for each in ids:
                    await asyncio.to_thread(self._files.remove, own, each)
                await self._database.strike_quotes(own, ids)
                await self._database.strike_comparisons(own, ids)
                await self._database.strike_questions(own, ids)
                await self._database.strike_results(own, ids)
                for each in ids:
                    await self._database.delete_document(own, each)
            over = await self._database.deleting_matters()
            for matter in over:
                await self._index.delete_matter(matter.id)
                await asyncio.to_thread(self._files.remove_matter, matter.id)
                await self._database.delete_matter(matter.id)
            if gone:
                await self._database.scrub()

    async def _take_up(self) -> None:
        """Queue again what stands as under way and nobody works on."""
        async with self._claiming:
            for each in await self._database.unfinished_documents():
                if each.state in UNDER_WAY and each.id not in self._jobs:
                    queued = {"state": DocumentState.QUEUED, "progress": 0.0}
                    own = each.matter_id, each.id
                    await self._database.update_document(*own, queued, UNDER_WAY)
                    self._called.set()

    async def _ended(self, document_id: str) -> None:
        """End the work on a document and wait until it has."""
        if job := self._jobs.get(document_id):
            self.drop([document_id])
            await job.has_ended.wait()
