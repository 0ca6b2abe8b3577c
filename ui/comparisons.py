"""The comparisons of a matter: what is under way, waits for a vote, or has been voted on."""

from collections.abc import Sequence

from core.trials import Comparison, Vote
from core.types import Role
from ui.ballot import own_vote
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.page import Desk

ROWS = 30


def render_comparisons(made: Sequence[Comparison], votes: Sequence[Vote], desk: Desk) -> Html:
    """The newest comparisons, those that wait for one's vote first; no word of whose they are."""
    if not made:
        return Html("")
    texts = desk.texts
    on = {each.id: [v for v in votes if v.comparison_id == each.id] for each in made}

    def waits(each: Comparison) -> bool:
        return bool(each.answers) and own_vote(on[each.id], desk.person.id) is None

    ordered = sorted(made, key=lambda each: not waits(each))
    rows = [_row(each, on[each.id], waits(each), desk) for each in ordered[:ROWS]]
    open_ones = sum(map(waits, made))
    heading = texts("compare.recent")
    told = texts("compare.waiting", count=open_ones) if open_ones else ""
    return element(
        "section",
        element("h2", text(heading), element("small", text(told))),
        element("ul", *rows),
        class_="comparisons",
        data_testid="comparisons",
    )


def _row(made: Comparison, votes: Sequence[Vote], waits: bool, desk: Desk) -> Html:
    texts = desk.texts
    state, symbol, class_ = "voted", "check", "badge ready"
    if not made.answers:
        state, symbol, class_ = "unfinished", "partly", "badge"
    elif waits:
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


def render_unfinished(made: Comparison, texts: Texts) -> Html:
    """A comparison whose answers never all came: it cannot be voted on, and be asked again."""
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
        element("p", text(texts("compare.unfinished_more")), class_="notice", role="note"),
        again,
        class_="comparison",
        data_testid="comparison-unfinished",
    )
