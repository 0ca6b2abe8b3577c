"""Where a question begins: the field to type it in, and what an empty conversation offers."""

from collections.abc import Sequence

from core.services import SAMPLES, sample_questions
from core.types import Document, DocumentState
from ui.markup import Html, action, element, icon, text
from ui.page import Desk

EXAMPLES = 6


def render_composer(desk: Desk) -> Html:
    """The field for a question with its buttons; the style sheet shows one of them."""
    texts = desk.texts
    editing = element(
        "p",
        text(texts("chat.editing")),
        element("button", text(texts("dialog.cancel")), type="button", data_do="end-edit"),
        class_="editing",
    )
    field = element(
        "textarea",
        name="question",
        rows=1,
        placeholder=texts("chat.placeholder"),
        aria_label=texts("chat.placeholder"),
        data_testid="question-input",
        data_submits=True,
        dir="auto",
        disabled=not desk.matter_id,
    )
    send = element(
        "button",
        icon("arrow-up"),
        type="submit",
        class_="send",
        data_testid="send",
        aria_label=texts("chat.send"),
        title=texts("chat.send"),
        disabled=not desk.matter_id,
    )
    stop = action(
        "stop",
        icon("stop"),
        class_="stop",
        data_testid="stop",
        aria_label=texts("chat.stop"),
        title=texts("chat.stop"),
    )
    row = element("div", field, send, stop, class_="row")
    replaces = Html('<input type="hidden" name="replaces" value="">')
    form = element("form", editing, replaces, row, data_event="ask", data_testid="composer")
    return element(
        "div", form, element("p", text(texts("chat.hint")), class_="hint"), class_="composer"
    )


def render_welcome(documents: Sequence[Document], desk: Desk) -> Html:
    """An empty conversation: what to ask, or what to do before there is anything to ask about."""
    texts = desk.texts
    if not desk.matter_id:
        return _welcome(texts("matter.none"), texts("matter.none_more"))
    if not documents:
        drop = element(
            "button",
            icon("upload"),
            element("span", text(texts("chat.add_documents"))),
            type="button",
            class_="button",
            data_tab="documents",
            data_testid="go-to-documents",
        )
        return _welcome(texts("chat.no_documents"), texts("chat.no_documents_more"), drop)
    ready = [document for document in documents if document.state is DocumentState.READY]
    if not ready:
        return _welcome(texts("chat.reading"), texts("chat.reading_more"))
    examples = element("div", *(_example(q) for q in _examples(desk, ready)), class_="examples")
    count = texts("count.documents", count=len(ready))
    return _welcome(texts("chat.welcome"), texts("chat.welcome_more", documents=count), examples)


def _welcome(heading: str, more: str, *content: Html) -> Html:
    return element(
        "section",
        element("h1", text(heading)),
        element("p", text(more)),
        *content,
        class_="welcome",
        data_testid="welcome",
    )


def _example(question: str) -> Html:
    return action(
        "ask",
        element("span", text(question)),
        icon("right"),
        value={"question": question},
        data_testid="example-question",
    )


def _examples(desk: Desk, documents: Sequence[Document]) -> list[str]:
    """Questions to begin with: the sample's own, or one about a document of the matter."""
    samples = {path.name for path in SAMPLES.iterdir()}
    if any(document.name in samples for document in documents):
        own = sorted(sample_questions(), key=lambda each: each[0] != desk.language)
        return [question for _, question in own][:EXAMPLES]
    name = documents[0].name
    return [desk.texts(f"chat.example.{k}", document=name) for k in ("parties", "term", "notice")]
