"""The administrators' page of the audit log: filters, entries, exports and the check."""

from datetime import datetime
from urllib.parse import urlencode

from core.deeds import AuditEntry, Deed
from core.records.audit import AuditFilter, AuditVerdict
from core.serving.administration import ENTRIES
from core.serving.pages import Look
from core.types import LOCAL, Person
from ui.leaf import choice, field, leaf, sentence, submit, texts_for
from ui.locale import Texts
from ui.markup import Html, element, text

SHORT = 8
"""Characters of an id that are shown; all of it stands in the export and under the pointer."""


def audit(
    look: Look,
    entries: tuple[AuditEntry, ...],
    people: tuple[Person, ...],
    names: dict[str, str],
    wanted: AuditFilter,
    page: int,
    count: int,
    verdict: AuditVerdict | None,
) -> str:
    """The entries that the filter lets through, newest first."""
    texts = texts_for(look)
    query = _query(wanted)
    links = [
        element("a", text(texts(f"audit.{key}")), href=f"{path}{query}", class_="button quiet")
        for key, path in (("csv", "/audit.csv?"), ("jsonl", "/audit.jsonl?"))
    ]
    check = element(
        "a", text(texts("audit.check")), href=f"/audit?{query}&check=1", class_="button"
    )
    heading = element(
        "header",
        element(
            "div",
            element("h1", text(texts("leaf.audit"))),
            element("p", text(texts("audit.lead")), class_="lead"),
        ),
        element("div", *links, check, class_="tools"),
        class_="with-tools",
    )
    return leaf(
        look,
        texts("leaf.audit"),
        heading,
        _verdict(verdict, texts),
        _filters(wanted, people, texts),
        _table(entries, names, texts),
        _pager(page, count, query, texts),
    )


def _verdict(verdict: AuditVerdict | None, texts: Texts) -> Html:
    if verdict is None:
        return Html("")
    if verdict.trouble:
        return sentence(texts("audit.broken", trouble=texts.said(verdict.trouble)), "trouble")
    whole = texts("audit.whole", count=verdict.entries, head=verdict.head)
    return sentence(whole, "done")


def _filters(wanted: AuditFilter, people: tuple[Person, ...], texts: Texts) -> Html:
    everyone = [("", texts("audit.everyone")), *((each.id, each.name) for each in people)]
    deeds = [("", texts("audit.every_deed")), *((deed, texts(f"deed.{deed}")) for deed in Deed)]
    days = (
        (texts("options.from"), "first", wanted.first),
        (texts("options.to"), "last", wanted.last),
    )
    return element(
        "form",
        choice(texts("audit.person"), "person", everyone, wanted.person_id),
        choice(texts("audit.deed"), "deed", deeds, wanted.deed),
        field(texts("audit.matter"), "matter", value=wanted.matter_id, spellcheck="false"),
        *(field(label, name, "date", value=day or "") for label, name, day in days),
        submit(texts("audit.show"), data_testid="show"),
        method="get",
        action="/audit",
        class_="filters-row",
    )


def _table(entries: tuple[AuditEntry, ...], names: dict[str, str], texts: Texts) -> Html:
    if not entries:
        return element("p", text(texts("audit.none")), class_="empty")
    columns = ("at", "person", "deed", "matter", "object", "address")
    head = element(
        "tr", *(element("th", text(texts(f"audit.{column}")), scope="col") for column in columns)
    )
    rows = [_row(entry, names, texts) for entry in entries]
    table = element("table", element("thead", head), element("tbody", *rows), class_="rows log")
    return element("section", table, class_="card flush")


def _row(entry: AuditEntry, names: dict[str, str], texts: Texts) -> Html:
    at = datetime.fromisoformat(entry.at).astimezone()
    matter = names.get(entry.matter_id) or entry.matter_id[:SHORT]
    unnamed = texts("person.local" if entry.person_id == LOCAL.id else "audit.nobody")
    cells = (
        ("person", entry.person or unnamed, ""),
        ("deed", texts.known("deed", entry.deed), ""),
        ("matter", matter, entry.matter_id),
        ("object", entry.object_id[:SHORT], entry.object_id),
        ("address", entry.address, ""),
    )
    day = f"{texts.date(at)} {at:%H:%M:%S}"
    return element(
        "tr",
        element("th", text(day), scope="row", title=entry.at),
        *(
            element(
                "td", text(words), title=title or None, class_=column,
                data_label=texts(f"audit.{column}"),
            )
            for column, words, title in cells
        ),
        data_testid="entry",
    )  # fmt: skip


def _pager(page: int, count: int, query: str, texts: Texts) -> Html:
    pages = max(1, -(-count // ENTRIES))
    steps = [
        element(
            "a",
            text(texts(f"audit.{key}")),
            href=f"/audit?{query}&page={to}",
            class_="button quiet",
        )
        if 1 <= to <= pages
        else Html("")
        for key, to in (("newer", page - 1), ("older", page + 1))
    ]
    told = texts("audit.page", page=page, pages=pages, entries=count)
    return element("nav", steps[0], element("span", text(told)), steps[1], class_="steps")


def _query(wanted: AuditFilter) -> str:
    asked = {
        "person": wanted.person_id,
        "deed": wanted.deed,
        "matter": wanted.matter_id,
        "first": wanted.first or "",
        "last": wanted.last or "",
    }
    return urlencode({key: value for key, value in asked.items() if value})
