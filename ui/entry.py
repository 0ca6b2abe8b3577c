"""The login page, and one's own account."""

from datetime import datetime
from typing import Any

from core.deeds import AuditEntry
from core.serving.accounts import SHORTEST_PASSWORD
from core.serving.pages import Look
from ui.leaf import field, leaf, post, sentence, submit, texts_for
from ui.locale import Texts
from ui.markup import Html, element, text
from ui.masthead import MARK


def login(look: Look, *, name: str, there: str, wrong: bool, wait_s: int, oidc: bool) -> str:
    """The form for name and password; ``there`` is where it goes on to."""
    texts = texts_for(look)
    trouble = texts("login.wait", count=wait_s) if wait_s else ""
    trouble = texts("login.wrong") if wrong else trouble
    user = field(
        texts("login.name"), "name", value=name, autocomplete="username", required=True,
        maxlength=200, autocapitalize="none", spellcheck="false", autofocus=not name,
    )  # fmt: skip
    password = field(
        texts("login.password"), "password", "password", autocomplete="current-password",
        required=True, maxlength=1024, autofocus=bool(name),
    )  # fmt: skip
    elsewhere = (
        element("a", text(texts("login.elsewhere")), href="/oidc/begin", class_="button quiet")
        if oidc
        else Html("")
    )
    form = post(
        "/login",
        Html(f'<input type="hidden" name="next" value="{text(there)}">'),
        sentence(texts.said(trouble), "trouble"),
        user,
        password,
        submit(texts("login.enter"), data_testid="enter"),
        elsewhere,
        element("a", text(texts("login.code")), href="/login/code", class_="button quiet"),
    )
    return _door(look, texts("login.heading"), texts("login.lead"), form)


def code(look: Look, *, name: str, trouble: str = "") -> str:
    """The form for a code that an administrator handed over, and a password of one's own."""
    texts = texts_for(look)
    form = post(
        "/login/code",
        sentence(texts.said(trouble), "trouble"),
        field(
            texts("login.name"), "name", value=name, autocomplete="username", required=True,
            maxlength=200, autocapitalize="none", spellcheck="false", autofocus=not name,
        ),
        field(
            texts("code.code"), "code", autocomplete="one-time-code", required=True,
            maxlength=200, autocapitalize="none", spellcheck="false", autofocus=bool(name),
        ),
        *_chosen(texts),
        submit(texts("code.set"), data_testid="set-password"),
    )  # fmt: skip
    return _door(look, texts("code.heading"), texts("code.lead"), form)


def _door(look: Look, heading: str, lead: str, form: Html) -> str:
    card = element(
        "section",
        element("div", MARK, class_="emblem"),
        element("h1", text(heading)),
        element("p", text(lead), class_="lead"),
        form,
        class_="card login",
    )
    return leaf(look, heading, card, narrow=True)


_SECRET: dict[str, Any] = {"required": True, "maxlength": 1024}


def _chosen(texts: Texts) -> tuple[Html, Html]:
    """The fields for a password of one's own."""
    new = field(
        texts("account.new"), "new", "password", texts("account.rule", count=SHORTEST_PASSWORD),
        autocomplete="new-password", minlength=SHORTEST_PASSWORD, **_SECRET,
    )  # fmt: skip
    again = field(
        texts("account.again"), "again", "password", autocomplete="new-password", **_SECRET
    )
    return new, again


def account(look: Look, resets: tuple[AuditEntry, ...], *, trouble: str = "") -> str:
    """One's own account: the password, who touched it, and the sessions in every browser."""
    texts = texts_for(look)
    person = look.person
    change = post(
        "/account",
        field(
            texts("account.old"), "old", "password", autocomplete="current-password", **_SECRET
        ),
        *_chosen(texts),
        submit(texts("account.change"), data_testid="change-password"),
    )  # fmt: skip
    password = element(
        "section",
        element("h2", text(texts("account.password"))),
        element("p", text(texts("account.external")), class_="lead")
        if person.is_external
        else change,
        class_="card",
    )
    everywhere = element(
        "section",
        element("h2", text(texts("account.sessions"))),
        element("p", text(texts("account.sessions_more")), class_="lead"),
        post("/logout/everywhere", submit(texts("person.logout_everywhere"), "button quiet")),
        class_="card",
    )
    heading = element(
        "header",
        element("h1", text(person.name)),
        element("p", text(texts("account.lead")), class_="lead"),
    )
    done = sentence(texts("account.changed") if look.done else "", "done")
    said = done or sentence(texts.said(trouble), "trouble")
    told = _resets(resets, texts)
    return leaf(look, texts("leaf.account"), heading, said, told, password, everywhere, narrow=True)


def _resets(resets: tuple[AuditEntry, ...], texts: Texts) -> Html:
    """Who else could have come in under this name: each time that another touched the password."""
    if not resets:
        return Html("")
    rows = []
    for each in resets:
        at = datetime.fromisoformat(each.at).astimezone()
        by = each.person or texts("person.local")
        words = texts("account.reset", name=by, moment=f"{texts.date(at)} {at:%H:%M}")
        rows.append(element("li", text(words), title=each.at))
    lead = element("p", text(texts("account.resets")))
    return element(
        "div", lead, element("ul", *rows), class_="said due", role="status", data_testid="resets"
    )
