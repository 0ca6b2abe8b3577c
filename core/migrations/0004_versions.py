"""A changed file is a new version of its document; the older ones stay."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Let a name stand for several versions; what was there is the first of its name."""
    # What an upgrade that was cut off left behind.
    op.execute("DROP TABLE IF EXISTS _alembic_tmp_documents")
    # The constraint has no name in files of the first version: it gets one to be dropped by.
    named = {"uq": "uq_%(table_name)s_%(column_0_name)s_%(column_1_name)s"}
    with op.batch_alter_table("documents", naming_convention=named) as table:
        table.drop_constraint("uq_documents_matter_id_name", type_="unique")
        for column in (
            sa.Column("version", sa.Integer, nullable=False, server_default="1"),
            sa.Column("is_superseded", sa.Boolean, nullable=False, server_default="0"),
            sa.Column("pages_done", sa.Integer, nullable=False, server_default="0"),
            sa.Column("failure", sa.String, nullable=False, server_default=""),
        ):
            table.add_column(column)
        table.create_index("ix_documents_matter_id_sha256", ["matter_id", "sha256"])
