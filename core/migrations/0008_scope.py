"""A comparison keeps which documents its answers were sought in."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Those that were there searched every document."""
    scope = sa.Column("scope", sa.Text, nullable=False, server_default="{}")
    op.add_column("comparisons", scope)
