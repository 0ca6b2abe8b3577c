"""The frozen values that travel through Pincite; they import nothing of ours.

Offsets are Python string offsets into a document's extracted text, half-open ``[start, end)``.
Pages are numbered from 1; ``None`` where a format has no pages.  Times are seconds.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class DocumentState(StrEnum):
    """Where a document stands on its way into the index."""

    QUEUED = "queued"
    READING = "reading"
    EMBEDDING = "embedding"
    INDEXING = "indexing"
    READY = "ready"
    FAILED = "failed"
    DELETING = "deleting"


UNDER_WAY = (DocumentState.READING, DocumentState.EMBEDDING, DocumentState.INDEXING)
"""States that say that somebody is at work on the document."""


class Genre(StrEnum):
    """What kind of legal text a document is, told from its words."""

    STATUTE = "statute"
    CONTRACT = "contract"
    JUDGMENT = "judgment"
    OTHER = "other"


class Verdict(StrEnum):
    """How far the cited passages carry a statement, or an answer as a whole."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"


class AnswerKind(StrEnum):
    """What the reader is shown: a verified draft, the passages' own words, every passage that
    matches, or a refusal.
    """

    DRAFT = "draft"
    QUOTES = "quotes"
    LISTING = "listing"
    REFUSAL = "refusal"


class Stage(StrEnum):
    """What is being done for a question."""

    SEARCHING = "searching"
    READING = "reading"
    WRITING = "writing"
    CHECKING = "checking"


class Role(StrEnum):
    """What a person may do in a matter; each role may do what those before it may.

    A reader asks and reads, an editor changes documents, an owner the matter and its members.
    """

    READER = "reader"
    EDITOR = "editor"
    OWNER = "owner"

    def allows(self, need: "Role") -> bool:
        """Whether this role is enough where ``need`` is asked for."""
        order = list(Role)
        return order.index(self) >= order.index(need)


@dataclass(frozen=True, slots=True)
class Matter:
    """A client's case: the wall around documents, conversations and votes.

    ``language`` is that of most of its papers, ``""`` for no one language.  ``retain_until`` is
    the day until which it has to be kept; nothing is deleted by itself.  A matter ``on_hold`` (a
    legal hold) loses nothing: neither it nor its documents can be deleted.
    """

    id: str
    name: str
    created_at: datetime
    is_sample: bool = False
    client: str = ""
    description: str = ""
    language: str = ""
    retain_until: date | None = None
    on_hold: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an account. ``is_external``: signs in elsewhere and has no password here."""

    id: str
    name: str
    is_admin: bool = False
    is_active: bool = True
    created_at: datetime | None = None
    is_external: bool = False


LOCAL = Person("local", "", is_admin=True)
"""Whoever sits at this machine, for as long as there is no account: owns everything."""

NOBODY = Person("", "", is_active=False)
"""No one; may do nothing."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person's role in a matter."""

    person: Person
    role: Role


