"""The search index: LanceDB's asynchronous API and nothing else of it anywhere.

Two tables: ``passages``, and ``documents`` with one row of identity (name, title, opening words)
for each, so that a question can be matched with the document that it is about.  Every read takes
the matter first and filters on it inside the query.  Filters are expressions, never strings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import StoreError
from core.types import Passage

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
_OPTIMIZE_EVERY = 20
"""Writes between two rounds of upkeep, as LanceDB's documentation advises."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a document is: its name, and its title and opening words."""

    document_id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A passage with its score in one list: cosine (dense) or BM25 (lexical); higher is better."""

    passage: Passage
    score: float


class Store:
    """Passages and documents of every matter, in one folder for each embedding model."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection: AsyncConnection | None = None
        self._tables: dict[str, AsyncTable] = {}
        self._writes = 0

    async def start(self, model: str, dimensions: int) -> None:
        """Open or create the tables for vectors of ``dimensions`` made by ``model``.

        Raises ``StoreError`` when the folder cannot be opened.
        """
        import lancedb
        import pyarrow as pa

        folder = self._folder / model.replace("/", "_")
        vector = pa.list_(pa.float32(), dimensions)
        try:
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
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def put(
        self,
        matter_id: str,
        identity: Identity,
        passages: Sequence[Passage],
        vectors: "NDArray[np.float32]",
    ) -> None:
        """Replace a document's passages; ``vectors`` is ``(len(passages), d)``.

        The identity is written last: a document without one was not wholly written.
        """
        await self.delete(matter_id, identity.document_id)
        rows = [
            {
                "id": passage.id,
                "matter_id": matter_id,
                "document_id": passage.document_id,
                "document_name": passage.document_name,
                "ordinal": passage.ordinal,
                "text": passage.text,
                "searched": _searched(passage, identity),
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
                    "id": identity.document_id,
                    "matter_id": matter_id,
                    "name": identity.name,
                    "text": identity.text,
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

    async def optimize(self) -> None:
        """Merge small files, bring the indices up to date and drop old versions from disk."""
        for table in self._tables.values():
            await table.optimize(cleanup_older_than=timedelta(minutes=5))

    async def indexed(self) -> frozenset[str]:
        """The ids of the wholly written documents of all matters: for recovery, not for search."""
        rows = await self._table("documents").query().select(["id"]).to_list()
        return frozenset(row["id"] for row in rows)

    async def identities(self, matter_id: str) -> tuple[Identity, ...]:
        """The identity of every document of the matter."""
        query = self._table("documents").query().where(_all_of(matter_id=matter_id))
        return tuple(Identity(row["id"], row["name"], row["text"]) for row in await query.to_list())

    async def dense(
        self,
        matter_id: str,
        vector: "NDArray[np.float32]",
        limit: int,
        document_ids: Sequence[str] | None = None,
    ) -> tuple[Scored, ...]:
        """The passages nearest to ``vector`` (``(d,)``, unit length), with their cosine."""
        query = (
            self._table("passages")
            .query()
            .where(_within(matter_id, document_ids))
            .nearest_to(vector)
            .distance_type("cosine")
            .select([*_PASSAGE_COLUMNS, "_distance"])
            .limit(limit)
        )
        return tuple(Scored(_passage(row), 1.0 - row["_distance"]) for row in await query.to_list())

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
            .nearest_to_text(text, columns="searched")
            .select([*_PASSAGE_COLUMNS, "_score"])
            .limit(limit)
        )
        return tuple(Scored(_passage(row), row["_score"]) for row in await query.to_list())

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

    def _table(self, name: str) -> "AsyncTable":
        try:
            return self._tables[name]
        except KeyError:
            raise StoreError("The search index is not open yet.", "Try again shortly.") from None

    async def _ensure_indices(self) -> None:
        """Full text on words of both languages (ICU), and trees on the columns filtered by."""
        from lancedb.index import FTS, Bitmap, BTree

        wanted: dict[str, dict[str, Any]] = {
            "passages": {
                "searched": FTS(base_tokenizer="icu", remove_stop_words=False),
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


def _searched(passage: Passage, identity: Identity) -> str:
    """What lexical search sees of a passage: its document's name and path go with its words."""
    return "\n".join([identity.name, *passage.path, passage.text])


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
            pa.field("text", pa.string(), nullable=False),
        ]
    )
