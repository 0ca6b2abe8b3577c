"""The documents of a matter: their files, and the queue that brings them into the index.

A file is copied in and recorded before anything else happens to it, so a restart resumes where a
crash left off.  One task works through the queue; a document is ``ready`` only after its vectors
are in the store.
"""

import asyncio
import dataclasses
import hashlib
import logging
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from core.database import Database
from core.documents.intake import take_in
from core.documents.reading import Reader
from core.documents.view import page_view, text_view
from core.errors import DocumentError, NotFound, PinciteError
from core.settings import Settings
from core.types import (
    Document,
    DocumentState,
    ExtractedText,
    PageView,
    Passage,
    TextView,
)

if TYPE_CHECKING:
    from pydantic import TypeAdapter

log = logging.getLogger(__name__)

_ABANDONED_S = 3600.0
"""Age from which a half-made copy is taken for left behind."""
_PAUSE_S = 5.0
"""Before the queue is tried again when not even a failure could be recorded."""
_VIEW_TIMEOUT_S = 30.0
"""Pages are rendered in a process beside the reader's, so that reading does not delay looking."""


class _OutdatedError(Exception):
    """The document was deleted or replaced while it was being taken in."""


class Index(Protocol):
    """What the library asks of the search index."""

    def add(self, document: Document, passages: Sequence[Passage]) -> AsyncIterator[float]:
        """Embed and write a document's passages; yields the share embedded so far."""

    async def delete(self, matter_id: str, document_id: str) -> None:
        """Remove a document from every search."""

    async def settle(self) -> None:
        """Bring the index up to date after the last of many writes."""


