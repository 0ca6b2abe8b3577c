"""Values as JSON in a column, and what is left of them when a document's words have to go."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar, cast

from core.types import Answer, Citation, Hit, Statement, Verdict

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


def sources(answer: Answer) -> frozenset[str]:
    """The ids of the documents whose words may stand in an answer, cited or not."""
    every = (*answer.nearest, *(each for one in answer.statements for each in one.citations))
    return frozenset(answer.sources) | {each.document_id for each in every}


def without(answer: Answer, gone: frozenset[str]) -> Answer:
    """The answer without words of the documents of these ids.

    Quotes of theirs are emptied.  The draft goes, and so does every statement that is not
    supported by documents that are left: it was written from all of them.  An answer of the time
    before sources were kept loses its draft, and statements that cite nothing, with any document.
    What is left says which document it was.
    """
    if answer.sources and not sources(answer) & gone:
        return answer
    is_touched = bool(sources(answer) & gone)

    def emptied(citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        return tuple(
            replace(each, quote="", path=()) if each.document_id in gone else each
            for each in citations
        )

    def struck(statement: Statement) -> Statement:
        own = {each.document_id for each in statement.citations}
        holds = statement.verdict is Verdict.SUPPORTED or not is_touched
        if own and holds and not own & gone:
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
