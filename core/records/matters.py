"""Matters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Column, Date, ForeignKey, String, Table, Text

from core.errors import NotAllowed, NotFound, PinciteError
from core.records.transactions import Records, changing, erasing, metadata, now, transacted
from core.types import LOCAL, Matter, Person, Role

matters = Table(
    "matters",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("is_sample", sa.Boolean, nullable=False),
    Column("client", String, nullable=False, server_default=""),
    Column("description", Text, nullable=False, server_default=""),
    Column("language", String, nullable=False, server_default=""),
    Column("retain_until", Date),
    Column("on_hold", sa.Boolean, nullable=False, server_default=sa.text("0")),
    Column("is_deleting", sa.Boolean, nullable=False, server_default=sa.text("0")),
)

memberships = Table(
    "memberships",
    metadata,
    Column("matter_id", ForeignKey("matters.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("people.id"), primary_key=True),
    Column("role", String, nullable=False),
)


THERE = ~matters.c.is_deleting
"""From the moment that its deletion is decided a matter exists for nobody."""


class Matters(Records):
    """What is recorded of matters."""

    @transacted
    def matters(self, sql: sa.Connection, person: Person = LOCAL) -> tuple[Matter, ...]:
        """The matters that a person is a member of, by name; every one for ``LOCAL``."""
        query = (
            sa.select(matters).where(_seen_by(person), THERE).order_by(matters.c.name, matters.c.id)
        )
        return tuple(map(_matter, sql.execute(query)))

    @transacted
    def matter(self, sql: sa.Connection, matter_id: str) -> Matter:
        """One matter; raises ``NotFound``."""
        row = sql.execute(sa.select(matters).where(matters.c.id == matter_id, THERE)).first()
        if row is None:
            raise NotFound("This matter does not exist.", "It may have been deleted.")
        return _matter(row)

    @changing
    def create_matter(
        self, sql: sa.Connection, name: str, is_sample: bool = False, owner: Person = LOCAL
    ) -> Matter:
        """Add a matter that ``owner`` owns; raises ``PinciteError`` for an empty or a taken name.

        Only names of matters that the owner sees are taken: others stay behind their walls.
        """
        values = {
            "id": uuid4().hex,
            "name": _checked_name(sql, name, owner),
            "created_at": now(),
            "is_sample": is_sample,
        }
        sql.execute(sa.insert(matters).values(values))
        if owner != LOCAL:
            own = {"matter_id": values["id"], "person_id": owner.id, "role": Role.OWNER}
            sql.execute(sa.insert(memberships).values(own))
        return _matter(sql.execute(sa.select(matters).where(matters.c.id == values["id"])).one())

    @changing
    def rename_matter(
        self, sql: sa.Connection, matter_id: str, name: str, person: Person = LOCAL
    ) -> None:
        """Give a matter another name; raises ``PinciteError`` for an empty or a taken one."""
        new = _checked_name(sql, name, person, but=matter_id)
        sql.execute(sa.update(matters).where(matters.c.id == matter_id).values(name=new))

    @changing
    def describe_matter(
        self, sql: sa.Connection, matter_id: str, fields: Mapping[str, object]
    ) -> None:
        """Set ``client``, ``description``, ``language``, ``retain_until`` or ``on_hold``."""
        sql.execute(sa.update(matters).where(matters.c.id == matter_id).values(dict(fields)))

    @transacted
    def deleting_matters(self, sql: sa.Connection) -> tuple[Matter, ...]:
        """The matters whose deletion was begun."""
        return tuple(map(_matter, sql.execute(sa.select(matters).where(~THERE))))

    @erasing
    def delete_matter(self, sql: sa.Connection, matter_id: str) -> None:
        """Remove a matter whose deletion was begun, with all that is recorded of it."""
        sql.execute(sa.delete(matters).where(matters.c.id == matter_id, ~THERE))


def require_matter(sql: sa.Connection, matter_id: str) -> None:
    """Raises ``NotFound`` for a matter that is not there."""
    there = sa.select(matters.c.id).where(matters.c.id == matter_id, THERE)
    if sql.execute(there).first() is None:
        raise NotFound("This matter does not exist.", "It may have been deleted.")


def require_no_hold(sql: sa.Connection, matter_id: str) -> None:
    """Raises ``NotAllowed`` for a matter on legal hold: nothing of it may be deleted."""
    if sql.scalar(sa.select(matters.c.on_hold).where(matters.c.id == matter_id)):
        raise NotAllowed(
            "This matter is on legal hold: nothing in it can be deleted.",
            "An owner of the matter can lift the hold in its settings.",
        )


def _matter(row: sa.Row[Any]) -> Matter:
    return Matter(
        id=row.id,
        name=row.name,
        created_at=datetime.fromisoformat(row.created_at),
        is_sample=row.is_sample,
        client=row.client,
        description=row.description,
        language=row.language,
        retain_until=row.retain_until,
        on_hold=row.on_hold,
    )


def _seen_by(person: Person) -> sa.ColumnElement[bool]:
    if person == LOCAL:
        return sa.true()
    own = sa.select(memberships.c.matter_id).where(memberships.c.person_id == person.id)
    return matters.c.id.in_(own)


def _checked_name(sql: sa.Connection, name: str, person: Person, but: str = "") -> str:
    """A matter's name without outer spaces; raises ``PinciteError`` if empty, long or taken."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise PinciteError("A matter's name has 1 to 120 characters.", "Choose another name.")
    taken = (matters.c.name == name) & (matters.c.id != but) & _seen_by(person) & THERE
    if sql.execute(sa.select(matters.c.id).where(taken)).first():
        raise PinciteError(f"A matter named “{name}” exists already.", "Choose another name.")
    return name
