"""A question set as rows of a file that asks the same when ``sets.preview`` reads it again."""

from collections.abc import Sequence

from core.evaluation.sets import UNSAFE
from core.trials import Gold, SetQuestion


def set_rows(asked: Sequence[SetQuestion], *, every_place: bool) -> list[dict[str, object]]:
    """A row for each accepted question; drafts wait for a person.

    With ``every_place`` all its gold answers are in a list, which JSON lines can hold; else the
    first is in columns of its own, without its span.  Ids of documents stay here.
    """
    return [_row(each, every_place) for each in asked if not each.is_draft]


def _row(asked: SetQuestion, every_place: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "id": asked.id,
        "question": _text(asked.question),
        "reference": _text(asked.reference),
    }
    if every_place:
        row["gold"] = list(map(_place, asked.gold))
        row["tags"] = list(map(_text, asked.tags))
    else:
        first = asked.gold[0] if asked.gold else Gold("")
        row |= {"document": first.document, "page": first.page, "quote": _text(first.quote)}
        row["tags"] = ", ".join(map(_text, asked.tags))
    return row | {"answerable": asked.is_answerable}


def _place(gold: Gold) -> dict[str, object]:
    place: dict[str, object] = {"document": gold.document}
    if gold.quote:
        place["quote"] = _text(gold.quote)
    if gold.page is not None:
        place["page"] = gold.page
    if gold.start is not None and gold.end is not None:
        place |= {"start": gold.start, "end": gold.end}
    return place


def _text(text: str) -> str:
    """The text without what no file is read with: documents hold form feeds and the like."""
    return UNSAFE.sub(" ", text).replace("\ufffd", " ")
