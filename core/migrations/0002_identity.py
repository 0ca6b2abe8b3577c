"""What a document is called, whom it binds, when it dates from, and what is odd about its file."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; documents taken in before get their values when they are read again."""
    for column in (
        sa.Column("title", sa.Text, nullable=False, server_default=""),
        sa.Column("parties", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("dated", sa.Date),
        sa.Column("genre", sa.String, nullable=False, server_default="other"),
        sa.Column("blank_pages", sa.Integer, nullable=False, server_default="0"),
        sa.Column("warnings", sa.JSON, nullable=False, server_default="[]"),
    ):
        op.add_column("documents", column)
