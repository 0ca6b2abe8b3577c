"""Who may see which matter, their sessions, what a matter is about, and the audit log.

A matter's name is no longer unique: that a name is taken would tell of a matter behind a wall.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TRIGGERS = (
    "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END",
    "CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END",
    # INSERT OR REPLACE deletes without firing the trigger above.
    "CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit "
    "WHEN NEW.number <= (SELECT max(number) FROM audit) "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END",
)


def upgrade() -> None:
    """Create the tables; the matters that there are keep their rows."""
    op.create_table(
        "_matters",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_at", sa.String, nullable=False),
        sa.Column("is_sample", sa.Boolean, nullable=False),
        sa.Column("client", sa.String, nullable=False, server_default=""),
        sa.Column("description", sa.Text, nullable=False, server_default=""),
        sa.Column("language", sa.String, nullable=False, server_default=""),
        sa.Column("retain_until", sa.Date),
        sa.Column("on_hold", sa.Boolean, nullable=False, server_default=sa.text("0")),
    )
    op.execute(
        "INSERT INTO _matters (id, name, created_at, is_sample) "
        "SELECT id, name, created_at, is_sample FROM matters"
    )
    op.drop_table("matters")
    op.rename_table("_matters", "matters")
    op.create_table(
        "people",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("password", sa.String, nullable=False),
        sa.Column("subject", sa.String, unique=True),
        sa.Column("is_external", sa.Boolean, nullable=False),
        sa.Column("is_admin", sa.Boolean, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.String, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("person_id", sa.String, sa.ForeignKey("people.id"), nullable=False, index=True),
        sa.Column("expires_at", sa.String, nullable=False),
    )
    op.create_table(
        "memberships",
        sa.Column(
            "matter_id",
            sa.String,
            sa.ForeignKey("matters.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("person_id", sa.String, sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("role", sa.String, nullable=False),
    )
    op.create_table(
        "attempts",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", sa.String, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("person_id", sa.String, nullable=False),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("deed", sa.String, nullable=False),
        sa.Column("matter_id", sa.String, nullable=False, index=True),
        sa.Column("object_id", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("before", sa.String, nullable=False, unique=True),
        sa.Column("digest", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    for trigger in TRIGGERS:
        op.execute(trigger)
