"""The table of a matter's documents: what each is, how it stands, what to do with it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from core.documents.pace import Pace
from core.types import Document, DocumentState, Genre
from ui.locale import Texts
from ui.markup import Html, action, element, icon, join, text

ROWS = 200
"""Rows drawn at once; the search finds the others."""


def render_documents(found: Sequence[Document], total: int, texts: Texts) -> Html:
    """A row for every document found, or what to do when there is none."""
    if not total:
        return element(
            "div",
            element("h2", text(texts("documents.empty"))),
            element("p", text(texts("documents.empty_more"))),
            class_="empty",
            data_testid="documents-empty",
        )
    if not found:
        return element(
            "p", text(texts("documents.none_found")), class_="empty", data_testid="documents-none"
        )
    older: dict[str, list[Document]] = defaultdict(list)
    for document in found:
        if is_old(document):
            older[document.name].append(document)
    heads = {each.name for each in found if is_current(each)}
    versions = Counter(each.name for each in found)
    shown = [each for each in found if not (is_old(each) and each.name in heads)]
    columns = ("name", "state", "pages", "passages", "size", "added")
    head = element(
        "tr",
        *(
            element("th", text(texts(f"documents.{column}")), scope="col", class_=column)
            for column in columns
        ),
        element("th", Html(f'<span class="unseen">{text(texts("documents.actions"))}</span>')),
    )
    more = len(shown) - ROWS
    return element(
        "div",
        element(
            "table",
            element("thead", head),
            element("tbody", *(_rows_of(each, older, versions, texts) for each in shown[:ROWS])),
            aria_label=texts("tab.documents"),
        ),
        element("p", text(texts("documents.more", count=more)), class_="more")
        if more > 0
        else Html(""),
        class_="documents",
        data_testid="documents",
    )


def is_moving(document: Document) -> bool:
    """Whether a document is on its way."""
    return document.state not in (DocumentState.READY, DocumentState.FAILED)


def is_old(document: Document) -> bool:
    """Whether a document is an older version that is kept."""
    return document.is_superseded and document.state is DocumentState.READY


def is_current(document: Document) -> bool:
    """Whether a document is the version that is searched."""
    return document.state is DocumentState.READY and not document.is_superseded


def is_cancelled(document: Document) -> bool:
    """Whether somebody ended a document's way, which is no failure of it."""
    return document.state is DocumentState.FAILED and document.failure == "cancelled"


def render_pace(pace: Pace, failed: int, texts: Texts) -> Html:
    """How fast it goes and what is left, and the button that tries all failed ones again."""
    said = []
    if pace.waiting:
        said.append(texts("documents.waiting", count=pace.waiting))
        if pace.pages_per_s:
            said.append(texts("documents.pages_per_s", number=f"{pace.pages_per_s:.1f}"))
        if pace.passages_per_s:
            said.append(texts("documents.passages_per_s", number=f"{pace.passages_per_s:.1f}"))
        if pace.seconds_left is not None:
            said.append(left(pace.seconds_left, texts))
    if pace.erasing:
        said.append(texts("documents.erasing"))
    again = action(
        "retry_failed",
        icon("redo"),
        text(texts("documents.retry_failed", count=failed)),
        class_="button quiet",
        data_testid="retry-failed",
    )
    if not said and failed < 2:
        return Html("")
    return element(
        "div",
        element("span", text(texts.list_of_words(*said)), role="status", data_testid="pace"),
        again if failed > 1 else Html(""),
        class_="pace",
    )


def left(seconds: float, texts: Texts) -> str:
    """How long something still takes, as a person would say it."""
    if seconds < 60:
        return texts("documents.seconds_left")
    if seconds < 5400:
        return texts("documents.minutes_left", count=round(seconds / 60))
    return texts("documents.hours_left", count=round(seconds / 3600))


def _rows_of(
    document: Document,
    older: Mapping[str, Sequence[Document]],
    versions: Mapping[str, int],
    texts: Texts,
) -> Html:
    """A document's row, and one for each older version under the one that is searched."""
    below = older.get(document.name, ()) if is_current(document) else ()
    several = versions[document.name] > 1
    return join(_row(each, several, texts) for each in (document, *below))


def _row(document: Document, is_one_of_several: bool, texts: Texts) -> Html:
    facts = {
        "pages": "–" if document.pages is None else f"{document.pages:,}",
        "passages": f"{document.passages:,}" if document.passages else "–",
        "size": size(document.size_bytes),
        "added": texts.date(document.added_at),
    }
    return element(
        "tr",
        element(
            "td",
            _name(document, texts),
            _version(document, is_one_of_several, texts),
            Html("") if is_old(document) else _identity(document, texts),
            Html("") if is_old(document) else _notes(document, texts),
            class_="name",
        ),
        element("td", _state(document, texts), class_="state"),
        *(
            element(
                "td",
                text(fact),
                class_=f"{column} none" if fact == "–" else column,
                data_label=texts(f"documents.{column}"),
            )
            for column, fact in facts.items()
        ),
        element("td", *_row_actions(document, texts), class_="actions"),
        class_="document old" if is_old(document) else "document",
        data_testid="document",
        data_state=document.state,
        data_document=document.id,
        data_name=document.name,
    )


