"""Passages and documents as rows of the index's tables, and back."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.retrieval.grams import index_text
from core.types import Document, Genre, Identity, Passage

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_ARTICLE = re.compile(r"第[\d零〇一二三四五六七八九十百千]+条")


@dataclass(frozen=True, slots=True)
class Indexed:
    """A document of the index: what it is, its passages and its pages without text."""

    document_id: str
    name: str
    identity: Identity
    passages: int = 0
    blank_pages: int = 0
    is_superseded: bool = False


@dataclass(frozen=True, slots=True)
class Scored:
    """A passage with its vector and its score in one list: cosine, or BM25 where ``is_lexical``."""

    passage: Passage
    score: float
    vector: "NDArray[np.float32]"
    is_lexical: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """How many rows there are of a document: passages, its own, and those marked superseded."""

    passages: int = 0
    documents: int = 0
    superseded: int = 0

    @property
    def all(self) -> int:
        """Every row, marked or not."""
        return self.passages + self.documents


def searched_text(passage: Passage) -> str:
    """What search sees of a passage.

    A clause is found by its path too, which says what it is about; a statute's article says so
    itself, and its chapter's name only blurs it (measured on both development sets).
    """
    if passage.path and _ARTICLE.match(passage.path[-1]):
        return passage.text
    return "\n".join([*passage.path, passage.text])


def passage_rows(
    written: "Iterable[tuple[Document, Sequence[Passage], NDArray[np.float32]]]",
    schema: "pa.Schema",
    superseded: frozenset[str] = frozenset(),
) -> "pa.Table":
    """The passages of documents with their vectors ``(passages, d)``, as one table."""
    import numpy as np
    import pyarrow as pa

    columns: dict[str, list[Any]] = {name: [] for name in schema.names if name != "vector"}
    parts = []
    for document, passages, vectors in written:
        parts.append(np.asarray(vectors, np.float32).reshape(len(passages), -1))
        for passage in passages:
            for name in ("id", "document_id", "document_name", "ordinal", "text", "start", "end"):
                columns[name].append(getattr(passage, name))
            columns["page"].append(passage.page)
            columns["path"].append(list(passage.path))
            columns["matter_id"].append(document.matter_id)
            columns["searched"].append(index_text(searched_text(passage)))
            columns["is_superseded"].append(document.id in superseded)
    flat = np.concatenate([part.ravel() for part in parts])
    vector = pa.FixedSizeListArray.from_arrays(
        pa.array(flat, pa.float32()), type=schema.field("vector").type
    )
    made = {
        name: vector if name == "vector" else pa.array(columns[name], schema.field(name).type)
        for name in schema.names
    }
    return pa.table(made, schema=schema)


def document_row(document: Document, passages: int, is_superseded: bool = False) -> dict[str, Any]:
    """A document's row: what it is, for finding it by."""
    return {
        "id": document.id,
        "matter_id": document.matter_id,
        "name": document.name,
        "title": document.identity.title,
        "parties": list(document.identity.parties),
        "dated": document.identity.dated,
        "genre": document.identity.genre,
        "opening": document.identity.opening,
        "passages": passages,
        "blank_pages": document.blank_pages,
        "is_superseded": is_superseded,
    }


def indexed_of(row: dict[str, Any]) -> Indexed:
    """The document that a row holds."""
    identity = Identity(
        title=row["title"],
        parties=tuple(row["parties"]),
        dated=row["dated"],
        genre=Genre(row["genre"]),
        opening=row["opening"],
    )
    return Indexed(
        row["id"], row["name"], identity, row["passages"], row["blank_pages"], row["is_superseded"]
    )


def scored(found: "pa.Table", *, is_lexical: bool = False) -> tuple[Scored, ...]:
    """The passages that a search found, with their vectors ``(d,)`` and scores, in its order."""
    column = found.column("vector").combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    vectors = flat.reshape(found.num_rows, -1) if found.num_rows else flat
    told = found.column("_score" if is_lexical else "_distance").to_pylist()
    scores = told if is_lexical else [1.0 - distance for distance in told]
    return tuple(
        Scored(passage_of(row), score, vector, is_lexical)
        for row, vector, score in zip(
            found.drop_columns(["vector"]).to_pylist(), vectors, scores, strict=True
        )
    )


def passage_of(row: dict[str, Any]) -> Passage:
    """The passage that a row holds."""
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


def passage_schema(dimensions: int) -> "pa.Schema":
    """The columns of the passages, with vectors ``(dimensions,)``."""
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
            pa.field("vector", pa.list_(pa.float32(), dimensions), nullable=False),
            pa.field("is_superseded", pa.bool_()),
        ]
    )


def document_schema() -> "pa.Schema":
    """The columns of the documents."""
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
            pa.field("is_superseded", pa.bool_()),
        ]
    )
