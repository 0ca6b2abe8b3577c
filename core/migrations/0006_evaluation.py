"""Evaluation: variants and what is in force, comparisons and votes, question sets and runs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables; all of them go with their matter."""
    op.create_table(
        "variants",
        _key(),
        _matter(),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("variant", sa.Text, nullable=False),
        _at("created_at"),
        _person(),
        sa.Column("is_retired", sa.Boolean, nullable=False),
    )
    op.create_table(
        "promotions",
        _key(),
        _matter(),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        _at("at"),
        _person(),
    )
    _comparisons()
    _sets()
    _runs()


def _comparisons() -> None:
    op.create_table(
        "comparisons",
        _key(),
        _matter(),
        _person(),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("variants", sa.Text, nullable=False),
        sa.Column("is_blind", sa.Boolean, nullable=False),
        _at("created_at"),
        sa.Column("answers", sa.Text),
        sa.Column("message_id", sa.String, nullable=False),
    )
    op.create_table(
        "votes",
        _key(),
        _owner("comparison_id", "comparisons.id"),
        _person(),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("winner", sa.Integer),
        sa.Column("faults", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        _at("at"),
        sa.Column("is_withdrawn", sa.Boolean, nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column(
            "message_id",
            sa.String,
            sa.ForeignKey("messages.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("person_id", sa.String, primary_key=True),
        sa.Column("is_good", sa.Boolean, nullable=False),
        sa.Column("faults", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        _at("at"),
    )


def _sets() -> None:
    op.create_table(
        "question_sets",
        _key(),
        _matter(),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("is_held_out", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        _at("created_at"),
    )
    # A question stands in the versions from ``since`` up to, but not in, ``until``.
    op.create_table(
        "questions",
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        _owner("set_id", "question_sets.id"),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("until", sa.Integer),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("is_draft", sa.Boolean, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        _key(),
        _matter(),
        sa.Column("set_id", sa.String, nullable=False),
        sa.Column("set_version", sa.Integer, nullable=False),
        sa.Column("variants", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
        _at("created_at"),
        _person(),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("finished_at", sa.String),
        sa.Column("trouble", sa.Text, nullable=False),
    )
    op.create_table(
        "results",
        sa.Column(
            "run_id", sa.String, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("question_id", sa.String, primary_key=True),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )


def _key() -> sa.Column[str]:
    return sa.Column("id", sa.String, primary_key=True)


def _matter() -> sa.Column[str]:
    return _owner("matter_id", "matters.id")


def _owner(name: str, column: str) -> sa.Column[str]:
    return sa.Column(
        name, sa.String, sa.ForeignKey(column, ondelete="CASCADE"), nullable=False, index=True
    )


def _person() -> sa.Column[str]:
    return sa.Column("person_id", sa.String, nullable=False)


def _at(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)
