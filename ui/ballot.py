"""A comparison on the page: sides that are drawn alike, the ballot, and what the vote uncovers.

Before the vote a blind comparison shows what the answers say and nothing else: the sides advance
in step, no passage that was only found is named, and kind, style, notice, model, times and names
are left out for every answer alike.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.answering.statements import unmarked
from core.errors import PinciteError
from core.evaluation.comparison import Peculiar, peculiarities, place_of, searches
from core.evaluation.variants import differences
from core.trials import Comparison, Outcome, Vote
from core.types import Answer, Citation, Stage, Statement, Variant, Verdict
from ui.answer import render_statement
from ui.locale import Texts
from ui.markup import Html, action, element, icon, join, text
from ui.page import Desk
from ui.pincites import cited, render_place, source_value
from ui.progress import Progress
from ui.rendering import render_progress
from ui.thumbs import render_faults, render_note
from ui.wording import absence, setting, variant_label

LETTERS = "ABCD"
ROWS = 12
"""Statements and sources of an answer that stand open; the others unfold."""


@dataclass(frozen=True)
class Uncovered:
    """What of a side is shown once it is known whose it is."""

    variant: Variant
    peculiar: Peculiar
    settings: tuple[str, ...]
    is_chosen: bool


def in_step(sides: Sequence[Progress]) -> tuple[Progress, ...]:
    """The sides as far as all of them are: none is seen to be faster, or to write nothing.

    Without their markers, whose numbers tell how many passages were read.
    """
    if all(side.answer for side in sides):
        return tuple(sides)
    order = list(Stage)
    reached = min((order.index(s.stage) for s in sides if s.answer is None), default=0)
    drafts = [unmarked(side.draft).rstrip() for side in sides]
    written = min(map(len, drafts))
    return tuple(
        Progress(side.question, order[reached], draft=draft[:written])
        for side, draft in zip(sides, drafts, strict=True)
    )


def is_covered(comparison: Comparison, votes: Sequence[Vote], person_id: str) -> bool:
    """Whether a person is not to know yet whose the answers are: a withdrawn vote has told."""
    return comparison.is_blind and not any(each.person_id == person_id for each in votes)


def own_vote(votes: Sequence[Vote], person_id: str) -> Vote | None:
    """The person's vote that counts, among those on one comparison."""
    valid = (each for each in votes if each.person_id == person_id and not each.is_withdrawn)
    return next(valid, None)


def render_comparison(
    comparison: Comparison,
    sides: Sequence[Progress],
    votes: Sequence[Vote],
    desk: Desk,
    within: str = "",
) -> Html:
    """The question, every side in the stored order, and the ballot or what was voted.

    ``votes`` are those on this comparison; ``within`` is its scope in words.  Blocks: what each
    answer alone has is looked for in all of them.
    """
    texts, me = desk.texts, desk.person.id
    covered, vote = is_covered(comparison, votes, me), own_vote(votes, me)
    seen = in_step(sides) if covered else tuple(sides)
    answers = [side.answer for side in seen if side.answer]
    done = len(answers) == len(seen)
    uncovered: Sequence[Uncovered | None] = [None] * len(seen)
    if not covered:
        uncovered = _uncovered(comparison, answers if done else (), vote, texts)
    drawn = [
        _side(position, progress, told, texts)
        for position, (progress, told) in enumerate(zip(seen, uncovered, strict=True))
    ]
    below = Html("")
    if done and vote:
        below = _verdict(comparison, vote, votes, texts)
    elif done:
        below = join((_caveat(comparison, votes, desk), _ballot(comparison, texts)))
    return element(
        "section",
        element("h2", text(comparison.question), class_="asked", dir="auto"),
        element("p", text(_conditions(comparison.variants, texts)), class_="conditions"),
        render_within(within, texts),
        element("div", *drawn, class_=f"sides of-{len(drawn)}", data_testid="sides"),
        render_aside(texts("ballot.marked")) if done and not covered else Html(""),
        below,
        class_="comparison",
        data_comparison=comparison.id,
        data_announce=texts("ballot.done") if done else None,
    )


def _caveat(comparison: Comparison, votes: Sequence[Vote], desk: Desk) -> Html:
    """Why the vote that the person at the desk may cast now does not count, if it does not."""
    if comparison.message_id and comparison.person_id == desk.person.id:
        return render_aside(desk.texts("compare.from_chat"))
    if any(each.person_id == desk.person.id for each in votes):
        return render_aside(desk.texts("ballot.seen"))
    return Html("")


def render_aside(words: str) -> Html:
    """A remark in small type."""
    return element("p", text(words), class_="aside", role="note")


def render_within(within: str, texts: Texts) -> Html:
    """Which documents alone are searched, or nothing where all are."""
    if not within:
        return Html("")
    told = texts("compare.within", scope=within)
    return element("p", text(told), class_="conditions", data_testid="within")


