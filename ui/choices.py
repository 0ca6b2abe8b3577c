"""The panel of search options: how to answer, which documents, from when, how much of them."""

from collections.abc import Sequence

from core.types import AnswerKind, Document, Genre, Scope
from ui.locale import Texts
from ui.markup import Html, element, icon, join, text
from ui.options import MOST_PASSAGES, STYLES, Options, searchable


def render_options(
    options: Options,
    documents: Sequence[Document],
    texts: Texts,
    setting_passages: int,
    drawn: str,
    standing_style: AnswerKind = AnswerKind.DRAFT,
) -> Html:
    """The panel of all options.

    ``drawn`` sets this drawing apart from the last: Gradio patches what has changed in the
    markup, and the browser then takes back what was ticked on the page since.  What stands without
    a choice is told to the browser, which sends a choice only where it is another.
    """
    done = element(
        "button",
        text(texts("options.done")),
        type="button",
        class_="button",
        data_do="options",
        data_testid="options-done",
    )
    return element(
        "form",
        _group(
            texts("options.style"), _styles(options.style or standing_style, texts), class_="styles"
        ),
        element(
            "div",
            _chooser(options, documents, texts),
            element(
                "div",
                _group(texts("options.genres"), _genres(options, texts), class_="genres"),
                _group(texts("options.dated"), *_dates(options.scope, texts), class_="dates"),
                _passages(options, texts, setting_passages),
            ),
            class_="columns",
        ),
        element("footer", done),
        id="options-panel",
        class_="options-panel",
        role="dialog",
        aria_label=texts("options.label"),
        tabindex="-1",
        data_options=True,
        data_style=str(standing_style),
        data_passages=setting_passages,
        data_drawn=drawn,
        data_testid="options-panel",
    )


def _group(legend: str, *content: Html, class_: str) -> Html:
    return element("fieldset", element("legend", text(legend)), *content, class_=class_)


def _box(kind: str, name: str, value: str, ticked: bool, *words: Html, **more: object) -> Html:
    """A box or a round one to tick, with its words."""
    marked = " checked" if ticked else ""
    field = Html(f'<input type="{kind}" name="{name}" value="{text(value)}"{marked}>')
    return element("label", field, element("span", *words), **more)


def _styles(chosen: AnswerKind, texts: Texts) -> Html:
    return join(
        _box(
            "radio",
            "style",
            style,
            style is chosen,
            element("strong", text(texts(f"style.{style}"))),
            element("small", text(texts(f"style_more.{style}"))),
            data_testid=f"options-style-{style}",
        )
        for style in STYLES
    )


def _genres(options: Options, texts: Texts) -> Html:
    return join(
        _box(
            "checkbox",
            "genres",
            genre,
            genre in options.scope.genres,
            text(texts(f"genres.{genre}")),
            data_testid=f"options-genre-{genre}",
        )
        for genre in Genre
    )


def _dates(scope: Scope, texts: Texts) -> list[Html]:
    ends = (("dated_from", "from", scope.dated_from), ("dated_to", "to", scope.dated_to))
    fields = [
        element(
            "label",
            element("span", text(texts(f"options.{key}"))),
            Html(
                f'<input type="date" name="{name}" value="{text(day or "")}"'
                f' data-testid="options-{key}">'
            ),
        )
        for name, key, day in ends
    ]
    return [*fields, element("small", text(texts("options.dated_hint")))]


def _passages(options: Options, texts: Texts, setting_passages: int) -> Html:
    count = options.passages or setting_passages
    field = Html(
        f'<input type="range" name="passages" min="1" max="{MOST_PASSAGES}" value="{count:d}"'
        f' aria-label="{text(texts("options.passages"))}"'
        f' data-testid="options-passages">'
    )
    told = element("output", text(count), data_testid="options-passages-count")
    return _group(texts("options.passages"), field, told, class_="passages")


def _chooser(options: Options, documents: Sequence[Document], texts: Texts) -> Html:
    """The documents, those that are ticked first; the browser narrows the list."""
    there = searchable(documents)
    ticked = set(options.scope.documents)
    search = element(
        "label",
        icon("search"),
        Html(
            f'<input type="search" data-filter placeholder="{text(texts("options.find"))}"'
            f' aria-label="{text(texts("options.find"))}" data-testid="options-find">'
        ),
        class_="search",
    )
    rows = [
        _choice(document, document.id in ticked, texts)
        for document in sorted(there, key=lambda each: each.id not in ticked)
    ]
    untick = element(
        "button",
        type="button",
        class_="tool",
        data_do="untick",
        data_template=texts.template("options.chosen"),
        data_testid="options-untick",
        hidden=True,
    )
    none = element("p", text(texts("options.none_found")), class_="none", hidden=True)
    hint = element("small", text(texts("options.documents_hint")))
    return _group(
        texts("options.documents"),
        search,
        element("div", *rows, none, class_="choices"),
        element("div", hint, untick, class_="chosen"),
        class_="chooser",
    )


def _choice(document: Document, ticked: bool, texts: Texts) -> Html:
    identity = document.identity
    facts = texts.list_of_words(
        texts(f"genre.{identity.genre}") if identity.genre is not Genre.OTHER else "",
        texts.day(identity.dated) if identity.dated else "",
    )
    return _box(
        "checkbox",
        "documents",
        document.id,
        ticked,
        element("span", text(document.name)),
        element("small", text(facts)) if facts else Html(""),
        data_words=" ".join((document.name, identity.title, *identity.parties)).lower(),
        data_testid="options-document",
    )
