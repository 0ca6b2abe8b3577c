"""Passages and documents as rows of the index's tables, and back."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from core.retrieval.grams import index_text
from core.types import Document, Passage

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_ARTICLE = re.compile(r"第[\d零〇一二三四五六七八九十百千]+条")


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


def parted(
    table: "pa.Table", score: str
) -> "tuple[list[dict[str, Any]], NDArray[np.float32], list[float]]":
    """The rows without their vectors, the vectors ``(n, d)``, and the column of scores."""
    import numpy as np

    column = table.column("vector").combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    vectors: NDArray[np.float32] = flat.reshape(table.num_rows, -1) if table.num_rows else flat
    return table.drop_columns(["vector"]).to_pylist(), vectors, table.column(score).to_pylist()


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
