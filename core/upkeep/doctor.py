"""Whether database, files and search index agree, and how what does not is mended.

Nothing is changed by looking.  Mending queues a document to be read again, takes rows that belong
to nothing out of the index, and moves files that belong to nothing into ``lost+found``: no file is
deleted, because a person may want it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import time

from core.database import Database, damage
from core.errors import PinciteError, StoreError
from core.records.documents import Original
from core.retrieval.rows import Held
from core.retrieval.store import Store
from core.types import Document, DocumentState, ExtractedText, Matter, Passage
from core.upkeep.backup import DATABASE, DOCUMENTS, LOST, digest_of

_TEXT = "text.json"
_UNDER_WAY_S = 3600.0
"""While Pincite runs, a half-made copy younger than this may still be under way."""

_AGAIN = "doctor --repair queues it to be read again"
_RESTORE = "Restore a backup, or delete the document and add its file again."


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not agree, in a sentence, with its remedy; ``repair`` is ``None`` for a person's.

    Two findings are the same when they say the same.
    """

    sentence: str
    remedy: str
    repair: Callable[[], Awaitable[None]] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}"


class Doctor:
    """Looks through one data folder. ``model`` is the embedding model whose index is looked at."""

    def __init__(self, data_dir: Path, database: Database, store: Store, model: str) -> None:
        self._data_dir = data_dir
        self._folder = data_dir / DOCUMENTS
        self._database = database
        self._store = store
        self._model = model

    async def examine(self, *, running: bool = False) -> tuple[Finding, ...]:
        """Everything that does not agree; with ``running``, another process may be at work.

        A database that is damaged is all that is told: nothing else can be compared with it.
        """
        if broken := await asyncio.to_thread(damage, self._data_dir / DATABASE):
            remedy = "Restore a backup: app.py restore DIR --replace."
            return tuple(Finding(f"The database is damaged: {each}.", remedy) for each in broken)
        strays = await self._database.strays()
        listed = await self._database.matters(), await self._database.deleting_matters()
        matters = {each.id: each for some in listed for each in some}
        standing = await self._database.standing()
        own = (each for each in standing if each.matter_id in matters)
        documents = tuple(sorted(own, key=lambda each: (each.name, each.version)))
        findings = [
            Finding(
                f"A row of the table {table} refers to something that is not there.",
                "Restore a backup made before it came about; no answer is affected.",
            )
            for table in strays
        ]
        findings += await self._unknown_files(running)
        texts: dict[str, ExtractedText] = {}
        unread: list[Finding] = []
        for document in documents:
            text, wrong = await asyncio.to_thread(self._files_of, document)
            if text is not None:
                texts[document.id] = text
            if wrong is not None:
                (unread if wrong.repair else findings).append(wrong)
        return (*findings, *await self._index(matters, documents, texts, unread))

    def _files_of(self, document: Document) -> tuple[ExtractedText | None, Finding | None]:
        """The text of a ready document whose files are whole, or what is wrong with them."""
        folder = self._folder / document.matter_id / document.id
        called = _called(document)
        if document.state == DocumentState.DELETING:
            return None, None  # the next start goes on where the last one ended
        original = folder / document.sha256
        if not original.is_file():
            return None, Finding(f"The file of {called} is not there ({original}).", _RESTORE)
        if digest_of(original) != document.sha256:
            told = f"The file of {called} is not what was added ({original})."
            return None, Finding(told, _RESTORE)
        if document.state != DocumentState.READY:
            return None, None
        text = _read_text(folder / _TEXT)
        if text is None:
            told = f"The text of {called} cannot be read ({folder / _TEXT})."
            return None, self._again(document, told)
        return text, None

    async def _index(
        self,
        matters: dict[str, Matter],
        documents: tuple[Document, ...],
        texts: dict[str, ExtractedText],
        unread: list[Finding],
    ) -> list[Finding]:
        """What the index lacks, has twice, has wrongly, or has of nothing.

        ``unread`` are texts to be read again, which is all the same where the whole index is.
        """
        await self._store.close()
        try:
            if await self._store.open(self._model):
                return [*unread, *await self._compared(matters, documents, texts)]
        except StoreError as error:
            return [Finding(error.reason, self._aside_remedy(), self._set_index_aside)]
        except (OSError, RuntimeError, ValueError) as error:
            told = f"The search index cannot be read: {error}."
            return [Finding(told, self._aside_remedy(), self._set_index_aside)]
        lost = sum(document.state == DocumentState.READY for document in documents)
        told = f"There is no search index yet for {lost} documents that are ready."
        remedy = "The next start makes it; doctor --repair queues them now."
        return [Finding(told, remedy, self._queue_everything)] if lost else []

    async def _compared(
        self,
        matters: dict[str, Matter],
        documents: tuple[Document, ...],
        texts: dict[str, ExtractedText],
    ) -> list[Finding]:
        held = await self._store.held()
        findings = []
        for document in documents:
            rows = held.pop((document.matter_id, document.id), Held())
            if document.state == DocumentState.FAILED and rows.all:
                told = f"{_called(document)} has failed and is in the search index all the same."
                findings.append(self._unindexed(document.matter_id, document.id, told))
            if document.id not in texts:
                continue
            named = f"{_called(document)} in “{matters[document.matter_id].name}”"
            passages = await self._store.passages(document.matter_id, document.id)
            if wrong := _difference(document, passages, texts[document.id], rows):
                findings.append(self._again(document, f"{named} {wrong}."))
            elif rows.superseded != (rows.all if document.is_superseded else 0):
                findings.append(self._marked(document, named))
        for (matter_id, document_id), rows in sorted(held.items()):
            what = "document" if matter_id in matters else "matter"
            told = (
                f"The search index has {rows.all} rows of a {what} that is not there "
                f"({matter_id}/{document_id})."
            )
            findings.append(self._unindexed(matter_id, document_id, told))
        return findings

    async def _unknown_files(self, running: bool) -> list[Finding]:
        originals = await self._database.originals(also_deleting=True)
        return await asyncio.to_thread(lambda: list(self._strangers(originals, running)))

    def _strangers(self, originals: tuple[Original, ...], running: bool) -> Iterator[Finding]:
        """The files that no record names, and what was left half-made."""
        known = {f"{each.matter_id}/{each.document_id}/{each.sha256}" for each in originals}
        known |= {f"{each.matter_id}/{each.document_id}/{_TEXT}" for each in originals}
        for path in sorted(self._folder.rglob("*")) if self._folder.is_dir() else ():
            name = path.relative_to(self._folder).as_posix()
            if (path.is_dir() and not path.is_symlink()) or name in known:
                continue
            half_made = path.name.startswith(("incoming-", "arriving-"))
            half_made |= path.suffix == ".partial"
            if half_made and running and time() - path.lstat().st_mtime < _UNDER_WAY_S:
                continue
            what = "was left half-made" if half_made else "belongs to no document"
            yield Finding(
                f"The file {path} {what}.",
                f"doctor --repair moves it into {self._data_dir / LOST}.",
                partial(self._set_aside, path),
            )

    def _again(self, document: Document, told: str) -> Finding:
        async def queue() -> None:
            queued = {"state": DocumentState.QUEUED, "progress": 0.0, "pages_done": 0}
            own = document.matter_id, document.id
            await self._database.update_document(*own, queued, [DocumentState.READY])

        return Finding(told, f"{_AGAIN} when Pincite starts.", queue)

    def _marked(self, document: Document, named: str) -> Finding:
        place = "an older version" if document.is_superseded else "the newest version"
        told = f"{named} is {place} and is searched as if it were not."
        mark = partial(self._store.supersede, [document.id], document.is_superseded)
        return Finding(told, "doctor --repair marks it as what it is.", mark)

    def _unindexed(self, matter_id: str, document_id: str, told: str) -> Finding:
        delete = partial(self._store.delete, matter_id, document_id)
        return Finding(told, "doctor --repair takes them out.", delete)

    async def _queue_everything(self) -> None:
        await self._database.requeue(frozenset())

    def _aside_remedy(self) -> str:
        remedy = f"doctor --repair moves it into {LOST}; the next start makes it again."
        if self._store.has_remains:
            remedy += " It still holds words of deleted documents: delete it there."
        return remedy

    async def _set_index_aside(self) -> None:
        await self._store.close()
        await self._set_aside(self._data_dir / "index")

    async def _set_aside(self, path: Path) -> None:
        """Move a file, or the index, into ``lost+found`` under the path that it had."""
        target = self._data_dir / LOST / path.relative_to(self._data_dir)
        await asyncio.to_thread(_move, path, target)


def _move(path: Path, target: Path) -> None:
    number = 1
    while target.exists():
        number += 1
        target = target.with_name(f"{path.name} ({number})")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    except OSError as error:
        raise PinciteError(f"{path} could not be moved: {error.strerror or error}.") from error


def _read_text(path: Path) -> ExtractedText | None:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(ExtractedText).validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _called(document: Document) -> str:
    version = f" (version {document.version})" if document.version > 1 else ""
    return f"“{document.name}”{version}"


def _difference(
    document: Document, passages: tuple[Passage, ...], extracted: ExtractedText, rows: Held
) -> str:
    """How the passages of the index depart from the record and the text; empty if they agree."""
    if len(passages) != document.passages:
        return f"has {len(passages)} passages in the search index, not {document.passages}"
    if [each.ordinal for each in passages] != list(range(len(passages))):
        return "has passages in the search index twice or not at all"
    if any(each.text != extracted.text[each.start : each.end] for each in passages):
        return "has other words in the search index than in its text"
    if rows.documents != 1 or rows.passages != len(passages):
        return "is not wholly in the search index"
    return ""
