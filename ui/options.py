"""How questions are asked: which documents are searched, how much is read, how it is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from core.errors import PinciteError
from core.evaluation.variants import VARIANTS
from core.types import EVERYTHING, AnswerKind, Document, DocumentState, Genre, Scope, Variant
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text

PLAIN = VARIANTS[0]
"""What is in force where no variant was put in force."""
STYLES = (AnswerKind.DRAFT, AnswerKind.QUOTES, AnswerKind.LISTING)
MOST_PASSAGES = 50
NAME_CHARACTERS = 44
"""The longest document name in the line that tells what is in force."""


@dataclass(frozen=True)
class Options:
    """What a person has chosen for the next question.

    With ``style`` ``None`` and ``passages`` 0 the variant that is in force holds.
    """

    scope: Scope = EVERYTHING
    style: AnswerKind | None = None
    passages: int = 0

    @classmethod
    def sent(
        cls,
        value: Mapping[str, object],
        setting_passages: int,
        standing_style: AnswerKind = AnswerKind.DRAFT,
    ) -> "Options":
        """The options that the browser sends; raises ``PinciteError`` for what is none.

        What is as it stands without a choice counts as none, and so does what is sent empty: the
        page may have been drawn before another variant was put in force.
        """
        try:
            scope = Scope(
                documents=tuple(_words(value.get("documents"))),
                genres=tuple(map(Genre, _words(value.get("genres")))),
                dated_from=_day(value.get("dated_from")),
                dated_to=_day(value.get("dated_to")),
            )
            style = AnswerKind(str(value.get("style") or standing_style))
            passages = int(str(value.get("passages") or 0))
        except ValueError as error:
            raise PinciteError("The search options cannot be read.", "Reload the page.") from error
        if style not in STYLES or not 0 <= passages <= MOST_PASSAGES:
            raise PinciteError("The search options cannot be read.", "Reload the page.")
        return cls(
            scope,
            None if style is standing_style else style,
            0 if passages == setting_passages else passages,
        )

    @classmethod
    def about(cls, document_id: str, before: "Options") -> "Options":
        """Options for questions about one document, answered as ``before``."""
        return replace(before, scope=Scope(documents=(document_id,)))

    def among(self, documents: Sequence[Document]) -> "Options":
        """The options without documents that are not there, or not any more."""
        there = {document.id for document in documents}
        kept = tuple(each for each in self.scope.documents if each in there)
        return replace(self, scope=replace(self.scope, documents=kept))

    def under(self, standing: Variant) -> Variant:
        """The way of answering that these options ask for where ``standing`` is in force.

        It has its name unless it answers otherwise.
        """
        own = (self.style or standing.style, self.passages or standing.top_k)
        return replace(
            standing,
            name=standing.name if own == (standing.style, standing.top_k) else "chat",
            style=self.style or standing.style,
            top_k=self.passages or standing.top_k,
        )


DEFAULTS = Options()
"""Every document, answered as the variant that is in force does."""


def _words(value: object) -> list[str]:
    """A list of words from the browser; raises ``ValueError`` for anything else."""
    listed = [] if value is None else value
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise ValueError("not a list of words")
    return list(dict.fromkeys(listed))


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None


def searchable(documents: Sequence[Document]) -> list[Document]:
    """The documents that a question can be answered from: no version that was superseded."""
    return [
        document
        for document in documents
        if document.state is DocumentState.READY and not document.is_superseded
    ]


def in_scope(options: Options, documents: Sequence[Document]) -> list[Document]:
    """The searchable documents that the options let in."""
    scope = options.scope
    return [each for each in searchable(documents) if scope.admits(each.id, each.identity)]


def in_force(
    options: Options,
    documents: Sequence[Document],
    texts: Texts,
    setting_passages: int,
    standing: Variant = PLAIN,
) -> str:
    """The options as a line of facts, such as ``3 of 12 documents · contracts · Quotes only``."""
    passages = texts("count.passages", count=options.passages or setting_passages)
    style = options.style or standing.style
    return texts.list_of_words(
        _documents(options, documents, texts),
        texts.list_of_words(*(texts(f"genres.{genre}") for genre in options.scope.genres)),
        _period(options.scope, texts),
        "" if style is AnswerKind.LISTING else passages,
        texts(f"style.{style}"),
        ""
        if standing == PLAIN
        else texts("options.standing", name=texts.known("variant", standing.name)),
    )


def within(scope: Scope, documents: Sequence[Document], texts: Texts) -> str:
    """A scope in words, such as ``Lease.pdf · contracts``; nothing for everything.

    It is told as it was chosen, whatever has become of the documents since.
    """
    count = len(scope.documents)
    names = [each.name for each in documents if each.id in scope.documents]
    chosen = names[0] if names and count == 1 else texts("count.documents", count=count)
    return texts.list_of_words(
        _shortened(chosen) if count else "",
        texts.list_of_words(*(texts(f"genres.{genre}") for genre in scope.genres)),
        _period(scope, texts),
        texts("options.old_versions") if scope.old_versions else "",
    )


def _documents(options: Options, documents: Sequence[Document], texts: Texts) -> str:
    there, found = searchable(documents), in_scope(options, documents)
    if not there:
        return texts("options.no_documents")
    if not found:
        return texts("options.nothing")
    if len(options.scope.documents) == 1:
        return _shortened(found[0].name)
    if options.scope == EVERYTHING:
        return texts("options.all", count=len(there))
    return texts("options.some", found=len(found), count=len(there))


def _shortened(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else name[:NAME_CHARACTERS].rstrip() + "…"


def _period(scope: Scope, texts: Texts) -> str:
    """The period in days, or in years where it begins and ends with one."""
    first = "" if scope.dated_from is None else _edge(scope.dated_from, (1, 1), texts)
    last = "" if scope.dated_to is None else _edge(scope.dated_to, (12, 31), texts)
    if first and last:
        return texts("options.between", first=first, last=last) if first != last else first
    if first:
        return texts("options.since", first=first)
    return texts("options.until", last=last) if last else ""


def _edge(day: date, of_a_year: tuple[int, int], texts: Texts) -> str:
    whole = (day.month, day.day) == of_a_year
    return texts("options.year", year=day.year) if whole else texts.day(day)


def render_in_force(
    options: Options,
    documents: Sequence[Document],
    texts: Texts,
    setting_passages: int,
    standing: Variant = PLAIN,
) -> Html:
    """The line below the question: what is in force, and the way to change it or to reset it."""
    words = in_force(options, documents, texts, setting_passages, standing)
    empty = bool(searchable(documents)) and not in_scope(options, documents)
    toggle = element(
        "button",
        icon("sliders"),
        element("span", text(texts("options.label")), class_="unseen"),
        element("span", text(words), class_="words", data_testid="in-force"),
        icon("chevron"),
        type="button",
        class_="tool toggle warn" if empty else "tool toggle",
        data_do="options",
        data_testid="options-toggle",
        aria_haspopup="dialog",
        aria_controls="options-panel",
        title=texts("options.label"),
    )
    reset = action(
        "reset_options",
        text(texts("options.reset")),
        class_="tool",
        data_testid="options-reset",
    )
    return element("div", toggle, Html("") if options == DEFAULTS else reset, class_="in-force")
