"""Evaluation, ratings: what the votes come to, how far they can be trusted, and all of them."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import uuid4

import gradio as gr

from core.deeds import Deed
from core.errors import PinciteError
from core.evaluation.agreement import ENOUGH as ENOUGH_SHARED
from core.evaluation.exports import as_csv, as_jsonl
from core.evaluation.ratings import (
    ENOUGH,
    Rating,
    Ratings,
    Tally,
)
from core.evaluation.votes import Standing, stand, thumb_rows, vote_rows
from core.trials import Feedback, Outcome
from core.types import LOCAL
from ui.locale import LANGUAGES, Texts
from ui.markup import Html, action, element, icon, join, text
from ui.page import Desk, Page, Tab, Updates, value_of

DAYS = 30
"""Days with votes that are drawn, the latest."""
KINDS = {"csv": (as_csv, "text/csv"), "jsonl": (as_jsonl, "application/jsonl")}


def ratings_view(page: Page) -> Tab:
    """Build the view."""
    database = page.services.database
    with gr.Column(elem_id="view-ratings", elem_classes=["view"]):
        table = gr.HTML(elem_id="ratings", apply_default_css=False)
        export = gr.HTML(elem_id="ratings-export", apply_default_css=False)

    async def draw(desk: Desk) -> Updates:
        if not desk.matter_id:
            return {table: element("p", text(desk.texts("matter.none")), class_="empty")}
        made = await database.comparisons(desk.matter_id)
        votes = await database.votes(desk.matter_id)
        names = {each.id: each.name for each in await database.people()}
        # In a thread: the intervals take hundreds of fits.
        standing = await asyncio.to_thread(
            stand,
            made,
            votes,
            await database.feedback(desk.matter_id),
            await database.models_compared(desk.matter_id),
        )
        return {table: render_ratings(standing, names, desk), export: ""}

    async def export_votes(desk: Desk, fired: gr.EventData) -> Updates:
        kind = kind_sent(fired)
        names = {each.id: each.name for each in await database.people()}
        made = await database.comparisons(desk.matter_id)
        rows = vote_rows(made, await database.votes(desk.matter_id), names, desk.person.id)
        return await sent(desk, "votes", kind, rows)

    async def export_thumbs(desk: Desk, fired: gr.EventData) -> Updates:
        kind = kind_sent(fired)
        names = {each.id: each.name for each in await database.people()}
        rows = thumb_rows(await database.rated_answers(desk.matter_id), names)
        return await sent(desk, "thumbs", kind, rows)

    async def sent(desk: Desk, what: str, kind: str, rows: list[dict[str, object]]) -> Updates:
        await page.record(desk, Deed.EXPORTED, what)
        write, mime = KINDS[kind]
        written = await asyncio.to_thread(write, rows)
        return {export: render_download(written, f"pincite-{what}.{kind}", mime)}

    page.on("export_votes", export_votes, [export])
    page.on("export_thumbs", export_thumbs, [export])
    return Tab((table, export), draw)


def kind_sent(fired: gr.EventData) -> str:
    """The kind of file that was asked for; raises ``PinciteError`` for one that is none."""
    kind = value_of(fired, "kind", str)
    if kind not in KINDS:
        raise PinciteError("The page sent something that cannot be read.", "Reload the page.")
    return kind


def render_download(content: str, name: str, mime: str) -> Html:
    """A link that carries the file in itself; the browser follows it once it is drawn.

    Nothing is written to the disk and no address serves it: it goes to whom the event was for.
    """
    coded = base64.b64encode(content.encode()).decode("ascii")
    return element(
        "a",
        text(name),
        href=f"data:{mime};charset=utf-8;base64,{coded}",
        download=name,
        data_download=uuid4().hex,
        class_="unseen",
        data_testid="download",
    )


def render_ratings(standing: Standing, names: Mapping[str, str], desk: Desk) -> Html:
    """The whole view, or what to do before there are votes."""
    texts, count = desk.texts, standing.ratings.ballots
    head = element(
        "header",
        element(
            "div",
            element("h1", text(texts("view.ratings"))),
            element("p", text(texts("ratings.lead")), class_="lead"),
        ),
        _exports("votes", desk) if count or standing.knowing else Html(""),
        class_="with-tools",
    )
    if not count:
        empty = element(
            "div",
            element("h2", text(texts("ratings.empty"))),
            element("p", text(texts("ratings.empty_more"))),
            class_="empty",
            data_testid="ratings-empty",
        )
        return element(
            "section", head, empty, _knowing(standing, texts), _thumbs(standing.thumbs, desk)
        )
    return element(
        "section",
        head,
        _strengths(standing, texts),
        _knowing(standing, texts),
        _heat_map(standing.ratings, texts),
        element(
            "div",
            _tallies("reviewer", _people(standing.reviewers, names, texts), texts),
            _tallies("language", _languages(standing.languages), texts),
            class_="halves",
        ),
        element("div", _days(standing.days, texts), _agreement(standing, texts), class_="halves"),
        _thumbs(standing.thumbs, desk),
        data_testid="ratings",
    )


def _exports(what: str, desk: Desk) -> Html:
    """The buttons that give all votes, or all thumbs, as a file."""
    buttons = [
        action(
            f"export_{what}",
            icon("down"),
            element("span", text(kind.upper())),
            value={"kind": kind},
            class_="button quiet",
            data_testid=f"export-{what}-{kind}",
            aria_label=desk.texts(f"ratings.export_{what}", kind=kind.upper()),
        )
        for kind in KINDS
    ]
    return element("div", *buttons, class_="tools editors")


def _label(name: str, texts: Texts) -> str:
    if name in (Outcome.TIE, Outcome.BAD):
        return texts(f"ratings.{name}")
    return texts.known("variant", name)


def _strengths(standing: Standing, texts: Texts) -> Html:
    """The Bradley-Terry table, or that there are too few votes for one."""
    ratings = standing.ratings
    if not ratings.enough:
        told = texts("ratings.not_enough", count=ratings.ballots, least=ENOUGH)
        return element("p", text(told), class_="notice", role="note", data_testid="not-enough")
    reach = max(abs(edge) for each in ratings.ratings for edge in (each.low, each.high)) or 1
    rows = [_strength(each, reach, texts) for each in ratings.ratings]
    columns = ("name", "strength", "interval", "ballots")
    head = [
        element(
            "th",
            text(texts(f"ratings.{each}")),
            scope="col",
            class_="amount" if each in ("strength", "ballots") else None,
        )
        for each in columns
    ]
    separated = (
        element("p", text(texts("ratings.separated")), class_="aside")
        if ratings.is_separated
        else Html("")
    )
    return element(
        "section",
        element("h2", text(texts("ratings.table"))),
        element("p", text(texts("ratings.table_more")), class_="aside"),
        element(
            "div",
            element("table", element("thead", element("tr", *head)), element("tbody", *rows)),
            class_="grid strengths",
            data_testid="strengths",
        ),
        _waiting(ratings, texts),
        separated,
        *(_models(name, models, texts) for name, models in standing.models.items()),
    )


def _models(name: str, models: Sequence[str], texts: Texts) -> Html:
    """That the votes on a variant are on the answers of several models."""
    told = texts("ratings.models", name=_label(name, texts), models=texts.list_of_words(*models))
    return element("p", text(told), class_="notice", role="note", data_testid="several-models")


def _waiting(ratings: Ratings, texts: Texts) -> Html:
    """The variants that are not rated yet."""
    if not ratings.waiting:
        return Html("")
    names = texts.list_of_words(*(_label(each, texts) for each in ratings.waiting))
    told = texts("ratings.waiting", names=names, least=ENOUGH)
    return element("p", text(told), class_="aside", data_testid="waiting")


def _knowing(standing: Standing, texts: Texts) -> Html:
    """How many votes are left out because their reviewers knew whose the answers were."""
    if not standing.knowing:
        return Html("")
    told = texts("ratings.knowing", count=standing.knowing)
    return element("p", text(told), class_="aside", data_testid="knowing")


def _strength(rating: Rating, reach: float, texts: Texts) -> Html:
    def place(value: float) -> float:
        return 50 + 50 * value / reach

    low, high = place(rating.low), place(rating.high)
    style = f"--low: {low:.2f}%; --high: {high:.2f}%; --at: {place(rating.strength):.2f}%"
    told = texts("ratings.from_to", low=f"{rating.low:+.0f}", high=f"{rating.high:+.0f}")
    bar = element("span", class_="interval", style=style, role="img", aria_label=told)
    return element(
        "tr",
        element("th", text(_label(rating.name, texts)), scope="row", dir="auto"),
        element("td", text(f"{rating.strength:+.0f}"), class_="amount"),
        element("td", bar, element("small", text(told)), class_="range"),
        element("td", text(rating.ballots), class_="amount"),
    )


def _heat_map(ratings: Ratings, texts: Texts) -> Html:
    """How often the variant of a row was preferred to that of a column."""
    order = [each.name for each in ratings.ratings]
    order += sorted({name for pair in ratings.counts for name in pair} - set(order))
    head = [element("th", text(_label(each, texts)), scope="col") for each in order]
    rows = [
        element(
            "tr",
            element("th", text(_label(row, texts)), scope="row", dir="auto"),
            *(_share(ratings, row, column, texts) for column in order),
        )
        for row in order
    ]
    return element(
        "section",
        element("h2", text(texts("ratings.heat"))),
        element("p", text(texts("ratings.heat_more")), class_="aside"),
        element(
            "div",
            element(
                "table",
                element("thead", element("tr", element("td"), *head)),
                element("tbody", *rows),
            ),
            class_="grid heat",
            data_testid="heat-map",
        ),
    )


def _share(ratings: Ratings, row: str, column: str, texts: Texts) -> Html:
    share = ratings.shares.get((row, column))
    if row == column or share is None:
        return element("td", text("·"), class_="none")
    # The further from half, the stronger: green where the row wins, red where it loses.
    side = "wins" if share >= 0.5 else "loses"
    count = ratings.counts[row, column]
    return element(
        "td",
        element("strong", text(f"{100 * share:.0f} %")),
        element("small", text(texts("ratings.met", count=count))),
        class_=side,
        style=f"--part: {80 * abs(2 * share - 1):.0f}%",
    )


def _people(
    tallies: Mapping[str, Tally], names: Mapping[str, str], texts: Texts
) -> list[tuple[str, Tally]]:
    """A row for each reviewer; two of one name are two, told apart by the ends of their ids."""
    known = {LOCAL.id: texts("ratings.local")} | {key: name for key, name in names.items() if name}
    shown = [known.get(key, key) for key in tallies]
    return [
        (f"{name} ({key[-6:]})" if shown.count(name) > 1 else name, tally)
        for name, (key, tally) in zip(shown, tallies.items(), strict=True)
    ]


def _languages(tallies: Mapping[str, Tally]) -> list[tuple[str, Tally]]:
    return [(LANGUAGES.get(key, key), each) for key, each in tallies.items()]


def _tallies(by: str, tallies: Sequence[tuple[str, Tally]], texts: Texts) -> Html:
    rows = [
        element(
            "tr",
            element("th", text(name), scope="row", dir="auto"),
            element("td", text(tally.ballots), class_="amount"),
            element("td", text(_said(tally, texts))),
        )
        for name, tally in tallies
    ]
    head = element(
        "tr",
        element("th", text(texts(f"ratings.{by}")), scope="col"),
        element("th", text(texts("ratings.ballots")), scope="col", class_="amount"),
        element("th", text(texts("ratings.preferred")), scope="col"),
    )
    return element(
        "section",
        element("h2", text(texts(f"ratings.by_{by}"))),
        element(
            "div",
            element("table", element("thead", head), element("tbody", *rows)),
            class_="grid",
        ),
        data_testid=f"by-{by}",
    )


def _said(tally: Tally, texts: Texts) -> str:
    counts = sorted(tally.wins.items(), key=lambda each: -each[1])
    others = [(Outcome.TIE, tally.ties), (Outcome.BAD, tally.bad)]
    return texts.list_of_words(
        *(f"{_label(name, texts)} {count}" for name, count in (*counts, *others) if count)
    )


def _days(days: Sequence[tuple[date, Mapping[str, int]]], texts: Texts) -> Html:
    latest = days[-DAYS:]
    most = max((sum(each.values()) for _, each in latest), default=1)
    bars = [
        element(
            "li",
            element("span", style=f"--height: {100 * total / most:.1f}%"),
            title=texts("ratings.on_day", day=texts.day(day), count=total),
            aria_label=texts("ratings.on_day", day=texts.day(day), count=total),
        )
        for day, counts in latest
        for total in [sum(counts.values())]
    ]
    ends = join(
        element("span", text(texts.day(day)))
        for day in dict.fromkeys((latest[0][0], latest[-1][0]))
    )
    return element(
        "section",
        element("h2", text(texts("ratings.over_time"))),
        element("ol", *bars, class_="days", data_testid="days"),
        element("p", ends, class_="ends aside"),
    )


def _agreement(standing: Standing, texts: Texts) -> Html:
    """Krippendorff's alpha over the comparisons that several people voted on."""
    found = standing.agreement
    key = "on"
    if found.alpha is None:
        key = "none" if found.items < ENOUGH_SHARED else "same"
    told = texts(f"ratings.agreement_{key}", count=found.items, votes=found.ballots)
    number = "–" if found.alpha is None else f"{found.alpha:.2f}"
    return element(
        "section",
        element("h2", text(texts("ratings.agreement"))),
        element("p", text(number), class_="figure", data_testid="alpha"),
        element("p", text(told), class_="aside"),
    )


def _thumbs(thumbs: Sequence[Feedback], desk: Desk) -> Html:
    if not thumbs:
        return Html("")
    texts = desk.texts
    good = sum(each.is_good for each in thumbs)
    faults: dict[str, int] = defaultdict(int)
    for each in thumbs:
        for fault in each.faults:
            faults[fault] += 1
    why = texts.list_of_words(
        *(f"{texts(f'fault.{fault}')} {count}" for fault, count in faults.items())
    )
    told = texts("ratings.thumbs_told", good=good, poor=len(thumbs) - good)
    return element(
        "section",
        element(
            "header",
            element("h2", text(texts("ratings.thumbs"))),
            _exports("thumbs", desk),
            class_="with-tools",
        ),
        element("p", text(told)),
        element("p", text(why), class_="aside") if why else Html(""),
        data_testid="thumbs",
    )
