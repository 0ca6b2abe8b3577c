"""The indices of the search tables: words, the columns filtered by, and partitions of vectors."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lancedb.index import FTS
    from lancedb.table import AsyncTable

COMPARED = 20_000
"""Passages, at most, whose vectors are compared with the question's one by one."""
_PARTITIONS = 64


async def ensure_indices(tables: "Mapping[str, AsyncTable]") -> None:
    """Make what is missing: full text on English stems and Chinese grams, trees on the rest."""
    from lancedb.index import Bitmap, BTree

    wanted: dict[str, dict[str, Any]] = {
        "passages": {"searched": _words(), "matter_id": Bitmap(), "document_id": BTree()},
        "documents": {"matter_id": Bitmap()},
    }
    for name, columns in wanted.items():
        present = await _indexed(tables[name])
        for column, config in columns.items():
            if column not in present:
                await tables[name].create_index(column, config=config)


async def index_words(passages: "AsyncTable") -> None:
    """Make the full-text index anew, without the words of rows that are gone."""
    await passages.create_index("searched", config=_words(), replace=True)


async def partition_vectors(passages: "AsyncTable") -> None:
    """Partition the vectors once they are too many to be compared one by one."""
    from lancedb.index import IvfFlat

    if await passages.count_rows() > COMPARED and "vector" not in await _indexed(passages):
        config = IvfFlat(distance_type="cosine", num_partitions=_PARTITIONS)
        await passages.create_index("vector", config=config)


async def _indexed(table: "AsyncTable") -> set[str]:
    return {column for index in await table.list_indices() for column in index.columns}


def _words() -> "FTS":
    from lancedb.index import FTS

    return FTS(base_tokenizer="simple", remove_stop_words=False)
