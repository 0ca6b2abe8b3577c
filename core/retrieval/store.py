"""The search index: LanceDB's asynchronous API, of which ``indices`` and ``filters`` see more.

Two tables: ``passages``, and ``documents`` with one row of identity (name, title, parties, date)
for each, so that a question can be matched with the document that it is about.  Every read takes
the matter first and filters on it inside the query.  Filters are expressions, never strings.
"""

import asyncio
import logging
import shutil
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import StoreError
from core.retrieval.filters import all_of, any_of, rows_of
from core.retrieval.grams import query_text
from core.retrieval.indices import COMPARED, ensure_indices, index_words, partition_vectors
from core.retrieval.rows import (
    Held,
    Indexed,
    Scored,
    document_row,
    document_schema,
    indexed_of,
    passage_of,
    passage_rows,
    passage_schema,
    scored,
)
from core.types import Document, Passage

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from lancedb import AsyncConnection
    from lancedb.expr import Expr
    from lancedb.table import AsyncTable
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

T = TypeVar("T")

_PASSAGE_COLUMNS = [
    "id", "document_id", "document_name", "ordinal", "text", "start", "end", "page", "path",
]  # fmt: skip
_SCHEMA = 2
"""The tables' version: those of another one are removed and their documents indexed again."""
_PROBES = 16
"""A quarter of the partitions is looked through; recall is measured by ``make bench``."""
_INDEX_CACHE, _METADATA_CACHE = 256 << 20, 64 << 20
"""Bytes of the index kept in memory: LanceDB would keep up to 7 GiB, of versions long replaced too
(30 MiB more with each round of upkeep, measured)."""
_FEWEST, _MOST = 500, 10_000
"""Passages written between two rounds of upkeep.  Those that are not in the index yet are read one
by one for every question (0.3 ms each, measured); each round reads what it merges once more."""
_UPKEEP_SHARE = 0.05
"""Of the time, that upkeep may take while many documents are written."""