@dataclass(frozen=True, slots=True)
class Page:
    """One page and the span of the extracted text that stands on it."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading found while reading: its level (1 is outermost) and its span in the text."""

    level: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page image, in fractions of its width and height, from the top left."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class WordBox:
    """Where ``text[start:end]``, read by text recognition, stands on its page."""

    start: int
    end: int
    page: int
    box: Box


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """What a reader makes of a file. ``pages`` is empty for formats without pages.

    ``headings`` are those that the format itself declares (styles, ``#``, ``<h1>``); numbering in
    the text is recognised later, for all formats alike. ``title`` may be empty.  ``warnings`` are
    keys of what a person should know of the file: see ``Document``.  ``words`` are those of pages
    that were read by text recognition, in the text's order.
    """

    text: str
    pages: tuple[Page, ...] = ()
    headings: tuple[Heading, ...] = ()
    title: str = ""
    warnings: tuple[str, ...] = ()
    words: tuple[WordBox, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a document is called and about, for finding it; never part of what is cited.

    ``dated`` is the date of the agreement, judgment or version; ``opening`` its first words.
    """

    title: str = ""
    parties: tuple[str, ...] = ()
    dated: date | None = None
    genre: Genre = Genre.OTHER
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A file in a matter. ``name`` is its path relative to the folder it was ingested from.

    ``kind`` is the file's format.  ``blank_pages`` have no text.  ``warnings`` are keys:
    ``hidden_text`` (white, tiny or off the page), ``invisible_characters`` (zero width, direction
    marks), ``instructions`` (words addressed to a language model), ``unreadable_pages``, ``ocr``
    (read by text recognition), ``redactions`` (words still there under a black box),
    ``covered_text`` (under another), ``tracked_changes``, ``attachments_left_out``.

    Documents of one name in a matter are its versions, counted from 1; ``is_superseded`` tells an
    older one that a newer one has taken the place of.  ``pages_done`` counts the pages read so
    far; ``failure`` is a key where a failure has a remedy of its own: ``password``,
    ``cancelled``.
    """

    id: str
    matter_id: str
    name: str
    kind: str
    state: DocumentState
    added_at: datetime
    size_bytes: int
    reason: str = ""
    remedy: str = ""
    pages: int | None = None
    passages: int = 0
    characters: int = 0
    progress: float = 0.0
    sha256: str = ""
    identity: Identity = Identity()
    blank_pages: int = 0
    warnings: tuple[str, ...] = ()
    version: int = 1
    is_superseded: bool = False
    pages_done: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents of a matter to search; an empty field leaves everything in.

    ``documents`` are ids.  With a date set, undated documents are left out; both ends belong to
    the period.  Versions that a newer one has superseded are searched with ``old_versions`` only.
    """

    documents: tuple[str, ...] = ()
    genres: tuple[Genre, ...] = ()
    dated_from: date | None = None
    dated_to: date | None = None
    old_versions: bool = False

    def admits(self, document_id: str, identity: Identity) -> bool:
        """Whether a document is to be searched."""
        if self.documents and document_id not in self.documents:
            return False
        if self.genres and identity.genre not in self.genres:
            return False
        if self.dated_from is None and self.dated_to is None:
            return True
        dated = identity.dated
        return dated is not None and (
            (self.dated_from or dated) <= dated <= (self.dated_to or dated)
        )


EVERYTHING = Scope()
"""All documents of a matter."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search went through: documents in scope, their passages and pages without text.

    ``documents_in_matter`` counts those out of scope too.
    """

    documents: int = 0
    passages: int = 0
    blank_pages: int = 0
    documents_in_matter: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """What is retrieved and cited: ``text == document_text[start:end]``, to the character."""

    id: str
    document_id: str
    document_name: str
    ordinal: int
    text: str
    start: int
    end: int
    page: int | None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its score; higher is better, comparable within one question only."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A pincite: the exact words of a document that carry a statement.

    ``quote == document_text[start:end]``; ``marker`` is the number shown in the answer.
    """

    marker: int
    document_id: str
    document_name: str
    page: int | None
    path: tuple[str, ...]
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer, what carries it, and whether it does. ``reason`` is for people."""

    text: str
    verdict: Verdict
    citations: tuple[Citation, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question comes to. ``notice`` says why this is not a draft, where it is not.

    ``draft`` keeps what the engine wrote when that did not hold; it is never shown as the answer.
    ``sources`` are the ids of all documents whose words it was written from, cited or not.
    ``nearest`` are the passages that a refusal found closest, and ``absent`` the names in the
    question that no document of the matter bears.  ``passages_used`` were read for the
    answer; ``passages_cut`` were found among the best but did not fit the engine's prompt.
    ``timings`` maps ``retrieve``, ``first_token``, ``generate``, ``verify`` and
    ``total`` to seconds.  ``variant`` is the name of the variant that answered, and ``scope`` says
    which documents it searched.  ``tokens`` is how many the engine wrote, ``None`` where that was
    not counted.
    """

    question: str
    kind: AnswerKind
    verdict: Verdict
    statements: tuple[Statement, ...]
    notice: str = ""
    draft: str = ""
    model: str = ""
    searched: Searched = Searched()
    nearest: tuple[Citation, ...] = ()
    absent: tuple[str, ...] = ()
    passages_used: int = 0
    passages_cut: int = 0
    sources: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    variant: str = ""
    scope: Scope = EVERYTHING
    tokens: int | None = None

    @property
    def is_stopgap(self) -> bool:
        """Whether it only quotes because there was no engine: no sign of what its variant can."""
        return self.notice in ("engine_failed", "engine_not_ready")

    @property
    def supported(self) -> int:
        """How many statements are supported."""
        return sum(statement.verdict is Verdict.SUPPORTED for statement in self.statements)

    @property
    def text(self) -> str:
        """The statements with their markers, as plain text; what does not hold says so."""
        return "\n".join(
            statement.text
            + "".join(f" [{each.marker}]" for each in statement.citations)
            + ("" if statement.verdict is Verdict.SUPPORTED else f" ({statement.verdict})")
            for statement in self.statements
        )

    @property
    def refused(self) -> bool:
        """Whether the documents did not hold an answer."""
        return self.kind is AnswerKind.REFUSAL


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the same conversation and what was answered, from which documents."""

    question: str
    answer: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """Everything in which two answers to one question may differ.

    ``model`` is a model or adapter that the engine offers, empty for its own; ``prompt`` names a
    version of the prompt; ``mode`` is ``hybrid``, ``dense`` or ``lexical``.  ``top_k`` is the
    number of passages shown and read; 0 takes the setting's.  ``temperature`` and ``top_p`` are
    those of sampling.
    """

    name: str
    style: AnswerKind = AnswerKind.DRAFT
    mode: str = "hybrid"
    rerank: bool = True
    top_k: int = 0
    temperature: float = 0.0
    top_p: float = 1.0
    model: str = ""
    prompt: str = "standard"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread of questions in one matter.

    ``author_id`` is who began it, empty for one older than authors: they and the matter's owners
    change it, and every other member reads it.
    """

    id: str
    matter_id: str
    title: str
    updated_at: datetime
    author_id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A question and, once it is there, its answer."""

    id: str
    conversation_id: str
    question: str
    answer: Answer | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Staged:
    """Event: a stage of the answer has begun."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Event: the passages that the answer will be read from, before any word is written.

    ``absent`` are names in the question that no document of the matter bears.  ``ranked`` is all
    that was found, best first, also below what is read.
    """

    hits: tuple[Hit, ...]
    searched: Searched
    absent: tuple[str, ...] = ()
    ranked: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """Event: more text of the draft. A draft is unverified until ``Done``."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """Event: the verified answer. The last event of a stream."""

    answer: Answer


Event = Staged | Retrieved | Delta | Done


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One line of the status display: a job, the model that does it, where, and how it stands.

    ``state`` is ``cold``, ``loading``, ``ready`` or ``failed``; ``memory_gib`` counts weights and
    cache where they are known.
    """

    job: str
    model: str
    device: str
    state: str
    detail: str = ""
    memory_gib: float | None = None
