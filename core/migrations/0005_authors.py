"""A conversation has an author, and a matter's deletion is remembered until it is done."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nobody knows who began what was there: of those conversations only owners change anything."""
    author = sa.Column("author_id", sa.String, nullable=False, server_default="")
    op.add_column("conversations", author)
    deleting = sa.Column("is_deleting", sa.Boolean, nullable=False, server_default=sa.text("0"))
    op.add_column("matters", deleting)