class Store:
    """Passages and documents of every matter, in one folder for each embedding model."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables_folder = folder
        self._connection: AsyncConnection | None = None
        self._tables: dict[str, AsyncTable] = {}
        self._written = 0
        self._upkeep = (0.0, 0.0)  # when the last round ended, and the seconds that it took
        # One writer: LanceDB lets writes collide and fails the later one.
        self._writing = asyncio.Lock()
        # While words are erased, questions are asked of the tables as they were before.
        self._settled: dict[str, AsyncTable] = {}
        # Documents on their way out: no search sees them from the moment that it is decided.
        self._hidden: set[str] = set()
        self._half: set[str] = set()  # hidden because writing them failed
        # By matter, with the table's version: read for every question, written seldom.
        self._documents: dict[str, tuple[int, tuple[Indexed, ...]]] = {}

    async def start(self, model: str, dimensions: int) -> None:
        """Open or create the tables for vectors of ``dimensions`` made by ``model``.

        Raises ``StoreError`` when the folder cannot be opened.
        """
        folder = self._folder_of(model)
        with self._opening(folder):
            for version in range(1, _SCHEMA):
                shutil.rmtree(self._folder_of(model, version), ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            await self._open(
                {"passages": passage_schema(dimensions), "documents": document_schema()}
            )
            await self._ensure_columns()
            await ensure_indices(self._tables)

    async def open(self, model: str) -> bool:
        """Open the tables of ``model`` as they are, to be looked at; whether there are any.

        Raises ``StoreError`` when they are there and cannot be opened.
        """
        folder = self._folder_of(model)
        with self._opening(folder):
            if not await asyncio.to_thread(folder.is_dir):
                return False
            await self._open({"passages": None, "documents": None})
        return True

    async def close(self) -> None:
        """Let go of the tables; idempotent."""
        for table in self._tables.values():
            table.close()
        self._tables = {}
        self._documents = {}
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def put(
        self,
        document: Document,
        passages: Sequence[Passage],
        vectors: "NDArray[np.float32]",
    ) -> None:
        """Replace a document's passages; ``vectors`` is ``(len(passages), d)``."""
        await self.put_all([(document, passages, vectors)])

    async def put_all(
        self,
        written: "Sequence[tuple[Document, Sequence[Passage], NDArray[np.float32]]]",
        superseded: frozenset[str] = frozenset(),
    ) -> None:
        """Replace the passages of several documents in one write; some may be older versions.

        The documents' rows are written last: a document without one was not wholly written, and
        is left out of every search until it is written again.
        """
        async with self._writing:
            ids = {document.id for document, _, _ in written}
            self._half |= ids - self._hidden
            self._hidden |= ids
            await self._remove([document.id for document, _, _ in written])
            passages = self._table("passages")
            schema = await passages.schema()
            rows = await asyncio.to_thread(passage_rows, written, schema, superseded)
            await passages.add(rows)
            documents = [document_row(d, len(p), d.id in superseded) for d, p, _ in written]
            await self._table("documents").add(documents)
            self._hidden -= ids & self._half
            self._half -= ids
            self._written += rows.num_rows
            if self._is_due():
                try:
                    await self._optimize()
                except (OSError, RuntimeError, ValueError):  # what was written stands
                    log.exception("the index could not be tidied; a later write tries again")

    async def supersede(self, document_ids: Iterable[str], superseded: bool = True) -> None:
        """Mark documents as older versions, or with ``superseded=False`` as the newest again."""
        ids = list(document_ids)
        async with self._writing:
            changed = {"is_superseded": superseded}
            if ids:
                await self._table("passages").update(changed, where=any_of("document_id", ids))
                await self._table("documents").update(changed, where=any_of("id", ids))

    def hide(self, document_ids: Iterable[str]) -> None:
        """Leave documents out of every search from now on; their rows are still to be deleted."""
        gone = frozenset(document_ids)
        self._hidden |= gone
        self._half -= gone

    async def delete(self, matter_id: str, document_id: str) -> None:
        """Remove a document and its passages from every search."""
        await self.delete_all([document_id], matter_id)

    async def delete_all(self, document_ids: Sequence[str], matter_id: str = "") -> None:
        """Remove documents and their passages; their words leave the disk with ``erase``.

        Without a matter, of every one: for recovery.
        """
        async with self._writing:
            self._table("passages")
            await asyncio.to_thread(self._mark.touch)
            await self._remove(document_ids, matter_id)
            self._hidden.difference_update(document_ids)

    async def delete_matter(self, matter_id: str) -> None:
        """Remove everything of a matter from every search."""
        async with self._writing:
            self._table("passages")
            await asyncio.to_thread(self._mark.touch)
            for table in self._tables.values():
                await table.delete(all_of(matter_id=matter_id))
            self._documents.pop(matter_id, None)

    async def optimize(self) -> None:
        """Merge small files, bring the indices up to date and drop old versions from disk."""
        async with self._writing:
            await self._optimize()

    async def refresh(self) -> None:
        """See from now on what another process has written meanwhile."""
        async with self._writing:
            await self._forget()

    @property
    def has_remains(self) -> bool:
        """Whether words of deleted documents may still be on the disk, also after a crash."""
        return self._mark.exists()

    async def erase(self) -> None:
        """Remove from the disk every word of what was deleted.

        Deleted rows stay in their files, and their words in the full-text index, until both are
        written anew: the files that hold such rows are, and the index is.  A reader of another
        process that has the table of before open finds its files gone, and reads again.
        """
        async with self._writing:
            try:
                for name, table in self._tables.items():
                    await self._clean(table)
                    self._settled[name] = await self._as_it_is(name)
                for name, table in self._tables.items():
                    for fragment in self._with_deletions(name):
                        await table.update(
                            where=rows_of(fragment), updates_sql={"matter_id": "matter_id"}
                        )
                await index_words(self._table("passages"))
                await partition_vectors(self._table("passages"))
            finally:
                self._settled = {}
            for table in self._tables.values():
                await self._clean(table)
            await asyncio.to_thread(self._mark.unlink, True)

    async def indexed(self) -> frozenset[str]:
        """The ids of the wholly written documents of all matters: for recovery, not for search."""
        return frozenset(await self.written())

    async def written(self) -> dict[str, bool]:
        """Every wholly written document's id, and whether it is superseded: for recovery."""
        rows = await self._read(
            "documents", lambda table: table.query().select(["id", "is_superseded"]).to_list()
        )
        return {row["id"]: row["is_superseded"] for row in rows}

    async def present(self) -> frozenset[str]:
        """The ids of all documents of which there is any row: for recovery."""
        found = await self._read(
            "passages", lambda table: table.query().select(["document_id"]).to_arrow()
        )
        return frozenset(found.column("document_id").unique().to_pylist()) | await self.indexed()

    async def documents(self, matter_id: str, old_versions: bool = False) -> tuple[Indexed, ...]:
        """Every document of the matter; superseded ones with ``old_versions`` only."""
        version = await self._table("documents").version()
        known = self._documents.get(matter_id)
        if known is None or known[0] != version:
            rows = await self._read(
                "documents",
                lambda table: table.query().where(all_of(matter_id=matter_id)).to_list(),
            )
            known = self._documents[matter_id] = version, tuple(map(indexed_of, rows))
        return tuple(
            each
            for each in known[1]
            if (old_versions or not each.is_superseded) and each.document_id not in self._hidden
        )

    async def dense(
        self,
        matter_id: str,
        vector: "NDArray[np.float32]",
        limit: int,
        document_ids: Sequence[str] | None = None,
        old_versions: bool = False,
    ) -> tuple[Scored, ...]:
        """The passages nearest to ``vector`` (``(d,)``, unit length), with their cosine.

        In a matter of more than 20,000 passages they are looked for in the nearest partitions only;
        a smaller matter, or a few documents, are compared one by one, so that nothing is missed
        because other matters fill the partitions.
        """
        in_matter = sum(each.passages for each in await self.documents(matter_id, old_versions))
        is_exact = document_ids is not None or in_matter <= COMPARED
        within = self._within(matter_id, document_ids, old_versions)

        def ask(table: "AsyncTable") -> "Awaitable[pa.Table]":
            query = (
                table.query()
                .where(within)
                .nearest_to(vector)
                .distance_type("cosine")
                .nprobes(_PROBES)
                .select([*_PASSAGE_COLUMNS, "vector", "_distance"])
                .limit(limit)
            )
            return (query.bypass_vector_index() if is_exact else query).to_arrow()

        return scored(await self._read("passages", ask))

    async def lexical(
        self,
        matter_id: str,
        text: str,
        limit: int,
        document_ids: Sequence[str] | None = None,
        old_versions: bool = False,
    ) -> tuple[Scored, ...]:
        """The passages that share words with ``text``, with their BM25 score."""
        within = self._within(matter_id, document_ids, old_versions)

        def ask(table: "AsyncTable") -> "Awaitable[pa.Table]":
            query = table.query().where(within)
            found = query.nearest_to_text(query_text(text), columns="searched")
            return found.select([*_PASSAGE_COLUMNS, "vector", "_score"]).limit(limit).to_arrow()

        return scored(await self._read("passages", ask), is_lexical=True)

    async def passages(self, matter_id: str, document_id: str) -> tuple[Passage, ...]:
        """Every passage of a document, in order."""
        own = all_of(matter_id=matter_id, document_id=document_id)
        rows = await self._read(
            "passages", lambda table: table.query().where(own).select(_PASSAGE_COLUMNS).to_list()
        )
        found = [passage_of(row) for row in rows]
        return tuple(sorted(found, key=lambda passage: passage.ordinal))

    async def held(self) -> dict[tuple[str, str], Held]:
        """What there is of each (matter, document), also of half-written ones.

        Over all matters: for upkeep, not for search.
        """
        counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for name, column in (("passages", "document_id"), ("documents", "id")):
            for row in await self._counted(name, column):
                of = counts[row["matter_id"], row[column]]
                of[name] += row["count_all"]
                of["superseded"] += row["count_all"] if row.get("is_superseded") else 0
        return {
            key: Held(of["passages"], of["documents"], of["superseded"])
            for key, of in counts.items()
        }

    async def _counted(self, name: str, column: str) -> list[dict[str, Any]]:
        """How many rows each document has, apart by whether they are marked as superseded.

        A table made before there were versions cannot tell: ``start`` gives it the column.
        """
        there = (await self._table(name).schema()).names
        columns = [each for each in ("matter_id", column, "is_superseded") if each in there]
        found = await self._read(name, lambda table: table.query().select(columns).to_arrow())
        rows: list[dict[str, Any]] = (
            found.group_by(columns).aggregate([([], "count_all")]).to_pylist()
        )
        return rows

    def _folder_of(self, model: str, version: int = _SCHEMA) -> Path:
        """Where a model's tables are; those of the first version had no number."""
        name = model.replace("/", "_")
        return self._folder / (f"{name}-{version}" if version > 1 else name)

    @contextmanager
    def _opening(self, folder: Path) -> Iterator[None]:
        """Whatever goes wrong with the tables in a folder is a ``StoreError`` that names it."""
        self._tables_folder = folder
        try:
            yield
        except (OSError, RuntimeError, ValueError) as error:
            raise StoreError(
                f"The search index in {folder} cannot be opened: {error}.",
                "Move that folder away; the documents will be indexed again on the next start.",
            ) from error

    async def _open(self, schemas: "Mapping[str, pa.Schema | None]") -> None:
        """Open the tables; those that are not there are made where there is a schema."""
        connection = await self._connect()
        there = set((await connection.list_tables()).tables)
        for name, schema in schemas.items():
            self._tables[name] = await (
                connection.open_table(name)
                if schema is None or name in there
                else connection.create_table(name, schema=schema, exist_ok=True)
            )

    async def _connect(self) -> "AsyncConnection":
        """Connect anew, with nothing in memory."""
        import lancedb

        session = lancedb.Session(_INDEX_CACHE, _METADATA_CACHE)
        self._connection = await lancedb.connect_async(self._tables_folder, session=session)
        return self._connection

    async def _forget(self) -> None:
        """Let go of the versions in memory that have been replaced; what reads them reads on."""
        connection = await self._connect()
        self._tables = {name: await connection.open_table(name) for name in self._tables}

    def _table(self, name: str) -> "AsyncTable":
        try:
            return self._tables[name]
        except KeyError:
            raise StoreError("The search index is not open yet.", "Try again shortly.") from None

    async def _read(self, name: str, ask: "Callable[[AsyncTable], Awaitable[T]]") -> T:
        """Ask a table; once more if another process has cleaned away what this one had open."""
        table = self._table(name)
        try:
            return await ask(self._settled.get(name, table))
        except (OSError, RuntimeError, ValueError):
            await table.checkout_latest()
            return await ask(table)

    async def _as_it_is(self, name: str) -> "AsyncTable":
        """The table as it stands now, indices and all, for questions while it is rewritten."""
        if self._connection is None:
            raise StoreError("The search index is not open yet.", "Try again shortly.")
        table = await self._connection.open_table(name)
        await table.checkout(await table.version())
        return table

    async def _remove(self, document_ids: Sequence[str], matter_id: str = "") -> None:
        for name, column in (("documents", "id"), ("passages", "document_id")):
            chosen = any_of(column, document_ids)
            wall = chosen & all_of(matter_id=matter_id) if matter_id else chosen
            await self._table(name).delete(wall)

    def _is_due(self) -> bool:
        if self._written < _FEWEST:
            return False
        ended, took_s = self._upkeep
        rested_s = time.monotonic() - ended
        return self._written >= _MOST or took_s <= rested_s * _UPKEEP_SHARE

    async def _optimize(self) -> None:
        started = time.monotonic()
        try:
            for table in self._tables.values():
                await table.optimize(cleanup_older_than=timedelta(minutes=5))
            await partition_vectors(self._table("passages"))
            await self._forget()
            self._written = 0
        finally:
            self._upkeep = (time.monotonic(), time.monotonic() - started)

    async def _clean(self, table: "AsyncTable") -> None:
        """Merge, and keep no version but the newest and no file that is not of it."""
        with warnings.catch_warnings():
            # It warns of other readers; they read again, and there is no other writer.
            warnings.simplefilter("ignore", UserWarning)
            await table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)

    @property
    def _mark(self) -> Path:
        """Lies beside the tables from the first deletion until its words are off the disk."""
        return self._tables_folder / "erase"

    def _with_deletions(self, name: str) -> list[int]:
        """The numbers of a table's files that hold deleted rows; LanceDB notes them by name."""
        notes = self._tables_folder / f"{name}.lance" / "_deletions"
        return sorted({int(path.name.split("-")[0]) for path in notes.glob("*-*")})

    def _within(
        self, matter_id: str, document_ids: Sequence[str] | None, old_versions: bool
    ) -> "Expr":
        """The wall: the matter, of it the documents chosen, and none that is on its way out."""
        from lancedb.expr import col, lit

        wall = all_of(matter_id=matter_id)
        if not old_versions:
            wall &= col("is_superseded") == lit(False)
        if self._hidden:
            wall &= ~any_of("document_id", self._hidden)
        return wall if document_ids is None else wall & any_of("document_id", document_ids)

    async def _ensure_columns(self) -> None:
        """Tables made before there were versions hold the newest of each document."""
        for table in self._tables.values():
            if "is_superseded" not in (await table.schema()).names:
                await table.add_columns({"is_superseded": "false"})
