"""One connection's transactions, on the database's own thread.

SQLite has one writer, so every statement runs there and nothing blocks the loop.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Records")

metadata = sa.MetaData()

_PASSING = ("locked", "disk is full", "disk I/O", "unable to open")
"""What SQLite says of troubles that may be gone when a call is made again (its result codes)."""


def may_pass(error: Exception) -> bool:
    """Whether the database can only not be read or written now: it is held, or the disk is full."""
    is_sqlite = isinstance(error, sa.exc.OperationalError)
    return is_sqlite and any(words in str(error) for words in _PASSING)


def now() -> str:
    """This moment, as it is stored."""
    return datetime.now(UTC).isoformat()


_PATIENCE_MS = 5000
_SHORT_PATIENCE_MS = 100


class Records:
    """What the tables' classes share: the engine and the thread that it is used on."""

    _engine: sa.Engine
    _thread: ThreadPoolExecutor
    has_remains = False
    """Whether words that were deleted may still stand in the write-ahead log."""

    async def scrub(self) -> None:
        """Empty the write-ahead log: what was deleted stays in it until then.

        A reader of another process may hold it, which ``has_remains`` tells: call again later.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._truncate)

    def _truncate(self) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_SHORT_PATIENCE_MS}")
            try:
                is_held = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={_PATIENCE_MS}")
        self.has_remains = bool(is_held)


def transacted(
    method: Callable[Concatenate[S, sa.Connection, P], R],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Run ``method``, which reads, in one transaction on the database's thread."""
    return _awaitable(method, "BEGIN")


def changing(
    method: Callable[Concatenate[S, sa.Connection, P], R],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Run ``method`` with the write lock taken first.

    Another process may write too: what the method reads still stands when it writes.
    """
    return _awaitable(method, "BEGIN IMMEDIATE")


def striking(
    method: Callable[Concatenate[S, sa.Connection, P], R],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """``changing``, after which ``has_remains`` until ``scrub`` has run."""
    return _awaitable(method, "BEGIN IMMEDIATE", leaves_remains=True)


def erasing(
    method: Callable[Concatenate[S, sa.Connection, P], R],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """``striking``, after which what was deleted is in no file of the database any more."""
    change = striking(method)

    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        result = await change(self, *args, **kwargs)
        try:
            await self.scrub()
        except sa.exc.SQLAlchemyError:
            # The change stands; ``has_remains`` says that its words are still to be scrubbed.
            log.exception("the write-ahead log could not be emptied")
        return result

    call.__doc__ = method.__doc__
    return call


def _awaitable(
    method: Callable[Concatenate[S, sa.Connection, P], R],
    begin: str,
    *,
    leaves_remains: bool = False,
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        def transact() -> R:
            # Set on the thread that scrubs too, so that no scrub before this clears it.
            self.has_remains = self.has_remains or leaves_remains
            with self._engine.begin() as connection:
                connection.exec_driver_sql(begin)
                return method(self, connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, transact)

    call.__doc__ = method.__doc__
    return call
