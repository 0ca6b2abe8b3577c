"""Searches that several answers to one question have in common, made once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from core.retrieval.search import Found, Search
from core.types import EVERYTHING, Scope, Turn


class SharedSearch(Search):
    """A search for one comparison: what is asked alike is looked up once, and awaited by all.

    To be closed when the answers are there, or are not wanted any more.
    """

    def __init__(self, search: Search) -> None:
        self._whole = search
        self._found: dict[tuple[Any, ...], asyncio.Task[Found]] = {}

    async def find(
        self,
        matter_id: str,
        question: str,
        mode: str = "hybrid",
        history: Sequence[Turn] = (),
        limit: int | None = None,
        scope: Scope = EVERYTHING,
    ) -> Found:
        """As ``Search.find``."""
        asked = ("find", matter_id, question, mode, tuple(history), limit, scope)
        return await self._once(
            asked,
            lambda: self._whole.find(matter_id, question, mode, history, limit, scope),
        )

    async def every(
        self,
        matter_id: str,
        question: str,
        history: Sequence[Turn] = (),
        scope: Scope = EVERYTHING,
    ) -> Found:
        """As ``Search.every``."""
        asked = ("every", matter_id, question, tuple(history), scope)
        return await self._once(
            asked, lambda: self._whole.every(matter_id, question, history, scope)
        )

    async def close(self) -> None:
        """End what is still being looked up."""
        for task in self._found.values():
            task.cancel()
        await asyncio.gather(*self._found.values(), return_exceptions=True)

    async def _once(self, asked: tuple[Any, ...], search: Callable[[], Awaitable[Found]]) -> Found:
        if asked not in self._found:

            async def found() -> Found:
                return await search()

            self._found[asked] = asyncio.create_task(found())
        # Shielded: a side that is given up does not take the search from the others.
        return await asyncio.shield(self._found[asked])
