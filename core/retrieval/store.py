"""The search index: LanceDB's asynchronous API and nothing else of it anywhere.

Two tables: ``passages``, and ``documents`` with one row of identity (name, title, parties, date)
for each, so that a question can be matched with the document that it is about.  Every read takes
the matter first and filters on it inside the query.  Filters are expressions, never strings.
"""

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import StoreError
from core.retrieval.grams import index_text, query_text
from core.types import Document, Genre, Identity, Passage

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from lancedb import AsyncConnection
    from lancedb.expr import Expr
    from lancedb.table import AsyncTable
    from numpy.typing import NDArray

_PASSAGE_COLUMNS = [
    "id", "document_id", "document_name", "ordinal", "text", "start", "end", "page", "path",
]  # fmt: skip
_SCHEMA = 2
"""The tables' version: those of another one are removed and their documents indexed again."""
_COMPARED = 20_000
_PARTITIONS = 64
_PROBES = 16
"""A quarter of the partitions is looked through; recall is measured by ``make bench``."""
_OPTIMIZE_EVERY = 20
"""Writes between two rounds of upkeep, as LanceDB's documentation advises."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A document of the index: what it is, its passages and its pages without text."""

    document_id: str
    name: str
    identity: Identity
    passages: int = 0
    blank_pages: int = 0


@dataclass(frozen=True, slots=True)
class Scored:
    """A passage with its vector and its score in one list: cosine, or BM25 where ``is_lexical``."""

    passage: Passage
    score: float
    vector: "NDArray[np.float32]"
    is_lexical: bool = False