def _conditions(variants: Sequence[Variant], texts: Texts) -> str:
    """How even the conditions are, said of all sides together."""
    models, found = len({each.model for each in variants}), len(searches(variants))
    even = texts("ballot.even") if models == 1 else texts("ballot.uneven", count=models)
    return texts.list_of_words(even, texts("ballot.searched", count=found))


def _uncovered(
    comparison: Comparison,
    answers: Sequence[Answer],
    vote: Vote | None,
    texts: Texts,
) -> list[Uncovered]:
    variants = comparison.variants
    differ = {key for each in variants[1:] for key in differences(variants[0], each)}
    apart = peculiarities(answers) or [Peculiar(frozenset(), frozenset())] * len(variants)
    return [
        Uncovered(
            variant,
            peculiar,
            tuple(setting(key, getattr(variant, key), texts) for key in sorted(differ)),
            vote is not None and vote.winner == position,
        )
        for position, (variant, peculiar) in enumerate(zip(variants, apart, strict=True))
    ]


def _side(position: int, progress: Progress, told: Uncovered | None, texts: Texts) -> Html:
    letter = LETTERS[position]
    name = element("span", text(variant_label(told.variant, texts))) if told else Html("")
    chosen = (
        element("span", icon("check"), text(texts("ballot.chosen")), class_="badge ready")
        if told and told.is_chosen
        else Html("")
    )
    head = element("h3", element("span", text(letter), class_="letter"), name, chosen)
    if progress.answer is None:
        shown = render_progress(progress, texts)
    else:
        shown = render_plainly(progress.answer, told, texts)
    return element(
        "section",
        head,
        _facts(progress.answer, told, texts) if told else Html(""),
        shown,
        class_="side preferred" if told and told.is_chosen else "side",
        aria_label=texts("ballot.side", letter=letter),
        data_testid=f"side-{letter.lower()}",
    )


def _facts(answer: Answer | None, told: Uncovered, texts: Texts) -> Html:
    """What was hidden: the settings that differ, and what the answer took."""
    rows = [element("p", text(texts.list_of_words(*told.settings)), class_="settings")]
    if answer is not None:
        total, first = answer.timings.get("total"), answer.timings.get("first_token")
        took = texts.list_of_words(
            answer.model,
            texts("answer.total", seconds=f"{total:.1f}") if total is not None else "",
            texts("answer.first_token", seconds=f"{first:.1f}") if first is not None else "",
            texts("ballot.tokens", count=answer.tokens) if answer.tokens is not None else "",
        )
        notice = texts.known("notice", answer.notice)
        rows.append(element("p", text(took), class_="took", data_testid="took"))
        rows.append(element("p", text(notice), class_="why") if notice else Html(""))
    return element("div", *rows, class_="uncovered", data_testid="uncovered")


def render_plainly(answer: Answer, told: Uncovered | None, texts: Texts) -> Html:
    """An answer of any kind by its statements and sources alone; ``told`` marks what is its own."""
    own = told.peculiar if told else Peculiar(frozenset(), frozenset())
    answer = answer if told else _renumbered(answer)
    statements = [
        render_statement(_bare(each), texts, class_="own" if place in own.statements else "")
        for place, each in enumerate(answer.statements)
    ]
    places = cited(answer) or answer.nearest
    sources = [_source(each, place_of(each) in own.sources, texts) for each in places]
    lead = element("p", text(_counts(answer, texts)), class_="counts", data_testid="counts")
    heading = texts("answer.nearest") if answer.refused else texts("answer.sources")
    return element(
        "article",
        lead,
        element("p", text(absence(answer, texts)), class_="why") if answer.absent else Html(""),
        _unfolding("div", statements, "statements", texts),
        element("h4", text(heading)) if sources else Html(""),
        _unfolding("div", sources, "side-sources", texts),
        class_="answer plain",
        data_answer=True,
        data_testid="plain-answer",
    )


def _renumbered(answer: Answer) -> Answer:
    """The markers counted from 1: their numbers tell how many passages were read, and how."""
    places = cited(answer) or answer.nearest
    markers = list(dict.fromkeys(each.marker for each in places))

    def anew(citations: Sequence[Citation]) -> tuple[Citation, ...]:
        return tuple(replace(each, marker=markers.index(each.marker) + 1) for each in citations)

    statements = tuple(replace(each, citations=anew(each.citations)) for each in answer.statements)
    nearest = answer.nearest if cited(answer) else anew(answer.nearest)
    return replace(answer, statements=statements, nearest=nearest)


def _bare(statement: Statement) -> Statement:
    """Without the reason why it holds, which tells words quoted from words written."""
    holds = statement.verdict is Verdict.SUPPORTED
    return replace(statement, reason="") if holds else statement


def _counts(answer: Answer, texts: Texts) -> str:
    if answer.refused or not answer.statements:
        return texts("answer.refused")
    each = Counter(statement.verdict for statement in answer.statements)
    lost = [
        texts(f"answer.{verdict}", count=each[verdict])
        for verdict in (Verdict.PARTLY, Verdict.UNSUPPORTED)
        if each[verdict]
    ]
    count = len(answer.statements)
    held = texts("answer.supported", supported=answer.supported, count=count)
    return texts.list_of_words(held, *lost)


