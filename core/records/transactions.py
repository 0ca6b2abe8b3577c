"""One connection's transactions, on the database's own thread.

SQLite has one writer, so every statement runs there and nothing blocks the loop.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Records")

metadata = sa.MetaData()


def now() -> str:
    """This moment, as it is stored."""
    return datetime.now(UTC).isoformat()


class Records:
    """What the tables' classes share: the engine and the thread that it is used on."""

    _engine: sa.Engine
    _thread: ThreadPoolExecutor


def transacted(
    method: Callable[Concatenate[S, sa.Connection, P], R],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Run ``method`` in one transaction on the database's thread, awaitable from the loop."""

    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        def transact() -> R:
            with self._engine.begin() as connection:
                return method(self, connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, transact)

    call.__doc__ = method.__doc__
    return call
