"""The documents of a matter: added, deleted, tried again, looked at.

A file is copied in and recorded before anything else happens to it; ``Queue`` does the rest.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from core.database import Database
from core.documents.drops import entries, is_folder, name_of, unpack
from core.documents.files import Files, clean_name
from core.documents.index import Index
from core.documents.pace import Pace
from core.documents.queue import Queue
from core.documents.reading import Reader
from core.documents.scratch import SCRATCH
from core.documents.view import PageView, TextView, page_view, recognised_boxes, text_view
from core.errors import DocumentError, NotFound, PasswordNeeded
from core.settings import Settings
from core.types import (
    UNDER_WAY,
    Document,
    DocumentState,
    ExtractedText,
)

T = TypeVar("T")
_DRAWN = ("pdf", "image")
"""Kinds whose pages are shown as they look."""
_GLANCE_S = 0.2
_VIEW_TIMEOUT_S = 30.0
"""Pages are rendered in a process beside the readers', so that reading does not delay looking."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one dropped file: its document, or why there is none.

    ``is_new`` is false for bytes that the matter has already, under whatever name.
    """

    name: str
    document: Document | None = None
    is_new: bool = False
    error: DocumentError | None = None


class Library:
    """Files in, passages out. ``start`` resumes the queue, ``close`` leaves it for later."""

    def __init__(self, settings: Settings, database: Database, index: Index) -> None:
        self._database = database
        self._index = index
        self._files = Files(settings.data_dir / "documents", settings.file_size_mib)
        self._queue = Queue(settings, database, self._files, index)
        self._scratch = settings.data_dir / SCRATCH
        self._viewer = Reader(_VIEW_TIMEOUT_S, scratch=self._scratch)

    async def start(self) -> None:
        """Put in order what a crash left, and work through whatever is queued."""
        await self._queue.start()

    async def close(self) -> None:
        """Stop after the current step; what is unfinished is taken up again on the next start."""
        await self._queue.close()
        await self._viewer.close()

    async def wait(self) -> None:
        """Return when nothing is queued, under way or still to be erased from the disk."""
        if self._queue.is_working:
            return await self._queue.wait()
        waiting = True
        while waiting:  # another process works on them
            await asyncio.sleep(_GLANCE_S)
            waiting = bool(
                await self._database.unfinished_documents()
                or await self._database.deleting_documents()
                or await self._database.deleting_matters()
            )

    async def add(self, matter_id: str, source: Path, name: str, *, password: str = "") -> Document:
        """Copy a file into the matter and queue it; returns at once.

        The same bytes are the same document: what is returned then is that one, under the name
        that it has.  Other bytes under a name that is taken become the document's next version.
        ``password`` opens a protected file and is kept in memory until it has been read.

        Raises ``DocumentError`` when the file is missing or too large, and ``NotFound`` when the
        matter does not exist.
        """
        document, _ = await self._add(matter_id, source, name, password)
        return document

    async def take(
        self, matter_id: str, source: Path, name: str, *, password: str = ""
    ) -> AsyncIterator[Added]:
        """``add``, with a zip archive opened as the folder that it is.

        Yields what became of each file; one that is refused keeps no other out.  Raises
        ``NotFound`` when the matter does not exist.
        """
        try:
            if not await asyncio.to_thread(is_folder, source, name):
                yield Added(name, *await self._add(matter_id, source, name, password))
                return
            listed = await asyncio.to_thread(entries, source)
        except DocumentError as error:
            yield Added(name, error=error)
            return
        await self._database.matter(matter_id)
        for entry in listed:
            inside = name_of(entry)
            unpacked = await asyncio.to_thread(self._files.scratch, matter_id)
            try:
                await asyncio.to_thread(unpack, source, entry, unpacked)
                yield Added(inside, *await self._add(matter_id, unpacked, inside, password))
            except DocumentError as error:
                yield Added(inside, error=error)
            finally:
                await asyncio.to_thread(unpacked.unlink, True)

    async def _add(
        self, matter_id: str, source: Path, name: str, password: str
    ) -> tuple[Document, bool]:
        """The file's document, and whether it has to be read."""
        await self._database.matter(matter_id)
        clean = clean_name(name)
        incoming = await asyncio.to_thread(self._files.copy_in, matter_id, source)
        document_id = uuid4().hex
        try:
            # The file before its record: a record without its file could never be read.
            await asyncio.to_thread(self._files.place, incoming, matter_id, document_id)
            document, is_new = await self._database.put_document(
                matter_id, clean, incoming.sha256, incoming.size_bytes, document_id
            )
        except Exception:
            # Not when it is cancelled: the record may be written all the same.  The mark that the
            # file is arriving stays, and the next start tells by the record.
            await asyncio.to_thread(self._files.remove, matter_id, document_id)
            raise
        if document.id == document_id:
            await asyncio.to_thread(self._files.settle, matter_id, document_id)
        else:
            await asyncio.to_thread(self._files.hand_over, matter_id, document_id, document)
            try:
                await self._database.document(matter_id, document.id)
            except NotFound:  # deleted meanwhile: it must not come back, and these bytes are new
                await asyncio.to_thread(self._files.remove, matter_id, document.id)
                return await self._add(matter_id, source, name, password)
        if is_new:
            self._queue.use_password(document.id, password)
            self._queue.wake()
        return document, is_new

    async def cancel(self, matter_id: str, document_id: str) -> None:
        """End the way of a document that is not ready; it can be tried again.

        Raises ``NotFound``; what is ready or has failed stays as it is.
        """
        await self._database.document(matter_id, document_id)
        cancelled = {
            "state": DocumentState.FAILED,
            "failure": "cancelled",
            "reason": "Taking this file in was cancelled.",
            "remedy": "Try again when it is wanted.",
            "progress": 0.0,
            "passages": 0,
        }
        under_way = (DocumentState.QUEUED, *UNDER_WAY)
        if await self._database.update_document(matter_id, document_id, cancelled, under_way):
            self._queue.drop([document_id])

    async def retry(self, matter_id: str, document_id: str, password: str = "") -> None:
        """Queue a failed document again; raises ``NotFound``."""
        await self._database.document(matter_id, document_id)
        self._queue.use_password(document_id, password)
        if not await self._database.retry_documents(matter_id, [document_id]):
            self._queue.forget_password(document_id)
        self._queue.wake()

    async def retry_failed(self, matter_id: str) -> int:
        """Queue every failed document of the matter again; return how many."""
        number = await self._database.retry_documents(matter_id)
        self._queue.wake()
        return number

    async def delete(self, matter_id: str, document_id: str) -> None:
        """Remove a document with its older versions, or one older version.

        It is gone from every list and search at once.  Its rows, files and quotes follow behind,
        also after a restart, and ``wait`` returns when no word of it is left on the disk.  Raises
        ``NotFound``, and ``NotAllowed`` in a matter on legal hold.
        """
        gone = await self._database.begin_deletion(matter_id, document_id)
        self._index.hide(gone)
        self._queue.drop(gone)

    async def delete_matter(self, matter_id: str) -> None:
        """Remove a matter with its documents and conversations.

        It exists for nobody from then on; all that there is of it follows behind, as with
        ``delete``.  Raises ``NotFound``, and ``NotAllowed`` for a matter on legal hold.
        """
        gone = await self._database.begin_matter_deletion(matter_id)
        self._index.hide(gone)
        self._queue.drop(gone)

    async def versions(self, matter_id: str, document_id: str) -> tuple[Document, ...]:
        """Every version of a document, newest first; raises ``NotFound``."""
        return await self._database.versions(matter_id, document_id)

    async def pace(self, matter_id: str) -> Pace:
        """How fast documents are taken in, and what is left of the matter's."""
        waiting = await self._database.unfinished_documents()
        own = sum(each.matter_id == matter_id for each in waiting)
        erasing = len(await self._database.deleting_documents(matter_id))
        return self._queue.pace(waiting, own, erasing)

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
        around: TextView = text_view(extracted.text, start, end)
        if document.kind not in _DRAWN or page is None:
            return around
        span = next((each for each in extracted.pages if each.number == page), None)
        if span is None:
            raise NotFound(f"The document has no page {page}.", "Open its first page instead.")
        hint = max(0, start - span.start)
        boxes = recognised_boxes(extracted, page, start, end)
        original = self._files.original(document)
        try:
            view: PageView = await self._viewer.run(
                page_view, original, page, extracted.text[start:end], hint, boxes
            )
        except PasswordNeeded:  # it was used once and not kept: the words are shown without a page
            return around
        return view

    async def apart(self, function: Callable[..., T], *args: object) -> T:
        """Call a module-level function that reads a file nobody has looked into.

        It runs in a process of its own, which ends with it and which the file may bring down.
        Raises what the function raises of ``PinciteError``, and ``DocumentError`` where it needs
        more time or memory than the view of a page may.
        """
        reader = Reader(_VIEW_TIMEOUT_S, scratch=self._scratch)
        try:
            return await reader.run(function, *args)
        finally:
            await reader.close()

    async def _extracted(self, matter_id: str, document_id: str) -> ExtractedText:
        await self._database.document(matter_id, document_id)
        extracted = await asyncio.to_thread(self._files.text, matter_id, document_id)
        if extracted is None:
            raise NotFound("This document has not been read yet.", "Wait until it is ready.")
        return extracted
