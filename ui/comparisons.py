"""The comparisons of a matter: what is under way, waits for a vote, or has been voted on."""

from collections.abc import Sequence

from core.trials import Comparison, Poll
from core.types import Role
from ui.ballot import own_vote, render_within
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.page import Desk

ROWS = 30
"""Comparisons that are listed at most."""


def render_comparisons(polls: Sequence[Poll], waiting: int, desk: Desk) -> Html:
    """Comparisons as they come, and how many wait for one's vote; no word of whose they are."""
    if not polls:
        return Html("")
    texts = desk.texts
    rows = [_row(each, desk) for each in polls]
    heading = texts("compare.recent")
    told = texts("compare.waiting", count=waiting) if waiting else ""
    return element(
        "section",
        element("h2", text(heading), element("small", text(told))),
        element("ul", *rows),
        class_="comparisons",
        data_testid="comparisons",
    )


def _row(poll: Poll, desk: Desk) -> Html:
    texts, made, votes = desk.texts, poll.comparison, poll.votes
    state, symbol, class_ = "voted", "check", "badge ready"
    if not poll.is_answered:
        state, symbol, class_ = "unfinished", "partly", "badge"
    elif own_vote(votes, desk.person.id) is None:
        state, symbol, class_ = "to_vote", "ask", "badge awaits"
    count = sum(not each.is_withdrawn for each in votes)
    facts = texts.list_of_words(
        texts("compare.answers", count=len(made.variants)),
        texts("compare.votes", count=count) if count else "",
        texts.date(made.created_at),
    )
    opens = action(
        "open_comparison",
        element("span", text(made.question), class_="title", dir="auto"),
        element("span", icon(symbol), text(texts(f"compare.{state}")), class_=class_),
        element("span", text(facts), class_="facts"),
        value={"id": made.id},
        class_="open",
        aria_current="true" if made.id == desk.comparison_id else None,
        data_testid="open-comparison",
        data_state=state,
    )
    delete = action(
        "delete_comparison",
        icon("trash"),
        value={"id": made.id},
        class_="tool",
        data_confirm=texts("compare.confirm_delete"),
        data_testid="delete-comparison",
        aria_label=f"{texts('compare.delete')}: {made.question}",
        title=texts("compare.delete"),
    )
    alone = all(each.person_id == desk.person.id for each in votes)
    own = desk.role is Role.OWNER or (made.person_id == desk.person.id and alone)
    return element("li", opens, delete if own else Html(""))


def render_empty(texts: Texts) -> Html:
    """What stands below the form before a comparison."""
    return element(
        "div",
        element("h2", text(texts("compare.empty"))),
        element("p", text(texts("compare.empty_more"))),
        class_="empty",
        data_testid="comparison-empty",
    )


def render_unfinished(made: Comparison, within: str, texts: Texts) -> Html:
    """A comparison whose answers never all came: it cannot be voted on, and be asked again.

    ``within`` is its scope in words; asked again, it is that of the same answer.
    """
    again = action(
        "compare",
        icon("redo"),
        element("span", text(texts("compare.again"))),
        value={
            "question": made.question,
            "variants": sorted(each.name for each in made.variants),
            "blind": "on" if made.is_blind else "",
            "message_id": made.message_id,
        },
        class_="button quiet",
        data_testid="compare-again",
    )
    return element(
        "section",
        element("h2", text(made.question), class_="asked", dir="auto"),
        render_within(within, texts),
        element("p", text(texts("compare.unfinished_more")), class_="notice", role="note"),
        again,
        class_="comparison",
        data_testid="comparison-unfinished",
    )
