"""What the votes of a matter come to, and each vote and thumb as a row of a table."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from core.answering.answerer import language_of
from core.evaluation.agreement import Agreement, agreement
from core.evaluation.ratings import (
    Ballot,
    Ratings,
    Tally,
    by_language,
    by_reviewer,
    over_time,
    rate,
)
from core.trials import Comparison, Feedback, Vote
from core.types import Answer


@dataclass(frozen=True)
class Standing:
    """Everything that is told of a matter's votes.

    ``knowing`` votes, cast by who knew whose the answers were, are counted and nothing more.
    ``models`` are those of each variant whose answers more than one model wrote.
    """

    ratings: Ratings
    reviewers: Mapping[str, Tally]
    languages: Mapping[str, Tally]
    days: Sequence[tuple[date, Mapping[str, int]]]
    agreement: Agreement
    thumbs: Sequence[Feedback]
    knowing: int = 0
    models: Mapping[str, Sequence[str]] = field(default_factory=dict)


def ballots(made: Sequence[Comparison], votes: Sequence[Vote]) -> list[Ballot]:
    """The votes that count, each with the names in the order that its reviewer saw.

    Withdrawn votes do not, nor those cast by who knew whose the answers were.
    """
    by_id = {each.id: each for each in made}
    unseen = blind(made, votes)
    return [
        _ballot(by_id[vote.comparison_id], vote)
        for vote in votes
        if not vote.is_withdrawn and vote.id in unseen
    ]


def _ballot(on: Comparison, vote: Vote) -> Ballot:
    return Ballot(
        tuple(each.name for each in on.variants),
        vote.winner,
        vote.outcome,
        vote.person_id,
        language_of(on.question),
        vote.at,
        on.id,
    )


def blind(made: Sequence[Comparison], votes: Sequence[Vote]) -> frozenset[str]:
    """The ids of the votes cast by who could not know whose the answers were.

    ``votes`` are oldest first.  A person's first vote on a comparison tells them, and who began one
    from the chat has read the answer of the variant in force there.
    """
    hidden = {each.id for each in made if each.is_blind}
    readers = {(each.id, each.person_id) for each in made if each.message_id}
    first: dict[tuple[str, str], str] = {}
    for vote in votes:
        by = (vote.comparison_id, vote.person_id)
        if vote.comparison_id in hidden and by not in readers:
            first.setdefault(by, vote.id)
    return frozenset(first.values())


def stand(
    made: Sequence[Comparison],
    votes: Sequence[Vote],
    thumbs: Sequence[Feedback],
    models: Mapping[str, Sequence[str]] | None = None,
) -> Standing:
    """What the votes come to; blocking.

    ``models`` wrote the sides of each comparison, by its id, ``""`` where none did.
    """
    cast = ballots(made, votes)
    values, sides = defaultdict(list), {}
    for ballot in cast:
        values[ballot.comparison].append(_position(ballot))
        sides[ballot.comparison] = len(ballot.names)
    return Standing(
        rate(cast),
        by_reviewer(cast),
        by_language(cast),
        over_time(cast),
        agreement(values, sides),
        thumbs,
        sum(not each.is_withdrawn for each in votes) - len(cast),
        _several(cast, models or {}),
    )


def _position(ballot: Ballot) -> str:
    return str(ballot.outcome) if ballot.winner is None else str(ballot.winner)


def _several(
    cast: Sequence[Ballot], models: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """The models of each variant that was voted on with answers of more than one."""
    wrote: dict[str, set[str]] = defaultdict(set)
    for ballot in cast:
        for name, model in zip(ballot.names, models.get(ballot.comparison, ()), strict=False):
            wrote[name].update(filter(None, [model]))
    return {name: tuple(sorted(own)) for name, own in sorted(wrote.items()) if len(own) > 1}


def vote_rows(
    made: Sequence[Comparison], votes: Sequence[Vote], names: Mapping[str, str], reader_id: str
) -> list[dict[str, object]]:
    """Every vote as a row, withdrawn ones too.

    ``blind`` tells whether whose the answers were was hidden from the reviewer when they voted.
    Of a blind comparison that waits for the vote of the person who is to read the rows, they do
    not tell whose the answers are, nor which was chosen.
    """
    by_id = {each.id: each for each in made}
    unseen = blind(made, votes)
    told = {vote.comparison_id for vote in votes if vote.person_id == reader_id}
    rows: list[dict[str, object]] = []
    for vote in votes:
        on = by_id[vote.comparison_id]
        ballot = _ballot(on, vote)
        is_open = not on.is_blind or on.id in told
        position = "" if vote.winner is None else vote.winner + 1
        rows.append(
            {
                "comparison": on.id,
                "question": on.question,
                "language": ballot.language,
                "shown": " | ".join(ballot.names) if is_open else "",
                "outcome": str(vote.outcome),
                "position": position if is_open else "",
                "chosen": ballot.chosen if is_open else "",
                "faults": " ".join(vote.faults),
                "note": vote.note,
                "reviewer": names.get(vote.person_id, vote.person_id),
                "reviewer_id": vote.person_id,
                "at": vote.at.isoformat(),
                "blind": vote.id in unseen,
                "withdrawn": vote.is_withdrawn,
            }
        )
    return rows


def thumb_rows(
    rated: Sequence[tuple[Feedback, Answer | None]], names: Mapping[str, str]
) -> list[dict[str, object]]:
    """Every thumb as a row, with what was asked and which variant answered.

    ``variant`` is empty for answers of the time before it was kept.
    """
    return [
        {
            "message": thumb.message_id,
            "question": answer.question if answer else "",
            "language": language_of(answer.question) if answer else "",
            "variant": answer.variant if answer else "",
            "model": answer.model if answer else "",
            "kind": str(answer.kind) if answer else "",
            "answer": answer.text if answer else "",
            "thumb": "up" if thumb.is_good else "down",
            "faults": " ".join(thumb.faults),
            "note": thumb.note,
            "reviewer": names.get(thumb.person_id, thumb.person_id),
            "reviewer_id": thumb.person_id,
            "at": thumb.at.isoformat(),
        }
        for thumb, answer in rated
    ]
