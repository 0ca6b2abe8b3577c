"""What every tab shares: the events that its buttons fire, and who is looking at what."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import wraps
from inspect import isasyncgenfunction
from typing import TYPE_CHECKING, Any, TypeVar

import gradio as gr

from core.deeds import Deed
from core.errors import PinciteError
from core.serving.walls import Walls
from core.types import EVERYTHING, NOBODY, Conversation, Person, Role
from ui.locale import Texts, texts_in
from ui.markup import text
from ui.options import DEFAULTS, Options
from ui.rights import guarded, need_of

if TYPE_CHECKING:
    from core.services import Services

logger = logging.getLogger(__name__)

T = TypeVar("T")
Updates = dict[Any, Any]
"""Components and their new values; a component that is left out stays as it is."""

EVENTS = (
    "set_language",
    "open_matter",
    "create_matter",
    "rename_matter",
    "delete_matter",
    "ask",
    "ask_about",
    "stop",
    "set_options",
    "reset_options",
    "refresh_options",
    "refresh_welcome",
    "new_conversation",
    "open_conversation",
    "rename_conversation",
    "delete_conversation",
    "search_conversations",
    "older_conversations",
    "add_documents",
    "close_receipt",
    "search_documents",
    "retry_document",
    "retry_failed",
    "cancel_document",
    "unlock_document",
    "delete_document",
    "open_source",
    "close_source",
    "open_view",
    "compare",
    "stop_comparison",
    "open_set",
    "create_set",
    "describe_set",
    "delete_set",
    "search_questions",
    "preview_questions",
    "map_questions",
    "take_questions",
    "drop_preview",
    "edit_question",
    "save_question",
    "accept_question",
    "remove_question",
    "draft_questions",
    "export_set",
    "pick_set",
    "keep_answer",
    "begin_run",
    "cancel_run",
    "repeat_run",
    "delete_run",
    "open_run",
    "compare_runs",
    "open_pair",
    "ask_promotion",
    "promote_variant",
    "ask_limits",
    "set_limits",
    "reset_limits",
    "close_dialog",
    "open_comparison",
    "close_comparison",
    "vote",
    "withdraw_vote",
    "delete_comparison",
    "compare_with",
    "rate_answer",
    "unrate_answer",
    "make_variant",
    "copy_variant",
    "retire_variant",
    "contrast_variants",
    "enforce_variant",
    "export_thumbs",
    "export_votes",
)
"""Every event that a button or a form of ours may fire; ``assets/app.js`` passes them on."""

CONCURRENT_CALLS = 32
"""Calls of one event at a time, over everyone who uses this machine; questions have less."""


@dataclass(frozen=True)
class Pair:
    """Two variants of one or of two runs that are held against each other, and by which metric.

    ``question_id`` is the question whose two answers are open.
    """

    first: tuple[str, int] = ("", 0)
    second: tuple[str, int] = ("", 0)
    metric: str = ""
    question_id: str = ""


@dataclass(frozen=True)
class Desk:
    """What one browser tab has open. It lives in ``gr.State`` and never on the server's objects.

    ``person`` and their ``role`` in the matter are set anew with every event: see ``ui.rights``.
    """

    language: str = "en"
    matter_id: str = ""
    conversation_id: str = ""
    conversation_search: str = ""
    conversations_listed: int = 0
    document_search: str = ""
    document_genre: str = ""
    document_state: str = ""
    view: str = "compare"
    set_id: str = ""
    set_version: int = 0
    question_search: str = ""
    run_id: str = ""
    pair: Pair = Pair()
    comparison_id: str = ""
    comparing: str = ""
    comparing_message: str = ""
    copied_variant: str = ""
    contrasted: tuple[str, str] = ("", "")
    options: Options = DEFAULTS
    person: Person = field(default=NOBODY, compare=False)
    role: Role | None = field(default=None, compare=False)

    def at(self, matter_id: str) -> "Desk":
        """The desk with a matter open and no conversation.

        What was sought in another matter, and which of its documents were to be searched, is
        let go of; how answers are to be given stays.
        """
        if matter_id == self.matter_id:
            return replace(self, conversation_id="")
        options = replace(self.options, scope=EVERYTHING)
        return Desk(self.language, matter_id, view=self.view, options=options, person=self.person)

    def may_change(self, conversation: Conversation) -> bool:
        """Whether a conversation of the matter is theirs to change: what else is not offered."""
        return self.role is Role.OWNER or conversation.author_id == self.person.id

    @property
    def texts(self) -> Texts:
        """The sentences in this desk's language."""
        return texts_in(self.language)

    def remembered(self) -> dict[str, str]:
        """What the browser keeps for the next visit: three names, no content."""
        return {
            "language": self.language,
            "matter_id": self.matter_id,
            "conversation_id": self.conversation_id,
        }


