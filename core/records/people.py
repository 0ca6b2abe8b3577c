"""People, their sessions, their roles in matters, and failed attempts to get in."""

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer, String, Table

from core.errors import NotAllowed, NotFound, PinciteError
from core.records.matters import THERE, matters, memberships
from core.records.transactions import Records, changing, metadata, now, transacted
from core.types import LOCAL, Member, Person, Role

people = Table(
    "people",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False, unique=True),
    Column("password", String, nullable=False),
    Column("subject", String, unique=True),
    Column("is_external", sa.Boolean, nullable=False),
    Column("is_admin", sa.Boolean, nullable=False),
    Column("is_active", sa.Boolean, nullable=False),
    Column("created_at", String, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("key", String, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("expires_at", String, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("key", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", String, nullable=False),
)

LONGEST_WAIT_S = 900
FORGOTTEN = timedelta(hours=24)
"""After this long a failed attempt no longer counts."""


def name_key(name: str) -> str:
    """What two spellings of one login name have in common."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()


class People(Records):
    """What is recorded of people."""

    @transacted
    def people(self, sql: sa.Connection) -> tuple[Person, ...]:
        """Everyone with an account, by name."""
        return tuple(map(_person, sql.execute(sa.select(people).order_by(people.c.key))))

    @transacted
    def has_people(self, sql: sa.Connection) -> bool:
        """Whether there is any account; if not, whoever sits at the machine is ``LOCAL``."""
        return sql.scalar(sa.select(sa.exists(sa.select(people.c.id)))) or False

    @transacted
    def has_administrator(self, sql: sa.Connection) -> bool:
        """Whether someone may come in who administers."""
        return bool(sql.scalar(sa.select(sa.exists(sa.select(people.c.id).where(_ADMINISTERS)))))

    @transacted
    def person(self, sql: sa.Connection, person_id: str) -> Person:
        """One person; ``LOCAL`` while there are no accounts.  Raises ``NotFound``."""
        if person_id == LOCAL.id and not sql.scalar(sa.select(sa.func.count(people.c.id))):
            return LOCAL
        row = sql.execute(sa.select(people).where(people.c.id == person_id)).first()
        if row is None:
            raise NotFound("There is no such person.", "List the people first.")
        return _person(row)

    @transacted
    def person_named(self, sql: sa.Connection, name: str) -> tuple[Person, str] | None:
        """The person of that login name with the hash of their password, or ``None``."""
        row = sql.execute(sa.select(people).where(people.c.key == name_key(name))).first()
        return (_person(row), row.password) if row else None

    @changing
    def person_of_subject(self, sql: sa.Connection, subject: str, name: str) -> Person | None:
        """The person whom an identity provider knows as ``subject``.

        The first time, an external person of that name is tied to the subject for good.
        """
        row = sql.execute(sa.select(people).where(people.c.subject == subject)).first()
        if row is None:
            free = (people.c.key == name_key(name)) & people.c.subject.is_(None)
            free &= people.c.is_external
            sql.execute(sa.update(people).where(free).values(subject=subject))
            row = sql.execute(sa.select(people).where(people.c.subject == subject)).first()
        return _person(row) if row else None

    @changing
    def add_person(
        self, sql: sa.Connection, name: str, password: str, *, is_admin: bool, is_external: bool
    ) -> Person:
        """Add a person with the hash of their password; raises ``PinciteError`` for a bad name.

        The first is an administrator and comes to own the matters that were here without accounts.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= 80 or not name.isprintable():
            raise PinciteError("A person's name has 1 to 80 characters.", "Choose another name.")
        if sql.execute(sa.select(people.c.id).where(people.c.key == name_key(name))).first():
            raise PinciteError(f"There is a person named “{name}”.", "Choose another name.")
        first = not sql.scalar(sa.select(sa.func.count(people.c.id)))
        if first and not is_admin:
            raise PinciteError("The first person is an administrator.", "Give --admin.")
        row = sql.execute(
            sa.insert(people)
            .values(
                id=uuid4().hex, name=name, key=name_key(name), password=password,
                is_external=is_external, is_admin=is_admin, is_active=True, created_at=now(),
            )
            .returning(people)
        ).one()  # fmt: skip
        if first:
            for matter_id in sql.scalars(sa.select(matters.c.id)).all():
                own = {"matter_id": matter_id, "person_id": row.id, "role": Role.OWNER}
                sql.execute(sa.insert(memberships).values(own))
        return _person(row)

    @changing
    def change_person(
        self,
        sql: sa.Connection,
        person_id: str,
        *,
        password: str | None = None,
        is_active: bool | None = None,
        is_admin: bool | None = None,
    ) -> None:
        """Change what is given and end the person's sessions.

        Raises ``NotAllowed`` where no administrator would be left.
        """
        given = {"password": password, "is_active": is_active, "is_admin": is_admin}
        values = {key: value for key, value in given.items() if value is not None}
        sql.execute(sa.update(people).where(people.c.id == person_id).values(values))
        if not sql.scalar(sa.select(sa.func.count(people.c.id)).where(_ADMINISTERS)):
            raise NotAllowed("Someone has to administer.", "Make another administrator first.")
        sql.execute(sa.delete(sessions).where(sessions.c.person_id == person_id))

    @changing
    def replace_password(self, sql: sa.Connection, person_id: str, before: str, after: str) -> bool:
        """Put one kept password in another's place and end the sessions.

        ``False`` where it is not the one before any more: of two at once the first alone counts.
        """
        where = (people.c.id == person_id) & (people.c.password == before)
        done = sql.execute(sa.update(people).where(where).values(password=after)).rowcount == 1
        if done:
            sql.execute(sa.delete(sessions).where(sessions.c.person_id == person_id))
        return done

    # Sessions

    @changing
    def open_session(
        self, sql: sa.Connection, key: str, person_id: str, expires_at: datetime
    ) -> None:
        """Record a session under the hash of its secret; those that have expired are let go."""
        sql.execute(sa.delete(sessions).where(sessions.c.expires_at < now()))
        values = {"key": key, "person_id": person_id, "expires_at": expires_at.isoformat()}
        sql.execute(sa.insert(sessions).values(values))

    @transacted
    def person_in_session(self, sql: sa.Connection, key: str) -> Person | None:
        """Whose session it is, if it still stands and they are active."""
        query = sa.select(people).join(sessions).where(sessions.c.key == key)
        row = sql.execute(query.where(sessions.c.expires_at > now(), people.c.is_active)).first()
        return _person(row) if row else None

    @changing
    def close_session(self, sql: sa.Connection, key: str) -> None:
        """End one session."""
        sql.execute(sa.delete(sessions).where(sessions.c.key == key))

    @changing
    def close_sessions(self, sql: sa.Connection, person_id: str) -> None:
        """End every session of a person."""
        sql.execute(sa.delete(sessions).where(sessions.c.person_id == person_id))

    # Roles

    @transacted
    def role(self, sql: sa.Connection, matter_id: str, person: Person) -> Role | None:
        """A person's role in a matter; ``None`` for no member, and where there is no matter."""
        if person == LOCAL:
            there = sa.select(matters.c.id).where(matters.c.id == matter_id, THERE)
            return Role.OWNER if sql.execute(there).first() else None
        query = sa.select(memberships.c.role).join(matters)
        role = sql.scalar(query.where(_membership(matter_id, person.id), THERE))
        return Role(role) if role else None

    @transacted
    def members(self, sql: sa.Connection, matter_id: str) -> tuple[Member, ...]:
        """The members of a matter, by name."""
        query = sa.select(people, memberships.c.role).join(memberships)
        query = query.where(memberships.c.matter_id == matter_id).order_by(people.c.key)
        return tuple(Member(_person(row), Role(row.role)) for row in sql.execute(query))

    @changing
    def grant(self, sql: sa.Connection, matter_id: str, person_id: str, role: Role | None) -> None:
        """Give a person a role in a matter, or with ``None`` take it away.

        Raises ``NotAllowed`` where the matter would be left without an owner.
        """
        where = _membership(matter_id, person_id)
        owned = _owners(sql, matter_id)
        sql.execute(sa.delete(memberships).where(where))
        if role is not None:
            values = {"matter_id": matter_id, "person_id": person_id, "role": role}
            sql.execute(sa.insert(memberships).values(values))
        if owned and not _owners(sql, matter_id):
            raise NotAllowed("A matter needs an owner.", "Make someone else an owner first.")

    # Attempts

    @changing
    def begin_attempt(self, sql: sa.Connection, free: dict[str, int]) -> int:
        """Count an attempt under each key before it is made; return the seconds to wait, or 0.

        A key may fail ``free`` times without waiting; each further failure doubles the wait, from
        1 second to ``LONGEST_WAIT_S``.  While there is a wait nothing is counted.
        """
        moment = datetime.now(UTC)
        old = (moment - FORGOTTEN).isoformat()
        sql.execute(sa.delete(attempts).where(attempts.c.last_at < old))
        known = {
            row.key: row for row in sql.execute(sa.select(attempts).where(attempts.c.key.in_(free)))
        }
        waits = []
        for key, row in known.items():
            delay = wait_after(row.failures, free[key])
            until = datetime.fromisoformat(row.last_at) + timedelta(seconds=delay)
            waits.append((until - moment).total_seconds())
        longest = max(waits, default=0.0)
        if longest > 0:
            return int(longest) + 1
        for key in free:
            failures = known[key].failures + 1 if key in known else 1
            sql.execute(sa.delete(attempts).where(attempts.c.key == key))
            row_ = {"key": key, "failures": failures, "last_at": moment.isoformat()}
            sql.execute(sa.insert(attempts).values(row_))
        return 0

    @changing
    def forgive_attempt(self, sql: sa.Connection, name: str, address: str) -> None:
        """After a success: the name begins anew; of the address only this attempt is taken back."""
        sql.execute(sa.delete(attempts).where(attempts.c.key == name))
        one_less = attempts.c.failures - 1
        where = attempts.c.key == address
        sql.execute(sa.update(attempts).where(where).values(failures=one_less))


def wait_after(failures: int, free: int) -> int:
    """Seconds to wait after so many failures: 0, then 1, 2, 4 and so on up to the longest."""
    over = failures - free
    return 0 if over < 0 else min(LONGEST_WAIT_S, 2 ** min(over, 20))


_ADMINISTERS = people.c.is_admin & people.c.is_active


def _person(row: sa.Row[Any]) -> Person:
    created_at = datetime.fromisoformat(row.created_at)
    return Person(row.id, row.name, row.is_admin, row.is_active, created_at, row.is_external)


def _membership(matter_id: str, person_id: str) -> sa.ColumnElement[bool]:
    return (memberships.c.matter_id == matter_id) & (memberships.c.person_id == person_id)


def _owners(sql: sa.Connection, matter_id: str) -> int:
    """How many active people own a matter."""
    query = sa.select(sa.func.count(people.c.id)).join(memberships)
    query = query.where(memberships.c.matter_id == matter_id, memberships.c.role == Role.OWNER)
    return sql.scalar(query.where(people.c.is_active)) or 0