class Store:
    """Passages and documents of every matter, in one folder for each embedding model."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection: AsyncConnection | None = None
        self._tables: dict[str, AsyncTable] = {}
        self._writes = 0
        # By matter, with the table's version: read for every question, written seldom.
        self._documents: dict[str, tuple[int, tuple[Indexed, ...]]] = {}

    async def start(self, model: str, dimensions: int) -> None:
        """Open or create the tables for vectors of ``dimensions`` made by ``model``.

        Raises ``StoreError`` when the folder cannot be opened.
        """
        import lancedb
        import pyarrow as pa

        name = model.replace("/", "_")
        folder = self._folder / f"{name}-{_SCHEMA}"
        vector = pa.list_(pa.float32(), dimensions)
        try:
            for version in range(1, _SCHEMA):
                old = self._folder / (f"{name}-{version}" if version > 1 else name)
                shutil.rmtree(old, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = await lancedb.connect_async(folder)
            for name, schema in {
                "passages": _passage_schema(vector),
                "documents": _document_schema(),
            }.items():
                self._tables[name] = await self._connection.create_table(
                    name, schema=schema, exist_ok=True
                )
            await self._ensure_indices()
        except (OSError, RuntimeError, ValueError) as error:
            raise StoreError(
                f"The search index in {folder} cannot be opened: {error}.",
                "Move that folder away; the documents will be indexed again on the next start.",
            ) from error

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
        """Replace a document's passages; ``vectors`` is ``(len(passages), d)``.

        The document's row is written last: one without was not wholly written.
        """
        await self.delete(document.matter_id, document.id)
        rows = [
            {
                "id": passage.id,
                "matter_id": document.matter_id,
                "document_id": passage.document_id,
                "document_name": passage.document_name,
                "ordinal": passage.ordinal,
                "text": passage.text,
                "searched": index_text(searched_text(passage)),
                "start": passage.start,
                "end": passage.end,
                "page": passage.page,
                "path": list(passage.path),
                "vector": vector,
            }
            for passage, vector in zip(passages, vectors, strict=True)
        ]
        await self._table("passages").add(rows)
        await self._table("documents").add(
            [
                {
                    "id": document.id,
                    "matter_id": document.matter_id,
                    "name": document.name,
                    "title": document.identity.title,
                    "parties": list(document.identity.parties),
                    "dated": document.identity.dated,
                    "genre": document.identity.genre,
                    "opening": document.identity.opening,
                    "passages": len(passages),
                    "blank_pages": document.blank_pages,
                }
            ]
        )
        self._writes += 1
        if self._writes % _OPTIMIZE_EVERY == 0:
            await self.optimize()

    async def delete(self, matter_id: str, document_id: str) -> None:
        """Remove a document and its passages from every search."""
        await self._table("documents").delete(_all_of(matter_id=matter_id, id=document_id))
        await self._table("passages").delete(_all_of(matter_id=matter_id, document_id=document_id))

    async def delete_matter(self, matter_id: str) -> None:
        """Remove everything of a matter from every search."""
        for table in self._tables.values():
            await table.delete(_all_of(matter_id=matter_id))
        self._documents.pop(matter_id, None)

    async def optimize(self) -> None:
        """Merge small files, bring the indices up to date and drop old versions from disk."""
        for table in self._tables.values():
            await table.optimize(cleanup_older_than=timedelta(minutes=5))
        await self._ensure_partitions()

    async def indexed(self) -> frozenset[str]:
        """The ids of the wholly written documents of all matters: for recovery, not for search."""
        rows = await self._table("documents").query().select(["id"]).to_list()
        return frozenset(row["id"] for row in rows)

    async def documents(self, matter_id: str) -> tuple[Indexed, ...]:
        """Every document of the matter."""
        table = self._table("documents")
        version = await table.version()
        known = self._documents.get(matter_id)
        if known is None or known[0] != version:
            rows = await table.query().where(_all_of(matter_id=matter_id)).to_list()
            known = self._documents[matter_id] = version, tuple(map(_indexed, rows))
        return known[1]

    async def dense(
        self,
        matter_id: str,
        vector: "NDArray[np.float32]",
        limit: int,
        document_ids: Sequence[str] | None = None,
    ) -> tuple[Scored, ...]:
        """The passages nearest to ``vector`` (``(d,)``, unit length), with their cosine.

        In a matter of more than 20,000 passages they are looked for in the nearest partitions only;
        a smaller matter, or a few documents, are compared one by one, so that nothing is missed
        because other matters fill the partitions.
        """
        query = (
            self._table("passages")
            .query()
            .where(_within(matter_id, document_ids))
            .nearest_to(vector)
            .distance_type("cosine")
            .nprobes(_PROBES)
            .select([*_PASSAGE_COLUMNS, "vector", "_distance"])
            .limit(limit)
        )
        in_matter = sum(each.passages for each in await self.documents(matter_id))
        if document_ids is not None or in_matter <= _COMPARED:
            query = query.bypass_vector_index()
        rows, vectors, distances = _parted(await query.to_arrow(), "_distance")
        return tuple(
            Scored(_passage(row), 1.0 - distance, vector)
            for row, vector, distance in zip(rows, vectors, distances, strict=True)
        )

    async def lexical(
        self,
        matter_id: str,
        text: str,
        limit: int,
        document_ids: Sequence[str] | None = None,
    ) -> tuple[Scored, ...]:
        """The passages that share words with ``text``, with their BM25 score."""
        query = (
            self._table("passages")
            .query()
            .where(_within(matter_id, document_ids))
            .nearest_to_text(query_text(text), columns="searched")
            .select([*_PASSAGE_COLUMNS, "vector", "_score"])
            .limit(limit)
        )
        rows, vectors, scores = _parted(await query.to_arrow(), "_score")
        return tuple(
            Scored(_passage(row), score, vector, is_lexical=True)
            for row, vector, score in zip(rows, vectors, scores, strict=True)
        )

    async def passages(self, matter_id: str, document_id: str) -> tuple[Passage, ...]:
        """Every passage of a document, in order."""
        query = (
            self._table("passages")
            .query()
            .where(_all_of(matter_id=matter_id, document_id=document_id))
            .select(_PASSAGE_COLUMNS)
        )
        found = [_passage(row) for row in await query.to_list()]
        return tuple(sorted(found, key=lambda passage: passage.ordinal))

    async def open(self, model: str) -> bool:
        """Open the tables of ``model`` as they are, to be looked at; whether there are any.

        Raises ``StoreError`` when they are there and cannot be opened.
        """
        import lancedb

        folder = self._folder / f"{model.replace('/', '_')}-{_SCHEMA}"
        if not await asyncio.to_thread(folder.is_dir):
            return False
        try:
            self._connection = await lancedb.connect_async(folder)
            for name in ("passages", "documents"):
                self._tables[name] = await self._connection.open_table(name)
        except (OSError, RuntimeError, ValueError) as error:
            raise StoreError(
                f"The search index in {folder} cannot be opened: {error}.",
                "Move that folder away; the documents will be indexed again on the next start.",
            ) from error
        return True

    async def held(self) -> "Counter[tuple[str, str]]":
        """How many rows there are of each (matter, document), those of documents included.

        Over all matters: for upkeep, not for search.
        """
        rows: Counter[tuple[str, str]] = Counter()
        for name, column in (("passages", "document_id"), ("documents", "id")):
            query = self._table(name).query().select(["matter_id", column])
            found = await query.to_arrow()
            pairs = (found.column(each).to_pylist() for each in ("matter_id", column))
            rows.update(zip(*pairs, strict=True))
        return rows

    def _table(self, name: str) -> "AsyncTable":
        try:
            return self._tables[name]
        except KeyError:
            raise StoreError("The search index is not open yet.", "Try again shortly.") from None

    async def _ensure_partitions(self) -> None:
        """Partition the vectors once they are too many to be compared one by one."""
        from lancedb.index import IvfFlat

        table = self._table("passages")
        rows = await table.count_rows()
        present = {column for index in await table.list_indices() for column in index.columns}
        if rows > _COMPARED and "vector" not in present:
            config = IvfFlat(distance_type="cosine", num_partitions=_PARTITIONS)
            await table.create_index("vector", config=config)

    async def _ensure_indices(self) -> None:
        """Full text on English stems and Chinese grams, and trees on the columns filtered by."""
        from lancedb.index import FTS, Bitmap, BTree

        wanted: dict[str, dict[str, Any]] = {
            "passages": {
                "searched": FTS(base_tokenizer="simple", remove_stop_words=False),
                "matter_id": Bitmap(),
                "document_id": BTree(),
            },
            "documents": {"matter_id": Bitmap()},
        }
        for name, columns in wanted.items():
            table = self._table(name)
            present = {column for index in await table.list_indices() for column in index.columns}
            for column, config in columns.items():
                if column not in present:
                    await table.create_index(column, config=config)


_ARTICLE = re.compile(r"第[\d零〇一二三四五六七八九十百千]+条")


def searched_text(passage: Passage) -> str:
    """What search sees of a passage.

    A clause is found by its path too, which says what it is about; a statute's article says so
    itself, and its chapter's name only blurs it (measured on both development sets).
    """
    if passage.path and _ARTICLE.match(passage.path[-1]):
        return passage.text
    return "\n".join([*passage.path, passage.text])


def _all_of(**values: str) -> "Expr":
    """An expression that holds where every named column equals its value."""
    from functools import reduce
    from operator import and_

    from lancedb.expr import col, lit

    return reduce(and_, (col(name) == lit(value) for name, value in values.items()))


def _within(matter_id: str, document_ids: Sequence[str] | None) -> "Expr":
    from lancedb.expr import col, lit

    wall = _all_of(matter_id=matter_id)
    if document_ids is None:
        return wall
    return wall & col("document_id").isin([lit(each) for each in document_ids])


def _parted(
    table: "pa.Table", score: str
) -> "tuple[list[dict[str, Any]], NDArray[np.float32], list[float]]":
    """The rows without their vectors, the vectors ``(n, d)``, and the column of scores."""
    import numpy as np

    column = table.column("vector").combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    vectors: NDArray[np.float32] = flat.reshape(table.num_rows, -1) if table.num_rows else flat
    return table.drop_columns(["vector"]).to_pylist(), vectors, table.column(score).to_pylist()


def _indexed(row: dict[str, Any]) -> Indexed:
    identity = Identity(
        title=row["title"],
        parties=tuple(row["parties"]),
        dated=row["dated"],
        genre=Genre(row["genre"]),
        opening=row["opening"],
    )
    return Indexed(row["id"], row["name"], identity, row["passages"], row["blank_pages"])


def _passage(row: dict[str, Any]) -> Passage:
    return Passage(
        id=row["id"],
        document_id=row["document_id"],
        document_name=row["document_name"],
        ordinal=row["ordinal"],
        text=row["text"],
        start=row["start"],
        end=row["end"],
        page=row["page"],
        path=tuple(row["path"] or ()),
    )


def _passage_schema(vector: "pa.DataType") -> "pa.Schema":
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("matter_id", pa.string(), nullable=False),
            pa.field("document_id", pa.string(), nullable=False),
            pa.field("document_name", pa.string(), nullable=False),
            pa.field("ordinal", pa.int32(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            pa.field("searched", pa.string(), nullable=False),
            pa.field("start", pa.int32(), nullable=False),
            pa.field("end", pa.int32(), nullable=False),
            pa.field("page", pa.int32()),
            pa.field("path", pa.list_(pa.string())),
            pa.field("vector", vector, nullable=False),
        ]
    )


def _document_schema() -> "pa.Schema":
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("matter_id", pa.string(), nullable=False),
            pa.field("name", pa.string(), nullable=False),
            pa.field("title", pa.string(), nullable=False),
            pa.field("parties", pa.list_(pa.string()), nullable=False),
            pa.field("dated", pa.date32()),
            pa.field("genre", pa.string(), nullable=False),
            pa.field("opening", pa.string(), nullable=False),
            pa.field("passages", pa.int32(), nullable=False),
            pa.field("blank_pages", pa.int32(), nullable=False),
        ]
    )
