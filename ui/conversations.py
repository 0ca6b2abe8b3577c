"""The list of a matter's conversations, with the search field and the button for a new one."""

from collections.abc import Sequence

from core.types import Conversation
from ui.markup import Html, action, element, icon, text
from ui.page import Desk

LISTED = 40
"""How many are drawn at first, and with each step more: the list goes out with every question, and
what was drawn last is kept for every open tab."""


def render_conversations(found: Sequence[Conversation], desk: Desk) -> Html:
    """The list of conversations, newest first, with the way to those that are older."""
    texts = desk.texts
    if not found:
        key = "chat.none_found" if desk.conversation_search else "chat.no_conversations"
        return element("p", text(texts(key)), class_="rail-empty")
    number = desk.conversations_listed or LISTED
    listed = [c for n, c in enumerate(found) if n < number or c.id == desk.conversation_id]
    rows = [_conversation(conversation, desk) for conversation in listed]
    if older := len(found) - len(listed):
        more = action(
            "older_conversations",
            text(texts("chat.older", count=older)),
            value={"listed": number + LISTED},
            class_="tool older",
            data_testid="older-conversations",
        )
        rows.append(element("li", more))
    return element("ul", *rows, class_="conversations", data_testid="conversations")


def _conversation(conversation: Conversation, desk: Desk) -> Html:
    texts, title = desk.texts, conversation.title
    value: dict[str, object] = {"id": conversation.id}
    tools = [
        action(
            event,
            icon(symbol),
            value=value,
            class_="tool",
            aria_label=f"{texts(key)}: {title}",
            title=texts(key),
            data_testid=event.replace("_", "-"),
            **asks,
        )
        for event, symbol, key, asks in (
            (
                "rename_conversation",
                "pen",
                "chat.rename",
                {"data_prompt": texts("chat.new_title"), "data_initial": title},
            ),
            (
                "delete_conversation",
                "trash",
                "chat.delete",
                {"data_confirm": texts("chat.confirm_delete", title=title)},
            ),
        )
    ]
    opens = action(
        "open_conversation",
        element("span", text(title), class_="title"),
        element("span", text(texts.date(conversation.updated_at)), class_="date"),
        value=value,
        class_="open",
        aria_current="true" if conversation.id == desk.conversation_id else None,
        data_testid="open-conversation",
    )
    offered = tools if desk.may_change(conversation) else []
    return element("li", opens, *offered, class_="conversation", data_testid="conversation")


def render_rail_head(desk: Desk) -> Html:
    """The button for a new conversation and the search field."""
    texts = desk.texts
    new = action(
        "new_conversation",
        icon("plus"),
        element("span", text(texts("chat.new"))),
        class_="button quiet",
        data_testid="new-conversation",
        disabled=not desk.matter_id,
    )
    field = Html(
        f'<input type="search" data-search="search_conversations" '
        f'placeholder="{text(texts("chat.search"))}" aria-label="{text(texts("chat.search"))}" '
        f'value="{text(desk.conversation_search)}" data-testid="search-conversations">'
    )
    return element(
        "div", new, element("label", icon("search"), field, class_="search"), class_="rail-head"
    )