def _unfolding(tag: str, rows: Sequence[Html], class_: str, texts: Texts) -> Html:
    """The first rows, and the others behind a line that unfolds them."""
    if not rows:
        return Html("")
    more = texts("ballot.more", count=len(rows) - ROWS)
    rest = (
        element("details", element("summary", text(more)), *rows[ROWS:])
        if len(rows) > ROWS
        else Html("")
    )
    return element(tag, *rows[:ROWS], rest, class_=class_)


def _source(citation: Citation, own: bool, texts: Texts) -> Html:
    return action(
        "open_source",
        element("span", text(citation.marker), class_="number"),
        element("span", render_place(citation, texts), class_="place"),
        element("q", text(" ".join(citation.quote.split()))),
        value=source_value(citation) | {"marker": citation.marker},
        class_="source-row own" if own else "source-row",
        data_testid="source-row",
        title=texts("ballot.only_here") if own else None,
        data_marker=citation.marker,
    )


def verdicts(sides: int) -> tuple[str, ...]:
    """The verdicts on so many sides, in the order of their keys: positions, a tie, none good."""
    return (*map(str, range(sides)), Outcome.TIE, Outcome.BAD)


def verdict_label(verdict: str, sides: int, texts: Texts) -> str:
    """What a verdict says, on a button and after the vote."""
    if verdict.isdecimal():
        return texts("ballot.side", letter=LETTERS[int(verdict)])
    return texts(f"ballot.{verdict}" if sides == 2 else f"ballot.{verdict}_all")


def _ballot(comparison: Comparison, texts: Texts) -> Html:
    """The verdicts in the order of the sides; the browser gives them the keys 1, 2, 3 …

    None of them submits the form: Enter in the note would press the first, unseen.
    """
    count = len(comparison.variants)
    buttons = [
        element(
            "button",
            element("kbd", text(key)),
            text(verdict_label(verdict, count, texts)),
            type="button",
            value=verdict,
            class_="button quiet",
            data_do="verdict",
            data_key=str(key),
            data_testid=f"vote-{key}",
        )
        for key, verdict in enumerate(verdicts(count), 1)
    ]
    return element(
        "form",
        element("h3", text(texts("ballot.which"))),
        element("div", *buttons, class_="verdicts", role="group"),
        element(
            "div",
            render_faults(texts("ballot.faults"), texts),
            render_note(texts),
            class_="reasons",
        ),
        element("p", text(texts("ballot.keys")), class_="aside"),
        class_="ballot",
        data_value={"id": comparison.id},
        data_lists="faults",
        data_drawn=comparison.id,
        data_testid="ballot",
    )


def _verdict(comparison: Comparison, vote: Vote, votes: Sequence[Vote], texts: Texts) -> Html:
    """One's own vote, and how everybody's stand."""
    count = len(comparison.variants)
    said = texts("ballot.voted", verdict=verdict_label(verdict_of(vote), count, texts))
    more = texts.list_of_words(*(texts(f"fault.{each}") for each in vote.faults), vote.note)
    tally = Counter(verdict_of(each) for each in votes if not each.is_withdrawn)
    stand = texts.list_of_words(
        *(
            texts("ballot.tally", verdict=verdict_label(each, count, texts), count=tally[each])
            for each in verdicts(count)
            if tally[each]
        )
    )
    withdraw = action(
        "withdraw_vote",
        icon("redo"),
        element("span", text(texts("ballot.withdraw"))),
        value={"id": comparison.id, "vote_id": vote.id},
        class_="tool",
        data_testid="withdraw-vote",
    )
    anew = action(
        "close_comparison",
        icon("plus"),
        element("span", text(texts("ballot.anew"))),
        class_="button quiet",
        data_testid="close-comparison",
    )
    return element(
        "div",
        element("strong", text(said)),
        element("span", text(more), dir="auto") if more else Html(""),
        element("p", text(texts("ballot.all_votes") + stand), class_="aside"),
        element("div", anew, withdraw, class_="row"),
        class_="voted",
        role="status",
        data_testid="voted",
    )


def verdict_of(vote: Vote) -> str:
    """A vote as its button sends it."""
    return str(vote.winner) if vote.outcome is Outcome.WIN else vote.outcome


def verdict_sent(verdict: str) -> tuple[Outcome, int | None]:
    """What a verdict's button stands for: a position in the stored order, a tie, or none good.

    Raises ``PinciteError`` for anything else.
    """
    if verdict in (Outcome.TIE, Outcome.BAD):
        return Outcome(verdict), None
    if verdict.isdecimal() and len(verdict) == 1:
        return Outcome.WIN, int(verdict)
    raise PinciteError("The page sent something that cannot be read.", "Reload the page.")
