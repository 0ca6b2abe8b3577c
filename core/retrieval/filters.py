"""Expressions by which the search tables are filtered: values in them are never read as code."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lancedb.expr import Expr

_FRAGMENT = 32
"""A row's address holds the number of its file in the bits from here on (LanceDB's layout)."""


def all_of(**values: str) -> "Expr":
    """An expression that holds where every named column equals its value."""
    from functools import reduce
    from operator import and_

    from lancedb.expr import col, lit

    return reduce(and_, (col(name) == lit(value) for name, value in values.items()))


def any_of(column: str, values: Iterable[str]) -> "Expr":
    """An expression that holds where the column is one of the values."""
    from lancedb.expr import col, lit

    return col(column).isin([lit(value) for value in values])


def rows_of(fragment: int) -> "Expr":
    """An expression that holds for the rows of one of a table's files."""
    from lancedb.expr import col, lit

    first, end = fragment << _FRAGMENT, (fragment + 1) << _FRAGMENT
    return (col("_rowid") >= lit(first)) & (col("_rowid") < lit(end))
