"""Who may fire which event: every handler of the page passes here, and nowhere else.

A handler is given the desk only after the person, the matter and the role have been asked for
anew; a matter that is no longer theirs is taken off the desk first.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import wraps
from inspect import Parameter, Signature, isasyncgenfunction
from typing import TYPE_CHECKING, Any

import gradio as gr

from core.serving.walls import Walls, allowed
from core.types import Role

if TYPE_CHECKING:
    from ui.page import Desk

ANYONE = None
"""Reads alone, and by the desk: where that has no matter any more, there is nothing to read."""

NEEDS: dict[str, Role | None] = {
    "set_language": ANYONE,
    "open_matter": ANYONE,
    "create_matter": ANYONE,
    "rename_matter": Role.OWNER,
    "delete_matter": Role.OWNER,
    "ask": Role.READER,
    "ask_about": Role.READER,
    "stop": ANYONE,
    "set_options": Role.READER,
    "reset_options": ANYONE,
    "refresh_options": ANYONE,
    "refresh_welcome": ANYONE,
    "new_conversation": ANYONE,
    "open_conversation": ANYONE,
    "rename_conversation": Role.READER,  # its author; the records tell whose it is
    "delete_conversation": Role.READER,
    "search_conversations": ANYONE,
    "older_conversations": ANYONE,
    "add_documents": Role.EDITOR,
    "close_receipt": ANYONE,
    "search_documents": ANYONE,
    "retry_document": Role.EDITOR,
    "retry_failed": Role.EDITOR,
    "cancel_document": Role.EDITOR,
    "unlock_document": Role.EDITOR,
    "delete_document": Role.EDITOR,
    "open_source": Role.READER,
    "close_source": ANYONE,
    "open_view": ANYONE,
    "compare": Role.READER,
    "stop_comparison": ANYONE,
    "open_set": Role.READER,
    "create_set": Role.EDITOR,
    "describe_set": Role.EDITOR,
    "delete_set": Role.OWNER,
    "search_questions": Role.READER,
    "preview_questions": Role.EDITOR,
    "map_questions": Role.EDITOR,
    "take_questions": Role.EDITOR,
    "drop_preview": ANYONE,
    "edit_question": Role.EDITOR,
    "save_question": Role.EDITOR,
    "accept_question": Role.EDITOR,
    "remove_question": Role.EDITOR,
    "draft_questions": Role.EDITOR,
    "export_set": Role.READER,
    "pick_set": Role.EDITOR,
    "keep_answer": Role.EDITOR,
    "begin_run": Role.EDITOR,
    "cancel_run": Role.EDITOR,
    "repeat_run": Role.EDITOR,
    "delete_run": Role.OWNER,
    "open_run": Role.READER,
    "compare_runs": Role.READER,
    "open_pair": Role.READER,
    "ask_promotion": Role.READER,  # the checks; who may not put it in force is not offered to
    "promote_variant": Role.OWNER,
    "ask_limits": Role.OWNER,
    "set_limits": Role.OWNER,
    "reset_limits": Role.OWNER,
    "close_dialog": ANYONE,
    "open_comparison": Role.READER,
    "close_comparison": ANYONE,
    "vote": Role.READER,
    "withdraw_vote": Role.READER,
    "delete_comparison": Role.READER,  # who began it, or an owner
    "compare_with": Role.READER,
    "rate_answer": Role.READER,
    "unrate_answer": Role.READER,
    "make_variant": Role.EDITOR,
    "copy_variant": Role.EDITOR,
    "retire_variant": Role.EDITOR,
    "contrast_variants": ANYONE,
    "enforce_variant": Role.OWNER,
    "export_thumbs": Role.EDITOR,
    "export_votes": Role.EDITOR,
}
"""The role in the open matter that each event of the page takes."""


def need_of(event: str) -> Role | None:
    """The role that an event takes; one that nobody has decided on is the owner's."""
    return NEEDS.get(event, Role.OWNER)


async def settled(walls: Walls, desk: "Desk", request: gr.Request) -> "Desk":
    """The desk of the person who makes the request, with no matter but one that they may read.

    Raises ``NotAllowed`` for someone who has been shut out since.
    """
    person = await walls.person(request.username or "")
    role = await walls.role(person, desk.matter_id)
    if role is None:
        desk = desk.at("")
    return replace(desk, person=person, role=role)


def guarded(walls: Walls, handler: Callable[..., Any], need: Role | None) -> Callable[..., Any]:
    """``handler(desk, …)``, run only for a person whose role in the desk's matter is enough."""

    async def at(desk: "Desk", request: gr.Request) -> "Desk":
        desk = await settled(walls, desk, request)
        if need is not ANYONE:
            allowed(desk.role, need)
        return desk

    if isasyncgenfunction(handler):

        @wraps(handler)
        async def stream(*args: Any) -> AsyncIterator[Any]:
            desk, *others, request = args
            async with aclosing(handler(await at(desk, request), *others)) as updates:
                async for update in updates:
                    yield update

        return _asking_for_the_request(stream, handler)

    @wraps(handler)
    async def call(*args: Any) -> Any:
        desk, *others, request = args
        return await handler(await at(desk, request), *others)

    return _asking_for_the_request(call, handler)


def _asking_for_the_request(
    function: Callable[..., Any], handler: Callable[..., Any]
) -> Callable[..., Any]:
    """Gradio gives its request to whom it is declared by: as the last of the arguments."""
    signature = inspect.signature(handler)
    request = Parameter("request", Parameter.POSITIONAL_OR_KEYWORD, annotation=gr.Request)
    asking: Any = function
    asking.__signature__ = Signature([*signature.parameters.values(), request])
    asking.__annotations__ = {**handler.__annotations__, "request": gr.Request}
    return function
