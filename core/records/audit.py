"""The audit log: who did what in which matter, and when; never what it said.

Each entry's digest is the SHA-256 of its fields and the digest before it, so that a change, a
removal or another order is found.  The table refuses to be updated or shortened (see migration
0003); ``before`` is unique, so the chain cannot fork.  Someone who may write the file can drop
those and compute every digest anew: against them stands only a digest that was kept elsewhere.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Integer, String, Table

from core.deeds import AuditEntry, Deed
from core.records.transactions import Records, changing, metadata, now, transacted
from core.types import Person

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("person_id", String, nullable=False),
    Column("person", String, nullable=False),
    Column("deed", String, nullable=False),
    Column("matter_id", String, nullable=False, index=True),
    Column("object_id", String, nullable=False),
    Column("address", String, nullable=False),
    Column("before", String, nullable=False, unique=True),
    Column("digest", String, nullable=False),
    sqlite_autoincrement=True,
)

START = "0" * 64
"""What the first entry has before it."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to list; an empty field leaves everything in. Both days belong to it, UTC."""

    person_id: str = ""
    deed: str = ""
    matter_id: str = ""
    first: date | None = None
    last: date | None = None
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What checking the log found: ``trouble`` is empty for one that is whole."""

    entries: int
    head: str
    trouble: str = ""


class Audit(Records):
    """What is recorded of what people do."""

    @changing
    def record(
        self,
        sql: sa.Connection,
        person: Person,
        deed: Deed,
        matter_id: str = "",
        object_id: str = "",
        *,
        address: str = "",
        at_most_every_s: float = 0.0,
    ) -> None:
        """Append an entry; the same deed on the same object again within a time adds none."""
        same = (audit.c.person_id == person.id) & (audit.c.deed == deed)
        same &= (audit.c.matter_id == matter_id) & (audit.c.object_id == object_id)
        since = (datetime.now(UTC) - timedelta(seconds=at_most_every_s)).isoformat()
        if (
            at_most_every_s
            and sql.execute(
                sa.select(audit.c.number).where(same & (audit.c.at > since)).limit(1)
            ).first()
        ):
            return
        last = sql.execute(sa.select(audit).order_by(audit.c.number.desc()).limit(1)).first()
        fields = {
            "number": last.number + 1 if last else 1,
            "at": now(),
            "person_id": person.id,
            "person": person.name,
            "deed": str(deed),
            "matter_id": matter_id,
            "object_id": object_id,
            "address": address,
            "before": last.digest if last else START,
        }
        sql.execute(sa.insert(audit).values(**fields, digest=digest_of(fields)))

    @transacted
    def entries(
        self, sql: sa.Connection, wanted: AuditFilter, limit: int = -1, skip: int = 0
    ) -> tuple[AuditEntry, ...]:
        """The entries that the filter lets through, newest first; all with ``limit`` -1."""
        query = sa.select(audit).where(*_conditions(wanted)).order_by(audit.c.number.desc())
        return tuple(map(_entry, sql.execute(query.limit(limit).offset(skip))))

    @transacted
    def count_entries(self, sql: sa.Connection, wanted: AuditFilter) -> int:
        """How many entries the filter lets through."""
        query = sa.select(sa.func.count(audit.c.number)).where(*_conditions(wanted))
        return sql.scalar(query) or 0

    @transacted
    def verify_audit(self, sql: sa.Connection, kept: str = "") -> AuditVerdict:
        """Check every entry; with ``kept``, a digest seen before, also that it is still there."""
        rows = map(_entry, sql.execute(sa.select(audit).order_by(audit.c.number)))
        highest = sql.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")
        return verdict_on(rows, highest.scalar() or 0, kept)


def digest_of(fields: dict[str, Any]) -> str:
    """SHA-256 (FIPS 180-4), in hex, of the fields as JSON with sorted keys and no spaces."""
    canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def verdict_on(entries: Iterable[AuditEntry], highest: int, kept: str = "") -> AuditVerdict:
    """Check a chain: numbers without a gap up to ``highest``, digests that fit, ``kept`` in it."""
    count, head, seen = 0, START, not kept or kept == START
    for entry in entries:
        count += 1
        fields = asdict(entry)
        digest = fields.pop("digest")
        if entry.number != count:
            return AuditVerdict(count, head, f"Entry {count} is missing.")
        if entry.before != head:
            return AuditVerdict(count, head, f"Entry {count} does not follow the one before it.")
        if digest_of(fields) != digest:
            return AuditVerdict(count, head, f"Entry {count} has been changed.")
        head = digest
        seen = seen or head == kept
    if count != highest:
        return AuditVerdict(count, head, f"The log ends at entry {count} of {highest}.")
    if not seen:
        return AuditVerdict(count, head, "The digest that was kept is not in the log.")
    return AuditVerdict(count, head)


def _entry(row: sa.Row[Any]) -> AuditEntry:
    return AuditEntry(**row._mapping)


def _conditions(wanted: AuditFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [sa.true()]
    for name in ("person_id", "deed", "matter_id", "object_id"):
        if value := getattr(wanted, name):
            found.append(audit.c[name] == value)
    if wanted.first:
        found.append(audit.c.at >= wanted.first.isoformat())
    if wanted.last:
        found.append(sa.func.substr(audit.c.at, 1, 10) <= wanted.last.isoformat())
    return found
