"""The one SQLite file: opened, migrated, closed.  What is recorded stands in ``core.records``."""

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from core.errors import PinciteError
from core.records.audit import Audit
from core.records.comparisons import Comparisons
from core.records.conversations import Conversations
from core.records.documents import Documents
from core.records.matters import Matters
from core.records.people import People
from core.records.question_sets import QuestionSets
from core.records.runs import Runs
from core.records.transactions import metadata, transacted
from core.records.variants import Variants
from core.settings import ROOT, keep_private, private_folder

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory


UNFINISHED = "restore.unfinished"
"""Stands in the data folder while a backup takes its place."""


class Database(
    Matters, People, Documents, Conversations, Comparisons, QuestionSets, Runs, Variants, Audit
):
    """The one SQLite file. Construction is cheap; ``start`` opens it and migrates it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "database")
        # An error must not tell the log what a document or a question says.
        self._engine = sa.create_engine(f"sqlite:///{path}", hide_parameters=True)
        sa.event.listen(self._engine, "connect", _configure)

    async def start(self) -> None:
        """Create the file if need be and bring its schema to the newest version.

        Folder and file are this account's alone; SQLite gives its log the file's mode.  Raises
        ``PinciteError`` where a restore was broken off: what is there is not whole.
        """
        if (self._path.parent / UNFINISHED).exists():
            raise PinciteError(
                f"Restoring a backup into {self._path.parent} was broken off.",
                "Run app.py restore DIR --replace again; what was there is in a folder beside it.",
            )
        private_folder(self._path.parent)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        keep_private(self._path)
        await asyncio.get_running_loop().run_in_executor(self._thread, _migrate, self._engine)

    async def close(self) -> None:
        """Close every connection; idempotent."""
        self._thread.shutdown(wait=True)
        self._engine.dispose()

    @transacted
    def strays(self, sql: sa.Connection) -> tuple[str, ...]:
        """The tables of rows that refer to something that is not there, one for each row."""
        return tuple(row[0] for row in sql.exec_driver_sql("PRAGMA foreign_key_check"))


def damage(path: Path) -> tuple[str, ...]:
    """What SQLite says is broken in a file, which is not changed; nothing for a sound one."""
    try:
        with closing(_looked_at(path)) as sql:
            told = [str(row[0]) for row in sql.execute("PRAGMA integrity_check")]
    except sqlite3.DatabaseError as error:
        return (str(error),)
    return tuple(each for each in told if each != "ok")


def snapshot(source: Path, target: Path) -> None:
    """Copy a database as it stands at one moment, while others go on reading and writing it.

    SQLite's online backup in a single step: writers append to the log meanwhile.  Raises
    ``PinciteError`` for a database that is damaged: no copy of it may replace a good one.
    """
    target.unlink(missing_ok=True)
    try:
        with closing(_looked_at(source)) as sql, closing(sqlite3.connect(target)) as copy:
            sql.backup(copy)
        found = damage(target)
    except sqlite3.Error as error:
        found = (str(error),)
    if found:
        raise PinciteError(
            f"The database {source} cannot be copied: {found[0]}.", "app.py doctor says more."
        )


def row_counts(path: Path) -> dict[str, int]:
    """How many rows each table of a file has."""
    with closing(_looked_at(path)) as sql:
        tables = [
            row[0] for row in sql.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        quoted = {name: name.replace('"', '""') for name in sorted(tables)}
        return {
            name: int(sql.execute(f'SELECT count(*) FROM "{safe}"').fetchone()[0])  # noqa: S608
            for name, safe in quoted.items()
        }


def schema_of(path: Path) -> str:
    """The version of a file's schema, such as ``0002``; empty for one without."""
    with closing(_looked_at(path)) as sql:
        tables = sql.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
        if tables.fetchone() is None:
            return ""
        return str(sql.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def schemas() -> tuple[str, ...]:
    """Every version of the schema that this program knows, the newest first."""
    return tuple(each.revision for each in _scripts().walk_revisions())


def _looked_at(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _configure(connection: Any, _: object) -> None:
    """Readers go on while one writer writes; commits reach the disk; what is deleted is gone."""
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


@cache
def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    folder = str(ROOT / "core" / "migrations")
    return ScriptDirectory(folder, version_locations=[folder])


def _migrate(engine: sa.Engine) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    scripts = _scripts()

    def upgrade(revision: Any, _: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    with (
        engine.connect() as connection,
        EnvironmentContext(Config(), scripts, fn=upgrade) as environment,
    ):
        # A table that is made anew must not take along what refers to it, and of two programs
        # that start together one migrates.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        environment.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        with environment.begin_transaction():
            environment.run_migrations()
        connection.commit()
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
