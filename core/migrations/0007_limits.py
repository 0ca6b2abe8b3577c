"""What the gate of a matter asks for, where that is not what every gate asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table; a row goes with its matter."""
    matter = sa.ForeignKey("matters.id", ondelete="CASCADE")
    op.create_table(
        "limits",
        sa.Column("matter_id", sa.String, matter, primary_key=True),
        sa.Column("rules", sa.Text, nullable=False),
    )