@dataclass(frozen=True)
class Tab:
    """A tab's components and the function that draws them for a desk."""

    regions: tuple[Any, ...]
    draw: Callable[[Desk], Awaitable[Updates]]


@dataclass(frozen=True)
class Page:
    """The services and the components that belong to no single tab."""

    services: "Services"
    walls: Walls
    events: gr.HTML
    desk: gr.State
    memory: gr.BrowserState
    source: gr.HTML
    dialog: gr.HTML
    options: gr.HTML
    in_force: gr.HTML

    def on(
        self,
        event: str,
        handler: Callable[..., Any],
        outputs: list[Any],
        inputs: Sequence[Any] = (),
        **options: Any,
    ) -> Any:
        """Run ``handler(desk, *inputs, fired)`` on the page's ``event``; return the dependency.

        Who may fire it stands in ``ui.rights``.
        """
        trigger = getattr(self.events, event)
        return self.listen(trigger, handler, need_of(event), [*inputs], outputs, **options)

    def on_stop(
        self, event: str, running: Any, handler: Callable[..., Any], outputs: list[Any]
    ) -> None:
        """End ``running`` when the page fires ``event``, and only then draw with ``handler(desk)``.

        Drawn at the same time, a last value of the ended run could still arrive on top.
        """
        ended = getattr(self.events, event)(fn=None, cancels=[running], api_visibility="private")
        self.listen(ended.then, handler, need_of(event), [], outputs)

    def listen(
        self,
        trigger: Callable[..., Any],
        handler: Callable[..., Any],
        need: Role | None,
        inputs: list[Any],
        outputs: list[Any],
        **options: Any,
    ) -> Any:
        """Attach ``handler(desk, *inputs)`` for those whose role in the matter is enough."""
        guard = guarded(self.walls, handler, need)
        return _listen(trigger, guard, [self.desk, *inputs], outputs, **options)

    def on_load(
        self, blocks: gr.Blocks, handler: Callable[..., Any], inputs: list[Any], outputs: list[Any]
    ) -> None:
        """Run ``handler(…, request)`` when a browser opens the page; it asks for rights itself."""
        _listen(blocks.load, handler, inputs, outputs)

    async def record(self, desk: Desk, deed: Deed, object_id: str = "", **more: Any) -> None:
        """Note in the audit log what the person at the desk has done in its matter."""
        database = self.services.database
        await database.record(desk.person, deed, desk.matter_id, object_id, **more)


def _listen(
    trigger: Callable[..., Any],
    handler: Callable[..., Any],
    inputs: list[Any],
    outputs: list[Any],
    **options: Any,
) -> Any:
    """Attach a handler with the switches that every event of ours needs, and its errors told."""
    settings: dict[str, Any] = {
        "api_visibility": "private",
        "show_progress": "hidden",
        "concurrency_limit": CONCURRENT_CALLS,
    }
    return trigger(told(handler), inputs=inputs, outputs=outputs, **(settings | options))


def told(handler: Callable[..., Any]) -> Callable[..., Any]:
    """``handler``, with a failure shown to the reader: a sentence of ours, or a generic one."""
    if isasyncgenfunction(handler):

        @wraps(handler)
        async def stream(*args: Any) -> AsyncIterator[Any]:
            try:
                async with aclosing(handler(*args)) as updates:
                    async for update in updates:
                        yield update
            except PinciteError as error:
                gr.Warning(text(_texts_of(args).said(error.reason, error.remedy)))
            except Exception:
                logger.exception("An event of the page failed")
                gr.Warning(text(_texts_of(args)("error.unexpected")))

        return stream

    @wraps(handler)
    async def call(*args: Any) -> Any:
        try:
            return await handler(*args)
        except PinciteError as error:
            gr.Warning(text(_texts_of(args).said(error.reason, error.remedy)))
        except Exception:
            logger.exception("An event of the page failed")
            gr.Warning(text(_texts_of(args)("error.unexpected")))
        return gr.skip()

    return call


def _texts_of(args: tuple[Any, ...]) -> Texts:
    return next((arg.texts for arg in args if isinstance(arg, Desk)), texts_in("en"))


def texts_of(fired: gr.EventData, prefix: str) -> tuple[str, ...]:
    """What the browser sent under names that begin alike; raises ``PinciteError`` for no text."""
    sent = fired._data if isinstance(fired._data, Mapping) else {}
    return tuple(value_of(fired, name, str) for name in sent if str(name).startswith(prefix))


def value_of(fired: gr.EventData, name: str, kind: type[T], default: T | None = None) -> T:
    """A value that the browser sent with an event; raises ``PinciteError`` for a wrong type."""
    sent = fired._data if isinstance(fired._data, Mapping) else {}
    value = sent.get(name, default)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise PinciteError("The page sent something that cannot be read.", "Reload the page.")
    return value
