"""Values as JSON in a column, and what is left of them when a document's words have to go."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar, cast

from core.types import Answer, Citation, Hit, Statement

T = TypeVar("T")

STRUCK = "source_deleted"
"""The reason of a statement whose words went with the document that they came from."""


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def dump(kind: Any, value: object) -> str:
    """A value of ours as JSON."""
    return cast(str, _adapter(kind).dump_json(value).decode())


def load(kind: "type[T]", stored: str) -> T:
    """The value that ``dump`` made the JSON of."""
    return cast(T, _adapter(cast(Hashable, kind)).validate_json(stored))


def cited(answer: Answer) -> frozenset[str]:
    """The ids of the documents whose words stand in an answer."""
    every = (*answer.nearest, *(each for one in answer.statements for each in one.citations))
    return frozenset(each.document_id for each in every)


def without(answer: Answer, gone: frozenset[str]) -> Answer:
    """The answer without words of the documents of these ids.

    Quotes of theirs are emptied, and so is every statement that rests on them or on nothing that
    is cited.  A draft that did not hold names no source, so it always goes; it is never shown.
    What is left says which document it was.
    """
    if not cited(answer) & gone:
        return replace(answer, draft="")

    def emptied(citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        return tuple(
            replace(each, quote="", path=()) if each.document_id in gone else each
            for each in citations
        )

    def struck(statement: Statement) -> Statement:
        sources = {each.document_id for each in statement.citations}
        if sources and not sources & gone:
            return statement
        return replace(statement, text="[…]", reason=STRUCK, citations=emptied(statement.citations))

    return replace(
        answer,
        draft="",
        statements=tuple(map(struck, answer.statements)),
        nearest=emptied(answer.nearest),
    )


def hits_without(hits: Sequence[Hit], gone: frozenset[str]) -> tuple[Hit, ...]:
    """The hits with the words of the documents of these ids emptied; places and scores stay."""
    return tuple(
        replace(hit, passage=replace(hit.passage, text="", path=()))
        if hit.passage.document_id in gone
        else hit
        for hit in hits
    )
