"""The login page, and one's own account."""

from typing import Any

from core.serving.accounts import SHORTEST_PASSWORD
from core.serving.pages import Look
from ui.leaf import field, leaf, post, sentence, submit, texts_for
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
        sentence(trouble, "trouble"),
        user,
        password,
        submit(texts("login.enter"), data_testid="enter"),
        elsewhere,
    )
    card = element(
        "section",
        element("div", MARK, class_="emblem"),
        element("h1", text(texts("login.heading"))),
        element("p", text(texts("login.lead")), class_="lead"),
        form,
        class_="card login",
    )
    return leaf(look, texts("login.heading"), card, narrow=True)


def account(look: Look, *, trouble: str = "") -> str:
    """One's own account: the password, and the sessions in every browser."""
    texts = texts_for(look)
    person = look.person
    secret: dict[str, Any] = {"required": True, "maxlength": 1024}
    change = post(
        "/account",
        field(
            texts("account.old"), "old", "password", autocomplete="current-password", **secret
        ),
        field(
            texts("account.new"), "new", "password",
            texts("account.rule", count=SHORTEST_PASSWORD), autocomplete="new-password",
            minlength=SHORTEST_PASSWORD, **secret,
        ),
        field(
            texts("account.again"), "again", "password", autocomplete="new-password", **secret
        ),
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
    return leaf(look, texts("leaf.account"), heading, said, password, everywhere, narrow=True)
