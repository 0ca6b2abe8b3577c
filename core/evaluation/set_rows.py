"""A question set as rows of a file that asks the same when ``sets.preview`` reads it again."""

from collections.abc import Sequence

from core.trials import Gold, SetQuestion, legible


def set_rows(asked: Sequence[SetQuestion], *, every_place: bool) -> list[dict[str, object]]:
    """A row for each accepted question; drafts wait for a person.

    With ``every_place`` all its gold answers are in a list, which JSON lines can hold; else the
    first is in columns of its own, without its span.  Ids of documents stay here.
    """
    return [_row(each, every_place) for each in asked if not each.is_draft]


def _row(asked: SetQuestion, every_place: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "id": asked.id,
        "question": legible(asked.question),
        "reference": legible(asked.reference),
    }
    if every_place:
        row["gold"] = list(map(_place, asked.gold))
        row["tags"] = list(map(legible, asked.tags))
    else:
        first = asked.gold[0] if asked.gold else Gold("")
        row |= {"document": legible(first.document), "page": first.page}
        row |= {"quote": legible(first.quote), "tags": ", ".join(map(legible, asked.tags))}
    return row | {"answerable": asked.is_answerable}


def _place(gold: Gold) -> dict[str, object]:
    place: dict[str, object] = {"document": legible(gold.document)}
    if gold.quote:
        place["quote"] = legible(gold.quote)
    if gold.page is not None:
        place["page"] = gold.page
    if gold.start is not None and gold.end is not None:
        place |= {"start": gold.start, "end": gold.end}
    return place