class Library:
    """Files in, passages out. ``start`` resumes the queue, ``close`` leaves it for later."""

    def __init__(self, settings: Settings, database: Database, index: Index) -> None:
        self._settings = settings
        self._database = database
        self._index = index
        self._folder = settings.data_dir / "documents"
        self._reader = Reader(settings.reading_timeout_s)
        self._viewer = Reader(_VIEW_TIMEOUT_S)
        self._waiting: asyncio.Event = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        # Held while a record and its file are changed together, and while the queue is read.
        self._changing = asyncio.Lock()

    async def start(self) -> None:
        """Begin to work through whatever is queued."""
        await asyncio.to_thread(_sweep, self._folder)
        self._waiting.set()
        self._worker = asyncio.create_task(self._work(), name="ingestion")

    async def close(self) -> None:
        """Stop after the current step; what is unfinished is taken up again on the next start."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
            self._worker = None
        await self._reader.close()
        await self._viewer.close()

    async def add(
        self, matter_id: str, source: Path, name: str, *, replace: bool = False
    ) -> Document:
        """Copy a file into the matter and queue it; returns at once.

        The same bytes under the same name are not read twice.  Other bytes under a name that is
        taken become a document beside it, or with ``replace`` its new content.  Raises
        ``DocumentError`` when the file is missing or too large, and ``NotFound`` when the matter
        does not exist.
        """
        await self._database.matter(matter_id)
        clean = _clean_name(name)
        incoming = self._folder / matter_id / f"incoming-{uuid4().hex}"
        try:
            sha256, size = await asyncio.to_thread(
                _copy, source, incoming, self._settings.file_size_mib
            )
            async with self._changing:
                document, is_new = await self._database.put_document(
                    matter_id, clean, sha256, size, replace
                )
                if is_new:
                    await asyncio.to_thread(_move, incoming, self._original(document))
        finally:
            await asyncio.to_thread(incoming.unlink, True)
        if is_new:
            self._idle.clear()
            self._waiting.set()
        return document

    async def wait(self) -> None:
        """Return when nothing is queued any more."""
        await self._idle.wait()

    async def delete(self, matter_id: str, document_id: str) -> None:
        """Remove a document, its passages and its files; raises ``NotFound``."""
        document = await self._database.document(matter_id, document_id)
        await self._index.delete(matter_id, document_id)
        await asyncio.to_thread(shutil.rmtree, self._original(document).parent, True)
        await self._database.delete_document(matter_id, document_id)
        await self._index.delete(matter_id, document_id)  # what was written in the meantime

    async def delete_matter(self, matter_id: str) -> None:
        """Remove every document of a matter."""
        for document in await self._database.documents(matter_id):
            await self.delete(matter_id, document.id)
        await asyncio.to_thread(shutil.rmtree, self._folder / matter_id, True)

    async def retry(self, matter_id: str, document_id: str) -> None:
        """Queue a failed document again; raises ``NotFound``."""
        await self._database.document(matter_id, document_id)
        queued = {"state": DocumentState.QUEUED, "reason": "", "remedy": ""}
        await self._database.update_document(matter_id, document_id, queued)
        self._idle.clear()
        self._waiting.set()

    async def text(self, matter_id: str, document_id: str) -> str:
        """The extracted text that all offsets refer to; raises ``NotFound``."""
        return (await self._extracted(matter_id, document_id)).text

    async def view(
        self, matter_id: str, document_id: str, page: int | None, start: int, end: int
    ) -> PageView | TextView:
        """What a reader sees of ``text[start:end]``: the page with the words marked, or the text.

        Raises ``NotFound`` for a document of another matter or one that has not been read.
        """
        document = await self._database.document(matter_id, document_id)
        extracted = await self._extracted(matter_id, document_id)
        if document.kind != "pdf" or page is None:
            around: TextView = text_view(extracted.text, start, end)
            return around
        span = next((each for each in extracted.pages if each.number == page), None)
        if span is None:
            raise NotFound(f"The document has no page {page}.", "Open its first page instead.")
        hint = max(0, start - span.start)
        view: PageView = await self._viewer.run(
            page_view, self._original(document), page, extracted.text[start:end], hint
        )
        return view

    async def _work(self) -> None:
        while True:
            try:
                await self._work_through()
            except Exception:
                log.exception("the queue stumbled and is taken up again")
                await asyncio.sleep(_PAUSE_S)

    async def _work_through(self) -> None:
        """Take in everything that is queued, or wait for something to be."""
        self._waiting.clear()
        async with self._changing:
            queue = await self._database.unfinished_documents()
        for document in queue:
            await self._ingest(document)
        if queue:
            await self._settle()
        elif not self._waiting.is_set():
            self._idle.set()
            await self._waiting.wait()

    async def _settle(self) -> None:
        try:
            await self._index.settle()
        except Exception:
            log.exception("the index could not be brought up to date")

    async def _ingest(self, document: Document) -> None:
        """Bring one document from its file into the index; every failure ends as its own."""
        try:
            try:
                await self._read_and_index(document)
            except PinciteError as error:
                await self._fail(document, error)
            except Exception as error:
                log.exception("ingestion failed")
                await self._fail(
                    document,
                    DocumentError(
                        f"The file could not be taken in ({type(error).__name__}).",
                        "Try again; if it fails again, Pincite's log says more.",
                    ),
                )
        except _OutdatedError:
            await self._drop_if_deleted(document)

    async def _read_and_index(self, document: Document) -> None:
        await self._set(document, DocumentState.READING)
        # What an earlier content left in the index must not be cited as this document.
        await self._index.delete(document.matter_id, document.id)
        original = self._original(document)
        taken = await self._reader.run(
            take_in, original, document.name, document.id, self._settings.passage_characters
        )
        await asyncio.to_thread(_keep_text, original.parent, taken.extracted)
        identity, extracted = taken.identity, taken.extracted
        await self._set(
            document, DocumentState.EMBEDDING, kind=taken.kind, pages=len(extracted.pages) or None,
            passages=len(taken.passages), characters=len(extracted.text),
            title=identity.title, parties=list(identity.parties), dated=identity.dated,
            genre=identity.genre.value, blank_pages=taken.blank_pages,
            warnings=list(extracted.warnings),
        )  # fmt: skip
        known = dataclasses.replace(document, identity=identity)
        async for share in self._index.add(known, taken.passages):
            state = DocumentState.EMBEDDING if share < 1 else DocumentState.INDEXING
            await self._set(document, state, progress=round(share, 3))
        await self._set(document, DocumentState.READY, progress=1.0)

    async def _drop_if_deleted(self, document: Document) -> None:
        """A document that was deleted while it was read must not come back by the index."""
        try:
            await self._database.document(document.matter_id, document.id)
        except NotFound:
            await self._index.delete(document.matter_id, document.id)
            await asyncio.to_thread(shutil.rmtree, self._original(document).parent, True)

    async def _set(self, document: Document, state: DocumentState, **fields: object) -> None:
        """Record a step; raises ``_OutdatedError`` for a document deleted or replaced since."""
        still = await self._database.update_document(
            document.matter_id, document.id, {"state": state, **fields}, document.added_at
        )
        if not still:
            raise _OutdatedError

    async def _fail(self, document: Document, error: PinciteError) -> None:
        await self._set(
            document, DocumentState.FAILED, reason=error.reason, remedy=error.remedy,
            progress=0.0, passages=0,
        )  # fmt: skip

    def _original(self, document: Document) -> Path:
        """The file as it came; named by its content, so that no record ever means another's."""
        return self._folder / document.matter_id / document.id / document.sha256

    async def _extracted(self, matter_id: str, document_id: str) -> ExtractedText:
        document = await self._database.document(matter_id, document_id)
        path = self._original(document).parent / "text.json"
        if not path.is_file():
            raise NotFound("This document has not been read yet.", "Wait until it is ready.")
        return await asyncio.to_thread(_stored_text, path)


