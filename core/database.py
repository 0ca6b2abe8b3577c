"""The one SQLite file: opened, migrated, closed.  What is recorded stands in ``core.records``."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.records.conversations import Conversations
from core.records.documents import Documents
from core.records.matters import Matters
from core.records.transactions import metadata
from core.settings import ROOT


class Database(Matters, Documents, Conversations):
    """The one SQLite file. Construction is cheap; ``start`` opens it and migrates it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "database")
        self._engine = sa.create_engine(f"sqlite:///{path}")
        sa.event.listen(self._engine, "connect", _configure)

    async def start(self) -> None:
        """Create the file if need be and bring its schema to the newest version."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.get_running_loop().run_in_executor(self._thread, _migrate, self._engine)

    async def scrub(self) -> None:
        """Empty the write-ahead log: what was deleted stays in it until then.

        A reader of another process may hold it; it is emptied by a later call then.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, _truncate, self._engine)

    async def close(self) -> None:
        """Close every connection; idempotent."""
        self._thread.shutdown(wait=True)
        self._engine.dispose()


def _configure(connection: Any, _: object) -> None:
    """Readers go on while one writer writes; commits reach the disk; what is deleted is gone."""
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _truncate(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _migrate(engine: sa.Engine) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    folder = str(ROOT / "core" / "migrations")
    scripts = ScriptDirectory(folder, version_locations=[folder])

    def upgrade(revision: Any, _: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    with (
        engine.connect() as connection,
        EnvironmentContext(Config(), scripts, fn=upgrade) as environment,
    ):
        environment.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        with environment.begin_transaction():
            environment.run_migrations()
