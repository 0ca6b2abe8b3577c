"""Matters."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Column, String, Table

from core.errors import NotFound, PinciteError
from core.records.transactions import Records, metadata, now, transacted
from core.types import Matter

matters = Table(
    "matters",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("created_at", String, nullable=False),
    Column("is_sample", sa.Boolean, nullable=False),
)


class Matters(Records):
    """What is recorded of matters."""

    @transacted
    def matters(self, sql: sa.Connection) -> tuple[Matter, ...]:
        """Every matter, by name."""
        return tuple(map(_matter, sql.execute(sa.select(matters).order_by(matters.c.name))))

    @transacted
    def matter(self, sql: sa.Connection, matter_id: str) -> Matter:
        """One matter; raises ``NotFound``."""
        row = sql.execute(sa.select(matters).where(matters.c.id == matter_id)).first()
        if row is None:
            raise NotFound("This matter does not exist.", "It may have been deleted.")
        return _matter(row)

    @transacted
    def create_matter(self, sql: sa.Connection, name: str, is_sample: bool = False) -> Matter:
        """Add a matter; raises ``PinciteError`` for an empty or a taken name."""
        values = {
            "id": uuid4().hex,
            "name": _checked_name(sql, name),
            "created_at": now(),
            "is_sample": is_sample,
        }
        sql.execute(sa.insert(matters).values(values))
        return _matter(sql.execute(sa.select(matters).where(matters.c.id == values["id"])).one())

    @transacted
    def rename_matter(self, sql: sa.Connection, matter_id: str, name: str) -> None:
        """Give a matter another name; raises ``PinciteError`` for an empty or a taken one."""
        new = _checked_name(sql, name, but=matter_id)
        sql.execute(sa.update(matters).where(matters.c.id == matter_id).values(name=new))

    @transacted
    def delete_matter(self, sql: sa.Connection, matter_id: str) -> None:
        """Remove a matter with its documents' records and its conversations."""
        sql.execute(sa.delete(matters).where(matters.c.id == matter_id))


def _matter(row: sa.Row[Any]) -> Matter:
    return Matter(row.id, row.name, datetime.fromisoformat(row.created_at), row.is_sample)


def _checked_name(sql: sa.Connection, name: str, but: str = "") -> str:
    """A matter's name without outer spaces; raises ``PinciteError`` if empty, long or taken."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise PinciteError("A matter's name has 1 to 120 characters.", "Choose another name.")
    taken = (matters.c.name == name) & (matters.c.id != but)
    if sql.execute(sa.select(matters.c.id).where(taken)).first():
        raise PinciteError(f"A matter named “{name}” exists already.", "Choose another name.")
    return name
