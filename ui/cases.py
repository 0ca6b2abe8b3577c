"""The pages of matters: one's own, and the settings and members of one."""

from datetime import date

from core.serving.pages import Look
from core.types import LOCAL, Matter, Member, Role
from ui.leaf import area, choice, field, leaf, post, sentence, submit, texts_for
from ui.locale import LANGUAGES, Texts
from ui.markup import Html, element, text


def matters(look: Look, listed: tuple[tuple[Matter, Role], ...]) -> str:
    """One's matters; owners are told first of those past their retention date."""
    texts = texts_for(look)
    due = [matter for matter, role in listed if role is Role.OWNER and is_due(matter)]
    heading = element(
        "header",
        element("h1", text(texts("leaf.matters"))),
        element("p", text(texts("matters.lead")), class_="lead"),
    )
    if not listed:
        empty = element("p", text(texts("matters.none")), class_="empty")
        return leaf(look, texts("leaf.matters"), heading, empty)
    columns = ("name", "client", "role", "retain_until")
    head = element(
        "tr", *(element("th", text(texts(f"matters.{each}")), scope="col") for each in columns)
    )
    rows = [_row(matter, role, texts) for matter, role in listed]
    table = element("table", element("thead", head), element("tbody", *rows), class_="rows")
    return leaf(
        look,
        texts("leaf.matters"),
        heading,
        _due(due, texts),
        element("section", table, class_="card flush"),
    )


def is_due(matter: Matter) -> bool:
    """Whether the day is past until which a matter has to be kept, and no hold keeps it longer."""
    until = matter.retain_until
    return until is not None and until < date.today() and not matter.on_hold


def _due(due: list[Matter], texts: Texts) -> Html:
    if not due:
        return Html("")
    links = [element("a", text(each.name), href=f"/matters/{each.id}") for each in due]
    items = element("ul", *(element("li", link) for link in links))
    told = element("p", text(texts("matters.due", count=len(due))))
    return element("section", told, items, class_="said due", data_testid="due")


def _row(matter: Matter, role: Role, texts: Texts) -> Html:
    name = element("a", text(matter.name), href=f"/matters/{matter.id}")
    hold = (
        element("span", text(texts("matters.hold")), class_="tag") if matter.on_hold else Html("")
    )
    until = texts.day(matter.retain_until) if matter.retain_until else "–"
    return element(
        "tr",
        element("th", name, hold, scope="row"),
        element("td", text(matter.client or "–"), data_label=texts("matters.client")),
        element("td", text(texts(f"role.{role}")), data_label=texts("matters.role")),
        element("td", text(until), data_label=texts("matters.retain_until")),
        data_testid="matter-row",
    )


def matter(
    look: Look, matter: Matter, role: Role, members: tuple[Member, ...], *, trouble: str = ""
) -> str:
    """What a matter is about, its hold and its members; owners change them."""
    texts, owns = texts_for(look), role is Role.OWNER
    heading = element(
        "header",
        element("p", element("a", text(texts("leaf.matters")), href="/matters"), class_="crumb"),
        element("h1", text(matter.name)),
        element("p", text(texts("matter_page.lead", role=texts(f"role.{role}"))), class_="lead"),
    )
    said = sentence(texts.said(trouble), "trouble") or sentence(
        texts("matter_page.saved") if look.done else "", "done"
    )
    about = _form(matter, texts) if owns else _facts(matter, texts)
    described = element(
        "section", element("h2", text(texts("matter_page.about"))), about, class_="card"
    )
    parts = [described, _hold(matter, owns, texts)]
    if look.person != LOCAL:
        parts.append(_members(matter, members, owns, texts))
    return leaf(look, matter.name, heading, said, *parts, narrow=True)


def _form(matter: Matter, texts: Texts) -> Html:
    languages = [("", texts("matter_page.any_language")), *LANGUAGES.items()]
    until = matter.retain_until
    return post(
        f"/matters/{matter.id}",
        field(texts("matters.name"), "name", value=matter.name, required=True, maxlength=120),
        field(texts("matters.client"), "client", value=matter.client, maxlength=200),
        area(texts("matter_page.description"), "description", matter.description, rows=3,
             maxlength=4000),
        element(
            "div",
            choice(texts("matter_page.language"), "language", languages, matter.language),
            field(
                texts("matters.retain_until"), "retain_until", "date",
                texts("matter_page.retain_hint"), value=until or "",
            ),
            class_="pair",
        ),
        submit(texts("matter_page.save"), data_testid="save-matter"),
    )  # fmt: skip


def _facts(matter: Matter, texts: Texts) -> Html:
    until = texts.day(matter.retain_until) if matter.retain_until else "–"
    facts = (
        (texts("matters.client"), matter.client or "–"),
        (texts("matter_page.description"), matter.description or "–"),
        (texts("matter_page.language"), LANGUAGES.get(matter.language, "–")),
        (texts("matters.retain_until"), until),
    )
    rows = [
        element("div", element("dt", text(label)), element("dd", text(words)))
        for label, words in facts
    ]
    return element("dl", *rows)


def _hold(matter: Matter, owns: bool, texts: Texts) -> Html:
    state = "held" if matter.on_hold else "free"
    change = Html("")
    if owns:
        hidden = Html("") if matter.on_hold else Html('<input type="hidden" name="hold" value="1">')
        label = texts("matter_page.lift" if matter.on_hold else "matter_page.hold")
        button = submit(label, "button quiet", data_testid="hold")
        change = post(f"/matters/{matter.id}/hold", hidden, button)
    return element(
        "section",
        element("h2", text(texts("matters.hold"))),
        element("p", text(texts(f"matter_page.{state}")), class_="lead"),
        change,
        class_="card",
        data_state=state,
    )


def _members(matter: Matter, members: tuple[Member, ...], owns: bool, texts: Texts) -> Html:
    roles = [(role.value, texts(f"role.{role}")) for role in Role]
    rows = [_member(matter, each, roles, owns, texts) for each in members]
    add = post(
        f"/matters/{matter.id}/members",
        field(texts("people.name"), "name", required=True, maxlength=80, spellcheck="false",
              autocomplete="off"),
        choice(texts("matters.role"), "role", roles),
        submit(texts("matter_page.add_member"), data_testid="add-member"),
        class_="row-form",
    )  # fmt: skip
    return element(
        "section",
        element("h2", text(texts("matter_page.members"))),
        element("p", text(texts("matter_page.members_more")), class_="lead"),
        element("ul", *rows, class_="members"),
        add if owns else Html(""),
        class_="card",
    )


def _member(
    matter: Matter, member: Member, roles: list[tuple[str, str]], owns: bool, texts: Texts
) -> Html:
    name = member.person.name
    if not owns:
        told = element("span", text(texts(f"role.{member.role}")), class_="faint")
        return element("li", element("span", text(name)), told, data_testid="member")
    path = f"/matters/{matter.id}/members"
    who = Html(f'<input type="hidden" name="name" value="{text(name)}">')
    pick = choice(f"{texts('matters.role')}: {name}", "role", roles, member.role)
    change = post(path, who, pick, submit(texts("matter_page.set"), "tool"), class_="inline")
    gone = Html('<input type="hidden" name="role" value="">')
    remove = post(path, who, gone, submit(texts("matter_page.remove"), "tool"), class_="inline")
    return element("li", element("span", text(name)), change, remove, data_testid="member")