def _name(document: Document, texts: Texts) -> Html:
    folder, slash, name = document.name.rpartition("/")
    above = element("small", text(folder + slash)) if slash else Html("")
    words = element("span", above, text(name), dir="auto")
    if document.state is not DocumentState.READY:
        return element("span", icon("document"), words)
    return action(
        "open_source",
        icon("document"),
        words,
        value={"document_id": document.id, "page": 1 if document.pages else 0},
        data_testid="open-document",
        title=texts("documents.open"),
    )


def _version(document: Document, is_one_of_several: bool, texts: Texts) -> Html:
    """Which version it is, where there is more than one."""
    if document.version == 1 and not (is_one_of_several or is_old(document)):
        return Html("")
    key = "documents.old_version" if is_old(document) else "documents.version"
    words = texts(key, number=document.version)
    return element("span", text(words), class_="version", data_testid="document-version")


def _identity(document: Document, texts: Texts) -> Html:
    """What the document calls itself, whose it is, what it is and of when, where that is known."""
    identity = document.identity
    known = identity.genre is not Genre.OTHER or identity.title or identity.dated
    if document.state is not DocumentState.READY or not known:
        return Html("")
    parties = texts("documents.and").join(identity.parties)
    facts = texts.list_of_words(
        texts(f"genre.{identity.genre}") if identity.genre is not Genre.OTHER else "",
        texts.day(identity.dated) if identity.dated else "",
        parties,
    )
    title = element("span", text(identity.title), class_="title") if identity.title else Html("")
    return element(
        "div",
        title,
        element("span", text(facts), class_="facts", title=parties or None),
        class_="identity",
        data_testid="document-identity",
    )


def _notes(document: Document, texts: Texts) -> Html:
    """What a person should know of the file before relying on it."""
    blank = document.blank_pages
    said = [texts.known("warning", key) for key in document.warnings]
    said += [texts("documents.blank_pages", count=blank)] if blank else []
    if not said:
        return Html("")
    rows = [element("li", icon("partly"), element("span", text(each))) for each in said]
    return element(
        "ul",
        *rows,
        class_="caveats",
        aria_label=texts("documents.warning"),
        data_testid="document-warnings",
    )


def _state(document: Document, texts: Texts) -> Html:
    label = texts(f"state.{document.state}")
    if is_cancelled(document):
        return element("span", icon("close"), text(texts("state.cancelled")), class_="badge")
    if document.state is DocumentState.FAILED:
        why = texts.said(document.reason, document.remedy)
        return element(
            "div",
            element("span", icon("unsupported"), text(label), class_="badge failed"),
            element("p", text(why), class_="why", data_testid="document-failure"),
            _password(document, texts) if document.failure == "password" else Html(""),
        )
    if is_old(document):
        return element("span", text(texts("documents.superseded")), class_="badge")
    if document.state is DocumentState.READY:
        return element("span", icon("check"), text(label), class_="badge ready")
    if document.state is DocumentState.QUEUED:
        return element("span", text(label), class_="badge waiting")
    percent = round(100 * document.progress)
    bar = Html(
        f'<progress max="100" value="{percent:d}" aria-label="{text(label)}"></progress>'
        if document.progress or document.state is DocumentState.EMBEDDING
        else f'<progress aria-label="{text(label)}"></progress>'
    )
    number = f" {percent} %" if document.progress else ""
    if document.state is DocumentState.READING and document.pages:
        done = {"done": f"{document.pages_done:,}", "pages": f"{document.pages:,}"}
        number = " " + texts("documents.pages_read", **done)
    return element("div", element("span", text(label + number), class_="badge"), bar)


def _password(document: Document, texts: Texts) -> Html:
    """A field for the password of a protected file; what is typed is used once and not kept."""
    label = texts("documents.password")
    field = Html(
        f'<input type="password" name="password" required autocomplete="off"'
        f' placeholder="{text(label)}" aria-label="{text(label)}: {text(document.name)}"'
        f' data-testid="document-password">'
    )
    button = element("button", text(texts("documents.unlock")), class_="button quiet")
    return element(
        "form",
        field,
        button,
        data_event="unlock_document",
        data_value={"document_id": document.id},
        class_="unlock",
    )


def _row_actions(document: Document, texts: Texts) -> list[Html]:
    buttons: list[tuple[str, str, str, str | None]] = []
    if is_moving(document):
        buttons.append(("cancel_document", "close", texts("documents.cancel"), None))
    if document.state is DocumentState.FAILED:
        buttons.append(("retry_document", "redo", texts("documents.retry"), None))
    if is_current(document):
        buttons.append(("ask_about", "ask", texts("options.ask_about"), None))
    confirm = texts("documents.confirm_delete", name=document.name)
    buttons.append(("delete_document", "trash", texts("documents.delete"), confirm))
    return [
        action(
            event,
            icon(symbol),
            value={"document_id": document.id},
            class_="tool",
            data_confirm=question,
            data_then="chat" if event == "ask_about" else None,
            data_testid=event.replace("_", "-"),
            aria_label=f"{label}: {document.name}",
            title=label,
        )
        for event, symbol, label, question in buttons
    ]


def size(size_bytes: int) -> str:
    """A file's size in the largest unit (powers of 1024) that leaves at least one."""
    amount = float(size_bytes)
    for unit in ("B", "KB", "MB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GB"