def _texts() -> "TypeAdapter[ExtractedText]":
    from pydantic import TypeAdapter

    return TypeAdapter(ExtractedText)


def _stored_text(path: Path) -> ExtractedText:
    return _texts().validate_json(path.read_bytes())


def _copy(source: Path, target: Path, limit_mib: int) -> tuple[str, int]:
    """Copy a file that may be taken in; return its SHA-256 and size; raises ``DocumentError``."""
    if not source.is_file():
        raise DocumentError(f"{source.name} is not a file.", "Choose a file that exists.")
    if source.stat().st_size > limit_mib * 2**20:
        raise DocumentError(
            f"{source.name} is larger than {limit_mib} MiB.",
            "Split it, or raise PINCITE_FILE_SIZE_MIB.",
        )
    digest = hashlib.sha256()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as coming, target.open("wb") as kept:
            while part := coming.read(1 << 20):
                digest.update(part)
                kept.write(part)
    except OSError as error:
        raise DocumentError(
            f"{source.name} could not be copied in: {error.strerror or error}.",
            "Check that it can be opened and that the disk has room.",
        ) from error
    return digest.hexdigest(), target.stat().st_size


def _move(incoming: Path, target: Path) -> None:
    """Put a file in its place, and what it replaces away."""
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming.replace(target)
    for path in target.parent.iterdir():
        if path != target:
            path.unlink()


def _sweep(folder: Path) -> None:
    """Remove the copies that an interrupted ``add`` left."""
    for path in folder.glob("*/incoming-*"):
        if time.time() - path.stat().st_mtime > _ABANDONED_S:
            path.unlink()


def _keep_text(folder: Path, extracted: ExtractedText) -> None:
    partial = folder / "text.partial"
    partial.write_bytes(_texts().dump_json(extracted))
    partial.replace(folder / "text.json")


def _clean_name(name: str) -> str:
    """A name for showing and citing: no control characters, no way up, forward slashes."""
    parts = name.replace("\\", "/").split("/")
    kept = ["".join(c for c in part if c.isprintable()).strip() for part in parts]
    clean = "/".join(part for part in kept if part not in ("", ".", ".."))
    if not clean:
        raise DocumentError("A file needs a name.", "Rename it and add it again.")
    return clean
