"""The administrators' page of people."""

from core.serving.accounts import SHORTEST_PASSWORD
from core.serving.pages import Look
from core.types import LOCAL, Person
from ui.leaf import field, leaf, post, sentence, submit, texts_for, tick
from ui.locale import Texts
from ui.markup import Html, element, text


def people(
    look: Look,
    listed: tuple[Person, ...],
    *,
    trouble: str = "",
    code: str = "",
    whose: str = "",
) -> str:
    """Everyone with an account, and the form for one more; ``code`` is for ``whose`` hands."""
    texts = texts_for(look)
    heading = element(
        "header",
        element("h1", text(texts("leaf.people"))),
        element("p", text(texts("people.lead")), class_="lead"),
    )
    said = sentence(texts("people.done") if look.done and not trouble else trouble, "done")
    said = sentence(texts.said(trouble), "trouble") if trouble else said
    if code:
        given = text(texts("people.code", name=whose))
        shown = element("p", element("code", text(code), data_testid="code"))
        said = element("div", element("p", given), shown, class_="said done", role="status")
    table = element(
        "table",
        element(
            "thead",
            element(
                "tr",
                *(
                    element("th", text(texts(f"people.{column}")), scope="col")
                    for column in ("name", "kind", "since", "actions")
                ),
            ),
        ),
        element("tbody", *(_row(person, look, texts) for person in listed)),
        class_="rows",
    )
    listing = element("section", table, class_="card flush") if listed else Html("")
    return leaf(look, texts("leaf.people"), heading, said, listing, _add(look, listed, texts))


def _row(person: Person, look: Look, texts: Texts) -> Html:
    kind = texts.list_of_words(
        texts("people.administrator") if person.is_admin else texts("people.member"),
        texts("people.external") if person.is_external else "",
        "" if person.is_active else texts("people.shut"),
    )
    since = texts.date(person.created_at) if person.created_at else ""
    return element(
        "tr",
        element("th", text(person.name), scope="row"),
        element("td", text(kind), data_label=texts("people.kind")),
        element("td", text(since), data_label=texts("people.since")),
        element("td", *_deeds(person, look, texts), class_="deeds"),
        class_="" if person.is_active else "shut",
        data_testid="person",
    )


def _deeds(person: Person, look: Look, texts: Texts) -> list[Html]:
    path = f"/people/{person.id}"
    deeds = [
        ("demote" if person.is_admin else "promote"),
        "disable" if person.is_active else "enable",
    ]
    if person == look.person:
        deeds = []
    drawn = [
        post(
            path,
            Html(f'<input type="hidden" name="deed" value="{deed}">'),
            submit(
                texts(f"people.{deed}"),
                "tool",
                aria_label=f"{texts(f'people.{deed}')}: {person.name}",
            ),
            class_="inline",
        )
        for deed in deeds
    ]
    if person.is_external or person == look.person:
        return drawn
    form = post(
        path,
        Html('<input type="hidden" name="deed" value="password">'),
        element("small", text(texts("people.password_more"))),
        submit(texts("people.make_code"), data_testid="make-code"),
    )
    summary = element("summary", text(texts("people.password")), class_="tool")
    return [*drawn, element("details", summary, form, class_="reset")]


def _add(look: Look, listed: tuple[Person, ...], texts: Texts) -> Html:
    first = look.person == LOCAL
    form = post(
        "/people",
        field(
            texts("people.name"), "name", required=True, maxlength=80, autocomplete="off",
            spellcheck="false",
        ),
        *([_own_password(texts)] if first else []),
        tick(texts("people.administrator"), "admin", checked=first),
        tick(texts("people.external_more"), "external"),
        submit(texts("people.add"), data_testid="add-person"),
    )  # fmt: skip
    lead = texts("people.first") if first and not listed else texts("people.add_more")
    return element(
        "section",
        element("h2", text(texts("people.add"))),
        element("p", text(lead), class_="lead"),
        form,
        class_="card",
    )


def _own_password(texts: Texts) -> Html:
    return field(
        texts("login.password"), "password", "password",
        texts("account.rule", count=SHORTEST_PASSWORD), autocomplete="new-password",
        maxlength=1024,
    )  # fmt: skip
