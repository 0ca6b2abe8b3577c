"""The variants of a matter, which of them is in force, and what its gate asks of others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, ForeignKey, String, Table, Text

from core.errors import NotFound, PinciteError
from core.records.matters import require_matter
from core.records.stored import dump, load
from core.records.transactions import Records, changing, metadata, now, transacted
from core.trials import NamedVariant, Outcome, Promotion, Rule
from core.types import Person, Variant

variants = Table(
    "variants",
    metadata,
    Column("id", String, primary_key=True),
    Column("matter_id", ForeignKey("matters.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("variant", Text, nullable=False),
    Column("created_at", String, nullable=False),
    Column("person_id", String, nullable=False),
    Column("is_retired", Boolean, nullable=False),
)

promotions = Table(
    "promotions",
    metadata,
    Column("id", String, primary_key=True),
    Column("matter_id", ForeignKey("matters.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("variant", Text, nullable=False),
    Column("run_id", String, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String, nullable=False),
    Column("person_id", String, nullable=False),
)


_limits = Table(
    "limits",
    metadata,
    Column("matter_id", ForeignKey("matters.id", ondelete="CASCADE"), primary_key=True),
    Column("rules", Text, nullable=False),
)

_WORDS_OF_VOTES = frozenset({Outcome.TIE, Outcome.BAD})
"""Under these, votes without a winner are counted beside the names of variants."""


class Variants(Records):
    """What is recorded of variants; their settings never change, so that runs can be repeated."""

    @changing
    def create_variant(
        self, sql: sa.Connection, matter_id: str, variant: Variant, person: Person
    ) -> NamedVariant:
        """Record a variant under its name.

        Raises ``NotFound`` when the matter does not exist, and ``PinciteError`` for an empty or a
        taken name, or one that a vote without a winner goes by.
        """
        require_matter(sql, matter_id)
        name = " ".join(variant.name.split())
        if not 1 <= len(name) <= 60:
            raise PinciteError("A variant's name has 1 to 60 characters.", "Choose another name.")
        if name.casefold() in _WORDS_OF_VOTES:
            raise PinciteError(f"“{name}” is what votes are called.", "Choose another name.")
        taken = (variants.c.matter_id == matter_id) & (variants.c.name == name)
        if sql.execute(sa.select(variants.c.id).where(taken)).first():
            raise PinciteError(f"A variant named “{name}” exists already.", "Choose another name.")
        values = {
            "id": uuid4().hex,
            "matter_id": matter_id,
            "name": name,
            "variant": dump(Variant, variant),
            "created_at": now(),
            "person_id": person.id,
            "is_retired": False,
        }
        return _named(sql.execute(sa.insert(variants).values(values).returning(variants)).one())

    @transacted
    def variants(self, sql: sa.Connection, matter_id: str) -> tuple[NamedVariant, ...]:
        """The matter's own variants, oldest first, retired ones too."""
        own = sa.select(variants).where(variants.c.matter_id == matter_id)
        return tuple(map(_named, sql.execute(own.order_by(variants.c.created_at))))

    @changing
    def retire_variant(
        self, sql: sa.Connection, matter_id: str, variant_id: str, is_retired: bool = True
    ) -> None:
        """Offer a variant no longer, or again.

        Raises ``NotFound``, and ``PinciteError`` for the one that is in force.
        """
        own = (variants.c.matter_id == matter_id) & (variants.c.id == variant_id)
        standing = sql.scalar(_newest(matter_id, promotions.c.variant))
        name = load(Variant, standing).name if standing else ""
        held = variants.c.name == name
        if is_retired and sql.scalar(sa.select(variants.c.id).where(own, held)):
            raise PinciteError(
                f"“{name}” is in force and cannot be retired.", "Put another in force first."
            )
        changed = sa.update(variants).where(own).values(is_retired=is_retired)
        if not sql.execute(changed).rowcount:
            raise NotFound("This variant is not in the matter.", "Reload the page.")

    @changing
    def promote(
        self,
        sql: sa.Connection,
        matter_id: str,
        variant: Variant,
        person: Person,
        *,
        run_id: str = "",
        passed: bool,
        reason: str = "",
    ) -> Promotion:
        """Put a variant in force.

        Raises ``NotFound`` when the matter does not exist, and ``PinciteError`` for one that is
        retired, or where the gate did not let it through and no reason is given.
        """
        require_matter(sql, matter_id)
        own = (variants.c.matter_id == matter_id) & (variants.c.name == variant.name)
        if sql.scalar(sa.select(variants.c.is_retired).where(own)):
            raise PinciteError(
                f"“{variant.name}” is retired and cannot be put in force.", "Restore it first."
            )
        if not passed and not reason.strip():
            raise PinciteError(
                f"“{variant.name}” has not passed the gate.", "Give the reason to use it anyway."
            )
        values = {
            "id": uuid4().hex,
            "matter_id": matter_id,
            "variant": dump(Variant, variant),
            "run_id": run_id,
            "passed": passed,
            "reason": reason.strip(),
            "at": now(),
            "person_id": person.id,
        }
        inserted = sa.insert(promotions).values(values).returning(promotions)
        return _promotion(sql.execute(inserted).one())

    @transacted
    def promotions(self, sql: sa.Connection, matter_id: str) -> tuple[Promotion, ...]:
        """What was put in force in the matter, the newest first: that one is in force."""
        return tuple(map(_promotion, sql.execute(_newest(matter_id, promotions))))

    @changing
    def set_limits(self, sql: sa.Connection, matter_id: str, rules: Sequence[Rule]) -> None:
        """Give the matter's gate rules of its own; none gives it those of every gate again.

        Raises ``NotFound`` when the matter does not exist.
        """
        require_matter(sql, matter_id)
        sql.execute(sa.delete(_limits).where(_limits.c.matter_id == matter_id))
        if rules:
            values = {"matter_id": matter_id, "rules": dump(tuple[Rule, ...], tuple(rules))}
            sql.execute(sa.insert(_limits).values(values))

    @transacted
    def limits(self, sql: sa.Connection, matter_id: str) -> tuple[Rule, ...]:
        """The rules that the matter's gate has of its own; none where it has those of all."""
        own = sa.select(_limits.c.rules).where(_limits.c.matter_id == matter_id)
        stored = sql.scalar(own)
        return load(tuple[Rule, ...], stored) if stored else ()


def _newest(matter_id: str, selected: Any) -> sa.Select[Any]:
    own = sa.select(selected).where(promotions.c.matter_id == matter_id)
    return own.order_by(promotions.c.at.desc(), promotions.c.id)


def _named(row: sa.Row[Any]) -> NamedVariant:
    return NamedVariant(
        id=row.id,
        matter_id=row.matter_id,
        variant=load(Variant, row.variant),
        created_at=datetime.fromisoformat(row.created_at),
        person_id=row.person_id,
        is_retired=row.is_retired,
    )


def _promotion(row: sa.Row[Any]) -> Promotion:
    return Promotion(
        id=row.id,
        matter_id=row.matter_id,
        variant=load(Variant, row.variant),
        run_id=row.run_id,
        passed=row.passed,
        reason=row.reason,
        at=datetime.fromisoformat(row.at),
        person_id=row.person_id,
    )
