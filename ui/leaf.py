"""What the server-rendered pages have in common: the frame, fields and forms."""

from core.serving.pages import Look
from core.types import LOCAL, NOBODY
from ui.locale import LANGUAGES, Texts, preferred_language, texts_in
from ui.markup import Html, element, icon, text
from ui.masthead import MARK

_HEAD = Html(
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="theme-color" content="#14213d"><meta name="robots" content="noindex">'
    '<link rel="icon" href="/icons/icon-192.png"><link rel="manifest" href="/manifest.json">'
    '<link rel="stylesheet" href="/look/app.css"><link rel="stylesheet" href="/look/pages.css">'
    '<script src="/look/pages.js"></script>'
)


def texts_for(look: Look) -> Texts:
    """The sentences in the language chosen in this browser, else the one that it asks for."""
    known = look.language in LANGUAGES
    return texts_in(look.language if known else preferred_language(look.accepts))


def leaf(look: Look, title: str, *content: Html, narrow: bool = False) -> str:
    """A whole page: the header and, below it, the content."""
    texts = texts_for(look)
    language = "zh-Hans" if texts.language == "zh" else "en"
    body = element(
        "div",
        element("div", _masthead(look, texts), id="header"),
        element("main", *content, class_="board narrow" if narrow else "board", id="main"),
        id="app",
    )
    head = element("head", _HEAD, element("title", text(f"{title} · Pincite")))
    return f'<!doctype html><html lang="{language}">{head}<body>{body}</body></html>'


def _masthead(look: Look, texts: Texts) -> Html:
    person = look.person
    brand = element(
        "a",
        MARK,
        element("span", text("Pincite")),
        class_="brand",
        href="/",
        aria_label=texts("leaf.home"),
    )
    places = [("/matters", texts("leaf.matters"))]
    if person.is_admin:
        places += [("/people", texts("leaf.people")), ("/audit", texts("leaf.audit"))]
    if person != LOCAL:
        places.append(("/account", texts("leaf.account")))
    links = [
        element(
            "a",
            text(label),
            href=path,
            aria_current="page" if look.path.startswith(path) else None,
        )
        for path, label in places
    ]
    known = person != NOBODY
    nav = element("nav", *links, class_="places", aria_label=texts("leaf.places"))
    return element(
        "div",
        brand,
        nav if known else Html(""),
        element("span", class_="space"),
        _language(look, texts),
        element(
            "button",
            icon("moon"),
            icon("sun"),
            type="button",
            class_="tool theme",
            id="theme",
            aria_label=texts("header.theme"),
            title=texts("header.theme"),
        ),
        _leave(texts) if known and person != LOCAL else Html(""),
        class_="masthead",
    )


def _language(look: Look, texts: Texts) -> Html:
    other = next(language for language in LANGUAGES if language != texts.language)
    return element(
        "button",
        text(LANGUAGES[other]),
        type="button",
        class_="language",
        lang=other,
        data_language=other,
        title=texts("header.language"),
    )


def _leave(texts: Texts) -> Html:
    leave = element("button", text(texts("person.logout")), class_="language", data_testid="logout")
    return element("form", leave, method="post", action="/logout")


def field(label: str, name: str, kind: str = "text", hint: str = "", **more: object) -> Html:
    """A labelled field."""
    marks = "".join(
        f" {key.replace('_', '-')}"
        if value is True
        else f' {key.replace("_", "-")}="{text(value)}"'
        for key, value in more.items()
        if value is not None and value is not False
    )
    box = Html(f'<input name="{name}" type="{kind}"{marks} data-testid="{name}">')
    return _labelled(label, box, hint)


def area(label: str, name: str, value: str, **more: object) -> Html:
    """A labelled field of several lines."""
    box = element("textarea", text(value), name=name, data_testid=name, dir="auto", **more)
    return _labelled(label, box, "")


def choice(
    label: str, name: str, options: list[tuple[str, str]], chosen: str = "", **more: object
) -> Html:
    """A labelled choice among (value, words)."""
    drawn = [
        element("option", text(words), value=value, selected=value == chosen)
        for value, words in options
    ]
    return _labelled(label, element("select", *drawn, name=name, data_testid=name, **more), "")


def tick(label: str, name: str, **more: object) -> Html:
    """A box to tick with its words."""
    marked = " checked" if more.pop("checked", False) else ""
    box = Html(f'<input type="checkbox" name="{name}"{marked} data-testid="{name}">')
    return element("label", box, element("span", text(label)), class_="tick")


def _labelled(label: str, box: Html, hint: str) -> Html:
    small = element("small", text(hint)) if hint else Html("")
    return element("label", element("span", text(label)), box, small, class_="field")


def submit(label: str, kind: str = "button", **more: object) -> Html:
    """The button that sends a form."""
    return element("button", text(label), type="submit", class_=kind, **more)


def post(path: str, *content: Html, class_: str = "fields") -> Html:
    """A form that changes something."""
    return element("form", *content, method="post", action=path, class_=class_)


def sentence(words: str, kind: str) -> Html:
    """A sentence on what went wrong (``trouble``) or was done (``done``)."""
    if not words:
        return Html("")
    role = "alert" if kind == "trouble" else "status"
    return element("p", text(words), class_=f"said {kind}", role=role, data_testid=kind)
