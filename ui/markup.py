"""Escaped HTML: the only place where text of documents, people and models becomes markup."""

import json
from collections.abc import Iterable
from html import escape
from typing import NewType

Html = NewType("Html", str)
"""Markup that is safe to show. Everything else is text and goes through ``text`` first."""

_BRACES = str.maketrans({"$": "&#36;", "{": "&#123;", "}": "&#125;", "`": "&#96;"})
# Gradio runs its HTML templates through Handlebars and a JavaScript template literal.  The value
# is not evaluated there today; escaping their signs keeps it so whatever a release changes.

_ICONS = {
    "arrow-up": "M12 19V5m-6 6 6-6 6 6",
    "ask": "M5 5h14v10.5h-7.5L7.5 19v-3.5H5zM9 9h6m-6 3h4",
    "check": "m5 12.5 4.5 4.5L19 7.5",
    "chevron": "m7 10 5 5 5-5",
    "close": "m6 6 12 12M18 6 6 18",
    "copy": "M9 9h10v11H9zM15 9V4H5v11h4",
    "down": "M12 4.5V15m-4.5-4 4.5 4.5 4.5-4.5M4.5 19.5h15",
    "document": "M7 3h7l4 4v14H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm7 0v5h4M9 13h6M9 16.5h6",
    "left": "m14 6-6 6 6 6",
    "menu": "M4 7h16M4 12h16M4 17h10",
    "moon": "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
    "more": "M6 12h.01M12 12h.01M18 12h.01",
    "partly": "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zm0 4.5v4m0 3v.01",
    "pen": "m5 19 .8-3.6L16 5.2a1.8 1.8 0 0 1 2.6 2.6L8.4 18.1z",
    "person": "M12 4.5a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6zM5 20c.6-3.8 3.4-5.5 7-5.5s6.4 1.7 "
    "7 5.5",
    "plus": "M12 5v14M5 12h14",
    "quote": "M9 7c-2.5 1-4 3-4 6v4h5v-5H7.5c0-1.5.8-2.6 2-3.2M18.5 7c-2.5 1-4 3-4 6v4h5v-5H17"
    "c0-1.5.8-2.6 2-3.2",
    "redo": "M19 12a7 7 0 1 1-2.3-5.2M19 4v4.5h-4.5",
    "right": "m10 6 6 6-6 6",
    "search": "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zm4.5 10.5L20 20",
    "sides": "M4 5h7v14H4zM13 5h7v14h-7z",
    "sliders": "M4 8h8m4 0h4M4 16h3m4 0h9M14 6v4m-5 4v4",
    "stop": "M8 8h8v8H8z",
    "sun": "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm0-5v1.5m0 15V21m9-9h-1.5m-15 0H3m15.4-6.4-1.1 "
    "1.1M6.7 17.3l-1.1 1.1m12.8 0-1.1-1.1M6.7 6.7 5.6 5.6",
    "thumb": "M7.5 11v9H4v-9zm0 0 4-7.5a2 2 0 0 1 2.2 2.2L13 10h5.3a1.8 1.8 0 0 1 1.7 2.2l-1.5 "
    "6.3A2 2 0 0 1 16.5 20h-9",
    "trash": "M5 7h14M10 7V4.5h4V7m-7.5 0 .8 12.5h9.4L17.5 7M10.5 10.5v5.5m3-5.5v5.5",
    "unsupported": "M12 4 2.8 19.5h18.4zm0 6v4.5m0 2.5v.01",
    "upload": "M12 15V4.5m-4.5 4L12 4l4.5 4.5M4.5 15v4a1 1 0 0 0 1 1h13a1 1 0 0 0 1-1v-4",
}


def text(value: object) -> Html:
    """Escape a value for an element's content or a quoted attribute."""
    return Html(escape(str(value), quote=True).translate(_BRACES))


def join(parts: Iterable[Html]) -> Html:
    """Put pieces of markup one after another."""
    return Html("".join(parts))


def icon(name: str) -> Html:
    """One of our own line icons, hidden from screen readers."""
    return Html(
        f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{_ICONS[name]}"/></svg>'
    )


def attributes(**values: object) -> Html:
    """Attributes of an element; ``_`` becomes ``-``, ``class_`` is ``class``.

    ``None`` and ``False`` leave an attribute out, ``True`` sets it without a value, and mappings
    are written as JSON.
    """
    parts = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        key = name.rstrip("_").replace("_", "-")
        if value is True:
            parts.append(f" {key}")
            continue
        plain = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
        parts.append(f' {key}="{text(plain)}"')
    return Html("".join(parts))


def element(tag: str, *content: Html, **values: object) -> Html:
    """An element with its attributes (see ``attributes``) around its content."""
    return Html(f"<{tag}{attributes(**values)}>{''.join(content)}</{tag}>")


def action(
    event: str, *content: Html, value: dict[str, object] | None = None, **values: object
) -> Html:
    """A button that fires the page's event ``event`` with ``value``.

    ``data_confirm`` asks first; ``data_prompt`` asks for a text, sent as ``text``.
    """
    return element(
        "button", *content, type="button", data_event=event, data_value=value or {}, **values
    )
